// RUN: moe-translate --export-onnx %s -o %t.onnx
// RUN: moe-opt %t.onnx | FileCheck %s

// Passes leave values without names, names twice, values returned twice.
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  onnxir.weight @w = dense<1.0> : tensor<4xf32>
  // CHECK: onnxir.ir_version = 10
  // CHECK: func.func @main(%[[X:.*]]: tensor<?x4xf32> {onnxir.dims = ["n", 4], onnxir.name = "x"}, %[[A:.*]]: tensor<4xf32> {onnxir.name = "value_{{[0-9]+}}"})
  // CHECK-SAME: -> (tensor<?x4xf32> {onnxir.dims = ["n", 4], onnxir.name = "y"}, tensor<?x4xf32> {{.*}}onnxir.name = "z"}, tensor<4xf32> {onnxir.name = "v"}, tensor<?x4xf32> {{.*}})
  func.func @main(%x: tensor<?x4xf32> {onnxir.name = "x", onnxir.dims = ["n", 4]}, %a: tensor<4xf32>)
      -> (tensor<?x4xf32> {onnxir.name = "y", onnxir.dims = ["n", 4]}, tensor<?x4xf32> {onnxir.name = "z"},
          tensor<4xf32> {onnxir.name = "v"}, tensor<?x4xf32>) {
    %w = onnxir.get_weight @w : tensor<4xf32>
    // CHECK: %[[S:.*]] = onnxir.node "Add"(%[[X]], %w) outputs ["y_{{[0-9]+}}"]
    %0 = onnxir.node "Add"(%x, %w) outputs ["y"] : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    // CHECK: %[[T:.*]] = onnxir.node "Mul"(%[[S]], %[[A]]) outputs ["y"]
    %1 = onnxir.node "Mul"(%0, %a) outputs ["t"] : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    // CHECK: %[[U:.*]] = onnxir.node "Neg"(%[[T]]) outputs ["[[OUT:output_[0-9]+]]"]
    %2 = onnxir.node "Neg"(%1) outputs ["t"] : (tensor<?x4xf32>) -> tensor<?x4xf32>
    // CHECK: %[[Z:.*]] = onnxir.node "Identity"(%[[T]]) outputs ["z"]
    // CHECK: %[[V:.*]] = onnxir.node "Identity"(%w) outputs ["v"]
    // CHECK: return %[[T]], %[[Z]], %[[V]], %[[U]]
    return %1, %1, %w, %2 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<4xf32>, tensor<?x4xf32>
  }
}
