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

def InferTypesPass : Pass<"onnxir-infer-types", "::mlir::ModuleOp"> {
  let summary = "Infer the types of the values of an ONNX graph";
  let description = [{
    Walks nodes in order and gives their results the types that the operators
    define: values of type `!onnxir.any` get one, sizes that the model leaves
    open are filled in where the operands tell. Constant arithmetic on shapes
    is followed. Results of operators without a rule keep their types.

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

#endif // MOE_DIALECT_ONNXIR_TRANSFORMS_PASSES
