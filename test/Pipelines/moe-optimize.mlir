// RUN: moe-opt %s --moe-optimize | FileCheck %s
// RUN: moe-opt %s --pass-pipeline='builtin.module(moe-optimize{without=moe-fuse-routing,moe-fuse-combine})' | FileCheck %s --check-prefix=PART
// RUN: moe-opt %s --moe-optimize --moe-unfuse --canonicalize | FileCheck %s --check-prefix=UNFUSED
// RUN: not moe-opt %s --pass-pipeline='builtin.module(moe-optimize{without=moe-fold})' 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: moe-optimize has no pass 'moe-fold'

// A layer of MoE++: the mixing matrix rides in the router's product, and no
// row of the copy, the zero or the constant expert is left.
// CHECK-LABEL: func @layer(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x16xf32>
// CHECK: %[[W:.*]], %[[IDS:.*]], %{{.*}}, %[[Z:.*]] = moe.route %[[X]] router(%{{.*}} : !moe.weights<1x5x16, f32>) extra(%{{.*}} : !moe.weights<1x2x16, f32>) score<softmax> select<top_k, k = 2>
// CHECK: %[[S:.*]], %[[C:.*]] = moe.mix %{{.*}}, %[[Z]] [0] copies(%{{.*}} : tensor<?xf32>)
// CHECK: %[[R:.*]] = moe.remap_ids %[[IDS]] [0, 1, -1, -1, -1]
// CHECK: %[[P:.*]] = moe.plan %[[R]] : tensor<?x2xi32> -> !moe.plan<2>
// CHECK: %[[Y:.*]] = moe.experts %[[X]], %[[P]], (%{{.*}}) gather combine(%[[W]] : tensor<?x2xf32>) copy(%[[S]], %[[X]] : tensor<?xf32>, tensor<?x16xf32>) constant(%[[C]], %{{.*}} : tensor<?x1xf32>, !moe.weights<1x16, f32>)
// CHECK: return %[[Y]]

// PART: moe.gate
// PART: moe.experts %{{.*}} gather :
// PART: moe.combine %{{.*}} copy(

// UNFUSED: moe.project
// UNFUSED: moe.project
// UNFUSED: moe.gate
// UNFUSED: moe.dispatch
// UNFUSED: moe.experts
// UNFUSED: moe.combine
func.func @layer(%x: tensor<?x16xf32>, %r: !moe.weights<1x5x16, f32>,
                 %v: tensor<1x16xf32>, %m: tensor<1x2x16xf32>,
                 %ffn: !moe.experts<2, 16 -> 16>) -> tensor<?x16xf32> {
  %z = moe.project %x, %r
      : tensor<?x16xf32>, !moe.weights<1x5x16, f32> -> tensor<?x5xf32>
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 2>
      : tensor<?x5xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<5>
  %rows = moe.dispatch %x, %p : tensor<?x16xf32>, !moe.plan<5> -> tensor<?x16xf32>
  %zero = moe.zero_experts : !moe.experts<1, 16 -> 16>
  %copy = moe.copy_experts : !moe.experts<1, 16 -> 16>
  %vw = moe.weights %v : tensor<1x16xf32> -> !moe.weights<1x16, f32>
  %mw = moe.weights %m : tensor<1x2x16xf32> -> !moe.weights<1x2x16, f32>
  %c = moe.constant_experts %vw mix(%mw : !moe.weights<1x2x16, f32>)
      : !moe.weights<1x16, f32> -> !moe.experts<1, 16 -> 16>
  %o = moe.experts %rows, %p, (%ffn, %copy, %zero, %c)
      : tensor<?x16xf32>, !moe.plan<5>, !moe.experts<2, 16 -> 16>,
        !moe.experts<1, 16 -> 16>, !moe.experts<1, 16 -> 16>,
        !moe.experts<1, 16 -> 16> -> tensor<?x16xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x16xf32>, !moe.plan<5>, tensor<?x2xf32> -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
