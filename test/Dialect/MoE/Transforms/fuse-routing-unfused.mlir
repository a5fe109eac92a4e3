// Why routers are not fused, and what does not ride in their products.
// RUN: moe-opt %s --split-input-file --moe-fuse-routing='max-extra-columns=4' --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @no_product
// CHECK: moe.gate
func.func @no_product(%z: tensor<6x4xf32>) -> tensor<6x1xf32> {
  // expected-remark @+1 {{the router is not fused: the logits are no product with a matrix}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf32> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w : tensor<6x1xf32>
}

// -----

func.func @added(%x: tensor<6x8xf32>, %r: tensor<8x4xf32>, %init: tensor<6x4xf32>)
    -> tensor<6x1xf32> {
  %z = linalg.matmul ins(%x, %r : tensor<6x8xf32>, tensor<8x4xf32>)
      outs(%init : tensor<6x4xf32>) -> tensor<6x4xf32>
  // expected-remark @+1 {{the router is not fused: the product is added to something}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf32> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w : tensor<6x1xf32>
}

// -----

func.func @rounded(%x: tensor<6x8xf16>, %r: tensor<8x4xf16>) -> tensor<6x1xf32> {
  %cst = arith.constant 0.0 : f16
  %e = tensor.empty() : tensor<6x4xf16>
  %zero = linalg.fill ins(%cst : f16) outs(%e : tensor<6x4xf16>) -> tensor<6x4xf16>
  %z = linalg.matmul ins(%x, %r : tensor<6x8xf16>, tensor<8x4xf16>)
      outs(%zero : tensor<6x4xf16>) -> tensor<6x4xf16>
  // expected-remark @+1 {{the router is not fused: the product is rounded at each step}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf16> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w : tensor<6x1xf32>
}

// -----

func.func @dynamic(%x: tensor<6x?xf32>, %r: tensor<?x4xf32>) -> tensor<6x1xf32> {
  %cst = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<6x4xf32>
  %zero = linalg.fill ins(%cst : f32) outs(%e : tensor<6x4xf32>) -> tensor<6x4xf32>
  %z = linalg.matmul ins(%x, %r : tensor<6x?xf32>, tensor<?x4xf32>)
      outs(%zero : tensor<6x4xf32>) -> tensor<6x4xf32>
  // expected-remark @+1 {{the router is not fused: the matrix has no static shape}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf32> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w : tensor<6x1xf32>
}

// -----

func.func @wider(%x: tensor<6x8xf32>, %r: tensor<8x4xf32>) -> tensor<6x1xf64> {
  %cst = arith.constant 0.0 : f64
  %xw = arith.extf %x : tensor<6x8xf32> to tensor<6x8xf64>
  %rw = arith.extf %r : tensor<8x4xf32> to tensor<8x4xf64>
  %e = tensor.empty() : tensor<6x4xf64>
  %zero = linalg.fill ins(%cst : f64) outs(%e : tensor<6x4xf64>) -> tensor<6x4xf64>
  %z = linalg.matmul ins(%xw, %rw : tensor<6x8xf64>, tensor<8x4xf64>)
      outs(%zero : tensor<6x4xf64>) -> tensor<6x4xf64>
  // expected-remark @+1 {{the router is not fused: the product is of a wider type than its input}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf64> -> tensor<6x1xf64>, tensor<6x1xi32>
  return %w : tensor<6x1xf64>
}

// -----

func.func @several(%x: tensor<6x8xf32>, %r: !moe.weights<2x2x8, f32>) -> tensor<6x1xf32> {
  %z = moe.project %x, %r : tensor<6x8xf32>, !moe.weights<2x2x8, f32> -> tensor<6x4xf32>
  // expected-remark @+1 {{the router is not fused: it has several matrices}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf32> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w : tensor<6x1xf32>
}

// -----

#full = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>
func.func @rounded_before_bias(%x: tensor<6x8xf16>, %r: !moe.weights<1x4x8, f16>, %b: tensor<4xf16>) -> tensor<6x1xf32> {
  %p = moe.project %x, %r : tensor<6x8xf16>, !moe.weights<1x4x8, f16> -> tensor<6x4xf16>
  %e = tensor.empty() : tensor<6x4xf16>
  %z = linalg.generic {indexing_maps = [#full, #last, #full], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b : tensor<6x4xf16>, tensor<4xf16>) outs(%e : tensor<6x4xf16>) {
  ^bb0(%u: f16, %v: f16, %out: f16):
    %0 = arith.addf %u, %v : f16
    linalg.yield %0 : f16
  } -> tensor<6x4xf16>
  // expected-remark @+1 {{the router is not fused: the product is rounded before the bias is added}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf16> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w : tensor<6x1xf32>
}

// -----

#full = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>
func.func @dynamic_bias(%x: tensor<6x8xf32>, %r: !moe.weights<1x4x8, f32>, %b: tensor<?xf32>) -> tensor<6x1xf32> {
  %p = moe.project %x, %r : tensor<6x8xf32>, !moe.weights<1x4x8, f32> -> tensor<6x4xf32>
  %e = tensor.empty() : tensor<6x4xf32>
  %z = linalg.generic {indexing_maps = [#full, #last, #full], iterator_types = ["parallel", "parallel"]}
      ins(%p, %b : tensor<6x4xf32>, tensor<?xf32>) outs(%e : tensor<6x4xf32>) {
  ^bb0(%u: f32, %v: f32, %out: f32):
    %0 = arith.addf %u, %v : f32
    linalg.yield %0 : f32
  } -> tensor<6x4xf32>
  // expected-remark @+1 {{the router is not fused: the bias has no static shape}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf32> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w : tensor<6x1xf32>
}

// -----

// Five columns are more than the option allows; what is read before the gate,
// or depends on it, is no rider either.
// CHECK-LABEL: func @no_riders
// CHECK: moe.route %{{.*}} router(%{{.*}} : !moe.weights<1x4x8, f32>) state
// CHECK-NOT: extra
func.func @no_riders(%x: tensor<6x8xf32>, %r: !moe.weights<1x4x8, f32>, %m: !moe.weights<1x5x8, f32>)
    -> (tensor<6x1xf32>, tensor<6x5xf32>, tensor<6x4xf32>) {
  %z = moe.project %x, %r : tensor<6x8xf32>, !moe.weights<1x4x8, f32> -> tensor<6x4xf32>
  %s = moe.project %x, %r : tensor<6x8xf32>, !moe.weights<1x4x8, f32> -> tensor<6x4xf32>
  %w, %ids = moe.gate %z state(%s : tensor<6x4xf32>) score<softmax> select<top_k, k = 1>
      : tensor<6x4xf32> -> tensor<6x1xf32>, tensor<6x1xi32>
  %c = moe.project %x, %m : tensor<6x8xf32>, !moe.weights<1x5x8, f32> -> tensor<6x5xf32>
  return %w, %c, %z : tensor<6x1xf32>, tensor<6x5xf32>, tensor<6x4xf32>
}
