//===- InferTypesContrib.cpp - Types of com.microsoft operators -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"
#include "moe/Dialect/ONNXIR/Utils/ContribMoE.h"

using namespace mlir;
using namespace mlir::onnxir;

/// The whole schema is checked here, so that a malformed layer is found before
/// anything is made of it. What a pass does with prepacked weights is its own
/// matter.
static LogicalResult inferMoE(Inference &inference) {
  if (failed(readContribMoE(inference.node, /*acceptPrepacked=*/true)))
    return failure();
  return inference.setLike(0, 0);
}

void onnxir::addContribRules(InferRules &rules) {
  rules["com.microsoft::MoE"] = {3, inferMoE};
  rules["com.microsoft::QMoE"] = {3, inferMoE};
}
