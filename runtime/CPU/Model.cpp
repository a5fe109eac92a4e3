//===- Model.cpp - A compiled model: its code, its weights -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Model.h"
#include "PackedWeights.h"
#include "moe-runtime/Trap.h"
#include <algorithm>

using namespace moe::rt;

Model::Model() = default;
Model::~Model() = default;

std::unique_ptr<Model> Model::create(const SymbolLookup &lookup,
                                     std::vector<std::string> folders,
                                     std::unique_ptr<WeightArchive> archive,
                                     std::string &error) {
  auto *text = static_cast<const char *>(lookup("moe_manifest"));
  if (!text) {
    error = "the code has no manifest";
    return nullptr;
  }
  std::unique_ptr<Model> model(new Model);
  if (!Manifest::parse(text, model->manifest, error))
    return nullptr;
  for (std::string &folder : folders)
    if (folder.empty())
      folder = model->manifest.baseDirectory;
  model->store.setFolders(std::move(folders));
  model->store.setArchive(std::move(archive));
  auto find = [&](const std::string &name) {
    void *symbol = lookup(name.c_str());
    if (!symbol)
      error = "the code has no function " + name;
    return reinterpret_cast<EntryFunction>(symbol);
  };
  for (const EntrySpec &spec : model->manifest.entries) {
    Entry &entry = model->entries.emplace_back();
    entry.function = find(spec.function);
    if (entry.function && !spec.initFunction.empty())
      entry.init = find(spec.initFunction);
    if (!error.empty())
      return nullptr;
  }
  return model;
}

int Model::findEntry(std::string_view name) const {
  for (size_t i = 0; i < entries.size(); ++i)
    if (manifest.entries[i].name == name)
      return i;
  return -1;
}

int Model::chooseEntry(std::string_view name, std::string &error) const {
  if (entries.empty()) {
    error = "has no public function";
    return -1;
  }
  int found = !name.empty()         ? findEntry(name)
              : entries.size() == 1 ? 0
                                    : findEntry("main");
  if (found >= 0)
    return found;
  error = name.empty() ? "has several functions, choose an entry: "
                       : "has no function '" + std::string(name) + "', it has ";
  for (const EntrySpec &spec : manifest.entries)
    error +=
        (&spec == &manifest.entries.front() ? "'" : ", '") + spec.name + "'";
  return -1;
}

bool Model::bindWeight(int64_t index,
                       std::vector<MemRefDescriptor> &descriptors,
                       std::string &error) {
  const WeightSpec &weight = manifest.weights[index];
  void *data = store.get(weight, error);
  if (!data)
    return false;
  descriptors.emplace_back(weight.dims.size())
      .setDense(data, weight.dims.data());
  return true;
}

namespace {
/// A call of an entry function, as something to trap.
struct Invocation {
  void (*function)(void **);
  void **args;

  static void run(void *self) {
    auto *invocation = static_cast<Invocation *>(self);
    invocation->function(invocation->args);
  }
};
} // namespace

static bool invoke(void (*function)(void **), void **args, Context &context,
                   std::string &error) {
  Context::Scope scope(&context);
  Invocation invocation{function, args};
  Trap trap;
  if (runTrapped(trap, Invocation::run, &invocation))
    return true;
  error = trap.message;
  return false;
}

bool Model::runInit(size_t index, std::vector<MemRefDescriptor> &results,
                    std::string &error) {
  const EntrySpec &spec = getEntry(index);
  std::vector<MemRefDescriptor> weights;
  for (int64_t weight : spec.initWeights)
    if (!bindWeight(weight, weights, error))
      return false;
  for (const TensorSpec &result : spec.initResults)
    results.emplace_back(result.dims.size());
  std::vector<void *> args;
  for (MemRefDescriptor &weight : weights)
    args.push_back(weight.getRaw());
  for (MemRefDescriptor &result : results)
    args.push_back(result.getRaw());
  return invoke(entries[index].init, args.data(), initContext, error);
}

/// What the init function makes, from where it is kept if it is.
bool Model::makeResidents(size_t index, std::vector<MemRefDescriptor> &results,
                          std::string &error) {
  const EntrySpec &spec = getEntry(index);
  if (packedPrefix.empty() || spec.initResults.empty())
    return runInit(index, results, error);
  std::string key = codeKey + "\n" + spec.name;
  std::string last;
  for (int64_t weight : spec.initWeights) {
    std::string identity = store.getIdentity(manifest.weights[weight]);
    if (identity != last)
      key += "\n" + manifest.weights[weight].file + " " + identity;
    last = identity;
  }
  auto kept = std::make_unique<PackedWeights>(packedPrefix, key);
  if (kept->read(spec.initResults, results)) {
    packed.push_back(std::move(kept));
    return true;
  }
  if (!runInit(index, results, error))
    return false;
  kept->write(spec.initResults, results);
  return true;
}

