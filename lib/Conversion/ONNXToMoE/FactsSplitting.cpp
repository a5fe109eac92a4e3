//===- FactsSplitting.cpp - Facts about operators with several results ----===//
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

bool Facts::splitSegments(NodeOp node, const View &view, int64_t dim) {
  View counts = get(node.getInput(1));
  Size parts = node.getNumResults();
  if (!counts || counts.dims.size() != 1 || counts.dims[0].size() != 1 ||
      counts.expr->axes.size() != 1 || counts.expr->axes[0] != parts)
    return false;
  Expr running(Expr::Kind::Running, counts.expr->element);
  running.axes = counts.expr->axes;
  running.operands.push_back({counts.expr, {0}});
  const Expr *ends = intern(std::move(running));
  SmallVector<View> results;
  for (Size part = 0; part < parts; ++part) {
    View rows = makeSegmentRows(ends, part, counts.expr->element);
    results.push_back(index(view, {dim}, {rows}, dim));
    if (!results.back())
      return false;
  }
  ++view.expr->users;
  ++counts.expr->users;
  for (auto [result, part] : llvm::zip_equal(node.getResults(), results))
    set(result, part);
  return true;
}

bool Facts::visitMany(NodeOp node) {
  if (!node.getDomain().empty())
    return false;
  StringRef type = node.getOpType();
  if (type == "SplitToSequence") {
    View view = get(node.getInput(0));
    auto parts =
        node.getInput(1) ? shapes.getConstants(node.getInput(1)) : std::nullopt;
    if (!view || !parts || parts->empty() || !node.getInt("keepdims", 1))
      return false;
    auto axis = onnxir::normalizeAxis(node.getInt("axis", 0), view.dims.size());
    if (!axis || !llvm::all_equal(*parts) || parts->front() <= 0)
      return false;
    Size whole = sizeOf(view.dims[*axis]);
    if (whole < 0 || whole % parts->front() != 0)
      return false;
    sequences[node.getResult(0)] = {view, *axis, parts->front()};
    return true;
  }
  if (type == "SequenceAt") {
    auto it = sequences.find(node.getInput(0));
    auto position = shapes.getConstants(node.getInput(1));
    if (it == sequences.end() || !position || position->size() != 1)
      return false;
    const Sequence &sequence = it->second;
    int64_t count = sizeOf(sequence.view.dims[sequence.dim]) / sequence.size;
    auto part = onnxir::normalizeAxis(position->front(), count);
    if (!part)
      return false;
    View view = slice(sequence.view, sequence.dim, *part * sequence.size, 1,
                      sequence.size);
    if (!view)
      return false;
    set(node.getResult(0), view);
    return true;
  }
  if (type == "Split") {
    View view = get(node.getInput(0));
    if (!view)
      return false;
    auto axis = onnxir::normalizeAxis(node.getInt("axis", 0), view.dims.size());
    if (!axis)
      return false;
    std::optional<SmallVector<int64_t>> sizes;
    if (auto attribute = node.getInts("split"))
      sizes = SmallVector<int64_t>(*attribute);
    else if (node.getInput(1))
      sizes = shapes.getConstants(node.getInput(1));
    Size whole = sizeOf(view.dims[*axis]);
    int64_t count = node.getNumResults();
    if (!sizes && whole > 0 && !node.getInput(1)) {
      int64_t each = llvm::divideCeil(whole, count);
      sizes.emplace(count, each);
      sizes->back() = whole - each * (count - 1);
    }
    if (!sizes && node.getInput(1))
      return splitSegments(node, view, *axis);
    if (!sizes || static_cast<int64_t>(sizes->size()) != count)
      return false;
    SmallVector<View> parts;
    int64_t offset = 0;
    for (int64_t size : *sizes) {
      parts.push_back(slice(view, *axis, offset, 1, size));
      offset += size;
      if (!parts.back())
        return false;
    }
    for (auto [result, part] : llvm::zip_equal(node.getResults(), parts))
      set(result, part);
    return true;
  }
  if (type == "TopK") {
    View view = get(node.getInput(0));
    if (!view || node.getNumResults() != 2)
      return false;
    ++view.expr->users;
    auto axis =
        onnxir::normalizeAxis(node.getInt("axis", -1), view.dims.size());
    auto k = getSizes(node.getInput(1));
    if (!axis || !k || k->size() != 1 || !(*k)[0])
      return false;
    // Everything in ascending order: a stable sort.
    bool sorts =
        view.dims.size() == 1 && *(*k)[0] == sizeOf(view.dims[0]) &&
        !node.getInt("largest", 1) && node.getInt("sorted", 1) &&
        isa<IntegerType>(view.expr->element) &&
        llvm::all_of(view.dims[0], [](Factor f) { return f.axis >= 0; });
    if (sorts) {
      Size rows = sizeOf(view.dims[0]);
      SmallVector<int, 2> order = llvm::map_to_vector<2>(
          view.dims[0], [](const Factor &f) { return f.axis; });
      for (int part : {0, 1}) {
        Value result = node.getResult(part);
        // Sorting positions that were sorted gives where they went.
        if (part == 1 && view.expr->is(Expr::Kind::Sort) &&
            view.expr->part == 1) {
          Expr inverse = *view.expr;
          inverse.part = 2;
          inverse.axes = inverse.operands[0].expr->axes;
          View moved{nullptr, Layout(1)};
          for (int own : inverse.indexed[0])
            moved.dims[0].push_back({own, inverse.axes[own]});
          moved.expr = intern(std::move(inverse));
          set(result, moved);
          continue;
        }
        Expr sort(Expr::Kind::Sort,
                  cast<RankedTensorType>(result.getType()).getElementType());
        sort.axes = {rows};
        sort.part = part;
        sort.indexed.push_back(order);
        sort.operands.push_back(
            {view.expr, SmallVector<int, 4>(view.expr->axes.size(), -1)});
        set(result, {intern(std::move(sort)), Layout{{Factor{0, rows}}}});
      }
      return true;
    }
    Layout dims = view.dims;
    dims[*axis].clear();
    if (*(*k)[0] != 1)
      dims[*axis].push_back({0, *(*k)[0]});
    for (Value result : node.getResults())
      set(result, makeLeaf(result, &dims));
    return true;
  }
  return false;
}
