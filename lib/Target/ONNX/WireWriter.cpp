//===- WireWriter.cpp - Writes protobuf's wire format -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WireWriter.h"
#include "WireReader.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace mlir::onnxir;
using namespace mlir::onnxir::proto;

void Message::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
}

void Message::integer(unsigned field, int64_t value) {
  tag(field, static_cast<unsigned>(WireType::Varint));
  varint(static_cast<uint64_t>(value));
}

void Message::real(unsigned field, float value) {
  tag(field, static_cast<unsigned>(WireType::Fixed32));
  char buffer[sizeof(float)];
  llvm::support::endian::write32le(buffer, llvm::bit_cast<uint32_t>(value));
  bytes.append(buffer, sizeof(buffer));
}

void Message::text(unsigned field, StringRef value) {
  tag(field, static_cast<unsigned>(WireType::Bytes));
  varint(value.size());
  bytes.append(value.data(), value.size());
}

void Message::integers(unsigned field, ArrayRef<int64_t> values) {
  for (int64_t value : values)
    integer(field, value);
}

void Message::reals(unsigned field, ArrayRef<float> values) {
  for (float value : values)
    real(field, value);
}

void Message::message(unsigned field, const Message &value) {
  tag(field, static_cast<unsigned>(WireType::Bytes));
  varint(value.size());
  for (const Piece &piece : value.pieces)
    pieces.push_back({bytes.size() + piece.position, piece.range});
  bytes += value.bytes;
  fileBytes += value.fileBytes;
}

void Message::file(unsigned field, const FileRange &range) {
  tag(field, static_cast<unsigned>(WireType::Bytes));
  varint(range.length);
  pieces.push_back({bytes.size(), range});
  fileBytes += range.length;
}

LogicalResult
Message::write(llvm::raw_ostream &os,
               function_ref<LogicalResult(const FileRange &)> copy) const {
  size_t done = 0;
  for (const Piece &piece : pieces) {
    os << StringRef(bytes).slice(done, piece.position);
    done = piece.position;
    if (failed(copy(piece.range)))
      return failure();
  }
  os << StringRef(bytes).drop_front(done);
  return success();
}
