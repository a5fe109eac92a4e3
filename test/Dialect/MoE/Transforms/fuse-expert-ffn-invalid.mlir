// RUN: moe-opt %s --moe-fuse-expert-ffn=keep-roundings --split-input-file --verify-diagnostics --remarks-filter=moe-fuse-expert-ffn | FileCheck %s

// What is no feed-forward network stays as it is.
// CHECK-COUNT-7: moe.region_experts
// CHECK-NOT:     moe.ffn_experts

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

func.func @copy() {
  // expected-remark @below {{not a feed-forward network: neither computed of the rows nor an expert's weights}}
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf32>):
    moe.yield %rows : tensor<?x4xf32>
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// An activation that the dialect does not have.
func.func @cosine(%w: tensor<2x4x4xf32>) {
  // expected-remark @below {{math.cos: no arithmetic of feed-forward networks}}
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf32>):
    %c = tensor.extract_slice %w[%e, 0, 0] [1, 4, 4] [1, 1, 1] : tensor<2x4x4xf32> to tensor<4x4xf32>
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %m = tensor.dim %rows, %c0 : tensor<?x4xf32>
    %a = tensor.empty(%m) : tensor<?x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%a : tensor<?x4xf32>) -> tensor<?x4xf32>
    %h = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%rows, %c : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    %t = math.cos %h : tensor<?x4xf32>
    %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%t, %c : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    moe.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// tanh(u) + 1: its parts are known, not the whole.
func.func @shifted(%w: tensor<2x4x4xf32>) {
  // expected-remark @below {{the activation is none that is known}}
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf32>):
    %c = tensor.extract_slice %w[%e, 0, 0] [1, 4, 4] [1, 1, 1] : tensor<2x4x4xf32> to tensor<4x4xf32>
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %m = tensor.dim %rows, %c0 : tensor<?x4xf32>
    %a = tensor.empty(%m) : tensor<?x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%a : tensor<?x4xf32>) -> tensor<?x4xf32>
    %i = linalg.fill ins(%one : f32) outs(%a : tensor<?x4xf32>) -> tensor<?x4xf32>
    %h = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%rows, %c : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    %t = math.tanh %h : tensor<?x4xf32>
    %s = arith.addf %t, %i : tensor<?x4xf32>
    %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%s, %c : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    moe.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// The input is added to the result.
func.func @residual(%w: tensor<2x4x4xf32>) {
  // expected-remark @below {{neither computed of the rows nor an expert's weights}}
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf32>):
    %c = tensor.extract_slice %w[%e, 0, 0] [1, 4, 4] [1, 1, 1] : tensor<2x4x4xf32> to tensor<4x4xf32>
    %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%rows, %c : tensor<?x4xf32>, tensor<4x4xf32>) outs(%rows : tensor<?x4xf32>) -> tensor<?x4xf32>
    moe.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A part of each row of the matrix.
func.func @part(%w: tensor<2x4x6xf32>, %d: tensor<2x4x4xf32>) {
  // expected-remark @below {{a matrix takes more inputs than it is given}}
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf32>):
    %c = tensor.extract_slice %w[%e, 0, 2] [1, 4, 4] [1, 1, 1] : tensor<2x4x6xf32> to tensor<4x4xf32>
    %b = tensor.extract_slice %d[%e, 0, 0] [1, 4, 4] [1, 1, 1] : tensor<2x4x4xf32> to tensor<4x4xf32>
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %m = tensor.dim %rows, %c0 : tensor<?x4xf32>
    %a = tensor.empty(%m) : tensor<?x4xf32>
    %f = linalg.fill ins(%zero : f32) outs(%a : tensor<?x4xf32>) -> tensor<?x4xf32>
    %h = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%rows, %c : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%h, %b : tensor<?x4xf32>, tensor<4x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    moe.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Products of f16 are rounded at each step.
func.func @narrow(%w: tensor<2x4x4xf16>) {
  // expected-remark @below {{values between are rounded to a narrower type}}
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf16>):
    %c = tensor.extract_slice %w[%e, 0, 0] [1, 4, 4] [1, 1, 1] : tensor<2x4x4xf16> to tensor<4x4xf16>
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f16
    %m = tensor.dim %rows, %c0 : tensor<?x4xf16>
    %a = tensor.empty(%m) : tensor<?x4xf16>
    %f = linalg.fill ins(%zero : f16) outs(%a : tensor<?x4xf16>) -> tensor<?x4xf16>
    %h = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%rows, %c : tensor<?x4xf16>, tensor<4x4xf16>) outs(%f : tensor<?x4xf16>) -> tensor<?x4xf16>
    %y = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%h, %c : tensor<?x4xf16>, tensor<4x4xf16>) outs(%f : tensor<?x4xf16>) -> tensor<?x4xf16>
    moe.yield %y : tensor<?x4xf16>
  }
  return
}

// -----

// Rows of f64 would be rounded to f32 on their way into the region.
func.func @rows(%x: tensor<?x4xf64>, %p: !moe.plan<2>) -> tensor<?x4xf64> {
  // expected-remark @below {{rows are computed in another type than the region's}}
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf32>):
    moe.yield %rows : tensor<?x4xf32>
  }
  %o = moe.experts %x, %p, (%r) gather
      : tensor<?x4xf64>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf64>
  return %o : tensor<?x4xf64>
}
