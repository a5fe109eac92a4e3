//===- CompileModel.cpp - From a model's file to object code ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/CompileModel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/ExecutionEngine/ErrorKeeper.h"
#include "moe/ExecutionEngine/ObjectCache.h"
#include "moe/InitAll.h"
#include "moe/Pipelines/MoEToCPU.h"
#include "moe/Target/ONNX/Import.h"
#include "llvm/Support/SourceMgr.h"
#include <chrono>

using namespace llvm;
using namespace moe;

static mlir::OwningOpRef<mlir::ModuleOp> readModel(StringRef path,
                                                   mlir::MLIRContext &context) {
  if (mlir::onnxir::isModelFile(path)) {
    mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> module =
        mlir::onnxir::importFile(path, {}, &context);
    return failed(module) ? nullptr : std::move(*module);
  }
  return mlir::parseSourceFile<mlir::ModuleOp>(path, &context);
}

/// The seconds since `start`, which becomes now.
static double lap(std::chrono::steady_clock::time_point &start) {
  auto now = std::chrono::steady_clock::now();
  std::chrono::duration<double> elapsed = now - start;
  start = now;
  return elapsed.count();
}

static Expected<CompileResult> compile(StringRef path,
                                       const CompileOptions &options) {
  auto clock = std::chrono::steady_clock::now();
  CompileResult result;
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  moe::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  ErrorKeeper errors(context, path);
  mlir::OwningOpRef<mlir::ModuleOp> module = readModel(path, context);
  if (!module)
    return errors.take();
  if (options.prepare)
    if (Error error = options.prepare(*module))
      return createStringError(path + ": " + toString(std::move(error)));
  result.import = lap(clock);
  mlir::moe::MoEToCPUOptions pipeline;
  pipeline.reference = options.reference;
  pipeline.profile = options.profile;
  pipeline.unfused = options.unfused;
  pipeline.without = options.without;
  pipeline.readData = options.readData;
  pipeline.keepDefaults = options.keepDefaults;
  pipeline.cudaCapability = options.cudaCapability;
  if (!options.cacheDirectory.empty())
    pipeline.kernelCache = options.cacheDirectory + "/kernels";
  pipeline.vectorBits = options.target.getVectorBits();
  pipeline.dotBF16 = options.target.hasFeature("avx512bf16");
  pipeline.dotInt8 = options.roundActivations && options.target.hasByteDot();
  mlir::PassManager pm(&context);
  mlir::moe::buildMoEToCPUPipeline(pm, pipeline);
  if (failed(pm.run(*module)))
    return errors.take();
  result.lower = lap(clock);
  result.readsWeights =
      (*module)->hasAttr(mlir::moe::MoEDialect::kReadsWeights);
  auto manifest = module->lookupSymbol<mlir::LLVM::GlobalOp>("moe_manifest");
  result.manifest =
      cast<mlir::StringAttr>(manifest.getValueAttr()).getValue().drop_back();
  Expected<std::unique_ptr<MemoryBuffer>> object = compileToObject(
      *module, options.target, /*quick=*/options.reference, options.kind);
  if (!object)
    return createStringError(path + ": " + toString(object.takeError()));
  result.object = std::move(*object);
  result.generate = lap(clock);
  return result;
}

static Expected<std::string> getKey(StringRef path,
                                    const CompileOptions &options) {
  std::string text = options.reference ? "reference" : "optimized";
  if (options.unfused)
    text += " unfused";
  for (StringRef pass : options.without)
    text += " without " + pass.str();
  if (!options.readData)
    text += " no-read-data";
  if (options.keepDefaults)
    text += " keep-defaults";
  if (options.profile)
    text += " profile";
  if (options.cudaCapability)
    text += " cuda " + std::to_string(options.cudaCapability);
  if (options.roundActivations)
    text += " round-activations";
  return ObjectCache::computeKey(path, text, options.target);
}

Expected<CompileResult> moe::compileModel(StringRef path,
                                          const CompileOptions &options) {
  Expected<std::string> key = getKey(path, options);
  if (!key)
    return createStringError(path + ": " + toString(key.takeError()));
  bool cached = !options.prepare && options.kind == ObjectKind::Exported;
  ObjectCache cache(cached ? options.cacheDirectory : "");
  if (std::unique_ptr<MemoryBuffer> object = cache.get(*key))
    return CompileResult{std::move(object), *key, /*manifest=*/"",
                         /*cached=*/true};
  Expected<CompileResult> result = compile(path, options);
  // The key does not cover weights that stand in files beside the model.
  if (result && !result->readsWeights)
    cache.put(*key, *result->object);
  if (result && !options.prepare)
    result->key = *key;
  return result;
}

void moe::forgetModel(StringRef path, const CompileOptions &options) {
  if (Expected<std::string> key = getKey(path, options))
    ObjectCache(options.cacheDirectory).remove(*key);
  else
    consumeError(key.takeError());
}
