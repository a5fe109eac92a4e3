//===- Weights.cpp - Constant data of a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Weights.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace moe::rt;

/// Where to look for file `name`: in the first folder that has it, else in the
/// first one.
static std::string findFile(const std::string &name,
                            const std::vector<std::string> &folders) {
  auto join = [&](const std::string &folder) {
    return folder.empty() ? name : folder + "/" + name;
  };
  if (folders.empty() || (!name.empty() && name.front() == '/'))
    return name;
  for (const std::string &folder : folders)
    if (access(join(folder).c_str(), F_OK) == 0)
      return join(folder);
  return join(folders.front());
}

MappedFile *WeightStore::getFile(const std::string &name, std::string &error) {
  for (File &file : files)
    if (file.name == name)
      return file.mapping.get();
  std::unique_ptr<MappedFile> mapping =
      MappedFile::open(findFile(name, folders), error);
  if (!mapping)
    return nullptr;
  return files.emplace_back(File{name, std::move(mapping)}).mapping.get();
}

const uint8_t *WeightStore::getBytes(const WeightSpec &weight,
                                     std::string &error) {
  if (weight.file.empty())
    return weight.data.data();
  if (archive)
    if (const uint8_t *data =
            archive->find(weight.file, weight.offset, weight.length))
      return data;
  MappedFile *file = getFile(weight.file, error);
  if (!file)
    return nullptr;
  if (weight.fileSize >= 0 && uint64_t(weight.fileSize) != file->getSize()) {
    error = weight.file + ": has changed: it has " +
            std::to_string(file->getSize()) +
            " bytes, the model was made for " + std::to_string(weight.fileSize);
    return nullptr;
  }
  if (weight.offset > file->getSize() ||
      weight.length > file->getSize() - weight.offset) {
    error = weight.file + ": too short for weight '" + weight.name +
            "': it has " + std::to_string(file->getSize()) +
            " bytes, the weight is at " + std::to_string(weight.offset) +
            " with " + std::to_string(weight.length);
    return nullptr;
  }
  return file->getData() + weight.offset;
}

void *WeightStore::get(const WeightSpec &weight, std::string &error) {
  for (Copy &copy : copies)
    if (copy.weight == &weight)
      return copy.data.get();
  std::string problem;
  const uint8_t *data = getBytes(weight, problem);
  if (!problem.empty()) {
    error = problem;
    return nullptr;
  }
  uint64_t length = weight.file.empty() ? weight.data.size() : weight.length;
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

std::string WeightStore::getIdentity(const WeightSpec &weight) {
  if (weight.file.empty())
    return "";
  if (archive && archive->find(weight.file, weight.offset, weight.length))
    return archive->getIdentity();
  std::string error;
  MappedFile *file = getFile(weight.file, error);
  return file ? file->getIdentity() : "";
}

void WeightStore::release(const WeightSpec &weight) {
  for (size_t i = 0; i < copies.size(); ++i)
    if (copies[i].weight == &weight) {
      copies.erase(copies.begin() + i);
      break;
    }
  if (weight.file.empty())
    return;
  if (archive)
    if (const uint8_t *data =
            archive->find(weight.file, weight.offset, weight.length))
      return archive->release(data, weight.length);
  for (File &file : files)
    if (file.name == weight.file)
      file.mapping->release(weight.offset, weight.length);
}
