//===- VectorKernels.cpp - The products of one token -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanParts.h"
#include "QuantizedWeights.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::moe;

/// The same for codes.
static Value buildCodeProducts(KernelBuilder &k, const GemmConfig &config,
                               const WeightArguments &weights, Value expert,
                               Value rows, Value vector) {
  int64_t depth = config.tileDepth, count = k.shapeOf(rows)[0];
  CodeReader reader(k, config, weights, expert, rows);
  Value column = k.range(depth, 1);
  bool whole = config.in % depth == 0;
  Value acc = k.full({count, depth}, k.f32(), 0);
  Value sum = k.loop(
      k.i32(0), k.i32(config.in), depth, acc,
      [&](Value start, ValueRange carried) -> SmallVector<Value> {
        Value at = k.add(column, start);
        Value xTile;
        if (whole)
          xTile = k.load(k.pointer(vector, at));
        else
          xTile = k.load(k.pointer(vector, at), k.less(at, k.i32(config.in)),
                         k.constant(config.rows, 0));
        Value values =
            reader.readCodes(start, depth, reader.readZeros(start, depth));
        values = k.mul(values,
                       reader.spread(reader.readScales(start, depth), depth));
        return {k.add(carried[0], k.mul(values, k.convert(xTile, k.f32())))};
      })[0];
  return k.reduce(sum, 1, Combine::Add);
}

/// matrix[row] · vector for a vector of rows of an expert's matrix, in f32.
static Value buildProducts(KernelBuilder &k, const GemmConfig &config,
                           const WeightArguments &weights, Value expert,
                           Value rows, Value vector) {
  if (config.quant)
    return buildCodeProducts(k, config, weights, expert, rows, vector);
  Value matrix = k.pointer(weights.codes, k.mul(k.convert(expert, k.i64()),
                                                k.i64(config.out * config.in)));
  int64_t depth = config.tileDepth, count = k.shapeOf(rows)[0];
  Value column = k.range(depth, 1);
  Value start = k.mul(k.convert(k.along(rows, 0), k.i64()), k.i64(config.in));
  Value a = k.pointer(k.pointer(matrix, start), column);
  Value x = k.pointer(vector, column);
  Value acc = k.full({count, depth}, k.f32(), 0);
  bool whole = config.in % depth == 0;
  auto sum = k.loop(
      k.i32(0), k.i32(config.in), depth, {acc, a, x},
      [&](Value from, ValueRange carried) -> SmallVector<Value> {
        Value aTile, xTile;
        if (whole) {
          aTile = k.load(carried[1]);
          xTile = k.load(carried[2]);
        } else {
          Value mask = k.less(column, k.sub(k.i32(config.in), from));
          aTile = k.load(carried[1], k.broadcast(mask, {count, depth}),
                         k.constant(config.weights, 0));
          xTile = k.load(carried[2], mask, k.constant(config.rows, 0));
        }
        Value product =
            k.mul(k.convert(aTile, k.f32()), k.convert(xTile, k.f32()));
        return {k.add(carried[0], product), k.pointer(carried[1], k.i32(depth)),
                k.pointer(carried[2], k.i32(depth))};
      })[0];
  return k.reduce(sum, 1, Combine::Add);
}

/// The element of a vector at a place.
static Value elementAt(KernelBuilder &k, Value vector, Value place) {
  int64_t size = k.shapeOf(vector)[0];
  Type element = getElementTypeOrSelf(vector);
  Value zero =
      isa<FloatType>(element) ? k.constant(element, 0) : k.integer(element, 0);
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
  llvm::append_range(types, config.weightParameters());
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
        WeightArguments weights = WeightArguments::take(config, arguments);
        Value bias = config.bias ? arguments[0] : Value();
        Value output = arguments.back();
        int64_t slots = routing.paddedSlots();
        int64_t columns = config.resultColumns();
        // Half of the tile's rows are the gate's.
        int64_t width =
            config.gated ? config.tileColumns / 2 : config.tileColumns;
        int64_t programs = llvm::divideCeil(columns, width);

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
          size_t at = config.bias ? 1 : 0;
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
          Value n = k.add(k.mul(block, k.i32(width)), k.range(width));
          Value live = k.less(n, k.i32(columns));
          Value row = k.minimum(n, k.i32(columns - 1));
          Value wide = k.convert(expert, k.i64());
          auto project = [&](int64_t part) {
            Value source = row;
            if (config.gated)
              source = k.add(k.mul(row, k.i32(2)), k.i32(part));
            Value sum = buildProducts(k, config, weights, expert, source, x);
            if (!bias)
              return sum;
            Value at = k.add(k.mul(wide, k.i64(config.out)),
                             k.convert(source, k.i64()));
            return k.add(sum, k.convert(k.read(bias, at), k.f32()));
          };
          Value gate = config.gated ? project(0) : Value();
          Value up = project(1);
          Value h = buildActivation(k.get(), k.get().getLoc(),
                                    config.activation, gate, up);
          k.write(output, k.add(k.mul(slot, k.i32(columns)), n), h, live);
        });
      });
}

tt::FuncOp mlir::moe::getSecondVectorKernel(KernelFactory &factory,
                                            const RoutingConfig &routing,
                                            const GemmConfig &config,
                                            const AffineConfig &affine) {
  Type i32 = IntegerType::get(config.rows.getContext(), 32);
  SmallVector<Type> types = {config.rows};
  llvm::append_range(types, config.weightParameters());
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
        Value h = arguments[0], output = arguments.back();
        arguments = arguments.drop_front().drop_back();
        WeightArguments weights = WeightArguments::take(config, arguments);
        Value bias = config.bias ? arguments[0] : Value();
        arguments = arguments.drop_front(config.bias ? 1 : 0);
        Value ids = arguments[0], routingWeights = arguments[1];
        ValueRange operands = arguments.drop_front(2);
        int64_t width = config.tileColumns;
        Value n = k.add(k.mul(k.programId(), k.i32(width)), k.range(width));
        Value live = k.less(n, k.i32(config.out));
        Value row = k.minimum(n, k.i32(config.out - 1));
        Value zero = k.full({width}, k.f32(), 0);
        Value y = k.loop(
            k.i32(0), k.i32(routing.slots), 1, zero,
            [&](Value slot, ValueRange carried) -> SmallVector<Value> {
              Value expert = k.read(ids, slot);
              Value known = k.andOp(k.lessEqual(k.i32(0), expert),
                                    k.less(expert, k.i32(config.experts)));
              // What a slot without an expert multiplies is not used.
              expert = k.select(known, expert, k.i32(0));
              Value wide = k.convert(expert, k.i64());
              Value vector = k.pointer(h, k.mul(slot, k.i32(config.in)));
              Value sum =
                  buildProducts(k, config, weights, expert, row, vector);
              if (bias) {
                Value at = k.add(k.mul(wide, k.i64(config.out)),
                                 k.convert(row, k.i64()));
                sum = k.add(sum, k.convert(k.read(bias, at), k.f32()));
              }
              Value weight = k.convert(k.read(routingWeights, slot), k.f32());
              Value term = k.mul(sum, weight);
              Value next = k.add(carried[0], term);
              return {k.select(known, next, carried[0])};
            })[0];
        y = buildAffine(k, affine, operands, y, k.i32(0), n, live, config.out);
        k.write(output, n, y, live);
      });
}
