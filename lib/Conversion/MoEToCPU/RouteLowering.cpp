//===- RouteLowering.cpp - moe.route as one loop over tokens ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouteLowering.h"
#include "GateLowering.h"
#include "KernelUtils.h"
#include "MatmulLowering.h"
#include "TokenBlocks.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::moe;

static RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Columns of all matrices of a set of weights.
static int64_t getColumns(Value weights) {
  auto type = cast<WeightsType>(weights.getType());
  return type.getNumExperts() * type.getOutSize();
}

/// Returns the private function (A: memref<?xKxf32>, B: memref<1xPxKxNRxf32>,
/// C: memref<?x(P·NR)xf32>) with C = A·B for a few rows, in one thread.
static func::FuncOp getProductKernel(ModuleOp module, Location loc,
                                     const TileShape &tile,
                                     RankedTensorType packed) {
  int64_t panels = packed.getDimSize(1), depth = packed.getDimSize(2);
  std::string name = llvm::formatv("moe_route_k{0}_p{1}", depth, panels);
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  MLIRContext *context = module.getContext();
  Type f32 = Float32Type::get(context);
  constexpr int64_t dynamic = ShapedType::kDynamic;
  func::FuncOp func =
      createKernel(module, loc, name,
                   {MemRefType::get({dynamic, depth}, f32),
                    MemRefType::get(packed.getShape(), f32),
                    MemRefType::get({dynamic, panels * tile.columns}, f32)});
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToStart(&func.getBody().front());
  func::FuncOp gemm = getTileGemm(module, loc, {tile, TileForm::Plain, f32});
  Value matrix = func.getArgument(0), result = func.getArgument(2);
  Value accumulators = allocateTile(b, tile);
  Value zero = constantIndex(b, 0);
  Value rows = memref::DimOp::create(b, matrix, 0);
  // A panel stays in the cache for all tiles of rows.
  emitFor(b, zero, constantIndex(b, panels), 1, [&](Value p) {
    Value panel = slicePanel(b, func.getArgument(1), zero, p);
    Value column = arith::MulIOp::create(b, p, constantIndex(b, tile.columns));
    emitPanel(b, tile, gemm, matrix, panel, accumulators, result, column,
              tile.columns, zero, rows);
  });
  func::ReturnOp::create(b);
  return func;
}

namespace {
/// Builds the loop over blocks of tokens for one set of projections.
class RouteBuilder {
public:
  RouteBuilder(ImplicitLocOpBuilder &b, ModuleOp module, const TileShape &tile,
               Value input, ValueRange weights)
      : b(b), module(module), tile(tile), input(input), weights(weights),
        hidden(cast<WeightsType>(weights.front().getType()).getInSize()) {
    for (Value part : weights)
      columns += getColumns(part);
    packed = PackWeightsOp::create(b, buildMatrix(), tile.columns).getResult(0);
  }

  /// Emits the loop. `body` gets a block's first token, its size, and the
  /// product, size×columns, and returns the rows of each of the results.
  SmallVector<Value>
  build(TypeRange results,
        function_ref<SmallVector<Value>(Value, Value, Value)> body);

  /// Columns [first, first + count) of a block's product.
  Value slice(Value product, int64_t first, int64_t count);
  /// The projection by weights number `part` of a block, with a bias.
  Value getPart(Value product, unsigned part, Value bias, Type element);

private:
  Value buildMatrix();

  ImplicitLocOpBuilder &b;
  ModuleOp module;
  TileShape tile;
  Value input;
  ValueRange weights;
  int64_t hidden, columns = 0;
  /// The panels of all matrices side by side.
  Value packed;
};
} // namespace

