//===- CUDA.cpp - The C interface of layers on a CUDA device -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/CUDA.h"
#include "Layer.h"

using namespace moe::rt::cuda;

struct MoECUDALayer {
  std::unique_ptr<Layer> layer;
};
struct MoECUDABinding {
  std::unique_ptr<Binding> binding;
};

static thread_local std::string lastError;

static_assert(sizeof(MoECUDAPointer) == sizeof(Pointer));

static const Pointer *asPointers(const MoECUDAPointer *pointers) {
  return reinterpret_cast<const Pointer *>(pointers);
}

extern "C" const char *moeCUDAGetError(void) { return lastError.c_str(); }

extern "C" MoECUDALayer *moeCUDALoad(const char *folder, const char *function,
                                     int device) {
  lastError.clear();
  auto layer = Layer::load(folder, function, device, lastError);
  return layer ? new MoECUDALayer{std::move(layer)} : nullptr;
}

extern "C" void moeCUDAUnload(MoECUDALayer *layer) { delete layer; }

extern "C" size_t moeCUDAGetNumArguments(const MoECUDALayer *layer) {
  return layer->layer->getPlan().arguments.size();
}

extern "C" size_t moeCUDAGetNumResults(const MoECUDALayer *layer) {
  return layer->layer->getPlan().numResults;
}

extern "C" int moeCUDAInit(MoECUDALayer *layer, const MoECUDAPointer *arguments,
                           MoECUDAStream stream) {
  lastError.clear();
  return layer->layer->init(asPointers(arguments), stream, lastError) ? 0 : 1;
}

extern "C" MoECUDABinding *
moeCUDABind(MoECUDALayer *layer, const int64_t *sizes, const int32_t *ranks) {
  lastError.clear();
  const LaunchPlan &plan = layer->layer->getPlan();
  std::vector<const int64_t *> shapes;
  for (size_t i = 0; i < plan.arguments.size(); ++i) {
    const std::vector<int64_t> &shape = plan.arguments[i].shape;
    bool fits = ranks[i] >= 0 && static_cast<size_t>(ranks[i]) == shape.size();
    for (size_t j = 0; fits && j < shape.size(); ++j)
      fits = sizes[j] >= 0 && (shape[j] < 0 || shape[j] == sizes[j]);
    if (!fits) {
      lastError =
          "argument " + std::to_string(i) + " has another shape than declared";
      return nullptr;
    }
    shapes.push_back(sizes);
    sizes += ranks[i];
  }
  std::vector<int64_t> dynamicSizes;
  for (const LaunchPlan::SizeSpec &size : plan.sizes)
    dynamicSizes.push_back(shapes[size.argument][size.dim]);
  auto binding =
      Binding::create(*layer->layer, std::move(dynamicSizes), lastError);
  return binding ? new MoECUDABinding{std::move(binding)} : nullptr;
}

extern "C" void moeCUDAUnbind(MoECUDABinding *binding) { delete binding; }

extern "C" uint64_t moeCUDAGetWorkspaceSize(const MoECUDABinding *binding) {
  return binding->binding->getWorkspaceSize();
}

extern "C" size_t moeCUDAGetNumLaunches(const MoECUDABinding *binding) {
  return binding->binding->getNumLaunches();
}

extern "C" int moeCUDARun(MoECUDABinding *binding,
                          const MoECUDAPointer *arguments,
                          const MoECUDAPointer *results, MoECUDAStream stream) {
  lastError.clear();
  return binding->binding->run(asPointers(arguments), asPointers(results),
                               stream, lastError)
             ? 0
             : 1;
}

extern "C" int moeCUDACapture(MoECUDABinding *binding,
                              const MoECUDAPointer *arguments,
                              const MoECUDAPointer *results) {
  lastError.clear();
  return binding->binding->capture(asPointers(arguments), asPointers(results),
                                   lastError)
             ? 0
             : 1;
}

extern "C" int moeCUDAReplay(MoECUDABinding *binding, MoECUDAStream stream) {
  lastError.clear();
  return binding->binding->replay(stream, lastError) ? 0 : 1;
}
