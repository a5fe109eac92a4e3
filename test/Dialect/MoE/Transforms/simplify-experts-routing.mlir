// RUN: moe-opt %s --moe-simplify-experts --split-input-file | FileCheck %s --check-prefixes=CHECK,FAST
// RUN: moe-opt %s --moe-simplify-experts='reassociate=false assume-finite-logits' --split-input-file | FileCheck %s --check-prefixes=CHECK,EXACT

// Equal logits make weights that are exact, and ties; capacity drops the third
// token, whose weight is then 0; the scale is applied last.
// CHECK-LABEL: func.func @constant
// CHECK-DAG:     arith.constant dense<{{\[\[}}5.000000e-01], [5.000000e-01], [0.000000e+00]]> : tensor<3x1xf32>
// CHECK-DAG:     arith.constant dense<{{\[\[}}3], [3], [-1]]> : tensor<3x1xi32>
// CHECK-NOT:     moe.gate
func.func @constant() -> (tensor<3x1xf32>, tensor<3x1xi32>) {
  %z = arith.constant dense<0.7> : tensor<3x4xf32>
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1, tie = higher>
      capacity<count = 2> scale(2.0)
      : tensor<3x4xf32> -> tensor<3x1xf32>, tensor<3x1xi32>
  return %w, %ids : tensor<3x1xf32>, tensor<3x1xi32>
}

// -----

// f32 arithmetic in the order of slots, rounded once to f16; NaN comes first,
// and a shared slot follows.
// CHECK-LABEL: func.func @identity
// CHECK-DAG:     arith.constant dense<{{\[\[}}7.500000e-01, 2.500000e-01, 1.000000e+00], [0x7E00, 0x7E00, 1.000000e+00]]> : tensor<2x3xf16>
// CHECK-DAG:     arith.constant dense<{{\[\[}}1, 2, 3], [2, 0, 3]]> : tensor<2x3xi32>
func.func @identity() -> (tensor<2x3xf16>, tensor<2x3xi32>) {
  %z = arith.constant dense<[[0.5, 3.0, 1.0], [2.0, 1.0, 0x7FC00000]]> : tensor<2x3xf32>
  %w, %ids = moe.gate %z score<identity> select<top_k, k = 2> normalize<sum> shared(1)
      : tensor<2x3xf32> -> tensor<2x3xf16>, tensor<2x3xi32>
  return %w, %ids : tensor<2x3xf16>, tensor<2x3xi32>
}

// -----

// Libraries round e^0.5 differently: left to run time.
// CHECK-LABEL: func.func @inexact
// CHECK:         moe.gate
func.func @inexact() -> (tensor<1x1xf32>, tensor<1x1xi32>) {
  %z = arith.constant dense<[[0.5, 0.0]]> : tensor<1x2xf32>
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<1x2xf32> -> tensor<1x1xf32>, tensor<1x1xi32>
  return %w, %ids : tensor<1x1xf32>, tensor<1x1xi32>
}

// -----

// A hash layer of known tokens: the ids are known, the weights not.
// CHECK-LABEL: func.func @hash
// CHECK:         %[[I:.*]] = arith.constant dense<{{\[\[}}1, 3], [0, -1], [-1, -1]]> : tensor<3x2xi32>
// CHECK:         %[[W:.*]], %{{.*}} = moe.gate
// CHECK:         return %[[W]], %[[I]]
func.func @hash(%z: tensor<3x4xf32>) -> (tensor<3x2xf32>, tensor<3x2xi32>) {
  %t = arith.constant dense<[[0, 4], [1, 3]]> : tensor<2x2xi32>
  %i = arith.constant dense<[1, 0, 2]> : tensor<3xi32>
  %w, %ids = moe.gate %z ids(%i : tensor<3xi32>) table(%t : tensor<2x2xi32>)
      score<sigmoid> select<table, k = 2>
      : tensor<3x4xf32> -> tensor<3x2xf32>, tensor<3x2xi32>
  return %w, %ids : tensor<3x2xf32>, tensor<3x2xi32>
}

// -----

