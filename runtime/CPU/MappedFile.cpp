//===- MappedFile.cpp - A file in memory -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/MappedFile.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace moe::rt;

static std::mutex mappingsMutex;

/// All mapped files.
static std::vector<MappedFile *> &getMappings() {
  static auto *mappings = new std::vector<MappedFile *>;
  return *mappings;
}

std::unique_ptr<MappedFile> MappedFile::open(const std::string &path,
                                             std::string &error) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    error = path + ": " + strerror(errno);
    if (descriptor >= 0)
      close(descriptor);
    return nullptr;
  }
  void *data = nullptr;
  if (!S_ISREG(status.st_mode))
    error = path + ": not a regular file";
  else if (status.st_size > 0)
    data = mmap(nullptr, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED)
    error = path + ": cannot be mapped: " + strerror(errno);
  close(descriptor);
  if (!S_ISREG(status.st_mode) || data == MAP_FAILED)
    return nullptr;
  std::string identity = std::to_string(status.st_size) + ":" +
                         std::to_string(status.st_mtim.tv_sec) + "." +
                         std::to_string(status.st_mtim.tv_nsec) + ":" +
                         std::to_string(status.st_ino);
  std::unique_ptr<MappedFile> file(
      new MappedFile(static_cast<uint8_t *>(data), status.st_size, identity));
  std::lock_guard<std::mutex> lock(mappingsMutex);
  getMappings().push_back(file.get());
  return file;
}

MappedFile::~MappedFile() {
  {
    std::lock_guard<std::mutex> lock(mappingsMutex);
    std::vector<MappedFile *> &all = getMappings();
    all.erase(std::find(all.begin(), all.end(), this));
  }
  if (data)
    munmap(data, size);
}

void MappedFile::release(uint64_t offset, uint64_t length) {
  uint64_t page = sysconf(_SC_PAGESIZE);
  uint64_t begin = (offset + page - 1) / page * page;
  uint64_t end = (offset + length) / page * page;
  if (begin < end && end <= size)
    madvise(data + begin, end - begin, MADV_DONTNEED);
}

extern "C" void moe_release_source(int64_t address, int64_t bytes) {
  std::lock_guard<std::mutex> lock(mappingsMutex);
  for (MappedFile *file : getMappings()) {
    uint64_t offset =
        uint64_t(address) - reinterpret_cast<uintptr_t>(file->getData());
    if (file->getData() && offset < file->getSize())
      return file->release(offset, bytes);
  }
}
