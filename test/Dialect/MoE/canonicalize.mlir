// RUN: moe-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func @neutral_attributes
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> :
func.func @neutral_attributes(%l: tensor<?x8xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %0:2 = moe.gate %l score<softmax> groups<count = 4, keep = 4>
      select<top_k, k = 2> normalize<none> scale(1.0)
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %0#0, %0#1 : tensor<?x2xf32>, tensor<?x2xi32>
}

// Of one zero weight the sum makes NaN, so it stays; and so do the others.
// CHECK-LABEL: func @attributes_with_an_effect
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<8xf32>) score<relu>
// CHECK-SAME: groups<count = 4, keep = 3> select<top_k, k = 1, tie = higher>
// CHECK-SAME: normalize<sum>
func.func @attributes_with_an_effect(%l: tensor<?x8xf32>, %b: tensor<8xf32>)
    -> (tensor<?x1xf32>, tensor<?x1xi32>) {
  %0:2 = moe.gate %l bias(%b : tensor<8xf32>) score<relu>
      groups<count = 4, keep = 3> select<top_k, k = 1, tie = higher>
      normalize<sum> : tensor<?x8xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %0#0, %0#1 : tensor<?x1xf32>, tensor<?x1xi32>
}

// Nothing is compared: neither bias nor ties matter.
// CHECK-LABEL: func @no_choice
// CHECK: moe.gate %{{.*}} score<softmax> select<all, k = 8> :
// CHECK: moe.gate %{{.*}} ids(%{{.*}}) score<softmax> select<given, k = 2> :
func.func @no_choice(%l: tensor<?x8xf32>, %b: tensor<8xf32>,
                     %ids: tensor<?x2xi32>)
    -> (tensor<?x8xf32>, tensor<?x2xf32>) {
  %0:2 = moe.gate %l bias(%b : tensor<8xf32>) score<softmax>
      select<all, k = 8, tie = higher>
      : tensor<?x8xf32> -> tensor<?x8xf32>, tensor<?x8xi32>
  %1:2 = moe.gate %l bias(%b : tensor<8xf32>) ids(%ids : tensor<?x2xi32>)
      score<softmax> select<given, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %0#0, %1#0 : tensor<?x8xf32>, tensor<?x2xf32>
}

// -----

// No expert gets more rows than there are tokens.
// CHECK-LABEL: func @ample_capacity
// CHECK-NOT: capacity
// CHECK: return
func.func @ample_capacity(%l: tensor<5x8xf32>, %m: tensor<?x8xf32>)
    -> (tensor<5x2xf32>, tensor<?x2xf32>) {
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> capacity<count = 5>
      : tensor<5x8xf32> -> tensor<5x2xf32>, tensor<5x2xi32>
  %1:2 = moe.gate %m score<softmax> select<top_k, k = 2> capacity<factor = 4>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %0#0, %1#0 : tensor<5x2xf32>, tensor<?x2xf32>
}

// Given ids may name an expert twice.
// CHECK-LABEL: func @scarce_capacity
// CHECK: capacity<count = 4>
// CHECK: capacity<count = 5>
// CHECK: capacity<factor = 3.5>
// CHECK: capacity<count = 9>
func.func @scarce_capacity(%l: tensor<5x8xf32>, %m: tensor<?x8xf32>,
                           %ids: tensor<5x2xi32>)
    -> (tensor<5x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>, tensor<5x2xf32>) {
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> capacity<count = 4>
      : tensor<5x8xf32> -> tensor<5x2xf32>, tensor<5x2xi32>
  %1:2 = moe.gate %m score<softmax> select<top_k, k = 2> capacity<count = 5>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %2:2 = moe.gate %m score<softmax> select<top_k, k = 2> capacity<factor = 3.5>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %3:2 = moe.gate %l ids(%ids : tensor<5x2xi32>) score<softmax>
      select<given, k = 2> capacity<count = 9>
      : tensor<5x8xf32> -> tensor<5x2xf32>, tensor<5x2xi32>
  return %0#0, %1#0, %2#0, %3#0
      : tensor<5x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>, tensor<5x2xf32>
}

// -----

// CHECK-LABEL: func @shared_weights_of_one
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> shared(1) :
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> shared(1, %{{.*}} : tensor<5x1xf16>)
func.func @shared_weights_of_one(%l: tensor<5x8xf32>)
    -> (tensor<5x3xf32>, tensor<5x3xf32>) {
  %one = arith.constant dense<1.0> : tensor<5x1xf16>
  %half = arith.constant dense<0.5> : tensor<5x1xf16>
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2>
      shared(1, %one : tensor<5x1xf16>)
      : tensor<5x8xf32> -> tensor<5x3xf32>, tensor<5x3xi32>
  %1:2 = moe.gate %l score<softmax> select<top_k, k = 2>
      shared(1, %half : tensor<5x1xf16>)
      : tensor<5x8xf32> -> tensor<5x3xf32>, tensor<5x3xi32>
  return %0#0, %1#0 : tensor<5x3xf32>, tensor<5x3xf32>
}

