//===- Npy.cpp - NumPy's files of one array ---------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Support/HostTensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace llvm;
using namespace moe;
using rt::ElementType;

static constexpr StringLiteral magic("\x93NUMPY");

static constexpr std::pair<StringLiteral, ElementType> types[] = {
    {"|b1", ElementType::I1},   {"|i1", ElementType::I8},
    {"|u1", ElementType::UI8},  {"<i2", ElementType::I16},
    {"<u2", ElementType::UI16}, {"<i4", ElementType::I32},
    {"<u4", ElementType::UI32}, {"<i8", ElementType::I64},
    {"<u8", ElementType::UI64}, {"<f2", ElementType::F16},
    {"<f4", ElementType::F32},  {"<f8", ElementType::F64},
    {"<c8", ElementType::ComplexF32}, {"<c16", ElementType::ComplexF64}};

namespace {
/// The header's Python dictionary: {'descr': '<f4', 'fortran_order': False,
/// 'shape': (2, 3), }.
struct Header {
  StringRef type;
  bool fortranOrder = false;
  std::vector<int64_t> dims;
  bool hasShape = false;

  bool parse(StringRef text);

private:
  static bool parseString(StringRef &text, StringRef &value);
  bool parseShape(StringRef &text);
};
} // namespace

bool Header::parseString(StringRef &text, StringRef &value) {
  if (!text.starts_with("'") && !text.starts_with("\""))
    return false;
  size_t end = text.find(text.front(), 1);
  if (end == StringRef::npos)
    return false;
  value = text.substr(1, end - 1);
  text = text.drop_front(end + 1).ltrim();
  return true;
}

bool Header::parseShape(StringRef &text) {
  hasShape = true;
  if (!text.consume_front("("))
    return false;
  for (text = text.ltrim(); !text.consume_front(")"); text = text.ltrim()) {
    uint64_t dim;
    if (dims.size() == 64 || text.consumeInteger(10, dim) ||
        dim > uint64_t(INT64_MAX))
      return false;
    dims.push_back(dim);
    text = text.ltrim();
    if (!text.consume_front(",") && !text.starts_with(")"))
      return false;
  }
  return true;
}

bool Header::parse(StringRef text) {
  text = text.trim();
  if (!text.consume_front("{"))
    return false;
  for (text = text.ltrim(); !text.consume_front("}"); text = text.ltrim()) {
    StringRef key;
    if (!parseString(text, key) || !text.consume_front(":"))
      return false;
    text = text.ltrim();
    bool known = true;
    if (key == "descr")
      known = parseString(text, type);
    else if (key == "shape")
      known = parseShape(text);
    else if (key == "fortran_order" && text.consume_front("True"))
      fortranOrder = true;
    else if (key != "fortran_order" || !text.consume_front("False"))
      known = false;
    text = text.ltrim();
    if (!known || (!text.consume_front(",") && !text.starts_with("}")))
      return false;
  }
  return hasShape && !type.empty();
}

/// Copies elements that are stored with the first dimension innermost.
static void copyFortran(const HostTensor &tensor, const char *from) {
  unsigned size = rt::getStorageBits(tensor.getType()) / 8;
  const std::vector<int64_t> &dims = tensor.getDims();
  std::vector<int64_t> index(dims.size());
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    int64_t to = 0;
    for (size_t d = 0; d < dims.size(); ++d)
      to = to * dims[d] + index[d];
    memcpy(tensor.getData() + to * size, from + i * size, size);
    for (size_t d = 0; d < dims.size() && ++index[d] == dims[d]; ++d)
      index[d] = 0;
  }
}

Expected<HostTensor> moe::readNpy(StringRef bytes) {
  if (!bytes.consume_front(magic) || bytes.size() < 2)
    return createStringError("not a NumPy array");
  unsigned lengthBytes = bytes[0] == 1 ? 2 : 4;
  if (bytes[0] < 1 || bytes[0] > 3)
    return createStringError("NumPy array of unknown version");
  bytes = bytes.drop_front(2);
  if (bytes.size() < lengthBytes)
    return createStringError("NumPy array is cut short");
  uint64_t length = lengthBytes == 2 ? support::endian::read16le(bytes.data())
                                     : support::endian::read32le(bytes.data());
  bytes = bytes.drop_front(lengthBytes);
  Header header;
  if (length > bytes.size() || !header.parse(bytes.take_front(length)))
    return createStringError("NumPy array with a malformed header");
  bytes = bytes.drop_front(length);
  const auto *type =
      find_if(types, [&](auto &known) { return known.first == header.type; });
  if (type == std::end(types))
    return createStringError("NumPy array of unsupported type '" +
                             header.type + "'");
  std::optional<uint64_t> size = rt::getNumBytes(type->second, header.dims);
  if (!size || *size != bytes.size())
    return createStringError(
        "NumPy array " + rt::formatType(type->second, header.dims) + " with " +
        Twine(bytes.size()) + " bytes of data");
  Expected<HostTensor> tensor = HostTensor::create(type->second, header.dims);
  if (!tensor)
    return tensor;
  if (header.fortranOrder)
    copyFortran(*tensor, bytes.data());
  else if (*size)
    memcpy(tensor->getData(), bytes.data(), *size);
  return tensor;
}

static StringRef getNpyType(ElementType type) {
  for (const auto &[name, known] : types)
    if (known == type)
      return name;
  return "";
}

bool moe::isNpyType(ElementType type) { return !getNpyType(type).empty(); }

void moe::writeNpy(const HostTensor &tensor, raw_ostream &os) {
  std::string header = ("{'descr': '" + getNpyType(tensor.getType()) +
                        "', 'fortran_order': False, 'shape': (")
                           .str();
  for (int64_t dim : tensor.getDims())
    header += std::to_string(dim) + ", ";
  header += "), }";
  // The data starts at a multiple of 64 bytes.
  constexpr unsigned prefix = 10;
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header += '\n';
  char length[2];
  support::endian::write16le(length, header.size());
  os << magic << '\1' << '\0' << StringRef(length, 2) << header;
  os.write(reinterpret_cast<const char *>(tensor.getData()),
           tensor.getNumBytes());
}
