//===- ControlFlow.cpp - If, Loop and Scan -*- C++ -*-===//
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

using B = ImplicitLocOpBuilder;

/// Lowers a branch into `block`, whose result it gives in the types wanted:
/// null for results that nobody reads.
static LogicalResult lowerBranch(Node &node, Region &region, Block *block,
                                 ArrayRef<Type> types) {
  Operation *yield = region.front().getTerminator();
  block->getOperations().splice(block->end(), region.front().getOperations());
  if (failed(node.state.lowerBlock(*block)))
    return failure();
  node.restore(yield);
  SmallVector<Value> values;
  for (auto [value, type] : llvm::zip_equal(yield->getOperands(), types)) {
    if (!type)
      continue;
    FailureOr<Value> declared = node.declare(value, type);
    if (failed(declared))
      return failure();
    values.push_back(*declared);
  }
  scf::YieldOp::create(node.b, values);
  yield->erase();
  return success();
}

static Results lowerIf(Node &node) {
  TensorBuilder &b = node.b;
  Region *first = node.op.getSubgraph("then_branch");
  Region *second = node.op.getSubgraph("else_branch");
  auto fits = [&](Region *region) {
    return region && region->getNumArguments() == 0 &&
           region->front().getTerminator()->getNumOperands() ==
               node.op.getNumResults();
  };
  if (!fits(first) || !fits(second)) {
    node.emitError() << "needs two branches that give its results";
    return failure();
  }
  FailureOr<Value> condition = node.readCondition(node.get(0));
  if (failed(condition))
    return failure();
  SmallVector<Type> types, used;
  for (Value result : node.op.getResults()) {
    types.push_back(result.use_empty() ? Type()
                                       : getSignless(result.getType()));
    if (types.back())
      used.push_back(types.back());
  }
  auto branch = scf::IfOp::create(b, used, *condition,
                                  /*addThenBlock=*/true,
                                  /*addElseBlock=*/true);
  if (failed(lowerBranch(node, *first, branch.thenBlock(), types)) ||
      failed(lowerBranch(node, *second, branch.elseBlock(), types)))
    return failure();
  b.setInsertionPointAfter(branch);
  SmallVector<Value> results;
  unsigned next = 0;
  for (Type type : types)
    results.push_back(type ? branch.getResult(next++) : Value());
  return results;
}

/// A tensor of one element, of the type that the body's argument has.
static Value wrap(TensorBuilder &b, Value scalar, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor::FromElementsOp::create(b, tensor, scalar);
}

static Results lowerLoop(Node &node) {
  TensorBuilder &b = node.b;
  SubgraphLoop loop;
  loop.body = node.op.getSubgraph("body");
  unsigned slots = std::max(node.op.getNumSlots(), 2u), count = slots - 2;
  for (unsigned slot = 2; slot < slots; ++slot) {
    if (!node.get(slot)) {
      node.emitError() << "input " << slot << " is missing";
      return failure();
    }
    loop.carried.push_back(node.get(slot));
  }
  if (!loop.body || loop.body->getNumArguments() != slots ||
      loop.body->front().getTerminator()->getNumOperands() !=
          node.op.getNumResults() + 1 ||
      node.op.getNumResults() < count) {
    node.emitError() << "the body does not fit inputs and outputs";
    return failure();
  }
  Type types[] = {loop.body->getArgument(0).getType(),
                  loop.body->getArgument(1).getType()};
  for (Type &type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    unsigned width = &type == types ? 64 : 1;
    if (!tensor || !tensor.hasStaticShape() || tensor.getNumElements() != 1 ||
        !tensor.getElementType().isInteger(width)) {
      node.emitError() << "the body must take a number and a condition first";
      return failure();
    }
  }
  if (node.get(0)) {
    FailureOr<Sizes> limit = node.getIndices(0);
    if (failed(limit))
      return failure();
    if (limit->size() != 1) {
      node.emitError() << "the number of iterations must be one number";
      return failure();
    }
    loop.limit = b.getIndex(limit->front());
  }
  loop.condition = constant(b, b.getI1Type(), 1.0);
  if (node.get(1)) {
    FailureOr<Value> condition = node.readCondition(node.get(1));
    if (failed(condition))
      return failure();
    loop.condition = *condition;
  }
  loop.numLeading = 2;
  loop.makeArguments = [&](Value iteration) {
    Value number = arith::IndexCastOp::create(b, b.getI64Type(), iteration);
    Value first = wrap(b, number, types[0]);
    node.state.values->set(first, {OpFoldResult(iteration)});
    // It runs only where the condition holds.
    Value holds = constant(b, b.getI1Type(), 1.0);
    return SmallVector<Value>{first, wrap(b, holds, types[1])};
  };
  return loop.build(node);
}

/// Attribute `name`, one entry of which belongs to each of `count` values.
static FailureOr<SmallVector<int64_t>> getList(Node &node, StringRef name,
                                               unsigned count) {
  SmallVector<int64_t> list(count, 0);
  if (auto given = node.op.getInts(name)) {
    if (given->size() != count) {
      node.emitError() << name << " must have " << count << " elements";
      return failure();
    }
    list.assign(given->begin(), given->end());
  }
  return list;
}

