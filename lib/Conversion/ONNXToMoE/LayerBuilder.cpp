//===- LayerBuilder.cpp - Layers from terms ---------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// Layers of more experts than this are not believed.
static constexpr int64_t kMaxExperts = 1 << 16;

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// Whether `access` reads the layer's input.
bool LayerBuilder::fits(const Access &access) const { return access == input; }

/// Whether an expert makes zeros of zeros.
static bool givesZeros(const Body &body) {
  ActivationFunction function = body.activation.getFunction();
  return body.kind == Body::Kind::FFN && !body.up.bias && !body.gate.bias &&
         !body.down.bias && function != ActivationFunction::Sigmoid;
}

/// Reads a routed term that is no network: the input itself, or a constant.
void LayerBuilder::readSimple(Term &term) {
  if (term.body || term.unread || !term.gate.sameRouter(router) ||
      !term.gate.expert)
    return;
  Access rows = reader.peel(term.rows);
  for (Binding &at : rows.at)
    if (at.isPlain(tree.feature))
      at = Binding::variable(kFeature);
  Body body;
  body.input = input;
  if (fits(rows)) {
    body.kind = Body::Kind::Copy;
    term.body = body;
    return;
  }
  // Of an expert that has a network, a constant is no expert.
  if (!rows.expr->constant || llvm::any_of(tree.terms, [&](const Term &other) {
        return other.body && other.gate.sameRouter(router) &&
               (!other.gate.expert || other.gate.expert == term.gate.expert);
      }))
    return;
  std::optional<BodyWeight> vector =
      matchWeight(reader, rows, kFeature, std::nullopt);
  if (!vector)
    return;
  vector->out = tree.featureSize;
  body.kind = Body::Kind::Constant;
  body.vector = *vector;
  term.body = body;
}

/// Puts the terms of the router in the order of their experts.
bool LayerBuilder::collectExperts(NodeOp node) {
  int64_t count = router.experts;
  for (Term &term : tree.terms) {
    readSimple(term);
    if (term.gate.sameRouter(router) && term.gate.expert)
      count = std::max(count, *term.gate.expert + 1);
    else if (term.body && term.gate.sameRouter(router))
      count = std::max(count, term.gate.offset + term.body->up.matrix.experts);
  }
  if (layer.routing && layer.routing->experts) {
    int64_t known = layer.routing->experts + layer.routing->shared;
    if (count > known) {
      remarks.note(node, "expert",
                   "there are more experts than the router has");
      return false;
    }
    count = known;
  }
  if (count > kMaxExperts)
    return false;
  entries.resize(count);
  for (const Term &term : tree.terms) {
    if (!term.body || !term.gate.sameRouter(router) || !fits(term.body->input))
      continue;
    int64_t first = term.gate.expert ? *term.gate.expert : term.gate.offset;
    int64_t size = term.gate.expert ? 1 : term.body->up.matrix.experts;
    if (first < 0 || first + size > count)
      return false;
    for (int64_t i = 0; i < size; ++i) {
      if (entries[first + i].term) {
        remarks.note(node, "accumulation",
                     "expert " + Twine(first + i) + " is added twice");
        return false;
      }
      entries[first + i] = {&term, i};
    }
    if (routed && (routed->coefficients != term.coefficients ||
                   routed->weighsInput != term.weighsInput ||
                   routed->scale != term.scale)) {
      remarks.note(node, "accumulation",
                   "experts have factors besides their weights that differ");
      return false;
    }
    routed = &term;
    parts.insert(&term);
  }
  if (!routed || routed->coefficients.size() > 1)
    return false;
  layer.shared = layer.routing ? layer.routing->shared : 0;
  layer.experts = count - layer.shared;
  layer.out = tree.featureSize;
  if (layer.shared && (!routed->coefficients.empty() || routed->scale != 1.0)) {
    remarks.note(node, "accumulation",
                 "experts of all tokens have factors besides their weights");
    return false;
  }
  layer.weighsInput = routed->weighsInput;
  if (!layer.weighsInput)
    return true;
  // An expert that was not chosen reads zeros and has to give zeros.
  for (const ExpertEntry &entry : entries)
    if (entry.term && !givesZeros(*entry.term->body)) {
      remarks.note(
          entry.term->rows.expr->origin, "expert",
          "its input is weighted, and it does not make zeros of zeros");
      return false;
    }
  if (!routed->coefficients.empty() || routed->scale != 1.0) {
    remarks.note(node, "accumulation",
                 "experts whose input is weighted have other factors as well");
    return false;
  }
  return true;
}

