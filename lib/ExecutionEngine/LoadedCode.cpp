//===- LoadedCode.cpp - Object code in this process -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/LoadedCode.h"
#include "moe-runtime/CUDADevice.h"
#include "moe-runtime/Context.h"
#include "moe-runtime/MappedFile.h"
#include "moe-runtime/NarrowFloat.h"
#include "moe-runtime/Parallel.h"
#include "moe-runtime/Profile.h"
#include "moe-runtime/Trap.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

using namespace llvm;
using namespace llvm::orc;
using moe::LoadedCode;

LoadedCode::LoadedCode(std::unique_ptr<LLJIT> jit) : jit(std::move(jit)) {}
LoadedCode::~LoadedCode() = default;

/// What compiled code calls of the runtime.
static SymbolMap getRuntimeSymbols(LLJIT &jit) {
  SymbolMap symbols;
  auto add = [&](StringRef name, auto *function) {
    symbols[jit.mangleAndIntern(name)] = {ExecutorAddr::fromPtr(function),
                                          JITSymbolFlags::Exported |
                                              JITSymbolFlags::Callable};
  };
  add("_mlir_memref_to_llvm_alloc", _mlir_memref_to_llvm_alloc);
  add("_mlir_memref_to_llvm_aligned_alloc", _mlir_memref_to_llvm_aligned_alloc);
  add("_mlir_memref_to_llvm_free", _mlir_memref_to_llvm_free);
  add("moe_get_num_threads", moe_get_num_threads);
  add("moe_cuda_allocate", moe_cuda_allocate);
  add("moe_cuda_free", moe_cuda_free);
  add("moe_cuda_upload", moe_cuda_upload);
  add("moe_cuda_download", moe_cuda_download);
  add("moe_cuda_launch", moe_cuda_launch);
  add("moe_parallel_for", moe_parallel_for);
  add("moe_profile_enter", moe_profile_enter);
  add("moe_profile_rows", moe_profile_rows);
  add("moe_raise", moe_raise);
  add("moe_release_source", moe_release_source);
  add("__truncsfbf2", moe_truncsfbf2);
  add("__truncdfbf2", moe_truncdfbf2);
  add("__truncsfhf2", moe_truncsfhf2);
  add("__truncdfhf2", moe_truncdfhf2);
  add("__extendhfsf2", moe_extendhfsf2);
  return symbols;
}

Expected<std::unique_ptr<LoadedCode>>
LoadedCode::load(std::unique_ptr<MemoryBuffer> object) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  Expected<std::unique_ptr<LLJIT>> jit = LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  // What cannot be found is said once, by the error that `lookup` gives.
  (*jit)->getExecutionSession().setErrorReporter(
      [](Error error) { consumeError(std::move(error)); });
  JITDylib &dylib = (*jit)->getMainJITDylib();
  if (Error error = dylib.define(absoluteSymbols(getRuntimeSymbols(**jit))))
    return error;
  if (Error error = (*jit)->addObjectFile(std::move(object)))
    return error;
  // Links now, so that what is missing shows here.
  if (Expected<ExecutorAddr> manifest = (*jit)->lookup("moe_manifest");
      !manifest)
    return manifest.takeError();
  return std::unique_ptr<LoadedCode>(new LoadedCode(std::move(*jit)));
}

void *LoadedCode::lookup(StringRef name) const {
  Expected<ExecutorAddr> address = jit->lookup(name);
  if (!address) {
    consumeError(address.takeError());
    return nullptr;
  }
  return address->toPtr<void *>();
}
