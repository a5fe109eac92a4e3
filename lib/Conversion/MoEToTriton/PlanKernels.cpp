//===- PlanKernels.cpp - Routing, and the rows of each expert -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Parameters of kernels that choose experts, or read what was chosen.
struct Parameters {
  SmallVector<Type> types;
  SmallVector<bool> scalars;

  void pointer(Type pointee) {
    types.push_back(pointee);
    scalars.push_back(false);
  }
  void scalar(Type type) {
    types.push_back(type);
    scalars.push_back(true);
  }
};
} // namespace

/// What kernels that choose, or read a choice, begin with: gate operands or
/// ids, the number of tokens, and weights and ids where a gate makes them.
static Parameters getChoiceParameters(const RoutingConfig &config, Type i32) {
  Parameters parameters;
  if (!config.gate)
    parameters.pointer(i32);
  else
    for (Value operand : getGateOperands(config.gate))
      parameters.pointer(getElementTypeOrSelf(operand));
  parameters.scalar(i32);
  if (config.gate) {
    parameters.pointer(config.weightType);
    parameters.pointer(i32);
  }
  return parameters;
}

/// Splits the arguments of a kernel in the order of its parameters.
namespace {
class Arguments {
public:
  explicit Arguments(ValueRange values) : values(values) {}
  Value next() {
    Value value = values.front();
    values = values.drop_front();
    return value;
  }
  ValueRange next(size_t count) {
    ValueRange taken = values.take_front(count);
    values = values.drop_front(count);
    return taken;
  }

private:
  ValueRange values;
};
} // namespace

namespace {
/// The arguments for these parameters; null where there are none.
struct ChoiceArguments {
  ChoiceArguments(Arguments &arguments, const RoutingConfig &config)
      : sources(arguments.next(config.gate ? getGateOperands(config.gate).size()
                                           : 1)),
        numTokens(arguments.next()) {
    if (!config.gate)
      return;
    weights = arguments.next();
    ids = arguments.next();
  }

  ValueRange sources;
  Value numTokens, weights, ids;
};
} // namespace

namespace {
/// The slots of a block of tokens, as a vector.
struct Slots {
  /// The expert of each, or −1; its number t·k + j.
  Value ids, numbers;
  int64_t count;
};
} // namespace

/// Chooses experts for tokens `first` …, or reads what was chosen, and writes
/// the choice where a gate makes it.
static Slots buildSlots(KernelBuilder &k, const RoutingConfig &config,
                        const ChoiceArguments &arguments, Value first,
                        int64_t block) {
  int64_t slots = config.paddedSlots();
  Value tokens = k.add(k.range(block), first);
  Value live = k.less(tokens, arguments.numTokens);
  Value j = k.range(slots, 1);
  Value numbers = k.add(k.mul(k.along(tokens, 0), k.i32(config.slots)), j);
  Value mask = k.andOp(k.along(live, 0), k.less(j, k.i32(config.slots)));
  Value ids;
  if (config.gate) {
    Choice choice =
        buildGate(k, config, arguments.sources, tokens, live, block);
    k.write(arguments.weights, numbers, choice.weights, mask);
    k.write(arguments.ids, numbers, choice.ids, mask);
    ids = choice.ids;
  } else {
    ids = k.read(arguments.sources.front(), numbers, mask);
  }
  ids = k.select(mask, ids, k.i32(-1));
  // One unsigned comparison in two signed ones: ids come from users.
  Value known =
      k.andOp(k.lessEqual(k.i32(0), ids), k.less(ids, k.i32(config.experts)));
  ids = k.select(known, ids, k.i32(-1));
  return {k.flatten(ids), k.flatten(numbers), block * slots};
}

/// How many slots before each slot have its expert: a vector.
static Value buildRanks(KernelBuilder &k, const Slots &slots) {
  Value place = k.range(slots.count);
  Value same = k.equal(k.along(slots.ids, 0), k.along(slots.ids, 1));
  Value before = k.less(k.along(place, 1), k.along(place, 0));
  return k.reduce(k.convert(k.andOp(same, before), k.i32()), 1, Combine::Add);
}

/// Which slots have an expert.
static Value isUsed(KernelBuilder &k, Value ids) {
  return k.lessEqual(k.i32(0), ids);
}

/// How many slots each expert has.
static Value countSlots(KernelBuilder &k, Value ids, int64_t experts) {
  return k.histogram(ids, isUsed(k, ids), experts);
}

/// What a vector over experts holds for the expert of each slot.
static Value lookUp(KernelBuilder &k, Value vector, Value ids) {
  return k.gather(vector, k.maximum(ids, k.i32(0)));
}

