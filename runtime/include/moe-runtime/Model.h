//===- Model.h - A compiled model and calls of it -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_MODEL_H
#define MOE_RUNTIME_MODEL_H

#include "moe-runtime/Context.h"
#include "moe-runtime/Manifest.h"
#include "moe-runtime/Profile.h"
#include "moe-runtime/Weights.h"
#include <functional>

namespace moe::rt {

class PackedWeights;

/// Finds a symbol of compiled code; null if there is none.
using SymbolLookup = std::function<void *(const char *name)>;

/// Compiled code with its weights, packed by its init functions. Once loaded it
/// does not change, and any number of threads may call it.
class Model {
public:
  ~Model();

  /// Takes the code behind `lookup`. Files of weights are taken from the first
  /// of `folders` that has them, where "" stands for the folder that the
  /// manifest names; what an `archive` has is taken from there. Null, and why
  /// in `error`, on failure.
  static std::unique_ptr<Model> create(const SymbolLookup &lookup,
                                       std::vector<std::string> folders,
                                       std::unique_ptr<WeightArchive> archive,
                                       std::string &error);

  const Manifest &getManifest() const { return manifest; }
  size_t getNumEntries() const { return entries.size(); }
  const EntrySpec &getEntry(size_t entry) const {
    return manifest.entries[entry];
  }
  /// The entry of a name, or −1.
  int findEntry(std::string_view name) const;
  /// The entry of a name; "" means the only one, else `main`. −1, and why in
  /// `error`, if there is none.
  int chooseEntry(std::string_view name, std::string &error) const;

  /// Has `load` keep packed weights in files of a name that starts with
  /// `prefix`, and map them from there where they are; `code` tells this code
  /// from any other.
  void setPackedCache(const std::string &prefix, const std::string &code) {
    packedPrefix = prefix;
    codeKey = code;
  }

  /// Maps the weights of an entry and runs its init function; to be done once
  /// before it is called.
  bool load(size_t entry, std::string &error);

private:
  friend class Call;
  using EntryFunction = void (*)(void **args);
  struct Entry {
    EntryFunction function = nullptr;
    EntryFunction init = nullptr;
    bool loaded = false;
    /// The descriptors of `EntrySpec::residents`.
    std::vector<MemRefDescriptor> residents;
    /// The weights that stand in for inputs; null where there is none.
    std::vector<void *> defaults;
  };

  Model();
  bool bindWeight(int64_t index, std::vector<MemRefDescriptor> &descriptors,
                  std::string &error);
  bool makeResidents(size_t entry, std::vector<MemRefDescriptor> &results,
                     std::string &error);
  bool runInit(size_t entry, std::vector<MemRefDescriptor> &results,
               std::string &error);
  void releaseUnusedWeights(size_t entry);

  Manifest manifest;
  std::string packedPrefix, codeKey;
  std::vector<std::unique_ptr<PackedWeights>> packed;
  WeightStore store;
  std::vector<Entry> entries;
  /// Holds what the init functions made.
  Context initContext;
};

/// Calls of one entry by one caller, with the memory that they work in and the
/// results of the last one.
class Call {
public:
  /// `model` must have loaded the entry and outlive this.
  Call(const Model &model, size_t entry);

  /// Sets input `index` to dense row-major data, which stays the caller's and
  /// must outlive the calls. Checks the dimensions against the model's, named
  /// ones against those of the inputs set before.
  bool setInput(size_t index, void *data, const std::vector<int64_t> &dims,
                std::string &error);

  /// Forgets the inputs.
  void clearInputs();

  /// Runs the entry; the results of the call before it are gone. `profile`, if
  /// any, gets the times of the phases, if the code was compiled for that.
  bool run(std::string &error, Profile *profile = nullptr);

  const MemRefDescriptor &getResult(size_t index) const {
    return results[index];
  }
  /// The first element of a result.
  const uint8_t *getResultData(size_t index) const;
  /// Frees the results.
  void release() { context.reset(); }
  const Context &getContext() const { return context; }

private:
  struct NamedDim {
    std::string name;
    int64_t value;
    size_t input;
  };
  const EntrySpec &getSpec() const { return model.getEntry(entry); }

  const Model &model;
  size_t entry;
  Context context;
  std::vector<MemRefDescriptor> inputs;
  std::vector<MemRefDescriptor> residents;
  std::vector<MemRefDescriptor> results;
  std::vector<bool> isSet;
  std::vector<NamedDim> namedDims;
  /// What the entry function gets.
  std::vector<void *> args;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_MODEL_H
