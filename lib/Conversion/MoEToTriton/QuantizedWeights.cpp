//===- QuantizedWeights.cpp - Codes of weights in kernels -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedWeights.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::moe;

std::string QuantConfig::key() const {
  std::string text;
  llvm::raw_string_ostream(text)
      << bits << (isSigned ? "s" : "u") << block << "," << blocks << ","
      << hasZeros << "," << zeroPoint;
  return text;
}

SmallVector<Type> GemmConfig::weightParameters() const {
  SmallVector<Type> types = {weights};
  if (quant) {
    Type f32 = Float32Type::get(weights.getContext());
    types.append(quant.hasZeros ? 2 : 1, f32);
  }
  return types;
}

int64_t mlir::moe::getDepthInBlock(const QuantConfig &quant, int64_t most) {
  if (quant.blocks == 1)
    return most;
  while (quant.block % most)
    most /= 2;
  return most;
}

WeightArguments WeightArguments::take(const GemmConfig &config,
                                      ValueRange &arguments) {
  auto next = [&] {
    Value value = arguments.front();
    arguments = arguments.drop_front();
    return value;
  };
  WeightArguments weights;
  weights.codes = next();
  if (config.quant)
    weights.scales = next();
  if (config.quant.hasZeros)
    weights.zeros = next();
  return weights;
}

CodeReader::CodeReader(KernelBuilder &k, const GemmConfig &config,
                       const WeightArguments &weights, Value expert, Value rows)
    : k(k), config(config) {
  Value row = k.add(k.mul(k.convert(expert, k.i64()), k.i64(config.out)),
                    k.convert(k.along(rows, 0), k.i64()));
  auto begin = [&](Value base, int64_t width) {
    return base ? k.pointer(base, k.mul(row, k.i64(width))) : Value();
  };
  codes = begin(weights.codes, config.quant.rowBytes(config.in));
  scales = begin(weights.scales, config.quant.blocks);
  zeros = begin(weights.zeros, config.quant.blocks);
}

Value CodeReader::readBlocks(Value pointers, Value start, int64_t depth) {
  if (!pointers)
    return {};
  const QuantConfig &quant = config.quant;
  if (quant.blocks == 1)
    return k.load(pointers);
  // A tile is in one block, or holds some whole ones.
  int64_t count = std::max<int64_t>(depth / quant.block, 1);
  Value block = k.add(k.div(start, k.i32(quant.block)), k.range(count, 1));
  int64_t rows = k.shapeOf(pointers)[0];
  Value mask = k.broadcast(k.less(block, k.i32(quant.blocks)), {rows, count});
  return k.load(k.pointer(pointers, block), mask, k.constant(k.f32(), 0));
}

Value CodeReader::spread(Value blocks, int64_t depth) {
  int64_t count = k.shapeOf(blocks)[1];
  return count == 1 ? blocks : k.repeat(blocks, depth / count);
}

Value CodeReader::readCodes(Value start, int64_t depth, Value zeros) {
  const QuantConfig &quant = config.quant;
  int64_t perByte = quant.codesPerByte(), width = depth / perByte;
  int64_t rowBytes = quant.rowBytes(config.in);
  Value byte = k.add(k.div(start, k.i32(perByte)), k.range(width, 1));
  Value from = k.pointer(codes, byte);
  Value bytes;
  if (rowBytes % width == 0)
    bytes = k.load(from);
  else
    bytes = k.load(from,
                   k.broadcast(k.less(byte, k.i32(rowBytes)), k.shapeOf(from)),
                   k.integer(config.weights, 0));
  Value wide = k.andOp(k.convert(bytes, k.i32()), k.i32(255));
  int64_t mask = (1 << quant.bits) - 1;
  // The first code of a byte is in its lowest bits.
  auto part = [&](int64_t i) {
    return k.andOp(k.shiftRight(wide, i * quant.bits), k.i32(mask));
  };
  Value codes = wide;
  if (perByte == 2)
    codes = k.interleave(part(0), part(1));
  else if (perByte == 4)
    codes = k.interleave(k.interleave(part(0), part(2)),
                         k.interleave(part(1), part(3)));
  if (quant.isSigned) {
    // Two's complement: the highest bit counts negative.
    Value bias = k.i32((mask + 1) / 2);
    codes = k.sub(k.xorOp(codes, bias), bias);
  }
  if (!quant.hasZeros && quant.zeroPoint)
    codes = k.sub(codes, k.i32(quant.zeroPoint));
  Value values = k.convert(codes, k.f32());
  return zeros ? k.sub(values, spread(zeros, depth)) : values;
}
