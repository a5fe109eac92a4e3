// RUN: moe-opt %s --moe-simplify-experts --split-input-file | FileCheck %s --check-prefixes=CHECK,FAST
// RUN: moe-opt %s --moe-simplify-experts='reassociate=false' --split-input-file | FileCheck %s --check-prefixes=CHECK,EXACT
// RUN: moe-opt %s --moe-simplify-experts --split-input-file --verify-diagnostics --remarks-filter=moe-simplify-experts -o /dev/null

// Shared slots are not scaled, so the factor goes into the down projection and
// its bias, which are multiplied when the model is loaded.
// CHECK-LABEL: func.func @down
// CHECK-SAME:      %[[W:[a-z0-9]+]]: tensor<?x2xf32>
// CHECK-DAG:     %[[D:.*]] = arith.constant dense<5.000000e-01> : tensor<2x4x3xf32>
// CHECK-DAG:     %[[B:.*]] = arith.constant dense<1.500000e+00> : tensor<2x4xf32>
// FAST-DAG:      %[[S:.*]] = arith.mulf %[[D]], %{{.*}} : tensor<2x4x3xf32>
// FAST-DAG:      moe.weights %[[S]] : tensor<2x4x3xf32>
// FAST-DAG:      %[[T:.*]] = arith.mulf %[[B]], %{{.*}} : tensor<2x4xf32>
// FAST-DAG:      moe.weights %[[T]] : tensor<2x4xf32>
// FAST:          %[[Y:.*]] = moe.combine
// FAST-NOT:      arith.mulf
// FAST:          return %[[Y]]
// EXACT:         moe.combine
// EXACT:         arith.mulf
func.func @down(%w: tensor<?x2xf32>, %p: !moe.plan<2>, %rows: tensor<?x4xf32>,
                %up: tensor<2x3x4xf32>, %n: index) -> tensor<?x4xf32> {
  %d = arith.constant dense<0.5> : tensor<2x4x3xf32>
  %b = arith.constant dense<1.5> : tensor<2x4xf32>
  %uw = moe.weights %up : tensor<2x3x4xf32> -> !moe.weights<2x3x4, f32>
  %dw = moe.weights %d : tensor<2x4x3xf32> -> !moe.weights<2x4x3, f32>
  %bw = moe.weights %b : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.ffn_experts up(%uw : !moe.weights<2x3x4, f32>)
      down(%dw bias %bw : !moe.weights<2x4x3, f32>, !moe.weights<2x4, f32>)
      activation<relu> : !moe.experts<2, 4 -> 4>
  %o = moe.experts %rows, %p, (%e) : tensor<?x4xf32>, !moe.plan<2>,
      !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x4xf32>, !moe.plan<2>, tensor<?x2xf32> -> tensor<?x4xf32>
  %c = arith.constant 2.5 : f32
  %s = tensor.splat %c[%n] : tensor<?x4xf32>
  // expected-remark @below {{a constant factor is folded}}
  %z = arith.mulf %y, %s : tensor<?x4xf32>
  return %z : tensor<?x4xf32>
}

// -----

// Codes are scaled through their scales; the rows of fused experts, too.
// CHECK-LABEL: func.func @codes
// CHECK:         %[[S:.*]] = arith.constant dense<2.500000e-01> : tensor<1x4xf32>
// FAST:          %[[T:.*]] = arith.mulf %[[S]], %{{.*}} : tensor<1x4xf32>
// FAST:          moe.weights %{{.*}} scales(%[[T]] : tensor<1x4xf32>)
// FAST:          %[[Y:.*]] = moe.experts
// FAST-NOT:      arith.mulf
// FAST:          return %[[Y]]
// EXACT:         moe.experts
// EXACT:         arith.mulf
func.func @codes(%w: tensor<8x1xf32>, %p: !moe.plan<1>, %x: tensor<8x4xf32>,
                 %up: tensor<1x3x4xf32>, %d: tensor<1x4x3xi8>)
    -> tensor<8x4xf32> {
  %s = arith.constant dense<0.25> : tensor<1x4xf32>
  %uw = moe.weights %up : tensor<1x3x4xf32> -> !moe.weights<1x3x4, f32>
  %dw = moe.weights %d scales(%s : tensor<1x4xf32>)
      : tensor<1x4x3xi8> -> !moe.weights<1x4x3, i8>
  %e = moe.ffn_experts up(%uw : !moe.weights<1x3x4, f32>)
      down(%dw : !moe.weights<1x4x3, i8>) activation<relu>
      : !moe.experts<1, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<8x1xf32>)
      : tensor<8x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4> -> tensor<8x4xf32>
  %c = arith.constant dense<2.5> : tensor<8x4xf32>
  // expected-remark @below {{a constant factor is folded}}
  %z = arith.mulf %y, %c : tensor<8x4xf32>
  return %z : tensor<8x4xf32>
}

// -----

// Weights that are known only when the model runs stay; so do narrower ones,
// which would be rounded once more, and experts of another kind.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-3: arith.mulf %{{.*}} : tensor<8x4xf32>
func.func @stays(%w: tensor<8x1xf32>, %p: !moe.plan<1>, %x: tensor<8x4xf32>,
                 %up: tensor<1x3x4xf32>, %d: tensor<1x4x3xf32>)
    -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) {
  %c = arith.constant dense<2.5> : tensor<8x4xf32>
  %h = arith.constant dense<0.5> : tensor<1x4x3xf16>
  %uw = moe.weights %up : tensor<1x3x4xf32> -> !moe.weights<1x3x4, f32>
  %dw = moe.weights %d : tensor<1x4x3xf32> -> !moe.weights<1x4x3, f32>
  %hw = moe.weights %h : tensor<1x4x3xf16> -> !moe.weights<1x4x3, f16>
  %e0 = moe.ffn_experts up(%uw : !moe.weights<1x3x4, f32>)
      down(%dw : !moe.weights<1x4x3, f32>) activation<relu>
      : !moe.experts<1, 4 -> 4>
  %e1 = moe.ffn_experts up(%uw : !moe.weights<1x3x4, f32>)
      down(%hw : !moe.weights<1x4x3, f16>) activation<relu>
      : !moe.experts<1, 4 -> 4>
  %e2 = moe.copy_experts : !moe.experts<1, 4 -> 4>
  %y0 = moe.experts %x, %p, (%e0) gather combine(%w : tensor<8x1xf32>)
      : tensor<8x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4> -> tensor<8x4xf32>
  %y1 = moe.experts %x, %p, (%e1) gather combine(%w : tensor<8x1xf32>)
      : tensor<8x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4> -> tensor<8x4xf32>
  %y2 = moe.experts %x, %p, (%e2) gather combine(%w : tensor<8x1xf32>)
      : tensor<8x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4> -> tensor<8x4xf32>
  %z0 = arith.mulf %y0, %c : tensor<8x4xf32>
  %z1 = arith.mulf %y1, %c : tensor<8x4xf32>
  %z2 = arith.mulf %y2, %c : tensor<8x4xf32>
  return %z0, %z1, %z2 : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
}
