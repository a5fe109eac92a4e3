//===- ConvertONNXToLinalg.cpp - The pass convert-onnx-to-linalg ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_CONVERTONNXTOLINALGPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;
using namespace mlir::onnxtolinalg;

/// Whether code can be made for elements of `type`.
static bool isSupported(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return false;
  Type element = tensor.getElementType();
  if (auto integer = dyn_cast<IntegerType>(element))
    return llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
  return element.isF16() || element.isBF16() || element.isF32() ||
         element.isF64();
}

/// Whether `value` is a weight of 4-bit integers.
static bool isPackedWeight(Value value) {
  return value.getDefiningOp<onnxir::GetWeightOp>() &&
         getElementTypeOrSelf(value).isInteger(4);
}

namespace {
class FunctionLowering {
public:
  FunctionLowering(func::FuncOp function, bool keepCodes)
      : function(function), b(function.getLoc(), function.getContext()),
        values(
            [this](Value value, unsigned dim) {
              return isSupported(value.getType()) ? b.getSize(value, dim)
                                                  : OpFoldResult();
            },
            &b) {
    state.values = &values;
    state.keepCodes = keepCodes;
    state.lowerBlock = [this](Block &block) { return lowerBlock(block); };
  }

  LogicalResult run();
  unsigned getNumNodes() const { return numNodes; }

private:
  void convertArguments();
  void convertWeight(onnxir::GetWeightOp get);
  void shareNamedSizes();
  void convertResults(ArrayRef<Type> before);
  LogicalResult lowerBlock(Block &block);
  LogicalResult lower(onnxir::NodeOp op);

  func::FuncOp function;
  unsigned numNodes = 0;
  TensorBuilder b;
  onnxir::ShapeValues values;
  FunctionState state;
};
} // namespace

/// Makes unsigned arguments signless; `moe.type` keeps what the caller sees.
void FunctionLowering::convertArguments() {
  for (BlockArgument arg : function.getArguments()) {
    Type signless = getSignless(arg.getType());
    if (signless == arg.getType())
      continue;
    if (!function.getArgAttr(arg.getArgNumber(), kTypeAttrName))
      function.setArgAttr(arg.getArgNumber(), kTypeAttrName,
                          TypeAttr::get(arg.getType()));
    arg.setType(signless);
    state.unsignedValues.insert(arg);
  }
}

/// The same for an initializer, whose bytes do not change.
void FunctionLowering::convertWeight(onnxir::GetWeightOp get) {
  onnxir::WeightOp weight = get.getWeightOp(&values.getSymbolTables());
  if (!weight)
    return;
  auto type = dyn_cast<IntegerType>(weight.getType().getElementType());
  bool isUnsigned = type && type.isUnsigned();
  // A weight that several functions share has been changed by the first.
  isUnsigned |= weight->hasAttr("onnxir.unsigned");
  if (!isUnsigned)
    return;
  auto signless = cast<RankedTensorType>(getSignless(weight.getType()));
  if (signless != weight.getType()) {
    weight->setAttr("onnxir.unsigned", b.getUnitAttr());
    if (onnxir::FileAttr file = weight.getFile())
      weight.setValueAttr(
          onnxir::FileAttr::get(b.getContext(), signless, file.getPath(),
                                file.getOffset(), file.getLength()));
    else if (auto dense = dyn_cast<DenseElementsAttr>(weight.getElements()))
      weight.setValueAttr(dense.bitcast(signless.getElementType()));
  }
  get.getResult().setType(signless);
  state.unsignedValues.insert(get.getResult());
}

/// Arguments whose dimensions have one name have one size: the caller of the
/// compiled code checks that.
void FunctionLowering::shareNamedSizes() {
  llvm::StringMap<OpFoldResult> named;
  for (BlockArgument arg : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(arg.getType());
    auto dims = function.getArgAttrOfType<ArrayAttr>(
        arg.getArgNumber(), onnxir::ONNXIRDialect::kDims);
    if (!type || !dims || dims.size() != static_cast<size_t>(type.getRank()))
      continue;
    Sizes sizes = b.getSizes(arg);
    for (auto [i, attr] : llvm::enumerate(dims))
      if (auto name = dyn_cast<StringAttr>(attr);
          name && !name.getValue().empty() && type.isDynamicDim(i))
        sizes[i] = named.try_emplace(name.getValue(), sizes[i]).first->second;
    b.setSizes(arg, sizes);
  }
}

