//===- Routing.h - What a router computes -----------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_ROUTING_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_ROUTING_H

#include "Remarks.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include <optional>

namespace mlir::moe {

/// All that a `moe.gate` says, found in a model. Values may have any number of
/// leading dimensions that together are the tokens.
struct Routing {
  /// …×E; null where every pick weighs 1, by the ids given.
  Value logits;
  /// E numbers, or null: moves the choice only.
  Value bias;
  /// …×E, or null: added to the logits.
  Value state;
  /// …×E weights that the choice is weighed by instead of its scores, or null.
  Value values;
  /// Nodes of one operand each that make the weights of `values`, in their
  /// order.
  SmallVector<onnxir::NodeOp> functions;
  /// …×k for `given`, … for `table`, else null.
  Value ids;
  /// What is added to negative ids, which ONNX counts from the back; 0 where
  /// there are none.
  int64_t idsWrap = 0;
  /// V×k, or null.
  Value table;
  ScoreFunction score = ScoreFunction::Softmax;
  double temperature = 1.0;
  GroupLimitAttr groups;
  SelectAttr select;
  CapacityAttr capacity;
  NormalizeMode normalize = NormalizeMode::None;
  double epsilon = 0.0;
  /// The least that weights are divided by.
  double floor = 0.0;
  double scale = 1.0;
  std::optional<double> dropBelow;
  int64_t experts = 0;
  /// Slots of every token that are appended to the choice, for the experts
  /// behind those that are chosen among, and their weights …×S, or null for 1.
  int64_t shared = 0;
  Value sharedWeights;
  /// The element type of the gate's weights; null for f32.
  Type weightType;
};

/// Finds the scores …×E that `picked` are at `ids`; null where it cannot tell.
using ScoreFinder = llvm::function_ref<Value(Value ids, Value picked)>;

/// The slots that an expert admits, in the order of `ids` …×k: those of all
/// tokens' first choice come first.
struct Admission {
  Value ids;
  CapacityAttr capacity;
};

/// Reads a condition …×k that holds for slots which are admitted to one of so
/// many experts; nothing where it is something else.
using AdmissionFinder = llvm::function_ref<std::optional<Admission>(
    Value condition, int64_t experts)>;

/// Reads the router behind a choice: `ids` are integers …×k or flat, `weights`
/// the floats that belong to them, in whatever layout. Notes in `remarks` what
/// it does not understand.
/// Without weights, each pick among `experts` weighs 1. `findScores` is asked
/// where weights are gathered in a way that nodes alone do not tell.
FailureOr<Routing> matchRouting(Value ids, Value weights, RemarkSink &remarks,
                                int64_t experts = 0,
                                ScoreFinder findScores = nullptr,
                                AdmissionFinder findAdmission = nullptr);

/// Reads the router behind dense gates …×E, which are 0 for experts that were
/// not chosen.
FailureOr<Routing> matchDenseRouting(Value gates, RemarkSink &remarks,
                                     ScoreFinder findScores = nullptr);

/// One of the choices of a router that makes them one by one: an id and a
/// weight for each token, T or T×1.
struct RouterPick {
  Value ids, weights;
  /// What the weight is divided by, if that was taken off it, or null.
  Value divisor;
};

/// Reads the router behind one-hot dispatch to `experts`, which makes `picks`.
FailureOr<Routing> matchDispatchRouting(ArrayRef<RouterPick> picks,
                                        int64_t experts, RemarkSink &remarks,
                                        ScoreFinder findScores = nullptr);

/// Reads the router of experts that choose tokens: `tokens` and `weights` are
/// E×k.
FailureOr<Routing> matchExpertChoice(Value tokens, Value weights,
                                     RemarkSink &remarks);

/// `value` as a matrix of its last dimension, or as a vector when `rank` is 1:
/// the leading dimensions are the tokens.
Value flattenTokens(ImplicitLocOpBuilder &builder, Value value,
                    unsigned rank = 2);

/// Integers as i32; those that do not fit become numbers that are no experts.
Value castIds(ImplicitLocOpBuilder &builder, Value ids);

/// Builds the gate, with `shared` slots of weights `sharedWeights` (T×S, or
/// null for 1) appended.
GateOp buildGate(ImplicitLocOpBuilder &builder, const Routing &routing,
                 int64_t shared = 0, Value sharedWeights = {});

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_ROUTING_H
