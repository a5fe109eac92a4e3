//===- Library.cpp - A model compiled to a library -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Library.h"
#include "moe-runtime/CPUFeatures.h"
#include "moe-runtime/CodeVariant.h"
#include "moe-runtime/Model.h"
#include "moe-runtime/Parallel.h"
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

using namespace moe::rt;

// The bounds of the section, which the linker defines.
extern "C" {
extern const CodeVariant __start_moe_code[]
    __attribute__((visibility("hidden")));
extern const CodeVariant __stop_moe_code[]
    __attribute__((visibility("hidden")));
}

static thread_local std::string lastError;

template <typename T> static T fail(std::string why, T result) {
  lastError = std::move(why);
  return result;
}

void *CodeVariant::lookup(const char *name) const {
  for (uint64_t i = 0; i < numSymbols; ++i)
    if (strcmp(symbols[i].name, name) == 0)
      return symbols[i].address;
  return nullptr;
}

/// The last variant that this machine can run; null if it can run none.
static const CodeVariant *getVariant() {
  static const CodeVariant *const chosen = [] {
    const CodeVariant *found = nullptr;
    for (const CodeVariant *variant = __start_moe_code;
         variant != __stop_moe_code; ++variant)
      if (getMissingCPUFeatures(variant->features).empty())
        found = variant;
    return found;
  }();
  return chosen;
}

static std::string explainNoVariant() {
  std::string text = "this machine cannot run the library's code";
  for (const CodeVariant *variant = __start_moe_code;
       variant != __stop_moe_code; ++variant)
    text.append(variant == __start_moe_code ? ": for " : "; for ")
        .append(variant->cpu)
        .append(" it lacks ")
        .append(getMissingCPUFeatures(variant->features));
  return text;
}

/// The absolute path of the file that this code is in; taken at load, since
/// the process may change its folder.
static const std::string libraryPath = [] {
  static const char anchor = 0;
  Dl_info info;
  char path[PATH_MAX];
  if (dladdr(&anchor, &info) && realpath(info.dli_fname, path))
    return std::string(path);
  return std::string();
}();

namespace {
/// What `TensorSpec` is in C.
struct SpecHolder {
  explicit SpecHolder(const TensorSpec &spec, bool hasDefault)
      : type(getName(spec.type)) {
    for (const std::string &name : spec.dimNames)
      dimNames.push_back(name.c_str());
    c = {spec.name.c_str(), type.c_str(),    spec.dims.size(),
         spec.dims.data(),  dimNames.data(), hasDefault};
  }
  SpecHolder(const SpecHolder &) = delete;
  SpecHolder &operator=(const SpecHolder &) = delete;

  std::string type;
  std::vector<const char *> dimNames;
  MoETensorSpec c;
};
} // namespace

struct MoEModel {
  std::unique_ptr<Model> model;
  size_t entry;
  std::vector<std::unique_ptr<SpecHolder>> inputs, outputs;

  const EntrySpec &getSpec() const { return model->getEntry(entry); }
};

struct MoECall {
  explicit MoECall(const MoEModel &model)
      : model(model), call(*model.model, model.entry) {}

  const MoEModel &model;
  Call call;
  bool profiles = false;
  Profile profile;
};

static const char *getError() { return lastError.c_str(); }

static const char *getCPU() {
  const CodeVariant *variant = getVariant();
  return variant ? variant->cpu
                 : fail<const char *>(explainNoVariant(), nullptr);
}

static const char *getManifest() {
  const CodeVariant *variant = getVariant();
  return variant ? static_cast<const char *>(variant->lookup("moe_manifest"))
                 : fail<const char *>(explainNoVariant(), nullptr);
}

/// Tells this library's code from any other.
static std::string getCodeKey(const CodeVariant &variant) {
  std::string error;
  std::unique_ptr<MappedFile> file = MappedFile::open(libraryPath, error);
  return libraryPath + " " + (file ? file->getIdentity() : "") + " " +
         variant.cpu;
}

