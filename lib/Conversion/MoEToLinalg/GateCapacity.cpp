//===- GateCapacity.cpp - Capacity of the experts of a gate -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// Builds the number of rows that an expert takes, as i64:
/// ceil(factor · (T · k) / E), computed in f64, if it is not given.
static Value buildLimit(ImplicitLocOpBuilder &b, CapacityAttr capacity,
                        int64_t experts, Value tokens, Value width) {
  Type i64 = b.getI64Type(), f64 = b.getF64Type();
  if (capacity.getCount() > 0)
    return arith::ConstantIntOp::create(b, i64, capacity.getCount());
  auto real = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  };
  Value picks = arith::MulIOp::create(b, tokens, width);
  Value number = arith::SIToFPOp::create(
      b, f64, arith::IndexCastOp::create(b, i64, picks));
  // With a factor of E an expert can admit every slot: no need for more, which
  // might not fit i64.
  double factor =
      std::min<double>(capacity.getFactor(), static_cast<double>(experts));
  Value scaled = arith::MulFOp::create(b, real(factor), number);
  Value share = arith::DivFOp::create(b, scaled, real(experts));
  return arith::FPToSIOp::create(b, i64, math::CeilOp::create(b, share));
}

/// Builds the admission of one pick; returns the ids and the rows so far.
static SmallVector<Value> buildAdmission(ImplicitLocOpBuilder &b, Value limit,
                                         Value token, Value slot, Value ids,
                                         Value counts) {
  Value id = extractElement(b, b.getLoc(), ids, {token, slot});
  auto admitted = scf::IfOp::create(
      b, isPick(b, b.getLoc(), id),
      [&](OpBuilder &, Location) {
        Value expert = toIndex(b, b.getLoc(), id);
        Value count = extractElement(b, b.getLoc(), counts, expert);
        Value fits =
            arith::CmpIOp::create(b, arith::CmpIPredicate::slt, count, limit);
        Value none = arith::ConstantIntOp::create(b, b.getI32Type(), -1);
        Value kept = arith::SelectOp::create(b, fits, id, none);
        Value one = arith::ConstantIntOp::create(b, b.getI64Type(), 1);
        Value next = arith::AddIOp::create(b, count, one);
        Value results[] = {
            tensor::InsertOp::create(b, kept, ids, ValueRange{token, slot}),
            tensor::InsertOp::create(b, next, counts, ValueRange{expert})};
        scf::YieldOp::create(b, results);
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, ValueRange{ids, counts});
      });
  return admitted.getResults();
}

Value mlir::moe::buildCapacity(OpBuilder &builder, Location loc,
                               CapacityAttr capacity, int64_t experts,
                               Value ids) {
  ImplicitLocOpBuilder b(loc, builder);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value tokens = tensor::DimOp::create(b, ids, 0);
  Value width = tensor::DimOp::create(b, ids, 1);
  Value limit = buildLimit(b, capacity, experts, tokens, width);
  Value counts =
      createFilled(b, loc, {b.getIndexAttr(experts)}, b.getI64IntegerAttr(0));
  // All first choices come before any second one.
  auto slots = scf::ForOp::create(
      b, zero, width, one, ValueRange{ids, counts},
      [&](OpBuilder &, Location, Value slot, ValueRange outer) {
        auto inner = scf::ForOp::create(
            b, zero, tokens, one, outer,
            [&](OpBuilder &, Location, Value token, ValueRange state) {
              scf::YieldOp::create(
                  b, buildAdmission(b, limit, token, slot, state[0], state[1]));
            });
        scf::YieldOp::create(b, inner.getResults());
      });
  return slots.getResult(0);
}
