//===- LayerView.h - Layers of moe operations and their ONNX ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOONNX_LAYERVIEW_H
#define MOE_LIB_CONVERSION_MOETOONNX_LAYERVIEW_H

#include "NodeBuilder.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// The operations of one layer, from the plan on.
struct LayerView {
  /// What is replaced: moe.combine, or moe.experts that combines.
  Operation *root = nullptr;
  ExpertsOp experts;
  PlanOp plan;
  /// T×H.
  Value tokens;
  /// T×k, or E×k where experts choose.
  Value ids, weights;
  bool isExpertChoice = false;

  Value getResult() const { return root->getResult(0); }
  /// The gate that makes both ids and weights, or null.
  GateOp getGate() const;
};

/// Why something cannot be done: reported where nothing else can.
struct Reason {
  std::string text;
  /// Sets the text, and fails.
  LogicalResult operator()(const Twine &why) {
    text = why.str();
    return failure();
  }
};

/// Finds the operations that belong to `root`.
FailureOr<LayerView> readLayer(Operation *root, Reason &reason);

struct ExportTargetOptions {
  ExportTarget target = ExportTarget::ORTCPU;
  bool ignoreTies = false;
};

/// Replaces the layer by MoE or QMoE of com.microsoft where a kernel of the
/// target computes the same.
LogicalResult convertToContrib(const LayerView &layer,
                               const ExportTargetOptions &options,
                               Reason &reason);

/// Replaces the layer by standard operators, which are built before its root;
/// returns their result.
FailureOr<Value> convertToStandard(const LayerView &layer, Reason &reason);

/// Replaces a gate by standard operators.
LogicalResult convertGate(GateOp gate, Reason &reason);

/// Replaces an operation on tensors by nodes. Operations that only compute
/// sizes stay, and become dead.
LogicalResult convertTensorOp(Operation *op, Reason &reason);

/// Nodes for the weights of a set of experts, in floating-point numbers of
/// `type`: E×out×in or E×out; 1×out×in or 1×out for one `expert`.
FailureOr<Value> buildWeights(NodeBuilder &nodes, Value weights, Type type,
                              std::optional<int64_t> expert, Reason &reason);
/// Nodes for one of the tensors that `weights` refers to, its sources, scales
/// or zero points, stacked over experts and laid out as the logical weights.
Value buildStacked(NodeBuilder &nodes, ValueRange parts, WeightsOp weights,
                   std::optional<int64_t> expert = std::nullopt);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOONNX_LAYERVIEW_H
