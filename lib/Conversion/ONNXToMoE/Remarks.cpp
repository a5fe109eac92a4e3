//===- Remarks.cpp - What stopped a match -----------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Remarks.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace mlir::moe;

void RemarkSink::note(Value value, StringRef role, const Twine &reason) {
  if (!value)
    return;
  Operation *op = value.getDefiningOp();
  if (!op)
    op = value.getParentBlock()->getParentOp();
  notes.push_back({op, role.str(), reason.str()});
}

void RemarkSink::note(onnxir::NodeOp node, StringRef role,
                      const Twine &reason) {
  notes.push_back({node, role.str(), reason.str()});
}

void RemarkSink::emit() {
  llvm::StringSet<> said;
  for (const Note &note : notes) {
    if (!said.insert(note.role).second)
      continue;
    if (auto node = dyn_cast<onnxir::NodeOp>(note.op))
      onnxir::emitNodeRemark(node) << note.role << ": " << note.reason;
    else
      emitRemark(note.op->getLoc()) << note.role << ": " << note.reason;
  }
  notes.clear();
}
