//===- CombineKernel.cpp - The sum over the slots of each token -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::moe;

SmallVector<Type> AffineConfig::pointees() const {
  SmallVector<Type> types;
  if (input)
    types.append({scale, input});
  if (numVectors)
    types.append({coefficients, vectors});
  return types;
}

std::string AffineConfig::key() const {
  std::string text = std::to_string(numVectors);
  llvm::raw_string_ostream os(text);
  for (Type type : pointees())
    os << "," << type;
  return text;
}

Value mlir::moe::buildAffine(KernelBuilder &k, const AffineConfig &config,
                             ValueRange operands, Value sum, Value token,
                             Value n, Value live, int64_t columns) {
  Value wideN = k.convert(n, k.i64());
  Value zero = k.constant(k.f32(), 0);
  // A factor of 0 adds nothing, and what it would multiply is not read.
  auto addTerm = [&](Value factor, Value base, Value row, Value sum) {
    factor = k.convert(factor, k.f32());
    Value used = k.notOp(k.equal(factor, zero));
    Value start = k.mul(k.convert(row, k.i64()), k.i64(columns));
    Value values = k.convert(
        k.read(base, k.add(start, wideN), k.andOp(live, used)), k.f32());
    return k.select(used, k.add(sum, k.mul(factor, values)), sum);
  };
  if (config.input) {
    sum = addTerm(k.read(operands[0], token), operands[1], token, sum);
    operands = operands.drop_front(2);
  }
  if (!config.numVectors)
    return sum;
  Value first = k.mul(k.convert(token, k.i64()), k.i64(config.numVectors));
  return k.loop(k.i32(0), k.i32(config.numVectors), 1, sum,
                [&](Value i, ValueRange carried) -> SmallVector<Value> {
                  Value factor =
                      k.read(operands[0], k.add(first, k.convert(i, k.i64())));
                  return {addTerm(factor, operands[1], i, carried[0])};
                })[0];
}

tt::FuncOp mlir::moe::getCombineKernel(KernelFactory &factory,
                                       const RoutingConfig &routing,
                                       const AffineConfig &affine,
                                       int64_t columns, Type rows, Type result,
                                       int64_t blockColumns) {
  Type i32 = IntegerType::get(rows.getContext(), 32);
  std::string key;
  llvm::raw_string_ostream(key)
      << routing.experts << "," << routing.slots << "," << columns << ","
      << rows << "," << result << "," << blockColumns << "," << affine.key();
  SmallVector<Type> types = {rows, i32};
  llvm::append_range(types, affine.pointees());
  types.push_back(result);
  SmallVector<bool> scalars(types.size(), false);
  return factory.get(
      "moe_combine", key, types, scalars, 4, 1,
      [&](KernelBuilder &k, ValueRange arguments) {
        int64_t blocks = llvm::divideCeil(columns, blockColumns);
        Value program = k.programId();
        Value token = k.div(program, k.i32(blocks));
        Value n =
            k.add(k.mul(k.rem(program, k.i32(blocks)), k.i32(blockColumns)),
                  k.range(blockColumns));
        Value live = k.less(n, k.i32(columns));
        Value first = k.mul(token, k.i32(routing.slots));
        Value sum = k.full({blockColumns}, k.f32(), 0);
        // In the order of the slots, so that the sum does not depend on how
        // rows were placed. Unrolled: loads of all slots are under way at once.
        auto addSlot = [&](Value slot, Value sum) {
          Value id = k.read(arguments[1], slot);
          Value known = k.andOp(k.lessEqual(k.i32(0), id),
                                k.less(id, k.i32(routing.experts)));
          Value start = k.mul(k.convert(slot, k.i64()), k.i64(columns));
          Value mask = k.andOp(live, known);
          Value row =
              k.read(arguments[0], k.add(start, k.convert(n, k.i64())), mask);
          return k.add(sum, k.convert(row, k.f32()));
        };
        if (routing.slots <= 16) {
          for (int64_t j = 0; j < routing.slots; ++j)
            sum = addSlot(k.add(first, k.i32(j)), sum);
        } else {
          sum = k.loop(k.i32(0), k.i32(routing.slots), 1, sum,
                       [&](Value j, ValueRange carried) -> SmallVector<Value> {
                         return {addSlot(k.add(first, j), carried[0])};
                       })[0];
        }
        ValueRange operands = arguments.drop_front(2).drop_back();
        sum = buildAffine(k, affine, operands, sum, token, n, live, columns);
        Value start = k.mul(k.convert(token, k.i64()), k.i64(columns));
        k.write(arguments.back(), k.add(start, k.convert(n, k.i64())), sum,
                live);
      });
}
