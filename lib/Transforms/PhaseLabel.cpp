//===- PhaseLabel.cpp - What a piece of code belongs to ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PhaseLabel.h"

using namespace mlir;
using namespace mlir::moe;

static constexpr llvm::StringLiteral nodeName = "moe.node";
static constexpr llvm::StringLiteral kindName = "moe.kind";

PhaseLabel PhaseLabel::find(Location loc) {
  PhaseLabel label;
  loc->walk([&](Location part) {
    auto fused = dyn_cast<FusedLocWith<DictionaryAttr>>(part);
    if (!fused || !fused.getMetadata().getAs<StringAttr>(kindName))
      return WalkResult::advance();
    label.node = fused.getMetadata().getAs<StringAttr>(nodeName);
    label.kind = fused.getMetadata().getAs<StringAttr>(kindName);
    return WalkResult::interrupt();
  });
  return label;
}

Location PhaseLabel::attach(Location loc) const {
  MLIRContext *context = loc.getContext();
  NamedAttribute entries[] = {{StringAttr::get(context, kindName), kind},
                              {StringAttr::get(context, nodeName), node}};
  return FusedLoc::get(context, loc, DictionaryAttr::get(context, entries));
}

StringRef mlir::moe::findName(Location loc) {
  StringRef name;
  loc->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName();
    return WalkResult::interrupt();
  });
  return name;
}
