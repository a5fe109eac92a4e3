//===- EmbeddedWeights.cpp - Weights within the library ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmbeddedWeights.h"
#include "moe-runtime/Weights.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <set>

using namespace llvm;
using namespace moe;
using moe::rt::WeightArchive;

Error moe::embedWeights(const rt::Manifest &manifest, StringRef path) {
  std::error_code failure;
  raw_fd_ostream os(path, failure, sys::fs::CD_OpenExisting, sys::fs::FA_Write,
                    sys::fs::OF_Append);
  uint64_t at;
  if (!failure)
    failure = sys::fs::file_size(path, at);
  if (failure)
    return createStringError(failure.message());

  rt::WeightStore store;
  store.setFolders({manifest.baseDirectory});
  std::set<std::tuple<StringRef, uint64_t, uint64_t>> seen;
  json::Array stretches;
  auto write = [&](const void *data, uint64_t length) {
    os.write(static_cast<const char *>(data), length);
    at += length;
  };
  for (const rt::WeightSpec &weight : manifest.weights) {
    if (weight.file.empty() ||
        !seen.insert({weight.file, weight.offset, weight.length}).second)
      continue;
    std::string error;
    void *data = store.get(weight, error);
    if (!data) {
      os.clear_error();
      return createStringError(error);
    }
    uint64_t padding = alignTo(at, WeightArchive::alignment) - at;
    os.write_zeros(padding);
    at += padding;
    stretches.push_back(json::Object{{"file", weight.file},
                                     {"offset", weight.offset},
                                     {"length", weight.length},
                                     {"at", at}});
    write(data, weight.length);
    store.release(weight);
  }
  WeightArchive::Trailer trailer;
  std::string index;
  raw_string_ostream(index)
      << json::Value(json::Object{{"stretches", std::move(stretches)}});
  trailer.indexOffset = at;
  trailer.indexLength = index.size();
  std::copy(std::begin(WeightArchive::Trailer::expectedMagic),
            std::end(WeightArchive::Trailer::expectedMagic), trailer.magic);
  write(index.data(), index.size());
  write(&trailer, sizeof(trailer));
  os.close();
  failure = os.error();
  os.clear_error();
  return failure ? createStringError(failure.message()) : Error::success();
}
