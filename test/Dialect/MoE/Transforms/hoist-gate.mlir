// RUN: moe-opt %s --moe-hoist-gate --split-input-file | FileCheck %s --check-prefixes=CHECK,ONE
// RUN: moe-opt %s --moe-hoist-gate='layers-ahead=0' --split-input-file | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: moe-opt %s --moe-hoist-gate --split-input-file --verify-diagnostics --remarks-filter=moe-hoist-gate -o /dev/null

// The gate moves with what its logits are made of; what they are not made of
// stays.
// CHECK-LABEL: func.func @moves
// CHECK:         moe.copy_experts
// CHECK-NEXT:    %[[S:.*]] = arith.addf %arg1, %arg1
// CHECK-NEXT:    %[[W:.*]], %[[I:.*]] = moe.gate %[[S]]
// CHECK-NEXT:    %[[Y:.*]] = moe.experts %arg0
// CHECK-NEXT:    arith.mulf %[[Y]]
// CHECK-NEXT:    moe.plan %[[I]]
func.func @moves(%x: tensor<?x4xf32>, %z: tensor<?x2xf32>, %p: !moe.plan<2>, %w: tensor<?x1xf32>)
    -> tensor<?x4xf32> {
  %e = moe.copy_experts : !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  %d = arith.mulf %y, %y : tensor<?x4xf32>
  %s = arith.addf %z, %z : tensor<?x2xf32>
  // expected-remark @below {{moved up over 2 operations and the experts of 1 layers, with 1 operations that it depends on}}
  %v, %i = moe.gate %s score<softmax> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  %q = moe.plan %i : tensor<?x1xi32> -> !moe.plan<2>
  %o = moe.experts %d, %q, (%e) gather combine(%v : tensor<?x1xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// -----

// A route depends on its input, not on the weights of the layer before; a
// region that uses values from around it counts.
// CHECK-LABEL: func.func @route
// CHECK:         linalg.generic
// CHECK:         moe.route
// CHECK:         moe.experts
// CHECK-NOT:     moe.route
func.func @route(%x: tensor<4x4xf32>, %r: tensor<2x4xf32>, %p: !moe.plan<2>, %w: tensor<4x1xf32>)
    -> (tensor<4x4xf32>, tensor<4x1xi32>) {
  %e = moe.copy_experts : !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>)
      : tensor<4x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<4x4xf32>
  %c = arith.constant 2.0 : f32
  %g = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      outs(%x : tensor<4x4xf32>) {
  ^bb0(%a: f32):
    %m = arith.mulf %a, %c : f32
    linalg.yield %m : f32
  } -> tensor<4x4xf32>
  %m = moe.weights %r : tensor<2x4xf32> -> !moe.weights<1x2x4, f32>
  // expected-remark @below {{with 3 operations that it depends on}}
  %v, %i, %l = moe.route %g router(%m : !moe.weights<1x2x4, f32>)
      score<softmax> select<top_k, k = 1>
      : tensor<4x4xf32> -> tensor<4x1xf32>, tensor<4x1xi32>, tensor<4x2xf32>
  return %y, %i : tensor<4x4xf32>, tensor<4x1xi32>
}

// -----

// CHECK-LABEL: func.func @depends
// CHECK:         moe.experts
// CHECK:         moe.gate
func.func @depends(%x: tensor<?x2xf32>, %p: !moe.plan<2>, %w: tensor<?x1xf32>) -> tensor<?x1xi32> {
  %e = moe.copy_experts : !moe.experts<2, 2 -> 2>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x2xf32>, !moe.plan<2>, !moe.experts<2, 2 -> 2> -> tensor<?x2xf32>
  // expected-remark @below {{the gate depends on the experts of the layer before it}}
  %v, %i = moe.gate %y score<softmax> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %i : tensor<?x1xi32>
}

// -----

// An effect between is no reason to stay, a dependence on it is.
// CHECK-LABEL: func.func @effects
// CHECK:         moe.gate %arg1
// CHECK:         moe.experts
// CHECK:         call @read
// CHECK:         moe.gate
func.func private @read() -> tensor<2x2xf32>
func.func @effects(%x: tensor<2x2xf32>, %z: tensor<2x2xf32>, %p: !moe.plan<2>, %w: tensor<2x1xf32>)
    -> (tensor<2x1xi32>, tensor<2x1xi32>) {
  %e = moe.copy_experts : !moe.experts<2, 2 -> 2>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<2x1xf32>)
      : tensor<2x2xf32>, !moe.plan<2>, !moe.experts<2, 2 -> 2> -> tensor<2x2xf32>
  %c = call @read() : () -> tensor<2x2xf32>
  // expected-remark @below {{moved up over 2 operations}}
  %v, %i = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<2x2xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  // expected-remark @below {{the gate depends on func.call, which cannot move before}}
  %u, %j = moe.gate %c score<softmax> select<top_k, k = 1>
      : tensor<2x2xf32> -> tensor<2x1xf32>, tensor<2x1xi32>
  return %i, %j : tensor<2x1xi32>, tensor<2x1xi32>
}

