//===- InlineFunctions.cpp - Bodies in place of calls -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"

namespace mlir::onnxir {
#define GEN_PASS_DEF_INLINEFUNCTIONSPASS
#include "moe/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace mlir::onnxir

using namespace mlir;
using namespace mlir::onnxir;

namespace {
/// A call, and how many functions it stands in by now.
struct Call {
  NodeOp node;
  unsigned depth;
};

/// Puts the body of one function into the place of one call.
class Inliner {
public:
  Inliner(NodeOp call, FunctionOp function)
      : call(call), function(function), builder(call) {}

  /// Replaces and erases the call; `nodes` gets what took its place.
  LogicalResult run(SmallVectorImpl<NodeOp> &nodes);

private:
  NodeOp adapt(NodeOp node);
  NodeOp substituteAttributes(NodeOp node);
  void dropMissingInputs(NodeOp node);
  LogicalResult replaceResults(YieldOp yield);
  void rename(OpResult value, StringRef name);

  NodeOp call;
  FunctionOp function;
  OpBuilder builder;
  /// Stands for inputs that the call leaves out while the body is copied.
  Value missing;
  llvm::DenseSet<Operation *> copies;
};

struct InlineFunctionsPass
    : public onnxir::impl::InlineFunctionsPassBase<InlineFunctionsPass> {
  using InlineFunctionsPassBase::InlineFunctionsPassBase;
  void runOnOperation() override;
};
} // namespace

/// Replaces references to attribute parameters by what the call passes, else by
/// the default; without either the attribute is absent.
NodeOp Inliner::substituteAttributes(NodeOp node) {
  NamedAttrList attributes;
  SmallVector<std::pair<StringAttr, Region *>> graphs;
  for (NamedAttribute named : node.getOnnxAttributes()) {
    auto ref = dyn_cast<RefAttr>(named.getValue());
    if (!ref) {
      attributes.append(named);
      continue;
    }
    Attribute value = call.getAttribute(ref.getName());
    if (!value)
      value = function.getDefaults().get(ref.getName());
    if (value)
      attributes.append(named.getName(), value);
    else if (Region *graph = call.getSubgraph(ref.getName()))
      graphs.push_back({named.getName(), graph});
  }
  node.setOnnxAttributesAttr(attributes.getDictionary(node.getContext()));
  if (graphs.empty())
    return node;

  // Regions cannot be added to an operation: make another one.
  OperationState state(node.getLoc(), NodeOp::getOperationName());
  state.addOperands(node->getOperands());
  state.addTypes(node->getResultTypes());
  state.addAttributes(llvm::to_vector(node->getAttrDictionary()));
  SmallVector<Attribute> names;
  if (ArrayAttr old = node.getSubgraphNamesAttr())
    llvm::append_range(names, old);
  for (Region &region : node.getSubgraphs())
    state.addRegion()->takeBody(region);
  for (auto [name, graph] : graphs) {
    names.push_back(name);
    IRMapping mapping;
    graph->cloneInto(state.addRegion(), mapping);
  }
  OpBuilder at(node);
  state.attributes.set(node.getSubgraphNamesAttrName(), at.getArrayAttr(names));
  auto replacement = cast<NodeOp>(at.create(state));
  node->replaceAllUsesWith(replacement);
  node->erase();
  return replacement;
}

void Inliner::dropMissingInputs(NodeOp node) {
  if (!missing || !llvm::is_contained(node.getInputs(), missing))
    return;
  SmallVector<bool> slots;
  SmallVector<Value> operands;
  for (unsigned slot = 0, e = node.getNumSlots(); slot < e; ++slot) {
    Value input = node.getInput(slot);
    slots.push_back(input && input != missing);
    if (slots.back())
      operands.push_back(input);
  }
  while (!slots.empty() && !slots.back())
    slots.pop_back();
  node.getInputsMutable().assign(operands);
  node.setSlotsAttr(llvm::is_contained(slots, false)
                        ? builder.getDenseBoolArrayAttr(slots)
                        : DenseBoolArrayAttr());
}

/// Makes a copied node stand on its own where the call stood.
NodeOp Inliner::adapt(NodeOp node) {
  node = substituteAttributes(node);
  dropMissingInputs(node);
  std::string prefix = (call.getDisplayName() + "/").str();
  std::string name = prefix + node.getDisplayName().str();
  node.setNameAttr(builder.getStringAttr(name));
  if (ArrayAttr names = node.getOutputNamesAttr()) {
    SmallVector<Attribute> prefixed;
    for (StringRef output : names.getAsValueRange<StringAttr>())
      prefixed.push_back(
          builder.getStringAttr(output.empty() ? "" : prefix + output.str()));
    node.setOutputNamesAttr(builder.getArrayAttr(prefixed));
  }
  Location file = call.getLoc();
  if (auto named = dyn_cast<NameLoc>(file))
    file = named.getChildLoc();
  node->setLoc(NameLoc::get(node.getNameAttr(), file));
  StringRef domain = node.getDomain().empty() ? "ai.onnx" : node.getDomain();
  auto imported = function.getOpsets().getAs<IntegerAttr>(domain);
  if (imported && !node.getOpset() &&
      node.getOpsetVersion() != imported.getInt())
    node.setOpset(imported.getInt());
  return node;
}

LogicalResult Inliner::replaceResults(YieldOp yield) {
  for (auto [index, result] : llvm::enumerate(call.getResults())) {
    if (index >= yield.getNumOperands())
      return call.emitError("function ")
             << call.getOpType() << " has " << yield.getNumOperands()
             << " outputs, the call " << call.getNumResults();
    if (isa<NoneType>(result.getType()))
      continue;
    Value value = yield.getOperand(index);
    if (value == missing)
      return call.emitError("function ")
             << call.getOpType()
             << " returns an input that the call leaves out";
    auto producer = value.getDefiningOp<NodeOp>();
    bool known = !isa<AnyType>(result.getType());
    if (producer && copies.contains(producer)) {
      // The graph around the call knows this value by the call's names.
      if (known)
        value.setType(result.getType());
      rename(cast<OpResult>(value), call.getOutputName(index));
    } else if (known && value.getType() != result.getType()) {
      // Keep what the call says about a value that the body passes through.
      value = NodeOp::create(builder, call.getLoc(), result.getType(),
                             builder.getStringAttr("Identity"), StringAttr(),
                             StringAttr(), value, DenseBoolArrayAttr(),
                             builder.getDictionaryAttr({}), ArrayAttr(),
                             call.getNameAttr(), ArrayAttr(),
                             builder.getI64IntegerAttr(1), 0)
                  .getResult(0);
    }
    result.replaceAllUsesWith(value);
  }
  return success();
}

void Inliner::rename(OpResult value, StringRef name) {
  auto node = cast<NodeOp>(value.getOwner());
  ArrayAttr old = node.getOutputNamesAttr();
  if (!old || name.empty())
    return;
  SmallVector<Attribute> names(old.getValue());
  names[value.getResultNumber()] = builder.getStringAttr(name);
  node.setOutputNamesAttr(builder.getArrayAttr(names));
}

LogicalResult Inliner::run(SmallVectorImpl<NodeOp> &nodes) {
  Block &body = function.getBody().front();
  IRMapping mapping;
  NodeOp placeholder;
  for (BlockArgument argument : body.getArguments()) {
    Value input = call.getInput(argument.getArgNumber());
    if (!input && !placeholder) {
      placeholder = NodeOp::create(
          builder, call.getLoc(), builder.getNoneType(),
          builder.getStringAttr("Missing"), StringAttr(), StringAttr(),
          ValueRange(), DenseBoolArrayAttr(), builder.getDictionaryAttr({}),
          ArrayAttr(), StringAttr(), ArrayAttr(), IntegerAttr(), 0);
      missing = placeholder.getResult(0);
    }
    mapping.map(argument, input ? input : missing);
  }
  if (call.getNumSlots() > body.getNumArguments())
    return call.emitError("function ")
           << call.getOpType() << " has " << body.getNumArguments()
           << " inputs, the call " << call.getNumSlots();

  SmallVector<NodeOp> copied;
  YieldOp yield;
  for (Operation &op : body) {
    Operation *copy = builder.clone(op, mapping);
    yield = dyn_cast<YieldOp>(copy);
    copy->walk([&](NodeOp node) { copied.push_back(node); });
  }
  for (NodeOp node : copied) {
    nodes.push_back(adapt(node));
    copies.insert(nodes.back());
  }
  LogicalResult result = replaceResults(yield);
  yield.erase();
  if (failed(result))
    return failure();
  call.erase();
  if (!placeholder)
    return success();
  if (!missing.use_empty())
    return placeholder.emitError("a sub-graph of function ")
           << function.getOpType()
           << " returns an input that the call leaves out";
  placeholder.erase();
  return success();
}

void InlineFunctionsPass::runOnOperation() {
  SymbolTable symbols(getOperation());
  auto getCallee = [&](NodeOp node) {
    return symbols.lookup<FunctionOp>(FunctionOp::getSymbolFor(
        node.getDomain(), node.getOpType(), node.getOverload()));
  };
  SmallVector<Call> calls;
  uint64_t made = 0;
  for (auto function : getOperation().getOps<func::FuncOp>())
    function.walk([&](NodeOp node) {
      if (getCallee(node))
        calls.push_back({node, 1});
    });
  while (!calls.empty()) {
    Call call = calls.pop_back_val();
    if (call.depth > maxDepth) {
      call.node.emitError("functions call each other more than ")
          << maxDepth.getValue() << " deep";
      return signalPassFailure();
    }
    SmallVector<NodeOp> nodes;
    if (failed(Inliner(call.node, getCallee(call.node)).run(nodes)))
      return signalPassFailure();
    made += nodes.size();
    if (made > maxNodes) {
      getOperation().emitError("inlining functions makes more than ")
          << maxNodes.getValue() << " nodes";
      return signalPassFailure();
    }
    for (NodeOp node : nodes)
      if (getCallee(node))
        calls.push_back({node, call.depth + 1});
    ++numInlined;
  }
  for (auto function :
       llvm::make_early_inc_range(getOperation().getOps<FunctionOp>()))
    function.erase();
}
