//===- WeightArchive.cpp - Weights at the end of a library -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/WeightArchive.h"
#include "Json.h"
#include <algorithm>
#include <cstring>

using namespace moe::rt;

std::unique_ptr<WeightArchive> WeightArchive::open(const std::string &path,
                                                   std::string &error) {
  std::unique_ptr<WeightArchive> archive(new WeightArchive);
  archive->mapping = MappedFile::open(path, error);
  if (!archive->mapping)
    return nullptr;
  const uint8_t *data = archive->mapping->getData();
  uint64_t size = archive->mapping->getSize();
  Trailer trailer;
  if (size < sizeof(trailer))
    return nullptr;
  memcpy(&trailer, data + size - sizeof(trailer), sizeof(trailer));
  if (memcmp(trailer.magic, Trailer::expectedMagic, sizeof(trailer.magic)) != 0)
    return nullptr;
  uint64_t end = size - sizeof(trailer);
  if (trailer.indexOffset > end ||
      trailer.indexLength > end - trailer.indexOffset)
    error = "the index lies outside the file";
  else
    archive->readIndex(
        {reinterpret_cast<const char *>(data) + trailer.indexOffset,
         trailer.indexLength},
        error);
  if (error.empty())
    return archive;
  error = path + ": embedded weights: " + error;
  return nullptr;
}

void WeightArchive::readIndex(std::string_view text, std::string &error) {
  Json root;
  const Json *list = nullptr;
  if (Json::parse(text, root))
    list = root.get("stretches");
  if (!list || list->kind != Json::Array) {
    error = "the index has no list of stretches";
    return;
  }
  if (const Json *text = root.get("key"))
    key = text->string;
  for (const auto &[unused, element] : list->members) {
    const Json *file = element.get("file");
    if (!file || file->kind != Json::String) {
      error = "a stretch has no file";
      return;
    }
    Stretch stretch{file->string, 0, 0, 0};
    for (auto [name, value] :
         {std::pair("offset", &stretch.offset),
          std::pair("length", &stretch.length), std::pair("at", &stretch.at)}) {
      const Json *number = element.get(name);
      if (!number || number->kind != Json::Number || number->number < 0) {
        error = std::string("a stretch has no ") + name;
        return;
      }
      *value = number->number;
    }
    if (stretch.at > mapping->getSize() ||
        stretch.length > mapping->getSize() - stretch.at) {
      error = "a stretch of " + stretch.file + " lies outside the file";
      return;
    }
    stretches.push_back(std::move(stretch));
  }
  std::sort(stretches.begin(), stretches.end());
}

const uint8_t *WeightArchive::find(const std::string &file, uint64_t offset,
                                   uint64_t length) const {
  Stretch wanted{file, offset, length, 0};
  auto found = std::lower_bound(stretches.begin(), stretches.end(), wanted);
  if (found == stretches.end() || found->file != file ||
      found->offset != offset || found->length != length)
    return nullptr;
  return mapping->getData() + found->at;
}
