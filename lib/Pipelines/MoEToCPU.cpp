//===- MoEToCPU.cpp - The pipeline to CPU code ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Pipelines/MoEToCPU.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/BufferizationToMemRef/BufferizationToMemRef.h"
#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"
#include "moe/Pipelines/MoEOptimize.h"
#include "moe/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::moe;

/// onnxir and moe to linalg, tensor, scf, arith and math on tensors.
static void buildCUDALayers(OpPassManager &pm, const MoEToCPUOptions &options) {
  ConvertMoEToTritonPassOptions triton;
  triton.capability = options.cudaCapability;
  triton.partial = true;
  pm.addPass(createConvertMoEToTritonPass(triton));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  CompileKernelsPassOptions compile;
  compile.capability = options.cudaCapability;
  compile.cacheDirectory = options.kernelCache;
  pm.addPass(createCompileKernelsPass(compile));
  pm.addPass(createConvertLaunchToCallsPass());
  pm.addPass(createCSEPass());
}

static void buildModelLowering(OpPassManager &pm,
                               const MoEToCPUOptions &options) {
  ConvertONNXToMoEPassOptions raise;
  raise.keepDefaults = options.keepDefaults;
  pm.addPass(createConvertONNXToMoEPass(raise));
  if (options.profile)
    pm.addPass(createLabelPhasesPass());
  ConvertONNXToLinalgPassOptions lowering;
  lowering.keepCodes = !options.reference;
  pm.addPass(createConvertONNXToLinalgPass(lowering));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (!options.reference) {
    MoEOptimizeOptions optimize;
    optimize.without = options.without;
    optimize.readData = options.readData;
    if (options.unfused)
      for (StringRef name : getMoEOptimizePasses())
        optimize.without.push_back(name.str());
    buildMoEOptimizePipeline(pm, optimize);
    // A fused phase is what it has become.
    if (options.profile) {
      pm.addPass(createLabelPhasesPass());
      pm.addPass(createCountRowsPass());
    }
    if (options.cudaCapability)
      buildCUDALayers(pm, options);
    ConvertMoEToCPUPassOptions kernels;
    kernels.vectorBits = options.vectorBits;
    kernels.dotBF16 = options.dotBF16;
    kernels.dotInt8 = options.dotInt8;
    pm.addPass(createConvertMoEToCPUPass(kernels));
    pm.addPass(createHoistWeightPackingPass());
    pm.addPass(createExpandPackWeightsPass());
  }
  pm.addPass(createBindWeightsPass());
  pm.addPass(createConvertMoEToLinalgPass());
  pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (!options.reference)
    pm.addNestedPass<func::FuncOp>(createFuseElementwisePass());
}

/// Tensors to memrefs whose life ends where they are last used.
static void buildBufferization(OpPassManager &pm) {
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.unknownTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  bufferization::BufferDeallocationPipelineOptions deallocate;
  bufferization::buildBufferDeallocationPipeline(pm, deallocate);
  pm.addPass(createConvertBufferizationToMemRefPass());
}

/// Linalg to loops over memrefs, parallel ones to calls of the runtime.
static void buildLoops(OpPassManager &pm) {
  pm.addPass(createLowerStridedCopiesPass());
  pm.addPass(createConvertLinalgToLoopsPass());
  pm.addNestedPass<func::FuncOp>(createForallToParallelLoopPass());
  pm.addPass(createOutlineParallelLoopsPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createOutlineLoopsPass());
}

/// What is left to the LLVM dialect. Functions, of which loops have become, are
/// lowered in parallel as far as that goes.
static void buildLLVM(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createGuardAllocationsPass());
  pm.addPass(createLowerAssertionsPass());
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createExpandMathPass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  expand.includeF8E8M0 = true;
  expand.includeF4E2M1 = true;
  function.addPass(arith::createArithExpandOpsPass(expand));
  function.addPass(createExpandReshapesPass());
  function.addPass(memref::createExpandStridedMetadataPass());
  function.addPass(createLowerAffinePass());
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
  function.addPass(createConvertVectorToSCFPass());
  function.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vector;
  vector.x86Vector = true;
  function.addPass(createConvertVectorToLLVMPass(vector));
  FinalizeMemRefToLLVMConversionPassOptions memref;
  memref.useGenericFunctions = true;
  memref.useAlignedAlloc = true;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(memref));
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::moe::buildMoEToCPUPipeline(OpPassManager &pm,
                                      const MoEToCPUOptions &options) {
  buildModelLowering(pm, options);
  buildBufferization(pm);
  if (options.cudaCapability)
    pm.addPass(createPlaceDeviceBuffersPass());
  if (options.profile)
    pm.addPass(createInsertProfilingPass());
  pm.addPass(createEmitEntryPointsPass());
  buildLoops(pm);
  buildLLVM(pm);
}

void mlir::moe::registerMoEToCPUPipeline() {
  PassPipelineRegistration<MoEToCPUOptions>(
      "moe-to-cpu-pipeline",
      "Lower onnxir, moe and the tensor dialects to LLVM for the CPU, with "
      "entry points for the runtime",
      buildMoEToCPUPipeline);
}
