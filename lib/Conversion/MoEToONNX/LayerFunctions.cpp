//===- LayerFunctions.cpp - Layers as model-local functions -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerFunctions.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::FunctionOp;
using onnxir::NodeOp;

FunctionOp LayerFunctions::getOrInsert(FunctionOp function) {
  for (FunctionOp other : functions)
    if (OperationEquivalence::isRegionEquivalentTo(
            &other.getBody(), &function.getBody(),
            OperationEquivalence::IgnoreLocations)) {
      function.erase();
      return other;
    }
  OpBuilder b(function);
  for (size_t number = functions.size();; ++number) {
    std::string name = "MoELayer";
    if (number != 0)
      name += "_" + std::to_string(number);
    std::string symbol = FunctionOp::getSymbolFor(kLayerDomain, name, "");
    if (symbols.lookup(symbol))
      continue;
    function.setOpType(name);
    function.setSymName(symbol);
    break;
  }
  symbols.insert(function, module.getBody()->end());
  functions.push_back(function);
  return function;
}

bool LayerFunctions::outline(const LayerView &layer, Operation *first,
                             Operation *end, Value result) {
  SmallVector<Operation *> nodes;
  DenseSet<Operation *> inside;
  for (Operation *op = first; op != end; op = op->getNextNode()) {
    nodes.push_back(op);
    inside.insert(op);
  }
  // The layer's parameters in the order of their first use.
  Value leading[] = {layer.tokens, layer.ids, layer.weights};
  llvm::SetVector<Value> inputs(std::begin(leading), std::end(leading));
  for (Operation *op : nodes)
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp() || !inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);

  // Its functions' types do not include these.
  if (llvm::any_of(inputs, [](Value input) {
        auto type = dyn_cast<FloatType>(getElementTypeOrSelf(input.getType()));
        return type && type.getWidth() <= 8;
      }))
    return false;

  OpBuilder b(module.getContext());
  Location loc = end->getLoc();
  auto opset = b.getNamedAttr("ai.onnx",
                              b.getI64IntegerAttr(NodeBuilder(end).getOpset()));
  auto function = FunctionOp::create(
      b, loc, "", "", kLayerDomain, "", b.getArrayAttr({}), b.getArrayAttr({}),
      b.getDictionaryAttr({}), b.getDictionaryAttr(opset));
  Type any = onnxir::AnyType::get(b.getContext());
  Block *body = b.createBlock(&function.getBody());
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body->addArgument(any, loc));
  for (Operation *op : nodes) {
    Operation *copy = b.clone(*op, mapping);
    for (Value value : copy->getResults())
      value.setType(any);
  }
  onnxir::YieldOp::create(b, loc, mapping.lookup(result));
  function = getOrInsert(function);

  b.setInsertionPoint(end);
  auto call = NodeOp::create(
      b, loc, result.getType(), function.getOpTypeAttr(),
      function.getDomainAttr(), /*overload=*/StringAttr(), inputs.getArrayRef(),
      /*operand_slots=*/DenseBoolArrayAttr(), b.getDictionaryAttr({}),
      /*subgraph_names=*/ArrayAttr(), /*name=*/StringAttr(),
      /*output_names=*/ArrayAttr(), /*opset=*/IntegerAttr(),
      /*subgraphsCount=*/0);
  result.replaceAllUsesWith(call.getResult(0));
  for (Operation *op : llvm::reverse(nodes))
    op->erase();
  return true;
}
