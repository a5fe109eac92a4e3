//===- MoEVerifier.cpp - Checks of com.microsoft MoE and QMoE nodes ===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the operators' schemas cannot say: which attributes go together, and how
// the sizes of a dozen inputs depend on one another. Runtimes trust files in
// this; files get it wrong.
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/IR/Schemas.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::onnxir;

static constexpr int64_t kDynamic = ShapedType::kDynamic;

/// Where the inputs of QMoE stand; MoE's of the same name stand elsewhere.
namespace {
enum QMoEInput : unsigned {
  kZeroPoints = 11,
  kRouterWeights = 14,
  kGlobalScales = 15,
};
} // namespace

bool mlir::onnxir::isMoENode(NodeOp node) {
  return node.is("MoE", "com.microsoft") || node.is("QMoE", "com.microsoft");
}

static bool isQMoE(NodeOp node) { return node.getOpType() == "QMoE"; }

MoENodeSlots mlir::onnxir::getMoENodeSlots(NodeOp node, unsigned matrix) {
  bool isQuantized = isQMoE(node);
  unsigned weights = 2 + (matrix - 1) * (isQuantized ? 3 : 2);
  return {weights, weights + (isQuantized ? 2 : 1), weights + 1,
          kZeroPoints + matrix - 1};
}

static RankedTensorType getInputType(NodeOp node, unsigned slot) {
  Value input = node.getInput(slot);
  return input ? dyn_cast<RankedTensorType>(input.getType())
               : RankedTensorType();
}

int64_t mlir::onnxir::getQMoEBits(NodeOp node, unsigned weights) {
  return node.getInt("fc" + std::to_string(weights) + "_expert_weight_bits",
                     node.getInt("expert_weight_bits", 4));
}

/// Elements that share a byte of weights `n`.
static int64_t getPack(NodeOp node, unsigned n) {
  if (!isQMoE(node))
    return 1;
  RankedTensorType type = getInputType(node, getMoENodeSlots(node, n).weights);
  if (type && !type.getElementType().isInteger())
    return 1;
  int64_t bits = getQMoEBits(node, n);
  return bits == 2 || bits == 4 ? 8 / bits : 1;
}

static bool isSwiGLU(NodeOp node) {
  return node.getString("activation_type", "relu") == "swiglu";
}

MoENodeSizes mlir::onnxir::getMoENodeSizes(NodeOp node) {
  MoENodeSizes sizes;
  sizes.fusion = isSwiGLU(node) && node.getInt("swiglu_fusion", 0) != 0 ? 2 : 1;
  RankedTensorType input = getInputType(node, 0);
  RankedTensorType fc1 = getInputType(node, getMoENodeSlots(node, 1).weights);
  RankedTensorType fc2 = getInputType(node, getMoENodeSlots(node, 2).weights);
  if (input && input.getRank() > 0)
    sizes.hidden = input.getShape().back();
  for (RankedTensorType type : {fc1, fc2})
    if (type && type.getRank() == 3 && ShapedType::isDynamic(sizes.experts))
      sizes.experts = type.getDimSize(0);
  if (!fc2 || fc2.getRank() != 3)
    return sizes;
  int64_t rows = fc2.getDimSize(1), columns = fc2.getDimSize(2);
  int64_t pack = getPack(node, 2);
  if (ShapedType::isDynamic(rows) || ShapedType::isDynamic(columns))
    return sizes;
  std::optional<int64_t> unpacked = llvm::checkedMul(columns, pack);
  if (!unpacked)
    return sizes;
  if (ShapedType::isDynamic(sizes.hidden)) {
    sizes.hidden = rows;
    sizes.inter = *unpacked;
    return sizes;
  }
  if (rows == sizes.hidden && rows != *unpacked) {
    sizes.inter = *unpacked;
  } else if (*unpacked == sizes.hidden && rows != *unpacked) {
    sizes.inter = rows;
    sizes.legacy = true;
  } else if (rows == sizes.hidden) {
    // Square: only fc1 tells, and only where it has twice the rows.
    sizes.inter = rows;
    sizes.legacy = sizes.fusion == 2 && fc1 && fc1.getRank() == 3 &&
                   fc1.getDimSize(1) == sizes.hidden;
  }
  return sizes;
}

namespace {
/// Checks one node; each function returns after the first thing wrong.
class Checker {
public:
  explicit Checker(NodeOp node)
      : node(node), isQuantized(isQMoE(node)), sizes(getMoENodeSizes(node)) {}

