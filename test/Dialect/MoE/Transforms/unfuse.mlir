// RUN: moe-opt %s --moe-unfuse | FileCheck %s
// RUN: moe-opt %s --moe-unfuse='routing=false dispatch=false' | FileCheck %s --check-prefix=COMBINE
// RUN: moe-opt %s --moe-unfuse='routing=false combine=false' | FileCheck %s --check-prefix=DISPATCH
// RUN: moe-opt %s --moe-unfuse='dispatch=false combine=false' | FileCheck %s --check-prefix=ROUTE
// RUN: moe-opt %s --moe-unfuse --verify-diagnostics --remarks-filter=moe-unfuse -o /dev/null

// CHECK-LABEL: func @layer(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xf32>, %[[R:[a-z0-9]+]]: !moe.weights<1x8x64, f32>, %[[E:[a-z0-9]+]]: !moe.experts<8, 64 -> 64>, %[[S:[a-z0-9]+]]: tensor<?xf32>)
// CHECK: %[[Z:.*]] = moe.project %[[X]], %[[R]] : tensor<?x64xf32>, !moe.weights<1x8x64, f32> -> tensor<?x8xf32>
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[Z]] score<softmax> select<top_k, k = 2> : tensor<?x8xf32>
// CHECK: %[[P:.*]] = moe.plan %[[IDS]]
// CHECK: %[[ROWS:.*]] = moe.dispatch %[[X]], %[[P]]
// CHECK: %[[O:.*]] = moe.experts %[[ROWS]], %[[P]], (%[[E]]) : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64> -> tensor<?x64xf32>
// CHECK: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] copy(%[[S]], %[[X]] :
// CHECK: return %[[Y]], %[[Z]]

// COMBINE: moe.route
// COMBINE: %[[O:.*]] = moe.experts %{{.*}} gather :
// COMBINE: moe.combine %[[O]], %{{.*}}, %{{.*}} copy(

// DISPATCH: moe.route
// DISPATCH: %[[ROWS:.*]] = moe.dispatch
// DISPATCH: moe.experts %[[ROWS]], %{{.*}}, (%{{.*}}) combine(%{{.*}}) copy(

// ROUTE: moe.gate
// ROUTE: moe.experts %{{.*}} gather combine(
func.func @layer(%x: tensor<?x64xf32>, %r: !moe.weights<1x8x64, f32>,
                 %e: !moe.experts<8, 64 -> 64>, %s: tensor<?xf32>)
    -> (tensor<?x64xf32>, tensor<?x8xf32>) {
  // expected-remark @below {{the route is taken apart}}
  %w, %ids, %z = moe.route %x router(%r : !moe.weights<1x8x64, f32>)
      score<softmax> select<top_k, k = 2>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
  // expected-remark @below {{taken apart: dispatch combine}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      copy(%s, %x : tensor<?xf32>, tensor<?x64xf32>)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  return %y, %z : tensor<?x64xf32>, tensor<?x8xf32>
}

// A bias is added before the one rounding; the gate of a shared expert is a
// sigmoid of its projection.
// CHECK-LABEL: func @bias(
// CHECK: %[[P:.*]] = moe.project %{{.*}} : tensor<4x16xf16>, !moe.weights<1x4x16, f16> -> tensor<4x4xf32>
// CHECK: %[[Z:.*]] = linalg.generic {{.*}} ins(%[[P]] : tensor<4x4xf32>)
// CHECK: arith.addf
// CHECK: arith.truncf
// CHECK: %[[Q:.*]] = moe.project %{{.*}} : tensor<4x16xf16>, !moe.weights<1x1x16, f16> -> tensor<4x1xf32>
// CHECK: %[[C:.*]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<4x1xf32>)
// CHECK: moe.gate %[[Z]] score<softmax> select<top_k, k = 1> shared(1, %[[C]] : tensor<4x1xf32>) : tensor<4x4xf16>
func.func @bias(%x: tensor<4x16xf16>, %r: !moe.weights<1x4x16, f16>,
                %b: tensor<4xf16>, %g: !moe.weights<1x1x16, f16>)
    -> tensor<4x2xf32> {
  %bw = moe.weights %b : tensor<4xf16> -> !moe.weights<1x4, f16>
  // expected-remark @below {{the route is taken apart}}
  %w, %ids, %z, %q = moe.route %x
      router(%r bias %bw : !moe.weights<1x4x16, f16>, !moe.weights<1x4, f16>)
      extra(%g : !moe.weights<1x1x16, f16>) shared_gate
      score<softmax> select<top_k, k = 1> shared(1)
      : tensor<4x16xf16> -> tensor<4x2xf32>, tensor<4x2xi32>, tensor<4x4xf16>,
        tensor<4x1xf32>
  return %w : tensor<4x2xf32>
}

// A bias that is made elsewhere cannot be read here: the route stays.
// CHECK-LABEL: func @foreign_bias(
// CHECK: moe.route
func.func @foreign_bias(%x: tensor<4x16xf32>, %r: !moe.weights<1x4x16, f32>,
                        %b: !moe.weights<1x4, f32>) -> tensor<4x1xf32> {
  // expected-remark @below {{the route stays: its bias is made elsewhere}}
  %w, %ids, %z = moe.route %x
      router(%r bias %b : !moe.weights<1x4x16, f32>, !moe.weights<1x4, f32>)
      score<softmax> select<top_k, k = 1>
      : tensor<4x16xf32> -> tensor<4x1xf32>, tensor<4x1xi32>, tensor<4x4xf32>
  return %w : tensor<4x1xf32>
}

// Feed-forward experts become a region, unless their weights are from elsewhere.
// CHECK-LABEL: func @ffn(
// CHECK: %[[R:.*]] = moe.region_experts : !moe.experts<2, 8 -> 8>
// CHECK-COUNT-2: linalg.{{.*}} iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%[[R]], %{{.*}})
func.func @ffn(%x: tensor<?x8xf32>, %p: !moe.plan<3>, %u: tensor<2x4x8xf32>,
               %d: tensor<2x8x4xf32>, %f: !moe.weights<1x4x8, f32>,
               %g: !moe.weights<1x8x4, f32>) -> tensor<?x8xf32> {
  %uw = moe.weights %u : tensor<2x4x8xf32> -> !moe.weights<2x4x8, f32>
  %dw = moe.weights %d : tensor<2x8x4xf32> -> !moe.weights<2x8x4, f32>
  %e0 = moe.ffn_experts up(%uw : !moe.weights<2x4x8, f32>)
      down(%dw : !moe.weights<2x8x4, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  %e1 = moe.ffn_experts up(%f : !moe.weights<1x4x8, f32>)
      down(%g : !moe.weights<1x8x4, f32>) activation<relu> : !moe.experts<1, 8 -> 8>
  %o = moe.experts %x, %p, (%e0, %e1) : tensor<?x8xf32>, !moe.plan<3>,
      !moe.experts<2, 8 -> 8>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %o : tensor<?x8xf32>
}
