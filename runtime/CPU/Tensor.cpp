//===- Tensor.cpp - Element types and memory descriptors -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Tensor.h"

using namespace moe::rt;

namespace {
struct TypeInfo {
  std::string_view name;
  unsigned storageBits;
};
} // namespace

static constexpr TypeInfo types[] = {
    {"i1", 8},          {"i2", 2},      {"ui2", 2},          {"i4", 4},
    {"ui4", 4},         {"i8", 8},      {"ui8", 8},          {"i16", 16},
    {"ui16", 16},       {"i32", 32},    {"ui32", 32},        {"i64", 64},
    {"ui64", 64},       {"f4E2M1FN", 4}, {"f8E4M3FN", 8},    {"f8E4M3FNUZ", 8},
    {"f8E5M2", 8},      {"f8E5M2FNUZ", 8}, {"f8E8M0FNU", 8}, {"f16", 16},
    {"bf16", 16},       {"f32", 32},    {"f64", 64},
    {"complex<f32>", 64}, {"complex<f64>", 128}};

std::string_view moe::rt::getName(ElementType type) {
  return types[unsigned(type)].name;
}

std::optional<ElementType> moe::rt::getElementType(std::string_view name) {
  for (const TypeInfo &info : types)
    if (info.name == name)
      return ElementType(&info - types);
  return std::nullopt;
}

unsigned moe::rt::getStorageBits(ElementType type) {
  return types[unsigned(type)].storageBits;
}

std::optional<int64_t>
moe::rt::getNumElements(const std::vector<int64_t> &dims) {
  int64_t n = 1;
  bool empty = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      return std::nullopt;
    empty |= dim == 0;
    if (__builtin_mul_overflow(n, dim ? dim : 1, &n))
      return std::nullopt;
  }
  return empty ? 0 : n;
}

std::optional<uint64_t>
moe::rt::getNumBytes(ElementType type, const std::vector<int64_t> &dims) {
  std::optional<int64_t> n = getNumElements(dims);
  int64_t bits;
  if (!n || __builtin_mul_overflow(*n, int64_t(getStorageBits(type)), &bits) ||
      bits > INT64_MAX - 7)
    return std::nullopt;
  return (bits + 7) / 8;
}

std::string moe::rt::formatType(ElementType type,
                                const std::vector<int64_t> &dims) {
  std::string text;
  for (int64_t dim : dims)
    text += (dim < 0 ? "?" : std::to_string(dim)) + "x";
  return text.append(getName(type));
}

void MemRefDescriptor::setDense(void *data, const int64_t *dims) {
  unsigned rank = getRank();
  words[0] = words[1] = reinterpret_cast<intptr_t>(data);
  words[2] = 0;
  int64_t stride = 1;
  for (unsigned i = rank; i-- > 0;) {
    words[3 + i] = dims[i];
    words[3 + rank + i] = stride;
    stride *= dims[i];
  }
}

bool MemRefDescriptor::isDense() const {
  int64_t stride = 1;
  for (unsigned i = getRank(); i-- > 0;) {
    if (getSizes()[i] == 0)
      return true;
    if (getSizes()[i] != 1 && getStrides()[i] != stride)
      return false;
    stride *= getSizes()[i];
  }
  return true;
}