tt::FuncOp mlir::moe::getRouteKernel(KernelFactory &factory,
                                     const RoutingConfig &config, int64_t block,
                                     int warps) {
  Type i32 = IntegerType::get(config.weightType.getContext(), 32);
  Parameters parameters = getChoiceParameters(config, i32);
  return factory.get("moe_route", config.key() + "," + std::to_string(block),
                     parameters.types, parameters.scalars, warps, 1,
                     [&](KernelBuilder &k, ValueRange values) {
                       Arguments arguments(values);
                       ChoiceArguments choice(arguments, config);
                       Value first = k.mul(k.programId(), k.i32(block));
                       buildSlots(k, config, choice, first, block);
                     });
}

//===----------------------------------------------------------------------===//
// Many tokens: three launches
//===----------------------------------------------------------------------===//

tt::FuncOp mlir::moe::getCountKernel(KernelFactory &factory,
                                     const RoutingConfig &config, int64_t chunk,
                                     int64_t chunks, int warps) {
  Type i32 = IntegerType::get(config.weightType.getContext(), 32);
  Parameters parameters = getChoiceParameters(config, i32);
  parameters.pointer(i32);
  parameters.pointer(i32);
  std::string key =
      config.key() + "," + std::to_string(chunk) + "," + std::to_string(chunks);
  return factory.get(
      "moe_count", key, parameters.types, parameters.scalars, warps, 1,
      [&](KernelBuilder &k, ValueRange values) {
        Arguments arguments(values);
        ChoiceArguments choice(arguments, config);
        Value ranks = arguments.next(), histograms = arguments.next();
        int64_t experts = config.paddedExperts();
        Value block = k.programId();
        Value first = k.mul(block, k.i32(chunk * chunks));
        Value none = k.full({experts}, k.i32(), 0);
        Value counts = k.loop(
            k.i32(0), k.i32(chunks), 1, none,
            [&](Value i, ValueRange carried) -> SmallVector<Value> {
              Value start = k.add(first, k.mul(i, k.i32(chunk)));
              Slots slots = buildSlots(k, config, choice, start, chunk);
              Value rank =
                  k.add(buildRanks(k, slots), lookUp(k, carried[0], slots.ids));
              k.write(ranks, slots.numbers, rank, isUsed(k, slots.ids));
              return {k.add(carried[0], countSlots(k, slots.ids, experts))};
            })[0];
        Value e = k.range(experts);
        Value row = k.mul(k.convert(block, k.i64()), k.i64(config.experts));
        k.write(histograms, k.add(row, k.convert(e, k.i64())), counts,
                k.less(e, k.i32(config.experts)));
      });
}

tt::FuncOp mlir::moe::getSumKernel(KernelFactory &factory,
                                   const RoutingConfig &config) {
  constexpr int64_t width = 1024;
  Type i32 = IntegerType::get(config.weightType.getContext(), 32);
  return factory.get(
      "moe_sum", std::to_string(config.experts), {i32, i32, i32, i32},
      {false, true, false, false}, 4, 1,
      [&](KernelBuilder &k, ValueRange values) {
        Value histograms = values[0], blocks = values[1], bases = values[2],
              totals = values[3];
        Value expert = k.programId();
        Value total = k.loop(
            k.i32(0), blocks, width, k.i32(0),
            [&](Value start, ValueRange carried) -> SmallVector<Value> {
              Value block = k.add(k.range(width), start);
              Value offset =
                  k.add(k.mul(k.convert(block, k.i64()), k.i64(config.experts)),
                        k.convert(expert, k.i64()));
              Value live = k.less(block, blocks);
              Value counts = k.read(histograms, offset, live);
              Value sums = k.scan(counts, 0, Combine::Add);
              k.write(bases, offset, k.add(k.sub(sums, counts), carried[0]),
                      live);
              return {k.add(carried[0], k.reduce(counts, 0, Combine::Add))};
            })[0];
        k.write(totals, expert, total);
      });
}