  LogicalResult check() {
    return success(succeeded(checkAttributes()) && succeeded(checkRouting()) &&
                   succeeded(checkWeights()) &&
                   (!isQuantized || succeeded(checkQuantization())) &&
                   succeeded(checkOutput()));
  }

private:
  InFlightDiagnostic error() {
    return node.emitError() << node.getOpType() << ": ";
  }
  LogicalResult checkAttributes();
  LogicalResult checkQuantizedAttributes();
  LogicalResult checkRouting();
  LogicalResult checkWeights();
  LogicalResult checkQuantization();
  LogicalResult checkScales(unsigned n, int64_t rows, int64_t columns);
  LogicalResult checkZeroPoints(unsigned n, int64_t rows, int64_t columns);
  LogicalResult checkOutput();

  LogicalResult checkOneOf(StringRef name, StringRef otherwise,
                           ArrayRef<StringRef> values);
  LogicalResult checkOneOf(StringRef name, int64_t otherwise,
                           ArrayRef<int64_t> values);
  /// Checks rank and sizes of an input; sizes that are not known fit.
  LogicalResult checkShape(unsigned slot, StringRef name,
                           ArrayRef<int64_t> shape);
  /// Checks that an input has the element type of the node's first one.
  LogicalResult checkSameElement(unsigned slot, StringRef name);

  bool isPlainInt() { return node.getString("quant_type", "int") == "int"; }
  static std::string named(unsigned n, StringRef what) {
    return ("fc" + Twine(n) + "_" + what).str();
  }
  int64_t getRows(unsigned n) {
    if (n == 2)
      return sizes.hidden;
    return ShapedType::isDynamic(sizes.inter) || n == 3
               ? sizes.inter
               : llvm::checkedMul(sizes.inter, sizes.fusion).value_or(kDynamic);
  }
  int64_t getColumns(unsigned n) { return n == 2 ? sizes.inter : sizes.hidden; }

  NodeOp node;
  bool isQuantized;
  MoENodeSizes sizes;
};
} // namespace

static int64_t ceilDiv(int64_t size, int64_t by) {
  return ShapedType::isDynamic(size) ? kDynamic : llvm::divideCeil(size, by);
}

static bool fits(int64_t size, int64_t wanted) {
  return ShapedType::isDynamic(size) || ShapedType::isDynamic(wanted) ||
         size == wanted;
}

/// "[4, ?, 64]".
static std::string print(ArrayRef<int64_t> shape) {
  std::string text = "[";
  llvm::interleave(
      shape,
      [&](int64_t size) {
        text += ShapedType::isDynamic(size) ? "?" : std::to_string(size);
      },
      [&] { text += ", "; });
  return text + "]";
}

LogicalResult Checker::checkOneOf(StringRef name, StringRef otherwise,
                                  ArrayRef<StringRef> values) {
  StringRef value = node.getString(name, otherwise);
  if (llvm::is_contained(values, value))
    return success();
  return error() << name << " is '" << value << "', not one of "
                 << llvm::join(values, ", ");
}

LogicalResult Checker::checkOneOf(StringRef name, int64_t otherwise,
                                  ArrayRef<int64_t> values) {
  int64_t value = node.getInt(name, otherwise);
  if (llvm::is_contained(values, value))
    return success();
  InFlightDiagnostic diagnostic = error();
  diagnostic << name << " is " << value << ", not one of ";
  llvm::interleaveComma(values, diagnostic);
  return diagnostic;
}

LogicalResult Checker::checkShape(unsigned slot, StringRef name,
                                  ArrayRef<int64_t> shape) {
  RankedTensorType type = getInputType(node, slot);
  if (!type || (type.getRank() == static_cast<int64_t>(shape.size()) &&
                llvm::all_of_zip(type.getShape(), shape, fits)))
    return success();
  return error() << name << " has dimensions " << print(type.getShape())
                 << ", expected " << print(shape);
}

LogicalResult Checker::checkSameElement(unsigned slot, StringRef name) {
  RankedTensorType input = getInputType(node, 0);
  RankedTensorType type = getInputType(node, slot);
  if (!input || !type || type.getElementType() == input.getElementType())
    return success();
  return error() << name << " has elements of type " << type.getElementType()
                 << ", the input " << input.getElementType();
}

