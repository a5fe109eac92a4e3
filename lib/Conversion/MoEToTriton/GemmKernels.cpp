//===- GemmKernels.cpp - Grouped products of rows and experts' matrices ---===//
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

Type GemmConfig::operandType() const {
  // Codes are exact in each of the types; two 16-bit types of different kind
  // meet in f32.
  return quant || rows == weights ? rows : Float32Type::get(rows.getContext());
}

std::string GemmConfig::key() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << experts << "," << firstExpert << "," << allExperts << "," << out << ","
     << in << "," << rows << "," << weights << "," << result << "," << gated
     << "," << activation << "," << slots << ","
     << stringifyInputPrecision(precision) << "," << tileRows << ","
     << tileColumns << "," << tileDepth << "," << groupRows << "," << persistent
     << ",";
  if (quant)
    os << quant.key() << ",";
  if (bias)
    os << bias;
  return text;
}

namespace {
/// One tile of a grouped product.
class GemmBuilder {
public:
  GemmBuilder(KernelBuilder &k, const GemmConfig &config, ValueRange arguments)
      : k(k), config(config) {
    auto next = [&] {
      Value value = arguments.front();
      arguments = arguments.drop_front();
      return value;
    };
    input = next();
    weights = WeightArguments::take(config, arguments);
    if (config.bias)
      bias = next();
    rows = next();
    tiles = next();
    numTiles = next();
    if (!config.isFirst())
      routing = next();
    if (config.persistent)
      numRows = next();
    output = next();
  }

  void build();

private:
  void place(Value program);
  /// Sets what is known of the tile at `rowTile`, of no row unless it exists.
  void readTile(Value exists);
  void findRows();
  void buildTile();
  /// The same for a tile of an expert that has matrices here, else nothing.
  void buildTileOfSet();
  Value accumulate();
  Value accumulateCodes();
  Value accumulateBlocks();
  void buildPersistent();

  KernelBuilder &k;
  const GemmConfig &config;
  WeightArguments weights;
  Value input, bias, rows, tiles, numTiles, routing, numRows, output;
  /// What the bulk copy engine knows of weights and, for the second product, of
  /// the rows read.
  Value weightBlocks, inputBlocks;
  /// Place of the tile; its expert, first row, and end of the expert's rows.
  Value rowTile, columnTile, expert, firstRow, endRow;
  /// Of the tile's rows: place in the plan, whether they are any, slot.
  Value rowPlace, live, slot;
};
} // namespace

/// Programs next to each other share weights within a group of row tiles, and
/// rows across it, while both are in the cache.
void GemmBuilder::place(Value program) {
  int64_t columns = config.columnTiles();
  if (columns == 1) {
    rowTile = program;
    columnTile = k.i32(0);
    return;
  }
  if (config.groupRows == 1) {
    rowTile = k.div(program, k.i32(columns));
    columnTile = k.rem(program, k.i32(columns));
    return;
  }
  // The last group may hold fewer row tiles.
  int64_t width = config.groupRows * columns;
  Value group = k.div(program, k.i32(width));
  Value first = k.mul(group, k.i32(config.groupRows));
  Value count = k.load(numTiles);
  Value size = k.minimum(k.sub(count, first), k.i32(config.groupRows));
  size = k.maximum(size, k.i32(1));
  Value inside = k.rem(program, k.i32(width));
  rowTile = k.add(first, k.rem(inside, size));
  columnTile = k.div(inside, size);
}

void GemmBuilder::build() {
  if (config.persistent)
    return buildPersistent();
  place(k.programId());
  Value inRange = k.less(rowTile, k.load(numTiles));
  if (config.groupRows > 1)
    inRange = k.andOp(inRange, k.less(columnTile, k.i32(config.columnTiles())));
  k.ifThen(inRange, [&] {
    readTile(/*exists=*/{});
    buildTileOfSet();
  });
}

