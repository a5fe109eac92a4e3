// RUN: moe-opt %s --convert-moe-to-linalg --canonicalize --cse | FileCheck %s

// Elements are decoded where they are used; no expert's weights are formed.
// CHECK-LABEL: func.func @quantized(
// CHECK-SAME:      %[[S0:[^:]*]]: tensor<4x2xui8>, %[[S1:[^:]*]]: tensor<4x2xui8>
// CHECK:         scf.for %[[E:.*]] = %c0 to %c2
// CHECK:           %[[SRC:.*]] = scf.index_switch %[[E]] -> tensor<4x2xui8>
// CHECK-NEXT:      case 0 {
// CHECK-NEXT:        scf.yield %[[S0]]
// CHECK:           default {
// CHECK-NEXT:        scf.yield %[[S1]]
// CHECK:           linalg.generic {{.*}} ins(%{{.*}} : tensor<?x4xf16>) outs(%{{.*}} : tensor<?x4xf32>)
// CHECK:             %[[N:.*]] = linalg.index 1
// CHECK:             %[[K:.*]] = linalg.index 2
// CHECK:             %[[BYTE:.*]] = arith.divui %[[K]], %c2
// CHECK:             tensor.extract %[[SRC]][%[[N]], %[[BYTE]]]
// CHECK:             arith.shrui
// CHECK:             arith.andi %{{.*}}, %c15_i32
// CHECK:             %[[CODE:.*]] = arith.uitofp %{{.*}} : i32 to f32
// CHECK:             %[[DIFF:.*]] = arith.subf %[[CODE]], %cst
// CHECK:             %[[SCALE:.*]] = tensor.extract %{{.*}}[%[[N]]] : tensor<4xf32>
// CHECK:             arith.mulf %[[DIFF]], %[[SCALE]]
func.func @quantized(%s0: tensor<4x2xui8>, %s1: tensor<4x2xui8>,
                     %a: tensor<4xf32>, %b: tensor<4xf32>,
                     %rows: tensor<?x4xf16>, %p: !moe.plan<2>)
    -> tensor<?x4xf16> {
  %w = moe.weights %s0, %s1 scales(%a, %b : tensor<4xf32>, tensor<4xf32>)
      zero_point(8)
      : tensor<4x2xui8>, tensor<4x2xui8> -> !moe.weights<2x4x4, ui4>
  %e = moe.ffn_experts up(%w : !moe.weights<2x4x4, ui4>)
      down(%w : !moe.weights<2x4x4, ui4>) activation<relu>
      : !moe.experts<2, 4 -> 4>
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x4xf16>, !moe.plan<2>, !moe.experts<2, 4 -> 4>
        -> tensor<?x4xf16>
  return %o : tensor<?x4xf16>
}

// Small floats are looked up in the table of their values.
// CHECK-LABEL: func.func @small_float(
// CHECK-DAG:     %[[TABLE:.*]] = arith.constant dense<{{.*}}> : tensor<256xf32>
// CHECK:         linalg.generic
// CHECK:           %[[V:.*]] = tensor.extract %{{.*}} : tensor<4xf8E5M2>
// CHECK:           %[[BITS:.*]] = arith.bitcast %[[V]] : f8E5M2 to i8
// CHECK:           %[[I:.*]] = arith.index_castui %[[BITS]] : i8 to index
// CHECK:           tensor.extract %[[TABLE]][%[[I]]]
func.func @small_float(%v: tensor<2x4xf8E5M2>, %rows: tensor<?x4xf32>,
                       %p: !moe.plan<2>) -> tensor<?x4xf32> {
  %w = moe.weights %v : tensor<2x4xf8E5M2> -> !moe.weights<2x4, f8E5M2>
  %e = moe.constant_experts %w
      : !moe.weights<2x4, f8E5M2> -> !moe.experts<2, 4 -> 4>
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4>
        -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// The gate and up rows of an interleaved matrix are strided slices of it, and
// low-rank weights are applied factor by factor.
// CHECK-LABEL: func.func @layouts(
// CHECK:         %[[X:.*]] = tensor.extract_slice %{{.*}} : tensor<?x4xf32> to tensor<?x4xf32>
// CHECK:         %[[SRC:.*]] = tensor.extract_slice %{{.*}}[0, 0, 0] [1, 4, 4] [1, 1, 1]
// CHECK:         %[[BASE:.*]] = tensor.extract_slice %[[SRC]][1, 0] [2, 4] [2, 1]
// CHECK:         %[[FIRST:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[BASE]] :
// CHECK:         %[[INNER:.*]] = linalg.generic {{.*}} ins(%[[X]], %{{.*}} : tensor<?x4xf32>, tensor<1x4xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[INNER]], %{{.*}} : tensor<?x1xf32>, tensor<2x1xf32>) outs(%[[FIRST]] :
func.func @layouts(%f: tensor<1x4x4xf32>, %u: tensor<2x2x1xf32>,
                   %v: tensor<2x1x4xf32>, %d: tensor<2x2x4xf32>,
                   %rows: tensor<?x4xf32>, %p: !moe.plan<2>)
    -> tensor<?x4xf32> {
  %base = moe.weights %f layout<offset = 1, step = 2>
      : tensor<1x4x4xf32> -> !moe.weights<1x2x4, f32>
  %wu = moe.weights %u : tensor<2x2x1xf32> -> !moe.weights<2x2x1, f32>
  %wv = moe.weights %v : tensor<2x1x4xf32> -> !moe.weights<2x1x4, f32>
  %up = moe.low_rank_weights %base, %wu, %wv
      : !moe.weights<1x2x4, f32>, !moe.weights<2x2x1, f32>,
        !moe.weights<2x1x4, f32> -> !moe.weights<2x2x4, f32>
  %down = moe.weights %d layout<transposed = true>
      : tensor<2x2x4xf32> -> !moe.weights<2x4x2, f32>
  %e = moe.ffn_experts up(%up : !moe.weights<2x2x4, f32>)
      down(%down : !moe.weights<2x4x2, f32>) activation<relu>
      : !moe.experts<2, 4 -> 4>
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4>
        -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}