LogicalResult Checker::checkAttributes() {
  if (failed(checkOneOf("activation_type", "relu",
                        {"relu", "gelu", "silu", "swiglu", "identity"})) ||
      failed(checkOneOf("swiglu_fusion", 0, {0, 1, 2})) ||
      failed(checkOneOf("normalize_routing_weights", 0, {0, 1})) ||
      failed(checkOneOf("use_sparse_mixer", 0, {0, 1})) ||
      failed(checkOneOf("swiglu_limit_after_activation", 0, {0, 1})))
    return failure();
  int64_t k = node.getInt("k", 1);
  if (k < 1)
    return error() << "k must be at least 1, got " << k;
  if (node.getInt("use_sparse_mixer", 0) && k != 2)
    return error() << "use_sparse_mixer needs k = 2, got " << k;
  if (node.getInt("swiglu_limit_after_activation", 0) && !isSwiGLU(node))
    return error() << "swiglu_limit_after_activation goes with swiglu";
  if (double limit = node.getFloat("swiglu_limit", 0); !(limit >= 0))
    return error() << "swiglu_limit must be at least 0, got " << limit;
  for (StringRef name : {"activation_alpha", "activation_beta"})
    if (!std::isfinite(node.getFloat(name, 1)))
      return error() << name << " must be finite";
  bool hasFC3 = !!node.getInput(getMoENodeSlots(node, 3).weights);
  if (sizes.fusion == 2 && hasFC3)
    return error() << "swiglu_fusion = " << node.getInt("swiglu_fusion", 0)
                   << " takes the linear part from fc1, but there is an fc3";
  if (isSwiGLU(node) && sizes.fusion == 1 && !hasFC3)
    return error() << "swiglu with swiglu_fusion = 0 needs fc3";
  MoENodeSlots fc3 = getMoENodeSlots(node, 3);
  if (!hasFC3 &&
      (node.getInput(fc3.bias) || (isQuantized && (node.getInput(fc3.scales) ||
                                                   node.getInput(fc3.zeros)))))
    return error()
           << "a bias, scales or zero points of fc3 without its weights";
  return isQuantized ? checkQuantizedAttributes() : success();
}

LogicalResult Checker::checkQuantizedAttributes() {
  if (failed(checkOneOf("expert_weight_bits", 4, {2, 4, 8})) ||
      failed(checkOneOf("quant_type", "int",
                        {"int", "fp4", "nvfp4", "fp8", "wfp4afp8"})) ||
      failed(checkOneOf("weights_prepacked", -1, {-1, 0, 1})))
    return failure();
  for (unsigned n : {1, 2, 3})
    if (failed(checkOneOf(named(n, "expert_weight_bits"), getQMoEBits(node, n),
                          {2, 4, 8})))
      return failure();
  if (sizes.fusion == 2 && node.getAttribute(named(3, "expert_weight_bits")) &&
      getQMoEBits(node, 3) != getQMoEBits(node, 1))
    return error() << "fc3_expert_weight_bits is " << getQMoEBits(node, 3)
                   << ", but fc1 holds both projections with "
                   << getQMoEBits(node, 1);
  int64_t block = node.getInt("block_size", 16);
  if (block < 16 || !llvm::isPowerOf2_64(block))
    return error() << "block_size must be a power of two of at least 16, got "
                   << block;
  return success();
}

LogicalResult Checker::checkRouting() {
  RankedTensorType input = getInputType(node, 0);
  if (input) {
    if (input.getRank() != 2 && input.getRank() != 3)
      return error() << "the input must have 2 or 3 dimensions, got "
                     << input.getRank();
    if (!isa<Float32Type, Float16Type, BFloat16Type>(input.getElementType()))
      return error() << "the input must be f32, f16 or bf16, got "
                     << input.getElementType();
  }
  int64_t tokens = kDynamic;
  if (input && !llvm::is_contained(input.getShape().drop_back(), kDynamic)) {
    tokens = 1;
    for (int64_t size : input.getShape().drop_back())
      tokens = llvm::checkedMul(tokens, size).value_or(kDynamic);
  }
  SmallVector<std::pair<unsigned, StringRef>> routers = {{1, "router_probs"}};
  if (isQuantized)
    routers.push_back({kRouterWeights, "router_weights"});
  for (auto [slot, name] : routers) {
    RankedTensorType router = getInputType(node, slot);
    if (failed(checkSameElement(slot, name)))
      return failure();
    if (router && router.getRank() == 2 &&
        !fits(router.getDimSize(1), sizes.experts))
      return error() << name << " has " << router.getDimSize(1)
                     << " columns, the weights have " << sizes.experts
                     << " experts";
    if (failed(checkShape(slot, name, {tokens, sizes.experts})))
      return failure();
  }
  int64_t experts = sizes.experts;
  if (RankedTensorType router = getInputType(node, 1);
      router && ShapedType::isDynamic(experts))
    experts = router.getDimSize(1);
  int64_t k = node.getInt("k", 1);
  if (!ShapedType::isDynamic(experts) && k > experts)
    return error() << "k = " << k << " of " << experts << " experts";
  return success();
}