/// Finds what is added for every token from the same input.
void LayerBuilder::collectShared() {
  // Without a gate there is nothing that could have their slots.
  if (!layer.routing || layer.routing->shared ||
      layer.routing->select.getMode() == SelectMode::ExpertChoice)
    return;
  for (Term &term : tree.terms) {
    if (!term.body || term.body->kind != Body::Kind::FFN ||
        parts.contains(&term) || !fits(term.body->input) || term.scale != 1.0)
      continue;
    bool column = term.gate.kind == TermGate::Kind::Dense &&
                  !term.gate.sameRouter(router) && !term.gate.positiveOnly;
    if (!column && term.gate.kind != TermGate::Kind::None)
      continue;
    if (column) {
      if (!term.coefficients.empty())
        continue;
      term.coefficients.push_back(term.gateFactor);
    }
    if (term.coefficients.size() > 1 || term.body->up.matrix.sources.size() > 1)
      continue;
    // The weight of a slot would come to its input.
    if (layer.weighsInput && !term.coefficients.empty())
      continue;
    shared.push_back(&term);
    parts.insert(&term);
  }
  layer.shared = shared.size();
}

//===----------------------------------------------------------------------===//
// What the layer takes the place of
//===----------------------------------------------------------------------===//

/// The tensor that holds `rows` as tokens × features, or null.
static Value getTensor(const SumTree &tree, const Access &rows) {
  if (!rows.expr->origin)
    return {};
  size_t next = 0;
  ArrayRef<SmallVector<Factor, 2>> dims(rows.expr->layout);
  while (!dims.empty() && dims.back().empty())
    dims = dims.drop_back();
  for (auto [i, dim] : llvm::enumerate(dims))
    for (const Factor &factor : dim) {
      if (factor.axis < 0)
        return {};
      bool last = i + 1 == dims.size();
      int expected = last                        ? tree.feature
                     : next < tree.tokens.size() ? tree.tokens[next++]
                                                 : -1;
      if (!rows.at[factor.axis].isPlain(expected))
        return {};
    }
  return next == tree.tokens.size() ? rows.expr->origin : Value();
}

