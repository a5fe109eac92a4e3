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
    addQuantizationRules(all);
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

/// Applies the rule of `node`, if there is one that its operands allow.
static LogicalResult inferNode(Inference &inference) {
  NodeOp node = inference.node;
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
  inference.values.visit(node);
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
    ShapeValues known([](Value, unsigned) { return OpFoldResult(); });
    values = &known;
    sequences.clear();
    for (Block &block : function.getBody())
      if (failed(inferBlock(block)))
        return failure();
    for (NodeOp node : sequences)
      if (node->use_empty())
        node.erase();
    for (auto returnOp : function.getOps<func::ReturnOp>())
      function.setType(FunctionType::get(&getContext(),
                                         function.getFunctionType().getInputs(),
                                         returnOp.getOperandTypes()));
    return success();
  }

  LogicalResult inferBlock(Block &block) {
    for (auto node : llvm::make_early_inc_range(block.getOps<NodeOp>())) {
      if (node.is("SplitToSequence") && loopDepth == 0)
        sequences.push_back(node);
      // As with branches, types in loops are not final.
      if (node.is("SequenceAt") && loopDepth == 0) {
        Value folded;
        if (failed(foldSequenceAt(node, folded)))
          return failure();
        if (folded) {
          node.getResult(0).replaceAllUsesWith(folded);
          node.erase();
          continue;
        }
      }
      if (failed(inferOne(node)))
        return failure();
    }
    return success();
  }

  /// The branch of an If that is always taken; null where that is not known.
  Region *getTakenBranch(NodeOp node) {
    // What a loop carries may get wider types later.
    if (loopDepth > 0)
      return nullptr;
    std::optional<SmallVector<int64_t>> condition =
        values->getConstants(node.getInput(0));
    if (!condition || condition->size() != 1)
      return nullptr;
    Region *branch =
        node.getSubgraph(condition->front() ? "then_branch" : "else_branch");
    return branch && branch->front().getTerminator()->getNumOperands() ==
                         node.getNumResults()
               ? branch
               : nullptr;
  }

  /// Puts the nodes of `branch` in the place of the If around it.
  LogicalResult inlineBranch(NodeOp node, Region &branch) {
    Block &block = branch.front();
    if (failed(inferBlock(block)))
      return failure();
    Operation *yield = block.getTerminator();
    for (auto [result, value] :
         llvm::zip_equal(node.getResults(), yield->getOperands()))
      result.replaceAllUsesWith(value);
    yield->erase();
    node->getBlock()->getOperations().splice(node->getIterator(),
                                             block.getOperations());
    node.erase();
    return success();
  }

  LogicalResult inferOne(NodeOp node) {
    if (node.is("If"))
      if (Region *branch = getTakenBranch(node))
        return inlineBranch(node, *branch);
    Inference inference(node, *values);
    bool isLoop = node.is("Loop") || node.is("Scan");
    InferBlock infer = [&](Block &block) {
      loopDepth += isLoop;
      LogicalResult result = inferBlock(block);
      loopDepth -= isLoop;
      return result;
    };
    LogicalResult result = node.is("If")     ? inferIf(inference, infer)
                           : node.is("Loop") ? inferLoop(inference, infer)
                           : node.is("Scan") ? inferScan(inference, infer)
                                             : inferNode(inference);
    numRefined += inference.getNumRefined();
    return result;
  }

  ShapeValues *values = nullptr;
  SmallVector<NodeOp> sequences;
  unsigned loopDepth = 0;
};
} // namespace
