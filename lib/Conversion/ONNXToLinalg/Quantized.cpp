//===- Quantized.cpp - Operators on block-wise quantised weights ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Indices.h"
#include "Operands.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "moe/Dialect/MoE/IR/MoE.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// Code number `at.back()` of those packed along the last dimension of
/// `bytes`, low bits first, as a float.
static Value readCode(B &b, Value bytes, ValueRange at, int64_t bits,
                      Type type) {
  SmallVector<Value> from(at);
  Value pack = arith::ConstantIndexOp::create(b, 8 / bits);
  from.back() = arith::DivUIOp::create(b, at.back(), pack);
  Value byte = tensor::ExtractOp::create(b, bytes, from);
  Value slot = arith::RemUIOp::create(b, at.back(), pack);
  Value shift =
      arith::MulIOp::create(b, slot, arith::ConstantIndexOp::create(b, bits));
  Value amount = arith::IndexCastUIOp::create(b, b.getI8Type(), shift);
  Value mask = constant(b, b.getI8Type(), (1 << bits) - 1);
  Value code =
      arith::AndIOp::create(b, arith::ShRUIOp::create(b, byte, amount), mask);
  return arith::UIToFPOp::create(b, type, code);
}

static bool isBytes(Node &node, unsigned slot) {
  return node.getElementType(slot).isInteger(8) && node.isUnsigned(slot);
}

/// Whether operand `slot` is there when the model is loaded.
static bool isInitializer(Node &node, unsigned slot) {
  Value value = node.get(slot);
  return value.getDefiningOp<onnxir::GetWeightOp>() ||
         matchPattern(value, m_Constant());
}

/// Whether a MatMulNBits can be a moe.project: whole blocks of initializers.
static bool canProject(Node &node, int64_t k, int64_t block) {
  if (!node.keepsCodes() || k % block || node.getElementType(0).isF64())
    return false;
  if (node.get(3) && (!isBytes(node, 3) || !isInitializer(node, 3)))
    return false;
  return isInitializer(node, 1) && isInitializer(node, 2);
}

/// The product of rows with codes, scales and zero points, as a moe.project.
static Value buildProject(Node &node, Value rows, int64_t n, int64_t k,
                          int64_t bits, int64_t block) {
  TensorBuilder &b = node.b;
  MLIRContext *context = b.getContext();
  auto matrix = [&](unsigned slot, int64_t columns) {
    return b.reshape(node.get(slot),
                     {b.index(1), b.index(n), b.index(columns)});
  };
  SmallVector<Value> zeros;
  if (node.get(3))
    zeros.push_back(matrix(3, llvm::divideCeil(k / block * bits, 8)));
  auto type = moe::WeightsType::get(
      context, {1, n, k},
      IntegerType::get(context, bits, IntegerType::Unsigned));
  Value weights = moe::WeightsOp::create(
      b, type, matrix(1, k * bits / 8), ValueRange(matrix(2, k / block)), zeros,
      moe::LayoutAttr::get(context, 0, 1, false), block,
      zeros.empty() ? int64_t(1) << (bits - 1) : 0);
  auto result = RankedTensorType::get(
      {cast<RankedTensorType>(rows.getType()).getDimSize(0), n},
      getComputeType(node.getElementType(0)));
  return moe::ProjectOp::create(b, result, rows, weights);
}

