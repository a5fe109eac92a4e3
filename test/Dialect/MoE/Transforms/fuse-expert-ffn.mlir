// RUN: moe-opt %s --moe-fuse-expert-ffn --split-input-file | FileCheck %s

// Named products, an operation on tensors, a matrix in either order.
// CHECK-LABEL: func.func @tanh
// CHECK:         %[[U:.*]] = moe.weights %arg0 : tensor<8x32x64xf32> -> !moe.weights<8x32x64, f32>
// CHECK:         %[[D:.*]] = moe.weights %arg1 layout<transposed = true> : tensor<8x32x64xf32> -> !moe.weights<8x64x32, f32>
// CHECK:         %[[E:.*]] = moe.ffn_experts up(%[[U]] : {{.*}}) down(%[[D]] : {{.*}}) activation<tanh> : !moe.experts<8, 64 -> 64>
// CHECK-NOT:     moe.region_experts
// CHECK:         moe.experts %{{.*}}, %{{.*}}, (%[[E]])
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @tanh(%up: tensor<8x32x64xf32>, %down: tensor<8x32x64xf32>,
                %x: tensor<?x64xf32>, %p: !moe.plan<8>) -> tensor<?x64xf32> {
  %r = moe.region_experts : !moe.experts<8, 64 -> 64> {
  ^bb0(%e: index, %rows: tensor<?x64xf32>):
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %m = tensor.dim %rows, %c0 : tensor<?x64xf32>
    %u = tensor.extract_slice %up[%e, 0, 0] [1, 32, 64] [1, 1, 1]
        : tensor<8x32x64xf32> to tensor<32x64xf32>
    %a = tensor.empty(%m) : tensor<?x32xf32>
    %f = linalg.fill ins(%zero : f32) outs(%a : tensor<?x32xf32>) -> tensor<?x32xf32>
    %h = linalg.matmul indexing_maps = [#mk, #nk, #mn]
        ins(%rows, %u : tensor<?x64xf32>, tensor<32x64xf32>)
        outs(%f : tensor<?x32xf32>) -> tensor<?x32xf32>
    %t = math.tanh %h : tensor<?x32xf32>
    %d = tensor.extract_slice %down[%e, 0, 0] [1, 32, 64] [1, 1, 1]
        : tensor<8x32x64xf32> to tensor<32x64xf32>
    %b = tensor.empty(%m) : tensor<?x64xf32>
    %g = linalg.fill ins(%zero : f32) outs(%b : tensor<?x64xf32>) -> tensor<?x64xf32>
    %y = linalg.matmul ins(%t, %d : tensor<?x32xf32>, tensor<32x64xf32>)
        outs(%g : tensor<?x64xf32>) -> tensor<?x64xf32>
    moe.yield %y : tensor<?x64xf32>
  }
  %o = moe.experts %x, %p, (%r) gather
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64> -> tensor<?x64xf32>
  return %o : tensor<?x64xf32>
}

// -----

// One product for gate and up in alternate rows, sliced after it; biases added
// to the products, or what these begin with; limits and an offset (gpt-oss); the
// experts of a larger stack by an offset.
// CHECK-LABEL: func.func @gated
// CHECK-DAG:     %[[U:.*]] = moe.weights %arg0 layout<offset = 1, step = 2> experts[2, 3] : tensor<5x8x4xf32> -> !moe.weights<2x4x4, f32>
// CHECK-DAG:     %[[UB:.*]] = moe.weights %arg1 layout<offset = 1, step = 2> : tensor<2x8xf32> -> !moe.weights<2x4, f32>
// CHECK-DAG:     %[[G:.*]] = moe.weights %arg0 layout<step = 2> experts[2, 3] : tensor<5x8x4xf32> -> !moe.weights<2x4x4, f32>
// CHECK-DAG:     %[[GB:.*]] = moe.weights %arg1 layout<step = 2> : tensor<2x8xf32> -> !moe.weights<2x4, f32>
// CHECK-DAG:     %[[D:.*]] = moe.weights %arg2 : tensor<2x4x4xf32> -> !moe.weights<2x4x4, f32>
// CHECK-DAG:     %[[DB:.*]] = moe.weights %arg3, %arg3 : tensor<4xf32>, tensor<4xf32> -> !moe.weights<2x4, f32>
// CHECK:         moe.ffn_experts up(%[[U]] bias %[[UB]] : {{.*}}) gate(%[[G]] bias %[[GB]] : {{.*}}) down(%[[D]] bias %[[DB]] : {{.*}}) activation<silu, alpha = 1.702{{[0-9]*}}, beta = 1, limit = 7>
#mk1 = affine_map<(m, n, k) -> (m, k)>
#nk1 = affine_map<(m, n, k) -> (n, k)>
#mn1 = affine_map<(m, n, k) -> (m, n)>
func.func @gated(%both: tensor<5x8x4xf32>, %bias: tensor<2x8xf32>, %down: tensor<2x4x4xf32>,
                 %last: tensor<4xf32>, %x: tensor<?x4xf32>, %p: !moe.plan<2>) -> tensor<?x4xf32> {
  %two = arith.constant 2 : index
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%e: index, %rows: tensor<?x4xf32>):
    %c0 = arith.constant 0 : index
    %place = arith.addi %e, %two : index
    %m = tensor.dim %rows, %c0 : tensor<?x4xf32>
    %w = tensor.extract_slice %both[%place, 0, 0] [1, 8, 4] [1, 1, 1]
        : tensor<5x8x4xf32> to tensor<8x4xf32>
    %bs = tensor.extract_slice %bias[%e, 0] [1, 8] [1, 1] : tensor<2x8xf32> to tensor<8xf32>
    %a = tensor.empty(%m) : tensor<?x8xf32>
    %init = linalg.broadcast ins(%bs : tensor<8xf32>) outs(%a : tensor<?x8xf32>) dimensions = [0]
    %z = linalg.matmul indexing_maps = [#mk1, #nk1, #mn1]
        ins(%rows, %w : tensor<?x4xf32>, tensor<8x4xf32>) outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32>
    %g = tensor.extract_slice %z[0, 0] [%m, 4] [1, 2] : tensor<?x8xf32> to tensor<?x4xf32>
    %u = tensor.extract_slice %z[0, 1] [%m, 4] [1, 2] : tensor<?x8xf32> to tensor<?x4xf32>
    %h0 = tensor.empty(%m) : tensor<?x4xf32>
    %h = linalg.map ins(%g, %u : tensor<?x4xf32>, tensor<?x4xf32>) outs(%h0 : tensor<?x4xf32>)
      (%gv: f32, %uv: f32, %out: f32) {
        %seven = arith.constant 7.0 : f32
        %low = arith.constant -7.0 : f32
        %one = arith.constant 1.0 : f32
        %alpha = arith.constant 1.702 : f32
        %gl = arith.minimumf %gv, %seven : f32
        %ul = arith.maximumf %uv, %low : f32
        %uc = arith.minimumf %seven, %ul : f32
        %s = arith.mulf %gl, %alpha : f32
        %n = arith.negf %s : f32
        %x1 = math.exp %n : f32
        %den = arith.addf %one, %x1 : f32
        %glu = arith.divf %gl, %den : f32
        %u1 = arith.addf %uc, %one : f32
        %prod = arith.mulf %u1, %glu : f32
        linalg.yield %prod : f32
      }
    %d = tensor.extract_slice %down[%e, 0, 0] [1, 4, 4] [1, 1, 1] : tensor<2x4x4xf32> to tensor<4x4xf32>
    %zero = arith.constant 0.0 : f32
    %y0 = tensor.empty(%m) : tensor<?x4xf32>
    %yf = linalg.fill ins(%zero : f32) outs(%y0 : tensor<?x4xf32>) -> tensor<?x4xf32>
    %y = linalg.generic {indexing_maps = [#mk1, #nk1, #mn1], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%h, %d : tensor<?x4xf32>, tensor<4x4xf32>) outs(%yf : tensor<?x4xf32>) {
    ^bb0(%av: f32, %bv: f32, %cv: f32):
      %pv = arith.mulf %bv, %av : f32
      %sv = arith.addf %pv, %cv : f32
      linalg.yield %sv : f32
    } -> tensor<?x4xf32>
    %yb = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                          iterator_types = ["parallel", "parallel"]}
        ins(%last : tensor<4xf32>) outs(%y : tensor<?x4xf32>) {
    ^bb0(%bv: f32, %ov: f32):
      %sv = arith.addf %ov, %bv : f32
      linalg.yield %sv : f32
    } -> tensor<?x4xf32>
    moe.yield %yb : tensor<?x4xf32>
  }
  %o = moe.experts %x, %p, (%r) gather
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}
