//===- DispatchForm.h - Experts with places for tokens ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_DISPATCHFORM_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_DISPATCHFORM_H

#include "Layer.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::moe {

/// Layers whose tokens are brought to places of experts by a one-hot tensor
/// T×E×C, and back by the same. Each expert treats its places alike, so that
/// the layer is, with fewer words, one in which every expert reads every token
/// and gates of 0 drop what has no place. This is what is raised: it stands
/// beside the original while layers are looked for, and takes its place only
/// where it became one.
class DispatchForms {
public:
  /// Builds what is to be raised for all such layers of `function`.
  explicit DispatchForms(func::FuncOp function);

  /// Uses those that were raised, and erases the others.
  void settle();

private:
  struct Form {
    /// What the model computes, and keeps the other alive.
    Value original;
    Operation *keeper;
    /// The end of what was built, unless a layer replaced it there.
    Value built;
  };

  void expand(onnxir::NodeOp combine);
  /// The experts' results on all tokens, T being of `rows`; null where they do
  /// not treat each place alone.
  Value cloneExperts(ImplicitLocOpBuilder &builder, Value results, Value places,
                     Value rows, SmallVectorImpl<Operation *> &nodes);

  func::FuncOp function;
  SmallVector<Form> forms;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_DISPATCHFORM_H
