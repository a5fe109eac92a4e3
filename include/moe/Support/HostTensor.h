//===- HostTensor.h - Tensors in files and in memory ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_SUPPORT_HOSTTENSOR_H
#define MOE_SUPPORT_HOSTTENSOR_H

#include "moe-runtime/Tensor.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace moe {

/// A dense row-major tensor, stored as moe-runtime/Tensor.h says.
class HostTensor {
public:
  HostTensor() = default;
  /// Zeros. Fails if it cannot be held in memory.
  static llvm::Expected<HostTensor> create(rt::ElementType type,
                                           std::vector<int64_t> dims);

  rt::ElementType getType() const { return type; }
  const std::vector<int64_t> &getDims() const { return dims; }
  int64_t getNumElements() const { return *rt::getNumElements(dims); }
  uint64_t getNumBytes() const { return *rt::getNumBytes(type, dims); }
  uint8_t *getData() const { return data.get(); }

  /// The greatest number that an element may be; nothing if it is not integer.
  std::optional<uint64_t> getGreatestInteger() const;
  /// Element `index` as a number (the real part of a complex one).
  double getElement(int64_t index) const;
  /// Sets element `index`, a real number rounded to the type. The element must
  /// be zero.
  void setElement(int64_t index, double value);

  /// The name that a file gives, if any.
  std::string name;

private:
  struct Free {
    void operator()(uint8_t *pointer) const { free(pointer); }
  };
  rt::ElementType type = rt::ElementType::F32;
  std::vector<int64_t> dims;
  std::unique_ptr<uint8_t, Free> data;
};

/// Reads a NumPy array or an ONNX TensorProto, told apart by the content.
/// Errors do not name the file.
llvm::Expected<HostTensor> readTensorFile(llvm::StringRef path);

llvm::Expected<HostTensor> readNpy(llvm::StringRef bytes);
/// Whether NumPy has the element type.
bool isNpyType(rt::ElementType type);
void writeNpy(const HostTensor &tensor, llvm::raw_ostream &os);

llvm::Expected<HostTensor> readTensorProto(llvm::StringRef bytes);
void writeTensorProto(const HostTensor &tensor, llvm::raw_ostream &os);

/// Writes `tensor` as DIRECTORY/NAME.npy, or .pb where NumPy lacks its type.
/// Nobody sees a file that is not whole. Errors name the file.
llvm::Error writeTensorFile(const HostTensor &tensor, llvm::StringRef directory,
                            llvm::StringRef name);

} // namespace moe

#endif // MOE_SUPPORT_HOSTTENSOR_H
