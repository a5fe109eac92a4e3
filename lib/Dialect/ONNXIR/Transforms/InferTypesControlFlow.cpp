//===- InferTypesControlFlow.cpp - Types around sub-graphs -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"

using namespace mlir;
using namespace mlir::onnxir;

/// How deep loops may nest: each may infer its body several times.
static constexpr unsigned kMaxLoopDepth = 8;

/// What is known of both types; null where rank or element type differ.
static RankedTensorType join(Type first, Type second) {
  auto a = dyn_cast<RankedTensorType>(first),
       b = dyn_cast<RankedTensorType>(second);
  if (!a || !b || a.getRank() != b.getRank() ||
      a.getElementType() != b.getElementType())
    return {};
  SmallVector<int64_t> shape(a.getShape());
  for (auto [size, other] : llvm::zip_equal(shape, b.getShape()))
    if (size != other)
      size = ShapedType::kDynamic;
  return a.clone(shape);
}

/// `type` with all sizes open.
static RankedTensorType open(RankedTensorType type) {
  return type.clone(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic));
}

/// Sets result `index` where its type is known.
static LogicalResult setResult(Inference &inference, unsigned index,
                               RankedTensorType type) {
  if (!type)
    return success();
  return inference.set(index, type.getElementType(), type.getShape());
}

LogicalResult onnxir::inferIf(Inference &inference, const InferBlock &infer) {
  NodeOp node = inference.node;
  Region *thenRegion = node.getSubgraph("then_branch");
  Region *elseRegion = node.getSubgraph("else_branch");
  if (!thenRegion || !elseRegion)
    return inference.emitError() << "needs a then_branch and an else_branch";
  if (failed(infer(thenRegion->front())) || failed(infer(elseRegion->front())))
    return failure();
  Operation *thenYield = thenRegion->front().getTerminator();
  Operation *elseYield = elseRegion->front().getTerminator();
  if (thenYield->getNumOperands() != node.getNumResults() ||
      elseYield->getNumOperands() != node.getNumResults())
    return inference.emitError() << "branches give another number of values";
  for (unsigned i = 0, e = node.getNumResults(); i < e; ++i) {
    Type a = thenYield->getOperand(i).getType(),
         b = elseYield->getOperand(i).getType();
    RankedTensorType both = join(a, b);
    if (!both && isa<RankedTensorType>(a) && isa<RankedTensorType>(b) &&
        !node.getResult(i).use_empty())
      return inference.emitError()
             << "branches give " << a << " and " << b << " for output " << i;
    if (failed(setResult(inference, i, both)))
      return failure();
  }
  return success();
}

namespace {
/// A body whose carried values get the best types that hold in all iterations:
/// first those that they start with, then, where the body gives others, wider
/// ones.
class LoopBody {
public:
  LoopBody(Inference &inference, Region &region, unsigned firstCarried,
           ValueRange initial, unsigned firstGiven)
      : inference(inference), region(region), block(region.front()),
        firstCarried(firstCarried), initial(initial), firstGiven(firstGiven) {
    block.walk([&](Operation *op) {
      for (Value result : op->getResults())
        before.emplace_back(result, result.getType());
      for (Region &inner : op->getRegions())
        for (Value arg : inner.getArguments())
          before.emplace_back(arg, arg.getType());
    });
  }

  LogicalResult run(const InferBlock &infer);

private:
  /// Forgets what was inferred for types that do not hold.
  void reset() {
    for (auto [value, type] : before)
      value.setType(type);
    inference.values.forget(region);
  }

  Inference &inference;
  Region &region;
  Block &block;
  unsigned firstCarried;
  ValueRange initial;
  unsigned firstGiven;
  SmallVector<std::pair<Value, Type>> before;
};
} // namespace

LogicalResult LoopBody::run(const InferBlock &infer) {
  SmallVector<Type> types(initial.getTypes());
  // The second attempt opens the sizes that change, the third one all.
  for (unsigned attempt = 0;; ++attempt) {
    for (auto [i, type] : llvm::enumerate(types))
      block.getArgument(firstCarried + i).setType(type);
    if (failed(infer(block)))
      return failure();
    bool holds = true;
    Operation *yield = block.getTerminator();
    for (auto [i, type] : llvm::enumerate(types)) {
      Type given = yield->getOperand(firstGiven + i).getType();
      if (!isa<RankedTensorType>(type) || !isa<RankedTensorType>(given))
        continue;
      RankedTensorType both = join(type, given);
      if (!both)
        return inference.emitError()
               << "the body makes " << given << " of " << type;
      if (both == type)
        continue;
      holds = false;
      type = attempt == 0 ? both : open(both);
    }
    if (holds)
      return success();
    if (attempt > 0)
      for (Type &type : types)
        if (auto tensor = dyn_cast<RankedTensorType>(type))
          type = open(tensor);
    reset();
  }
}

/// Loops around `node`.
static unsigned getLoopDepth(NodeOp node) {
  unsigned depth = 0;
  for (auto parent = node->getParentOfType<NodeOp>(); parent;
       parent = parent->getParentOfType<NodeOp>())
    depth += parent.is("Loop") || parent.is("Scan");
  return depth;
}

