//===- SubgraphLoop.cpp - Sub-graphs as bodies of loops -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SubgraphLoop.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

/// The type of rows of `element` in a row of any length; null where its rank is
/// not known.
static RankedTensorType getRowsType(Type element) {
  auto type = dyn_cast<RankedTensorType>(getSignless(element));
  if (!type)
    return {};
  SmallVector<int64_t> shape{ShapedType::kDynamic};
  llvm::append_range(shape, type.getShape());
  return RankedTensorType::get(shape, type.getElementType());
}

/// No rows yet. Their open sizes become known with the first one.
static Value buildNoRows(TensorBuilder &b, RankedTensorType type) {
  Sizes sizes;
  for (int64_t size : type.getShape())
    sizes.push_back(b.index(ShapedType::isDynamic(size) ? 0 : size));
  Value none = tensor::EmptyOp::create(b, sizes, type.getElementType());
  return tensor::CastOp::create(b, type, none);
}

/// `rows`, of which `count` are filled, with one more. A buffer that is full is
/// copied to one of twice the size, so that all rows cost linear time.
static Value appendRow(TensorBuilder &b, Value rows, Value count, Value row) {
  auto type = cast<RankedTensorType>(rows.getType());
  Sizes sizes = b.getSizes(rows), wanted(b.getSizes(row));
  wanted.insert(wanted.begin(), b.index(1));
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, count,
                                        b.getIndex(b.index(0)));
  for (int64_t i = 1; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      continue;
    Value same =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, b.getIndex(sizes[i]),
                              b.getIndex(wanted[i]));
    b.assertTrue(arith::OrIOp::create(b, isFirst, same),
                 "an output of the body changes its size");
  }
  Value isFull = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, count,
                                       b.getIndex(sizes[0]));
  OpFoldResult more = b.max(b.mul(sizes[0], b.index(2)), b.index(4));
  Sizes ones(sizes.size(), b.index(1)), offsets(sizes.size(), b.index(0));
  auto grown = scf::IfOp::create(b, TypeRange{type}, isFull,
                                 /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(grown.thenBlock());
    Sizes larger(wanted);
    larger[0] = more;
    Value room = tensor::EmptyOp::create(b, larger, type.getElementType());
    if (room.getType() != type)
      room = tensor::CastOp::create(b, type, room);
    Value copy =
        tensor::InsertSliceOp::create(b, rows, room, offsets, sizes, ones);
    scf::YieldOp::create(b, copy);
    b.setInsertionPointToStart(grown.elseBlock());
    scf::YieldOp::create(b, rows);
  }
  offsets[0] = count;
  return tensor::InsertSliceOp::create(
      b, b.reshape(row, wanted), grown.getResult(0), offsets, wanted, ones);
}

/// Puts what the loop gives for the body's arguments in their place.
static void bindArguments(Node &node, Block &body, ValueRange values) {
  for (auto [arg, value] : llvm::zip_equal(body.getArguments(), values)) {
    if (getSignless(arg.getType()) != arg.getType())
      node.state.unsignedValues.insert(value);
    arg.replaceAllUsesWith(value);
  }
}

Results SubgraphLoop::build(Node &node) const {
  TensorBuilder &b = node.b;
  Block &block = body->front();
  Operation *yield = block.getTerminator();
  unsigned numGiven = carried.size() + (condition ? 1 : 0);
  SmallVector<Value> init{b.getIndex(b.index(0))};
  if (condition)
    init.push_back(condition);
  for (auto [i, value] : llvm::enumerate(carried)) {
    Type type = getSignless(block.getArgument(numLeading + i).getType());
    FailureOr<Value> first = node.declare(value, type);
    if (failed(first))
      return failure();
    init.push_back(*first);
  }
  for (Value given : yield->getOperands().drop_front(numGiven)) {
    RankedTensorType rows = getRowsType(given.getType());
    if (!rows) {
      node.emitError() << "the type of an output of the body is not known";
      return failure();
    }
    init.push_back(buildNoRows(b, rows));
  }

  SmallVector<Type> types = llvm::to_vector(ValueRange(init).getTypes());
  SmallVector<Location> locs(types.size(), b.getLoc());
  auto loop = scf::WhileOp::create(b, types, init);
  Block *before = b.createBlock(&loop.getBefore(), {}, types, locs);
  Value goesOn = condition ? Value(before->getArgument(1))
                           : constant(b, b.getI1Type(), 1.0);
  if (limit)
    goesOn = arith::AndIOp::create(
        b, goesOn,
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                              before->getArgument(0), limit));
  scf::ConditionOp::create(b, goesOn, before->getArguments());

  Block *after = b.createBlock(&loop.getAfter(), {}, types, locs);
  Value count = after->getArgument(0);
  ValueRange state = ValueRange(after->getArguments()).drop_front(1);
  state = state.drop_front(condition ? 1 : 0);
  SmallVector<Value> arguments = makeArguments(count);
  arguments.insert(arguments.begin() + numLeading, state.begin(),
                   state.begin() + carried.size());
  bindArguments(node, block, arguments);
  after->getOperations().splice(after->end(), block.getOperations());
  if (failed(node.state.lowerBlock(*after)))
    return failure();

  node.restore(yield);
  Value one = b.getIndex(b.index(1));
  SmallVector<Value> next{arith::AddIOp::create(b, count, one)};
  if (condition) {
    FailureOr<Value> given = node.readCondition(yield->getOperand(0));
    if (failed(given))
      return failure();
    next.push_back(*given);
  }
  for (unsigned i = condition ? 1 : 0; i < yield->getNumOperands(); ++i) {
    Value value = yield->getOperand(i);
    if (i >= numGiven) {
      next.push_back(
          appendRow(b, after->getArgument(next.size()), count, value));
      continue;
    }
    FailureOr<Value> again = node.declare(value, types[next.size()]);
    if (failed(again))
      return failure();
    next.push_back(*again);
  }
  scf::YieldOp::create(b, next);
  yield->erase();

  b.setInsertionPointAfter(loop);
  SmallVector<Value> results(
      ValueRange(loop.getResults()).drop_front(condition ? 2 : 1));
  for (Value &rows : llvm::drop_begin(results, carried.size())) {
    Sizes sizes = b.getSizes(rows), zeros(sizes.size(), b.index(0));
    sizes[0] = loop.getResult(0);
    rows = b.slice(rows, zeros, sizes, Sizes(sizes.size(), b.index(1)));
  }
  return results;
}
