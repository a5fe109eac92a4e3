//===- Tensor.cpp - Types and contents of ONNX tensors -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns the typed fields of TensorProto into the layout of raw_data, and that
// layout into attributes.
//
//===----------------------------------------------------------------------===//

#include "moe/Target/ONNX/Tensor.h"
#include "WireReader.h"
#include "mlir/IR/Builders.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::DataType;
using proto::NumberRuns;
using proto::TensorProto;

Type mlir::onnxir::getElementType(MLIRContext *context, DataType type) {
  return getElementTypeOf(context, static_cast<int32_t>(type));
}

FailureOr<RankedTensorType>
mlir::onnxir::getTensorType(MLIRContext *context, const TensorProto &tensor,
                            EmitError emitError) {
  Type element = getElementType(context, tensor.dataType);
  if (!element)
    return emitError() << "unknown data type "
                       << static_cast<int32_t>(tensor.dataType);
  for (int64_t size : tensor.dims)
    if (size < 0)
      return emitError() << "negative dimension " << size;
  auto type = RankedTensorType::get(tensor.dims, element);
  // Strings have no size of their own: count them as bytes.
  auto sized =
      isa<StringType>(element)
          ? RankedTensorType::get(tensor.dims, IntegerType::get(context, 8))
          : type;
  if (!getStorageBytes(sized))
    return emitError() << "dimensions overflow 64 bits";
  return type;
}

//===----------------------------------------------------------------------===//
// Typed fields
//===----------------------------------------------------------------------===//

/// Which field of TensorProto holds elements of `type`.
static const NumberRuns &getTypedField(const TensorProto &tensor) {
  switch (tensor.dataType) {
  case DataType::Float:
  case DataType::Complex64:
    return tensor.floatData;
  case DataType::Double:
  case DataType::Complex128:
    return tensor.doubleData;
  case DataType::Int64:
    return tensor.int64Data;
  case DataType::Uint32:
  case DataType::Uint64:
    return tensor.uint64Data;
  default:
    return tensor.int32Data;
  }
}

static bool isFixedWidth(DataType type) {
  return type == DataType::Float || type == DataType::Complex64 ||
         type == DataType::Double || type == DataType::Complex128;
}

/// Number of varints in `runs`: bytes without a continuation bit.
static int64_t countVarints(const NumberRuns &runs) {
  int64_t count = 0;
  for (StringRef run : runs.runs)
    count += llvm::count_if(run, [](char byte) { return !(byte & 0x80); });
  return count;
}

/// Appends the low `bits` of `value` at bit `position` of `bytes`, whose bits
/// there are still zero.
static void putBits(MutableArrayRef<char> bytes, int64_t position,
                    unsigned bits, uint64_t value) {
  for (unsigned done = 0; done < bits;) {
    unsigned shift = (position + done) % 8;
    unsigned now = std::min(bits - done, 8 - shift);
    uint64_t part = (value >> done) & ((1u << now) - 1);
    bytes[(position + done) / 8] |= static_cast<char>(part << shift);
    done += now;
  }
}

/// Decodes varints of elements, or of packed bytes, into `storage`.
static LogicalResult decodeVarints(const NumberRuns &runs,
                                   RankedTensorType type, int64_t size,
                                   SmallVectorImpl<char> &storage,
                                   EmitError emitError) {
  int64_t elements = type.getNumElements();
  int64_t count = countVarints(runs);
  unsigned bits = *getStorageBits(type.getElementType());
  // 4- and 2-bit integers come as packed bytes, 6-bit floats one by one.
  bool packed = bits < 8 && count == size;
  if (!packed && count != elements)
    return emitError() << "has " << count
                       << " values where its dimensions take "
                       << (bits == 4 || bits == 2 ? size : elements);
  bool isBool = type.getElementType().isInteger(1);
  unsigned width = packed ? 8 : bits;
  storage.assign(size, 0);
  int64_t position = 0;
  for (StringRef run : runs.runs) {
    while (!run.empty()) {
      uint64_t value;
      if (!proto::takeVarint(run, value))
        return emitError() << "has a value that is cut short";
      putBits(storage, position, width, isBool ? value != 0 : value);
      position += width;
    }
  }
  return success();
}

