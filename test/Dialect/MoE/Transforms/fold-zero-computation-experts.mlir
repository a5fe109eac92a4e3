// RUN: moe-opt %s --split-input-file --moe-fold-zero-computation-experts --canonicalize | FileCheck %s
// RUN: moe-opt %s --split-input-file --moe-fold-zero-computation-experts --moe-fold-zero-computation-experts --canonicalize | FileCheck %s

// CHECK-LABEL: func @zero_and_copy(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[W:.*]]: tensor<?x2xf32>, %[[IDS:.*]]: tensor<?x2xi32>, %[[FFN:.*]]: !moe.experts<2, 64 -> 64>)
// CHECK: %[[S:.*]] = moe.coefficients %[[W]], %[[IDS]] [-1, -1, -1, 0] : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?xf32>
// CHECK: %[[R:.*]] = moe.remap_ids %[[IDS]] [0, 1, -1, -1] : tensor<?x2xi32>
// CHECK: %[[P:.*]] = moe.plan %[[R]] : tensor<?x2xi32> -> !moe.plan<2>
// CHECK: %[[ROWS:.*]] = moe.dispatch %[[X]], %[[P]]
// CHECK: %[[O:.*]] = moe.experts %[[ROWS]], %[[P]], (%[[FFN]]) : tensor<?x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64> -> tensor<?x64xf32>
// CHECK: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] copy(%[[S]], %[[X]] : tensor<?xf32>, tensor<?x64xf32>) : tensor<?x64xf32>, !moe.plan<2>, tensor<?x2xf32> -> tensor<?x64xf32>
// CHECK: return %[[Y]]
func.func @zero_and_copy(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>,
                         %ids: tensor<?x2xi32>,
                         %ffn: !moe.experts<2, 64 -> 64>) -> tensor<?x64xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %rows = moe.dispatch %x, %p
      : tensor<?x64xf32>, !moe.plan<4> -> tensor<?x64xf32>
  %zero = moe.zero_experts : !moe.experts<1, 64 -> 64>
  %copy = moe.copy_experts : !moe.experts<1, 64 -> 64>
  %o = moe.experts %rows, %p, (%ffn, %zero, %copy)
      : tensor<?x64xf32>, !moe.plan<4>, !moe.experts<2, 64 -> 64>,
        !moe.experts<1, 64 -> 64>, !moe.experts<1, 64 -> 64>
        -> tensor<?x64xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x64xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// Mixed constants of MoE++, in the fused form; they stand before the others.
// CHECK-LABEL: func @mixed(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8xf32>, %[[W:[a-z0-9]+]]: tensor<?x2xf32>, %[[IDS:[a-z0-9]+]]: tensor<?x2xi32>
// CHECK-DAG: %[[V:.*]] = moe.weights %{{.*}} : tensor<2x8xf32> -> !moe.weights<2x8, f32>
// CHECK-DAG: %[[M:.*]] = moe.weights %{{.*}} : tensor<2x2x8xf32> -> !moe.weights<2x2x8, f32>
// CHECK-DAG: %[[C:.*]] = moe.coefficients %[[W]], %[[IDS]] [0, 1, -1, -1]
// CHECK-DAG: %[[Z:.*]] = moe.project %[[X]], %[[M]] : tensor<?x8xf32>, !moe.weights<2x2x8, f32> -> tensor<?x4xf32>
// CHECK: %[[S:.*]], %[[B:.*]] = moe.mix %[[C]], %[[Z]] [0, 2] : tensor<?x2xf32>, tensor<?x4xf32> -> tensor<?xf32>, tensor<?x2xf32>
// CHECK: moe.remap_ids %[[IDS]] [-1, -1, 0, 1]
// CHECK: moe.experts %[[X]], %{{.*}}, (%{{.*}}) gather combine(%[[W]] : tensor<?x2xf32>) copy(%[[S]], %[[X]] : tensor<?xf32>, tensor<?x8xf32>) constant(%[[B]], %[[V]] : tensor<?x2xf32>, !moe.weights<2x8, f32>) : tensor<?x8xf32>, !moe.plan<2>
func.func @mixed(%x: tensor<?x8xf32>, %w: tensor<?x2xf32>,
                 %ids: tensor<?x2xi32>, %v: tensor<2x8xf32>,
                 %m: tensor<2x2x8xf32>, %ffn: !moe.experts<2, 8 -> 8>)
    -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %vw = moe.weights %v : tensor<2x8xf32> -> !moe.weights<2x8, f32>
  %mw = moe.weights %m : tensor<2x2x8xf32> -> !moe.weights<2x2x8, f32>
  %c = moe.constant_experts %vw mix(%mw : !moe.weights<2x2x8, f32>)
      : !moe.weights<2x8, f32> -> !moe.experts<2, 8 -> 8>
  %y = moe.experts %x, %p, (%c, %ffn) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x8xf32>, !moe.plan<4>, !moe.experts<2, 8 -> 8>,
        !moe.experts<2, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Constants of two sets: their vectors are brought together, plain ones keep
