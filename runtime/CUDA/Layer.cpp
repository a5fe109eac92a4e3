//===- Layer.cpp - Loads a launch plan and its kernels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layer.h"
#include <fstream>
#include <sstream>

using namespace moe::rt::cuda;

Memory::~Memory() {
  if (pointer)
    driver.free(pointer);
}

bool Memory::allocate(uint64_t bytes, const char *what, std::string &error) {
  if (bytes == 0)
    return true;
  if (int status = driver.allocate(&pointer, bytes)) {
    size_t available = 0, total = 0;
    driver.memoryInfo(&available, &total);
    error = describeShortage(bytes, what, available, total,
                             driver.describe(status));
    pointer = 0;
    return false;
  }
  return true;
}

static bool readFile(const std::string &path, std::string &text,
                     std::string &error) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    error = path + ": cannot be read";
    return false;
  }
  text = content.str();
  return true;
}

std::unique_ptr<Layer> Layer::load(const std::string &folder,
                                   const std::string &function, int device,
                                   std::string &error) {
  std::string text;
  if (!readFile(folder + "/plan.json", text, error))
    return nullptr;
  LaunchPlan plan;
  if (!plan.read(text, function, error)) {
    error = folder + "/plan.json: " + error;
    return nullptr;
  }
  const Driver *driver = Driver::get(error);
  if (!driver)
    return nullptr;
  std::unique_ptr<Layer> layer(new Layer(*driver));
  layer->plan = std::move(plan);
  int count = 0;
  driver->deviceGetCount(&count);
  if (device < 0 || device >= count) {
    error = "there is no CUDA device " + std::to_string(device) + " among " +
            std::to_string(count);
    return nullptr;
  }
  int handle = 0, status = driver->deviceGet(&handle, device);
  layer->device = handle;
  if (!status)
    status = driver->retainContext(&layer->context, handle);
  layer->retained = !status;
  if (!status)
    status = driver->setContext(layer->context);
  if (status) {
    error =
        "device " + std::to_string(device) + ": " + driver->describe(status);
    return nullptr;
  }
  if (!layer->loadKernels(folder, error))
    return nullptr;
  layer->persistent.resize(layer->plan.buffers.size(), 0);
  return layer;
}

bool Layer::loadKernels(const std::string &folder, std::string &error) {
  int major = 0, minor = 0, shared = 0;
  driver.deviceGetAttribute(&major, kCapabilityMajor, device);
  driver.deviceGetAttribute(&minor, kCapabilityMinor, device);
  driver.deviceGetAttribute(&shared, kMaxSharedPerBlockOptin, device);
  int64_t capability = 10 * major + minor;
  for (const KernelSpec &kernel : plan.kernels) {
    if (!kernel.used) {
      functions.push_back(nullptr);
      continue;
    }
    // Code for a device runs on later ones of its generation; what was made
    // for one feature set (sm_90a) does not go further than that.
    if (kernel.capability / 10 != major || kernel.capability > capability) {
      error = "kernel " + kernel.name + " is for sm_" +
              std::to_string(kernel.capability) + ", the device is sm_" +
              std::to_string(capability);
      return false;
    }
    if (kernel.shared > shared) {
      error =
          "kernel " + kernel.name + " takes " + std::to_string(kernel.shared) +
          " bytes of shared memory, the device has " + std::to_string(shared);
      return false;
    }
    std::string binary;
    if (!readFile(folder + "/" + kernel.binary, binary, error))
      return false;
    Module module = nullptr;
    Function function = nullptr;
    int status = driver.moduleLoadData(&module, binary.data());
    if (!status) {
      modules.push_back(module);
      status = driver.getFunction(&function, module, kernel.name.c_str());
    }
    if (!status && kernel.shared > (48 << 10))
      status = driver.setAttribute(function, kMaxDynamicSharedSize,
                                   static_cast<int>(kernel.shared));
    if (status) {
      error = "kernel " + kernel.name + ": " + driver.describe(status);
      return false;
    }
    functions.push_back(function);
  }
  return true;
}

Layer::~Layer() {
  if (!retained)
    return;
  driver.setContext(context);
  memory.clear();
  for (Module module : modules)
    driver.moduleUnload(module);
  driver.releaseContext(device);
}

bool Layer::init(const Pointer *arguments, Stream stream, std::string &error) {
  initialized = false;
  memory.clear();
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    if (!plan.buffers[i].persistent)
      continue;
    int64_t bytes = 0;
    if (!evaluate(plan.buffers[i].bytes, {}, bytes) || bytes < 0) {
      error = "the launch plan is malformed: a packed weight of no size";
      return false;
    }
    auto block = std::make_unique<Memory>(driver);
    if (!block->allocate(bytes, "packed weights", error))
      return false;
    persistent[i] = block->get();
    memory.push_back(std::move(block));
  }
  initialized = true;
  Binding binding(*this, std::vector<int64_t>(plan.sizes.size(), 0));
  if (!binding.flatten(plan.init, error) ||
      !binding.run(arguments, nullptr, stream, error)) {
    initialized = false;
    return false;
  }
  return true;
}