bool Model::load(size_t index, std::string &error) {
  Entry &entry = entries[index];
  const EntrySpec &spec = getEntry(index);
  if (entry.loaded)
    return true;
  entry.residents.clear();
  entry.defaults.clear();
  std::vector<MemRefDescriptor> initResults;
  if (entry.init && !makeResidents(index, initResults, error))
    return false;
  for (const ResidentSpec &resident : spec.residents) {
    if (resident.fromInit)
      entry.residents.push_back(initResults[resident.index]);
    else if (!bindWeight(resident.index, entry.residents, error))
      return false;
  }
  for (const InputSpec &input : spec.inputs) {
    entry.defaults.push_back(nullptr);
    if (input.defaultWeight < 0)
      continue;
    entry.defaults.back() =
        store.get(manifest.weights[input.defaultWeight], error);
    if (!entry.defaults.back())
      return false;
  }
  releaseUnusedWeights(index);
  entry.loaded = true;
  return true;
}

/// Only the packed form of what the init function took is needed from now on.
void Model::releaseUnusedWeights(size_t index) {
  if (entries.size() != 1)
    return;
  const EntrySpec &spec = getEntry(index);
  for (int64_t weight : spec.initWeights) {
    bool used = false;
    for (const ResidentSpec &resident : spec.residents)
      used |= !resident.fromInit && resident.index == weight;
    for (const InputSpec &input : spec.inputs)
      used |= input.defaultWeight == weight;
    if (!used)
      store.release(manifest.weights[weight]);
  }
}

Call::Call(const Model &model, size_t entry)
    : model(model), entry(entry), residents(model.entries[entry].residents),
      isSet(getSpec().inputs.size()) {
  const EntrySpec &spec = getSpec();
  for (const InputSpec &input : spec.inputs)
    inputs.emplace_back(input.dims.size());
  for (const TensorSpec &output : spec.outputs)
    results.emplace_back(output.dims.size());
  for (auto *descriptors : {&inputs, &residents, &results})
    for (MemRefDescriptor &descriptor : *descriptors)
      args.push_back(descriptor.getRaw());
}

bool Call::setInput(size_t index, void *data, const std::vector<int64_t> &dims,
                    std::string &error) {
  const InputSpec &spec = getSpec().inputs[index];
  auto fail = [&](const std::string &why) {
    error = "input '" + spec.name + "' " + why;
    return false;
  };
  bool fits = dims.size() == spec.dims.size() && getNumBytes(spec.type, dims);
  for (size_t i = 0; fits && i < dims.size(); ++i)
    fits = spec.dims[i] < 0 || spec.dims[i] == dims[i];
  if (!fits)
    return fail("is " + formatType(spec.type, dims) + ", the model expects " +
                formatType(spec.type, spec.dims));
  namedDims.erase(
      std::remove_if(namedDims.begin(), namedDims.end(),
                     [&](const NamedDim &dim) { return dim.input == index; }),
      namedDims.end());
  for (size_t i = 0; i < dims.size(); ++i) {
    if (spec.dims[i] >= 0 || spec.dimNames[i].empty())
      continue;
    for (const NamedDim &other : namedDims)
      if (other.name == spec.dimNames[i] && other.value != dims[i])
        return fail("has " + other.name + " = " + std::to_string(dims[i]) +
                    ", input '" + getSpec().inputs[other.input].name +
                    "' has " + std::to_string(other.value));
    namedDims.push_back({spec.dimNames[i], dims[i], index});
  }
  inputs[index].setDense(data, dims.data());
  isSet[index] = true;
  return true;
}

void Call::clearInputs() {
  isSet.assign(isSet.size(), false);
  namedDims.clear();
}

bool Call::run(std::string &error, Profile *profile) {
  const EntrySpec &spec = getSpec();
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    if (isSet[i])
      continue;
    void *data = model.entries[entry].defaults[i];
    if (!data) {
      error = "input '" + spec.inputs[i].name + "' is missing";
      return false;
    }
    const WeightSpec &weight =
        model.getManifest().weights[spec.inputs[i].defaultWeight];
    if (!setInput(i, data, weight.dims, error))
      return false;
  }
  context.reset();
  Profile::Scope scope(profile);
  return invoke(model.entries[entry].function, args.data(), context, error);
}

const uint8_t *Call::getResultData(size_t index) const {
  const MemRefDescriptor &result = results[index];
  uint64_t bits = getStorageBits(getSpec().outputs[index].type);
  return static_cast<const uint8_t *>(result.getAligned()) +
         result.getOffset() * bits / 8;
}