/// Y = A · dequantised(B)ᵀ + bias, B being [N, K / block, bytes of a block].
static FailureOr<Value> lowerMatMulNBits(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  int64_t n = node.op.getInt("N", 0), k = node.op.getInt("K", 0);
  int64_t bits = node.op.getInt("bits", 4);
  int64_t block = node.op.getInt("block_size", 0);
  if (bits != 2 && bits != 4 && bits != 8)
    return node.fail("bits must be 2, 4 or 8");
  if (n <= 0 || k <= 0 || block < 16 || !llvm::isPowerOf2_64(block))
    return node.fail("N, K or block_size is out of range");
  if (node.op.getInt("weight_prepacked", 0))
    return node.fail("weights packed for a kernel cannot be read");
  if (node.get(4))
    return node.fail("g_idx is not supported");
  int64_t blocks = llvm::divideCeil(k, block), bytes = block * bits / 8;
  auto holds = [&](unsigned slot, int64_t elements) {
    return node.getType(slot).hasStaticShape() &&
           node.getType(slot).getNumElements() == elements;
  };
  if (!isBytes(node, 1) || !holds(1, n * blocks * bytes))
    return node.fail("the weights do not fit N, K, bits and block_size");
  if (!isa<FloatType>(type) || node.getElementType(2) != type ||
      !holds(2, n * blocks))
    return node.fail("the scales do not fit the weights");
  int64_t zeroBytes = llvm::divideCeil(blocks * bits, 8);
  bool packedZeros = node.get(3) && isBytes(node, 3);
  if (node.get(3) && !holds(3, packedZeros ? n * zeroBytes : n * blocks))
    return node.fail("the zero points do not fit the weights");
  if (node.get(3) && !packedZeros && !isa<FloatType>(node.getElementType(3)))
    return node.fail("zero points must be bytes or floats");
  if (node.getRank(0) == 0)
    return node.fail("the input must not be a scalar");
  if (node.get(5) && (!holds(5, n) || !isFloats(node, 5, {1, 2})))
    return node.fail("the bias does not fit the weights");

  OpFoldResult rows = b.index(n), columns = b.index(k);
  Sizes from = b.getSizes(node.get(0));
  OpFoldResult tokens = b.product(ArrayRef(from).drop_back());
  b.assertEqual(from.back(), columns, "the input does not have K columns");
  auto finish = [&](Value result) {
    if (node.get(5))
      result = b.map({result, b.reshape(node.get(5), rows)}, compute,
                     [](B &b, ValueRange x) -> Value {
                       return arith::AddFOp::create(b, x[0], x[1]);
                     });
    Sizes sizes(from);
    sizes.back() = rows;
    return b.reshape(b.convertFloat(result, type), sizes);
  };
  Value input = b.reshape(node.get(0), {tokens, columns});
  if (canProject(node, k, block))
    return finish(buildProject(node, input, n, k, bits, block));
  Value codes = b.reshape(node.get(1), {rows, b.index(blocks * bytes)});
  Value scales = b.reshape(node.get(2), {rows, b.index(blocks)});
  Value zeros;
  if (node.get(3))
    zeros = b.reshape(node.get(3),
                      {rows, b.index(packedZeros ? zeroBytes : blocks)});
  Value weights =
      b.generate({rows, columns}, compute, [&](B &b, ValueRange at) -> Value {
        Value inBlock = arith::DivUIOp::create(
            b, at[1], arith::ConstantIndexOp::create(b, block));
        SmallVector<Value> where{at[0], inBlock};
        Value code = readCode(b, codes, at, bits, compute), zero;
        if (!zeros)
          zero = constant(b, compute, 1 << (bits - 1));
        else if (packedZeros)
          zero = readCode(b, zeros, where, bits, compute);
        else
          zero = convertFloatScalar(
              b, tensor::ExtractOp::create(b, zeros, where), compute);
        Value scale = convertFloatScalar(
            b, tensor::ExtractOp::create(b, scales, where), compute);
        return arith::MulFOp::create(b, arith::SubFOp::create(b, code, zero),
                                     scale);
      });
  return finish(b.multiply(b.convertFloat(input, compute), weights,
                           /*transLhs=*/false, /*transRhs=*/true));
}

