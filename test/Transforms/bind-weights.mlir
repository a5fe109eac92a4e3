// RUN: moe-opt %s --moe-bind-weights | FileCheck %s

onnxir.weight @w from "w.data"[0, 64] : tensor<4x4xf32>
onnxir.weight @small = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>

// One argument for each weight, however often it is used; constants in place
// of small ones.
// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32> {bufferization.writable = false, moe.type = tensor<?x4xf32>}
// CHECK-SAME:    %[[W:.*]]: tensor<4x4xf32> {bufferization.writable = false, moe.weight = @w}
// CHECK-SAME:    -> (tensor<4x4xf32> {moe.type = tensor<4x4xf32>}, tensor<4xf32> {moe.type = tensor<4xf32>})
func.func @f(%x: tensor<?x4xf32>) -> (tensor<4x4xf32>, tensor<4xf32>) {
  %a = onnxir.get_weight @w : tensor<4x4xf32>
  %b = onnxir.get_weight @w : tensor<4x4xf32>
  // CHECK: %[[SMALL:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]>
  %c = onnxir.get_weight @small : tensor<4xf32>
  // CHECK: %[[SUM:.*]] = arith.addf %[[W]], %[[W]]
  %sum = arith.addf %a, %b : tensor<4x4xf32>
  // CHECK: return %[[SUM]], %[[SMALL]]
  return %sum, %c : tensor<4x4xf32>, tensor<4xf32>
}
