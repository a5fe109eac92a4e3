//===- CombineKernel.cpp - The kernel that sums rows of tokens --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "RowKernels.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Emits the sum of one stretch of a token's result.
class CombineEmitter {
public:
  CombineEmitter(ImplicitLocOpBuilder &b, func::FuncOp func,
                 const CombineTypes &types)
      : b(b), types(types) {
    ArrayRef<BlockArgument> arguments = func.getArguments();
    auto next = [&] {
      Value argument = arguments.front();
      arguments = arguments.drop_front();
      return argument;
    };
    rows = next();
    slots = next();
    weights = next();
    if (types.copyScale) {
      copyScale = next();
      copyInput = next();
    }
    if (types.coefficients) {
      coefficients = next();
      // The panels of a vector follow each other.
      vectors = memref::CollapseShapeOp::create(
          b, next(), SmallVector<ReassociationIndices>{{0}, {1, 2}});
    }
    result = next();
    width = memref::DimOp::create(b, slots, 1);
  }

  Value getResult() const { return result; }

  /// Emits elements [column, column + lanes) of a token's result.
  void emit(Value token, Value column, int64_t lanes) {
    Type type = b.getF32Type();
    if (lanes > 1)
      type = VectorType::get({lanes}, type);
    Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
    Value init = arith::ConstantOp::create(b, b.getZeroAttr(type));
    auto loop = scf::ForOp::create(b, zero, width, one, ValueRange{init});
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value sum = emitSlot(token, loop.getInductionVar(), column, lanes,
                           loop.getRegionIterArg(0));
      scf::YieldOp::create(b, sum);
    }
    Value sum = loop.getResult(0);
    if (copyScale)
      sum = addProduct(sum, loadF32(b, copyScale, token, 1), [&] {
        return loadF32(b, copyInput, ValueRange{token, column}, lanes);
      });
    if (coefficients)
      sum = emitVectors(token, column, lanes, sum);
    storeF32(b, sum, result, ValueRange{token, column});
  }

private:
  Value emitSlot(Value token, Value j, Value column, int64_t lanes, Value sum) {
    Value slot = memref::LoadOp::create(b, slots, ValueRange{token, j});
    Value none = arith::ConstantIntOp::create(b, 0, 64);
    Value taken =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sge, slot, none);
    return emitIf(taken, sum, [&] {
      Value row = arith::IndexCastOp::create(b, b.getIndexType(), slot);
      Value weight = loadF32(b, weights, ValueRange{token, j}, 1);
      return multiplyAdd(weight,
                         loadF32(b, rows, ValueRange{row, column}, lanes), sum);
    });
  }

  /// Adds the constant vectors.
  Value emitVectors(Value token, Value column, int64_t lanes, Value sum) {
    for (int64_t i : llvm::seq(types.vectors.getDimSize(0))) {
      Value index = constantIndex(b, i);
      Value factor = loadF32(b, coefficients, ValueRange{token, index}, 1);
      sum = addProduct(sum, factor, [&] {
        return loadF32(b, vectors, ValueRange{index, column}, lanes);
      });
    }
    return sum;
  }

  /// sum + factor · value, where the factor is not 0; else nothing is read.
  Value addProduct(Value sum, Value factor, function_ref<Value()> value) {
    Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0));
    // A NaN is a factor.
    Value counts =
        arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, factor, zero);
    return emitIf(counts, sum,
                  [&] { return multiplyAdd(factor, value(), sum); });
  }

  Value multiplyAdd(Value factor, Value value, Value sum) {
    if (isa<VectorType>(value.getType()))
      factor = vector::BroadcastOp::create(b, value.getType(), factor);
    Value product = arith::MulFOp::create(b, factor, value);
    return arith::AddFOp::create(b, sum, product);
  }

  /// What `then` emits if `condition` holds, else `otherwise`.
  Value emitIf(Value condition, Value otherwise, function_ref<Value()> then) {
    auto choice = scf::IfOp::create(b, TypeRange{otherwise.getType()},
                                    condition, /*addThenBlock=*/true,
                                    /*addElseBlock=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(b, then());
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, otherwise);
    return choice.getResult(0);
  }

  ImplicitLocOpBuilder &b;
  const CombineTypes &types;
  Value rows, slots, weights, copyScale, copyInput, coefficients, vectors,
      result, width;
};
} // namespace

func::FuncOp mlir::moe::getCombineKernel(ModuleOp module, Location loc,
                                         const TileShape &tile,
                                         const CombineTypes &types) {
  std::string name =
      getKernelName("moe_combine", {types.rows, types.weights, types.result});
  MLIRContext *context = module.getContext();
  constexpr int64_t dynamic = ShapedType::kDynamic;
  auto slots =
      MemRefType::get({dynamic, dynamic}, IntegerType::get(context, 64));
  SmallVector<Type> arguments = {types.rows, slots, types.weights};
  if (types.copyScale) {
    arguments.append({types.copyScale, types.copyInput});
    name += getKernelName("_copy", types.copyScale);
  }
  if (types.coefficients) {
    arguments.append({types.coefficients, types.vectors});
    name += getKernelName("_constant", {types.coefficients, types.vectors});
  }
  arguments.push_back(types.result);
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  func::FuncOp func = createKernel(module, loc, name, arguments);
  // The experts that it was fused with call it; profiles tell the two apart.
  func->setAttr("moe.kind", StringAttr::get(context, "moe.combine"));
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToStart(&func.getBody().front());
  CombineEmitter emitter(b, func, types);
  // What a token has is asked once for several vectors.
  constexpr int64_t vectorsPerStretch = 4;
  forEachRow(b, emitter.getResult(), [&](Value token) {
    emitVectorFor(b, types.result.getDimSize(1),
                  {vectorsPerStretch * tile.lanes, tile.lanes},
                  [&](Value column, int64_t lanes) {
                    emitter.emit(token, column, lanes);
                  });
  });
  func::ReturnOp::create(b);
  return func;
}
