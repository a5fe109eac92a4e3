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

tt::FuncOp mlir::moe::getCombineKernel(KernelFactory &factory,
                                       const RoutingConfig &routing,
                                       int64_t columns, Type rows, Type result,
                                       int64_t blockColumns) {
  Type i32 = IntegerType::get(rows.getContext(), 32);
  std::string key;
  llvm::raw_string_ostream(key)
      << routing.experts << "," << routing.slots << "," << columns << ","
      << rows << "," << result << "," << blockColumns;
  return factory.get(
      "moe_combine", key, {rows, i32, result}, {false, false, false}, 4, 1,
      [&](KernelBuilder &k, ValueRange arguments) {
        int64_t blocks = llvm::divideCeil(columns, blockColumns);
        Value program = k.programId();
        Value token = k.div(program, k.i32(blocks));
        Value n = k.add(k.mul(k.rem(program, k.i32(blocks)),
                              k.i32(blockColumns)),
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
          Value row = k.read(arguments[0],
                             k.add(start, k.convert(n, k.i64())), mask);
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
        Value start = k.mul(k.convert(token, k.i64()), k.i64(columns));
        k.write(arguments[2], k.add(start, k.convert(n, k.i64())), sum, live);
      });
}
