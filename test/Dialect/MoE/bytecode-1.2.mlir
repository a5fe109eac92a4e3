// Bytecode of version 1.2, whose sums had no affine terms and whose weights no
// selection of experts.

// (B3) The file is what the program of then wrote of this module.
// RUN: moe-opt %S/Inputs/version-1.2.mlirbc | FileCheck %s
// RUN: moe-opt %s | FileCheck %s

// CHECK-LABEL: func.func @layer
// CHECK: moe.weights %{{.*}} layout<offset = 1, step = 2> : tensor<4x16x8xf32> -> !moe.weights<4x8x8, f32>
// CHECK: moe.weights %{{.*}} scales(%{{.*}} : tensor<4x8xf32>) block(8) zero_point(-3) : tensor<4x8x8xi8> -> !moe.weights<4x8x8, i8>
// CHECK: moe.ffn_experts {{.*}} activation<silu, alpha = 1.702
// CHECK: moe.gate {{.*}} groups<count = 2, keep = 1, fill = 0> select<top_k, k = 2> normalize<sum, floor = 0.5>
// CHECK: moe.dispatch
// CHECK: %[[O:.*]] = moe.experts %{{.*}}, %[[P:.*]], (%{{.*}}) : tensor<?x8xf32>, !moe.plan<4>, !moe.experts<4, 8 -> 8> -> tensor<?x8xf32>
// CHECK: moe.combine %[[O]], %[[P]], %{{.*}} : tensor<?x8xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x8xf32>
// CHECK: moe.experts %{{.*}}, %[[P]], (%{{.*}}) gather combine(%{{.*}} : tensor<?x2xf32>)
func.func @layer(%x: tensor<?x8xf32>, %z: tensor<?x4xf32>,
                 %up: tensor<4x16x8xf32>, %down: tensor<4x8x8xi8>,
                 %s: tensor<4x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %uw = moe.weights %up layout<offset = 1, step = 2>
      : tensor<4x16x8xf32> -> !moe.weights<4x8x8, f32>
  %dw = moe.weights %down scales(%s : tensor<4x8xf32>) block(8) zero_point(-3)
      : tensor<4x8x8xi8> -> !moe.weights<4x8x8, i8>
  %e = moe.ffn_experts up(%uw : !moe.weights<4x8x8, f32>)
      gate(%uw : !moe.weights<4x8x8, f32>) down(%dw : !moe.weights<4x8x8, i8>)
      activation<silu, alpha = 1.702, limit = 7.0> : !moe.experts<4, 8 -> 8>
  %w, %ids = moe.gate %z score<sigmoid>
      groups<count = 2, keep = 1, fill = 0.0> select<top_k, k = 2>
      normalize<sum, floor = 0.5>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %rows = moe.dispatch %x, %p
      : tensor<?x8xf32>, !moe.plan<4> -> tensor<?x8xf32>
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x8xf32>, !moe.plan<4>, !moe.experts<4, 8 -> 8> -> tensor<?x8xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x8xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x8xf32>
  %f = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x8xf32>, !moe.plan<4>, !moe.experts<4, 8 -> 8> -> tensor<?x8xf32>
  return %y, %f : tensor<?x8xf32>, tensor<?x8xf32>
}