/// Rows of `element` along axis 0; null where its type is not known.
static RankedTensorType getRows(Type element, int64_t length) {
  auto type = dyn_cast<RankedTensorType>(element);
  if (!type)
    return {};
  SmallVector<int64_t> shape{length};
  llvm::append_range(shape, type.getShape());
  return type.clone(shape);
}

/// Checks the counts that both kinds of loops have in common.
static LogicalResult checkBody(Inference &inference, Region *body,
                               unsigned arguments, unsigned given) {
  if (getLoopDepth(inference.node) >= kMaxLoopDepth)
    return inference.emitError()
           << "loops nest deeper than " << kMaxLoopDepth << " levels";
  if (!body || body->getNumArguments() != arguments ||
      body->front().getTerminator()->getNumOperands() != given)
    return inference.emitError() << "the body does not fit inputs and outputs";
  return success();
}

LogicalResult onnxir::inferLoop(Inference &inference, const InferBlock &infer) {
  NodeOp node = inference.node;
  Region *body = node.getSubgraph("body");
  unsigned slots = std::max(node.getNumSlots(), 2u), count = slots - 2;
  if (failed(checkBody(inference, body, slots, node.getNumResults() + 1)))
    return failure();
  if (node.getNumResults() < count)
    return inference.emitError() << "the body does not fit inputs and outputs";
  SmallVector<Value> initial;
  for (unsigned slot = 2; slot < slots; ++slot) {
    if (!node.getInput(slot))
      return inference.emitError() << "input " << slot << " is missing";
    initial.push_back(node.getInput(slot));
  }
  MLIRContext *context = inference.getContext();
  for (auto [i, width] : {std::pair(0u, 64u), std::pair(1u, 1u)}) {
    BlockArgument arg = body->getArgument(i);
    auto declared = dyn_cast<RankedTensorType>(arg.getType());
    SmallVector<int64_t> shape(declared ? declared.getRank() : 0, 1);
    arg.setType(RankedTensorType::get(shape, IntegerType::get(context, width)));
  }
  if (failed(LoopBody(inference, *body, 2, initial, 1).run(infer)))
    return failure();
  Operation *yield = body->front().getTerminator();
  for (unsigned i = 0, e = node.getNumResults(); i < e; ++i) {
    Type given = yield->getOperand(i + 1).getType();
    RankedTensorType type =
        i < count
            ? dyn_cast<RankedTensorType>(body->getArgument(i + 2).getType())
            : getRows(given, ShapedType::kDynamic);
    if (failed(setResult(inference, i, type)))
      return failure();
  }
  return success();
}

LogicalResult onnxir::inferScan(Inference &inference, const InferBlock &infer) {
  NodeOp node = inference.node;
  Region *body = node.getSubgraph("body");
  unsigned slots = node.getNumSlots();
  int64_t scanned = node.getInt("num_scan_inputs", 0);
  if (failed(checkBody(inference, body, slots, node.getNumResults())))
    return failure();
  int64_t states = static_cast<int64_t>(slots) - scanned;
  if (scanned < 1 || states < 0 ||
      states > static_cast<int64_t>(node.getNumResults()))
    return inference.emitError() << "the body does not fit inputs and outputs";
  std::optional<ArrayRef<int64_t>> axes = node.getInts("scan_input_axes"),
                                   places = node.getInts("scan_output_axes");
  SmallVector<Value> initial;
  int64_t length = ShapedType::kDynamic;
  for (int64_t slot = 0; slot < static_cast<int64_t>(slots); ++slot) {
    Value input = node.getInput(slot);
    if (!input)
      return inference.emitError() << "input " << slot << " is missing";
    if (slot < states) {
      initial.push_back(input);
      continue;
    }
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type)
      continue;
    size_t entry = slot - states;
    std::optional<int64_t> axis = normalizeAxis(
        axes && entry < axes->size() ? (*axes)[entry] : 0, type.getRank());
    if (!axis)
      return inference.emitError()
             << "the axis of input " << slot << " is out of range";
    SmallVector<int64_t> shape(type.getShape());
    if (ShapedType::isDynamic(length))
      length = shape[*axis];
    shape.erase(shape.begin() + *axis);
    body->getArgument(slot).setType(type.clone(shape));
  }
  if (failed(LoopBody(inference, *body, 0, initial, 0).run(infer)))
    return failure();
  Operation *yield = body->front().getTerminator();
  for (int64_t i = 0, e = node.getNumResults(); i < e; ++i) {
    if (i < states) {
      if (failed(setResult(
              inference, i,
              dyn_cast<RankedTensorType>(body->getArgument(i).getType()))))
        return failure();
      continue;
    }
    RankedTensorType rows = getRows(yield->getOperand(i).getType(), length);
    size_t entry = i - states;
    std::optional<int64_t> axis =
        rows ? normalizeAxis(places && entry < places->size() ? (*places)[entry]
                                                              : 0,
                             rows.getRank())
             : std::nullopt;
    if (!axis)
      continue;
    SmallVector<int64_t> shape(rows.getShape().drop_front());
    shape.insert(shape.begin() + *axis, length);
    if (failed(setResult(inference, i, rows.clone(shape))))
      return failure();
  }
  return success();
}
