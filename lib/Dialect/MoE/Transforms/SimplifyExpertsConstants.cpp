//===- SimplifyExpertsConstants.cpp - Constant routing ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConstantGate.h"
#include "SimplifyExperts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// Replaces `result` by a constant, under its own type.
static void replaceByConstant(RewriterBase &rewriter, Value result,
                              DenseElementsAttr attr) {
  Location loc = result.getLoc();
  Value constant = arith::ConstantOp::create(rewriter, loc, attr);
  if (constant.getType() != result.getType())
    constant =
        tensor::CastOp::create(rewriter, loc, result.getType(), constant);
  rewriter.replaceAllUsesWith(result, constant);
}

static RankedTensorType getResultType(const GateValues &values, Type element) {
  int64_t tokens = values.ids.size() / values.width;
  return RankedTensorType::get({tokens, values.width}, element);
}

static void replaceIds(RewriterBase &rewriter, Value ids,
                       const GateValues &values) {
  replaceByConstant(
      rewriter, ids,
      DenseElementsAttr::get(getResultType(values, rewriter.getI32Type()),
                             ArrayRef<int32_t>(values.ids)));
}

unsigned mlir::moe::foldConstantRouting(GateOp gate, RewriterBase &rewriter) {
  rewriter.setInsertionPoint(gate);
  if (!gate.getWeights().use_empty())
    if (std::optional<GateValues> values = evaluateGate(gate)) {
      auto element = cast<FloatType>(getElementTypeOrSelf(gate.getWeights()));
      SmallVector<APFloat> weights;
      for (double weight : values->weights) {
        // Doubles hold the compute type, so this is the one rounding of (V2).
        APFloat value(weight);
        bool losesInfo;
        value.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                      &losesInfo);
        weights.push_back(value);
      }
      replaceByConstant(
          rewriter, gate.getWeights(),
          DenseElementsAttr::get(getResultType(*values, element), weights));
      bool hasIds = !gate.getIds().use_empty();
      replaceIds(rewriter, gate.getIds(), *values);
      rewriter.eraseOp(gate);
      return hasIds ? 2 : 1;
    }
  if (gate.getIds().use_empty())
    return 0;
  std::optional<GateValues> values = evaluateIds(gate);
  if (!values)
    values = evaluateGate(gate);
  if (!values)
    return 0;
  replaceIds(rewriter, gate.getIds(), *values);
  if (gate->use_empty())
    rewriter.eraseOp(gate);
  return 1;
}

unsigned mlir::moe::foldConstantRouting(RouteOp route, RewriterBase &rewriter) {
  if (route.getIds().use_empty() || route.getSharedGate())
    return 0;
  rewriter.setInsertionPointAfter(route);
  // The gate that a route means, for as long as it takes to evaluate it.
  GateOp gate = buildGate(
      rewriter, route, route.getWeights().getType(), route.getIds().getType(),
      {route.getLogits(), route.getState(), route.getValues(),
       route.getGivenIds(), route.getSharedWeights()});
  std::optional<GateValues> values = evaluateIds(gate);
  rewriter.eraseOp(gate);
  if (!values)
    return 0;
  rewriter.setInsertionPoint(route);
  replaceIds(rewriter, route.getIds(), *values);
  if (route->use_empty())
    rewriter.eraseOp(route);
  return 1;
}
