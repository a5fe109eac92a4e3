// RUN: moe-opt %s --moe-simplify-experts --split-input-file | FileCheck %s
// RUN: moe-opt %s --moe-simplify-experts --split-input-file --verify-diagnostics --remarks-filter=moe-simplify-experts

// A threshold is never below −inf, so slots need not be filled by others.
// CHECK-LABEL: func.func @threshold
// CHECK:         moe.plan %{{.*}} -> !moe.plan<1>
func.func @threshold(%z: tensor<?x2xf32>, %x: tensor<?x4xf32>, %t: tensor<2x4xf32>)
    -> tensor<?x4xf32> {
  %b = arith.constant dense<[0xFF800000, 1.0]> : tensor<2xf32>
  %w, %ids = moe.gate %z bias(%b : tensor<2xf32>) score<softmax>
      select<threshold, k = 2, threshold = -inf>
      : tensor<?x2xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  // expected-remark @below {{1 experts are never chosen, 0 are duplicates}}
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<2>
  %v = moe.weights %t : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.constant_experts %v : !moe.weights<2x4, f32> -> !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Any two of the groups hold two experts of another bias at least.
// CHECK-LABEL: func.func @groups
// CHECK:         moe.plan %{{.*}} -> !moe.plan<4>
func.func @groups(%z: tensor<?x6xf32>, %x: tensor<?x4xf32>, %t: tensor<6x4xf32>)
    -> tensor<?x4xf32> {
  %b = arith.constant dense<[0xFF800000, 1.0, 0xFF800000, 1.0, 1.0, 1.0]> : tensor<6xf32>
  %w, %ids = moe.gate %z bias(%b : tensor<6xf32>) score<sigmoid>
      groups<count = 3, keep = 2> select<top_k, k = 2> normalize<sum>
      : tensor<?x6xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  // expected-remark @below {{2 experts are never chosen, 0 are duplicates}}
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<6>
  %v = moe.weights %t : tensor<6x4xf32> -> !moe.weights<6x4, f32>
  %e = moe.constant_experts %v : !moe.weights<6x4, f32> -> !moe.experts<6, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<6>, !moe.experts<6, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// One group may be all that is kept.
// CHECK-LABEL: func.func @group_of_one
// CHECK:         moe.plan %{{.*}} -> !moe.plan<4>
func.func @group_of_one(%z: tensor<?x4xf32>, %x: tensor<?x4xf32>, %t: tensor<4x4xf32>)
    -> tensor<?x4xf32> {
  %b = arith.constant dense<[0xFF800000, 1.0, 1.0, 1.0]> : tensor<4xf32>
  %w, %ids = moe.gate %z bias(%b : tensor<4xf32>) score<sigmoid>
      groups<count = 2, keep = 1> select<top_k, k = 2>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  // expected-remark @below {{experts of bias -inf stay: too few others are left to fill the slots}}
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %v = moe.weights %t : tensor<4x4xf32> -> !moe.weights<4x4, f32>
  %e = moe.constant_experts %v : !moe.weights<4x4, f32> -> !moe.experts<4, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<4>, !moe.experts<4, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// +inf − inf is NaN, and its weight is +inf.
// CHECK-LABEL: func.func @infinite
// CHECK:         moe.plan %{{.*}} -> !moe.plan<2>
func.func @infinite(%z: tensor<?x2xf32>, %x: tensor<?x4xf32>, %t: tensor<2x4xf32>)
    -> tensor<?x4xf32> {
  %b = arith.constant dense<[0xFF800000, 1.0]> : tensor<2xf32>
  %w, %ids = moe.gate %z bias(%b : tensor<2xf32>) score<relu> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  // expected-remark @below {{stay: an infinite score is NaN with the bias, and is chosen}}
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %v = moe.weights %t : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.constant_experts %v : !moe.weights<2x4, f32> -> !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @tie
// CHECK:         moe.plan %{{.*}} -> !moe.plan<2>
func.func @tie(%z: tensor<?x2xf32>, %x: tensor<?x4xf32>, %t: tensor<2x4xf32>)
    -> tensor<?x4xf32> {
  %b = arith.constant dense<[0xFF800000, 1.0]> : tensor<2xf32>
  %w, %ids = moe.gate %z bias(%b : tensor<2xf32>) score<identity>
      select<top_k, k = 1> normalize<softmax>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  // expected-remark @below {{stay: other experts of score -inf would tie with them}}
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %v = moe.weights %t : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.constant_experts %v : !moe.weights<2x4, f32> -> !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @others
func.func @others(%z: tensor<?x2xf32>) -> (!moe.plan<2>, !moe.plan<2>, !moe.plan<2>) {
  %b = arith.constant dense<[0xFF800000, 1.0]> : tensor<2xf32>
  %w, %i = moe.gate %z bias(%b : tensor<2xf32>) values(%z : tensor<?x2xf32>)
      score<softmax> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  // expected-remark @below {{stay: weights that are other values may be numbers where scores are NaN}}
  // expected-remark @below {{the plan is used outside the layer}}
  %p = moe.plan %i : tensor<?x1xi32> -> !moe.plan<2>
  %v, %j = moe.gate %z bias(%b : tensor<2xf32>) score<softmax>
      groups<count = 2, keep = 1, by = max, fill = 0.0> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  // expected-remark @below {{stay: the group limit gives excluded experts a choice value}}
  // expected-remark @below {{the plan is used outside the layer}}
  %q = moe.plan %j : tensor<?x1xi32> -> !moe.plan<2>
  %u, %k = moe.gate %z bias(%b : tensor<2xf32>) score<softmax> select<all, k = 2>
      : tensor<?x2xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  // expected-remark @below {{stay: the selection does not rank experts for each token}}
  // expected-remark @below {{the plan is used outside the layer}}
  %r = moe.plan %k : tensor<?x2xi32> -> !moe.plan<2>
  return %p, %q, %r : !moe.plan<2>, !moe.plan<2>, !moe.plan<2>
}

// -----

// Other weights than the gate's may be numbers for a token that NaN sends there.
// CHECK-LABEL: func.func @other_weights
// CHECK:         moe.plan %{{.*}} -> !moe.plan<2>
func.func @other_weights(%z: tensor<?x2xf32>, %x: tensor<?x4xf32>, %t: tensor<2x4xf32>,
                         %w: tensor<?x1xf32>) -> (tensor<?x4xf32>, !moe.plan<2>) {
  %b = arith.constant dense<[0xFF800000, 1.0]> : tensor<2xf32>
  %v, %ids = moe.gate %z bias(%b : tensor<2xf32>) score<softmax> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %u = moe.weights %t : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.constant_experts %u : !moe.weights<2x4, f32> -> !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  // expected-remark @below {{no expert is taken out: the plan is used outside the layer}}
  %q = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  return %y, %q : tensor<?x4xf32>, !moe.plan<2>
}