/// Σ over the depth: [tileRows, tileColumns] in f32.
Value GemmBuilder::accumulate() {
  int64_t depth = config.tileDepth;
  Value kRow = k.range(depth, 1), kColumn = k.range(depth, 0);
  Value source = config.isFirst() ? k.div(slot, k.i32(config.slots)) : rowPlace;
  Value rowStart =
      k.mul(k.convert(k.along(source, 0), k.i64()), k.i64(config.in));
  Value a = k.pointer(k.pointer(input, rowStart), kRow);
  Value column = k.add(k.mul(columnTile, k.i32(config.tileColumns)),
                       k.range(config.tileColumns, 1));
  if (config.out % config.tileColumns)
    column = k.minimum(column, k.i32(config.out - 1));
  Value matrix = k.pointer(weights.codes, k.mul(k.convert(expert, k.i64()),
                                                k.i64(config.out * config.in)));
  Value columnStart = k.mul(k.convert(column, k.i64()), k.i64(config.in));
  Value b = k.pointer(k.pointer(matrix, columnStart), kColumn);
  Value acc = k.full({config.tileRows, config.tileColumns}, k.f32(), 0);
  bool whole = config.in % depth == 0;
  Type operand = config.operandType();
  Value zeroA = k.constant(config.rows, 0);
  Value zeroB = k.constant(config.weights, 0);
  return k.loop(
      k.i32(0), k.i32(config.in), depth, {acc, a, b},
      [&](Value start, ValueRange carried) -> SmallVector<Value> {
        // Rows past the end are zero: all programs would read the same row.
        Value aMask = k.along(live, 0);
        Value bTile;
        if (whole) {
          bTile = k.load(carried[2]);
        } else {
          Value left = k.sub(k.i32(config.in), start);
          aMask = k.andOp(aMask, k.less(kRow, left));
          bTile = k.load(
              carried[2],
              k.broadcast(k.less(kColumn, left), {depth, config.tileColumns}),
              zeroB);
        }
        Value aTile = k.load(
            carried[1], k.broadcast(aMask, {config.tileRows, depth}), zeroA);
        Value next = k.dot(k.convert(aTile, operand), k.convert(bTile, operand),
                           carried[0], config.precision);
        return {next, k.pointer(carried[1], k.i32(depth)),
                k.pointer(carried[2], k.i32(depth))};
      })[0];
}

/// The same from codes. They are multiplied as they are, and sums of a block
/// by its scale, so that nothing is rounded before it is summed.
Value GemmBuilder::accumulateCodes() {
  int64_t depth = config.tileDepth;
  Type operand = config.operandType();
  Value column = k.add(k.mul(columnTile, k.i32(config.tileColumns)),
                       k.range(config.tileColumns));
  column = k.minimum(column, k.i32(config.out - 1));
  CodeReader reader(k, config, weights, expert, column);
  Value source = config.isFirst() ? k.div(slot, k.i32(config.slots)) : rowPlace;
  Value rowStart =
      k.mul(k.convert(k.along(source, 0), k.i64()), k.i64(config.in));
  Value a = k.pointer(input, rowStart);
  Value kRow = k.range(depth, 1);
  bool oneBlock = config.quant.blocks == 1;
  Value zero = k.full({config.tileRows, config.tileColumns}, k.f32(), 0);
  // Scales and zero points of the next block are read while this one is summed.
  SmallVector<Value> inits = {zero};
  auto readAhead = [&](Value start) -> SmallVector<Value> {
    SmallVector<Value> values = {reader.readScales(start, depth)};
    if (config.quant.hasZeros)
      values.push_back(reader.readZeros(start, depth));
    return values;
  };
  SmallVector<Value> first = readAhead(k.i32(0));
  if (!oneBlock)
    llvm::append_range(inits, first);
  Value sum = k.loop(
      k.i32(0), k.i32(config.in), depth, inits,
      [&](Value start, ValueRange carried) -> SmallVector<Value> {
        SmallVector<Value> blocks(carried.drop_front());
        SmallVector<Value> yielded;
        if (oneBlock)
          blocks = first;
        else
          yielded = readAhead(k.add(start, k.i32(depth)));
        Value inputColumn = k.add(kRow, start);
        Value mask = k.along(live, 0);
        if (config.in % depth)
          mask = k.andOp(mask, k.less(inputColumn, k.i32(config.in)));
        Value aTile = k.load(k.pointer(a, inputColumn),
                             k.broadcast(mask, {config.tileRows, depth}),
                             k.constant(config.rows, 0));
        Value codes = reader.readCodes(start, depth,
                                       blocks.size() > 1 ? blocks[1] : Value());
        Value bTile = k.transpose(k.convert(codes, operand));
        Value part = k.dot(k.convert(aTile, operand), bTile,
                           oneBlock ? carried[0] : zero, config.precision);
        if (!oneBlock)
          part = k.add(carried[0], k.mul(part, k.transpose(blocks[0])));
        yielded.insert(yielded.begin(), part);
        return yielded;
      })[0];
  return oneBlock ? k.mul(sum, k.transpose(first[0])) : sum;
}

