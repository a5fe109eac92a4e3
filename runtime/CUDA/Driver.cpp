//===- Driver.cpp - The CUDA driver, loaded when it is needed -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

using namespace moe::rt::cuda;

namespace {
struct Loaded {
  Driver driver;
  std::string error;
  bool ok = false;

  Loaded() {
    const char *path = std::getenv("MOE_LIBCUDA");
    path = path && *path ? path : "libcuda.so.1";
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
      error =
          std::string("there is no CUDA driver: ") + path + " cannot be loaded";
      return;
    }
    ok = true;
    auto find = [&](auto &function, const char *name) {
      void *symbol = dlsym(library, name);
      if (!symbol && ok) {
        error = std::string("the CUDA driver is too old: it has no ") + name;
        ok = false;
      }
      function = reinterpret_cast<std::decay_t<decltype(function)>>(symbol);
    };
    find(driver.init, "cuInit");
    find(driver.getErrorString, "cuGetErrorString");
    find(driver.deviceGet, "cuDeviceGet");
    find(driver.deviceGetCount, "cuDeviceGetCount");
    find(driver.deviceGetAttribute, "cuDeviceGetAttribute");
    find(driver.retainContext, "cuDevicePrimaryCtxRetain");
    find(driver.releaseContext, "cuDevicePrimaryCtxRelease_v2");
    find(driver.setContext, "cuCtxSetCurrent");
    find(driver.moduleLoadData, "cuModuleLoadData");
    find(driver.moduleUnload, "cuModuleUnload");
    find(driver.getFunction, "cuModuleGetFunction");
    find(driver.setAttribute, "cuFuncSetAttribute");
    find(driver.allocate, "cuMemAlloc_v2");
    find(driver.free, "cuMemFree_v2");
    find(driver.memoryInfo, "cuMemGetInfo_v2");
    find(driver.copyToDevice, "cuMemcpyHtoDAsync_v2");
    find(driver.copyToHost, "cuMemcpyDtoHAsync_v2");
    find(driver.launch, "cuLaunchKernelEx");
    find(driver.streamCreate, "cuStreamCreate");
    find(driver.streamDestroy, "cuStreamDestroy_v2");
    find(driver.streamSynchronize, "cuStreamSynchronize");
    find(driver.beginCapture, "cuStreamBeginCapture_v2");
    find(driver.endCapture, "cuStreamEndCapture");
    find(driver.graphDestroy, "cuGraphDestroy");
    find(driver.instantiate, "cuGraphInstantiateWithFlags");
    find(driver.graphExecDestroy, "cuGraphExecDestroy");
    find(driver.graphLaunch, "cuGraphLaunch");
    if (!ok)
      return;
    if (int status = driver.init(0)) {
      error = "the CUDA driver does not start: " + driver.describe(status);
      ok = false;
    }
  }
};
} // namespace

const Driver *Driver::get(std::string &error) {
  static const Loaded loaded;
  if (loaded.ok)
    return &loaded.driver;
  error = loaded.error;
  return nullptr;
}

std::string Driver::describe(int status) const {
  const char *text = nullptr;
  if (getErrorString(status, &text) || !text)
    return "error " + std::to_string(status);
  return text;
}

static std::string inMegabytes(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f MB", bytes / 1048576.0);
  return text;
}

std::string moe::rt::cuda::describeShortage(uint64_t bytes, const char *what,
                                            size_t available, size_t total,
                                            const std::string &why) {
  return "the device has no " + inMegabytes(bytes) + " for " + what + " (" +
         inMegabytes(available) + " of " + inMegabytes(total) +
         " are free): " + why;
}