// their sums.
// CHECK-LABEL: func @two_sets(
// CHECK: %[[C:.*]] = moe.coefficients %{{.*}}, %{{.*}} [0, 1, -1]
// CHECK: moe.mix %[[C]], %{{.*}} [-1, 0]
// CHECK: tensor.insert_slice
// CHECK: %[[ALL:.*]] = tensor.insert_slice {{.*}} into tensor<2x8xf32>
// CHECK: %[[V:.*]] = moe.weights %[[ALL]] : tensor<2x8xf32> -> !moe.weights<2x8, f32>
// CHECK: constant(%{{.*}}, %[[V]] : tensor<?x2xf32>, !moe.weights<2x8, f32>)
func.func @two_sets(%x: tensor<?x8xf32>, %w: tensor<?x2xf32>,
                    %ids: tensor<?x2xi32>, %a: tensor<1x8xf16>,
                    %b: tensor<1x8xf32>, %m: tensor<1x2x8xf32>,
                    %ffn: !moe.experts<1, 8 -> 8>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<3>
  %aw = moe.weights %a : tensor<1x8xf16> -> !moe.weights<1x8, f16>
  %bw = moe.weights %b : tensor<1x8xf32> -> !moe.weights<1x8, f32>
  %mw = moe.weights %m : tensor<1x2x8xf32> -> !moe.weights<1x2x8, f32>
  %0 = moe.constant_experts %aw : !moe.weights<1x8, f16> -> !moe.experts<1, 8 -> 8>
  %1 = moe.constant_experts %bw mix(%mw : !moe.weights<1x2x8, f32>)
      : !moe.weights<1x8, f32> -> !moe.experts<1, 8 -> 8>
  %y = moe.experts %x, %p, (%0, %1, %ffn) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x8xf32>, !moe.plan<3>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Known by their weights: expert 1 gives its bias, and 0 of the second set,
// whose low-rank difference is zero, nothing. Their sets stay for the others.
// CHECK-LABEL: func @known_weights(
// CHECK: moe.coefficients %{{.*}}, %{{.*}} [-1, 0, -1, -1] : {{.*}} -> tensor<?x1xf32>
// CHECK: moe.remap_ids %{{.*}} [0, -1, -1, 3]
// CHECK: moe.plan %{{.*}} -> !moe.plan<4>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}, %{{.*}}) gather
func.func @known_weights(%x: tensor<?x2xf32>, %w: tensor<?x1xf32>,
                         %ids: tensor<?x1xi32>, %u: tensor<2x3x2xf32>,
                         %b: tensor<2x2xf32>) -> tensor<?x2xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<4>
  %d = arith.constant dense<[[[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]> : tensor<2x2x3xf32>
  %z = arith.constant dense<0.0> : tensor<1x2x3xf32>
  %lu = arith.constant dense<[[[0.0], [0.0]], [[1.0], [0.0]]]> : tensor<2x2x1xf32>
  %lv = arith.constant dense<1.0> : tensor<2x1x3xf32>
  %up = moe.weights %u : tensor<2x3x2xf32> -> !moe.weights<2x3x2, f32>
  %down = moe.weights %d : tensor<2x2x3xf32> -> !moe.weights<2x2x3, f32>
  %bias = moe.weights %b : tensor<2x2xf32> -> !moe.weights<2x2, f32>
  %base = moe.weights %z : tensor<1x2x3xf32> -> !moe.weights<1x2x3, f32>
  %lru = moe.weights %lu : tensor<2x2x1xf32> -> !moe.weights<2x2x1, f32>
  %lrv = moe.weights %lv : tensor<2x1x3xf32> -> !moe.weights<2x1x3, f32>
  %lr = moe.low_rank_weights %base, %lru, %lrv
      : !moe.weights<1x2x3, f32>, !moe.weights<2x2x1, f32>,
        !moe.weights<2x1x3, f32> -> !moe.weights<2x2x3, f32>
  %e0 = moe.ffn_experts up(%up : !moe.weights<2x3x2, f32>)
      down(%down bias %bias : !moe.weights<2x2x3, f32>, !moe.weights<2x2, f32>)
      activation<relu> : !moe.experts<2, 2 -> 2>
  %e1 = moe.ffn_experts up(%up : !moe.weights<2x3x2, f32>)
      down(%lr : !moe.weights<2x2x3, f32>)
      activation<relu> : !moe.experts<2, 2 -> 2>
  %y = moe.experts %x, %p, (%e0, %e1) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x2xf32>, !moe.plan<4>, !moe.experts<2, 2 -> 2>,
        !moe.experts<2, 2 -> 2> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// Regions that yield their rows, or zeros. A layer without any other expert
// keeps one, which no id reaches.
// CHECK-LABEL: func @regions(
// CHECK: %[[E:.*]] = moe.zero_experts : !moe.experts<1, 8 -> 8>
// CHECK: moe.coefficients %{{.*}}, %{{.*}} [0, 0, -1]
// CHECK: moe.remap_ids %{{.*}} [-1, -1, -1]
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%[[E]]) gather combine
func.func @regions(%x: tensor<?x8xf32>, %w: tensor<?x2xf32>,
                   %ids: tensor<?x2xi32>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<3>
  %id = moe.region_experts : !moe.experts<2, 8 -> 8> {
  ^bb0(%e: index, %rows: tensor<?x8xf32>):
    moe.yield %rows : tensor<?x8xf32>
  }
  %zero = moe.region_experts : !moe.experts<1, 8 -> 8> {
  ^bb0(%e: index, %rows: tensor<?x8xf32>):
    %cst = arith.constant 0.0 : f32
    %f = linalg.fill ins(%cst : f32) outs(%rows : tensor<?x8xf32>) -> tensor<?x8xf32>
    moe.yield %f : tensor<?x8xf32>
  }
  %y = moe.experts %x, %p, (%id, %zero) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x8xf32>, !moe.plan<3>, !moe.experts<2, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Selected weights are those of the source's expert: expert 0 of the set is the
// one whose down projection and bias are 0.
// CHECK-LABEL: func @selected(
// CHECK: moe.remap_ids %{{.*}} [-1, 1] : tensor<?x1xi32>
func.func @selected(%x: tensor<?x2xf32>, %w: tensor<?x1xf32>, %ids: tensor<?x1xi32>,
                    %u: tensor<2x2x2xf32>) -> tensor<?x2xf32> {
  %d = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]]]> : tensor<3x2x2xf32>
  %up = moe.weights %u : tensor<2x2x2xf32> -> !moe.weights<2x2x2, f32>
  %down = moe.weights %d experts[1, 2] : tensor<3x2x2xf32> -> !moe.weights<2x2x2, f32>
  %e = moe.ffn_experts up(%up : !moe.weights<2x2x2, f32>)
      down(%down : !moe.weights<2x2x2, f32>) activation<relu> : !moe.experts<2, 2 -> 2>
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x2xf32>, !moe.plan<2>, !moe.experts<2, 2 -> 2> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// The tokens of fused experts as the rows of another combine: the experts fold
// once, and the combine stays.
// CHECK-LABEL: func @tokens_as_rows(
// CHECK: %[[T:.*]] = moe.experts %{{.*}} gather combine(%{{.*}}) copy(
// CHECK: moe.combine %[[T]], %{{.*}}, %{{.*}} :
func.func @tokens_as_rows(%x: tensor<?x8xf32>, %w: tensor<?x1xf32>,
                          %ids: tensor<?x1xi32>, %q: !moe.plan<2>,
                          %ffn: !moe.experts<1, 8 -> 8>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %copy = moe.copy_experts : !moe.experts<1, 8 -> 8>
  %t = moe.experts %x, %p, (%ffn, %copy) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  %y = moe.combine %t, %q, %w
      : tensor<?x8xf32>, !moe.plan<2>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
