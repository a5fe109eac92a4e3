//===- ONNXPasses.td - Conversions from and to ONNX --------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_ONNXPASSES
#define MOE_CONVERSION_ONNXPASSES

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// MoEToONNX
//===----------------------------------------------------------------------===//

def ConvertMoEToONNXPass : Pass<"convert-moe-to-onnx", "::mlir::ModuleOp"> {
  let summary = "Write Mixture-of-Experts layers as ONNX operators";
  let description = [{
    The way back from `convert-onnx-to-moe`: what `moe-translate --export-onnx`
    writes must be nodes. A layer becomes `MoE` or `QMoE` of `com.microsoft`
    where a kernel of ONNX Runtime for the target computes the same; weights
    that do not stand as the kernel wants them are put in order by nodes, which
    the runtime folds when it loads the model. Other layers, gates and the
    operations on tensors around them become standard operators of version 13
    and later, those of a layer a model-local function: each expert is applied to
    the tokens that chose it (before version 16: to all). A remark says why a
    layer did not fit.

    ```mlir
    %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2, tie = higher>
        : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
    %rows = moe.dispatch %x, %p
        : tensor<?x16xf32>, !moe.plan<4> -> tensor<?x16xf32>
    %o = moe.experts %rows, %p, (%e) : tensor<?x16xf32>, !moe.plan<4>,
        !moe.experts<4, 16 -> 16> -> tensor<?x16xf32>
    %y = moe.combine %o, %p, %w
        : tensor<?x16xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x16xf32>
    ```

    becomes, for feed-forward experts `%e`,

    ```mlir
    %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2)
        {activation_type = "silu", k = 2 : i64,
         normalize_routing_weights = 0 : i64} : (…) -> tensor<?x16xf32>
    ```

    What has no form in ONNX (experts given by a region, …) is an error.
    Comparisons of sizes at run time (`cf.assert`) are dropped.
  }];
  let options = [
    Option<"exportTarget", "export-target", "::mlir::moe::ExportTarget",
      "::mlir::moe::ExportTarget::ORTCPU",
      "Whose kernels layers may be written for.",
      [{::llvm::cl::values(
        clEnumValN(::mlir::moe::ExportTarget::ORTCPU, "ort-cpu",
                   "ONNX Runtime on the CPU"),
        clEnumValN(::mlir::moe::ExportTarget::ORTCUDA, "ort-cuda",
                   "ONNX Runtime on CUDA"),
        clEnumValN(::mlir::moe::ExportTarget::Standard, "standard",
                   "any runtime: standard operators only"))}]>,
    Option<"ignoreTies", "ignore-ties", "bool", /*default=*/"false",
           "Accept a kernel that chooses the other one of two experts with "
           "equal values.">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::onnxir::ONNXIRDialect",
                           "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numContrib", "contrib", "Layers written as MoE or QMoE">,
    Statistic<"numStandard", "standard",
              "Layers written as standard operators">];
}

//===----------------------------------------------------------------------===//
// ONNXToLinalg
//===----------------------------------------------------------------------===//

def ConvertONNXToLinalgPass : Pass<"convert-onnx-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower onnxir nodes to linalg, tensor, arith and math";
  let description = [{
    Converts every `onnxir.node`, with static and dynamic sizes and with NumPy's
    broadcasting. Types must be known: `onnxir-infer-types` comes before. What
    ONNX computes in f16 or bf16 is computed in f32 and rounded once per
    operator. Arithmetic on shapes is followed, so that sizes become index
    values and constants, not tensors.

    Unsigned integers become signless ones everywhere; an argument or result
    of the function whose type changes so keeps the old element type in
    `onnxir.element_type`. Initializers remain `onnxir.get_weight`, but for
    small ones, which become constants.

    ```mlir
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %0 = onnxir.node "Relu"(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      return %0 : tensor<?x4xf32>
    }
    ```

    becomes

    ```mlir
      %1 = linalg.generic {…} ins(%x : tensor<?x4xf32>)
          outs(%init : tensor<?x4xf32>) {
      ^bb0(%in: f32, %out: f32):
        %2 = arith.maximumf %in, %zero : f32
        linalg.yield %2 : f32
      } -> tensor<?x4xf32>
    ```

    An operator, attribute or type that is not supported is an error that names
    the node, the operator and the reason.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::moe::MoEDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"keepCodes", "keep-codes", "bool", /*default=*/"false",
           "Make products with initializers of integer codes moe.project, "
           "whose kernels multiply codes, in place of dequantised matrices">];
  let statistics = [
    Statistic<"numNodes", "nodes", "Nodes that were lowered">];
}

//===----------------------------------------------------------------------===//
// ONNXToMoE
//===----------------------------------------------------------------------===//