bool LayerBuilder::findReplaced(NodeOp node) {
  SmallVector<Share> shares(tree.nodes.size(), Share::None);
  for (size_t i = tree.nodes.size(); i-- > 0;) {
    const SumNode &own = tree.nodes[i];
    if (own.term >= 0) {
      const Term &term = tree.terms[own.term];
      shares[i] = parts.contains(&term)        ? Share::All
                  : term.rows.expr->isSplat(0) ? Share::Zero
                                               : Share::None;
      continue;
    }
    bool any = false, all = true;
    for (int child : own.children) {
      any |= shares[child] == Share::All || shares[child] == Share::Mixed;
      all &= shares[child] == Share::All || shares[child] == Share::Zero;
    }
    bool zero = llvm::all_of(
        own.children, [&](int child) { return shares[child] == Share::Zero; });
    shares[i] = zero   ? Share::Zero
                : !any ? Share::None
                : all  ? Share::All
                       : Share::Mixed;
  }
  // Casts around experts and other values stay. Factors would be counted twice.
  int top = 0;
  while (shares[top] == Share::Mixed && tree.nodes[top].children.size() == 1) {
    isInside = !isFloatCast(tree.nodes[top].rows.expr);
    if (isInside)
      return false;
    top = tree.nodes[top].children[0];
  }
  // From there down, what is the layer's and what is not.
  SmallVector<int> stack{top}, whole;
  SmallVector<int> rest;
  while (!stack.empty()) {
    int i = stack.pop_back_val();
    if (shares[i] == Share::All) {
      whole.push_back(i);
    } else if (shares[i] == Share::None) {
      rest.push_back(i);
    } else if (shares[i] == Share::Mixed) {
      const SumNode &own = tree.nodes[i];
      for (int child : own.children)
        if (!tree.nodes[child].additive && shares[child] == Share::Mixed) {
          isInside = true;
          return false;
        }
      stack.append(own.children.begin(), own.children.end());
    }
  }
  // Without a cast around it, if its dimensions are those of the tokens then.
  while (whole.size() == 1) {
    const SumNode &own = tree.nodes[whole[0]];
    replaced = getTensor(tree, own.rows);
    if (replaced && replaced.getDefiningOp<NodeOp>() && planResult())
      return true;
    if (own.children.size() != 1 || !isFloatCast(own.rows.expr))
      break;
    whole[0] = own.children[0];
  }
  replaced = getTensor(tree, tree.nodes[top].rows);
  if (!replaced || !replaced.getDefiningOp<NodeOp>()) {
    remarks.note(
        node, "accumulation",
        "experts and other values are added in no tensor of their own");
    return false;
  }
  for (int i : rest) {
    Value other = getTensor(tree, tree.nodes[i].rows);
    if (!other || other.getType() != replaced.getType()) {
      remarks.note(node, "accumulation",
                   "what is added to the experts is no tensor of its own");
      return false;
    }
    others.push_back(other);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// `value`, laid out by tokens and at most one more dimension, as T×n.
Value LayerBuilder::buildColumns(ImplicitLocOpBuilder &b, Value value,
                                 const Layout &layout) {
  size_t leading = 0;
  for (const auto &dim : ArrayRef(layout).drop_back())
    leading += dim.size();
  if (leading == tree.tokens.size() && layout.size() > 1)
    return flattenTokens(b, value);
  value = flattenTokens(b, value, 1);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<ReassociationIndices> groups{{0, 1}};
  return tensor::ExpandShapeOp::create(b, type.clone({type.getDimSize(0), 1}),
                                       value, groups);
}

bool LayerBuilder::buildCoefficients(ImplicitLocOpBuilder &b) {
  auto getColumn = [&](const Access &access) {
    return buildColumns(b, access.expr->origin, access.expr->layout);
  };
  bool weighted = llvm::any_of(
      shared, [](const Term *term) { return !term->coefficients.empty(); });
  if (!routed->coefficients.empty())
    layer.coefficient = getColumn(routed->coefficients[0]);
  if (weighted || (layer.coefficient && layer.shared)) {
    SmallVector<Value> columns;
    for (const Term *term : shared) {
      if (!term->coefficients.empty()) {
        columns.push_back(getColumn(term->coefficients[0]));
        continue;
      }
      // 1 for the tokens of a shared expert without a factor.
      auto like =
          cast<RankedTensorType>(flattenTokens(b, layer.tokens).getType());
      Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1.0));
      SmallVector<Value> sizes;
      if (like.isDynamicDim(0))
        sizes.push_back(
            tensor::DimOp::create(b, flattenTokens(b, layer.tokens), 0));
      columns.push_back(tensor::SplatOp::create(
          b, one,
          RankedTensorType::get({like.getDimSize(0), 1}, b.getF32Type()),
          sizes));
    }
    auto type = cast<RankedTensorType>(columns[0].getType());
    layer.sharedWeights = columns[0];
    if (columns.size() > 1)
      layer.sharedWeights =
          buildNode(b, "Concat", columns,
                    type.clone({type.getDimSize(0),
                                static_cast<int64_t>(columns.size())}),
                    b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
  }
  if (routed->scale == 1.0)
    return true;
  if (!layer.routing)
    return false;
  layer.routing->scale *= routed->scale;
  return true;
}

/// `type` without the dimensions of size 1 that follow its features.
static RankedTensorType dropOnes(Type type, const Layout &layout) {
  int64_t last = layout.size() - 1;
  while (last > 1 && layout[last].empty())
    --last;
  auto tensor = cast<RankedTensorType>(type);
  return tensor.clone(tensor.getShape().take_front(last + 1));
}

/// The same for a value.
static Value dropOnes(Value tokens, const Layout &layout) {
  RankedTensorType type = dropOnes(tokens.getType(), layout);
  int64_t rank = layout.size(), last = type.getRank() - 1;
  if (last == rank - 1)
    return tokens;
  OpBuilder b(tokens.getContext());
  b.setInsertionPointAfterValue(tokens);
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < rank; ++i)
    if (i <= last)
      groups.push_back({i});
    else
      groups.back().push_back(i);
  return tensor::CollapseShapeOp::create(b, tokens.getLoc(), type, tokens,
                                         groups);
}