/// Gather of rows that are dequantised; an index out of range gives zeros.
static FailureOr<Value> lowerGatherBlockQuantized(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(2), compute = getComputeType(type);
  int64_t rank = node.getRank(0), bits = node.op.getInt("bits", 4);
  int64_t block = node.op.getInt("block_size", 128);
  FailureOr<int64_t> gather = node.getAxis("gather_axis", 0, rank);
  if (failed(gather))
    return failure();
  FailureOr<int64_t> quantized = node.getAxis("quantize_axis", 1, rank);
  if (failed(quantized))
    return failure();
  if (!isBytes(node, 0))
    return node.fail("only data of ui8 is supported");
  if (bits != 2 && bits != 4 && bits != 8)
    return node.fail("bits must be 2, 4 or 8");
  if (block < 16 || !llvm::isPowerOf2_64(block))
    return node.fail("block_size is out of range");
  if (*gather != 0 || *quantized != rank - 1 || rank < 2)
    return node.fail("only blocks along the last dimension of rows that are "
                     "gathered are supported");
  if (!isa<FloatType>(type) || node.getRank(2) != rank ||
      !isa<IntegerType>(node.getElementType(1)) ||
      (node.get(3) && (node.getRank(3) != rank || !isBytes(node, 3))))
    return node.fail("indices, scales or zero points do not fit the data");
  Sizes data = b.getSizes(node.get(0)), scale = b.getSizes(node.get(2));
  OpFoldResult columns = b.mul(data.back(), b.index(8 / bits));
  OpFoldResult blocks = b.ceilDiv(columns, b.index(block));
  for (int64_t i = 0; i < rank; ++i)
    b.assertEqual(scale[i], i + 1 < rank ? data[i] : blocks,
                  "the scales do not fit the data");
  if (node.get(3)) {
    Sizes zero = b.getSizes(node.get(3));
    OpFoldResult bytes = b.ceilDiv(b.mul(blocks, b.index(bits)), b.index(8));
    for (int64_t i = 0; i < rank; ++i)
      b.assertEqual(zero[i], i + 1 < rank ? data[i] : bytes,
                    "the zero points do not fit the data");
  }
  Sizes sizes = b.getSizes(node.get(1));
  size_t outer = sizes.size();
  sizes.append(data.begin() + 1, data.end());
  sizes.back() = columns;
  Value bound = b.getIndex(data[0]);
  return b.generate(sizes, type, [&](B &b, ValueRange loops) -> Value {
    Value index =
        tensor::ExtractOp::create(b, node.get(1), loops.take_front(outer));
    Value row = wrapIndex(b, index, bound);
    Value inside =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, row, bound);
    auto branch = scf::IfOp::create(
        b, inside,
        [&](OpBuilder &builder, Location loc) {
          B b(loc, builder);
          SmallVector<Value> at{row};
          llvm::append_range(at, loops.drop_front(outer));
          SmallVector<Value> where(at);
          where.back() = arith::DivUIOp::create(
              b, at.back(), arith::ConstantIndexOp::create(b, block));
          Value code = readCode(b, node.get(0), at, bits, compute);
          Value zero = node.get(3)
                           ? readCode(b, node.get(3), where, bits, compute)
                           : constant(b, compute, 1 << (bits - 1));
          Value factor = convertFloatScalar(
              b, tensor::ExtractOp::create(b, node.get(2), where), compute);
          Value value = arith::MulFOp::create(
              b, arith::SubFOp::create(b, code, zero), factor);
          scf::YieldOp::create(b, value);
        },
        [&](OpBuilder &builder, Location loc) {
          B b(loc, builder);
          scf::YieldOp::create(b, constant(b, compute, 0.0));
        });
    return branch.getResult(0);
  });
}

void onnxtolinalg::populateQuantizedLowerings(Lowerings &lowerings) {
  // Everything is exact, so `accuracy_level` asks for nothing.
  lowerings["com.microsoft::MatMulNBits"] =
      Lowering(single(lowerMatMulNBits))
          .takes(3, 6)
          .reads("K N accuracy_level bits block_size weight_prepacked")
          .of(Elements::Floats)
          .except("g_idx, prepacked weights");
  lowerings["com.microsoft::GatherBlockQuantized"] =
      Lowering(single(lowerGatherBlockQuantized))
          .takes(3, 4)
          .reads("bits block_size gather_axis quantize_axis")
          .of(Elements::Integers)
          .except("gather_axis other than 0, quantize_axis other than the "
                  "last, data other than bytes");
}
