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
     << "," << packed << "," << packedRows << "," << offset << "," << step
     << "," << bits << "," << isSigned << "," << isVector;
  if (fill)
    os << "," << *fill;
  return text;
}

/// The code number `place` in its byte, as f32.
static Value readCode(KernelBuilder &k, Value byte, Value place,
                      const PackConfig &config) {
  Value code = k.andOp(k.convert(byte, k.i32()), k.i32(255));
  int64_t mask = (1 << config.bits) - 1;
  Value shifted = k.andOp(code, k.i32(mask));
  for (int64_t i = 1; i < 8 / config.bits; ++i)
    shifted = k.select(
        k.equal(place, k.i64(i)),
        k.andOp(k.shiftRight(code, i * config.bits), k.i32(mask)), shifted);
  if (config.isSigned) {
    Value isNegative = k.less(k.i32(mask >> 1), shifted);
    shifted = k.select(isNegative, k.sub(shifted, k.i32(mask + 1)), shifted);
  }
  return k.convert(shifted, k.f32());
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
        Value value;
        if (config.fill) {
          value = k.constant(config.packed, *config.fill);
        } else if (config.bits) {
          int64_t perByte = 8 / config.bits;
          int64_t rowBytes = llvm::divideCeil(config.in, perByte);
          int64_t expertBytes =
              config.isVector ? llvm::divideCeil(config.sourceRows, perByte)
                              : config.sourceRows * rowBytes;
          Value place = config.isVector ? sourceRow : c;
          Value byte = k.div(place, k.i64(perByte));
          if (!config.isVector)
            byte = k.add(k.mul(sourceRow, k.i64(rowBytes)), byte);
          from = k.mul(k.convert(k.add(slice, arguments[1]), k.i64()),
                       k.i64(expertBytes));
          value = readCode(k, k.read(arguments[0], k.add(from, byte), mask),
                           k.rem(place, k.i64(perByte)), config);
        } else {
          value = k.read(arguments[0], k.add(from, inside), mask);
        }
        Value row = k.add(k.mul(n, k.i64(config.step)), k.i64(config.offset));
        Value expert = k.convert(k.add(slice, arguments[2]), k.i64());
        Value to = k.mul(expert, k.i64(config.packedRows * config.in));
        k.write(arguments[3], k.add(to, k.add(k.mul(row, k.i64(config.in)), c)),
                value, mask);
      });
}