LogicalResult Checker::checkWeights() {
  for (unsigned n : {1, 2, 3}) {
    unsigned slot = getMoENodeSlots(node, n).weights;
    RankedTensorType type = getInputType(node, slot);
    std::string name = named(n, "experts_weights");
    if (type && isQuantized && !type.getElementType().isUnsignedInteger(8) &&
        !isa<Float8E4M3FNType>(type.getElementType()))
      return error() << name << " must be ui8 or f8E4M3FN, got "
                     << type.getElementType();
    if (type && isQuantized && isPlainInt() &&
        !type.getElementType().isUnsignedInteger(8))
      return error() << name << " must be ui8 for quant_type int";
    if (!isQuantized && failed(checkSameElement(slot, name)))
      return failure();
    // 4-bit floats have two layouts in use; their reader checks sizes.
    int64_t rows = getRows(n), columns = getColumns(n);
    if (isQuantized && !isPlainInt())
      rows = columns = kDynamic;
    else if (sizes.legacy)
      std::swap(rows, columns);
    if (failed(checkShape(
            slot, name,
            {sizes.experts, rows, ceilDiv(columns, getPack(node, n))})))
      return failure();
    std::string bias = named(n, "experts_bias");
    if (failed(checkSameElement(getMoENodeSlots(node, n).bias, bias)) ||
        failed(checkShape(getMoENodeSlots(node, n).bias, bias,
                          {sizes.experts, getRows(n)})))
      return failure();
  }
  return success();
}

LogicalResult Checker::checkScales(unsigned n, int64_t rows, int64_t columns) {
  unsigned slot = getMoENodeSlots(node, n).scales;
  std::string name = named(n, "scales");
  RankedTensorType type = getInputType(node, slot);
  if (!node.getInput(slot)) {
    if (node.getInput(getMoENodeSlots(node, n).weights) && isPlainInt())
      return error() << name << " is missing";
    return success();
  }
  if (!type || !isPlainInt())
    return success();
  if (!isa<Float32Type, Float16Type, BFloat16Type>(type.getElementType()))
    return error() << name << " must be f32, f16 or bf16, got "
                   << type.getElementType();
  if (type.getRank() != 2 && type.getRank() != 3)
    return error() << name << " must have 2 or 3 dimensions, got "
                   << type.getRank();
  if (!node.getAttribute("block_size"))
    return type.getRank() == 2
               ? checkShape(slot, name, {sizes.experts, rows})
               : checkShape(slot, name, {sizes.experts, rows, 1});
  return checkShape(
      slot, name,
      {sizes.experts, rows, ceilDiv(columns, node.getInt("block_size", 16))});
}

LogicalResult Checker::checkZeroPoints(unsigned n, int64_t rows,
                                       int64_t columns) {
  unsigned slot = getMoENodeSlots(node, n).zeros;
  std::string name = named(n, "zero_points");
  if (!node.getInput(slot))
    return success();
  if (!isPlainInt())
    return error() << name << " goes with quant_type int only";
  RankedTensorType type = getInputType(node, slot);
  if (!type)
    return success();
  if (!type.getElementType().isUnsignedInteger(8))
    return error() << name << " must be ui8, got " << type.getElementType();
  int64_t pack = getPack(node, n);
  if (!node.getAttribute("block_size"))
    return checkShape(slot, name, {sizes.experts, ceilDiv(rows, pack)});
  int64_t blocks = ceilDiv(columns, node.getInt("block_size", 16));
  return checkShape(slot, name, {sizes.experts, rows, ceilDiv(blocks, pack)});
}

LogicalResult Checker::checkQuantization() {
  for (unsigned n : {1, 2, 3})
    if (failed(checkScales(n, getRows(n), getColumns(n))) ||
        failed(checkZeroPoints(n, getRows(n), getColumns(n))))
      return failure();
  for (unsigned n : {1, 2})
    if (failed(checkShape(kGlobalScales + n - 1, named(n, "global_scale"),
                          {sizes.experts})))
      return failure();
  return success();
}

LogicalResult Checker::checkOutput() {
  RankedTensorType input = getInputType(node, 0);
  auto output = dyn_cast<RankedTensorType>(node.getResult(0).getType());
  if (!input || !output ||
      (input.getElementType() == output.getElementType() &&
       succeeded(verifyCompatibleShape(input.getShape(), output.getShape()))))
    return success();
  return error() << "the output has type " << output << ", the input " << input;
}

LogicalResult mlir::onnxir::verifyMoENode(NodeOp node) {
  // A call of a model's own function of that name is none of ours, nor is what
  // does not even fit the schema.
  if (!isMoENode(node) || node.getNumResults() != 1 ||
      FunctionOp::getCallee(node))
    return success();
  return Checker(node).check();
}