/// `input` at `index` of `axis`, without that dimension.
static Value takeRow(TensorBuilder &b, Value input, int64_t axis, Value index) {
  Sizes sizes = b.getSizes(input), offsets(sizes.size(), b.index(0));
  Sizes strides(sizes.size(), b.index(1)), rest(sizes);
  offsets[axis] = index;
  sizes[axis] = b.index(1);
  rest.erase(rest.begin() + axis);
  return b.reshape(b.slice(input, offsets, sizes, strides), rest);
}

/// Puts rows where an output wants them: along another axis, or last first.
static FailureOr<Value> placeRows(Node &node, Value rows, int64_t axis,
                                  bool reversed) {
  TensorBuilder &b = node.b;
  auto type = cast<RankedTensorType>(rows.getType());
  std::optional<int64_t> place = onnxir::normalizeAxis(axis, type.getRank());
  if (!place)
    return node.fail("axis " + Twine(axis) + " of an output is out of range");
  if (reversed) {
    Sizes sizes = b.getSizes(rows);
    Value last = b.getIndex(b.sub(sizes[0], b.index(1)));
    rows = b.generate(sizes, type.getElementType(),
                      [&](B &b, ValueRange at) -> Value {
                        SmallVector<Value> from(at);
                        from[0] = arith::SubIOp::create(b, last, at[0]);
                        return tensor::ExtractOp::create(b, rows, from);
                      });
  }
  SmallVector<int64_t> permutation;
  for (int64_t i = 1; i < type.getRank(); ++i)
    permutation.push_back(i);
  permutation.insert(permutation.begin() + *place, 0);
  return *place == 0 ? rows : b.transpose(rows, permutation);
}

static Results lowerScan(Node &node) {
  TensorBuilder &b = node.b;
  if (node.op.getOpsetVersion() == 8) {
    node.emitError() << "the version of operator set 8 is not supported";
    return failure();
  }
  SubgraphLoop loop;
  loop.body = node.op.getSubgraph("body");
  int64_t slots = node.op.getNumSlots();
  int64_t scanned = node.op.getInt("num_scan_inputs", 0);
  int64_t states = slots - scanned;
  int64_t outputs = static_cast<int64_t>(node.op.getNumResults()) - states;
  if (!loop.body || scanned < 1 || states < 0 || outputs < 0 ||
      loop.body->getNumArguments() != slots ||
      loop.body->front().getTerminator()->getNumOperands() !=
          node.op.getNumResults()) {
    node.emitError() << "the body does not fit inputs and outputs";
    return failure();
  }
  FailureOr<SmallVector<int64_t>>
      axes = getList(node, "scan_input_axes", scanned),
      directions = getList(node, "scan_input_directions", scanned),
      outAxes = getList(node, "scan_output_axes", outputs),
      outDirections = getList(node, "scan_output_directions", outputs);
  if (failed(axes) || failed(directions) || failed(outAxes) ||
      failed(outDirections))
    return failure();
  OpFoldResult length;
  for (int64_t i = 0; i < slots; ++i) {
    if (!node.get(i)) {
      node.emitError() << "input " << i << " is missing";
      return failure();
    }
    if (i < states) {
      loop.carried.push_back(node.get(i));
      continue;
    }
    int64_t &axis = (*axes)[i - states];
    std::optional<int64_t> known = onnxir::normalizeAxis(axis, node.getRank(i));
    if (!known) {
      node.emitError() << "axis " << axis << " of input " << i
                       << " is out of range";
      return failure();
    }
    axis = *known;
    OpFoldResult size = b.getSize(node.get(i), axis);
    if (length)
      b.assertEqual(size, length, "inputs differ in length");
    else
      length = size;
  }
  loop.limit = b.getIndex(length);
  loop.numLeading = 0;
  Value last = b.getIndex(b.sub(length, b.index(1)));
  loop.makeArguments = [&](Value iteration) {
    SmallVector<Value> rows;
    for (int64_t i = 0; i < scanned; ++i) {
      Value index = iteration;
      if ((*directions)[i])
        index = arith::SubIOp::create(b, last, iteration);
      rows.push_back(takeRow(b, node.get(states + i), (*axes)[i], index));
    }
    return rows;
  };
  Results results = loop.build(node);
  if (failed(results))
    return failure();
  for (int64_t i = 0; i < outputs; ++i) {
    FailureOr<Value> placed = placeRows(node, (*results)[states + i],
                                        (*outAxes)[i], (*outDirections)[i]);
    if (failed(placed))
      return failure();
    (*results)[states + i] = *placed;
  }
  return results;
}

void onnxtolinalg::populateControlFlowLowerings(Lowerings &lowerings) {
  lowerings["If"] = Lowering(lowerIf)
                        .takes(1)
                        .reads("else_branch then_branch")
                        .of(Elements::Booleans)
                        .except("branches whose results differ in rank or "
                                "element type");
  lowerings["Loop"] =
      Lowering(lowerLoop)
          .takes(0, Lowering::kVariadic)
          .reads("body")
          .except("carried values that change their rank, loops "
                  "nested deeper than 8");
  lowerings["Scan"] = Lowering(lowerScan)
                          .takes(1, Lowering::kVariadic)
                          .reads("body num_scan_inputs scan_input_axes "
                                 "scan_input_directions scan_output_axes "
                                 "scan_output_directions")
                          .except("version 8, carried values that change their "
                                  "rank");
}
