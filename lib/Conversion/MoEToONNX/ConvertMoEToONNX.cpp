//===- ConvertMoEToONNX.cpp - The pass convert-moe-to-onnx ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerFunctions.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::moe {
#define GEN_PASS_DEF_CONVERTMOETOONNXPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;
using onnxir::ONNXIRDialect;

/// In which the nodes that this pass writes have their present form.
static constexpr int64_t kMinOpset = 13;

static bool isONNX(Operation *op) {
  return isa<onnxir::ONNXIRDialect>(op->getDialect()) ||
         isa<func::FuncOp, func::ReturnOp, ModuleOp>(op);
}

static int64_t countStandardNodes(func::FuncOp function) {
  int64_t count = 0;
  function.walk(
      [&](onnxir::NodeOp node) { count += node.getDomain().empty(); });
  return count;
}

/// What the user calls the layer: the name of its location, with the
/// operation.
static InFlightDiagnostic emitFor(Operation *op, bool isError) {
  InFlightDiagnostic diag =
      isError ? emitError(op->getLoc()) : emitRemark(op->getLoc());
  diag << op->getName() << ": ";
  return diag;
}

namespace {
struct ConvertMoEToONNXPass
    : public moe::impl::ConvertMoEToONNXPassBase<ConvertMoEToONNXPass> {
  using ConvertMoEToONNXPassBase::ConvertMoEToONNXPassBase;

  void runOnOperation() override {
    LayerFunctions functions(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      int64_t before = countStandardNodes(function);
      if (!function.isExternal() && failed(convert(function, functions)))
        return signalPassFailure();
      usesStandard |= countStandardNodes(function) > before;
    }
    if (failed(importOpsets()))
      return signalPassFailure();
  }

private:
  LogicalResult convert(func::FuncOp function, LayerFunctions &functions);
  LogicalResult convertLayer(Operation *root, LayerFunctions &functions);
  /// Erases what is used no more, users before what they use.
  void eraseDead(func::FuncOp function);
  LogicalResult importOpsets();

  bool usesStandard = false, usesContrib = false, usesFunctions = false;
};
} // namespace

LogicalResult ConvertMoEToONNXPass::convertLayer(Operation *root,
                                                 LayerFunctions &functions) {
  Reason reason, whyNot;
  FailureOr<LayerView> layer = readLayer(root, reason);
  if (failed(layer))
    return emitFor(root, /*isError=*/true) << reason.text;
  ExportTargetOptions options{exportTarget, ignoreTies};
  if (succeeded(convertToContrib(*layer, options, whyNot))) {
    usesContrib = true;
    ++numContrib;
    return success();
  }
  if (exportTarget != ExportTarget::Standard)
    emitFor(root, /*isError=*/false)
        << "written as standard operators: " << whyNot.text;
  ++numStandard;
  Operation *before = root->getPrevNode();
  FailureOr<Value> result = convertToStandard(*layer, reason);
  if (failed(result))
    return emitFor(root, /*isError=*/true) << reason.text;
  Operation *first =
      before ? before->getNextNode() : &root->getBlock()->front();
  usesFunctions |= functions.outline(*layer, first, root, *result);
  return success();
}

void ConvertMoEToONNXPass::eraseDead(func::FuncOp function) {
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (!isONNX(op) || isa<onnxir::GetWeightOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op) && op != function)
      op->erase();
}

LogicalResult ConvertMoEToONNXPass::convert(func::FuncOp function,
                                            LayerFunctions &functions) {
  SmallVector<Operation *> roots, gates, others;
  function.walk([&](Operation *op) {
    auto experts = dyn_cast<ExpertsOp>(op);
    if (isa<CombineOp>(op) || (experts && experts.getCombineWeights()))
      roots.push_back(op);
  });
  for (Operation *root : roots)
    if (failed(convertLayer(root, functions)))
      return failure();
  // Comparisons of sizes have no form in ONNX, and keep what they compare.
  function.walk([](cf::AssertOp op) { op.erase(); });
  eraseDead(function);

  function.walk([&](GateOp gate) { gates.push_back(gate); });
  for (Operation *gate : gates) {
    Reason reason;
    if (failed(convertGate(cast<GateOp>(gate), reason)))
      return emitFor(gate, /*isError=*/true) << reason.text;
  }
  function.walk([&](Operation *op) {
    if (!isONNX(op))
      others.push_back(op);
  });
  for (Operation *op : others) {
    Reason reason;
    if (failed(convertTensorOp(op, reason)))
      return emitFor(op, /*isError=*/true) << reason.text;
  }
  eraseDead(function);
  return success();
}

LogicalResult ConvertMoEToONNXPass::importOpsets() {
  if (!usesContrib && !usesStandard && !usesFunctions)
    return success();
  ModuleOp module = getOperation();
  Builder b(module.getContext());
  NamedAttrList opsets(
      module->getAttrOfType<DictionaryAttr>(ONNXIRDialect::kOpsets));
  if (usesStandard || usesFunctions) {
    auto version = dyn_cast_or_null<IntegerAttr>(opsets.get("ai.onnx"));
    if (!version)
      opsets.set("ai.onnx", b.getI64IntegerAttr(kDefaultOpset));
    else if (version.getValue().getSExtValue() < kMinOpset)
      return module.emitError("the model imports version ")
             << version.getValue().getSExtValue()
             << " of ONNX's operators; convert-moe-to-onnx writes those of "
             << kMinOpset << " and later";
  }
  if (usesContrib && !opsets.get("com.microsoft"))
    opsets.set("com.microsoft", b.getI64IntegerAttr(1));
  if (usesFunctions)
    opsets.set(kLayerDomain, b.getI64IntegerAttr(1));
  module->setAttr(ONNXIRDialect::kOpsets,
                  opsets.getDictionary(module.getContext()));
  return success();
}
