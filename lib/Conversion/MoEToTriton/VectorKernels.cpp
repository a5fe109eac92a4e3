//===- VectorKernels.cpp - The products of one token -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanParts.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::moe;

/// Σ over the input dimension of products with `vector`, one sum for each row of
/// `rows`, a column of pointers to rows of weights. They are read only if `live`
/// (null: always).
static Value buildProducts(KernelBuilder &k, const GemmConfig &config,
                           Value rows, Value vector, Value live) {
  int64_t depth = config.tileDepth, count = k.shapeOf(rows)[0];
  Value column = k.range(depth, 1);
  bool whole = config.in % depth == 0;
  Value acc = k.full({count, depth}, k.f32(), 0);
  Value sum = k.loop(
      k.i32(0), k.i32(config.in), depth, acc,
      [&](Value from, ValueRange carried) -> SmallVector<Value> {
        Value at = k.add(column, from);
        Value mask = live;
        if (!whole) {
          Value inside = k.less(at, k.i32(config.in));
          mask = mask ? k.andOp(inside, mask) : inside;
        }
        auto read = [&](Value base, Type element) {
          Value pointer = k.pointer(base, at);
          if (!mask)
            return k.convert(k.load(pointer), k.f32());
          Value shaped = k.broadcast(mask, k.shapeOf(pointer));
          return k.convert(k.load(pointer, shaped, k.constant(element, 0)),
                           k.f32());
        };
        return {k.add(carried[0], k.mul(read(rows, config.weights),
                                        read(vector, config.rows)))};
      })[0];
  return k.reduce(sum, 1, Combine::Add);
}

/// The element of a vector at a place.
static Value elementAt(KernelBuilder &k, Value vector, Value place) {
  int64_t size = k.shapeOf(vector)[0];
  Type element = getElementTypeOrSelf(vector);
  Value zero = isa<FloatType>(element) ? k.constant(element, 0)
                                       : k.integer(element, 0);
  Value here = k.equal(k.range(size), place);
  return k.reduce(k.select(here, vector, zero), 0, Combine::Add);
}

static std::string vectorKey(const RoutingConfig &routing,
                             const GemmConfig &config) {
  return routing.key() + "|" + config.key();
}

tt::FuncOp mlir::moe::getFirstVectorKernel(KernelFactory &factory,
                                           const RoutingConfig &routing,
                                           const GemmConfig &config) {
  Type i32 = IntegerType::get(config.rows.getContext(), 32);
  SmallVector<Type> types = {config.rows};
  size_t numSources = 1;
  if (routing.gate) {
    SmallVector<Value> operands = getGateOperands(routing.gate);
    numSources = operands.size();
    for (Value operand : operands)
      types.push_back(getElementTypeOrSelf(operand));
  } else {
    types.push_back(i32);
  }
  types.push_back(config.weights);
  if (config.bias)
    types.push_back(config.bias);
  if (routing.gate)
    types.append({routing.weightType, i32});
  types.push_back(config.result);
  SmallVector<bool> scalars(types.size(), false);
  return factory.get(
      "moe_vector1", vectorKey(routing, config), types, scalars, config.warps,
      config.stages, [&](KernelBuilder &k, ValueRange arguments) {
        Value x = arguments[0];
        ValueRange sources = arguments.slice(1, numSources);
        arguments = arguments.drop_front(1 + numSources);
        Value weights = arguments[0];
        Value bias = config.bias ? arguments[1] : Value();
        Value output = arguments.back();
        int64_t slots = routing.paddedSlots();
        int64_t columns = config.resultColumns();
        // Rows of gate and up alternate.
        int64_t rows = config.tileColumns;
        int64_t width = config.gated ? rows / 2 : rows;
        int64_t programs =
            llvm::divideCeil(config.out, rows * config.groupRows);

        Value program = k.programId();
        Value slot = k.div(program, k.i32(programs));
        Value block = k.rem(program, k.i32(programs));
        Value ids;
        Value j = k.range(slots);
        Value isSlot = k.less(j, k.i32(routing.slots));
        if (routing.gate) {
          Value token = k.full({1}, k.i32(), 0);
          Value live = k.equal(token, k.i32(0));
          Choice choice = buildGate(k, routing, sources, token, live, 1);
          ids = k.flatten(choice.ids);
          size_t at = config.bias ? 2 : 1;
          k.ifThen(k.equal(program, k.i32(0)), [&] {
            k.write(arguments[at], j, k.flatten(choice.weights), isSlot);
            k.write(arguments[at + 1], j, ids, isSlot);
          });
        } else {
          ids = k.read(sources.front(), j, isSlot);
        }
        Value expert = elementAt(k, ids, slot);
        Value known = k.andOp(k.lessEqual(k.i32(0), expert),
                              k.less(expert, k.i32(config.experts)));
        k.ifThen(known, [&] {
          Value wide = k.convert(expert, k.i64());
          Value matrix = k.pointer(
              weights, k.mul(wide, k.i64(config.out * config.in)));
          Value last = k.mul(k.add(block, k.i32(1)),
                             k.i32(rows * config.groupRows));
          Value end = k.minimum(last, k.i32(config.out));
          Value begin = k.mul(block, k.i32(rows * config.groupRows));
          // A choice serves several blocks of rows.
          k.loop(begin, end, rows, {},
                 [&](Value first, ValueRange) -> SmallVector<Value> {
                   Value row = k.add(k.range(rows), first);
                   row = k.minimum(row, k.i32(config.out - 1));
                   Value start = k.mul(k.convert(k.along(row, 0), k.i64()),
                                       k.i64(config.in));
                   Value up = buildProducts(
                       k, config, k.pointer(matrix, start), x, /*live=*/{});
                   if (bias) {
                     Value at = k.add(k.mul(wide, k.i64(config.out)),
                                      k.convert(row, k.i64()));
                     up = k.add(up, k.convert(k.read(bias, at), k.f32()));
                   }
                   Value gate;
                   if (config.gated)
                     std::tie(gate, up) = k.splitAlternating(up);
                   Value h = buildActivation(k.get(), k.get().getLoc(),
                                             config.activation, gate, up);
                   Value n = config.gated ? k.div(first, k.i32(2)) : first;
                   n = k.add(k.range(width), n);
                   k.write(output, k.add(k.mul(slot, k.i32(columns)), n), h,
                           k.less(n, k.i32(columns)));
                   return {};
                 });
        });
      });
}

