//===- Convolution.cpp - Conv in any number of dimensions -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Padding.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

namespace {
/// Lowers one node. N: batch, G: groups, C: channels of a group, M: results of
/// a group.
class ConvLowering {
public:
  explicit ConvLowering(Node &node) : node(node), b(node.b) {}
  FailureOr<Value> lower();

private:
  FailureOr<SmallVector<int64_t>> getList(StringRef name, int64_t otherwise);
  LogicalResult pad();
  Value convolve();

  Node &node;
  TensorBuilder &b;
  unsigned dims = 0;
  int64_t groups = 1;
  SmallVector<int64_t> strides, dilations;
  /// [N, G · C, …], padded, and sizes of the kernel and the result.
  Value input;
  Sizes kernel, output;
};
} // namespace

/// An attribute with a positive number for each dimension.
FailureOr<SmallVector<int64_t>> ConvLowering::getList(StringRef name,
                                                      int64_t otherwise) {
  SmallVector<int64_t> list(dims, otherwise);
  if (auto given = node.op.getInts(name))
    list.assign(given->begin(), given->end());
  auto fits = [](int64_t i) { return i > 0 && i <= INT32_MAX; };
  if (list.size() == dims && llvm::all_of(list, fits))
    return list;
  node.emitError() << name << " do not fit the dimensions";
  return failure();
}

/// Pads the input, and finds the sizes of the result.
LogicalResult ConvLowering::pad() {
  StringRef mode = node.op.getString("auto_pad", "NOTSET");
  if (!llvm::is_contained({"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"},
                          mode)) {
    node.emitError() << "auto_pad '" << mode << "' does not exist";
    return failure();
  }
  SmallVector<int64_t> pads(2 * dims, 0);
  if (auto given = node.op.getInts("pads"))
    pads.assign(given->begin(), given->end());
  auto fits = [](int64_t i) { return i >= 0 && i <= INT32_MAX; };
  if (pads.size() != 2 * dims || !llvm::all_of(pads, fits)) {
    node.emitError() << "pads do not fit the dimensions";
    return failure();
  }
  Sizes sizes = b.getSizes(input), low(2, b.index(0)), high(low);
  for (unsigned i = 0; i < dims; ++i) {
    OpFoldResult size = sizes[2 + i];
    OpFoldResult stride = b.index(strides[i]), one = b.index(1);
    OpFoldResult reach =
        b.add(b.mul(b.sub(kernel[i], one), b.index(dilations[i])), one);
    OpFoldResult before = b.index(pads[i]), after = b.index(pads[dims + i]);
    if (mode == "VALID")
      before = after = b.index(0);
    if (mode.starts_with("SAME")) {
      OpFoldResult count = b.ceilDiv(size, stride);
      OpFoldResult needed = b.add(b.mul(b.sub(count, one), stride), reach);
      OpFoldResult total = b.max(b.sub(needed, size), b.index(0));
      before = b.floorDiv(total, b.index(2));
      after = b.sub(total, before);
      if (mode == "SAME_LOWER")
        std::swap(before, after);
    }
    OpFoldResult room = b.sub(b.add(b.add(size, before), after), reach);
    b.assertNotNegative(room, "the kernel is larger than the padded input");
    output.push_back(b.add(b.floorDiv(room, stride), one));
    low.push_back(before);
    high.push_back(after);
  }
  auto isZero = [](OpFoldResult size) {
    return getConstantIntValue(size) == 0;
  };
  if (!llvm::all_of(low, isZero) || !llvm::all_of(high, isZero))
    input = onnxtolinalg::pad(b, input, low, high,
                              constant(b, node.getElementType(0), 0.0));
  return success();
}

