//===- WireReader.h - Protobuf's wire format -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_ONNX_WIREREADER_H
#define MOE_LIB_TARGET_ONNX_WIREREADER_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::onnxir::proto {

enum class WireType : uint8_t {
  Varint = 0,
  Fixed64 = 1,
  Bytes = 2,
  StartGroup = 3,
  EndGroup = 4,
  Fixed32 = 5,
};

/// One field of a message: its number and its value.
struct Field {
  uint32_t number = 0;
  WireType wire = WireType::Varint;
  /// Of Varint, Fixed64 and Fixed32.
  uint64_t value = 0;
  /// The content of Bytes; of the others the encoded value.
  llvm::StringRef bytes;
};

/// Takes one varint off the front of `bytes`; false when it is cut short or
/// longer than 64 bits.
bool takeVarint(llvm::StringRef &bytes, uint64_t &value);

/// Walks the fields of messages inside one buffer. The first error sticks.
class WireReader {
public:
  explicit WireReader(llvm::StringRef file) : file(file) {}

  /// Calls `onField` for each field of `body` until one fails.
  bool forEachField(llvm::StringRef body, llvm::StringRef what,
                    llvm::function_ref<bool(const Field &)> onField);

  /// Each of these checks the wire type and stores the value.
  bool integer(const Field &field, int64_t &value);
  bool real(const Field &field, float &value);
  bool text(const Field &field, llvm::StringRef &value);
  bool text(const Field &field, std::vector<llvm::StringRef> &values);
  bool integers(const Field &field, std::vector<int64_t> &values);
  bool reals(const Field &field, std::vector<float> &values);
  /// Checks that a field can hold a message.
  bool isMessage(const Field &field);

  bool fail(llvm::StringRef at, const llvm::Twine &message);
  const std::string &getError() const { return error; }

private:
  bool takeField(llvm::StringRef &bytes, Field &field);
  bool skipGroup(llvm::StringRef &bytes, uint32_t number);
  bool wrongWire(const Field &field);

  llvm::StringRef file;
  llvm::StringRef message = "model";
  std::string error;
  unsigned depth = 0;
};

} // namespace mlir::onnxir::proto

#endif // MOE_LIB_TARGET_ONNX_WIREREADER_H
