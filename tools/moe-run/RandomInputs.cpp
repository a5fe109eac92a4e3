//===- RandomInputs.cpp - Inputs that nobody has ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomInputs.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>

using namespace llvm;
using namespace moe;

namespace {
/// Numbers that are the same everywhere (SplitMix64).
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, 1), with 24 bits, so that it is exact in f32.
  double nextUnit() { return std::ldexp(double(next() >> 40), -24); }

private:
  uint64_t state;
};
} // namespace

/// The name under which --dim gives size `i` of an input.
static std::string getDimName(const rt::TensorSpec &spec, size_t i) {
  return spec.dimNames[i].empty() ? spec.name + ":" + std::to_string(i)
                                  : spec.dimNames[i];
}

static const HostTensor *findTensor(ArrayRef<HostTensor> tensors,
                                    StringRef name) {
  const auto *found = find_if(
      tensors, [&](const HostTensor &tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : found;
}

/// The sizes that vary, by name.
static Expected<StringMap<int64_t>> getSizes(const rt::EntrySpec &spec,
                                             ArrayRef<HostTensor> given,
                                             const Options &options) {
  StringMap<int64_t> sizes;
  std::vector<std::string> known;
  for (const rt::InputSpec &input : spec.inputs) {
    const HostTensor *tensor = findTensor(given, input.name);
    for (auto [i, dim] : enumerate(input.dims)) {
      if (dim >= 0)
        continue;
      std::string name = "'" + getDimName(input, i) + "'";
      if (!is_contained(known, name))
        known.push_back(name);
      if (tensor && tensor->getDims().size() == input.dims.size())
        sizes.try_emplace(getDimName(input, i), tensor->getDims()[i]);
    }
  }
  for (const auto &[name, size] : options.dims) {
    if (!is_contained(known, "'" + name + "'"))
      return createStringError(
          "has no variable size '" + name + "'" +
          (known.empty() ? "" : ", it has " + join(known, ", ")));
    sizes[name] = size;
  }
  return sizes;
}

static void fill(HostTensor &tensor, Random random, uint64_t below) {
  std::optional<uint64_t> greatest = tensor.getGreatestInteger();
  if (greatest && *greatest < below)
    below = *greatest + 1;
  for (int64_t i = 0, n = tensor.getNumElements(); i < n; ++i)
    tensor.setElement(i, greatest ? double(random.next() % below)
                                  : 2 * random.nextUnit() - 1);
}

Expected<std::vector<HostTensor>>
moe::makeRandomInputs(const rt::EntrySpec &spec, ArrayRef<HostTensor> given,
                      const Options &options) {
  Expected<StringMap<int64_t>> sizes = getSizes(spec, given, options);
  if (!sizes)
    return sizes.takeError();
  std::vector<HostTensor> tensors;
  for (auto [position, input] : enumerate(spec.inputs)) {
    if (input.defaultWeight >= 0 || findTensor(given, input.name))
      continue;
    std::vector<int64_t> dims = input.dims;
    for (auto [i, dim] : enumerate(dims)) {
      if (dim >= 0)
        continue;
      auto size = sizes->find(getDimName(input, i));
      if (size == sizes->end())
        return createStringError(
            "input '" + input.name +
            "' needs a size, --dim=" + getDimName(input, i) + "=N");
      dim = size->second;
    }
    Expected<HostTensor> tensor =
        HostTensor::create(input.type, std::move(dims));
    if (!tensor)
      return createStringError("input '" + input.name + "' is " +
                               toString(tensor.takeError()));
    tensor->name = input.name;
    Random seeds(options.seed + position);
    fill(*tensor, Random(seeds.next()),
         options.randomBelow ? options.randomBelow : 2);
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}
