//===- Quantization.cpp - Linear quantisation of tensors -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"
#include "Operands.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

Value onnxtolinalg::widenInteger(B &b, Value value, bool isUnsigned,
                                 Type type) {
  if (value.getType() == type)
    return value;
  return isUnsigned ? arith::ExtUIOp::create(b, type, value).getResult()
                    : arith::ExtSIOp::create(b, type, value).getResult();
}

Value onnxtolinalg::quantizeScalar(B &b, Value x, Value zero, Type type,
                                   bool isUnsigned) {
  unsigned width = type.getIntOrFloatBitWidth();
  int64_t low = isUnsigned ? 0 : -(int64_t(1) << (width - 1));
  int64_t high = low + (int64_t(1) << width) - 1;
  Type i32 = b.getI32Type(), f32 = b.getF32Type();
  auto bound = [&](int64_t value) -> Value {
    Value distance = arith::SubIOp::create(b, constant(b, i32, value), zero);
    return arith::SIToFPOp::create(b, f32, distance);
  };
  // Bounded first, so that the sum is exact; what is no number becomes least.
  Value rounded = math::RoundEvenOp::create(b, x);
  rounded = arith::MaxNumFOp::create(b, rounded, bound(low));
  rounded = arith::MinNumFOp::create(b, rounded, bound(high));
  Value code =
      arith::AddIOp::create(b, arith::FPToSIOp::create(b, i32, rounded), zero);
  return arith::TruncIOp::create(b, type, code);
}

DynamicallyQuantized onnxtolinalg::quantizeDynamically(TensorBuilder &b,
                                                       Value input) {
  Type f32 = b.getF32Type(), i8 = b.getI8Type();
  auto rank = cast<RankedTensorType>(input.getType()).getRank();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  // The range contains 0.
  Value least =
      b.reduce(input, axes, /*keepDims=*/false, b.getF32FloatAttr(0.0),
               [](B &b, ValueRange x) -> Value {
                 return arith::MinimumFOp::create(b, x[0], x[1]);
               });
  Value greatest =
      b.reduce(input, axes, /*keepDims=*/false, b.getF32FloatAttr(0.0),
               [](B &b, ValueRange x) -> Value {
                 return arith::MaximumFOp::create(b, x[0], x[1]);
               });
  DynamicallyQuantized result;
  result.scale =
      b.map({least, greatest}, f32, [&](B &b, ValueRange x) -> Value {
        Value range = arith::SubFOp::create(b, x[1], x[0]);
        Value scale = arith::DivFOp::create(b, range, constant(b, f32, 255.0));
        Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ,
                                              range, constant(b, f32, 0.0));
        return arith::SelectOp::create(b, isEmpty, constant(b, f32, 1.0),
                                       scale);
      });
  result.zero =
      b.map({least, result.scale}, i8, [&](B &b, ValueRange x) -> Value {
        Value start =
            arith::DivFOp::create(b, arith::NegFOp::create(b, x[0]), x[1]);
        return quantizeScalar(b, start, constant(b, b.getI32Type(), 0.0), i8,
                              /*isUnsigned=*/true);
      });
  result.codes = b.map(
      {input, result.scale, result.zero}, i8, [&](B &b, ValueRange x) -> Value {
        Value zero = widenInteger(b, x[2], /*isUnsigned=*/true, b.getI32Type());
        return quantizeScalar(b, arith::DivFOp::create(b, x[0], x[1]), zero, i8,
                              /*isUnsigned=*/true);
      });
  return result;
}

namespace {
/// Integers of 8 bits and more, or a weight of 4-bit ones, two in a byte.
class Codes {
public:
  static FailureOr<Codes> get(Node &node, unsigned slot);
  /// The element `at`, widened to `type`.
  Value read(B &b, ValueRange at, Type type) const;

private:
  /// The elements; [bytes] of i8 where they are packed.
  Value tensor;
  bool isUnsigned = false, isPacked = false;
  /// The sizes of the tensor that is packed.
  SmallVector<int64_t> shape;
};
} // namespace

FailureOr<Codes> Codes::get(Node &node, unsigned slot) {
  TensorBuilder &b = node.b;
  Codes result;
  result.tensor = node.get(slot);
  result.isUnsigned = node.isUnsigned(slot);
  RankedTensorType type = node.getType(slot);
  if (type.getElementType().getIntOrFloatBitWidth() >= 8)
    return result;
  result.isPacked = true;
  result.shape.assign(type.getShape().begin(), type.getShape().end());
  int64_t count = type.getNumElements(), bytes = llvm::divideCeil(count, 2);
  auto packed = RankedTensorType::get(bytes, b.getI8Type());
  auto get = result.tensor.getDefiningOp<onnxir::GetWeightOp>();
  onnxir::WeightOp weight =
      get.getWeightOp(&node.state.values->getSymbolTables());
  if (onnxir::FileAttr file = weight.getFile()) {
    auto part = onnxir::FileAttr::get(b.getContext(), packed, file.getPath(),
                                      file.getOffset(), file.getLength());
    result.tensor = addFileWeight(node, weight.getSymName() + "_bytes", part);
    return result;
  }
  auto elements = dyn_cast<DenseElementsAttr>(weight.getElements());
  if (!elements) {
    node.emitError() << "input " << slot << " cannot be read";
    return failure();
  }
  SmallVector<int8_t> values(bytes, 0);
  for (auto [i, code] : llvm::enumerate(elements.getValues<APInt>()))
    values[i / 2] |= static_cast<int8_t>(code.getZExtValue() << (i % 2 * 4));
  result.tensor = arith::ConstantOp::create(
      b, DenseElementsAttr::get(packed, ArrayRef<int8_t>(values)));
  return result;
}