/// All matrices as one of f32. It depends on no input, so it is made when the
/// model is loaded.
Value RouteBuilder::buildMatrix() {
  auto only = weights.front().getDefiningOp<WeightsOp>();
  if (weights.size() == 1 && only.getType().getNumExperts() == 1 &&
      only.getType().getStorage().isF32())
    return weights.front();
  Type f32 = b.getF32Type();
  OpFoldResult one = b.getIndexAttr(1), zero = b.getIndexAttr(0),
               depth = b.getIndexAttr(hidden);
  Value matrix =
      createEmpty(b, b.getLoc(), {b.getIndexAttr(columns), depth}, f32);
  int64_t first = 0;
  for (Value part : weights) {
    auto op = part.getDefiningOp<WeightsOp>();
    OpFoldResult out = b.getIndexAttr(op.getType().getOutSize());
    for (int64_t e : llvm::seq(op.getType().getNumExperts())) {
      ExpertWeights reader(b, b.getLoc(), op, constantIndex(b, e),
                           cast<FloatType>(f32));
      Value init = createEmpty(b, b.getLoc(), {out, depth}, f32);
      Value rows =
          buildLoops(b, b.getLoc(), 2, {}, init, {{0, 1}},
                     [&](OpBuilder &nested, Location loc, ValueRange) {
                       return reader.read(
                           nested, loc, linalg::IndexOp::create(nested, loc, 0),
                           linalg::IndexOp::create(nested, loc, 1));
                     });
      matrix = tensor::InsertSliceOp::create(
          b, rows, matrix, ArrayRef<OpFoldResult>{b.getIndexAttr(first), zero},
          ArrayRef<OpFoldResult>{out, depth}, ArrayRef<OpFoldResult>{one, one});
      first += op.getType().getOutSize();
    }
  }
  return WeightsOp::create(
      b, WeightsType::get(b.getContext(), {1, columns, hidden}, f32), matrix,
      ValueRange(), ValueRange(), LayoutAttr::get(b.getContext(), 0, 1, false),
      0, 0);
}

Value RouteBuilder::slice(Value product, int64_t first, int64_t count) {
  OpFoldResult one = b.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(
      b, product,
      ArrayRef<OpFoldResult>{b.getIndexAttr(0), b.getIndexAttr(first)},
      ArrayRef<OpFoldResult>{tensor::getMixedSize(b, b.getLoc(), product, 0),
                             b.getIndexAttr(count)},
      ArrayRef<OpFoldResult>{one, one});
}

Value RouteBuilder::getPart(Value product, unsigned part, Value bias,
                            Type element) {
  int64_t first = 0;
  for (Value before : weights.take_front(part))
    first += getColumns(before);
  Value result = slice(product, first, getColumns(weights[part]));
  if (!bias)
    return castElements(b, b.getLoc(), result, element);
  auto compute = cast<FloatType>(b.getF32Type());
  ExpertWeights vector(b, b.getLoc(), bias.getDefiningOp<WeightsOp>(),
                       constantIndex(b, 0), compute);
  return buildElementwise(
      b, b.getLoc(), result, element,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        Value column = linalg::IndexOp::create(nested, loc, 1);
        Value sum = arith::AddFOp::create(nested, loc, elements[0],
                                          vector.read(nested, loc, column));
        return castFloat(nested, loc, sum, element);
      });
}

SmallVector<Value> RouteBuilder::build(
    TypeRange results,
    function_ref<SmallVector<Value>(Value, Value, Value)> body) {
  Location loc = b.getLoc();
  Value tokens = tensor::DimOp::create(b, input, 0);
  // Enough rows for two tiles: each panel is read twice from the cache.
  return forEachTokenBlock(
      b, tokens, 2 * tile.rows, results, [&](Value first, Value count) {
        Value rows = castElements(b, loc, sliceRows(b, input, first, count),
                                  b.getF32Type());
        func::FuncOp kernel =
            getProductKernel(module, loc, tile, getTensor(packed));
        Value init =
            createEmpty(b, loc,
                        {OpFoldResult(count),
                         b.getIndexAttr(llvm::alignTo(columns, tile.columns))},
                        b.getF32Type());
        Value product = callKernel(b, kernel, {rows, packed}, init);
        return body(first, count, product);
      });
}

