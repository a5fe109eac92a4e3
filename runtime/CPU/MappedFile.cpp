//===- MappedFile.cpp - A file in memory -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/MappedFile.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe::rt;

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
  return std::unique_ptr<MappedFile>(
      new MappedFile(static_cast<uint8_t *>(data), status.st_size));
}

MappedFile::~MappedFile() {
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
