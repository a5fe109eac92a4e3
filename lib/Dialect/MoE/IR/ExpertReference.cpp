//===- ExpertReference.cpp - What each kind of expert does to its rows -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"

using namespace mlir;
using namespace mlir::moe;

FailureOr<Value> FFNExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                         Value expert, Value rows) {
  return failure();
}
FailureOr<Value> ZeroExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                          Value expert, Value rows) {
  return failure();
}
FailureOr<Value> CopyExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                          Value expert, Value rows) {
  return rows;
}
FailureOr<Value> ConstantExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                              Value expert, Value rows) {
  return failure();
}
FailureOr<Value> RegionExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                            Value expert, Value rows) {
  return failure();
}
