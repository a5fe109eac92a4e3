//===- CompileModel.h - From a model's file to object code ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_COMPILEMODEL_H
#define MOE_EXECUTIONENGINE_COMPILEMODEL_H

#include "moe/ExecutionEngine/ObjectCode.h"
#include <functional>

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moe {

struct CompileOptions {
  CodeTarget target;
  /// Lower by the definitions of the operations, without optimising.
  bool reference = false;
  /// Lower to kernels without the rewrites of moe-optimize, or without some of
  /// them, by their passes' names.
  bool unfused = false;
  std::vector<std::string> without;
  /// Let the code depend on the values of weights in files.
  bool readData = true;
  /// Keep inputs for which the model has a value.
  bool keepDefaults = false;
  /// Let kernels round activations to 8 bits where they meet integer weights
  /// and the processor multiplies such.
  bool roundActivations = false;
  /// Run layers of experts on a CUDA device of this compute capability; 0: on
  /// the CPU.
  int cudaCapability = 0;
  /// Make code that tells the runtime which operation it is at.
  bool profile = false;
  /// What the code is for.
  ObjectKind kind = ObjectKind::Exported;
  /// Keep packed weights beside the model.
  bool keepPacked = false;
  /// Where compiled models are kept; "" for nowhere.
  std::string cacheDirectory;
  /// Changes the model before it is lowered; says why it cannot. Such code is
  /// not kept.
  std::function<llvm::Error(mlir::ModuleOp)> prepare;
};

/// Code, and the seconds that each step to it took; none did, if the code came
/// from the cache.
struct CompileResult {
  std::unique_ptr<llvm::MemoryBuffer> object;
  /// Names all that went into the code but the weights beside the model; empty
  /// if `prepare` changed it.
  std::string key;
  /// What the code says of itself; empty if it came from the cache.
  std::string manifest;
  bool cached = false;
  /// The code holds only as long as the weights have the values that were seen;
  /// it is not kept.
  bool readsWeights = false;
  double import = 0, lower = 0, generate = 0;
};

/// Compiles the ONNX model or the MLIR module in file `path`. Errors are one
/// line, starting with the file.
llvm::Expected<CompileResult> compileModel(llvm::StringRef path,
                                           const CompileOptions &options);

/// Forgets the code of a model, which turned out not to fit its weights.
void forgetModel(llvm::StringRef path, const CompileOptions &options);

} // namespace moe

#endif // MOE_EXECUTIONENGINE_COMPILEMODEL_H