static MoEModel *load(const char *entry, const char *folder,
                      const char *packed) {
  const CodeVariant *variant = getVariant();
  if (!variant)
    return fail<MoEModel *>(explainNoVariant(), nullptr);
  std::string error;
  std::unique_ptr<WeightArchive> archive =
      WeightArchive::open(libraryPath, error);
  if (!error.empty())
    return fail<MoEModel *>(error, nullptr);
  std::vector<std::string> folders;
  if (folder)
    folders.push_back(*folder ? folder : ".");
  else
    folders = {libraryPath.substr(0, libraryPath.rfind('/')), ""};
  std::unique_ptr<MoEModel> model(new MoEModel);
  model->model =
      Model::create([&](const char *name) { return variant->lookup(name); },
                    std::move(folders), std::move(archive), error);
  if (!model->model)
    return fail<MoEModel *>(error, nullptr);
  if (packed)
    model->model->setPackedCache(packed, getCodeKey(*variant));
  int chosen = model->model->chooseEntry(entry ? entry : "", error);
  if (chosen < 0 || !model->model->load(chosen, error))
    return fail<MoEModel *>(error, nullptr);
  model->entry = chosen;
  for (const InputSpec &spec : model->getSpec().inputs)
    model->inputs.emplace_back(new SpecHolder(spec, spec.defaultWeight >= 0));
  for (const TensorSpec &spec : model->getSpec().outputs)
    model->outputs.emplace_back(new SpecHolder(spec, false));
  return model.release();
}

static void unload(MoEModel *model) { delete model; }

static const char *getEntry(const MoEModel *model) {
  return model->getSpec().name.c_str();
}

static size_t getNumInputs(const MoEModel *model) {
  return model->inputs.size();
}

static size_t getNumOutputs(const MoEModel *model) {
  return model->outputs.size();
}

template <typename T>
static bool checkIndex(const char *what, size_t index, const T &list) {
  return index < list.size() ||
         fail(std::string("there is no ") + what + " " + std::to_string(index) +
                  ", only " + std::to_string(list.size()),
              false);
}

static const MoETensorSpec *getInput(const MoEModel *model, size_t index) {
  return checkIndex("input", index, model->inputs) ? &model->inputs[index]->c
                                                   : nullptr;
}

static const MoETensorSpec *getOutput(const MoEModel *model, size_t index) {
  return checkIndex("output", index, model->outputs) ? &model->outputs[index]->c
                                                     : nullptr;
}

static MoECall *createCall(const MoEModel *model) {
  return new MoECall(*model);
}

static void destroyCall(MoECall *call) { delete call; }

static int setInput(MoECall *call, size_t index, const MoETensor *tensor) {
  if (!checkIndex("input", index, call->model.inputs))
    return 1;
  std::string error;
  std::vector<int64_t> dims(tensor->dims, tensor->dims + tensor->rank);
  return call->call.setInput(index, const_cast<void *>(tensor->data), dims,
                             error)
             ? 0
             : fail(error, 1);
}

static void clearInputs(MoECall *call) { call->call.clearInputs(); }

static int run(MoECall *call) {
  std::string error;
  return call->call.run(error, call->profiles ? &call->profile : nullptr)
             ? 0
             : fail(error, 1);
}

static int getResult(const MoECall *call, size_t index, MoETensor *tensor) {
  if (!checkIndex("output", index, call->model.outputs))
    return 1;
  const MemRefDescriptor &result = call->call.getResult(index);
  if (!result.isDense())
    return fail("output '" + call->model.getSpec().outputs[index].name +
                    "' is not dense",
                1);
  *tensor = {call->call.getResultData(index), result.getRank(),
             result.getSizes()};
  return 0;
}

static void setProfiling(MoECall *call, int on) {
  call->profiles = on;
  call->profile = Profile();
}

static size_t getNumPhases(const MoECall *call) {
  return call->profile.getPhases().size();
}

static int getPhase(const MoECall *call, size_t index, MoEPhase *phase) {
  const std::vector<Profile::Phase> &phases = call->profile.getPhases();
  if (!checkIndex("phase", index, phases))
    return 1;
  const Profile::Phase &from = phases[index];
  *phase = {from.node,       from.kind, from.seconds, from.count,
            from.countsRows, from.rows, from.products};
  return 0;
}

extern "C" const MoELibrary *moeGetLibrary(void) {
  static const MoELibrary library = {sizeof(MoELibrary),
                                     getError,
                                     moe_set_num_threads,
                                     getCPU,
                                     getManifest,
                                     load,
                                     unload,
                                     getEntry,
                                     getNumInputs,
                                     getNumOutputs,
                                     getInput,
                                     getOutput,
                                     createCall,
                                     destroyCall,
                                     setInput,
                                     clearInputs,
                                     run,
                                     getResult,
                                     setProfiling,
                                     getNumPhases,
                                     getPhase};
  return &library;
}