void GemmBuilder::buildPersistent() {
  weightBlocks = k.describe(weights.codes, k.i32(config.experts * config.out),
                            config.in, {config.tileColumns, config.tileDepth});
  if (!config.isFirst())
    inputBlocks = k.describe(input, numRows, config.in,
                             {config.tileRows, config.tileDepth});
  Value total = k.mul(k.load(numTiles), k.i32(config.columnTiles()));
  // What a program must know of a tile it reads while it is at the one before.
  auto readAhead = [&](Value tile) -> SmallVector<Value> {
    place(tile);
    readTile(k.less(tile, total));
    return {rowTile, columnTile, expert, firstRow, endRow, slot};
  };
  k.loop(k.programId(), total, k.numPrograms(), readAhead(k.programId()),
         [&](Value tile, ValueRange carried) -> SmallVector<Value> {
           SmallVector<Value> next = readAhead(k.add(tile, k.numPrograms()));
           rowTile = carried[0];
           columnTile = carried[1];
           expert = carried[2];
           firstRow = carried[3];
           endRow = carried[4];
           slot = carried[5];
           buildTileOfSet();
           return next;
         });
}

/// The same from blocks. Rows of the next expert that a block holds are not
/// written; past the end of a matrix blocks are zero.
Value GemmBuilder::accumulateBlocks() {
  int64_t depth = config.tileDepth;
  Value firstColumn = k.add(k.mul(expert, k.i32(config.out)),
                            k.mul(columnTile, k.i32(config.tileColumns)));
  Value kRow = k.range(depth, 1);
  Value a;
  if (config.isFirst()) {
    Value token = k.div(slot, k.i32(config.slots));
    Value rowStart =
        k.mul(k.convert(k.along(token, 0), k.i64()), k.i64(config.in));
    a = k.pointer(input, rowStart);
  }
  bool whole = config.in % depth == 0;
  Type operand = config.operandType();
  Value acc = k.full({config.tileRows, config.tileColumns}, k.f32(), 0);
  return k.loop(
      k.i32(0), k.i32(config.in), depth, acc,
      [&](Value start, ValueRange carried) -> SmallVector<Value> {
        Value aTile;
        if (config.isFirst()) {
          Value column = k.add(kRow, start);
          Value mask = k.along(live, 0);
          if (!whole)
            mask = k.andOp(mask, k.less(column, k.i32(config.in)));
          aTile = k.load(k.pointer(a, column),
                         k.broadcast(mask, {config.tileRows, depth}),
                         k.constant(config.rows, 0));
        } else {
          aTile = k.readBlock(inputBlocks, firstRow, start);
        }
        Value bTile =
            k.transpose(k.readBlock(weightBlocks, firstColumn, start));
        return {k.dot(k.convert(aTile, operand), k.convert(bTile, operand),
                      carried[0], config.precision)};
      })[0];
}

