//===- MoEToCPU.h - The pipeline to CPU code --------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_PIPELINES_MOETOCPU_H
#define MOE_PIPELINES_MOETOCPU_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::moe {

struct MoEToCPUOptions : PassPipelineOptions<MoEToCPUOptions> {
  PassOptions::Option<bool> reference{
      *this, "reference",
      llvm::cl::desc("Lower the moe dialect by its definitions, not to fast "
                     "kernels"),
      llvm::cl::init(false)};
  PassOptions::Option<bool> unfused{
      *this, "unfused",
      llvm::cl::desc("Leave out all passes of moe-optimize: fast kernels, but "
                     "each step of a layer on its own"),
      llvm::cl::init(false)};
  ListOption<std::string> without{
      *this, "without",
      llvm::cl::desc("Passes of moe-optimize to leave out, by their names")};
  PassOptions::Option<bool> readData{
      *this, "read-data",
      llvm::cl::desc("Look at the values of weights that are not in the IR"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> keepDefaults{
      *this, "keep-defaults",
      llvm::cl::desc("Let callers pass inputs for which the model has a value; "
                     "else that value is a constant"),
      llvm::cl::init(false)};
  PassOptions::Option<bool> profile{
      *this, "profile",
      llvm::cl::desc("Tell the runtime which operation the code is at, so that "
                     "it can measure their times"),
      llvm::cl::init(false)};
  PassOptions::Option<int64_t> cudaCapability{
      *this, "cuda-capability",
      llvm::cl::desc("Run layers of experts on a CUDA device of this compute "
                     "capability (80, 90, …); 0: on the CPU, like all else"),
      llvm::cl::init(0)};
  PassOptions::Option<std::string> kernelCache{
      *this, "kernel-cache",
      llvm::cl::desc("Folder of compiled kernels; none by default")};
  PassOptions::Option<int64_t> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("Bits of the target's vector registers: 256 or 512"),
      llvm::cl::init(256)};
  PassOptions::Option<bool> dotBF16{
      *this, "dot-bf16",
      llvm::cl::desc("Multiply bf16 tokens and bf16 weights by AVX512-BF16"),
      llvm::cl::init(false)};
  PassOptions::Option<bool> dotInt8{
      *this, "dot-int8",
      llvm::cl::desc("Round what meets integer weights to 8 bits, for VNNI"),
      llvm::cl::init(false)};
};

/// From onnxir, moe, or the tensor dialects to the LLVM dialect, with the entry
/// points and the manifest that the runtime needs.
void buildMoEToCPUPipeline(OpPassManager &pm, const MoEToCPUOptions &options);

/// Registers `moe-to-cpu-pipeline`.
void registerMoEToCPUPipeline();

} // namespace mlir::moe

#endif // MOE_PIPELINES_MOETOCPU_H
