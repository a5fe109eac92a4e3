//===- WireReader.cpp - Protobuf's wire format -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tags, varints, lengths and groups, each checked against the end of the
// message that it stands in.
//
//===----------------------------------------------------------------------===//

#include "WireReader.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Endian.h"
#include <cstring>

using namespace mlir::onnxir::proto;
using llvm::StringRef;
using llvm::Twine;

/// Nesting of messages, as in protobuf's own readers.
static constexpr unsigned kMaxDepth = 100;

bool mlir::onnxir::proto::takeVarint(StringRef &bytes, uint64_t &value) {
  value = 0;
  for (unsigned i = 0; i < 10; ++i) {
    if (i == bytes.size())
      return false;
    uint8_t byte = bytes[i];
    if (i == 9 && byte > 1)
      return false;
    value |= uint64_t(byte & 0x7f) << (7 * i);
    if (!(byte & 0x80)) {
      bytes = bytes.drop_front(i + 1);
      return true;
    }
  }
  return false;
}

bool WireReader::fail(StringRef at, const Twine &text) {
  if (error.empty())
    error = ("malformed " + message + " at byte " +
             Twine(uint64_t(at.data() - file.data())) + ": " + text)
                .str();
  return false;
}

bool WireReader::wrongWire(const Field &field) {
  return fail(field.bytes, "field " + Twine(field.number) +
                               " has the wrong wire type " +
                               Twine(unsigned(field.wire)));
}

bool WireReader::takeField(StringRef &bytes, Field &field) {
  StringRef start = bytes;
  uint64_t tag;
  if (!takeVarint(bytes, tag))
    return fail(start, "the tag of a field is cut short");
  uint64_t number = tag >> 3;
  if (number == 0 || number > (1u << 29) - 1)
    return fail(start, "field number " + Twine(number) + " is out of range");
  field.number = static_cast<uint32_t>(number);
  field.wire = static_cast<WireType>(tag & 7);
  auto cut = [&] {
    return fail(start, "field " + Twine(field.number) +
                           " runs past the end of the message (truncated?)");
  };
  auto takeFixed = [&](size_t size) {
    if (bytes.size() < size)
      return cut();
    field.bytes = bytes.take_front(size);
    field.value = size == 4
                      ? llvm::support::endian::read32le(field.bytes.data())
                      : llvm::support::endian::read64le(field.bytes.data());
    bytes = bytes.drop_front(size);
    return true;
  };
  switch (field.wire) {
  case WireType::Varint: {
    StringRef from = bytes;
    if (!takeVarint(bytes, field.value))
      return cut();
    field.bytes = from.drop_back(bytes.size());
    return true;
  }
  case WireType::Fixed64:
    return takeFixed(8);
  case WireType::Fixed32:
    return takeFixed(4);
  case WireType::Bytes: {
    uint64_t length;
    if (!takeVarint(bytes, length) || length > bytes.size())
      return cut();
    field.bytes = bytes.take_front(length);
    bytes = bytes.drop_front(length);
    return true;
  }
  case WireType::StartGroup:
    field.bytes = bytes;
    return skipGroup(bytes, field.number);
  case WireType::EndGroup:
    field.bytes = bytes;
    return true;
  }
  return fail(start, "field " + Twine(field.number) + " has wire type " +
                         Twine(unsigned(tag & 7)) + ", which does not exist");
}

bool WireReader::skipGroup(StringRef &bytes, uint32_t number) {
  if (++depth > kMaxDepth)
    return fail(bytes, "messages are nested too deeply");
  llvm::scope_exit leave([&] { --depth; });
  while (true) {
    if (bytes.empty())
      return fail(bytes, "group " + Twine(number) + " does not end");
    Field field;
    if (!takeField(bytes, field))
      return false;
    if (field.wire != WireType::EndGroup)
      continue;
    return field.number == number ||
           fail(bytes, "group " + Twine(number) + " ends as another");
  }
}

bool WireReader::forEachField(StringRef body, StringRef what,
                              llvm::function_ref<bool(const Field &)> onField) {
  if (!error.empty())
    return false;
  StringRef outer = message;
  message = what;
  if (++depth > kMaxDepth)
    return fail(body, "messages are nested too deeply");
  while (!body.empty()) {
    Field field;
    if (!takeField(body, field))
      return false;
    if (field.wire == WireType::EndGroup)
      return fail(body, "a group ends that did not start");
    // Groups exist in no ONNX message: an unknown field, skipped.
    if (field.wire == WireType::StartGroup)
      continue;
    // Whoever reads a field says what is wrong with it.
    if (!onField(field))
      return false;
  }
  --depth;
  message = outer;
  return true;
}

bool WireReader::integer(const Field &field, int64_t &value) {
  if (field.wire != WireType::Varint)
    return wrongWire(field);
  value = static_cast<int64_t>(field.value);
  return true;
}

bool WireReader::real(const Field &field, float &value) {
  if (field.wire != WireType::Fixed32)
    return wrongWire(field);
  uint32_t bits = static_cast<uint32_t>(field.value);
  std::memcpy(&value, &bits, sizeof(value));
  return true;
}

bool WireReader::text(const Field &field, StringRef &value) {
  if (field.wire != WireType::Bytes)
    return wrongWire(field);
  value = field.bytes;
  return true;
}

bool WireReader::text(const Field &field, std::vector<StringRef> &values) {
  return text(field, values.emplace_back());
}

bool WireReader::integers(const Field &field, std::vector<int64_t> &values) {
  if (field.wire == WireType::Varint) {
    values.push_back(static_cast<int64_t>(field.value));
    return true;
  }
  if (field.wire != WireType::Bytes)
    return wrongWire(field);
  for (StringRef rest = field.bytes; !rest.empty();) {
    uint64_t value;
    if (!takeVarint(rest, value))
      return fail(rest, "an integer of field " + Twine(field.number) +
                            " is cut short");
    values.push_back(static_cast<int64_t>(value));
  }
  return true;
}

bool WireReader::reals(const Field &field, std::vector<float> &values) {
  if (field.wire == WireType::Fixed32)
    return real(field, values.emplace_back());
  if (field.wire != WireType::Bytes)
    return wrongWire(field);
  if (field.bytes.size() % sizeof(float))
    return fail(field.bytes, "field " + Twine(field.number) +
                                 " is no whole number of floats");
  size_t count = field.bytes.size() / sizeof(float);
  size_t old = values.size();
  values.resize(old + count);
  if (count)
    std::memcpy(values.data() + old, field.bytes.data(), field.bytes.size());
  return true;
}

bool WireReader::isMessage(const Field &field) {
  return field.wire == WireType::Bytes || wrongWire(field);
}
