//===- FuseRouting.cpp - Fuse a router's product with its gate --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouterProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_FUSEROUTINGPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-fuse-routing"

/// What `value` is the sigmoid of, as a linalg operation computes it:
/// 1 / (1 + e^(−x)). Null if it is none.
static Value getSigmoidOperand(Value value) {
  linalg::GenericOp generic = getElementwiseUnary(value);
  if (!generic)
    return {};
  Value result = generic.getBody()->getTerminator()->getOperand(0);
  auto quotient = result.getDefiningOp<arith::DivFOp>();
  if (!quotient || !matchPattern(quotient.getLhs(), m_OneFloat()))
    return {};
  auto sum = quotient.getRhs().getDefiningOp<arith::AddFOp>();
  if (!sum)
    return {};
  Value term = sum.getLhs();
  if (matchPattern(term, m_OneFloat()))
    term = sum.getRhs();
  else if (!matchPattern(sum.getRhs(), m_OneFloat()))
    return {};
  auto exponential = term.getDefiningOp<math::ExpOp>();
  auto negation = exponential
                      ? exponential.getOperand().getDefiningOp<arith::NegFOp>()
                      : arith::NegFOp();
  if (!negation || negation.getOperand() != generic.getBody()->getArgument(0))
    return {};
  return generic.getDpsInputs()[0];
}

namespace {
struct FuseRoutingPass : moe::impl::FuseRoutingPassBase<FuseRoutingPass> {
  using FuseRoutingPassBase::FuseRoutingPassBase;

  void runOnOperation() override {
    SmallVector<GateOp> gates;
    getOperation()->walk([&](GateOp op) { gates.push_back(op); });
    for (GateOp gate : gates)
      fuse(gate);
  }

private:
  /// A projection of the router's input that can ride in its product.
  struct Rider {
    Value result;
    RouterProduct product;
  };

  void fuse(GateOp gate) {
    StringRef reason;
    FailureOr<RouterProduct> router =
        RouterProduct::match(gate.getLogits(), reason);
    if (failed(router)) {
      gate.emitRemark("the router is not fused: ") << reason;
      return;
    }
    if (router->weights &&
        cast<WeightsType>(router->weights.getType()).getNumExperts() != 1) {
      gate.emitRemark("the router is not fused: it has several matrices");
      return;
    }
    SmallVector<Rider> riders = findRiders(gate, router->input);
    std::optional<Rider> sharedGate = findSharedGate(gate, router->input);
    if (sharedGate)
      riders.push_back(*sharedGate);
    build(gate, *router, riders, sharedGate.has_value());
    ++numFused;
    numRiders += riders.size();
  }

  bool isNarrow(const RouterProduct &product) const {
    return product.columns <= maxExtraColumns;
  }

  /// Other projections of `input` whose results are used after the gate only.
  SmallVector<Rider> findRiders(GateOp gate, Value input) {
    SmallVector<Rider> riders;
    for (Operation *user : input.getUsers()) {
      if (user->getBlock() != gate->getBlock() || user->getNumResults() != 1 ||
          user->getResult(0) == gate.getLogits() ||
          !isa<RankedTensorType>(user->getResult(0).getType()))
        continue;
      Value result = user->getResult(0);
      StringRef reason;
      FailureOr<RouterProduct> product = RouterProduct::match(result, reason);
      // Only whole products: a conversion of the input has the input, too.
      if (failed(product) || product->input != input || product->bias ||
          !isNarrow(*product) || !isProduct(user))
        continue;
      if (llvm::all_of(
              result.getUsers(),
              [&](Operation *reader) { return isAfter(gate, reader); }) &&
          moveBefore(gate, *product))
        riders.push_back({result, *product});
    }
    // Users come in no order that means anything.
    llvm::sort(riders, [](const Rider &a, const Rider &b) {
      return a.result.getDefiningOp()->isBeforeInBlock(
          b.result.getDefiningOp());
    });
    return riders;
  }

  /// Moves what makes the weights of a product before `gate`, if it does not
  /// depend on it.
  static bool moveBefore(GateOp gate, const RouterProduct &product) {
    Value weights = product.weights ? product.weights : product.matrix;
    IRRewriter rewriter(gate.getContext());
    return succeeded(moveValueDefinitions(rewriter, weights, gate));
  }

  static bool isProduct(Operation *op) {
    return isa<ProjectOp>(op) || isa<linalg::ContractionOpInterface>(op) ||
           (isa<linalg::GenericOp>(op) &&
            linalg::isaContractionOpInterface(cast<linalg::LinalgOp>(op)));
  }

  /// Whether `op` runs after `gate`.
  static bool isAfter(Operation *gate, Operation *op) {
    Operation *ancestor = gate->getBlock()->findAncestorOpInBlock(*op);
    return ancestor && ancestor != gate && gate->isBeforeInBlock(ancestor);
  }

  /// The product whose sigmoid weighs the shared slots.
  std::optional<Rider> findSharedGate(GateOp gate, Value input) {
    Value logits = gate.getSharedWeights()
                       ? getSigmoidOperand(gate.getSharedWeights())
                       : Value();
    if (!logits)
      return std::nullopt;
    StringRef reason;
    FailureOr<RouterProduct> product = RouterProduct::match(logits, reason);
    // What is rounded before the sigmoid would not be.
    if (failed(product) || product->input != input || product->bias ||
        !isNarrow(*product) || !isProduct(logits.getDefiningOp()))
      return std::nullopt;
    return Rider{logits, *product};
  }

  static void build(GateOp gate, const RouterProduct &router,
                    ArrayRef<Rider> riders, bool sharedGate) {
    OpBuilder builder(gate);
    ImplicitLocOpBuilder b(gate.getLoc(), builder);
    SmallVector<Value> extra;
    SmallVector<Type> projected;
    for (const Rider &rider : riders) {
      extra.push_back(rider.product.buildWeights(b));
      projected.push_back(rider.result.getType());
    }
    auto route = RouteOp::create(
        b, gate.getWeights().getType(), gate.getIds().getType(),
        gate.getLogits().getType(), projected, router.input,
        router.buildWeights(b), router.buildBias(b), extra,
        sharedGate ? b.getUnitAttr() : UnitAttr(), gate.getBias(),
        gate.getState(), gate.getValues(), gate.getGivenIds(), gate.getTable(),
        sharedGate ? Value() : gate.getSharedWeights(), gate.getScoreAttr(),
        gate.getGroupLimitAttr(), gate.getSelectAttr(), gate.getCapacityAttr(),
        gate.getNormalizeAttr(), gate.getScaleAttr(), gate.getDropBelowAttr(),
        gate.getSharedAttr());
    // The next layer may read the logits as its state.
    gate.getLogits().replaceUsesWithIf(route.getLogits(), [&](OpOperand &use) {
      return isAfter(route, use.getOwner());
    });
    for (auto [rider, result] : llvm::zip_equal(riders, route.getProjected())) {
      Value old = rider.result;
      old.replaceUsesWithIf(result, [&](OpOperand &use) {
        return isAfter(route, use.getOwner());
      });
    }
    gate.replaceAllUsesWith(ValueRange{route.getWeights(), route.getIds()});
    gate.erase();
  }
};
} // namespace
