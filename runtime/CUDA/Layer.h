//===- Layer.h - A function of a launch plan on a device -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CUDA_LAYER_H
#define MOE_RUNTIME_CUDA_LAYER_H

#include "Driver.h"
#include "LaunchPlan.h"
#include <memory>

namespace moe::rt::cuda {

/// Device memory that is freed with it.
class Memory {
public:
  explicit Memory(const Driver &driver) : driver(driver) {}
  ~Memory();
  Memory(const Memory &) = delete;
  /// False and why in `error`; the text says how much was asked for.
  bool allocate(uint64_t bytes, const char *what, std::string &error);
  Pointer get() const { return pointer; }

private:
  const Driver &driver;
  Pointer pointer = 0;
};

class Layer {
public:
  static std::unique_ptr<Layer> load(const std::string &folder,
                                     const std::string &function, int device,
                                     std::string &error);
  ~Layer();

  const LaunchPlan &getPlan() const { return plan; }
  /// Makes what follows from weights alone.
  bool init(const Pointer *arguments, Stream stream, std::string &error);

private:
  friend class Binding;
  explicit Layer(const Driver &driver) : driver(driver) {}
  bool loadKernels(const std::string &folder, std::string &error);

  const Driver &driver;
  int device = 0;
  bool retained = false, initialized = false;
  Context context = nullptr;
  LaunchPlan plan;
  std::vector<Module> modules;
  std::vector<Function> functions;
  /// For each buffer that lasts its memory, else 0.
  std::vector<Pointer> persistent;
  std::vector<std::unique_ptr<Memory>> memory;
};

/// A layer for given sizes.
class Binding {
public:
  static std::unique_ptr<Binding>
  create(Layer &layer, std::vector<int64_t> sizes, std::string &error);
  ~Binding();

  bool run(const Pointer *arguments, const Pointer *results, Stream stream,
           std::string &error);
  bool capture(const Pointer *arguments, const Pointer *results,
               std::string &error);
  bool replay(Stream stream, std::string &error);
  uint64_t getWorkspaceSize() const { return workspaceSize; }
  size_t getNumLaunches() const { return launches.size(); }

private:
  friend class Layer;
  struct Parameter {
    ParameterSpec::Kind kind;
    int64_t index;
    int32_t number;
    /// Of a buffer: where it begins in the workspace.
    uint64_t offset;
  };
  struct Launch {
    size_t kernel;
    unsigned grid[3];
    std::vector<Parameter> parameters;
    /// Where the memory of its programs begins in the workspace.
    uint64_t scratch;
  };

  Binding(Layer &layer, std::vector<int64_t> sizes)
      : layer(layer), sizes(std::move(sizes)), workspace(layer.driver) {}
  bool flatten(const std::vector<StepSpec> &steps, std::string &error);
  bool addLaunch(const StepSpec &step, std::string &error);
  bool placeBuffers(std::string &error);
  Pointer getAddress(const Parameter &parameter, const Pointer *arguments,
                     const Pointer *results) const;
  bool enqueue(const Pointer *arguments, const Pointer *results, Stream stream,
               std::string &error);

  Layer &layer;
  std::vector<int64_t> sizes;
  std::vector<Launch> launches;
  Memory workspace;
  uint64_t workspaceSize = 0;
  Graph graph = nullptr;
  GraphExec executable = nullptr;
};

} // namespace moe::rt::cuda

#endif // MOE_RUNTIME_CUDA_LAYER_H
