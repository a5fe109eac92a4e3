//===- ExportNames.cpp - Names of the values of a model ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExportNames.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::onnxir;

/// The names that the importer gave the arguments of a graph's entry block.
static StringRef getArgumentName(BlockArgument argument) {
  unsigned index = argument.getArgNumber();
  Operation *parent = argument.getOwner()->getParentOp();
  auto pick = [&](ArrayAttr names) -> StringRef {
    auto name = names && index < names.size()
                    ? dyn_cast<StringAttr>(names[index])
                    : StringAttr();
    return name ? name.getValue() : "";
  };
  if (auto main = dyn_cast<func::FuncOp>(parent)) {
    auto name = main.getArgAttrOfType<StringAttr>(index, ONNXIRDialect::kName);
    return name ? name.getValue() : "";
  }
  if (auto function = dyn_cast<FunctionOp>(parent))
    return pick(function.getInputNames());
  auto all = parent->getAttrOfType<ArrayAttr>(ONNXIRDialect::kSubgraphs);
  unsigned region = argument.getOwner()->getParent()->getRegionNumber();
  auto info = all && region < all.size() ? dyn_cast<DictionaryAttr>(all[region])
                                         : DictionaryAttr();
  return info ? pick(info.getAs<ArrayAttr>("inputs")) : "";
}

/// The name that `value` has in the model, "" when it has none.
static StringRef getOwnName(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getArgumentName(argument);
  auto result = cast<OpResult>(value);
  if (auto node = dyn_cast<NodeOp>(result.getOwner()))
    return node.getOutputName(result.getResultNumber());
  if (auto get = dyn_cast<GetWeightOp>(result.getOwner())) {
    WeightOp weight = get.getWeightOp();
    return weight ? weight.getDisplayName() : get.getWeight();
  }
  return "";
}

static void forEachValue(Region &graph, function_ref<void(Value)> callback) {
  for (Value argument : graph.getArguments())
    callback(argument);
  for (Operation &op : graph.front())
    for (Value result : op.getResults())
      if (!isa<NoneType>(result.getType()))
        callback(result);
}

void ValueNames::collect(Region &graph) {
  forEachValue(graph, [&](Value value) { all.insert(getOwnName(value)); });
  graph.walk([&](NodeOp node) {
    for (Region &region : node.getSubgraphs())
      forEachValue(region, [&](Value value) { all.insert(getOwnName(value)); });
  });
}

std::string ValueNames::getFresh(StringRef base) {
  std::string name;
  do
    name = (base + "_" + Twine(next++)).str();
  while (!all.insert(name).second);
  return name;
}

void ValueNames::assign(Region &graph, const llvm::StringSet<> &reserved) {
  // A name of a value from outside must not change its meaning in here.
  llvm::StringSet<> taken = reserved;
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(graph, captured);
  for (Value value : captured)
    taken.insert(get(value));
  forEachValue(graph, [&](Value value) {
    if (names.contains(value))
      return;
    StringRef own = getOwnName(value);
    if (!own.empty() && taken.insert(own).second)
      names[value] = own.str();
    else
      names[value] = getFresh(own.empty() ? "value" : own);
  });
  for (Operation &op : graph.front())
    for (Region &region : op.getRegions())
      assign(region, /*reserved=*/{});
}

LogicalResult ValueNames::assign(func::FuncOp main) {
  Region &graph = main.getBody();
  collect(graph);
  llvm::StringSet<> taken;
  for (BlockArgument argument : graph.getArguments()) {
    StringRef name = getOwnName(argument);
    if (name.empty())
      continue;
    if (!taken.insert(name).second)
      return main.emitError("two inputs have the name '") << name << "'";
    names[argument] = name.str();
  }
  Operation *end = graph.front().getTerminator();
  for (auto [index, value] : llvm::enumerate(end->getOperands())) {
    auto attr =
        main.getResultAttrOfType<StringAttr>(index, ONNXIRDialect::kName);
    std::string name = attr ? attr.getValue().str() : getFresh("output");
    if (get(value) == name)
      continue;
    if (!taken.insert(name).second)
      return main.emitError("output ") << index << " has the name '" << name
                                       << "' of another output or of an input";
    all.insert(name);
    bool isWeight = value.getDefiningOp<GetWeightOp>() != nullptr;
    if (isa<BlockArgument>(value) || names.contains(value) ||
        (isWeight && getOwnName(value) != name))
      copies.push_back({value, name});
    else
      names[value] = name;
  }
  assign(graph, taken);
  return success();
}

void ValueNames::assign(FunctionOp function) {
  collect(function.getBody());
  assign(function.getBody(), /*reserved=*/{});
}
