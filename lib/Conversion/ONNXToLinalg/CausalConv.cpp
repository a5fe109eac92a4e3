//===- CausalConv.cpp - CausalConvWithState of both domains -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operands.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// Σ_k weight[c, 0, k] · padded[b, c, l + k · dilation] over [B, C, L].
static Value convolve(TensorBuilder &b, Value padded, Value weight,
                      ArrayRef<OpFoldResult> sizes, int64_t dilation,
                      Type compute) {
  AffineExpr batch, channel, position, tap;
  bindDims(b.getContext(), batch, channel, position, tap);
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(4, 0, exprs, b.getContext());
  };
  return b.sumProducts({padded, weight}, sizes,
                       {map({batch, channel, position + tap * dilation}),
                        map({channel, tap}), map({batch, channel, position})},
                       compute);
}

static Results lowerCausalConv(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  StringRef activation = node.op.getString("activation", "none");
  auto fail = [&](const Twine &reason) -> Results {
    node.emitError() << reason;
    return failure();
  };
  for (StringRef name : {"channels_last", "state_window", "state_length",
                         "state_update_capacity", "input_channels",
                         "input_channel_offset", "state_channels_last"})
    if (node.op.getInt(name, 0) != 0)
      return fail(name + " is not supported");
  if (node.op.getInt("ndim", 1) != 1 || node.getRank(0) != 3 ||
      node.getRank(1) != 3)
    return fail("only one dimension is supported");
  if (!isa<FloatType>(type) || node.getElementType(1) != type)
    return fail("needs floating-point elements of one type");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return fail("activation '" + activation + "' is not supported");
  int64_t dilation = node.op.getInt("dilation", 1);
  Sizes sizes = b.getSizes(node.get(0)), kernel = b.getSizes(node.get(1));
  if (dilation < 1 || dilation > INT32_MAX)
    return fail("the dilation is out of range");
  if (!isFloats(node, 2, 1))
    return fail("the bias must be floats of rank 1");
  b.assertEqual(kernel[0], sizes[1], "the weight does not fit the channels");
  b.assertEqual(kernel[1], b.index(1), "the weight is not depthwise");
  Value weight = b.reshape(node.get(1), {kernel[0], kernel[2]});
  OpFoldResult history = b.mul(b.sub(kernel[2], b.index(1)), b.index(dilation));
  Sizes state{sizes[0], sizes[1], history};
  Value past = node.get(3);
  if (past) {
    if (node.getRank(3) != 3 || node.getElementType(3) != type)
      return fail("the state must have rank 3 and the input's element type");
    for (auto [have, want] : llvm::zip_equal(b.getSizes(past), state))
      b.assertEqual(have, want, "the state does not fit input and weight");
  } else {
    past = b.fill(state, constantAttr(type, 0.0));
  }
  Value padded = b.concat({past, node.get(0)}, 2);
  Value sum = convolve(b, padded, weight, sizes, dilation, compute);
  SmallVector<Value> operands{sum};
  if (Value bias = node.get(2))
    operands.push_back(b.reshape(bias, {sizes[1], b.index(1)}));
  Value output = b.map(operands, type, [&](B &b, ValueRange x) -> Value {
    Value y =
        x.size() > 1 ? arith::AddFOp::create(b, x[0], x[1]).getResult() : x[0];
    if (activation == "none")
      return y;
    Value one = constant(b, y.getType(), 1.0);
    Value e = math::ExpOp::create(b, arith::NegFOp::create(b, y));
    return arith::DivFOp::create(b, y, arith::AddFOp::create(b, one, e));
  });
  Sizes offsets(3, b.index(0)), ones(3, b.index(1));
  offsets[2] = sizes[2];
  return SmallVector<Value>{output, b.slice(padded, offsets, state, ones)};
}

void onnxtolinalg::populateCausalConvLowerings(Lowerings &lowerings) {
  lowerings["CausalConvWithState"] =
      lowerings["com.microsoft::CausalConvWithState"] =
          Lowering(lowerCausalConv)
              .takes(2, 4)
              .reads("activation channels_last dilation input_channel_offset "
                     "input_channels ndim state_channels_last state_length "
                     "state_update_capacity state_window")
              .of(Elements::Floats)
              .except("one dimension, channels first, no window of states");
}
