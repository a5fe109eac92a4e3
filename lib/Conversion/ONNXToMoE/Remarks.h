//===- Remarks.h - What stopped a match -------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_REMARKS_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_REMARKS_H

#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::moe {

/// Collects why parts of a layer were not recognised. Matchers try several
/// readings of one graph, so nothing is said until the layer is given up.
class RemarkSink {
public:
  /// Notes that the part `role` ("router", "expert", "accumulation", …) could
  /// not be read because of `value`, or of the node that makes it.
  void note(Value value, StringRef role, const Twine &reason);
  void note(onnxir::NodeOp node, StringRef role, const Twine &reason);

  /// Emits what was noted first for each role, as remarks, and forgets all.
  void emit();
  void clear() { notes.clear(); }
  bool empty() const { return notes.empty(); }

private:
  struct Note {
    Operation *op;
    std::string role, reason;
  };
  SmallVector<Note> notes;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_REMARKS_H
