//===- Compiler.cpp - What the Python module needs of C++ -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compiler.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "moe/ExecutionEngine/ErrorKeeper.h"
#include "moe/ExecutionEngine/ObjectCache.h"
#include "moe/ExecutionEngine/Session.h"
#include "moe/InitAll.h"
#include "moe/Pipelines/MoEOptimize.h"
#include "moe/Target/ONNX/Export.h"
#include "moe/Target/ONNX/Import.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace moe;
using namespace moe::python;

static bool fail(Error error, std::string &text) {
  text = toString(std::move(error));
  return false;
}

std::shared_ptr<Model> Model::compile(const CompileRequest &request,
                                      std::string &error) {
  CompileOptions options;
  if (Error failure = CodeTarget::get(request.mcpu).moveInto(options.target)) {
    error = "mcpu: " + toString(std::move(failure));
    return nullptr;
  }
  if (Error failure = options.target.checkHost()) {
    error = "mcpu: " + toString(std::move(failure));
    return nullptr;
  }
  for (const std::string &name : request.without)
    if (!is_contained(mlir::moe::getMoEOptimizePasses(), name)) {
      error = "without: moe-optimize has no pass '" + name + "'";
      return nullptr;
    }
  options.reference = request.pipeline == "reference";
  options.unfused = request.pipeline == "unfused";
  options.without = request.without;
  options.keepDefaults = request.keepDefaults;
  options.roundActivations = request.roundActivations;
  options.profile = request.profile;
  if (request.cache)
    options.cacheDirectory = ObjectCache::getDefaultDirectory();
  Expected<std::unique_ptr<Session>> session =
      Session::create(request.path, request.entry, options);
  if (!session) {
    fail(session.takeError(), error);
    return nullptr;
  }
  std::shared_ptr<Model> model(new Model);
  model->first = (*session)->getProgram().createCaller();
  return model;
}

Model::~Model() = default;

const rt::EntrySpec &Model::getSpec() const { return first->getSpec(); }

std::shared_ptr<Caller> Model::takeCaller() {
  std::unique_ptr<Program> program;
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (!idle.empty()) {
      program = std::move(idle.back());
      idle.pop_back();
    }
  }
  if (!program)
    program = first->createCaller();
  return std::make_shared<Caller>(shared_from_this(), std::move(program));
}

std::vector<rt::Profile::Phase> Model::getPhases() {
  std::lock_guard<std::mutex> lock(mutex);
  return phases;
}

void Model::addPhases(const std::vector<rt::Profile::Phase> &added) {
  std::lock_guard<std::mutex> lock(mutex);
  for (const rt::Profile::Phase &phase : added) {
    auto [place, isNew] =
        phaseIndex.try_emplace({phase.node, phase.kind}, phases.size());
    if (isNew) {
      phases.push_back(phase);
      continue;
    }
    rt::Profile::Phase &sum = phases[place->second];
    sum.seconds += phase.seconds;
    sum.count += phase.count;
    sum.rows += phase.rows;
    sum.products += phase.products;
  }
}

Caller::Caller(std::shared_ptr<Model> model, std::unique_ptr<Program> program)
    : model(std::move(model)), program(std::move(program)) {}

Caller::~Caller() {
  program->clearInputs();
  std::lock_guard<std::mutex> lock(model->mutex);
  model->idle.push_back(std::move(program));
}

bool Caller::setInput(size_t index, void *data,
                      const std::vector<int64_t> &dims, std::string &error) {
  Error failure = program->setInput(index, data, dims);
  return failure ? fail(std::move(failure), error) : true;
}

bool Caller::run(std::string &error) {
  if (Error failure = program->run())
    return fail(std::move(failure), error);
  model->addPhases(program->getPhases());
  program->clearPhases();
  return true;
}

bool Caller::getResult(size_t index, const void *&data,
                       std::vector<int64_t> &dims, std::string &error) {
  Expected<ResultView> result = program->getResult(index);
  if (!result)
    return fail(result.takeError(), error);
  data = result->data;
  dims = std::move(result->dims);
  return true;
}

namespace {
/// A context that knows all dialects and passes.
struct Compiler {
  Compiler() : context(makeRegistry()) {
    static bool registered = [] {
      mlir::registerAllPasses();
      moe::registerAllPasses();
      return true;
    }();
    (void)registered;
  }

  static mlir::DialectRegistry makeRegistry() {
    mlir::DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    moe::registerAllDialects(registry);
    return registry;
  }

  mlir::MLIRContext context;
};
} // namespace

/// "" in `error` where all went well.
static bool runPipeline(mlir::ModuleOp module, StringRef pipeline,
                        const ErrorKeeper &errors, std::string &error) {
  mlir::PassManager pm(module.getContext());
  raw_string_ostream os(error);
  if (failed(mlir::parsePassPipeline(pipeline, pm, os))) {
    error = StringRef(error).trim().split('\n').first.str();
    return false;
  }
  if (failed(pm.run(module)))
    return fail(errors.take(), error);
  return true;
}

std::string python::optimizeText(const std::string &text,
                                 const std::string &pipeline,
                                 std::string &error) {
  Compiler compiler;
  ErrorKeeper errors(compiler.context, "module");
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &compiler.context,
                                                        "module");
  if (!module) {
    fail(errors.take(), error);
    return "";
  }
  if (!runPipeline(*module, pipeline, errors, error))
    return "";
  std::string result;
  raw_string_ostream os(result);
  module->print(os);
  return result;
}

static Error writeModel(mlir::ModuleOp module, StringRef path,
                        const ErrorKeeper &errors) {
  mlir::onnxir::ExportOptions options;
  options.outputDir = sys::path::parent_path(path).str();
  bool cannotExport = false;
  Error error = writeToOutput(path, [&](raw_ostream &os) -> Error {
    cannotExport = failed(mlir::onnxir::exportModel(module, options, os));
    return cannotExport ? errors.take() : Error::success();
  });
  if (!error || cannotExport)
    return error;
  std::string reason;
  handleAllErrors(
      std::move(error),
      [&](const FileError &info) { reason = info.messageWithoutFileInfo(); },
      [&](const ErrorInfoBase &info) { reason = info.message(); });
  return createStringError(path + ": " + reason);
}

bool python::optimizeONNX(const std::string &input, const std::string &output,
                          const std::string &target, std::string &error) {
  Compiler compiler;
  ErrorKeeper errors(compiler.context, input);
  auto module = mlir::onnxir::importFile(input, {}, &compiler.context);
  if (failed(module))
    return fail(errors.take(), error);
  if (!runPipeline(**module,
                   "convert-onnx-to-moe,convert-moe-to-onnx{export-target=" +
                       target + "}",
                   errors, error))
    return false;
  Error failure = writeModel(**module, output, errors);
  return failure ? fail(std::move(failure), error) : true;
}
