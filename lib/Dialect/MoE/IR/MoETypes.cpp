//===- MoETypes.cpp - Types of the moe dialect -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::moe;

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/MoE/IR/MoETypes.cpp.inc"

void MoEDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "moe/Dialect/MoE/IR/MoETypes.cpp.inc"
      >();
}

LogicalResult PlanType::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t experts, PlanOwner owner) {
  // (T1)
  if (experts < 1 || experts > kMaxIds)
    return emitError() << "a plan needs at least one expert, and fewer than "
                          "2^31, got "
                       << experts;
  return success();
}

LogicalResult ExpertsType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t count, int64_t inSize,
                                  int64_t outSize) {
  // (T5)
  if (count < 1 || count > kMaxIds)
    return emitError() << "a set needs at least one expert, and fewer than "
                          "2^31, got "
                       << count;
  if (inSize < 1 || outSize < 1)
    return emitError() << "rows of experts need at least one element, got "
                       << inSize << " -> " << outSize;
  return success();
}

static bool isWeightStorage(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    unsigned width = integer.getWidth();
    return !integer.isSigned() && (width == 2 || width == 4 || width == 8);
  }
  auto real = dyn_cast<FloatType>(type);
  return real && (isa<Float16Type, BFloat16Type, Float32Type, Float64Type,
                      Float4E2M1FNType>(real) ||
                  real.getWidth() == 8);
}

LogicalResult WeightsType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  ArrayRef<int64_t> shape, Type storage) {
  // (T2)
  if (shape.size() != 2 && shape.size() != 3)
    return emitError() << "weights have 2 dimensions (experts, elements) or 3 "
                          "(experts, outputs, inputs), got "
                       << shape.size();
  for (int64_t size : shape)
    if (size < 1)
      return emitError() << "weights need static dimensions of at least 1";
  if (shape.front() > kMaxIds)
    return emitError() << "weights need fewer than 2^31 experts, got "
                       << shape.front();
  // (T3)
  if (!isWeightStorage(storage))
    return emitError() << "weights cannot be stored as " << storage;
  // (T4)
  int64_t bits = storage.getIntOrFloatBitWidth();
  for (int64_t size : shape)
    if (llvm::MulOverflow(bits, size, bits))
      return emitError() << "weights are too large";
  return success();
}

bool WeightsType::isQuantized() const {
  return isa<IntegerType>(getStorage()) ||
         cast<FloatType>(getStorage()).getWidth() < 16;
}

unsigned WeightsType::getStorageBits() const {
  return getStorage().getIntOrFloatBitWidth();
}

unsigned WeightsType::getPackFactor() const {
  return getStorageBits() < 8 ? 8 / getStorageBits() : 1;
}

Type WeightsType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type storage;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false,
                                /*withTrailingX=*/false) ||
      parser.parseComma() || parser.parseType(storage) || parser.parseGreater())
    return {};
  return parser.getChecked<WeightsType>(loc, parser.getContext(), shape,
                                        storage);
}

void WeightsType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getShape());
  printer << ", " << getStorage() << '>';
}
