//===- ContribMoEMatrices.cpp - Weights of MoE and QMoE -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/Utils/ContribMoE.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

/// A shape as messages write it: 4x24x16.
static std::string str(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(shape, stream, "x");
  return text;
}

/// The type at `slot`, which must be static, of rank 3 and of the experts.
static FailureOr<RankedTensorType>
getMatrixType(ContribMoE &layer, unsigned slot, StringRef name) {
  Value value = layer.node.getInput(slot);
  if (!value) {
    emitNodeError(layer.node)
        << "input " << slot << " (" << name << ") is missing";
    return failure();
  }
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getRank() != 3) {
    emitNodeError(layer.node)
        << name << " must have rank 3 and known sizes, got " << value.getType();
    return failure();
  }
  if (ShapedType::isDynamic(layer.experts))
    layer.experts = type.getDimSize(0);
  if (type.getDimSize(0) != layer.experts) {
    emitNodeError(layer.node)
        << name << " holds " << type.getDimSize(0)
        << " experts, router_probs has " << layer.experts << " columns";
    return failure();
  }
  Type element = layer.isQuantized ? IntegerType::get(type.getContext(), 8,
                                                      IntegerType::Unsigned)
                                   : layer.inputType.getElementType();
  if (type.getElementType() != element) {
    emitNodeError(layer.node)
        << name << " must be of " << element << ", got " << type;
    return failure();
  }
  return type;
}

/// Reads a matrix of out×in per expert, declared so or with `in` and `out`
/// exchanged.
static LogicalResult readWeights(ContribMoE &layer, unsigned slot,
                                 StringRef name, int64_t out, int64_t in,
                                 ContribMoE::Matrix &matrix) {
  FailureOr<RankedTensorType> type = getMatrixType(layer, slot, name);
  if (failed(type))
    return failure();
  auto bytes = [&](int64_t n) {
    return static_cast<int64_t>(llvm::divideCeil(n, matrix.getPack()));
  };
  SmallVector<int64_t> shape{layer.experts, out, bytes(in)};
  SmallVector<int64_t> old{layer.experts, in, bytes(out)};
  RankedTensorType wanted = type->clone(shape);
  bool fits = type->getShape() == ArrayRef(shape) ||
              (type->getShape() == ArrayRef(old) &&
               type->getNumElements() == wanted.getNumElements());
  if (!fits)
    return emitNodeError(layer.node)
           << name << " must be " << str(shape) << ", got " << *type;
  matrix.weights = layer.node.getInput(slot);
  matrix.type = wanted;
  return success();
}

/// Reads an optional bias of E×size.
static LogicalResult readBias(ContribMoE &layer, unsigned slot, StringRef name,
                              int64_t size, Value &bias) {
  bias = layer.node.getInput(slot);
  if (!bias)
    return success();
  auto type = dyn_cast<RankedTensorType>(bias.getType());
  SmallVector<int64_t> shape{layer.experts, size};
  if (!type || type.getShape() != ArrayRef(shape) ||
      !isa<FloatType>(type.getElementType()))
    return emitNodeError(layer.node)
           << name << " must be " << str(shape) << " of a floating-point type"
           << ", got " << bias.getType();
  return success();
}

/// Reads scales and optional zero points of an out×in matrix.
static LogicalResult readScales(ContribMoE &layer, unsigned scaleSlot,
                                unsigned zeroSlot, StringRef name, int64_t out,
                                int64_t in, ContribMoE::Matrix &matrix) {
  NodeOp node = layer.node;
  matrix.scales = node.getInput(scaleSlot);
  if (!matrix.scales)
    return emitNodeError(node)
           << "input " << scaleSlot << " (" << name << "_scales) is missing";
  int64_t blocks = layer.block ? llvm::divideCeil(in, layer.block) : 1;
  auto bytes = [&](int64_t n) {
    return static_cast<int64_t>(llvm::divideCeil(n, matrix.getPack()));
  };
  SmallVector<int64_t> rows{layer.experts, out};
  SmallVector<int64_t> table{layer.experts, out, blocks};
  auto scales = dyn_cast<RankedTensorType>(matrix.scales.getType());
  bool fits = scales && isa<FloatType>(scales.getElementType()) &&
              (scales.getShape() == ArrayRef(table) ||
               (blocks == 1 && scales.getShape() == ArrayRef(rows)));
  if (!fits)
    return emitNodeError(node)
           << name << "_scales must be " << str(layer.block ? table : rows)
           << " of a floating-point type, got " << matrix.scales.getType();

  matrix.zeros = node.getInput(zeroSlot);
  if (!matrix.zeros)
    return success();
  SmallVector<int64_t> packedRows{layer.experts, bytes(out)};
  SmallVector<int64_t> packedTable{layer.experts, out, bytes(blocks)};
  auto zeros = dyn_cast<RankedTensorType>(matrix.zeros.getType());
  fits = zeros && zeros.getElementType().isUnsignedInteger(8) &&
         (zeros.getShape() == ArrayRef(packedTable) ||
          (blocks == 1 && zeros.getShape() == ArrayRef(packedRows)));
  if (!fits)
    return emitNodeError(node) << name << "_zero_points must be "
                               << str(layer.block ? packedTable : packedRows)
                               << " of ui8, got " << matrix.zeros.getType();
  return success();
}

