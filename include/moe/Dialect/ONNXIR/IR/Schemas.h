//===- Schemas.h - What operators take, and checks of nodes -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_IR_SCHEMAS_H
#define MOE_DIALECT_ONNXIR_IR_SCHEMAS_H

#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::onnxir {

/// Checks `node` against the version of its operator that the model imports:
/// inputs, outputs and attributes. A call of a model-local function is checked
/// against the function. Operators of domains that nobody here knows pass;
/// unknown ones of the standard domains and com.microsoft pass only when
/// `allowUnregistered`.
LogicalResult verifySchema(NodeOp node, SymbolTableCollection &symbolTables,
                           bool allowUnregistered);

/// Checks every node in `module`, also by verifyMoENode.
LogicalResult verifySchemas(ModuleOp module, bool allowUnregistered);

/// The version of operator set `version` of `domain` in which operator `name`
/// got its present meaning; nothing for an operator that is not known.
std::optional<int64_t> getSchemaVersion(StringRef domain, StringRef name,
                                        int64_t version);

/// The versions of `domain` that changed operator `name`, without those that
/// removed it.
SmallVector<int64_t> getSchemaVersions(StringRef domain, StringRef name);

/// The sizes of a com.microsoft MoE or QMoE node. ShapedType::kDynamic stands
/// for what the types do not tell.
struct MoENodeSizes {
  int64_t experts = ShapedType::kDynamic;
  int64_t hidden = ShapedType::kDynamic;
  int64_t inter = ShapedType::kDynamic;
  /// Rows of fc1 per inner element: 2 where it holds gate and linear part.
  int64_t fusion = 1;
  /// Whether the weights carry the older dimensions [E, H, I] for [E, I, H],
  /// which name the same bytes.
  bool legacy = false;
};

/// Whether `node` is a com.microsoft MoE or QMoE.
bool isMoENode(NodeOp node);

/// The sizes of an MoE or QMoE node, as far as the types of its inputs tell.
MoENodeSizes getMoENodeSizes(NodeOp node);

/// The inputs that belong to one matrix of an MoE or QMoE node.
struct MoENodeSlots {
  unsigned weights, bias;
  /// QMoE's.
  unsigned scales, zeros;
};

/// Where the inputs of fc1, fc2 or fc3 (`matrix` is 1, 2 or 3) stand.
MoENodeSlots getMoENodeSlots(NodeOp node, unsigned matrix);

/// Bits of an element of weights 1, 2 or 3 of a QMoE node.
int64_t getQMoEBits(NodeOp node, unsigned weights);

/// Checks attributes, types and sizes of an MoE or QMoE node, as far as types
/// are known; other nodes pass. Worth calling again after type inference.
LogicalResult verifyMoENode(NodeOp node);

} // namespace mlir::onnxir

#endif // MOE_DIALECT_ONNXIR_IR_SCHEMAS_H
