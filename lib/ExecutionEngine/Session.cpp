//===- Session.cpp - A loaded model, as tools use it ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/Session.h"
#include "moe/Target/ONNX/Import.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <cstring>

using namespace llvm;
using namespace moe;

/// The seconds since `start`, which becomes now.
static double lap(std::chrono::steady_clock::time_point &start) {
  auto now = std::chrono::steady_clock::now();
  double seconds = std::chrono::duration<double>(now - start).count();
  start = now;
  return seconds;
}

Error Session::fail(const Twine &why) const {
  return createStringError(path + ": " + why);
}

Error Session::load(StringRef entryName, std::unique_ptr<MemoryBuffer> object) {
  auto clock = std::chrono::steady_clock::now();
  auto linked = [&] { times.link = lap(clock); };
  // An ONNX model's files lie beside it, wherever it was when it was compiled.
  std::string folder;
  if (object && mlir::onnxir::isModelFile(path)) {
    folder = sys::path::parent_path(path).str();
    if (folder.empty())
      folder = ".";
  }
  Expected<std::unique_ptr<Program>> loaded =
      object ? loadObject(std::move(object), entryName, folder, packed, codeKey,
                          linked)
             : loadLibrary(path, entryName, packed, linked);
  if (!loaded)
    return fail(toString(loaded.takeError()));
  program = std::move(*loaded);
  times.load = lap(clock);
  return Error::success();
}

Expected<CompileResult> Session::compile(const CompileOptions &options) {
  auto clock = std::chrono::steady_clock::now();
  Expected<CompileResult> compiled = compileModel(path, options);
  if (!compiled)
    return compiled;
  times.import = compiled->import;
  times.lower = compiled->lower;
  times.generate = compiled->generate;
  times.read = lap(clock);
  times.cached = compiled->cached;
  codeKey = compiled->key;
  return compiled;
}

Error Session::start(StringRef entryName, const CompileOptions &options) {
  if (options.keepPacked)
    packed = path;
  if (isLibraryFile(path))
    return load(entryName, /*object=*/nullptr);
  Expected<CompileResult> compiled = compile(options);
  if (!compiled)
    return compiled.takeError();
  bool cached = compiled->cached;
  Error error = load(entryName, std::move(compiled->object));
  // A file of weights that does not fit code of an earlier day may well fit
  // the model as it is now.
  if (!error || !cached)
    return error;
  consumeError(std::move(error));
  forgetModel(path, options);
  compiled = compile(options);
  if (!compiled)
    return compiled.takeError();
  return load(entryName, std::move(compiled->object));
}

Expected<std::unique_ptr<Session>>
Session::create(StringRef path, StringRef entry,
                const CompileOptions &options) {
  std::unique_ptr<Session> session(new Session);
  session->path = path.str();
  if (Error error = session->start(entry, options))
    return error;
  return session;
}

/// "'a', 'b'", of the members `name` of `specs`.
template <typename T>
static std::string listNames(const std::vector<T> &specs) {
  return join(map_range(specs, [](auto &s) { return "'" + s.name + "'"; }),
              ", ");
}

static std::optional<size_t> findByName(ArrayRef<rt::InputSpec> specs,
                                        StringRef name) {
  const auto *found = find_if(
      specs, [&](const rt::InputSpec &spec) { return spec.name == name; });
  if (found == specs.end())
    return std::nullopt;
  return found - specs.begin();
}

bool Session::hasInput(StringRef name) const {
  return findByName(getSpec().inputs, name).has_value();
}

Expected<size_t> Session::findInput(StringRef name) const {
  if (std::optional<size_t> index = findByName(getSpec().inputs, name))
    return *index;
  return fail("has no input '" + name + "', it has " +
              listNames(getSpec().inputs));
}

Error Session::setInput(size_t index, const HostTensor &tensor) {
  const rt::InputSpec &spec = getSpec().inputs[index];
  if (tensor.getType() != spec.type)
    return fail("input '" + spec.name + "' is " +
                rt::formatType(tensor.getType(), tensor.getDims()) +
                ", the model expects " + rt::formatType(spec.type, spec.dims));
  return setInput(index, tensor.getData(), tensor.getDims());
}

Error Session::setInput(size_t index, void *data,
                        const std::vector<int64_t> &dims) {
  if (Error error = program->setInput(index, data, dims))
    return fail(toString(std::move(error)));
  return Error::success();
}

Error Session::run() {
  auto clock = std::chrono::steady_clock::now();
  if (Error error = program->run())
    return fail(toString(std::move(error)));
  double seconds = lap(clock);
  if (calls.first == 0)
    calls.first = seconds;
  calls.seconds += seconds;
  ++calls.count;
  return Error::success();
}

void Session::clearCallTimes() {
  double first = calls.first;
  calls = CallTimes();
  calls.first = first;
  program->clearPhases();
}

Expected<HostTensor> Session::getOutput(size_t index) const {
  const rt::TensorSpec &spec = getSpec().outputs[index];
  Expected<ResultView> result = program->getResult(index);
  if (!result)
    return fail(toString(result.takeError()));
  Expected<HostTensor> tensor = HostTensor::create(spec.type, result->dims);
  if (!tensor)
    return fail("output '" + spec.name + "' is " +
                toString(tensor.takeError()));
  tensor->name = spec.name;
  if (uint64_t bytes = tensor->getNumBytes())
    memcpy(tensor->getData(), result->data, bytes);
  return tensor;
}