// -----

// A division by what an assertion checks does not pass it.
// CHECK-LABEL: func.func @checked
// CHECK:         moe.experts
// CHECK:         cf.assert
// CHECK:         moe.gate
func.func @checked(%x: tensor<2x2xf32>, %z: tensor<4x2xf32>, %n: index, %d: index, %p: !moe.plan<2>,
                   %w: tensor<2x1xf32>) -> tensor<?x1xi32> {
  %e = moe.copy_experts : !moe.experts<2, 2 -> 2>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<2x1xf32>)
      : tensor<2x2xf32>, !moe.plan<2>, !moe.experts<2, 2 -> 2> -> tensor<2x2xf32>
  %zero = arith.constant 0 : index
  %ok = arith.cmpi ne, %d, %zero : index
  cf.assert %ok, "division by zero"
  %q = arith.divui %n, %d : index
  %s = tensor.extract_slice %z[0, 0] [%q, 2] [1, 1] : tensor<4x2xf32> to tensor<?x2xf32>
  // expected-remark @below {{which cannot move before}}
  %v, %i = moe.gate %s score<softmax> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %i : tensor<?x1xi32>
}

// -----

// All gates upfront, or each one layer ahead; a loop of experts is a layer too.
// CHECK-LABEL: func.func @upfront
// ALL:           moe.gate %arg1
// ALL-NEXT:      moe.gate %arg2
// CHECK:         scf.for
// ONE:           moe.gate %arg2
// CHECK:         return
func.func @upfront(%x: tensor<?x2xf32>, %z: tensor<?x2xf32>, %a: tensor<?x2xf32>, %p: !moe.plan<2>,
                   %w: tensor<?x1xf32>, %n: index) -> (tensor<?x2xf32>, tensor<?x1xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = moe.copy_experts : !moe.experts<2, 2 -> 2>
  %y = scf.for %k = %c0 to %n step %c1 iter_args(%h = %x) -> tensor<?x2xf32> {
    %o = moe.experts %h, %p, (%e) gather combine(%w : tensor<?x1xf32>)
        : tensor<?x2xf32>, !moe.plan<2>, !moe.experts<2, 2 -> 2> -> tensor<?x2xf32>
    scf.yield %o : tensor<?x2xf32>
  }
  // expected-remark @below {{the experts of 1 layers}}
  %v, %i = moe.gate %z score<softmax> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  %q = moe.plan %i : tensor<?x1xi32> -> !moe.plan<2>
  %o = moe.experts %y, %q, (%e) gather combine(%v : tensor<?x1xf32>)
      : tensor<?x2xf32>, !moe.plan<2>, !moe.experts<2, 2 -> 2> -> tensor<?x2xf32>
  // expected-remark @below {{the experts of 1 layers}}
  %u, %j = moe.gate %a score<softmax> select<top_k, k = 1>
      : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %o, %j : tensor<?x2xf32>, tensor<?x1xi32>
}