// -----

// CHECK-LABEL: func @copies
// CHECK-SAME: (%[[X:.*]]: tensor<?x6xf32>, %[[P:.*]]: !moe.plan<3>, %[[W:.*]]: tensor<?x2xf32>)
// CHECK: %[[ROWS:.*]] = moe.dispatch %[[X]], %[[P]]
// CHECK: %[[Y:.*]] = moe.combine %[[X]], %[[P]], %[[W]]
// CHECK: %[[R:.*]] = moe.dispatch %[[X]], %[[P]]
// CHECK: %[[Z:.*]] = moe.combine %[[R]], %[[P]], %[[W]]
// CHECK: return %[[X]], %[[ROWS]], %[[Y]], %[[Z]]
func.func @copies(%x: tensor<?x6xf32>, %p: !moe.plan<3>, %w: tensor<?x2xf32>)
    -> (tensor<?x6xf32>, tensor<?x6xf32>, tensor<?x6xf32>, tensor<?x6xf32>) {
  %a = moe.copy_experts : !moe.experts<2, 6 -> 6>
  %b = moe.copy_experts : !moe.experts<1, 6 -> 6>
  %0 = moe.experts %x, %p, (%a, %b) : tensor<?x6xf32>, !moe.plan<3>,
      !moe.experts<2, 6 -> 6>, !moe.experts<1, 6 -> 6> -> tensor<?x6xf32>
  %1 = moe.experts %x, %p, (%a, %b) gather : tensor<?x6xf32>, !moe.plan<3>,
      !moe.experts<2, 6 -> 6>, !moe.experts<1, 6 -> 6> -> tensor<?x6xf32>
  %2 = moe.experts %x, %p, (%a, %b) combine(%w : tensor<?x2xf32>)
      : tensor<?x6xf32>, !moe.plan<3>,
      !moe.experts<2, 6 -> 6>, !moe.experts<1, 6 -> 6> -> tensor<?x6xf32>
  %3 = moe.experts %x, %p, (%a, %b) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x6xf32>, !moe.plan<3>,
      !moe.experts<2, 6 -> 6>, !moe.experts<1, 6 -> 6> -> tensor<?x6xf32>
  return %0, %1, %2, %3
      : tensor<?x6xf32>, tensor<?x6xf32>, tensor<?x6xf32>, tensor<?x6xf32>
}

// CHECK-LABEL: func @not_only_copies
// CHECK: moe.experts
func.func @not_only_copies(%x: tensor<?x6xf32>, %p: !moe.plan<3>)
    -> tensor<?x6xf32> {
  %a = moe.copy_experts : !moe.experts<2, 6 -> 6>
  %b = moe.zero_experts : !moe.experts<1, 6 -> 6>
  %0 = moe.experts %x, %p, (%a, %b) : tensor<?x6xf32>, !moe.plan<3>,
      !moe.experts<2, 6 -> 6>, !moe.experts<1, 6 -> 6> -> tensor<?x6xf32>
  return %0 : tensor<?x6xf32>
}

// -----

// Sets that nothing uses go, and equal ones become one.
// CHECK-LABEL: func @sets_are_pure
// CHECK-NEXT: return
func.func @sets_are_pure(%ids: tensor<?x2xi32>) {
  %a = moe.zero_experts : !moe.experts<2, 6 -> 6>
  %r = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<?x6xf32>):
    %t = math.tanh %rows : tensor<?x6xf32>
    moe.yield %t : tensor<?x6xf32>
  }
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
  return
}

// Two remappings are one; ids that the second one does not know become -1.
// CHECK-LABEL: func @compose_remaps(
// CHECK: moe.remap_ids %{{.*}} [2, -1, -1, 0] : tensor<?x2xi32>
// CHECK-NOT: moe.remap_ids
func.func @compose_remaps(%ids: tensor<?x2xi32>) -> tensor<?x2xi32> {
  %a = moe.remap_ids %ids [1, -1, 2, 0] : tensor<?x2xi32>
  %b = moe.remap_ids %a [0, 2] : tensor<?x2xi32>
  return %b : tensor<?x2xi32>
}

// The identity folds where ids are known to be in range.
// CHECK-LABEL: func @identity_remap(
// CHECK: %[[W:.*]], %[[I:.*]] = moe.gate
// CHECK: %[[R:.*]] = moe.remap_ids %{{.*}} [0, 1, 2, 3]
// CHECK: return %[[I]], %[[R]]
func.func @identity_remap(%l: tensor<?x4xf32>, %ids: tensor<?x2xi32>)
    -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %w, %i = moe.gate %l score<softmax> select<top_k, k = 2>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %a = moe.remap_ids %i [0, 1, 2, 3] : tensor<?x2xi32>
  %b = moe.remap_ids %ids [0, 1, 2, 3] : tensor<?x2xi32>
  return %a, %b : tensor<?x2xi32>, tensor<?x2xi32>
}
