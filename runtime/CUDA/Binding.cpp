//===- Binding.cpp - A layer for given sizes: launches and a workspace ----===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layer.h"
#include <algorithm>
#include <limits>

using namespace moe::rt::cuda;

/// Buffers begin at multiples of this, as those of the allocator do.
static constexpr uint64_t kAlignment = 256;

std::unique_ptr<Binding>
Binding::create(Layer &layer, std::vector<int64_t> sizes, std::string &error) {
  if (!layer.initialized) {
    error = "weights are not packed yet; call moeCUDAInit first";
    return nullptr;
  }
  std::unique_ptr<Binding> binding(new Binding(layer, std::move(sizes)));
  if (!binding->flatten(layer.plan.steps, error) ||
      !binding->placeBuffers(error))
    return nullptr;
  return binding;
}

Binding::~Binding() {
  layer.driver.setContext(layer.context);
  if (executable)
    layer.driver.graphExecDestroy(executable);
  if (graph)
    layer.driver.graphDestroy(graph);
}

bool Binding::flatten(const std::vector<StepSpec> &steps, std::string &error) {
  for (const StepSpec &step : steps) {
    if (step.cases.empty()) {
      if (!addLaunch(step, error))
        return false;
      continue;
    }
    for (const StepSpec::Case &branch : step.cases) {
      int64_t left = 0, right = 0;
      if (!branch.comparison.empty() &&
          (!evaluate(branch.left, sizes, left) ||
           !evaluate(branch.right, sizes, right))) {
        error = "a size of the launch plan does not fit 64 bits";
        return false;
      }
      bool holds = branch.comparison.empty() ||
                   (branch.comparison == "eq" ? left == right : left <= right);
      if (!holds)
        continue;
      if (!flatten(branch.steps, error))
        return false;
      break;
    }
  }
  return true;
}

bool Binding::addLaunch(const StepSpec &step, std::string &error) {
  Launch launch{step.kernel, {1, 1, 1}, {}, 0};
  const std::string &name = layer.plan.kernels[step.kernel].name;
  bool isEmpty = false;
  for (size_t i = 0; i < step.grid.size(); ++i) {
    int64_t size = 0;
    int64_t most = i == 0 ? std::numeric_limits<int32_t>::max() : 65535;
    if (!evaluate(step.grid[i], sizes, size) || size < 0 || size > most) {
      error = "kernel " + name + " would need a grid of " +
              std::to_string(size) + " programs";
      return false;
    }
    isEmpty |= size == 0;
    launch.grid[i] = static_cast<unsigned>(size);
  }
  for (const ParameterSpec &spec : step.parameters) {
    Parameter parameter{spec.kind, spec.index, 0, 0};
    if (spec.kind == ParameterSpec::Number) {
      int64_t value = 0;
      if (!evaluate(spec.value, sizes, value) ||
          value > std::numeric_limits<int32_t>::max() ||
          value < std::numeric_limits<int32_t>::min()) {
        error = "kernel " + name + " counts to " + std::to_string(value) +
                ", which is beyond 32 bits";
        return false;
      }
      parameter.number = static_cast<int32_t>(value);
    }
    launch.parameters.push_back(parameter);
  }
  if (!isEmpty)
    launches.push_back(std::move(launch));
  return true;
}

/// Buffers whose uses do not overlap share memory: each gets the lowest place
/// that is free from its first use to its last.
bool Binding::placeBuffers(std::string &error) {
  struct Range {
    size_t first = SIZE_MAX, last = 0;
    uint64_t bytes = 0, offset = 0;
  };
  const std::vector<BufferSpec> &specs = layer.plan.buffers;
  std::vector<Range> ranges(specs.size());
  for (size_t i = 0; i < launches.size(); ++i)
    for (const Parameter &parameter : launches[i].parameters) {
      if (parameter.kind != ParameterSpec::Buffer)
        continue;
      Range &range = ranges[parameter.index];
      range.first = std::min(range.first, i);
      range.last = i;
    }
  std::vector<size_t> order, placed;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (ranges[i].first == SIZE_MAX || specs[i].persistent ||
        specs[i].result >= 0)
      continue;
    int64_t bytes = 0;
    if (!evaluate(specs[i].bytes, sizes, bytes) || bytes < 0) {
      error = "a buffer of the workspace does not fit 64 bits";
      return false;
    }
    ranges[i].bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    order.push_back(i);
  }
  for (size_t i = 0; i < launches.size(); ++i) {
    const Launch &launch = launches[i];
    uint64_t bytes = layer.plan.kernels[launch.kernel].scratch;
    for (unsigned size : launch.grid)
      if (__builtin_mul_overflow(bytes, uint64_t(size), &bytes)) {
        error = "the programs of a kernel take more than 64 bits of memory";
        return false;
      }
    order.push_back(ranges.size());
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    ranges.push_back({i, i, bytes, 0});
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return ranges[a].bytes > ranges[b].bytes;
  });
  for (size_t i : order) {
    std::vector<size_t> beside;
    for (size_t j : placed)
      if (ranges[j].first <= ranges[i].last &&
          ranges[i].first <= ranges[j].last)
        beside.push_back(j);
    std::sort(beside.begin(), beside.end(), [&](size_t a, size_t b) {
      return ranges[a].offset < ranges[b].offset;
    });
    uint64_t offset = 0;
    for (size_t j : beside) {
      if (offset + ranges[i].bytes <= ranges[j].offset)
        break;
      offset = std::max(offset, ranges[j].offset + ranges[j].bytes);
    }
    ranges[i].offset = offset;
    workspaceSize = std::max(workspaceSize, offset + ranges[i].bytes);
    placed.push_back(i);
  }
  for (size_t i = 0; i < launches.size(); ++i) {
    launches[i].scratch = ranges[specs.size() + i].offset;
    for (Parameter &parameter : launches[i].parameters)
      if (parameter.kind == ParameterSpec::Buffer)
        parameter.offset = ranges[parameter.index].offset;
  }
  layer.driver.setContext(layer.context);
  return workspace.allocate(workspaceSize, "the workspace", error);
}