Value Codes::read(B &b, ValueRange at, Type type) const {
  if (!isPacked)
    return widenInteger(b, tensor::ExtractOp::create(b, tensor, at), isUnsigned,
                        type);
  Value place = arith::ConstantIndexOp::create(b, 0);
  for (auto [i, size] : llvm::zip_equal(at, shape))
    place = arith::AddIOp::create(
        b,
        arith::MulIOp::create(b, place,
                              arith::ConstantIndexOp::create(b, size)),
        i);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value byte = tensor::ExtractOp::create(
      b, tensor, ValueRange{arith::ShRUIOp::create(b, place, one)});
  // The first is the lower half. Up, then down again, so that it has its sign.
  Value isSecond = arith::CmpIOp::create(
      b, arith::CmpIPredicate::eq, arith::AndIOp::create(b, place, one), one);
  Value four = constant(b, b.getI8Type(), 4.0);
  Value up = arith::SelectOp::create(b, isSecond, byte,
                                     arith::ShLIOp::create(b, byte, four));
  Value code = isUnsigned ? arith::ShRUIOp::create(b, up, four).getResult()
                          : arith::ShRSIOp::create(b, up, four).getResult();
  return widenInteger(b, code, isUnsigned, type);
}

namespace {
/// Scale and zero point of each element of input 0: one of all, one for each
/// index of an axis, or one for each block along it.
struct Parameters {
  Value scale;
  std::optional<Codes> zero;
  int64_t axis = 0, block = 0;
  /// Where an axis may have one scale for all its indices, whether it has.
  Value isShared;

  /// Checks the operands.
  static FailureOr<Parameters> read(Node &node);
  /// Where to find those of the element `at`.
  SmallVector<Value> locate(B &b, ValueRange at) const;
  /// The zero point as `type`, 0 where there is none.
  Value getZero(B &b, ValueRange where, Type type) const;
};
} // namespace

FailureOr<Parameters> Parameters::read(Node &node) {
  TensorBuilder &b = node.b;
  Parameters result;
  result.scale = node.get(1);
  Value zero = node.get(2);
  result.block = node.op.getInt("block_size", 0);
  int64_t rank = node.getRank(1), dataRank = node.getRank(0);
  auto fail = [&](const Twine &reason) {
    node.emitError() << reason;
    return failure();
  };
  if (!isa<FloatType>(node.getElementType(1)))
    return fail("the scale must be floats");
  if (zero &&
      (node.getRank(2) != rank || !isa<IntegerType>(node.getElementType(2))))
    return fail("scale and zero point differ in rank");
  if (result.block < 0 || (result.block > 0 && rank != dataRank))
    return fail("the scale does not fit blocks of the data");
  if (result.block == 0 && rank > 1)
    return fail("the scale must be a number or a vector");
  Sizes scale = b.getSizes(result.scale);
  if (zero) {
    for (auto [x, y] : llvm::zip_equal(scale, b.getSizes(zero)))
      b.assertEqual(x, y, "scale and zero point differ in size");
    FailureOr<Codes> codes = Codes::get(node, 2);
    if (failed(codes))
      return failure();
    result.zero = *codes;
  }
  // One scale in a vector serves all elements.
  if (rank == 0 || (result.block == 0 && getConstantIntValue(scale[0]) == 1))
    return result;
  FailureOr<int64_t> axis = node.getAxis("axis", 1, dataRank);
  if (failed(axis))
    return failure();
  result.axis = *axis;
  Sizes data = b.getSizes(node.get(0));
  if (result.block == 0) {
    result.isShared = b.assertBroadcast(scale[0], data[*axis]);
    return result;
  }
  for (auto [i, size] : llvm::enumerate(scale)) {
    OpFoldResult expected = data[i];
    if (static_cast<int64_t>(i) == *axis)
      expected = b.ceilDiv(expected, b.index(result.block));
    b.assertEqual(size, expected, "the scale does not fit blocks of the data");
  }
  return result;
}