/// Whether input and weights are of what the kernel multiplies.
static LogicalResult verifySupported(Operation *op, Value input,
                                     ValueRange weights,
                                     PatternRewriter &rewriter) {
  Type element = getElementTypeOrSelf(input);
  if (!isa<Float32Type, Float16Type, BFloat16Type>(element))
    return rewriter.notifyMatchFailure(op, "kernels take f32, f16 and bf16");
  if (getTensor(input).isDynamicDim(1))
    return rewriter.notifyMatchFailure(op, "the row size is not static");
  for (Value part : weights)
    if (!part.getDefiningOp<WeightsOp>())
      return rewriter.notifyMatchFailure(op, "weights are made elsewhere");
  return success();
}

LogicalResult mlir::moe::lowerRoute(RouteOp op, const TileShape &tile,
                                    PatternRewriter &rewriter) {
  SmallVector<Value> weights = {op.getRouter()};
  llvm::append_range(weights, op.getExtra());
  if (failed(verifySupported(op, op.getInput(), weights, rewriter)))
    return failure();
  if (op.getRouterBias() && !op.getRouterBias().getDefiningOp<WeightsOp>())
    return rewriter.notifyMatchFailure(op, "the bias is made elsewhere");
  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  RouteBuilder route(b, op->getParentOfType<ModuleOp>(), tile, op.getInput(),
                     weights);
  bool gateInLoop = !comparesTokens(op);
  // The projections come first, whatever the gate does.
  SmallVector<Value> projected;
  projected.push_back(op.getLogits());
  llvm::append_range(projected, op.getProjected());
  SmallVector<Type> types = llvm::to_vector(ValueRange(projected).getTypes());
  if (gateInLoop)
    types.append({op.getWeights().getType(), op.getIds().getType()});
  // The gate of some projections, with what `rows` takes of other operands.
  auto buildChoice = [&](ArrayRef<Value> parts, Type weights, Type ids,
                         function_ref<Value(Value)> rows) {
    Value shared = op.getSharedGate()
                       ? buildSharedGate(b, b.getLoc(), parts.back())
                       : rows(op.getSharedWeights());
    return buildGate(b, op, weights, ids,
                     {parts.front(), rows(op.getState()), rows(op.getValues()),
                      rows(op.getGivenIds()), shared});
  };
  SmallVector<Value> results =
      route.build(types, [&](Value first, Value count, Value product) {
        SmallVector<Value> parts;
        for (auto [i, value] : llvm::enumerate(projected))
          parts.push_back(route.getPart(product, i,
                                        i == 0 ? op.getRouterBias() : Value(),
                                        getElementTypeOrSelf(value)));
        if (!gateInLoop)
          return parts;
        auto block = [](Value result) {
          RankedTensorType type = getTensor(result);
          return type.clone({ShapedType::kDynamic, type.getDimSize(1)});
        };
        GateOp gate = buildChoice(
            parts, block(op.getWeights()), block(op.getIds()),
            [&](Value operand) { return sliceRows(b, operand, first, count); });
        parts.append({gate.getWeights(), gate.getIds()});
        return parts;
      });
  if (!gateInLoop) {
    GateOp gate =
        buildChoice(results, op.getWeights().getType(), op.getIds().getType(),
                    [](Value operand) { return operand; });
    results.append({gate.getWeights(), gate.getIds()});
  }
  // A route names its choice first.
  std::rotate(results.begin(), results.end() - 2, results.end());
  rewriter.replaceOp(op, results);
  return success();
}

LogicalResult mlir::moe::lowerProject(ProjectOp op, const TileShape &tile,
                                      PatternRewriter &rewriter) {
  SmallVector<Value> weights = {op.getWeights()};
  if (failed(verifySupported(op, op.getInput(), weights, rewriter)))
    return failure();
  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  RouteBuilder route(b, op->getParentOfType<ModuleOp>(), tile, op.getInput(),
                     weights);
  SmallVector<Value> results =
      route.build(op->getResultTypes(), [&](Value, Value, Value product) {
        return SmallVector<Value>{route.getPart(
            product, 0, Value(), getElementTypeOrSelf(op.getResult()))};
      });
  rewriter.replaceOp(op, results);
  return success();
}
