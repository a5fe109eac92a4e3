// (S2) Casts that hide static sizes fold into the operations.
// RUN: moe-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @layer
// CHECK-SAME: (%[[X:.*]]: tensor<5x6xf32>, %[[L:.*]]: tensor<5x4xf32>)
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[L]] {{.*}} : tensor<5x4xf32> -> tensor<5x2xf32>, tensor<5x2xi32>
// CHECK: %[[P:.*]] = moe.plan %[[IDS]] : tensor<5x2xi32> -> !moe.plan<4>
// CHECK: %[[R:.*]] = moe.dispatch %[[X]], %[[P]] : tensor<5x6xf32>, !moe.plan<4> -> tensor<?x6xf32>
// CHECK: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%{{.*}}) : tensor<?x6xf32>, {{.*}} -> tensor<?x6xf32>
// CHECK: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x6xf32>, !moe.plan<4>, tensor<5x2xf32> -> tensor<5x6xf32>
// CHECK: return %[[Y]]
func.func @layer(%x: tensor<5x6xf32>, %l: tensor<5x4xf32>) -> tensor<5x6xf32> {
  %xd = tensor.cast %x : tensor<5x6xf32> to tensor<?x?xf32>
  %ld = tensor.cast %l : tensor<5x4xf32> to tensor<?x4xf32>
  %w, %ids = moe.gate %ld score<softmax> select<top_k, k = 2>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %r = moe.dispatch %xd, %p
      : tensor<?x?xf32>, !moe.plan<4> -> tensor<?x?xf32>
  %c = tensor.cast %r : tensor<?x?xf32> to tensor<?x6xf32>
  %e = moe.zero_experts : !moe.experts<4, 6 -> 6>
  %o = moe.experts %c, %p, (%e)
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 6>
      -> tensor<?x6xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x6xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x6xf32>
  %z = tensor.cast %y : tensor<?x6xf32> to tensor<5x6xf32>
  return %z : tensor<5x6xf32>
}

// The tokens of the results are those of any operand.
// CHECK-LABEL: func @gate_operands
// CHECK: moe.gate %{{.*}} state(%{{.*}} : tensor<5x4xf32>) {{.*}} : tensor<?x4xf32> -> tensor<5x2xf32>, tensor<5x2xi32>
func.func @gate_operands(%l: tensor<?x4xf32>, %s: tensor<5x4xf32>)
    -> tensor<?x2xf32> {
  %w, %ids = moe.gate %l state(%s : tensor<5x4xf32>) score<softmax>
      select<top_k, k = 2> : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %w : tensor<?x2xf32>
}

// CHECK-LABEL: func @expert_choice
// CHECK: moe.gate %{{.*}} : tensor<5x4xf32> -> tensor<4x3xf32>, tensor<4x3xi32>
func.func @expert_choice(%l: tensor<5x4xf32>) -> tensor<?x3xf32> {
  %ld = tensor.cast %l : tensor<5x4xf32> to tensor<?x4xf32>
  %w, %ids = moe.gate %ld score<softmax> select<expert_choice, k = 3>
      : tensor<?x4xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  return %w : tensor<?x3xf32>
}

// CHECK-LABEL: func @fused_experts
// CHECK: moe.experts %{{.*}} gather combine(%{{.*}} : tensor<5x2xf32>) : tensor<5x6xf32>, {{.*}} -> tensor<5x6xf32>
// CHECK: moe.experts %{{.*}} gather : tensor<5x6xf32>, {{.*}} -> tensor<?x6xf32>
func.func @fused_experts(%x: tensor<5x6xf32>, %p: !moe.plan<4>,
                         %w: tensor<5x2xf32>)
    -> (tensor<?x6xf32>, tensor<?x6xf32>) {
  %e = moe.zero_experts : !moe.experts<4, 6 -> 6>
  %xd = tensor.cast %x : tensor<5x6xf32> to tensor<?x6xf32>
  %wd = tensor.cast %w : tensor<5x2xf32> to tensor<?x2xf32>
  %0 = moe.experts %xd, %p, (%e) gather combine(%wd : tensor<?x2xf32>)
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 6>
      -> tensor<?x6xf32>
  %1 = moe.experts %xd, %p, (%e) gather
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 6>
      -> tensor<?x6xf32>
  return %0, %1 : tensor<?x6xf32>, tensor<?x6xf32>
}

// A program that fails at run time must not become invalid here.
// CHECK-LABEL: func @contradiction
// CHECK: %[[C:.*]] = tensor.cast %{{.*}} : tensor<5x4xf32> to tensor<?x4xf32>
// CHECK: moe.gate %[[C]] {{.*}} -> tensor<6x2xf32>, tensor<?x2xi32>
func.func @contradiction(%l: tensor<5x4xf32>) -> tensor<6x2xf32> {
  %ld = tensor.cast %l : tensor<5x4xf32> to tensor<?x4xf32>
  %w, %ids = moe.gate %ld score<softmax> select<top_k, k = 2>
      : tensor<?x4xf32> -> tensor<6x2xf32>, tensor<?x2xi32>
  return %w : tensor<6x2xf32>
}

// A cast to more static sizes is an assertion of the program: it stays.
// CHECK-LABEL: func @assertion
// CHECK: %[[C:.*]] = tensor.cast %{{.*}} : tensor<?x4xf32> to tensor<5x4xf32>
// CHECK: moe.gate %[[C]]
func.func @assertion(%l: tensor<?x4xf32>) -> tensor<5x2xf32> {
  %ls = tensor.cast %l : tensor<?x4xf32> to tensor<5x4xf32>
  %w, %ids = moe.gate %ls score<softmax> select<top_k, k = 2>
      : tensor<5x4xf32> -> tensor<5x2xf32>, tensor<5x2xi32>
  return %w : tensor<5x2xf32>
}
