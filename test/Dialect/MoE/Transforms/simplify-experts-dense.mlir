// RUN: moe-opt %s --moe-simplify-experts --split-input-file | FileCheck %s --check-prefixes=CHECK,FAST
// RUN: moe-opt %s --moe-simplify-experts='reassociate=false' --split-input-file | FileCheck %s --check-prefixes=CHECK,EXACT
// RUN: moe-opt %s --moe-simplify-experts --split-input-file --verify-diagnostics --remarks-filter=moe-simplify-experts -o /dev/null

// All experts of a token with equal weights: one network of inner size 2 · 3.
// CHECK-LABEL: func.func @dense
// CHECK-SAME:      %[[X:[a-z0-9]+]]: tensor<?x4xf32>
// FAST-DAG:      tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
// FAST-DAG:      %[[T:.*]] = linalg.transpose ins(%{{.*}} : tensor<2x4x3xf32>) outs(%{{.*}} : tensor<4x2x3xf32>) permutation = [1, 0, 2]
// FAST-DAG:      tensor.collapse_shape %[[T]] {{\[\[}}0], [1, 2]] : tensor<4x2x3xf32> into tensor<4x6xf32>
// FAST:          %[[E:.*]] = moe.ffn_experts up(%{{.*}} bias %{{.*}} : !moe.weights<1x6x4, f32>, !moe.weights<1x6, f32>) down(%{{.*}} bias %{{.*}} : !moe.weights<1x4x6, f32>, !moe.weights<1x4, f32>) activation<relu>
// FAST:          %[[P:.*]] = moe.plan %{{.*}} : tensor<?x1xi32> -> !moe.plan<1>
// FAST:          %[[Y:.*]] = moe.experts %[[X]], %[[P]], (%[[E]]) gather combine(
// FAST:          return %[[Y]]
// EXACT:         moe.experts {{.*}} !moe.plan<2>
func.func @dense(%x: tensor<?x4xf32>, %z: tensor<?x2xf32>, %n: index) -> tensor<?x4xf32> {
  %u = arith.constant dense<0.5> : tensor<2x3x4xf32>
  %ub = arith.constant dense<[[0.25, 0.25, 0.25], [0.5, 0.5, 0.5]]> : tensor<2x3xf32>
  %d = arith.constant dense<1.5> : tensor<2x4x3xf32>
  %db = arith.constant dense<2.5> : tensor<2x4xf32>
  %uw = moe.weights %u : tensor<2x3x4xf32> -> !moe.weights<2x3x4, f32>
  %ubw = moe.weights %ub : tensor<2x3xf32> -> !moe.weights<2x3, f32>
  %dw = moe.weights %d : tensor<2x4x3xf32> -> !moe.weights<2x4x3, f32>
  %dbw = moe.weights %db : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.ffn_experts up(%uw bias %ubw : !moe.weights<2x3x4, f32>, !moe.weights<2x3, f32>)
      down(%dw bias %dbw : !moe.weights<2x4x3, f32>, !moe.weights<2x4, f32>)
      activation<relu> : !moe.experts<2, 4 -> 4>
  %v, %ids = moe.gate %z score<softmax> select<all, k = 2>
      : tensor<?x2xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %half = arith.constant 0.5 : f32
  %w = tensor.splat %half[%n] : tensor<?x2xf32>
  // expected-remark @below {{experts of equal weights become one network}}
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<2>
  %rows = moe.dispatch %x, %p : tensor<?x4xf32>, !moe.plan<2> -> tensor<?x4xf32>
  %o = moe.experts %rows, %p, (%e) : tensor<?x4xf32>, !moe.plan<2>,
      !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x4xf32>, !moe.plan<2>, tensor<?x2xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Constant routing: its ids, in any order, its weights 1. No plan is left.
// CHECK-LABEL: func.func @constant
// CHECK-SAME:      %[[X:[a-z0-9]+]]: tensor<2x4xf32>
// FAST:          %[[Y:.*]] = moe.experts %[[X]], %{{.*}}, (%{{.*}}) : tensor<2x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4> -> tensor<2x4xf32>
// FAST:          return %[[Y]]
// EXACT:         moe.experts {{.*}} gather combine(%{{.*}}) : tensor<2x4xf32>, !moe.plan<2>
func.func @constant(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %u0 = arith.constant dense<0.5> : tensor<3x4xf32>
  %u1 = arith.constant dense<0.25> : tensor<3x4xf32>
  %d = arith.constant dense<1.5> : tensor<2x4x3xf32>
  %uw = moe.weights %u0, %u1 : tensor<3x4xf32>, tensor<3x4xf32> -> !moe.weights<2x3x4, f32>
  %dw = moe.weights %d : tensor<2x4x3xf32> -> !moe.weights<2x4x3, f32>
  %e = moe.ffn_experts up(%uw : !moe.weights<2x3x4, f32>)
      down(%dw : !moe.weights<2x4x3, f32>)
      activation<relu> : !moe.experts<2, 4 -> 4>
  %ids = arith.constant dense<[[0, 1], [1, 0]]> : tensor<2x2xi32>
  %w = arith.constant dense<1.0> : tensor<2x2xf32>
  // expected-remark @below {{experts of equal weights become one network}}
  %p = moe.plan %ids : tensor<2x2xi32> -> !moe.plan<2>
  // expected-remark @below {{one expert has all tokens in order}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<2x2xf32>)
      : tensor<2x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// A token has an expert twice; weights differ; weights are arguments.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-3: moe.experts {{.*}} !moe.plan<2>
func.func @stays(%x: tensor<2x4xf32>, %a: tensor<2x4x3xf32>)
    -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %u0 = arith.constant dense<0.5> : tensor<3x4xf32>
  %u1 = arith.constant dense<0.25> : tensor<3x4xf32>
  %d = arith.constant dense<1.5> : tensor<2x4x3xf32>
  %uw = moe.weights %u0, %u1 : tensor<3x4xf32>, tensor<3x4xf32> -> !moe.weights<2x3x4, f32>
  %dw = moe.weights %d : tensor<2x4x3xf32> -> !moe.weights<2x4x3, f32>
  %aw = moe.weights %a : tensor<2x4x3xf32> -> !moe.weights<2x4x3, f32>
  %e = moe.ffn_experts up(%uw : !moe.weights<2x3x4, f32>)
      down(%dw : !moe.weights<2x4x3, f32>)
      activation<relu> : !moe.experts<2, 4 -> 4>
  %f = moe.ffn_experts up(%uw : !moe.weights<2x3x4, f32>)
      down(%aw : !moe.weights<2x4x3, f32>)
      activation<relu> : !moe.experts<2, 4 -> 4>
  %ids = arith.constant dense<[[0, 1], [1, 0]]> : tensor<2x2xi32>
  %twice = arith.constant dense<[[0, 1], [1, 1]]> : tensor<2x2xi32>
  %w = arith.constant dense<1.0> : tensor<2x2xf32>
  %v = arith.constant dense<[[1.0, 2.0], [1.0, 1.0]]> : tensor<2x2xf32>
  %p = moe.plan %ids : tensor<2x2xi32> -> !moe.plan<2>
  %q = moe.plan %twice : tensor<2x2xi32> -> !moe.plan<2>
  %y0 = moe.experts %x, %q, (%e) gather combine(%w : tensor<2x2xf32>)
      : tensor<2x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<2x4xf32>
  %y1 = moe.experts %x, %p, (%e) gather combine(%v : tensor<2x2xf32>)
      : tensor<2x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<2x4xf32>
  %r = moe.plan %ids : tensor<2x2xi32> -> !moe.plan<2>
  %y2 = moe.experts %x, %r, (%f) gather combine(%w : tensor<2x2xf32>)
      : tensor<2x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<2x4xf32>
  return %y0, %y1, %y2 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// One expert that has all tokens: a weight other than 1 needs the combine.
// CHECK-LABEL: func.func @one
// CHECK-SAME:      %[[X:[a-z0-9]+]]: tensor<2x4xf32>
// CHECK-NOT:     moe.dispatch
// CHECK:         %[[C:.*]] = tensor.cast %[[X]]
// CHECK:         moe.experts %[[C]],
// CHECK:         moe.combine
// CHECK:         %[[Y:.*]] = moe.experts %[[X]], %{{.*}}, (%{{.*}}) : tensor<2x4xf32>
// CHECK:         return %{{.*}}, %[[Y]]
func.func @one(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %ids = arith.constant dense<0> : tensor<2x1xi32>
  %w = arith.constant dense<2.0> : tensor<2x1xf32>
  %v = arith.constant dense<1.0> : tensor<2x1xf32>
  %e = moe.copy_experts : !moe.experts<1, 4 -> 4>
  // expected-remark @below {{one expert has all tokens in order}}
  %p = moe.plan %ids : tensor<2x1xi32> -> !moe.plan<1>
  %rows = moe.dispatch %x, %p : tensor<2x4xf32>, !moe.plan<1> -> tensor<?x4xf32>
  %o = moe.experts %rows, %p, (%e) : tensor<?x4xf32>, !moe.plan<1>,
      !moe.experts<1, 4 -> 4> -> tensor<?x4xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x4xf32>, !moe.plan<1>, tensor<2x1xf32> -> tensor<2x4xf32>
  %z = moe.experts %x, %p, (%e) gather combine(%v : tensor<2x1xf32>)
      : tensor<2x4xf32>, !moe.plan<1>, !moe.experts<1, 4 -> 4> -> tensor<2x4xf32>
  return %y, %z : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// What is said of gates.
// CHECK-LABEL: func.func @gates
// CHECK-NOT:     moe.gate
// CHECK:         return
func.func @gates() -> (tensor<2x1xf32>, tensor<2x1xi32>) {
  %z = arith.constant dense<0.5> : tensor<2x4xf32>
  // expected-remark @below {{2 results of the gate are constants}}
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<2x4xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  return %w, %ids : tensor<2x1xf32>, tensor<2x1xi32>
}

// -----

// CHECK-LABEL: func.func @group
// CHECK:         moe.gate %{{.*}} score<softmax> select<top_k, k = 1>
func.func @group(%z: tensor<?x4xf32>) -> tensor<?x1xf32> {
  // expected-remark @below {{the gate has no choice}}
  %w, %ids = moe.gate %z score<softmax> groups<count = 2, keep = 2>
      select<top_k, k = 1> : tensor<?x4xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %w : tensor<?x1xf32>
}
