//===- DispatchForm.cpp - Experts with places for tokens --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DispatchForm.h"
#include "Views.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// More nodes than the experts of a layer are made of.
static constexpr size_t kMaxNodes = 64;

namespace {
/// An Einsum of a dispatch tensor (n,e,c) and another tensor.
struct DispatchProduct {
  Value dispatch, other;
};
} // namespace

/// Reads the equation of an Einsum of a dispatch tensor with rows: of tokens,
/// giving those of places (`toPlaces`), or the other way round.
static std::optional<DispatchProduct> getProduct(Value value, bool toPlaces) {
  NodeOp node = getNode(value, "Einsum");
  if (!node || node.getNumSlots() != 2)
    return std::nullopt;
  std::string equation;
  for (char c : node.getString("equation", ""))
    if (c != ' ')
      equation.push_back(c);
  auto [operands, result] = StringRef(equation).split("->");
  auto [a, b] = operands.split(',');
  for (bool swapped : {false, true}) {
    StringRef dispatch = swapped ? b : a, rows = swapped ? a : b;
    if (dispatch.size() != 3)
      continue;
    std::string tokens{dispatch[0]}, places{dispatch[1], dispatch[2]};
    StringRef from = toPlaces ? StringRef(tokens) : StringRef(places);
    StringRef to = toPlaces ? StringRef(places) : StringRef(tokens);
    if (llvm::StringSet<>{dispatch.substr(0, 1), dispatch.substr(1, 1),
                          dispatch.substr(2, 1)}
                .size() != 3 ||
        rows.size() != from.size() + 1 || !rows.starts_with(from) ||
        dispatch.contains(rows.back()) ||
        result != (Twine(to) + rows.take_back(1)).str())
      continue;
    return DispatchProduct{node.getInput(swapped), node.getInput(!swapped)};
  }
  return std::nullopt;
}

/// Whether `node` makes of each place what it is for itself: `operand` is the
/// one that depends on places, E×C×n.
static bool isRowWise(NodeOp node,
                      llvm::function_ref<bool(Value)> dependsOnPlaces) {
  static constexpr StringRef kElementwise[] = {
      "Relu", "Sigmoid", "Tanh",  "Gelu",        "Erf",      "Clip",     "Neg",
      "Add",  "Sub",     "Mul",   "Div",         "Pow",      "Min",      "Max",
      "Cast", "Sqrt",    "Swish", "HardSigmoid", "Identity", "Softplus", "Exp"};
  if (!node.getDomain().empty() || node->getNumRegions() != 0)
    return false;
  StringRef type = node.getOpType();
  for (Value result : node.getResults())
    if (getRank(result) != 3)
      return false;
  // Nothing else may tell places apart.
  auto isSame = [&](Value value) {
    return dependsOnPlaces(value) || getRank(value) < 2 ||
           getSize(value, -2) == 1;
  };
  if (type == "MatMul")
    return dependsOnPlaces(node.getInput(0)) &&
           !dependsOnPlaces(node.getInput(1));
  if (type == "Split") {
    int64_t axis = getAxisOf(node, "axis", 0, 3);
    return axis == 2;
  }
  return llvm::is_contained(kElementwise, type) &&
         llvm::all_of(node.getInputs(), isSame);
}

Value DispatchForms::cloneExperts(ImplicitLocOpBuilder &b, Value results,
                                  Value places, Value rows,
                                  SmallVectorImpl<Operation *> &nodes) {
  // What lies between, from the results back.
  llvm::SetVector<Operation *> between;
  SmallVector<Value> worklist{results};
  llvm::DenseMap<Value, bool> known{{places, true}};
  bool tooDeep = false;
  std::function<bool(Value, unsigned)> depends = [&](Value value,
                                                     unsigned depth) -> bool {
    if (auto it = known.find(value); it != known.end())
      return it->second;
    NodeOp node = value.getDefiningOp<NodeOp>();
    tooDeep |= depth == 0 || known.size() > 4 * kMaxNodes;
    bool found = false;
    if (node && !tooDeep)
      for (Value input : node.getInputs())
        found |= depends(input, depth - 1);
    return known[value] = found;
  };
  auto isDependent = [&](Value value) { return depends(value, kMaxNodes); };
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (value == places)
      continue;
    NodeOp node = value.getDefiningOp<NodeOp>();
    if (!node || !isRowWise(node, isDependent) || tooDeep ||
        between.size() > kMaxNodes)
      return {};
    if (!between.insert(node))
      continue;
    for (Value input : node.getInputs())
      if (isDependent(input))
        worklist.push_back(input);
  }
  SmallVector<Operation *> order(between.begin(), between.end());
  llvm::sort(order,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  IRMapping mapping;
  mapping.map(places, rows);
  int64_t tokens = getSize(rows, 1);
  for (Operation *op : order) {
    Operation *copy = b.clone(*op, mapping);
    for (Value result : copy->getResults()) {
      auto type = cast<RankedTensorType>(result.getType());
      result.setType(
          type.clone({type.getDimSize(0), tokens, type.getDimSize(2)}));
    }
    nodes.push_back(copy);
  }
  return mapping.lookupOrNull(results);
}