tt::FuncOp mlir::moe::getSecondVectorKernel(KernelFactory &factory,
                                            const RoutingConfig &routing,
                                            const GemmConfig &config,
                                            const AffineConfig &affine) {
  Type i32 = IntegerType::get(config.rows.getContext(), 32);
  SmallVector<Type> types = {config.rows, config.weights};
  if (config.bias)
    types.push_back(config.bias);
  types.append({i32, routing.weightType});
  llvm::append_range(types, affine.pointees());
  types.push_back(config.result);
  SmallVector<bool> scalars(types.size(), false);
  std::string key = config.key() + "," + std::to_string(routing.slots);
  llvm::raw_string_ostream(key)
      << "," << routing.weightType << "," << affine.key();
  return factory.get(
      "moe_vector2", key, types, scalars, config.warps, config.stages,
      [&](KernelBuilder &k, ValueRange arguments) {
        Value h = arguments[0], weights = arguments[1];
        Value bias = config.bias ? arguments[2] : Value();
        Value output = arguments.back();
        arguments = arguments.drop_front(config.bias ? 3 : 2).drop_back();
        Value ids = arguments[0], routingWeights = arguments[1];
        ValueRange operands = arguments.drop_front(2);
        int64_t width = config.tileColumns;
        Value first = k.mul(k.programId(), k.i32(width));
        Value n = k.add(k.range(width), first);
        Value live = k.less(n, k.i32(config.out));
        Value row = k.convert(k.minimum(n, k.i32(config.out - 1)), k.i64());
        Value inRow = k.mul(k.along(row, 0), k.i64(config.in));
        // Slot by slot: programs are small and many, so that others read while
        // one waits.
        Value zero = k.full({width}, k.f32(), 0);
        Value y = k.loop(
            k.i32(0), k.i32(routing.slots), 1, zero,
            [&](Value slot, ValueRange carried) -> SmallVector<Value> {
              Value expert = k.read(ids, slot);
              // What a slot without an expert would multiply is not read.
              Value known = k.andOp(k.lessEqual(k.i32(0), expert),
                                    k.less(expert, k.i32(config.experts)));
              Value wide =
                  k.convert(k.select(known, expert, k.i32(0)), k.i64());
              Value matrix = k.pointer(
                  weights, k.mul(wide, k.i64(config.out * config.in)));
              Value vector = k.pointer(h, k.mul(slot, k.i32(config.in)));
              Value sum = buildProducts(k, config, k.pointer(matrix, inRow),
                                        vector, known);
              if (bias) {
                Value at = k.add(k.mul(wide, k.i64(config.out)), row);
                Value value = k.read(bias, at, k.broadcast(known, {width}));
                sum = k.add(sum, k.convert(value, k.f32()));
              }
              Value weight =
                  k.convert(k.read(routingWeights, slot, known), k.f32());
              Value next = k.add(carried[0], k.mul(sum, weight));
              return {k.select(known, next, carried[0])};
            })[0];
        y = buildAffine(k, affine, operands, y, k.i32(0), n, live, config.out);
        k.write(output, n, y, live);
      });
}