FailureOr<StringRef>
mlir::onnxir::getTensorBytes(const TensorProto &tensor, RankedTensorType type,
                             SmallVectorImpl<char> &storage,
                             EmitError emitError) {
  int64_t size = *getStorageBytes(type);
  auto checked = [&](StringRef bytes, StringRef field) -> FailureOr<StringRef> {
    if (static_cast<int64_t>(bytes.size()) != size)
      return emitError() << field << " has " << bytes.size()
                         << " bytes where dimensions and type take " << size;
    return bytes;
  };
  if (tensor.rawData)
    return checked(*tensor.rawData, "raw_data");
  const NumberRuns &runs = getTypedField(tensor);
  if (runs.empty() && size != 0)
    return emitError() << "has no data";
  if (isFixedWidth(tensor.dataType)) {
    if (std::optional<StringRef> bytes = runs.contiguous())
      return checked(*bytes, "its data field");
    for (StringRef run : runs.runs)
      storage.append(run.begin(), run.end());
    return checked({storage.data(), storage.size()}, "its data field");
  }
  if (failed(decodeVarints(runs, type, size, storage, emitError)))
    return failure();
  return StringRef(storage.data(), storage.size());
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// Spreads sub-byte elements to one byte each, as attributes store them.
static SmallVector<char> unpack(StringRef bytes, unsigned bits, int64_t count) {
  SmallVector<char> out(count);
  for (int64_t i = 0; i < count; ++i) {
    int64_t position = i * bits;
    unsigned pair = static_cast<uint8_t>(bytes[position / 8]);
    if (position % 8 + bits > 8)
      pair |= static_cast<uint8_t>(bytes[position / 8 + 1]) << 8;
    out[i] = (pair >> (position % 8)) & ((1u << bits) - 1);
  }
  return out;
}

DenseElementsAttr mlir::onnxir::getElements(RankedTensorType type,
                                            StringRef bytes) {
  int64_t count = type.getNumElements();
  Type element = type.getElementType();
  if (count == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (element.isInteger(1)) {
    auto values = llvm::map_to_vector(bytes, [](char c) { return c != 0; });
    return DenseElementsAttr::get(type, ArrayRef<bool>(values));
  }
  unsigned bits = *getStorageBits(element);
  SmallVector<char> unpacked;
  if (bits < 8) {
    unpacked = unpack(bytes, bits, count);
    bytes = {unpacked.data(), unpacked.size()};
  }
  // One element stands for all where they are equal, as in parsed text.
  size_t width = bytes.size() / count;
  if (bytes.drop_front(width) == bytes.drop_back(width))
    bytes = bytes.take_front(width);
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef(bytes.data(), bytes.size()));
}

StringRef mlir::onnxir::getBytes(DenseElementsAttr attr,
                                 SmallVectorImpl<char> &storage) {
  int64_t count = attr.getNumElements();
  Type element = attr.getElementType();
  if (element.isInteger(1)) {
    for (bool value : attr.getValues<bool>())
      storage.push_back(value);
    return {storage.data(), storage.size()};
  }
  unsigned bits = *getStorageBits(element);
  ArrayRef<char> raw = attr.getRawData();
  // The attribute keeps small elements in a byte each, and one of equal ones.
  if (bits < 8) {
    storage.assign(*getStorageBytes(attr.getType()), 0);
    for (int64_t i = 0; i < count; ++i)
      putBits(storage, i * bits, bits,
              static_cast<uint8_t>(raw[attr.isSplat() ? 0 : i]));
    return {storage.data(), storage.size()};
  }
  if (count == 0)
    return {};
  if (!attr.isSplat())
    return {raw.data(), raw.size()};
  for (int64_t i = 0; i < count; ++i)
    storage.append(raw.begin(), raw.end());
  return {storage.data(), storage.size()};
}