// All experts, in another order than that of choice values.
// CHECK-LABEL: func.func @all
// FAST:          moe.gate %arg0 score<softmax> select<all, k = 2>
// EXACT:         moe.gate %arg0 bias(%{{.*}}) score<softmax> select<top_k, k = 2>
func.func @all(%z: tensor<?x2xf32>, %b: tensor<2xf32>, %x: tensor<?x4xf32>,
               %t: tensor<2x4xf32>) -> tensor<?x4xf32> {
  %w, %ids = moe.gate %z bias(%b : tensor<2xf32>) score<softmax> select<top_k, k = 2>
      : tensor<?x2xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<2>
  %v = moe.weights %t : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.constant_experts %v : !moe.weights<2x4, f32> -> !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Who reads the ids sees their order.
// CHECK-LABEL: func.func @all_are_seen
// CHECK:         select<top_k, k = 2>
func.func @all_are_seen(%z: tensor<?x2xf32>) -> tensor<?x2xi32> {
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 2>
      : tensor<?x2xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %r = moe.remap_ids %ids [1, 0] : tensor<?x2xi32>
  return %r : tensor<?x2xi32>
}

// -----

// One expert: weight 1 for every finite logit, and NaN for others.
// CHECK-LABEL: func.func @one
// FAST:          moe.gate %{{.*}} score<softmax> select<all, k = 1>
// EXACT-NOT:     moe.gate
// EXACT:         %[[W:.*]] = tensor.splat %{{.*}} : tensor<?x1xf32>
// EXACT:         %[[I:.*]] = tensor.splat %{{.*}} : tensor<?x1xi32>
// EXACT:         return %[[W]], %[[I]]
func.func @one(%z: tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x1xi32>) {
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 1> normalize<sum>
      : tensor<?x1xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %w, %ids : tensor<?x1xf32>, tensor<?x1xi32>
}

// -----

// 0 / 0 for a logit of -200, which is finite.
// CHECK-LABEL: func.func @one_sigmoid
// CHECK:         moe.gate
func.func @one_sigmoid(%z: tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x1xi32>) {
  %w, %ids = moe.gate %z score<sigmoid> select<top_k, k = 1> normalize<sum>
      : tensor<?x1xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %w, %ids : tensor<?x1xf32>, tensor<?x1xi32>
}

// -----

// The gate's multiplication rounds as this one does.
// CHECK-LABEL: func.func @weights
// CHECK:         %[[W:.*]], %{{.*}} = moe.gate {{.*}} scale(2.5)
// CHECK:         return %[[W]]
func.func @weights(%z: tensor<?x2xf32>, %n: index) -> tensor<?x1xf32> {
  %w, %ids = moe.gate %z score<sigmoid> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  %c = arith.constant 2.5 : f32
  %s = tensor.splat %c[%n] : tensor<?x1xf32>
  %v = arith.mulf %w, %s : tensor<?x1xf32>
  return %v : tensor<?x1xf32>
}

// -----

// Two factors are rounded twice, f16 weights before they are multiplied.
// CHECK-LABEL: func.func @rounded
// FAST:          moe.gate {{.*}} scale(6) : tensor<4x2xf32> -> tensor<4x1xf32>
// EXACT:         moe.gate {{.*}} scale(2) : tensor<4x2xf32> -> tensor<4x1xf32>
// FAST:          moe.gate {{.*}} scale(3) : tensor<4x2xf32> -> tensor<4x1xf16>
// EXACT:         moe.gate {{.*}} select<top_k, k = 1> : tensor<4x2xf32> -> tensor<4x1xf16>
func.func @rounded(%z: tensor<4x2xf32>) -> (tensor<4x1xf32>, tensor<4x1xf16>) {
  %w, %i = moe.gate %z score<sigmoid> select<top_k, k = 1> scale(2.0)
      : tensor<4x2xf32> -> tensor<4x1xf32>, tensor<4x1xi32>
  %c = arith.constant dense<3.0> : tensor<4x1xf32>
  %0 = arith.mulf %w, %c : tensor<4x1xf32>
  %v, %j = moe.gate %z score<sigmoid> select<top_k, k = 1>
      : tensor<4x2xf32> -> tensor<4x1xf16>, tensor<4x1xi32>
  %d = arith.constant dense<3.0> : tensor<4x1xf16>
  %1 = arith.mulf %d, %v : tensor<4x1xf16>
  return %0, %1 : tensor<4x1xf32>, tensor<4x1xf16>
}

// -----

// Shared slots are not scaled, and what is dropped depends on the scale.
// CHECK-LABEL: func.func @kept
// CHECK-COUNT-2: arith.mulf
func.func @kept(%z: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x1xf32>) {
  %w, %i = moe.gate %z score<sigmoid> select<top_k, k = 1> shared(1)
      : tensor<4x2xf32> -> tensor<4x2xf32>, tensor<4x2xi32>
  %c = arith.constant dense<3.0> : tensor<4x2xf32>
  %0 = arith.mulf %w, %c : tensor<4x2xf32>
  %v, %j = moe.gate %z score<sigmoid> select<top_k, k = 1> drop_below(0.5)
      : tensor<4x2xf32> -> tensor<4x1xf32>, tensor<4x1xi32>
  %d = arith.constant dense<3.0> : tensor<4x1xf32>
  %1 = arith.mulf %v, %d : tensor<4x1xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<4x1xf32>
}

// -----

// A factor of the result is one of each weight, but rounds elsewhere.
// CHECK-LABEL: func.func @result
// FAST:          moe.gate {{.*}} scale(0.5)
// FAST-NOT:      arith.mulf
// EXACT:         arith.mulf
func.func @result(%z: tensor<4x2xf32>, %x: tensor<4x4xf32>, %t: tensor<2x4xf32>)
    -> tensor<4x4xf32> {
  %w, %i = moe.gate %z score<sigmoid> select<top_k, k = 1>
      : tensor<4x2xf32> -> tensor<4x1xf32>, tensor<4x1xi32>
  %p = moe.plan %i : tensor<4x1xi32> -> !moe.plan<2>
  %v = moe.weights %t : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  %e = moe.constant_experts %v : !moe.weights<2x4, f32> -> !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>)
      : tensor<4x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<4x4xf32>
  %c = arith.constant dense<0.5> : tensor<4x4xf32>
  %s = arith.mulf %y, %c : tensor<4x4xf32>
  return %s : tensor<4x4xf32>
}

