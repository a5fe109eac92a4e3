//===- PackKernel.cpp - Puts the rows of weights where products read them -===//
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

std::string PackConfig::key() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << out << "," << in << "," << layout << "," << sourceRows << "," << source
     << "," << packed << "," << packedRows << "," << offset << "," << step;
  return text;
}

tt::FuncOp mlir::moe::getPackKernel(KernelFactory &factory,
                                    const PackConfig &config) {
  constexpr int64_t width = 32;
  Type i32 = IntegerType::get(config.source.getContext(), 32);
  return factory.get(
      "moe_pack", config.key(), {config.source, i32, i32, config.packed},
      {false, true, true, false}, 4, 1,
      [&](KernelBuilder &k, ValueRange arguments) {
        int64_t depth = std::min<int64_t>(roundUpToPowerOf2(config.in), 32);
        Value slice = k.programId(0);
        Value n = k.add(k.mul(k.programId(1), k.i32(width)), k.range(width, 0));
        Value c = k.add(k.mul(k.programId(2), k.i32(depth)), k.range(depth, 1));
        Value mask =
            k.andOp(k.less(n, k.i32(config.out)), k.less(c, k.i32(config.in)));
        n = k.convert(n, k.i64());
        c = k.convert(c, k.i64());
        Value sourceRow = k.add(k.mul(n, k.i64(config.layout.getStep())),
                                k.i64(config.layout.getOffset()));
        // Element (row, c) of a slice, or (c, row).
        bool transposed = config.layout.getTransposed();
        Value inside =
            transposed ? k.add(k.mul(c, k.i64(config.sourceRows)), sourceRow)
                       : k.add(k.mul(sourceRow, k.i64(config.in)), c);
        Value from = k.mul(k.convert(k.add(slice, arguments[1]), k.i64()),
                           k.i64(config.sourceRows * config.in));
        Value value = k.read(arguments[0], k.add(from, inside), mask);
        Value row = k.add(k.mul(n, k.i64(config.step)), k.i64(config.offset));
        Value expert = k.convert(k.add(slice, arguments[2]), k.i64());
        Value to = k.mul(expert, k.i64(config.packedRows * config.in));
        k.write(arguments[3], k.add(to, k.add(k.mul(row, k.i64(config.in)), c)),
                value, mask);
      });
}
