//===- Passes.td - Passes on the onnxir dialect -*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_TRANSFORMS_PASSES
#define MOE_DIALECT_ONNXIR_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def BindDefaultsPass : Pass<"onnxir-bind-defaults", "::mlir::ModuleOp"> {
  let summary = "Replace arguments that have a default by their initializers";
  let description = [{
    An argument of a graph with `onnxir.default` becomes an
    `onnxir.get_weight`: callers pass it no longer, and what follows sees a
    constant.

    ```mlir
    func.func @main(%x: tensor<4xf32>,
                    %w: tensor<4xf32> {onnxir.default = @w}) {
    ```

    becomes

    ```mlir
    func.func @main(%x: tensor<4xf32>) {
      %w = onnxir.get_weight @w : tensor<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::onnxir::ONNXIRDialect"];
  let statistics = [
    Statistic<"numBound", "bound", "Arguments replaced by initializers">];
}

def InferTypesPass : Pass<"onnxir-infer-types", "::mlir::ModuleOp"> {
  let summary = "Infer the types of the values of an ONNX graph";
  let description = [{
    Walks nodes in order and gives their results the types that the operators
    define: values of type `!onnxir.any` get one, sizes that the model leaves
    open are filled in where the operands tell. Constant arithmetic on shapes
    is followed. Results of operators without a rule keep their types. What a
    SequenceAt takes out of a SplitToSequence becomes a part of a Split where
    sizes and position are known, for sequences have no type of their own. An If
    whose condition is known becomes its branch. What a loop carries gets the
    types that hold in all iterations.

    ```mlir
    %0 = onnxir.node "MatMul"(%x, %w)
        : (tensor<?x16xf32>, tensor<16x8xf32>) -> !onnxir.any
    ```

    becomes

    ```mlir
    %0 = onnxir.node "MatMul"(%x, %w)
        : (tensor<?x16xf32>, tensor<16x8xf32>) -> tensor<?x8xf32>
    ```

    Where the model declares a shape that contradicts the operator, the operator
    is right; another element type, and operands that an operator does not
    allow, are errors that name the node, the operator and the reason.
  }];
  let statistics = [
    Statistic<"numRefined", "refined", "Results whose type became better known">];
}

def InlineFunctionsPass : Pass<"onnxir-inline-functions", "::mlir::ModuleOp"> {
  let summary = "Replace calls of model-local functions by their bodies";
  let description = [{
    Each node whose operator is an `onnxir.function` becomes the nodes of the
    function, with attribute parameters replaced by what the call passes or by
    their defaults, and inputs that the call leaves out left out inside. The
    functions are erased. Nodes get the call's name in front of their own; those
    that import another operator set than the model keep their version in
    `opset`.

    ```mlir
    onnxir.function "Scale" domain "local"(%x: !onnxir.any) parameters ["to"] {
      %0 = onnxir.node "LeakyRelu"(%x) {alpha = #onnxir.ref<"to", "float">}
          : (!onnxir.any) -> !onnxir.any
      onnxir.yield %0 : !onnxir.any
    }
    %y = onnxir.node "Scale" domain "local"(%a) {to = 0.5 : f32} name "s"
        : (tensor<4xf32>) -> tensor<4xf32>
    ```

    becomes

    ```mlir
    %y = onnxir.node "LeakyRelu"(%a) {alpha = 0.5 : f32} name "s/LeakyRelu"
        : (tensor<4xf32>) -> tensor<4xf32>
    ```

    Functions that call each other without end, and files that unfold into
    millions of nodes, are errors.
  }];
  let dependentDialects = ["::mlir::onnxir::ONNXIRDialect"];
  let options = [
    Option<"maxDepth", "max-depth", "unsigned", /*default=*/"64",
           "How deep calls may nest.">,
    Option<"maxNodes", "max-nodes", "unsigned", /*default=*/"1000000",
           "How many nodes inlining may make.">];
  let statistics = [
    Statistic<"numInlined", "inlined", "Calls replaced by function bodies">];
}

def VerifySchemasPass : Pass<"onnxir-verify-schemas", "::mlir::ModuleOp"> {
  let summary = "Check nodes against what their operators take";
  let description = [{
    Checks the number of inputs and outputs and the attributes of each node
    against the version of its operator that the model imports, and MoE and
    QMoE nodes also for types and sizes. The importer does the same.
  }];
  let options = [
    Option<"allowUnregistered", "allow-unregistered", "bool",
           /*default=*/"false",
           "Accept operators that no operator set of their domain defines.">];
}

#endif // MOE_DIALECT_ONNXIR_TRANSFORMS_PASSES
