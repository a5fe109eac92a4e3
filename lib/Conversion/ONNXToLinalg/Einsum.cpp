//===- Einsum.cpp - Einsum -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/Utils/Einsum.h"
#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// The size of each loop, having checked that operands agree. A size of 1 is
/// repeated, as broadcasting has it.
static Sizes getLoopSizes(Node &node, const onnxir::Einsum &einsum) {
  TensorBuilder &b = node.b;
  Sizes sizes(einsum.numLoops, b.index(1));
  for (auto [slot, loops] : llvm::enumerate(einsum.operands))
    for (auto [loop, size] :
         llvm::zip_equal(loops, b.getSizes(node.get(slot)))) {
      if (getConstantIntValue(size) == 1)
        continue;
      if (getConstantIntValue(sizes[loop]) == 1)
        sizes[loop] = size;
      else
        b.assertEqual(sizes[loop], size, "sizes of operands differ");
    }
  return sizes;
}

static FailureOr<Value> lowerEinsum(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  if (type.isInteger(1))
    return node.fail("is not defined for these elements");
  FailureOr<onnxir::Einsum> einsum = onnxir::readEinsum(node.op);
  if (failed(einsum))
    return failure();
  Sizes loops = getLoopSizes(node, *einsum), sizes;
  unsigned count = loops.size();
  auto getMap = [&](ArrayRef<unsigned> dims, ArrayRef<OpFoldResult> own) {
    SmallVector<AffineExpr> exprs;
    for (auto [i, dim] : llvm::enumerate(dims))
      exprs.push_back(getConstantIntValue(own[i]) == 1 &&
                              getConstantIntValue(loops[dim]) != 1
                          ? b.getAffineConstantExpr(0)
                          : b.getAffineDimExpr(dim));
    return AffineMap::get(count, 0, exprs, b.getContext());
  };
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands(node.op.getInputs());
  for (auto [operand, dims] : llvm::zip_equal(operands, einsum->operands))
    maps.push_back(getMap(dims, b.getSizes(operand)));
  for (unsigned loop : einsum->result)
    sizes.push_back(loops[loop]);
  maps.push_back(getMap(einsum->result, sizes));
  return b.convertFloat(b.sumProducts(operands, sizes, maps, compute), type);
}

void onnxtolinalg::populateEinsumLowerings(Lowerings &lowerings) {
  lowerings["Einsum"] = Lowering(single(lowerEinsum))
                            .takes(1, Lowering::kVariadic)
                            .reads("equation")
                            .of(Elements::Numbers);
}