/// The inner size, from the dimensions of fc1.
static LogicalResult readInner(ContribMoE &layer) {
  FailureOr<RankedTensorType> fc1 =
      getMatrixType(layer, 2, "fc1_experts_weights");
  if (failed(fc1))
    return failure();
  int64_t pack = layer.fc1.getPack();
  int64_t hiddenBytes = llvm::divideCeil(layer.hidden, pack), rows;
  if (fc1->getDimSize(2) == hiddenBytes)
    rows = fc1->getDimSize(1);
  else if (fc1->getDimSize(1) != layer.hidden ||
           llvm::MulOverflow(fc1->getDimSize(2), pack, rows))
    return emitNodeError(layer.node)
           << "fc1_experts_weights must take rows of " << layer.hidden
           << " elements, got " << *fc1;
  if (rows < 1 || rows % layer.fused != 0)
    return emitNodeError(layer.node)
           << "fc1_experts_weights has " << rows
           << " rows, which are not those of gate and up";
  layer.inter = rows / layer.fused;
  return success();
}

LogicalResult onnxir::readContribMatrices(ContribMoE &layer) {
  NodeOp node = layer.node;
  bool q = layer.isQuantized;
  if (layer.hidden < 1)
    return emitNodeError(node) << "the input has rows of 0 elements";
  if (failed(readInner(layer)))
    return failure();
  int64_t rows = layer.inter * layer.fused;
  if (failed(readWeights(layer, 2, "fc1_experts_weights", rows, layer.hidden,
                         layer.fc1)) ||
      failed(readBias(layer, q ? 4 : 3, "fc1_experts_bias", rows,
                      layer.fc1.bias)) ||
      failed(readWeights(layer, q ? 5 : 4, "fc2_experts_weights", layer.hidden,
                         layer.inter, layer.fc2)) ||
      failed(readBias(layer, q ? 7 : 5, "fc2_experts_bias", layer.hidden,
                      layer.fc2.bias)))
    return failure();
  if (q &&
      (failed(readScales(layer, 3, 11, "fc1", rows, layer.hidden, layer.fc1)) ||
       failed(readScales(layer, 6, 12, "fc2", layer.hidden, layer.inter,
                         layer.fc2))))
    return failure();

  unsigned fc3 = q ? 8 : 6;
  bool hasFc3 = static_cast<bool>(node.getInput(fc3));
  bool isSwiglu = layer.activation == "swiglu";
  if (hasFc3 && layer.fused == 2)
    return emitNodeError(node) << "fc3_experts_weights goes with "
                                  "swiglu_fusion 0, got "
                               << layer.swigluFusion;
  if (!hasFc3 && isSwiglu && layer.fused == 1)
    return emitNodeError(node)
           << "swiglu with swiglu_fusion 0 needs fc3_experts_weights";
  if (!hasFc3) {
    for (unsigned slot : {q ? 9u : 7u, q ? 10u : 7u, q ? 13u : 7u})
      if (node.getInput(slot))
        return emitNodeError(node) << "input " << slot
                                   << " goes with fc3_experts_weights, which "
                                      "is missing";
    return success();
  }
  if (failed(readWeights(layer, fc3, "fc3_experts_weights", layer.inter,
                         layer.hidden, layer.fc3)) ||
      failed(readBias(layer, q ? 10 : 7, "fc3_experts_bias", layer.inter,
                      layer.fc3.bias)))
    return failure();
  return q ? readScales(layer, 9, 13, "fc3", layer.inter, layer.hidden,
                        layer.fc3)
           : success();
}
