// RUN: moe-opt %s --split-input-file --moe-fuse-routing --canonicalize | FileCheck %s

// CHECK-LABEL: func @riders(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xf32>, %[[R:[a-z0-9]+]]: tensor<64x8xf32>, %[[M:[a-z0-9]+]]: tensor<2x2x64xf32>)
// CHECK-DAG: %[[MW:.*]] = moe.weights %[[M]] : tensor<2x2x64xf32> -> !moe.weights<2x2x64, f32>
// CHECK-DAG: %[[RW:.*]] = moe.weights %[[R]] layout<transposed = true> : tensor<64x8xf32> -> !moe.weights<1x8x64, f32>
// CHECK: %[[W:.*]], %[[IDS:.*]], %[[Z:.*]], %[[C:.*]] = moe.route %[[X]] router(%[[RW]] : !moe.weights<1x8x64, f32>) extra(%[[MW]] : !moe.weights<2x2x64, f32>) score<softmax> select<top_k, k = 2> : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>, tensor<?x4xf32>
// CHECK: return %[[W]], %[[IDS]], %[[Z]], %[[C]]
func.func @riders(%x: tensor<?x64xf32>, %r: tensor<64x8xf32>,
                  %mt: tensor<2x2x64xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>, tensor<?x4xf32>) {
  %c0 = arith.constant 0 : index
  %cst = arith.constant 0.0 : f32
  %t = tensor.dim %x, %c0 : tensor<?x64xf32>
  %e = tensor.empty(%t) : tensor<?x8xf32>
  %zero = linalg.fill ins(%cst : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %logits = linalg.matmul ins(%x, %r : tensor<?x64xf32>, tensor<64x8xf32>)
      outs(%zero : tensor<?x8xf32>) -> tensor<?x8xf32>
  %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  // The weights are defined after the gate, but do not depend on it.
  %m = moe.weights %mt : tensor<2x2x64xf32> -> !moe.weights<2x2x64, f32>
  %c = moe.project %x, %m
      : tensor<?x64xf32>, !moe.weights<2x2x64, f32> -> tensor<?x4xf32>
  return %w, %ids, %logits, %c
      : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>, tensor<?x4xf32>
}

// -----

// f16 rows and weights, a product in f32 that is rounded once; transposed B.
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func @half(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<5x16xf16>, %[[R:[a-z0-9]+]]: tensor<4x16xf16>)
// CHECK: %[[RW:.*]] = moe.weights %[[R]] : tensor<4x16xf16> -> !moe.weights<1x4x16, f16>
// CHECK: moe.route %[[X]] router(%[[RW]] : !moe.weights<1x4x16, f16>) score<softmax> select<top_k, k = 1> : tensor<5x16xf16> -> tensor<5x1xf32>, tensor<5x1xi32>, tensor<5x4xf16>
func.func @half(%x: tensor<5x16xf16>, %r: tensor<4x16xf16>)
    -> (tensor<5x1xf32>, tensor<5x1xi32>) {
  %cst = arith.constant 0.0 : f32
  %xe = tensor.empty() : tensor<5x16xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<5x16xf16>) outs(%xe : tensor<5x16xf32>) {
  ^bb0(%in: f16, %out: f32):
    %0 = arith.extf %in : f16 to f32
    linalg.yield %0 : f32
  } -> tensor<5x16xf32>
  %rw = arith.extf %r : tensor<4x16xf16> to tensor<4x16xf32>
  %e = tensor.empty() : tensor<5x4xf32>
  %zero = linalg.fill ins(%cst : f32) outs(%e : tensor<5x4xf32>) -> tensor<5x4xf32>
  %p = linalg.matmul indexing_maps = [#a, #b, #c]
      ins(%wide, %rw : tensor<5x16xf32>, tensor<4x16xf32>)
      outs(%zero : tensor<5x4xf32>) -> tensor<5x4xf32>
  %z = arith.truncf %p : tensor<5x4xf32> to tensor<5x4xf16>
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<5x4xf16> -> tensor<5x1xf32>, tensor<5x1xi32>
  return %w, %ids : tensor<5x1xf32>, tensor<5x1xi32>
}

// -----

// A bias that is added before a reshape, and a transposed matrix.
#full = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#last = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-LABEL: func @bias(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<6x16xf32>, %[[R:[a-z0-9]+]]: tensor<4x16xf32>, %[[B:[a-z0-9]+]]: tensor<4xf32>)
// CHECK-DAG: %[[RW:.*]] = moe.weights %[[R]] : tensor<4x16xf32> -> !moe.weights<1x4x16, f32>
// CHECK-DAG: %[[BW:.*]] = moe.weights %[[B]] : tensor<4xf32> -> !moe.weights<1x4, f32>
// CHECK: moe.route %[[X]] router(%[[RW]] bias %[[BW]] :
func.func @bias(%x: tensor<6x16xf32>, %r: tensor<4x16xf32>, %b: tensor<4xf32>)
    -> (tensor<6x1xf32>, tensor<6x1xi32>) {
  %cst = arith.constant 0.0 : f32
  %te = tensor.empty() : tensor<16x4xf32>
  %rt = linalg.transpose ins(%r : tensor<4x16xf32>) outs(%te : tensor<16x4xf32>) permutation = [1, 0]
  %e = tensor.empty() : tensor<6x4xf32>
  %zero = linalg.fill ins(%cst : f32) outs(%e : tensor<6x4xf32>) -> tensor<6x4xf32>
  %p = linalg.matmul ins(%x, %rt : tensor<6x16xf32>, tensor<16x4xf32>)
      outs(%zero : tensor<6x4xf32>) -> tensor<6x4xf32>
  %p3 = tensor.expand_shape %p [[0, 1], [2]] output_shape [2, 3, 4]
      : tensor<6x4xf32> into tensor<2x3x4xf32>
  %e3 = tensor.empty() : tensor<2x3x4xf32>
  %s = linalg.generic {indexing_maps = [#last, #full, #full], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%b, %p3 : tensor<4xf32>, tensor<2x3x4xf32>) outs(%e3 : tensor<2x3x4xf32>) {
  ^bb0(%u: f32, %v: f32, %out: f32):
    %0 = arith.addf %u, %v : f32
    linalg.yield %0 : f32
  } -> tensor<2x3x4xf32>
  %z = tensor.collapse_shape %s [[0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<6x4xf32> -> tensor<6x1xf32>, tensor<6x1xi32>
  return %w, %ids : tensor<6x1xf32>, tensor<6x1xi32>
}

// -----

// The sigmoid gate of a shared expert rides along; state stays an edge.
#id = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func @shared_gate(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<6x16xf32>, %[[RW:[a-z0-9]+]]: !moe.weights<1x4x16, f32>, %[[GW:[a-z0-9]+]]: !moe.weights<1x1x16, f32>, %[[S:[a-z0-9]+]]: tensor<6x4xf32>)
// CHECK: moe.route %[[X]] router(%[[RW]] : !moe.weights<1x4x16, f32>) extra(%[[GW]] : !moe.weights<1x1x16, f32>) shared_gate state(%[[S]] : tensor<6x4xf32>) score<softmax> select<top_k, k = 2> shared(1) : tensor<6x16xf32> -> tensor<6x3xf32>, tensor<6x3xi32>, tensor<6x4xf32>, tensor<6x1xf32>
// CHECK-NOT: math.exp
func.func @shared_gate(%x: tensor<6x16xf32>, %r: !moe.weights<1x4x16, f32>,
                       %g: !moe.weights<1x1x16, f32>, %s: tensor<6x4xf32>)
    -> (tensor<6x3xf32>, tensor<6x3xi32>) {
  %one = arith.constant 1.0 : f32
  %z = moe.project %x, %r
      : tensor<6x16xf32>, !moe.weights<1x4x16, f32> -> tensor<6x4xf32>
  %q = moe.project %x, %g
      : tensor<6x16xf32>, !moe.weights<1x1x16, f32> -> tensor<6x1xf32>
  %e = tensor.empty() : tensor<6x1xf32>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<6x1xf32>) outs(%e : tensor<6x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.negf %in : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %1, %one : f32
    %3 = arith.divf %one, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<6x1xf32>
  %w, %ids = moe.gate %z state(%s : tensor<6x4xf32>) score<softmax>
      select<top_k, k = 2> shared(1, %c : tensor<6x1xf32>)
      : tensor<6x4xf32> -> tensor<6x3xf32>, tensor<6x3xi32>
  return %w, %ids : tensor<6x3xf32>, tensor<6x3xi32>
}