/// Numbers for each token that all of `value`'s users multiply it by: the other
/// factor of the only one; `value` becomes the product.
static Value takeFactor(Value &value) {
  if (!value.hasOneUse())
    return {};
  auto product = dyn_cast<NodeOp>(*value.user_begin());
  if (!product || !product.is("Mul") ||
      product.getResult(0).getType() != value.getType())
    return {};
  Value factor = product.getInput(product.getInput(0) == value ? 1 : 0);
  if (getRank(factor) != 2 || getSize(factor, 1) != 1)
    return {};
  value = product.getResult(0);
  return factor;
}

void DispatchForms::expand(NodeOp combine) {
  Value end = combine.getResult(0);
  std::optional<DispatchProduct> back = getProduct(end, /*toPlaces=*/false);
  if (!back || getRank(back->dispatch) != 3)
    return;
  // The places are those that the same tensor brings tokens to.
  Value places, x;
  for (Operation *user : back->dispatch.getUsers())
    if (auto node = dyn_cast<NodeOp>(user); node && node.is("Einsum"))
      if (auto forth = getProduct(node.getResult(0), /*toPlaces=*/true);
          forth && forth->dispatch == back->dispatch) {
        places = node.getResult(0);
        x = forth->other;
      }
  Value factor = takeFactor(end);
  RemarkSink remarks;
  if (!places || !factor || getRank(x) != 2 || getRank(places) != 3)
    return;
  if (failed(matchDispatchRouting(back->dispatch, factor, remarks)))
    return remarks.emit();

  Operation *at = end.getDefiningOp();
  ImplicitLocOpBuilder b(at->getLoc(), at);
  SmallVector<Operation *> nodes;
  auto type = cast<RankedTensorType>(x.getType());
  int64_t tokens = type.getDimSize(0), hidden = type.getDimSize(1);
  int64_t experts = getSize(places, 0);
  auto add = [&](StringRef op, ValueRange inputs, ArrayRef<int64_t> shape,
                 StringRef name = "", ArrayRef<int64_t> ints = {}) {
    SmallVector<NamedAttribute> attributes;
    if (!ints.empty())
      attributes.push_back(b.getNamedAttr(name, b.getDenseI64ArrayAttr(ints)));
    if (op == "ReduceSum")
      attributes.push_back(b.getNamedAttr("keepdims", b.getI64IntegerAttr(0)));
    Value value = buildNode(b, op, inputs, type.clone(shape), attributes);
    nodes.push_back(value.getDefiningOp());
    return value;
  };
  Value shape =
      arith::ConstantOp::create(b, b.getI64TensorAttr({experts, 1, 1}));
  nodes.push_back(shape.getDefiningOp());
  Value rows = add("Expand", {x, shape}, {experts, tokens, hidden});
  Value results = cloneExperts(b, back->other, places, rows, nodes);
  if (results) {
    // Marks of the experts where each token has a place, times its weight.
    Value marks =
        add("ReduceSum", back->dispatch, {tokens, experts}, "axes", {2});
    Value gates = add("Mul", {marks, factor}, {tokens, experts});
    Value turned = add("Transpose", gates, {experts, tokens}, "perm", {1, 0});
    Value column = add("Unsqueeze", turned, {experts, tokens, 1}, "axes", {2});
    int64_t out = getSize(results, 2);
    Value weighted = add("Mul", {results, column}, {experts, tokens, out});
    Value built = add("ReduceSum", weighted, {tokens, out}, "axes", {0});
    if (built.getType() == end.getType()) {
      Operation *keeper = tensor::CastOp::create(b, end.getType(), built);
      forms.push_back({end, keeper, built});
      return;
    }
  }
  for (Operation *op : llvm::reverse(nodes))
    op->erase();
}

DispatchForms::DispatchForms(func::FuncOp function) : function(function) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return;
  SmallVector<NodeOp> products;
  for (Operation &op : function.getBody().front())
    if (auto node = dyn_cast<NodeOp>(op); node && node.is("Einsum"))
      products.push_back(node);
  for (NodeOp node : products)
    expand(node);
}

void DispatchForms::settle() {
  for (Form &form : forms) {
    Value raised = form.keeper->getOperand(0);
    if (raised != form.built)
      form.original.replaceAllUsesWith(raised);
    form.keeper->erase();
  }
  if (forms.empty())
    return;
  // The originals of what was raised, and what was built for nothing.
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isa<NodeOp, onnxir::GetWeightOp, arith::ConstantOp>(op) &&
        op.use_empty())
      op.erase();
}