Pointer Binding::getAddress(const Parameter &parameter,
                            const Pointer *arguments,
                            const Pointer *results) const {
  if (parameter.kind == ParameterSpec::Argument)
    return arguments[parameter.index];
  const BufferSpec &spec = layer.plan.buffers[parameter.index];
  if (spec.persistent)
    return layer.persistent[parameter.index];
  if (spec.result >= 0)
    return results[spec.result];
  return workspace.get() + parameter.offset;
}

bool Binding::enqueue(const Pointer *arguments, const Pointer *results,
                      Stream stream, std::string &error) {
  std::vector<Pointer> values;
  std::vector<void *> parameters;
  bool isFirst = true;
  for (const Launch &launch : launches) {
    const KernelSpec &kernel = layer.plan.kernels[launch.kernel];
    // Behind its own parameters a kernel has two for memory of its programs:
    // one for what the compiler needs, one for profiling.
    size_t count = launch.parameters.size();
    values.assign(count + 2, 0);
    parameters.resize(count + 2);
    for (size_t i = 0; i < count; ++i) {
      const Parameter &parameter = launch.parameters[i];
      if (parameter.kind == ParameterSpec::Number) {
        values[i] = static_cast<uint32_t>(parameter.number);
        continue;
      }
      values[i] = getAddress(parameter, arguments, results);
      if (values[i] % 16) {
        error = "a tensor does not begin at a multiple of 16 bytes";
        return false;
      }
    }
    if (kernel.scratch)
      values[count] = workspace.get() + launch.scratch;
    for (size_t i = 0; i < count + 2; ++i)
      parameters[i] = &values[i];
    LaunchAttribute overlap{};
    overlap.id = kLaunchOverlap;
    overlap.value = 1;
    LaunchConfig config{};
    config.gridX = launch.grid[0];
    config.gridY = launch.grid[1];
    config.gridZ = launch.grid[2];
    config.blockX = static_cast<unsigned>(kernel.warps * 32);
    config.blockY = config.blockZ = 1;
    config.sharedBytes = static_cast<unsigned>(kernel.shared);
    config.stream = stream;
    config.attributes = &overlap;
    // The first kernel has nothing of this call to overlap with.
    config.numAttributes = kernel.overlaps && !isFirst ? 1 : 0;
    isFirst = false;
    if (int status =
            layer.driver.launch(&config, layer.functions[launch.kernel],
                                parameters.data(), nullptr)) {
      error = "kernel " + kernel.name + ": " + layer.driver.describe(status);
      return false;
    }
  }
  return true;
}

bool Binding::run(const Pointer *arguments, const Pointer *results,
                  Stream stream, std::string &error) {
  layer.driver.setContext(layer.context);
  return enqueue(arguments, results, stream, error);
}

bool Binding::capture(const Pointer *arguments, const Pointer *results,
                      std::string &error) {
  const Driver &driver = layer.driver;
  driver.setContext(layer.context);
  if (executable)
    driver.graphExecDestroy(executable);
  if (graph)
    driver.graphDestroy(graph);
  executable = graph = nullptr;
  Stream stream = nullptr;
  int status = driver.streamCreate(&stream, /*non-blocking*/ 1);
  if (!status)
    status = driver.beginCapture(stream, kCaptureThreadLocal);
  bool enqueued = !status && enqueue(arguments, results, stream, error);
  if (!status)
    status = driver.endCapture(stream, &graph);
  if (stream)
    driver.streamDestroy(stream);
  if (!status && enqueued)
    status = driver.instantiate(&executable, graph, 0);
  if (status && enqueued)
    error = "no graph can be made: " + driver.describe(status);
  else if (status)
    error = error.empty()
                ? "no stream can be captured: " + driver.describe(status)
                : error;
  return enqueued && !status;
}

bool Binding::replay(Stream stream, std::string &error) {
  if (!executable) {
    error = "there is no graph; call moeCUDACapture first";
    return false;
  }
  layer.driver.setContext(layer.context);
  if (int status = layer.driver.graphLaunch(executable, stream)) {
    error = "the graph does not start: " + layer.driver.describe(status);
    return false;
  }
  return true;
}