tt::FuncOp mlir::moe::getScatterKernel(KernelFactory &factory,
                                       const RoutingConfig &config,
                                       int64_t blockTokens, int64_t tileRows) {
  constexpr int64_t width = 128;
  Type i32 = IntegerType::get(config.weightType.getContext(), 32);
  std::string key =
      std::to_string(config.experts) + "," + std::to_string(config.slots) +
      "," + std::to_string(blockTokens) + "," + std::to_string(tileRows);
  return factory.get(
      "moe_scatter", key, {i32, i32, i32, i32, i32, i32, i32, i32, i32},
      {false, false, false, false, true, true, false, false, false}, 4, 1,
      [&](KernelBuilder &k, ValueRange values) {
        Arguments arguments(values);
        Value ids = arguments.next(), ranks = arguments.next(),
              bases = arguments.next(), totals = arguments.next(),
              numTokens = arguments.next(), blocks = arguments.next(),
              rows = arguments.next(), tiles = arguments.next(),
              numTiles = arguments.next();
        int64_t experts = config.paddedExperts();
        Value e = k.range(experts);
        Value counts = k.read(totals, e, k.less(e, k.i32(config.experts)));
        Value offsets = k.sub(k.scan(counts, 0, Combine::Add), counts);
        Value program = k.programId();
        k.ifThen(k.less(program, blocks), [&] {
          Value last = k.mul(numTokens, k.i32(config.slots));
          Value first = k.mul(program, k.i32(blockTokens * config.slots));
          Value end =
              k.minimum(k.add(first, k.i32(blockTokens * config.slots)), last);
          Value baseRow =
              k.mul(k.convert(program, k.i64()), k.i64(config.experts));
          k.loop(
              first, end, width, {},
              [&](Value start, ValueRange) -> SmallVector<Value> {
                Value slot = k.add(k.range(width), start);
                Value live = k.less(slot, end);
                Value id = k.select(live, k.read(ids, slot, live), k.i32(-1));
                live = k.andOp(k.lessEqual(k.i32(0), id),
                               k.less(id, k.i32(config.experts)));
                id = k.select(live, id, k.i32(-1));
                Value base =
                    k.read(bases, k.add(baseRow, k.convert(id, k.i64())), live);
                Value rank = k.read(ranks, slot, live);
                Value place = k.add(lookUp(k, offsets, id), k.add(base, rank));
                k.write(rows, place, slot, live);
                return {};
              });
        });
        // The tiles of one expert.
        k.ifThen(k.less(program, k.i32(config.experts)), [&] {
          Tiles all = buildTiles(k, counts, offsets, tileRows);
          Value mine = k.equal(e, program);
          auto ofMine = [&](Value vector) {
            return k.reduce(k.select(mine, vector, k.i32(0)), 0, Combine::Add);
          };
          Value first = ofMine(all.first), count = ofMine(all.count);
          Value row = ofMine(offsets);
          Value end = k.add(row, ofMine(counts));
          k.loop(k.i32(0), count, width, {},
                 [&](Value start, ValueRange) -> SmallVector<Value> {
                   Value i = k.add(k.range(width), start);
                   Value live = k.less(i, count);
                   Value from = k.add(k.mul(i, k.i32(tileRows)), row);
                   writeTile(k, tiles, k.add(i, first), program, from, end,
                             live);
                   return {};
                 });
          k.write(numTiles, k.i32(0), all.total);
        });
      });
}

//===----------------------------------------------------------------------===//
// Few tokens: one program
//===----------------------------------------------------------------------===//

tt::FuncOp mlir::moe::getPlanKernel(KernelFactory &factory,
                                    const RoutingConfig &config, int64_t tokens,
                                    int64_t tileRows, int warps) {
  Type i32 = IntegerType::get(config.weightType.getContext(), 32);
  Parameters parameters = getChoiceParameters(config, i32);
  for (int i = 0; i < 3; ++i)
    parameters.pointer(i32);
  std::string key = config.key() + "," + std::to_string(tokens) + "," +
                    std::to_string(tileRows);
  return factory.get(
      "moe_plan", key, parameters.types, parameters.scalars, warps, 1,
      [&](KernelBuilder &k, ValueRange values) {
        Arguments arguments(values);
        ChoiceArguments choice(arguments, config);
        Value rows = arguments.next(), tiles = arguments.next(),
              numTiles = arguments.next();
        int64_t experts = config.paddedExperts();
        Slots slots = buildSlots(k, config, choice, k.i32(0), tokens);
        Value counts = countSlots(k, slots.ids, experts);
        Value offsets = k.sub(k.scan(counts, 0, Combine::Add), counts);
        Value place =
            k.add(buildRanks(k, slots), lookUp(k, offsets, slots.ids));
        k.write(rows, place, slots.numbers, isUsed(k, slots.ids));

        // The first tile of each expert, then the second, …
        Tiles all = buildTiles(k, counts, offsets, tileRows);
        Value most = k.reduce(all.count, 0, Combine::Max);
        k.loop(k.i32(0), most, 1, {},
               [&](Value i, ValueRange) -> SmallVector<Value> {
                 Value row = k.add(offsets, k.mul(i, k.i32(tileRows)));
                 writeTile(k, tiles, k.add(all.first, i), k.range(experts), row,
                           k.add(offsets, counts), k.less(i, all.count));
                 return {};
               });
        k.write(numTiles, k.i32(0), all.total);
      });
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Tiles mlir::moe::buildTiles(KernelBuilder &k, Value counts, Value offsets,
                            int64_t tileRows) {
  Tiles tiles;
  tiles.count = k.div(k.add(counts, k.i32(tileRows - 1)), k.i32(tileRows));
  tiles.first = k.sub(k.scan(tiles.count, 0, Combine::Add), tiles.count);
  tiles.total = k.reduce(tiles.count, 0, Combine::Add);
  return tiles;
}

void mlir::moe::writeTile(KernelBuilder &k, Value tiles, Value tile,
                          Value expert, Value row, Value end, Value mask) {
  Value place = k.mul(tile, k.i32(kTileFields));
  k.write(tiles, place, expert, mask);
  k.write(tiles, k.add(place, k.i32(1)), row, mask);
  k.write(tiles, k.add(place, k.i32(2)), end, mask);
}
