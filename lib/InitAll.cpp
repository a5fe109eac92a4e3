//===- InitAll.cpp - Registration of dialects and passes --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/InitAll.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/Transforms/BufferizableOpInterfaceImpl.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"
#include "moe/Dialect/Triton/IR/Triton.h"
#include "moe/Pipelines/MoEOptimize.h"
#include "moe/Pipelines/MoEToCPU.h"
#include "moe/Transforms/Passes.h"

void moe::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::moe::MoEDialect>();
  registry.insert<mlir::onnxir::ONNXIRDialect>();
  registry.insert<mlir::moe::tt::TTDialect>();
  mlir::moe::registerBufferizableOpInterfaceExternalModels(registry);
}

void moe::registerAllPasses() {
  mlir::moe::registerMoECommonTransformsPasses();
  mlir::moe::registerMoEConversionPasses();
  mlir::moe::registerMoETransformsPasses();
  mlir::moe::registerMoEOptimizePipeline();
  mlir::moe::registerMoEToCPUPipeline();
  mlir::onnxir::registerMoEONNXIRPasses();
}
