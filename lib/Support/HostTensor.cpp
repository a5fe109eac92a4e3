//===- HostTensor.cpp - Tensors in memory -----------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/HostTensor.h"
#include "llvm/ADT/APFloat.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace llvm;
using namespace moe;
using rt::ElementType;

Expected<HostTensor> HostTensor::create(ElementType type,
                                        std::vector<int64_t> dims) {
  std::optional<uint64_t> bytes = rt::getNumBytes(type, dims);
  uint64_t memory = uint64_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  HostTensor tensor;
  if (bytes && *bytes <= memory)
    tensor.data.reset(
        static_cast<uint8_t *>(aligned_alloc(64, (*bytes + 64) / 64 * 64)));
  if (!tensor.data)
    return createStringError("a tensor of impossible size, " +
                             rt::formatType(type, dims));
  memset(tensor.data.get(), 0, *bytes);
  tensor.type = type;
  tensor.dims = std::move(dims);
  return tensor;
}

static const fltSemantics *getSemantics(ElementType type) {
  switch (type) {
  case ElementType::F4E2M1FN:
    return &APFloat::Float4E2M1FN();
  case ElementType::F8E4M3FN:
    return &APFloat::Float8E4M3FN();
  case ElementType::F8E4M3FNUZ:
    return &APFloat::Float8E4M3FNUZ();
  case ElementType::F8E5M2:
    return &APFloat::Float8E5M2();
  case ElementType::F8E5M2FNUZ:
    return &APFloat::Float8E5M2FNUZ();
  case ElementType::F8E8M0FNU:
    return &APFloat::Float8E8M0FNU();
  case ElementType::F16:
    return &APFloat::IEEEhalf();
  case ElementType::BF16:
    return &APFloat::BFloat();
  case ElementType::F32:
  case ElementType::ComplexF32:
    return &APFloat::IEEEsingle();
  case ElementType::F64:
  case ElementType::ComplexF64:
    return &APFloat::IEEEdouble();
  default:
    return nullptr;
  }
}

static bool isSigned(ElementType type) {
  switch (type) {
  case ElementType::I2:
  case ElementType::I4:
  case ElementType::I8:
  case ElementType::I16:
  case ElementType::I32:
  case ElementType::I64:
    return true;
  default:
    return false;
  }
}

std::optional<uint64_t> HostTensor::getGreatestInteger() const {
  if (getSemantics(type))
    return std::nullopt;
  if (type == ElementType::I1)
    return 1;
  return maskTrailingOnes<uint64_t>(rt::getStorageBits(type) - isSigned(type));
}

double HostTensor::getElement(int64_t index) const {
  unsigned bits = rt::getStorageBits(type);
  const uint8_t *element = data.get() + index * bits / 8;
  uint64_t value = 0;
  memcpy(&value, element, std::max(1u, std::min(bits, 64u) / 8));
  if (bits < 8)
    value = value >> (index * bits % 8) & ((1 << bits) - 1);
  // The common types need no arbitrary precision.
  if (type == ElementType::F32) {
    float real;
    memcpy(&real, element, sizeof(real));
    return real;
  }
  if (const fltSemantics *semantics = getSemantics(type)) {
    unsigned width = APFloat::getSizeInBits(*semantics);
    APFloat real(*semantics,
                 APInt(width, value & maskTrailingOnes<uint64_t>(width)));
    bool losesInfo;
    real.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
    return real.convertToDouble();
  }
  if (isSigned(type))
    return int64_t(value << (64 - bits)) >> (64 - bits);
  return value;
}

void HostTensor::setElement(int64_t index, double value) {
  unsigned bits = rt::getStorageBits(type);
  uint8_t *element = data.get() + index * bits / 8;
  uint64_t raw;
  if (type == ElementType::F32) {
    float real = value;
    memcpy(element, &real, sizeof(real));
    return;
  }
  if (const fltSemantics *semantics = getSemantics(type)) {
    APFloat real(value);
    bool losesInfo;
    real.convert(*semantics, APFloat::rmNearestTiesToEven, &losesInfo);
    raw = real.bitcastToAPInt().getZExtValue();
  } else {
    raw = value < 0 ? uint64_t(int64_t(value)) : uint64_t(value);
  }
  if (bits < 8)
    *element |= (raw & ((1 << bits) - 1)) << (index * bits % 8);
  else
    memcpy(element, &raw, std::min(bits, 64u) / 8);
}
