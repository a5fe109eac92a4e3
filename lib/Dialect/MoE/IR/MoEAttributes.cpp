//===- MoEAttributes.cpp - Attributes of the moe dialect -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyUtils.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

FailureOr<Real> mlir::moe::parseReal(AsmParser &parser) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  bool negative = succeeded(parser.parseOptionalMinus());
  double sign = negative ? -1.0 : 1.0;
  if (succeeded(parser.parseOptionalKeyword("inf")))
    return Real(sign * inf);
  int64_t integer;
  OptionalParseResult isInteger = parser.parseOptionalInteger(integer);
  if (isInteger.has_value()) {
    if (failed(*isInteger))
      return failure();
    return Real(sign * static_cast<double>(integer));
  }
  double value;
  if (parser.parseFloat(value))
    return failure();
  return Real(sign * value);
}

void mlir::moe::printReal(AsmPrinter &printer, Real value) {
  if (std::isinf(value.value)) {
    printer << (value.value > 0 ? "inf" : "-inf");
    return;
  }
  // The fewest digits that read back as the same number, with the decimal
  // point that MLIR's lexer wants.
  SmallString<32> text;
  for (int digits = 1; digits <= 17; ++digits) {
    text.clear();
    llvm::raw_svector_ostream(text)
        << llvm::format("%.*g", digits, value.value);
    double back;
    if (!text.str().getAsDouble(back) && Real(back) == value)
      break;
  }
  auto [mantissa, exponent] = text.str().split('e');
  printer << mantissa;
  if (!exponent.empty())
    printer << (mantissa.contains('.') ? "e" : ".0e") << exponent;
}

ParseResult mlir::moe::parseReal(OpAsmParser &parser, FloatAttr &attr) {
  FailureOr<Real> value = parseReal(static_cast<AsmParser &>(parser));
  if (failed(value))
    return failure();
  attr = parser.getBuilder().getF64FloatAttr(*value);
  return success();
}

void mlir::moe::printReal(OpAsmPrinter &printer, Operation *op,
                          FloatAttr attr) {
  printReal(static_cast<AsmPrinter &>(printer), attr.getValueAsDouble());
}

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/MoE/IR/MoEAttributes.cpp.inc"

void MoEDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "moe/Dialect/MoE/IR/MoEAttributes.cpp.inc"
      >();
}

using EmitError = function_ref<InFlightDiagnostic()>;

LogicalResult ScoreAttr::verify(EmitError emitError, ScoreFunction function,
                                Real temperature) {
  // (A1)
  if (!(temperature > 0) || std::isinf(temperature))
    return emitError() << "temperature must be a positive number";
  return success();
}

LogicalResult GroupLimitAttr::verify(EmitError emitError, int64_t count,
                                     int64_t keep, GroupReduce by, Real fill) {
  // (A3)
  if (count < 1 || keep < 1 || keep > count)
    return emitError() << "cannot keep " << keep << " of " << count
                       << " groups of experts";
  if (std::isnan(fill) || (std::isinf(fill) && fill > 0))
    return emitError() << "fill must be a number less than infinity";
  return success();
}

LogicalResult SelectAttr::verify(EmitError emitError, SelectMode mode,
                                 int64_t k, TieBreak tie, Real p,
                                 Real threshold, int64_t rank, Real jitter) {
  // (A5)
  if (k < 1 || k > kMaxIds)
    return emitError() << "k must be at least 1 and less than 2^31, got " << k;
  // (A6)
  auto onlyWith = [&](bool isDefault, StringRef name, SelectMode owner) {
    if (isDefault || mode == owner)
      return success();
    return LogicalResult(emitError() << name << " goes with "
                                     << stringifySelectMode(owner) << " only");
  };
  if (failed(onlyWith(p == Real(0.0), "p", SelectMode::TopP)) ||
      failed(onlyWith(threshold == Real(0.0), "threshold",
                      SelectMode::Threshold)) ||
      failed(onlyWith(rank == 0, "rank", SelectMode::RankK)) ||
      failed(onlyWith(jitter == Real(0.0), "jitter", SelectMode::SparseMixer)))
    return failure();
  // (A7)
  if (mode == SelectMode::TopP && !(p > 0 && p <= 1))
    return emitError() << "top_p needs p in (0, 1]";
  if (mode == SelectMode::RankK && (rank < 1 || k != 1))
    return emitError() << "rank_k needs rank of at least 1 and k = 1";
  if (mode == SelectMode::SparseMixer &&
      (k != 2 || !(jitter >= 0) || std::isinf(jitter)))
    return emitError() << "sparse_mixer needs k = 2 and jitter of at least 0";
  if (std::isnan(threshold))
    return emitError() << "threshold must be a number";
  return success();
}

LogicalResult CapacityAttr::verify(EmitError emitError, int64_t count,
                                   Real factor) {
  // (A12)
  if ((count > 0) == (factor > 0) || count < 0 || !(factor >= 0) ||
      std::isinf(factor))
    return emitError() << "capacity needs either a positive count or a "
                          "positive factor";
  return success();
}

LogicalResult NormalizeAttr::verify(EmitError emitError, NormalizeMode mode,
                                    Real epsilon, Real floor) {
  // (A14)
  auto isAllowed = [&](double value) {
    return value >= 0 && !std::isinf(value) &&
           (value == 0 || mode == NormalizeMode::Sum);
  };
  if (!isAllowed(epsilon))
    return emitError() << "epsilon must be at least 0 and goes with sum only";
  if (!isAllowed(floor))
    return emitError() << "floor must be at least 0 and goes with sum only";
  return success();
}

LogicalResult ActivationAttr::verify(EmitError emitError,
                                     ActivationFunction function, Real alpha,
                                     Real beta, Real limit) {
  // (A16)
  if (!std::isfinite(alpha) || !std::isfinite(beta) || !(limit >= 0))
    return emitError() << "alpha and beta must be finite, limit at least 0";
  // (A17)
  if (alpha != 1.0 && function != ActivationFunction::Silu)
    return emitError() << "alpha goes with silu only";
  return success();
}

LogicalResult LayoutAttr::verify(EmitError emitError, int64_t offset,
                                 int64_t step, bool transposed) {
  // (A19)
  if (offset < 0 || step < 1)
    return emitError() << "layout needs offset of at least 0 and step of at "
                          "least 1";
  return success();
}
