//===- PanelProduct.h - Products of rows by packed panels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_PANELPRODUCT_H
#define MOE_LIB_CONVERSION_MOETOCPU_PANELPRODUCT_H

#include "TileGemm.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// How the packed weights of one projection are stored.
struct PackedStorage {
  /// Storage type of an element.
  Type element;
  /// Inputs that share a scale, 0 when all do or there are no scales.
  int64_t block = 0;
  /// The zero point of codes, if there is only one.
  std::optional<int64_t> zeroPoint;
  /// Types of the packed tensors, as `moe.pack_weights` gives them, without
  /// zero points if there is only one.
  SmallVector<Type> types;
};

/// Packs matrices of one storage, whose columns alternate; adds what there is
/// of codes, scales and zero points to `arguments`.
PackedStorage packMatrices(ImplicitLocOpBuilder &b, ArrayRef<Value> matrices,
                           const TileShape &tile,
                           SmallVectorImpl<Value> &arguments);

/// The argument types of a kernel for packed tensors.
void addPanelTypes(const PackedStorage &storage, SmallVectorImpl<Type> &types);

/// A product of rows by packed panels.
struct PanelProduct {
  /// As moe.pack_weights gives them.
  SmallVector<Value> panels;
  /// Inputs.
  int64_t depth;
  /// How tiles multiply, and the function that does.
  TileKernel kernel;
  func::FuncOp gemm;
  /// The function for panels of codes that were widened, if there is one.
  func::FuncOp widenedGemm;

  /// The product by `panels` of rows whose source has elements of type `rows`.
  static PanelProduct get(ModuleOp module, Location loc,
                          const KernelTarget &target,
                          const PackedStorage &storage, Type rows,
                          int64_t depth, ArrayRef<Value> panels);

  int64_t getNumPanels() const {
    return cast<MemRefType>(panels.front().getType()).getDimSize(1);
  }
  /// Element type of the rows that `takeRows` takes.
  Type getSourceType() const;
  /// The first `count` of `rows` as tiles take them: rounded by some.
  TileRows takeRows(ImplicitLocOpBuilder &b, Value rows, Value count) const;
  /// Panel `panel` of `expert`.
  struct Place {
    Value expert, panel;
  };
  /// Emits the product of rows [begin, end) by the panels from `first` on of
  /// one expert, before panel `last`. `epilogue` gets panel, first row, number
  /// of rows and the tile of each part of it. Belongs into one task; `after` is
  /// what its thread will probably meet next.
  void emit(ImplicitLocOpBuilder &b, const TileRows &rows, Place first,
            Value last, Place after, Value begin, Value end,
            function_ref<void(Value, Value, Value, Value)> epilogue) const;

private:
  Value getPosition(ImplicitLocOpBuilder &b, Place place) const;
  TileAhead getTileAhead(ImplicitLocOpBuilder &b, Value panels, Value current,
                         Value next, const RowTile &rows) const;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_PANELPRODUCT_H
