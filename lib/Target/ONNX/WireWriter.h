//===- WireWriter.h - Writes protobuf's wire format -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_ONNX_WIREWRITER_H
#define MOE_LIB_TARGET_ONNX_WIREWRITER_H

#include "ExternalData.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::onnxir::proto {

/// A message under construction: bytes, and stretches of files that stand
/// between them and are read only when the message is written.
class Message {
public:
  void integer(unsigned field, int64_t value);
  void real(unsigned field, float value);
  void text(unsigned field, StringRef value);
  /// Leaves an empty text out.
  void optionalText(unsigned field, StringRef value) {
    if (!value.empty())
      text(field, value);
  }
  /// Repeated numbers, one by one: onnx.proto does not pack them.
  void integers(unsigned field, ArrayRef<int64_t> values);
  void reals(unsigned field, ArrayRef<float> values);
  void message(unsigned field, const Message &value);
  /// A field of bytes that stand in a file.
  void file(unsigned field, const FileRange &range);

  uint64_t size() const { return bytes.size() + fileBytes; }

  /// Writes all bytes, those of files through `copy`.
  LogicalResult
  write(llvm::raw_ostream &os,
        function_ref<LogicalResult(const FileRange &)> copy) const;

private:
  struct Piece {
    /// Where in `bytes` the stretch belongs.
    size_t position;
    FileRange range;
  };

  void varint(uint64_t value);
  void tag(unsigned field, unsigned wire) { varint(field << 3 | wire); }

  std::string bytes;
  std::vector<Piece> pieces;
  uint64_t fileBytes = 0;
};

} // namespace mlir::onnxir::proto

#endif // MOE_LIB_TARGET_ONNX_WIREWRITER_H