void GemmBuilder::readTile(Value exists) {
  Value record = k.mul(rowTile, k.i32(kTileFields));
  expert = k.read(tiles, record, exists);
  firstRow = k.read(tiles, k.add(record, k.i32(1)), exists);
  endRow = k.read(tiles, k.add(record, k.i32(2)), exists);
  findRows();
  slot = k.read(rows, rowPlace, live);
}

void GemmBuilder::buildTileOfSet() {
  if (config.experts == config.allExperts)
    return buildTile();
  expert = k.sub(expert, k.i32(config.firstExpert));
  k.ifThen(k.andOp(k.lessEqual(k.i32(0), expert),
                   k.less(expert, k.i32(config.experts))),
           [&] { buildTile(); });
}

void GemmBuilder::findRows() {
  rowPlace = k.add(k.range(config.tileRows), firstRow);
  live = k.less(rowPlace, endRow);
}

void GemmBuilder::buildTile() {
  findRows();
  rowPlace = k.minimum(rowPlace, k.sub(endRow, k.i32(1)));
  // Read now, it is there when the sums are.
  Value weight;
  if (!config.isFirst())
    weight = k.convert(k.read(routing, slot, live), k.f32());

  Value acc = config.quant        ? accumulateCodes()
              : config.persistent ? accumulateBlocks()
                                  : accumulate();
  Value column = k.add(k.mul(columnTile, k.i32(config.tileColumns)),
                       k.range(config.tileColumns, 1));
  if (bias) {
    Value start = k.mul(k.convert(expert, k.i64()), k.i64(config.out));
    Value values = k.read(bias, k.add(start, k.convert(column, k.i64())),
                          k.less(column, k.i32(config.out)));
    acc = k.add(acc, k.convert(values, k.f32()));
  }
  Value target = config.isFirst() ? rowPlace : slot;
  int64_t width = config.tileColumns;
  if (config.isFirst()) {
    Value gate;
    if (config.gated) {
      std::tie(gate, acc) = k.splitAlternating(acc);
      width /= 2;
    }
    acc = buildActivation(k.get(), k.get().getLoc(), config.activation, gate,
                          acc);
    column = k.add(k.mul(columnTile, k.i32(width)), k.range(width, 1));
  } else {
    acc = k.mul(acc, k.along(weight, 0));
  }
  int64_t columns = config.resultColumns();
  Value start = k.mul(k.convert(k.along(target, 0), k.i64()), k.i64(columns));
  Value mask = k.along(live, 0);
  if (columns % width)
    mask = k.andOp(mask, k.less(column, k.i32(columns)));
  k.write(output, k.add(start, k.convert(column, k.i64())), acc,
          k.broadcast(mask, {config.tileRows, width}));
}

tt::FuncOp mlir::moe::getGemmKernel(KernelFactory &factory,
                                    const GemmConfig &config,
                                    Type routingWeight) {
  Type i32 = IntegerType::get(config.rows.getContext(), 32);
  SmallVector<Type> types = {config.rows};
  llvm::append_range(types, config.weightParameters());
  if (config.bias)
    types.push_back(config.bias);
  types.append({i32, i32, i32});
  std::string key = config.key();
  if (!config.isFirst()) {
    types.push_back(routingWeight);
    llvm::raw_string_ostream(key) << "," << routingWeight;
  }
  SmallVector<bool> scalars(types.size(), false);
  if (config.persistent) {
    types.push_back(i32);
    scalars.push_back(true);
  }
  types.push_back(config.result);
  scalars.push_back(false);
  return factory.get(config.isFirst() ? "moe_gemm1" : "moe_gemm2", key, types,
                     scalars, config.warps, config.stages,
                     [&](KernelBuilder &k, ValueRange arguments) {
                       GemmBuilder(k, config, arguments).build();
                     });
}
