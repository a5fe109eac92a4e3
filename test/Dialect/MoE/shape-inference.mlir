// (S1) Sizes of results in terms of operands.
// RUN: moe-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func @gate
// CHECK-SAME: (%[[L:.*]]: tensor<?x8xf32>)
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK-DAG: %[[T:.*]] = tensor.dim %[[L]], %[[C0]]
// CHECK: return %[[T]], %[[T]], %[[C3]]
func.func @gate(%l: tensor<?x8xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w, %ids = moe.gate %l score<softmax> select<top_k, k = 2> shared(1)
      : tensor<?x8xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  %0 = tensor.dim %w, %c0 : tensor<?x3xf32>
  %1 = tensor.dim %ids, %c0 : tensor<?x3xi32>
  %2 = tensor.dim %ids, %c1 : tensor<?x3xi32>
  return %0, %1, %2 : index, index, index
}

// -----

// CHECK-LABEL: func @expert_choice
// CHECK-SAME: %[[N:[^:]*]]: index
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
// CHECK: return %[[C8]], %[[N]], %[[C64]]
func.func @expert_choice(%l: tensor<?x8xf32>, %x: tensor<?x64xf32>, %n: index)
    -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w, %ids = moe.gate %l score<softmax> select<expert_choice, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids tokens(%n)
      : tensor<?x2xi32> -> !moe.plan<8, expert_choice>
  %r = moe.dispatch %x, %p
      : tensor<?x64xf32>, !moe.plan<8, expert_choice> -> tensor<?x64xf32>
  %y = moe.combine %r, %p, %w : tensor<?x64xf32>, !moe.plan<8, expert_choice>,
      tensor<?x2xf32> -> tensor<?x64xf32>
  %0 = tensor.dim %w, %c0 : tensor<?x2xf32>
  %1 = tensor.dim %y, %c0 : tensor<?x64xf32>
  %2 = tensor.dim %y, %c1 : tensor<?x64xf32>
  return %0, %1, %2 : index, index, index
}

// -----

// The rows of a plan are known at run time only; the width is the input's.
// CHECK-LABEL: func @dispatch
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf32>, %[[P:.*]]: !moe.plan<8>)
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK: %[[ROWS:.*]] = moe.dispatch
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[ROWS]], %[[C0]]
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[X]], %[[C1]]
// CHECK: return %[[R]], %[[H]]
func.func @dispatch(%x: tensor<?x?xf32>, %p: !moe.plan<8>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = moe.dispatch %x, %p : tensor<?x?xf32>, !moe.plan<8> -> tensor<?x?xf32>
  %0 = tensor.dim %r, %c0 : tensor<?x?xf32>
  %1 = tensor.dim %r, %c1 : tensor<?x?xf32>
  return %0, %1 : index, index
}

// -----

// CHECK-LABEL: func @experts
// CHECK-SAME: (%[[X:.*]]: tensor<?x6xf32>, %[[W:.*]]: tensor<?x2xf32>,
// CHECK: %[[GATHERED:.*]] = moe.experts %{{.*}} gather :
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[X]], %{{.*}} : tensor<?x6xf32>
// CHECK-DAG: %[[G:.*]] = tensor.dim %[[GATHERED]], %{{.*}} : tensor<?x6xf32>
// CHECK-DAG: %[[T:.*]] = tensor.dim %[[W]], %{{.*}} : tensor<?x2xf32>
// CHECK: return %[[R]], %[[G]], %[[T]], %[[R]]
func.func @experts(%x: tensor<?x6xf32>, %w: tensor<?x2xf32>, %p: !moe.plan<4>,
                   %e: !moe.experts<4, 6 -> 6>)
    -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %0 = moe.experts %x, %p, (%e) : tensor<?x6xf32>, !moe.plan<4>,
      !moe.experts<4, 6 -> 6> -> tensor<?x6xf32>
  %1 = moe.experts %x, %p, (%e) gather : tensor<?x6xf32>, !moe.plan<4>,
      !moe.experts<4, 6 -> 6> -> tensor<?x6xf32>
  %2 = moe.experts %x, %p, (%e) combine(%w : tensor<?x2xf32>)
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 6>
      -> tensor<?x6xf32>
  %3 = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 6>
      -> tensor<?x6xf32>
  %d0 = tensor.dim %0, %c0 : tensor<?x6xf32>
  %d1 = tensor.dim %1, %c0 : tensor<?x6xf32>
  %d2 = tensor.dim %2, %c0 : tensor<?x6xf32>
  %d3 = tensor.dim %3, %c0 : tensor<?x6xf32>
  return %d0, %d1, %d2, %d3 : index, index, index, index
}

// -----

// The plan comes from elsewhere, so nothing here says how many tokens.
// CHECK-LABEL: func @unknown_tokens
// CHECK: %[[Y:.*]] = moe.combine
// CHECK: %[[T:.*]] = tensor.dim %[[Y]]
// CHECK: return %[[T]]
func.func @unknown_tokens(%x: tensor<?x6xf32>, %w: tensor<4x2xf32>,
                          %p: !moe.plan<4, expert_choice>) -> index {
  %c0 = arith.constant 0 : index
  %y = moe.combine %x, %p, %w : tensor<?x6xf32>, !moe.plan<4, expert_choice>,
      tensor<4x2xf32> -> tensor<?x6xf32>
  %0 = tensor.dim %y, %c0 : tensor<?x6xf32>
  return %0 : index
}

// -----

// CHECK-LABEL: func @routes
// CHECK: %[[D:.*]] = tensor.dim %arg0
// CHECK: return %[[D]], %[[D]], %[[D]], %[[D]]
func.func @routes(%x: tensor<?x6xf32>, %r: !moe.weights<1x4x6, f32>)
    -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %p = moe.project %x, %r
      : tensor<?x6xf32>, !moe.weights<1x4x6, f32> -> tensor<?x4xf32>
  %w, %ids, %z = moe.route %x router(%r : !moe.weights<1x4x6, f32>)
      score<softmax> select<top_k, k = 2>
      : tensor<?x6xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x4xf32>
  %c = moe.coefficients %w, %ids [0, 0, 0, -1]
      : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?xf32>
  %0 = tensor.dim %p, %c0 : tensor<?x4xf32>
  %1 = tensor.dim %ids, %c0 : tensor<?x2xi32>
  %2 = tensor.dim %z, %c0 : tensor<?x4xf32>
  %3 = tensor.dim %c, %c0 : tensor<?xf32>
  return %0, %1, %2, %3 : index, index, index, index
}