// -----

// Routes: a choice of all experts, of all groups, and of a table.
// CHECK-LABEL: func.func @routes
// FAST:          moe.route %{{.*}} score<softmax> select<all, k = 2>
// EXACT:         moe.route %{{.*}} score<softmax> select<top_k, k = 2>
// CHECK:         moe.route %{{.*}} score<softmax> select<top_k, k = 1> :
// CHECK:         arith.constant dense<{{\[\[}}0], [-1]]> : tensor<2x1xi32>
// CHECK:         moe.route %{{.*}} select<table, k = 1>
func.func @routes(%x: tensor<2x4xf32>, %r: tensor<2x4xf32>, %p: !moe.plan<2>,
                  %rows: tensor<?x4xf32>)
    -> (tensor<2x4xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<2x1xi32>) {
  %rw = moe.weights %r : tensor<2x4xf32> -> !moe.weights<1x2x4, f32>
  %0:3 = moe.route %x router(%rw : !moe.weights<1x2x4, f32>) score<softmax>
      select<top_k, k = 2>
      : tensor<2x4xf32> -> tensor<2x2xf32>, tensor<2x2xi32>, tensor<2x2xf32>
  %y = moe.combine %rows, %p, %0#0
      : tensor<?x4xf32>, !moe.plan<2>, tensor<2x2xf32> -> tensor<2x4xf32>
  %1:3 = moe.route %x router(%rw : !moe.weights<1x2x4, f32>) score<softmax>
      groups<count = 2, keep = 2> select<top_k, k = 1>
      : tensor<2x4xf32> -> tensor<2x1xf32>, tensor<2x1xi32>, tensor<2x2xf32>
  %t = arith.constant dense<[[0], [1]]> : tensor<2x1xi32>
  %i = arith.constant dense<[0, 7]> : tensor<2xi32>
  %2:3 = moe.route %x router(%rw : !moe.weights<1x2x4, f32>)
      ids(%i : tensor<2xi32>) table(%t : tensor<2x1xi32>)
      score<softmax> select<table, k = 1>
      : tensor<2x4xf32> -> tensor<2x1xf32>, tensor<2x1xi32>, tensor<2x2xf32>
  return %y, %1#1, %2#0, %2#1
      : tensor<2x4xf32>, tensor<2x1xi32>, tensor<2x1xf32>, tensor<2x1xi32>
}

// -----

// One expert behind a route: the logits are still read.
// CHECK-LABEL: func.func @one_route
// FAST:          moe.route %{{.*}} select<all, k = 1>
// EXACT:         %[[W:.*]] = tensor.splat %{{.*}} : tensor<?x1xf32>
// EXACT:         %[[I:.*]] = tensor.splat %{{.*}} : tensor<?x1xi32>
// EXACT:         %{{.*}}, %{{.*}}, %[[Z:.*]] = moe.route
// EXACT:         return %[[W]], %[[I]], %[[Z]]
func.func @one_route(%x: tensor<?x4xf32>, %r: tensor<1x4xf32>)
    -> (tensor<?x1xf32>, tensor<?x1xi32>, tensor<?x1xf32>) {
  %rw = moe.weights %r : tensor<1x4xf32> -> !moe.weights<1x1x4, f32>
  %0:3 = moe.route %x router(%rw : !moe.weights<1x1x4, f32>) score<softmax>
      select<top_k, k = 1>
      : tensor<?x4xf32> -> tensor<?x1xf32>, tensor<?x1xi32>, tensor<?x1xf32>
  return %0#0, %0#1, %0#2
      : tensor<?x1xf32>, tensor<?x1xi32>, tensor<?x1xf32>
}
