//===- LaunchBuilder.h - The launches for a layer of experts ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOTRITON_LAUNCHBUILDER_H
#define MOE_LIB_CONVERSION_MOETOTRITON_LAUNCHBUILDER_H

#include "LayerLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::moe {

/// Builds the launches for one moe.experts.
class LaunchBuilder {
public:
  LaunchBuilder(ExpertsOp op, const TritonLoweringOptions &options,
                OpBuilder &builder)
      : op(op), options(options),
        factory(op->getParentOfType<ModuleOp>(), options.machine.hasBulkCopy),
        b(op.getLoc(), builder) {}

  /// Says why not where there are no kernels.
  LogicalResult prepare();
  InFlightDiagnostic emitError();
  /// Builds the layer; the values that it replaces and those that do.
  void build(SmallVectorImpl<Value> &replaced, SmallVectorImpl<Value> &values);

private:
  /// Result, routing weights and ids.
  struct Results {
    Value y, weights, ids;
  };
  Results buildRegimes(ArrayRef<Regime> regimes);
  Results buildRegime(const Regime &regime);
  Results buildVector();
  void buildPlan(const Regime &regime);
  void buildBlockPlan(const Regime &regime);

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value mul(Value x, int64_t y) {
    return b.createOrFold<arith::MulIOp>(x, index(y));
  }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value ceilDiv(Value x, int64_t y) {
    if (y == 1)
      return x;
    Value sum = add(x, index(y - 1));
    return b.createOrFold<arith::DivUIOp>(sum, index(y));
  }
  Value floorDiv(Value x, int64_t y) {
    return y == 1 ? x : b.createOrFold<arith::DivUIOp>(x, index(y));
  }
  Value empty(ArrayRef<OpFoldResult> sizes, Type element) {
    return tensor::EmptyOp::create(b, sizes, element);
  }
  SmallVector<Value> launch(tt::FuncOp kernel, ValueRange grid,
                            ValueRange inputs, ValueRange outputs) {
    auto op = LaunchOp::create(b, kernel.getSymName(), grid, inputs, outputs);
    return SmallVector<Value>(op.getResults());
  }
  /// The most tiles that the rows can be cut into: each expert that has rows
  /// has at most one tile that is not full.
  Value mostTiles(int64_t tileRows) {
    Value allRows = mul(tokens, routing.slots);
    Value nonEmpty =
        b.createOrFold<arith::MinUIOp>(allRows, index(routing.experts));
    return add(floorDiv(allRows, tileRows), nonEmpty);
  }

  /// Experts of one set.
  struct Set {
    FFNExpertsOp ffn;
    GemmConfig first, second;
    SmallVector<Value> firstWeights, secondWeights;
    Value firstBias, secondBias;
  };
  /// Writes the rows of the set's experts by slot into `parts`.
  Value buildProducts(const Regime &regime, const Set &set, Value parts);
  Value buildCombine();
  LogicalResult prepareSet(FFNExpertsOp ffn, int64_t firstExpert);
  void packSet(Set &set);

  ExpertsOp op;
  const TritonLoweringOptions &options;
  KernelFactory factory;
  ImplicitLocOpBuilder b;
  RoutingConfig routing;
  SmallVector<Set, 1> sets;
  AffineConfig affine;
  SmallVector<Value> affineOperands;
  /// Gate operands, or ids.
  SmallVector<Value> sources;
  OpFoldResult tokenSize;
  Value tokens, tokensI32;
  /// Of the regime that is being built.
  Value ids, weights, rows, tiles, numTiles, parts;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOTRITON_LAUNCHBUILDER_H