/// [N, G, M, …] of [N, G, C, …] and [G, M, C, …].
Value ConvLowering::convolve() {
  OpFoldResult g = b.index(groups);
  Sizes from = b.getSizes(input), weight = b.getSizes(node.get(1));
  Sizes split{from[0], g, weight[1]}, filters{g, b.floorDiv(weight[0], g)};
  Sizes sizes{from[0], g, filters[1]};
  split.append(from.begin() + 2, from.end());
  filters.append(weight.begin() + 1, weight.end());
  llvm::append_range(sizes, output);
  // Loops: batch, group, result, positions, channel, positions in the kernel.
  unsigned count = 4 + 2 * dims;
  auto dim = [&](unsigned i) { return b.getAffineDimExpr(i); };
  AffineExpr channel = dim(3 + dims);
  SmallVector<AffineExpr> read{dim(0), dim(1), channel};
  SmallVector<AffineExpr> filter{dim(1), dim(2), channel};
  SmallVector<AffineExpr> result{dim(0), dim(1), dim(2)};
  for (unsigned i = 0; i < dims; ++i) {
    AffineExpr position = dim(3 + i), tap = dim(4 + dims + i);
    read.push_back(position * strides[i] + tap * dilations[i]);
    filter.push_back(tap);
    result.push_back(position);
  }
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(count, 0, exprs, b.getContext());
  };
  return b.sumProducts(
      {b.reshape(input, split), b.reshape(node.get(1), filters)}, sizes,
      {map(read), map(filter), map(result)},
      getComputeType(node.getElementType(0)));
}

FailureOr<Value> ConvLowering::lower() {
  Type type = node.getElementType(0);
  int64_t rank = node.getRank(0);
  groups = node.op.getInt("group", 1);
  if (rank < 3 || node.getRank(1) != rank || node.getElementType(1) != type)
    return node.fail("input and weight do not fit");
  if (groups < 1 || groups > INT32_MAX)
    return node.fail("group must be positive");
  if (node.get(2) && (node.getRank(2) != 1 || node.getElementType(2) != type))
    return node.fail("the bias does not fit the weight");
  dims = rank - 2;
  FailureOr<SmallVector<int64_t>> steps = getList("strides", 1),
                                  gaps = getList("dilations", 1);
  if (failed(steps) || failed(gaps))
    return failure();
  strides = *steps;
  dilations = *gaps;
  input = node.get(0);
  Sizes sizes = b.getSizes(input), weight = b.getSizes(node.get(1));
  kernel.assign(weight.begin() + 2, weight.end());
  if (auto shape = node.op.getInts("kernel_shape")) {
    if (shape->size() != dims)
      return node.fail("kernel_shape does not fit the weight");
    for (auto [size, given] : llvm::zip_equal(kernel, *shape))
      b.assertEqual(size, b.index(given),
                    "kernel_shape does not fit the weight");
  }
  OpFoldResult g = b.index(groups);
  b.assertEqual(b.mul(weight[1], g), sizes[1],
                "the weight does not fit the channels");
  b.assertEqual(b.mul(b.floorDiv(weight[0], g), g), weight[0],
                "the weight does not fit the groups");
  if (failed(pad()))
    return failure();
  Sizes wanted{sizes[0], weight[0]};
  llvm::append_range(wanted, output);
  Value sum = b.reshape(convolve(), wanted);
  if (!node.get(2))
    return b.convertFloat(sum, type);
  b.assertEqual(b.getSize(node.get(2), 0), weight[0],
                "the bias does not fit the weight");
  Sizes column(1 + dims, b.index(1));
  column[0] = weight[0];
  return b.map({sum, b.reshape(node.get(2), column)}, type,
               [](B &b, ValueRange x) -> Value {
                 return arith::AddFOp::create(b, x[0], x[1]);
               });
}

static FailureOr<Value> lowerConv(Node &node) {
  return ConvLowering(node).lower();
}

void onnxtolinalg::populateConvolutionLowerings(Lowerings &lowerings) {
  lowerings["Conv"] =
      Lowering(single(lowerConv))
          .takes(2, 3)
          .reads("auto_pad dilations group kernel_shape pads strides")
          .of(Elements::Floats);
}