SmallVector<Value> Parameters::locate(B &b, ValueRange at) const {
  auto type = cast<RankedTensorType>(scale.getType());
  if (type.getRank() == 0)
    return {};
  Value zero = arith::ConstantIndexOp::create(b, 0);
  if (block > 0) {
    SmallVector<Value> where(at);
    where[axis] = arith::DivUIOp::create(
        b, at[axis], arith::ConstantIndexOp::create(b, block));
    return where;
  }
  if (type.getDimSize(0) == 1)
    return {zero};
  if (isShared)
    return {arith::SelectOp::create(b, isShared, zero, at[axis])};
  return {at[axis]};
}

Value Parameters::getZero(B &b, ValueRange where, Type type) const {
  if (!zero)
    return constant(b, type, 0.0);
  return zero->read(b, where, type);
}

static FailureOr<Value> lowerQuantizeLinear(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<Parameters> parameters = Parameters::read(node);
  if (failed(parameters))
    return failure();
  auto type = dyn_cast<IntegerType>(node.getResultElementType(0));
  bool isUnsigned = node.getResultONNXType(0).isUnsignedInteger();
  if (!type || type.getWidth() < 8 || type.getWidth() > 16)
    return node.fail("the result must be integers of 8 or 16 bits");
  if (node.get(2) &&
      (node.getElementType(2) != type || node.isUnsigned(2) != isUnsigned))
    return node.fail("the zero point must have the result's element type");
  int64_t precision = node.op.getInt("precision", 0);
  if (precision != 0 && precision != 1)
    return node.fail("precision " + Twine(precision) + " is not supported");
  Value input = node.get(0);
  Type f32 = b.getF32Type(), from = node.getElementType(0);
  return b.generate(b.getSizes(input), type, [&](B &b, ValueRange at) -> Value {
    SmallVector<Value> where = parameters->locate(b, at);
    Value x = castScalar(b, tensor::ExtractOp::create(b, input, at), from, f32);
    Value scale = convertFloatScalar(
        b, tensor::ExtractOp::create(b, parameters->scale, where), f32);
    return quantizeScalar(b, arith::DivFOp::create(b, x, scale),
                          parameters->getZero(b, where, b.getI32Type()), type,
                          isUnsigned);
  });
}

static FailureOr<Value> lowerDequantizeLinear(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<Parameters> parameters = Parameters::read(node);
  if (failed(parameters))
    return failure();
  if (node.get(2) && (node.getElementType(2) != node.getElementType(0) ||
                      node.isUnsigned(2) != node.isUnsigned(0)))
    return node.fail("the zero point must have the data's element type");
  Type type = node.getResultElementType(0);
  if (!isa<FloatType>(type))
    return node.fail("the result must be floats");
  FailureOr<Codes> codes = Codes::get(node, 0);
  if (failed(codes))
    return failure();
  Type compute = getComputeType(type), i64 = b.getI64Type();
  return b.generate(
      b.getSizes(node.get(0)), type, [&](B &b, ValueRange at) -> Value {
        SmallVector<Value> where = parameters->locate(b, at);
        Value x = codes->read(b, at, i64);
        Value difference =
            arith::SubIOp::create(b, x, parameters->getZero(b, where, i64));
        Value scale = convertFloatScalar(
            b, tensor::ExtractOp::create(b, parameters->scale, where), compute);
        return arith::MulFOp::create(
            b, arith::SIToFPOp::create(b, compute, difference), scale);
      });
}

static Results lowerDynamicQuantizeLinear(Node &node) {
  if (!node.getElementType(0).isF32()) {
    node.emitError() << "only f32 is supported";
    return failure();
  }
  DynamicallyQuantized result = quantizeDynamically(node.b, node.get(0));
  return SmallVector<Value>{result.codes, result.scale, result.zero};
}

void onnxtolinalg::populateQuantizationLowerings(Lowerings &lowerings) {
  // `saturate` is of types of fewer than 8 bits and of floats.
  lowerings["QuantizeLinear"] =
      Lowering(single(lowerQuantizeLinear))
          .takes(2, 3)
          .reads("axis block_size output_dtype precision saturate")
          .of(Elements::Numbers)
          .except("results other than integers of 8 or 16 bits");
  lowerings["DequantizeLinear"] =
      Lowering(single(lowerDequantizeLinear))
          .takes(2, 3)
          .reads("axis block_size output_dtype")
          .of(Elements::Integers)
          .unpacks()
          .except("elements of 2 bits, elements of 4 bits that are not "
                  "weights");
  lowerings["DynamicQuantizeLinear"] = Lowering(lowerDynamicQuantizeLinear)
                                           .takes(1)
                                           .of(Elements::Floats)
                                           .except("floats other than f32");
  lowerings["com.microsoft::QuantizeLinear"] =
      Lowering(single(lowerQuantizeLinear))
          .takes(2, 3)
          .reads("axis")
          .of(Elements::Numbers)
          .except("results other than integers of 8 or 16 bits");
  lowerings["com.microsoft::DequantizeLinear"] =
      Lowering(single(lowerDequantizeLinear))
          .takes(2, 3)
          .reads("axis")
          .of(Elements::Integers);
}
