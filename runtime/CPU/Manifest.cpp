//===- Manifest.cpp - What a compiled model says of itself -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Manifest.h"
#include "Json.h"

using namespace moe::rt;

namespace {
/// Reads members of one object; the first failure is kept.
class Reader {
public:
  Reader(const Json &object, std::string &error)
      : object(object), error(error) {}

  bool fail(std::string_view name, std::string_view what) {
    if (error.empty())
      error.append("manifest: '").append(name).append("' ").append(what);
    return false;
  }

  const Json *member(std::string_view name, Json::Kind kind, bool required) {
    const Json *value = object.get(name);
    if (value && value->kind == Json::Null)
      value = nullptr;
    if (!value) {
      if (required)
        fail(name, "is missing");
      return nullptr;
    }
    if (value->kind == kind)
      return value;
    fail(name, "is of the wrong kind");
    return nullptr;
  }

  bool read(std::string_view name, std::string &value, bool required = true) {
    if (const Json *json = member(name, Json::String, required))
      value = json->string;
    return error.empty();
  }

  template <typename T>
  bool read(std::string_view name, T &value, int64_t least, int64_t greatest,
            bool required = true) {
    const Json *json = member(name, Json::Number, required);
    if (json && (json->number < least || json->number > greatest))
      return fail(name, "is out of range");
    if (json)
      value = json->number;
    return error.empty();
  }

  bool read(std::string_view name, std::vector<int64_t> &values, int64_t least,
            int64_t greatest) {
    const Json *json = member(name, Json::Array, true);
    if (!json)
      return false;
    for (const auto &[unused, element] : json->members) {
      if (element.kind != Json::Number || element.number < least ||
          element.number > greatest)
        return fail(name, "holds a wrong element");
      values.push_back(element.number);
    }
    return true;
  }

  template <typename T, typename F>
  bool readAll(std::string_view name, std::vector<T> &values, F readOne) {
    const Json *json = member(name, Json::Array, true);
    if (!json)
      return false;
    for (const auto &[unused, element] : json->members) {
      Reader reader(element, error);
      if (!readOne(reader, values.emplace_back()))
        return false;
    }
    return true;
  }

  bool readSpec(TensorSpec &spec) {
    std::string type;
    if (!read("name", spec.name) || !read("type", type) ||
        !read("dims", spec.dims, -1, INT64_MAX))
      return false;
    std::optional<ElementType> elementType = getElementType(type);
    if (!elementType)
      return fail("type", "is not known: " + type);
    spec.type = *elementType;
    spec.dimNames.resize(spec.dims.size());
    const Json *names = member("dim_names", Json::Array, false);
    if (names && names->members.size() != spec.dims.size())
      return fail("dim_names", "is of the wrong length");
    for (size_t i = 0; names && i < spec.dims.size(); ++i)
      spec.dimNames[i] = names->members[i].second.string;
    return error.empty();
  }

  const Json &object;
  std::string &error;
};
} // namespace

static int decodeBase64Digit(char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool decodeBase64(std::string_view text, std::vector<uint8_t> &data) {
  while (!text.empty() && text.back() == '=')
    text.remove_suffix(1);
  uint32_t bits = 0;
  unsigned count = 0;
  for (char c : text) {
    int digit = decodeBase64Digit(c);
    if (digit < 0)
      return false;
    bits = bits << 6 | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      data.push_back(bits >> count);
    }
  }
  return true;
}

static bool readWeight(Reader &reader, WeightSpec &weight) {
  if (!reader.readSpec(weight))
    return false;
  std::optional<uint64_t> bytes = getNumBytes(weight.type, weight.dims);
  if (!bytes)
    return reader.fail("dims", "of weight " + weight.name + " are impossible");
  std::string data;
  if (!reader.read("data", data, false) ||
      !reader.read("file", weight.file, false))
    return false;
  if (weight.file.empty()) {
    if (!decodeBase64(data, weight.data) || weight.data.size() != *bytes)
      return reader.fail("data", "of weight " + weight.name + " is wrong");
    return true;
  }
  if (!reader.read("offset", weight.offset, 0, INT64_MAX) ||
      !reader.read("length", weight.length, 0, INT64_MAX) ||
      !reader.read("file_size", weight.fileSize, 0, INT64_MAX, false))
    return false;
  if (weight.length != *bytes)
    return reader.fail("length", "of weight " + weight.name +
                                     " does not fit its type");
  return true;
}

static bool readEntry(Reader &reader, EntrySpec &entry, int64_t numWeights) {
  auto readInput = [&](Reader &reader, InputSpec &input) {
    return reader.readSpec(input) && reader.read("default", input.defaultWeight,
                                                 0, numWeights - 1, false);
  };
  auto readTensor = [](Reader &reader, TensorSpec &output) {
    return reader.readSpec(output);
  };
  if (!reader.read("name", entry.name) ||
      !reader.read("function", entry.function) ||
      !reader.readAll("inputs", entry.inputs, readInput) ||
      !reader.readAll("outputs", entry.outputs, readTensor))
    return false;
  if (const Json *init = reader.member("init", Json::Object, false)) {
    Reader initReader(*init, reader.error);
    if (!initReader.read("function", entry.initFunction) ||
        !initReader.read("weights", entry.initWeights, 0, numWeights - 1) ||
        !initReader.readAll("results", entry.initResults, readTensor))
      return false;
  }
  return reader.readAll(
      "residents", entry.residents, [&](Reader &reader, ResidentSpec &spec) {
        spec.fromInit = reader.object.get("init");
        return spec.fromInit
                   ? reader.read("init", spec.index, 0,
                                 int64_t(entry.initResults.size()) - 1)
                   : reader.read("weight", spec.index, 0, numWeights - 1);
      });
}

bool Manifest::parse(std::string_view text, Manifest &manifest,
                     std::string &error) {
  error.clear();
  Json root;
  if (!Json::parse(text, root) || root.kind != Json::Object) {
    error = "manifest: not a JSON object";
    return false;
  }
  Reader reader(root, error);
  int64_t version = 0;
  if (!reader.read("version", version, 1, 1) ||
      !reader.read("base_dir", manifest.baseDirectory, false) ||
      !reader.readAll("weights", manifest.weights, readWeight))
    return false;
  return reader.readAll("entries", manifest.entries,
                        [&](Reader &reader, EntrySpec &entry) {
                          return readEntry(reader, entry,
                                           manifest.weights.size());
                        });
}
