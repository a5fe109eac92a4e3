//===- FactsSizes.cpp - Sizes of what is not followed ---------------------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Facts.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

std::optional<Layout> Facts::getOpaqueLayout(NodeOp node) {
  StringRef type = node.getOpType();
  View first = node.getNumSlots() ? get(node.getInput(0)) : View();
  if (!first)
    return std::nullopt;
  bool same = llvm::StringSwitch<bool>(type)
                  .Cases({"LayerNormalization", "RMSNormalization"}, true)
                  .Case("SimplifiedLayerNormalization", true)
                  .Case("SkipLayerNormalization", true)
                  .Case("SkipSimplifiedLayerNormalization", true)
                  .Cases({"Softmax", "CumSum", "CumProd"}, true)
                  .Case("ScatterND", true)
                  .Cases({"LpNormalization", "Trilu", "IsNaN"}, true)
                  .Cases({"HardSigmoid", "HardSwish", "Elu", "Selu"}, true)
                  .Cases({"Celu", "LeakyRelu", "PRelu", "Clip"}, true)
                  .Cases({"Sin", "Cos", "Tan", "Asin", "Acos", "Atan"}, true)
                  .Cases({"Sinh", "Cosh", "Ceil", "Round", "Sign"}, true)
                  .Cases({"IsInf", "LogSoftmax", "Hardmax"}, true)
                  .Cases({"GroupNormalization", "BatchNormalization"}, true)
                  .Cases({"InstanceNormalization", "Cast"}, true)
                  .Cases({"MoE", "QMoE"}, true)
                  .Default(false);
  if (same)
    return first.dims;
  if (type == "ScatterElements") {
    // What is scattered into may be numbers that have no axes of their own.
    View indices = get(node.getInput(1));
    if (indices && indices.dims.size() == first.dims.size())
      for (auto [own, other] : llvm::zip_equal(first.dims, indices.dims))
        if (own.size() < other.size() && sizeOf(own) == sizeOf(other))
          own = other;
    return first.dims;
  }
  if (!node.getDomain().empty())
    return std::nullopt;
  if (type == "ArgMax" || type == "ArgMin" || type.starts_with("Reduce")) {
    SmallVector<int64_t> axes;
    if (type.starts_with("Arg"))
      axes = {node.getInt("axis", 0)};
    else if (auto attribute = node.getInts("axes"))
      axes.assign(attribute->begin(), attribute->end());
    else if (auto constant = shapes.getConstants(node.getInput(1)))
      axes = *constant;
    else
      return std::nullopt;
    Layout dims;
    for (int64_t &axis : axes)
      axis += axis < 0 ? first.dims.size() : 0;
    for (auto [i, dim] : llvm::enumerate(first.dims))
      if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
        dims.push_back(dim);
      else if (node.getInt("keepdims", 1))
        dims.emplace_back();
    return dims;
  }
  if (type == "MatMul" || type == "Gemm") {
    // A matrix of weights replaces the last size.
    View second = get(node.getInput(1));
    bool moves = type == "Gemm" && node.getInt("transA", 0);
    if (!second || second.dims.size() != 2 || first.dims.size() < 2 || moves)
      return std::nullopt;
    bool flips = type == "Gemm" && node.getInt("transB", 0);
    Layout dims(first.dims);
    dims.back() = second.dims[flips ? 0 : 1];
    return dims;
  }
  if (type == "Slice") {
    // Backwards, say: the other sizes stay.
    auto output = dyn_cast<RankedTensorType>(node.getResult(0).getType());
    auto axes = node.getInput(3) ? shapes.getConstants(node.getInput(3))
                                 : std::nullopt;
    if (!axes || !output ||
        output.getRank() != static_cast<int64_t>(first.dims.size()))
      return std::nullopt;
    Layout dims(first.dims);
    for (int64_t i : *axes) {
      auto axis = onnxir::normalizeAxis(i, dims.size());
      if (!axis)
        return std::nullopt;
      dims[*axis].clear();
      appendSize(dims[*axis], output.isDynamicDim(*axis)
                                  ? freshSize()
                                  : output.getDimSize(*axis));
    }
    return dims;
  }
  if (type == "OneHot") {
    auto output = dyn_cast<RankedTensorType>(node.getResult(0).getType());
    int64_t rank = first.dims.size() + 1;
    auto axis = onnxir::normalizeAxis(node.getInt("axis", -1), rank);
    auto depth = getSizes(node.getInput(1));
    if (!output || output.getRank() != rank || !axis || !depth ||
        depth->size() != 1 || !depth->front())
      return std::nullopt;
    auto &dim = *first.dims.insert(first.dims.begin() + *axis,
                                   SmallVector<Factor, 2>());
    appendSize(dim, *depth->front());
    return first.dims;
  }
  if (type == "GatherElements") {
    View indices = get(node.getInput(1));
    return indices ? std::optional(indices.dims) : std::nullopt;
  }
  if (type == "Gather" || type == "GatherND") {
    View indices = get(node.getInput(1));
    if (!indices || indices.dims.empty())
      return std::nullopt;
    bool pairs = type == "GatherND";
    // Batch dimensions are those of the indices as well.
    int64_t batch = pairs ? node.getInt("batch_dims", 0) : 0;
    if (batch < 0 || batch >= static_cast<int64_t>(first.dims.size()))
      return std::nullopt;
    first.dims.erase(first.dims.begin(), first.dims.begin() + batch);
    auto axis =
        onnxir::normalizeAxis(node.getInt("axis", 0), first.dims.size());
    if (!axis)
      return std::nullopt;
    Layout dims(first.dims.begin(), first.dims.begin() + (pairs ? 0 : *axis));
    Size taken = pairs ? sizeOf(indices.dims.back()) : 1;
    if (pairs)
      indices.dims.pop_back();
    llvm::append_range(dims, indices.dims);
    if (taken < 1)
      return std::nullopt;
    for (size_t i = (pairs ? 0 : *axis) + taken; i < first.dims.size(); ++i)
      dims.push_back(first.dims[i]);
    return dims;
  }
  if (type == "Concat") {
    auto axis =
        onnxir::normalizeAxis(node.getInt("axis", 0), first.dims.size());
    auto output = dyn_cast<RankedTensorType>(node.getResult(0).getType());
    if (!axis || !output ||
        output.getRank() != static_cast<int64_t>(first.dims.size()))
      return std::nullopt;
    Size size =
        output.isDynamicDim(*axis) ? freshSize() : output.getDimSize(*axis);
    first.dims[*axis].clear();
    if (size != 1)
      first.dims[*axis].push_back({0, size});
    return first.dims;
  }
  // Other operators broadcast: sizes are those that the operands agree on.
  bool elementwise = llvm::StringSwitch<bool>(type)
                         .Cases({"Where", "Add", "Mul", "Sub", "Div"}, true)
                         .Cases({"And", "Or", "Max", "Min", "Pow"}, true)
                         .Default(false);
  if (!elementwise)
    return std::nullopt;
  Layout dims;
  for (unsigned i = 0; i < node.getNumSlots(); ++i) {
    View view = get(node.getInput(i));
    if (!view)
      return std::nullopt;
    if (view.dims.size() > dims.size())
      dims.insert(dims.begin(), view.dims.size() - dims.size(),
                  SmallVector<Factor, 2>());
    for (size_t d = 0; d < view.dims.size(); ++d) {
      auto &own = view.dims[view.dims.size() - 1 - d];
      auto &common = dims[dims.size() - 1 - d];
      if (own.empty())
        continue;
      if (common.empty())
        common = own;
      else if (sizeOf(common) != sizeOf(own))
        return std::nullopt;
    }
  }
  return dims;
}
