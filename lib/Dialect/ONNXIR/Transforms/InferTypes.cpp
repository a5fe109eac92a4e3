//===- InferTypes.cpp - The pass onnxir-infer-types -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"

namespace mlir::onnxir {
#define GEN_PASS_DEF_INFERTYPESPASS
#include "moe/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace mlir::onnxir

using namespace mlir;
using namespace mlir::onnxir;

const InferRules &onnxir::getInferRules() {
  static const InferRules rules = [] {
    InferRules all;
    addElementwiseRules(all);
    addShapeRules(all);
    addReshapeRules(all);
    addIndexingRules(all);
    addReductionRules(all);
    addContractionRules(all);
    addAttentionRules(all);
    addContribRules(all);
    return all;
  }();
  return rules;
}

LogicalResult Inference::set(unsigned index, Type elementType,
                             ArrayRef<int64_t> shape) {
  if (index >= node.getNumResults())
    return success();
  Value result = node.getResult(index);
  if (isa<NoneType>(result.getType()))
    return success();
  auto inferred = RankedTensorType::get(shape, elementType);
  auto declared = dyn_cast<TensorType>(result.getType());
  if (!declared && !isa<AnyType>(result.getType()))
    return emitError() << "gives " << inferred << ", declared is "
                       << result.getType();
  if (declared && declared.getElementType() != elementType)
    return emitError() << "gives " << inferred << ", declared is " << declared;
  // Exporters declare wrong shapes for intermediate values, and no runtime
  // minds: the operator is right. Else keep what either of the two knows.
  if (declared && declared.hasRank() &&
      succeeded(verifyCompatibleShape(declared, inferred))) {
    SmallVector<int64_t> merged(shape);
    for (auto [size, known] : llvm::zip_equal(merged, declared.getShape()))
      if (ShapedType::isDynamic(size))
        size = known;
    inferred = inferred.clone(merged);
  }
  if (result.getType() == inferred)
    return success();
  result.setType(inferred);
  ++numRefined;
  return success();
}

/// Types of what an `If` gives: those that both branches agree on.
static LogicalResult inferIf(Inference &inference) {
  NodeOp node = inference.node;
  Region *thenRegion = node.getSubgraph("then_branch");
  Region *elseRegion = node.getSubgraph("else_branch");
  if (!thenRegion || !elseRegion)
    return inference.emitError() << "needs a then_branch and an else_branch";
  Operation *thenYield = thenRegion->front().getTerminator();
  Operation *elseYield = elseRegion->front().getTerminator();
  if (thenYield->getNumOperands() != node.getNumResults() ||
      elseYield->getNumOperands() != node.getNumResults())
    return inference.emitError() << "branches give another number of values";
  for (unsigned i = 0, e = node.getNumResults(); i < e; ++i) {
    auto a = dyn_cast<RankedTensorType>(thenYield->getOperand(i).getType());
    auto b = dyn_cast<RankedTensorType>(elseYield->getOperand(i).getType());
    if (!a || !b || a.getRank() != b.getRank() ||
        a.getElementType() != b.getElementType())
      continue;
    SmallVector<int64_t> shape(a.getShape());
    for (auto [size, other] : llvm::zip_equal(shape, b.getShape()))
      if (size != other)
        size = ShapedType::kDynamic;
    if (failed(inference.set(i, a.getElementType(), shape)))
      return failure();
  }
  return success();
}

/// Applies the rule of `node`, if there is one that its operands allow.
static LogicalResult inferNode(NodeOp node, ShapeValues &values,
                               unsigned &numRefined) {
  Inference inference(node, values);
  if (node.is("If"))
    return inferIf(inference);
  SmallString<64> key(node.getDomain());
  if (!key.empty())
    key += "::";
  key += node.getOpType();
  auto rule = getInferRules().find(key);
  if (rule == getInferRules().end())
    return success();
  for (unsigned slot = 0; slot < rule->second.minInputs; ++slot)
    if (!node.getInput(slot))
      return inference.emitError() << "input " << slot << " is missing";
  for (Value input : node.getInputs())
    if (!isa<RankedTensorType>(input.getType()))
      return success();
  if (failed(rule->second.infer(inference)))
    return failure();
  numRefined += inference.getNumRefined();
  values.visit(node);
  return success();
}

namespace {
struct InferTypesPass
    : public onnxir::impl::InferTypesPassBase<InferTypesPass> {
  using InferTypesPassBase::InferTypesPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(inferFunction(function)))
        return signalPassFailure();
  }

  LogicalResult inferFunction(func::FuncOp function) {
    ShapeValues values([](Value, unsigned) { return OpFoldResult(); });
    unsigned refined = 0;
    SmallVector<NodeOp> sequences;
    // Sub-graphs come before the nodes that hold them.
    WalkResult walk = function.walk([&](NodeOp node) {
      if (node.is("SplitToSequence"))
        sequences.push_back(node);
      if (node.is("SequenceAt")) {
        Value folded;
        if (failed(foldSequenceAt(node, folded)))
          return WalkResult::interrupt();
        if (folded) {
          node.getResult(0).replaceAllUsesWith(folded);
          node.erase();
          return WalkResult::advance();
        }
      }
      return failed(inferNode(node, values, refined)) ? WalkResult::interrupt()
                                                      : WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return failure();
    for (NodeOp node : sequences)
      if (node->use_empty())
        node.erase();
    numRefined += refined;
    for (auto returnOp : function.getOps<func::ReturnOp>())
      function.setType(FunctionType::get(&getContext(),
                                         function.getFunctionType().getInputs(),
                                         returnOp.getOperandTypes()));
    return success();
  }
};
} // namespace
