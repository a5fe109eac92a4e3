//===- ONNXIRDialect.cpp - The onnxir dialect, its types and attributes ===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace mlir::onnxir;

#include "moe/Dialect/ONNXIR/IR/ONNXIRDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/ONNXIR/IR/ONNXIRTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/ONNXIR/IR/ONNXIRAttributes.cpp.inc"

void ONNXIRDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "moe/Dialect/ONNXIR/IR/ONNXIRTypes.cpp.inc"
      >();
}

void ONNXIRDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "moe/Dialect/ONNXIR/IR/ONNXIRAttributes.cpp.inc"
      >();
}

void ONNXIRDialect::initialize() {
  registerTypes();
  registerAttributes();
  registerOperations();
}

std::optional<unsigned> mlir::onnxir::getStorageBits(Type elementType) {
  if (auto complex = dyn_cast<ComplexType>(elementType)) {
    std::optional<unsigned> part = getStorageBits(complex.getElementType());
    return part ? std::optional<unsigned>(2 * *part) : std::nullopt;
  }
  if (!elementType.isIntOrFloat())
    return std::nullopt;
  unsigned bits = elementType.getIntOrFloatBitWidth();
  return bits == 1 ? 8 : bits; // A bool takes a byte.
}

std::optional<int64_t> mlir::onnxir::getStorageBytes(ShapedType type) {
  std::optional<unsigned> bits = getStorageBits(type.getElementType());
  if (!bits || !type.hasStaticShape())
    return std::nullopt;
  std::optional<int64_t> total = *bits;
  // A zero makes the product zero, however large the other sizes are.
  if (llvm::is_contained(type.getShape(), 0))
    return 0;
  for (int64_t size : type.getShape()) {
    total = llvm::checkedMul<int64_t>(*total, size);
    if (!total)
      return std::nullopt;
  }
  return *total / 8 + (*total % 8 != 0);
}

LogicalResult FileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               Type type, StringRef path, int64_t offset,
                               int64_t length) {
  auto tensor = dyn_cast_or_null<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return emitError()
           << "a file reference needs a tensor type of static shape";
  if (path.empty())
    return emitError() << "a file reference needs a path";
  if (offset < 0 || length < 0 || !llvm::checkedAdd(offset, length))
    return emitError() << "offset and length of a file reference are out of "
                          "range";
  std::optional<int64_t> bytes = getStorageBytes(tensor);
  if (!bytes)
    return emitError() << tensor << " cannot stand in a file";
  if (*bytes != length)
    return emitError() << tensor << " takes " << *bytes << " bytes, not "
                       << length;
  return success();
}
