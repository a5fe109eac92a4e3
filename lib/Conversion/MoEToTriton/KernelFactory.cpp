//===- KernelFactory.cpp - Creates kernels, each once -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::moe;

int64_t mlir::moe::roundUpToPowerOf2(int64_t value) {
  return llvm::PowerOf2Ceil(value);
}

/// Triton IR has no math.tanh: near 0 its series, elsewhere
/// tanh z = 1 − 2 / (1 + e^2z), which has the right limits.
static void expandTanh(math::TanhOp op) {
  OpBuilder builder(op);
  KernelBuilder k(op.getLoc(), builder);
  Value z = op.getOperand();
  Value one = k.constant(k.f32(), 1), two = k.constant(k.f32(), 2);
  Value e = k.exp(k.mul(z, two));
  Value far = k.sub(one, k.div(two, k.add(e, one)));
  Value square = k.mul(z, z);
  Value series = k.constant(k.f32(), 62.0 / 2835);
  for (double factor : {-17.0 / 315, 2.0 / 15, -1.0 / 3, 1.0})
    series = k.add(k.mul(series, square), k.constant(k.f32(), factor));
  Value isNear = k.less(square, k.constant(k.f32(), 1.0 / 16));
  op.replaceAllUsesWith(k.select(isNear, k.mul(z, series), far));
  op.erase();
}

tt::FuncOp KernelFactory::get(StringRef prefix, StringRef key,
                              ArrayRef<Type> pointees, ArrayRef<bool> isScalar,
                              int warps, int stages, Body body) {
  std::string full = (prefix + "|" + key + "|" + Twine(warps) + "|" +
                      Twine(stages) + (overlap ? "|overlap" : ""))
                         .str();
  // The hash is for people; the key decides.
  std::string name =
      (prefix + "_" + llvm::utohexstr(llvm::xxh3_64bits(full), true)).str();
  for (unsigned suffix = 0;; ++suffix) {
    std::string candidate = suffix ? name + "_" + std::to_string(suffix) : name;
    auto existing = module.lookupSymbol(candidate);
    if (!existing) {
      name = candidate;
      break;
    }
    auto attr = existing->getAttrOfType<StringAttr>(kKernelKey);
    if (attr && attr.getValue() == full)
      return cast<tt::FuncOp>(existing);
  }
  OpBuilder builder(module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  // What Triton calls divisibility is what makes accesses of 16 bytes.
  NamedAttribute aligned =
      builder.getNamedAttr("tt.divisibility", builder.getI32IntegerAttr(16));
  for (auto [pointee, scalar] : llvm::zip_equal(pointees, isScalar)) {
    types.push_back(scalar ? pointee
                           : tt::PtrType::get(module.getContext(), pointee));
    attributes.push_back(scalar ? builder.getDictionaryAttr({})
                                : builder.getDictionaryAttr({aligned}));
  }
  Location loc = builder.getUnknownLoc();
  auto function =
      tt::FuncOp::create(builder, loc, name, builder.getFunctionType(types, {}),
                         builder.getStringAttr("public"),
                         builder.getArrayAttr(attributes), ArrayAttr());
  function->setAttr(kNumWarps, builder.getI32IntegerAttr(warps));
  function->setAttr(kNumStages, builder.getI32IntegerAttr(stages));
  function->setAttr(kKernelKey, builder.getStringAttr(full));
  if (overlap)
    function->setAttr(kOverlap, builder.getUnitAttr());
  Block *entry = builder.createBlock(&function.getBody());
  for (Type type : types)
    entry->addArgument(type, loc);
  builder.setInsertionPointToStart(entry);
  KernelBuilder kernel(loc, builder);
  if (overlap) {
    tt::GridDependencyWaitOp::create(builder, loc);
    tt::GridDependencyLaunchDependentsOp::create(builder, loc);
  }
  body(kernel, entry->getArguments());
  tt::ReturnOp::create(kernel.get(), ValueRange());
  function.walk(expandTanh);
  return function;
}
