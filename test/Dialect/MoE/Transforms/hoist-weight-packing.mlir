// RUN: moe-opt %s --moe-hoist-weight-packing --split-input-file | FileCheck %s

// Two layers' weights move to one function that runs at load time.
// CHECK-LABEL: func.func @hoisted
// CHECK-SAME:    (%{{.*}}: tensor<2xf32>, %[[A:.*]]: tensor<4x2x32x32xf32> {moe.resident = 0 : i64}, %[[B:.*]]: tensor<4x2x32x32xf32> {moe.resident = 1 : i64})
// CHECK-SAME:    attributes {moe.init = @hoisted_init}
// CHECK-NEXT:    return %[[A]], %[[B]]
// CHECK-LABEL: func.func @hoisted_init() -> (tensor<4x2x32x32xf32>, tensor<4x2x32x32xf32>)
// CHECK:         %[[P:.*]] = moe.pack_weights
// CHECK:         %[[Q:.*]] = moe.pack_weights
// CHECK:         return %[[P]], %[[Q]]
func.func @hoisted(%x: tensor<2xf32>)
    -> (tensor<4x2x32x32xf32>, tensor<4x2x32x32xf32>) {
  %t = arith.constant dense<1.0> : tensor<4x40x32xf32>
  %u = arith.constant dense<2.0> : tensor<4x40x32xf32>
  %v = moe.weights %t : tensor<4x40x32xf32> -> !moe.weights<4x40x32, f32>
  %w = moe.weights %u : tensor<4x40x32xf32> -> !moe.weights<4x40x32, f32>
  %p = moe.pack_weights %v panel(32)
      : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
  %q = moe.pack_weights %w panel(32)
      : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
  return %p, %q : tensor<4x2x32x32xf32>, tensor<4x2x32x32xf32>
}

// -----

// Weights that are arguments are known at the call only.
// CHECK-LABEL: func.func @argument
// CHECK-NOT:     moe.init
// CHECK:         moe.pack_weights
func.func @argument(%t: tensor<4x40x32xf32>) -> tensor<4x2x32x32xf32> {
  %w = moe.weights %t : tensor<4x40x32xf32> -> !moe.weights<4x40x32, f32>
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
  return %p : tensor<4x2x32x32xf32>
}

// -----

// What weights are computed by moves with them, regions included.
// CHECK-LABEL: func.func @computed
// CHECK-SAME:    attributes {moe.init = @computed_init}
// CHECK-NEXT:    return
// CHECK-LABEL: func.func @computed_init
// CHECK:         %[[S:.*]] = arith.constant 5.000000e-01 : f32
// CHECK:         linalg.map
// CHECK:         arith.mulf %{{.*}}, %[[S]]
// CHECK:         moe.pack_weights
func.func @computed() -> tensor<4x2x32x32xf32> {
  %t = arith.constant dense<1.0> : tensor<4x40x32xf32>
  %s = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<4x40x32xf32>
  %m = linalg.map ins(%t : tensor<4x40x32xf32>) outs(%e : tensor<4x40x32xf32>)
      (%x: f32, %o: f32) {
    %p = arith.mulf %x, %s : f32
    linalg.yield %p : f32
  }
  %w = moe.weights %m : tensor<4x40x32xf32> -> !moe.weights<4x40x32, f32>
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
  return %p : tensor<4x2x32x32xf32>
}
