//===- ImportOrder.cpp - Order of the nodes of a graph -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX asks for nodes in topological order, and most files hold them so. Others
// are sorted, keeping the file's order where it is free; a cycle is an error.
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "llvm/ADT/DenseSet.h"
#include <queue>

using namespace mlir;
using namespace mlir::onnxir;
using proto::GraphProto;
using proto::NodeProto;

/// Calls `use` for each name that `node` takes from the graph it stands in or
/// from one around it: its inputs, and what its sub-graphs capture.
static void forEachUse(const NodeProto &node,
                       function_ref<void(StringRef)> use) {
  for (StringRef input : node.inputs)
    if (!input.empty())
      use(input);
  for (const proto::AttributeProto &attribute : node.attributes) {
    for (const GraphProto &graph : attribute.graphs) {
      llvm::DenseSet<StringRef> own;
      for (const proto::ValueInfoProto &input : graph.inputs)
        own.insert(input.name);
      for (const proto::TensorProto &tensor : graph.initializers)
        own.insert(tensor.name);
      for (const proto::SparseTensorProto &sparse : graph.sparseInitializers)
        own.insert(sparse.values.name);
      for (const NodeProto &inner : graph.nodes)
        own.insert(inner.outputs.begin(), inner.outputs.end());
      auto useFree = [&](StringRef name) {
        if (!own.contains(name))
          use(name);
      };
      for (const NodeProto &inner : graph.nodes)
        forEachUse(inner, useFree);
      for (const proto::ValueInfoProto &output : graph.outputs)
        useFree(output.name);
    }
  }
}

FailureOr<SmallVector<unsigned>> Importer::sortNodes(ArrayRef<NodeProto> nodes,
                                                     const Scope &scope) {
  llvm::DenseMap<StringRef, unsigned> producers;
  for (auto [index, node] : llvm::enumerate(nodes))
    for (StringRef output : node.outputs)
      if (!output.empty() && (scope.values.count(output) ||
                              !producers.try_emplace(output, index).second))
        return emitError(getLoc(node), "output '")
               << output << "' is defined twice";

  // The nodes that use a node, and the number of nodes that a node waits for.
  std::vector<SmallVector<unsigned, 2>> users(nodes.size());
  std::vector<SmallVector<unsigned, 2>> needs(nodes.size());
  SmallVector<unsigned> waiting(nodes.size(), 0);
  for (auto [index, node] : llvm::enumerate(nodes)) {
    StringRef undefined;
    forEachUse(node, [&, index = static_cast<unsigned>(index)](StringRef name) {
      auto producer = producers.find(name);
      if (producer == producers.end()) {
        if (!scope.lookup(name) && undefined.empty())
          undefined = name;
        return;
      }
      users[producer->second].push_back(index);
      needs[index].push_back(producer->second);
      ++waiting[index];
    });
    if (!undefined.empty())
      return emitError(getLoc(node), "input '")
             << undefined << "' is defined by nothing";
  }

  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<>> ready;
  for (unsigned index = 0; index < nodes.size(); ++index)
    if (waiting[index] == 0)
      ready.push(index);
  SmallVector<unsigned> order;
  while (!ready.empty()) {
    unsigned index = ready.top();
    ready.pop();
    order.push_back(index);
    for (unsigned user : users[index])
      if (--waiting[user] == 0)
        ready.push(user);
  }
  if (order.size() == nodes.size())
    return order;

  // Every waiting node needs a waiting one: following them ends in a cycle.
  unsigned at = llvm::find_if(waiting, [](unsigned n) { return n != 0; }) -
                waiting.begin();
  for (llvm::DenseSet<unsigned> seen; seen.insert(at).second;)
    at = *llvm::find_if(needs[at], [&](unsigned n) { return waiting[n] != 0; });
  return emitError(getLoc(nodes[at]),
                   "is part of a cycle: it needs its own output");
}
