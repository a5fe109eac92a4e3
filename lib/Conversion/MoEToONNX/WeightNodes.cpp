//===- WeightNodes.cpp - Weights of experts as tensors ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerView.h"

using namespace mlir;
using namespace mlir::moe;

/// The experts of tensors that `weights` refers to: all, or the one.
static Value stack(NodeBuilder &nodes, ValueRange parts, WeightsOp weights,
                   std::optional<int64_t> expert) {
  // What has one expert is shared by all.
  if (expert && weights.getType().getNumExperts() == 1)
    expert = 0;
  if (expert)
    expert = weights.getSourceExpert(*expert);
  ArrayRef<int64_t> selection = weights.getExperts();
  if (weights.isStacked()) {
    Value all = parts.front();
    if (!expert && selection.empty())
      return all;
    // Cast is all that ONNX Runtime does with small floats.
    auto element = dyn_cast<FloatType>(getElementTypeOrSelf(all.getType()));
    if (element && element.getWidth() <= 8)
      all = nodes.cast(all, Float32Type::get(nodes.getContext()));
    if (!expert)
      return nodes.node("Gather", {all, nodes.ints(selection)},
                        nodes.attr("axis", 0));
    return nodes.slice(all, 0, *expert, *expert + 1);
  }
  if (expert)
    return nodes.unsqueeze(parts[*expert], {0});
  SmallVector<Value> slices;
  for (int64_t i = 0, e = weights.getType().getNumExperts(); i < e; ++i)
    slices.push_back(nodes.unsqueeze(parts[weights.getSourceExpert(i)], {0}));
  return nodes.concat(slices, 0);
}

Value moe::buildStacked(NodeBuilder &nodes, ValueRange parts, WeightsOp weights,
                        std::optional<int64_t> expert) {
  Value stacked = stack(nodes, parts, weights, expert);
  // The first part's shape, with a dimension of experts in any case.
  SmallVector<int64_t> shape(
      cast<RankedTensorType>(parts.front().getType()).getShape());
  if (!weights.isStacked())
    shape.insert(shape.begin(), parts.size());
  LayoutAttr layout = weights.getLayout();
  WeightsType type = weights.getType();
  if (layout.getTransposed()) {
    stacked = nodes.transpose(stacked, {0, 2, 1});
    std::swap(shape[1], shape[2]);
  }
  int64_t out = type.getOutSize(), step = layout.getStep();
  if (layout.getOffset() == 0 && step == 1 && shape[1] == out)
    return stacked;
  int64_t begin = layout.getOffset();
  return nodes.slice(stacked, 1, begin, begin + (out - 1) * step + 1, step);
}

/// The codes of `storage` in `bytes`, several per byte along the last dimension
/// where they are small, as i32 of `shape`.
static Value unpack(NodeBuilder &nodes, Value bytes, IntegerType storage,
                    ArrayRef<int64_t> shape) {
  MLIRContext *context = nodes.getContext();
  Type i32 = IntegerType::get(context, 32);
  unsigned bits = storage.getWidth();
  // Bytes of another signedness are the same codes.
  if (bits == 8)
    return nodes.cast(nodes.cast(bytes, storage), i32);
  Type byte = IntegerType::get(context, 8, IntegerType::Unsigned);
  Value rest = nodes.cast(nodes.cast(bytes, byte), i32);
  auto last = static_cast<int64_t>(shape.size());
  Value base = nodes.scalar(1 << bits, i32);
  SmallVector<Value> parts;
  for (unsigned i = 0, e = 8 / bits; i < e; ++i) {
    parts.push_back(nodes.unsqueeze(nodes.node("Mod", {rest, base}), {last}));
    if (i + 1 < e)
      rest = nodes.node("Div", {rest, base});
  }
  SmallVector<int64_t> merged(shape.drop_back());
  merged.push_back(-1);
  Value codes = nodes.reshape(nodes.concat(parts, last), merged);
  codes = nodes.slice(codes, last - 1, 0, shape.back());
  if (storage.isUnsigned())
    return codes;
  Value half = nodes.scalar(1 << (bits - 1), i32);
  codes = nodes.node("Mod", {nodes.node("Add", {codes, half}), base});
  return nodes.node("Sub", {codes, half});
}

/// The numbers that codes of a small float stand for, as nodes of the codes.
static Value lookUp(NodeBuilder &nodes, Value codes, FloatType storage,
                    Type type) {
  unsigned bits = storage.getWidth();
  SmallVector<APFloat> table;
  for (uint64_t code = 0; code < uint64_t(1) << bits; ++code) {
    APFloat value(storage.getFloatSemantics(), APInt(bits, code));
    bool losesInfo;
    value.convert(cast<FloatType>(type).getFloatSemantics(),
                  APFloat::rmNearestTiesToEven, &losesInfo);
    table.push_back(value);
  }
  Value numbers = nodes.constant(DenseElementsAttr::get(
      RankedTensorType::get(static_cast<int64_t>(table.size()), type), table));
  return nodes.node("Gather", {numbers, codes}, nodes.attr("axis", 0));
}

/// The operator set from which on Cast takes tensors of `element`.
static int64_t getFirstOpset(Type element) {
  if (isa<Float8E8M0FNUType>(element))
    return 24;
  if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() == 8)
    return 19;
  return 13;
}

static LogicalResult checkCast(NodeBuilder &nodes, Value source,
                               Reason &reason) {
  Type element = getElementTypeOrSelf(source.getType());
  int64_t first = getFirstOpset(element);
  if (nodes.getOpset() >= first)
    return success();
  std::string text;
  llvm::raw_string_ostream(text)
      << "weights or scales of " << element << " need operator set " << first
      << ", the model imports " << nodes.getOpset();
  return reason(text);
}