/// Lowers one node and puts what it gives in the place of its results.
LogicalResult FunctionLowering::lower(onnxir::NodeOp op) {
  b.setLoc(op.getLoc());
  b.setInsertionPoint(op);
  SmallString<64> key(op.getDomain());
  if (!key.empty())
    key += "::";
  key += op.getOpType();
  auto lowering = getLowerings().find(key);
  if (lowering == getLowerings().end())
    return onnxir::emitNodeError(op)
           << "the operator " << (op.getDomain().empty() ? "" : "of domain ")
           << op.getDomain() << (op.getDomain().empty() ? "" : " ")
           << "is not supported";
  bool readsPacked = lowering->second.readsPacked;
  for (Value input : op.getInputs())
    if (!isSupported(input.getType()) &&
        !(readsPacked && isPackedWeight(input)))
      return onnxir::emitNodeError(op)
             << "operands of type " << input.getType() << " are not supported";
  for (Value result : op.getResults())
    if (!isa<NoneType>(result.getType()) && !isSupported(result.getType()))
      return onnxir::emitNodeError(op)
             << (isa<onnxir::AnyType>(result.getType())
                     ? "the type of a result is not known: "
                     : "results of type ")
             << result.getType()
             << (isa<onnxir::AnyType>(result.getType()) ? ""
                                                        : " are not supported");
  if (failed(checkNode(op, lowering->second)))
    return failure();
  values.visit(op);
  b.setSubject(onnxir::getSubject(op));

  Node node(op, b, state);
  Results lowered = lowering->second.lower(node);
  if (failed(lowered))
    return failure();
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (isa<NoneType>(result.getType()))
      continue;
    Value value = i < lowered->size() ? (*lowered)[i] : Value();
    // What an operator leaves out matters where it is used.
    if (!value && result.use_empty())
      continue;
    if (!value)
      return onnxir::emitNodeError(op) << "output " << i << " is not supported";
    Type wanted = getSignless(result.getType());
    FailureOr<Value> declared = node.declare(value, wanted);
    if (failed(declared))
      return failure();
    value = *declared;
    if (wanted != result.getType())
      state.unsignedValues.insert(value);
    values.replace(result, value);
    result.replaceAllUsesWith(value);
  }
  op.erase();
  return success();
}

/// Gives the function the types that it returns now.
void FunctionLowering::convertResults(ArrayRef<Type> before) {
  SmallVector<Type> results(before);
  for (auto returnOp : function.getOps<func::ReturnOp>())
    llvm::copy(returnOp.getOperandTypes(), results.begin());
  for (auto [i, type] : llvm::enumerate(results))
    if (type != before[i] && getSignless(before[i]) != before[i] &&
        !function.getResultAttr(i, kTypeAttrName))
      function.setResultAttr(i, kTypeAttrName, TypeAttr::get(before[i]));
  function.setType(FunctionType::get(
      function.getContext(), function.getBody().getArgumentTypes(), results));
}

/// Lowers the nodes of a block, which may belong to a sub-graph that has found
/// its place.
LogicalResult FunctionLowering::lowerBlock(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto get = dyn_cast<onnxir::GetWeightOp>(op))
      convertWeight(get);
    auto node = dyn_cast<onnxir::NodeOp>(op);
    if (!node)
      continue;
    if (failed(lower(node)))
      return failure();
    ++numNodes;
  }
  return success();
}

LogicalResult FunctionLowering::run() {
  SmallVector<Type> before(function.getResultTypes());
  b.setInsertionPointToStart(&function.getBody().front());
  convertArguments();
  shareNamedSizes();
  if (failed(lowerBlock(function.getBody().front())))
    return failure();
  convertResults(before);
  return success();
}

namespace {
struct ConvertONNXToLinalgPass
    : moe::impl::ConvertONNXToLinalgPassBase<ConvertONNXToLinalgPass> {
  using ConvertONNXToLinalgPassBase::ConvertONNXToLinalgPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal() || !function.getBody().hasOneBlock())
        continue;
      FunctionLowering lowering(function, keepCodes);
      if (failed(lowering.run()))
        return signalPassFailure();
      numNodes += lowering.getNumNodes();
    }
    // The mark serves only while functions are being lowered.
    for (auto weight : getOperation().getOps<onnxir::WeightOp>())
      weight->removeAttr("onnxir.unsigned");
  }
};
} // namespace