def ConvertONNXToMoEPass : Pass<"convert-onnx-to-moe", "::mlir::ModuleOp"> {
  let summary = "Raise the Mixture-of-Experts layers of an ONNX model to moe";
  let description = [{
    Binds arguments with defaults (unless `keep-defaults`, with which what
    depends on them may not be raised), inlines model-local functions and infers
    types, as `onnxir-bind-defaults`, `onnxir-inline-functions` and
    `onnxir-infer-types` do. Then raises the operators `MoE` and `QMoE` of
    `com.microsoft` to gate, plan, dispatch, experts and combine of the moe
    dialect. Weights stay where they are: `moe.weights` refers to them, with a
    layout that separates gate and up where one matrix holds both. Weights with
    the dimensions that old files declare ([E, H, I] for [E, I, H]) are the same
    bytes with other dimensions.

    ```mlir
    %y = onnxir.node "MoE" domain "com.microsoft" (%x, %logits, %fc1, none, %fc2)
        {activation_type = "silu", k = 2 : i64}
        : (tensor<?x16xf32>, tensor<?x4xf32>, tensor<4x24x16xf32>,
           tensor<4x16x24xf32>) -> tensor<?x16xf32>
    ```

    becomes

    ```mlir
    %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2, tie = higher>
        : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
    %rows = moe.dispatch %x, %p
        : tensor<?x16xf32>, !moe.plan<4> -> tensor<?x16xf32>
    %u = moe.weights %fc1 : tensor<4x24x16xf32> -> !moe.weights<4x24x16, f32>
    %d = moe.weights %fc2 : tensor<4x16x24xf32> -> !moe.weights<4x16x24, f32>
    %e = moe.ffn_experts up(%u : !moe.weights<4x24x16, f32>)
        down(%d : !moe.weights<4x16x24, f32>) activation<silu>
        : !moe.experts<4, 16 -> 16>
    %o = moe.experts %rows, %p, (%e) : tensor<?x16xf32>, !moe.plan<4>,
        !moe.experts<4, 16 -> 16> -> tensor<?x16xf32>
    %y = moe.combine %o, %p, %w
        : tensor<?x16xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x16xf32>
    ```

    Layers in plain operators are raised as well, whatever wrote them: experts
    unrolled over the tokens that chose them, weights gathered for each choice,
    choices sorted by expert, all experts on all tokens with masks or a table of
    weights. The result is the same for all of these. It is found from what the
    elements of tensors are, not from chains of operators, so reshapes, casts,
    the order of operands and the like do not matter. Shared experts become
    slots of the gate; an expert that copies its input, adds a vector or is
    missing becomes one of that kind. Where the router is not recognised, its
    results are used as they are, and a remark says what was in the way.

    Sizes that must be equal and are not known before run time, such as the
    rows of the input and of the router, are compared by `cf.assert`.

    Where the kernels of ONNX Runtime differ from each other and from the
    schema, `semantics` says whose computation is meant, and a remark names the
    difference. A layer that cannot be raised is an error.
  }];
  let options = [
    Option<"keepDefaults", "keep-defaults", "bool", /*default=*/"false",
           "Leave arguments with defaults for callers to give">,
    Option<"semantics", "semantics", "::mlir::moe::ContribSemantics",
      "::mlir::moe::ContribSemantics::ORTCPU",
      "Whose computation MoE and QMoE mean.",
      [{::llvm::cl::values(
        clEnumValN(::mlir::moe::ContribSemantics::Schema, "schema",
                   "what the operators' schema says"),
        clEnumValN(::mlir::moe::ContribSemantics::ORTCPU, "ort-cpu",
                   "what ONNX Runtime computes on the CPU"),
        clEnumValN(::mlir::moe::ContribSemantics::ORTCUDA, "ort-cuda",
                   "what ONNX Runtime computes on CUDA"))}]>,
    Option<"qmoeLayout", "qmoe-layout", "::mlir::moe::QMoELayout",
      "::mlir::moe::QMoELayout::Reject",
      "What to make of QMoE weights with weights_prepacked = 1.",
      [{::llvm::cl::values(
        clEnumValN(::mlir::moe::QMoELayout::Raw, "raw",
                   "read them as the schema lays weights out"),
        clEnumValN(::mlir::moe::QMoELayout::Reject, "reject",
                   "refuse them: a kernel's own layout cannot be known"))}]>
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::moe::MoEDialect", "::mlir::onnxir::ONNXIRDialect",
    "::mlir::tensor::TensorDialect"];
  let statistics = [
    Statistic<"numLayers", "layers", "MoE layers that were raised">];
}

#endif // MOE_CONVERSION_ONNXPASSES
