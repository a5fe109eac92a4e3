// RUN: moe-opt %s --onnxir-bind-defaults --split-input-file --verify-diagnostics | FileCheck %s

onnxir.weight @w = dense<1.0> : tensor<4xf32>

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32> {onnxir.name = "x"}) -> (tensor<4xf32>, tensor<4xf32> {onnxir.name = "w"})
func.func @main(%w: tensor<?xf32> {onnxir.default = @w, onnxir.name = "w"},
                %x: tensor<4xf32> {onnxir.name = "x"})
    -> (tensor<4xf32>, tensor<?xf32> {onnxir.name = "w"}) {
  // CHECK-NEXT: %[[W:.*]] = onnxir.get_weight @w : tensor<4xf32>
  // CHECK-NEXT: onnxir.node "Add"(%[[X]], %[[W]])
  %0 = onnxir.node "Add"(%x, %w) : (tensor<4xf32>, tensor<?xf32>) -> tensor<4xf32>
  // CHECK: return %{{.*}}, %[[W]]
  return %0, %w : tensor<4xf32>, tensor<?xf32>
}

// -----

// expected-error@+1 {{default @missing of argument 0 is no onnxir.weight}}
func.func @main(%w: tensor<4xf32> {onnxir.default = @missing}) {
  return
}