/// The elements of `weights` without their scales and zero points.
static FailureOr<Value> decode(NodeBuilder &nodes, WeightsOp weights, Type type,
                               std::optional<int64_t> expert, Reason &reason) {
  WeightsType shape = weights.getType();
  Type storage = shape.getStorage();
  Value values = buildStacked(nodes, weights.getSources(), weights, expert);
  Type source = getElementTypeOrSelf(weights.getSources().front().getType());
  SmallVector<int64_t> sizes(shape.getShape());
  if (expert)
    sizes.front() = 1;
  bool isPacked = shape.getPackFactor() != 1;
  if (isPacked && weights.getLayout().getTransposed())
    return reason("transposed weights of less than a byte are not supported");
  if (auto codes = dyn_cast<IntegerType>(storage))
    values = unpack(nodes, values, codes, sizes);
  else if (storage != source) {
    auto codes = IntegerType::get(nodes.getContext(), shape.getStorageBits(),
                                  IntegerType::Unsigned);
    return lookUp(nodes, unpack(nodes, values, codes, sizes),
                  cast<FloatType>(storage), type);
  }
  if (source == type)
    return values;
  if (failed(checkCast(nodes, weights.getSources().front(), reason)))
    return failure();
  return nodes.cast(values, type);
}

/// (code − zero) · scale.
static FailureOr<Value> dequantize(NodeBuilder &nodes, WeightsOp weights,
                                   Type type, std::optional<int64_t> expert,
                                   Reason &reason) {
  FailureOr<Value> decoded = decode(nodes, weights, type, expert, reason);
  if (failed(decoded) || weights.getScales().empty())
    return decoded;
  Value values = *decoded;
  WeightsType shape = weights.getType();
  if (!shape.isMatrix())
    return reason("quantised biases are not supported");
  if (weights.getLayout().getTransposed())
    return reason("transposed quantised weights are not supported");
  int64_t experts = expert ? 1 : shape.getNumExperts();
  int64_t out = shape.getOutSize();
  int64_t in = shape.getInSize(), blocks = weights.getNumBlocks();
  /// A value per block as one per element.
  auto spread = [&](Value values) {
    if (blocks == 1)
      return nodes.reshape(values, {experts, out, 1});
    int64_t block = weights.getEffectiveBlock();
    values = nodes.reshape(values, {experts, out, blocks, 1});
    values = nodes.node("Expand",
                        {values, nodes.ints({experts, out, blocks, block})});
    values = nodes.reshape(values, {experts, out, blocks * block});
    return nodes.slice(values, 2, 0, in);
  };
  Value zeros;
  if (weights.getZeros().empty()) {
    if (weights.getZeroPoint() != 0)
      zeros = nodes.scalar(weights.getZeroPoint(), type);
  } else {
    auto storage = cast<IntegerType>(shape.getStorage());
    unsigned bits = storage.getWidth();
    auto zeroType =
        cast<RankedTensorType>(weights.getZeros().front().getType());
    bool packsRows = weights.isStacked() && zeroType.getRank() == 2;
    if (!weights.isStacked() && zeroType.getRank() == 1 && bits < 8)
      return reason("packed zero points of separate experts are not "
                    "supported");
    LayoutAttr layout = weights.getLayout();
    if (packsRows && bits < 8 && !layout.isIdentity()) {
      // Rows share bytes: they are taken apart before a part is chosen.
      int64_t rows = layout.getOffset() + (out - 1) * layout.getStep() + 1;
      Value all =
          unpack(nodes, stack(nodes, weights.getZeros(), weights, expert),
                 storage, {experts, rows});
      zeros = nodes.slice(all, 1, layout.getOffset(), rows, layout.getStep());
    } else if (packsRows) {
      zeros = layout.isIdentity()
                  ? stack(nodes, weights.getZeros(), weights, expert)
                  : buildStacked(nodes, weights.getZeros(), weights, expert);
      zeros = unpack(nodes, zeros, storage, {experts, out});
    } else {
      zeros = unpack(nodes,
                     buildStacked(nodes, weights.getZeros(), weights, expert),
                     storage, {experts, out, blocks});
    }
    zeros = spread(nodes.cast(zeros, type));
  }
  if (failed(checkCast(nodes, weights.getScales().front(), reason)))
    return failure();
  Value scales = nodes.cast(
      buildStacked(nodes, weights.getScales(), weights, expert), type);
  if (zeros)
    values = nodes.node("Sub", {values, zeros});
  return nodes.node("Mul", {values, spread(scales)});
}

FailureOr<Value> moe::buildWeights(NodeBuilder &nodes, Value weights, Type type,
                                   std::optional<int64_t> expert,
                                   Reason &reason) {
  if (auto lowRank = weights.getDefiningOp<LowRankWeightsOp>()) {
    FailureOr<Value> base =
        buildWeights(nodes, lowRank.getBase(), type, expert, reason);
    if (failed(base))
      return failure();
    FailureOr<Value> u =
        buildWeights(nodes, lowRank.getU(), type, expert, reason);
    if (failed(u))
      return failure();
    FailureOr<Value> v =
        buildWeights(nodes, lowRank.getV(), type, expert, reason);
    if (failed(v))
      return failure();
    return nodes.node("Add", {*base, nodes.node("MatMul", {*u, *v})});
  }
  auto op = weights.getDefiningOp<WeightsOp>();
  if (!op)
    return reason("its weights do not come from moe.weights");
  return dequantize(nodes, op, type, expert, reason);
}
