//===- Tensor.h - Element types and memory descriptors -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_TENSOR_H
#define MOE_RUNTIME_TENSOR_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe::rt {

/// The element types of entry points, by MLIR's names; signless integers are
/// signed, i1 is a bool.
enum class ElementType : uint8_t {
  I1, I2, UI2, I4, UI4, I8, UI8, I16, UI16, I32, UI32, I64, UI64,
  F4E2M1FN, F8E4M3FN, F8E4M3FNUZ, F8E5M2, F8E5M2FNUZ, F8E8M0FNU,
  F16, BF16, F32, F64, ComplexF32, ComplexF64,
};

std::string_view getName(ElementType type);
std::optional<ElementType> getElementType(std::string_view name);
/// Bits that an element takes in memory; types of less than a byte are packed,
/// the first element in the lowest bits, but a bool takes a byte.
unsigned getStorageBits(ElementType type);

/// The number of elements; nothing if a dimension is negative or it overflows.
std::optional<int64_t> getNumElements(const std::vector<int64_t> &dims);
/// The bytes of a dense tensor; nothing if that overflows.
std::optional<uint64_t> getNumBytes(ElementType type,
                                    const std::vector<int64_t> &dims);
/// "4x?x16xf32" (? for a negative dimension).
std::string formatType(ElementType type, const std::vector<int64_t> &dims);

/// MLIR's descriptor of a strided memref of any rank, in place: allocated and
/// aligned pointer, offset, sizes, strides.
class MemRefDescriptor {
public:
  explicit MemRefDescriptor(unsigned rank) : words(3 + 2 * rank) {}

  /// Describes a dense row-major tensor.
  void setDense(void *data, const int64_t *dims);
  unsigned getRank() const { return (words.size() - 3) / 2; }
  void *getAllocated() const { return reinterpret_cast<void *>(words[0]); }
  void *getAligned() const { return reinterpret_cast<void *>(words[1]); }
  int64_t getOffset() const { return words[2]; }
  const int64_t *getSizes() const { return words.data() + 3; }
  const int64_t *getStrides() const { return words.data() + 3 + getRank(); }
  bool isDense() const;
  void *getRaw() { return words.data(); }

private:
  static_assert(sizeof(void *) == sizeof(int64_t));
  std::vector<int64_t> words;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_TENSOR_H
