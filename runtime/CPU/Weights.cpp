//===- Weights.cpp - Constant data of a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Weights.h"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
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

MappedFile *WeightStore::getFile(const std::string &name, std::string &error) {
  for (File &file : files)
    if (file.name == name)
      return file.mapping.get();
  bool absolute = !name.empty() && name.front() == '/';
  std::string path = absolute || baseDirectory.empty()
                         ? name
                         : baseDirectory + "/" + name;
  std::unique_ptr<MappedFile> mapping = MappedFile::open(path, error);
  if (!mapping)
    return nullptr;
  return files.emplace_back(File{name, std::move(mapping)}).mapping.get();
}

void *WeightStore::get(const WeightSpec &weight, std::string &error) {
  for (Copy &copy : copies)
    if (copy.weight == &weight)
      return copy.data.get();
  const uint8_t *data = weight.data.data();
  uint64_t length = weight.data.size();
  if (!weight.file.empty()) {
    MappedFile *file = getFile(weight.file, error);
    if (!file)
      return nullptr;
    length = weight.length;
    if (weight.fileSize >= 0 && uint64_t(weight.fileSize) != file->getSize()) {
      error = weight.file + ": has changed: it has " +
              std::to_string(file->getSize()) + " bytes, the model was made for " +
              std::to_string(weight.fileSize);
      return nullptr;
    }
    if (weight.offset > file->getSize() ||
        length > file->getSize() - weight.offset) {
      error = weight.file + ": too short for weight '" + weight.name +
              "': it has " + std::to_string(file->getSize()) +
              " bytes, the weight is at " + std::to_string(weight.offset) +
              " with " + std::to_string(length);
      return nullptr;
    }
    data = file->getData() + weight.offset;
  }
  uint64_t alignment = std::max(1u, getStorageBits(weight.type) / 8);
  if (length > 0 && reinterpret_cast<uintptr_t>(data) % alignment == 0)
    return const_cast<uint8_t *>(data);
  void *copy = aligned_alloc(64, (length + 64) / 64 * 64);
  if (!copy) {
    error = "out of memory: weight '" + weight.name + "' needs " +
            std::to_string(length) + " bytes";
    return nullptr;
  }
  if (length)
    memcpy(copy, data, length);
  copies.push_back({&weight, {copy, free}});
  return copy;
}

void WeightStore::release(const WeightSpec &weight) {
  for (size_t i = 0; i < copies.size(); ++i)
    if (copies[i].weight == &weight) {
      copies.erase(copies.begin() + i);
      break;
    }
  for (File &file : files)
    if (file.name == weight.file)
      file.mapping->release(weight.offset, weight.length);
}
