//===- TestMatchRouting.cpp - Routers of functions as gates -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Terms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Reads the results of each function as a router: ids and weights, dense gates
/// of all experts, or a dispatch tensor and weights. Returns those of a gate
/// instead. Of (ids, weights), the ids are what the gate gives: T×k of i32.
/// Dense gates keep their meaning and are T×E: a combination of experts each of
/// which is its unit vector; they stand for dispatch tensors as well.
struct TestMatchRoutingPass
    : PassWrapper<TestMatchRoutingPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestMatchRoutingPass)

  TestMatchRoutingPass() = default;
  TestMatchRoutingPass(const TestMatchRoutingPass &pass) : PassWrapper(pass) {}

  StringRef getArgument() const override { return "test-moe-match-routing"; }
  StringRef getDescription() const override {
    return "Replace a function's results by those of the gate they come from";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, MoEDialect, tensor::TensorDialect>();
  }

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    Operation *end = function.front().getTerminator();
    ImplicitLocOpBuilder builder(end->getLoc(), end);
    RemarkSink remarks;
    Facts facts(function);
    auto findAdmissions = [&](Value condition, int64_t experts) {
      return findAdmission(facts, condition, experts);
    };
    if (end->getNumOperands() == 2) {
      Value first = end->getOperand(0), weights = end->getOperand(1);
      FailureOr<Routing> routing =
          expertChoice ? matchExpertChoice(first, weights, remarks)
                       : matchRouting(first, weights, remarks, /*experts=*/0,
                                      /*findScores=*/nullptr, findAdmissions);
      if (succeeded(routing)) {
        GateOp gate = buildGate(builder, *routing, routing->shared,
                                routing->sharedWeights);
        end->setOperands({gate.getIds(), gate.getWeights()});
      }
    } else if (end->getNumOperands() == 1) {
      Value gates = end->getOperand(0);
      FailureOr<Routing> routing = matchDenseRouting(gates, remarks);
      if (succeeded(routing))
        end->setOperand(0, buildDense(builder, buildGate(builder, *routing)));
    }
    remarks.emit();
    // Dense gates come instead of two results.
    if (end->getNumOperands() < function.getNumResults() &&
        failed(function.eraseResult(1)))
      return signalPassFailure();
    function.setFunctionType(
        FunctionType::get(function.getContext(), function.getArgumentTypes(),
                          llvm::to_vector(end->getOperandTypes())));
  }

  Option<bool> expertChoice{*this, "expert-choice",
                            llvm::cl::desc("Ids are tokens that experts chose"),
                            llvm::cl::init(false)};

  Value buildDense(ImplicitLocOpBuilder &b, GateOp gate) {
    int64_t experts = gate.getNumExperts();
    MLIRContext *context = b.getContext();
    SmallVector<float> unit(experts * experts, 0.0f);
    for (int64_t e = 0; e < experts; ++e)
      unit[e * experts + e] = 1.0f;
    auto square = RankedTensorType::get({experts, experts}, b.getF32Type());
    Value vectors = arith::ConstantOp::create(
        b, DenseElementsAttr::get(square, ArrayRef(unit)));
    Value weights = WeightsOp::create(
        b, WeightsType::get(context, square.getShape(), b.getF32Type()),
        vectors, ValueRange(), ValueRange(),
        LayoutAttr::get(context, 0, 1, false), 0, 0);
    Value set = ConstantExpertsOp::create(
        b, ExpertsType::get(context, experts, experts, experts), weights,
        Value());
    Value plan =
        PlanOp::create(b, PlanType::get(context, experts, PlanOwner::Tokens),
                       gate.getIds(), Value());
    auto tokens = cast<RankedTensorType>(gate.getLogits().getType());
    auto rows = tokens.clone({ShapedType::kDynamic, experts});
    Value dispatched = DispatchOp::create(b, rows, gate.getLogits(), plan);
    Value out = ExpertsOp::create(b, rows, dispatched, plan, set);
    return CombineOp::create(b, tokens, out, plan, gate.getWeights());
  }
};
} // namespace

namespace mlir::moe::test {
void registerTestMatchRoutingPass() {
  PassRegistration<TestMatchRoutingPass>();
}
} // namespace mlir::moe::test