bool LayerBuilder::build(NodeOp node) {
  if (!chooseRouter()) {
    explain();
    return false;
  }
  if (!readRouting() || !collectExperts(node))
    return false;
  collectShared();
  tokens = dropOnes(input.expr->origin.getType(), input.expr->layout);
  if (!findReplaced(node))
    return false;
  if (tokens.isDynamicDim(tokens.getRank() - 1) ||
      !isa<FloatType>(tokens.getElementType()) || !planResult()) {
    remarks.note(node, "accumulation",
                 "the result has other dimensions than the tokens");
    return false;
  }
  layer.tokens = dropOnes(input.expr->origin, input.expr->layout);
  auto at = replaced.getDefiningOp<NodeOp>();
  ImplicitLocOpBuilder b(at.getLoc(), at);
  if (!buildCoefficients(b))
    return false;
  if (layer.routing && layer.routing->sharedWeights)
    layer.sharedWeights = flattenTokens(b, layer.routing->sharedWeights);
  if (!layer.routing) {
    layer.ids = buildColumns(b, layer.ids, router.ids->layout);
    if (router.weights) {
      layer.weights =
          buildColumns(b, router.weights->origin, router.weights->layout);
      if (positiveOnly)
        layer.weights =
            buildNode(b, "Relu", layer.weights, layer.weights.getType());
    } else {
      // Each chosen expert counts once.
      auto like = cast<RankedTensorType>(layer.ids.getType());
      SmallVector<Value> sizes;
      if (like.isDynamicDim(0))
        sizes.push_back(tensor::DimOp::create(b, layer.ids, 0));
      Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1.0));
      layer.weights =
          tensor::SplatOp::create(b, one, like.clone(b.getF32Type()), sizes);
    }
  }

  SmallVector<int64_t> lost;
  for (auto [i, entry] : llvm::enumerate(entries))
    if (!entry.term)
      lost.push_back(i);
  for (ArrayRef<ExpertEntry> rest(entries); !rest.empty();) {
    size_t count = appendExpertSet(b, rest, layer.sets);
    if (!count)
      return false;
    rest = rest.drop_front(count);
  }
  for (const Term *term : shared)
    if (!appendExpertSet(b, ExpertEntry{term, 0}, layer.sets))
      return false;
  if (!lost.empty()) {
    std::string list;
    llvm::raw_string_ostream os(list);
    llvm::interleaveComma(lost, os);
    onnxir::emitNodeRemark(at)
        << "of " << entries.size() << " experts nothing is added for: " << list;
  }
  replace(b, buildLayer(b, layer));
  return true;
}
