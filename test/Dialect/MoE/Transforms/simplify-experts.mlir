// RUN: moe-opt %s --moe-simplify-experts --split-input-file | FileCheck %s

// What only a NaN can choose: another expert gives the NaN as well.
// CHECK-LABEL: func.func @bias
// CHECK:         %[[W:.*]], %[[IDS:.*]] = moe.gate
// CHECK:         %[[R:.*]] = moe.remap_ids %[[IDS]] [0, 0, 1, 2] : tensor<?x2xi32>
// CHECK:         %[[P:.*]] = moe.plan %[[R]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK:         %[[V:.*]] = moe.weights %arg1 experts[0, 2, 3] : tensor<4x64xf32> -> !moe.weights<3x64, f32>
// CHECK:         %[[E:.*]] = moe.constant_experts %[[V]] : !moe.weights<3x64, f32> -> !moe.experts<3, 64 -> 64>
// CHECK:         moe.experts %arg2, %[[P]], (%[[E]]) gather combine(%[[W]] : tensor<?x2xf32>)
func.func @bias(%logits: tensor<?x4xf32>, %b: tensor<4x64xf32>,
                %x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %bias = arith.constant dense<[0.0, 0xFF800000, 0.0, 0.0]> : tensor<4xf32>
  %w, %ids = moe.gate %logits bias(%bias : tensor<4xf32>) score<sigmoid>
      select<top_k, k = 2>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %v = moe.weights %b : tensor<4x64xf32> -> !moe.weights<4x64, f32>
  %e = moe.constant_experts %v
      : !moe.weights<4x64, f32> -> !moe.experts<4, 64 -> 64>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x64xf32>, !moe.plan<4>, !moe.experts<4, 64 -> 64>
      -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// A table names three of six experts, in sets of several kinds; the last set
// goes, and separate tensors are left out.
// CHECK-LABEL: func.func @table
// CHECK-SAME:      %[[A:[a-z0-9]+]]: tensor<8x4xf32>, %[[B:[a-z0-9]+]]: tensor<8x4xf32>, %[[C:[a-z0-9]+]]: tensor<8x4xf32>
// CHECK:         moe.plan %{{.*}} : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-DAG:     %[[U:.*]] = moe.weights %[[B]], %[[C]] : tensor<8x4xf32>, tensor<8x4xf32> -> !moe.weights<2x8x4, f32>
// CHECK-DAG:     %[[D:.*]] = moe.weights %{{.*}} experts[2, 0] : tensor<3x4x8xf32> -> !moe.weights<2x4x8, f32>
// CHECK-DAG:     %[[F:.*]] = moe.ffn_experts up(%[[U]] : {{.*}}) down(%[[D]] : {{.*}}) activation<relu> : !moe.experts<2, 4 -> 4>
// CHECK-DAG:     %[[Z:.*]] = moe.copy_experts : !moe.experts<1, 4 -> 4>
// CHECK-NOT:     moe.zero_experts
// CHECK:         moe.experts %{{.*}}, %{{.*}}, (%[[F]], %[[Z]]) gather
func.func @table(%a: tensor<8x4xf32>, %b: tensor<8x4xf32>, %c: tensor<8x4xf32>,
                 %d: tensor<3x4x8xf32>, %logits: tensor<?x6xf32>,
                 %row: tensor<?xi32>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %t = arith.constant dense<[[1, 3], [2, -1], [3, 6]]> : tensor<3x2xi32>
  %w, %ids = moe.gate %logits ids(%row : tensor<?xi32>) table(%t : tensor<3x2xi32>)
      score<softmax> select<table, k = 2>
      : tensor<?x6xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<6>
  %u = moe.weights %a, %b, %c
      : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32> -> !moe.weights<3x8x4, f32>
  %e = moe.weights %d experts[1, 2, 0] : tensor<3x4x8xf32> -> !moe.weights<3x4x8, f32>
  %f = moe.ffn_experts up(%u : !moe.weights<3x8x4, f32>)
      down(%e : !moe.weights<3x4x8, f32>) activation<relu> : !moe.experts<3, 4 -> 4>
  %g = moe.copy_experts : !moe.experts<2, 4 -> 4>
  %z = moe.zero_experts : !moe.experts<1, 4 -> 4>
  %o = moe.experts %x, %p, (%f, %g, %z) gather
      : tensor<?x4xf32>, !moe.plan<6>, !moe.experts<3, 4 -> 4>,
        !moe.experts<2, 4 -> 4>, !moe.experts<1, 4 -> 4> -> tensor<?x4xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x4xf32>, !moe.plan<6>, tensor<?x2xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The last experts are dead: ids need no table, since those out of range have
// no expert. A region reads which expert it was.
// CHECK-LABEL: func.func @prefix
// CHECK-NOT:     moe.remap_ids %{{.*}} [0, 1, -1
// CHECK:         moe.plan %{{.*}} : tensor<?x1xi32> -> !moe.plan<2>
// CHECK:         moe.region_experts : !moe.experts<2, 4 -> 4>
func.func @prefix(%i: tensor<?x1xi32>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = moe.remap_ids %i [1, -1, 0, 0, 1] : tensor<?x1xi32>
  %p = moe.plan %r : tensor<?x1xi32> -> !moe.plan<3>
  %e = moe.region_experts : !moe.experts<3, 4 -> 4> {
  ^bb0(%n: index, %rows: tensor<?x4xf32>):
    moe.yield %rows : tensor<?x4xf32>
  }
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @region
// CHECK:         moe.remap_ids %{{.*}} [-1, 0, 1] : tensor<?x1xi32>
// CHECK:         moe.region_experts
// CHECK-NEXT:    ^bb0(%[[N:.*]]: index, %{{.*}}: tensor<?x4xf32>):
// CHECK:           %[[T:.*]] = arith.constant dense<[1, 2]> : tensor<2xi64>
// CHECK:           %[[V:.*]] = tensor.extract %[[T]][%[[N]]]
// CHECK:           %[[I:.*]] = arith.index_cast %[[V]] : i64 to index
// CHECK:           tensor.from_elements %[[I]]
func.func @region(%i: tensor<?x1xi32>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = moe.remap_ids %i [1, 2] : tensor<?x1xi32>
  %p = moe.plan %r : tensor<?x1xi32> -> !moe.plan<3>
  %e = moe.region_experts : !moe.experts<3, 4 -> 4> {
  ^bb0(%n: index, %rows: tensor<?x4xf32>):
    %use = tensor.from_elements %n : tensor<1xindex>
    moe.yield %rows : tensor<?x4xf32>
  }
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// -----

// Constant ids are numbered anew in place.
// CHECK-LABEL: func.func @given
// CHECK:         %[[I:.*]] = arith.constant dense<{{\[\[}}1, 0], [-1, 1]]> : tensor<2x2xi32>
// CHECK:         moe.plan %[[I]] : tensor<2x2xi32> -> !moe.plan<2>
// CHECK:         moe.copy_experts : !moe.experts<1, 4 -> 4>
// CHECK:         moe.zero_experts : !moe.experts<1, 4 -> 4>
// CHECK:         {moe.load = array<f64: 3.000000e+00, 5.000000e+00>}
func.func @given(%x: tensor<2x4xf32>, %w: tensor<2x2xf32>) -> tensor<2x4xf32> {
  %i = arith.constant dense<[[4, 1], [7, 4]]> : tensor<2x2xi32>
  %p = moe.plan %i : tensor<2x2xi32> -> !moe.plan<5>
  %a = moe.copy_experts : !moe.experts<2, 4 -> 4>
  %b = moe.zero_experts : !moe.experts<3, 4 -> 4>
  %y = moe.experts %x, %p, (%a, %b) gather combine(%w : tensor<2x2xf32>)
      {moe.load = array<f64: 1.0, 3.0, 1.0, 1.0, 5.0>,
       moe.schedule = #moe.schedule<[<experts = [0, 5], gemm = dense>]>}
      : tensor<2x4xf32>, !moe.plan<5>, !moe.experts<2, 4 -> 4>,
        !moe.experts<3, 4 -> 4> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// Nobody chooses anything: nothing but a zero expert is left.
// CHECK-LABEL: func.func @nobody
// CHECK:         moe.plan %{{.*}} : tensor<2x1xi32> -> !moe.plan<1>
// CHECK:         %[[Z:.*]] = moe.zero_experts : !moe.experts<1, 4 -> 4>
// CHECK:         moe.experts %{{.*}}, %{{.*}}, (%[[Z]])
func.func @nobody(%x: tensor<2x4xf32>, %w: tensor<2x1xf32>) -> tensor<2x4xf32> {
  %i = arith.constant dense<-1> : tensor<2x1xi32>
  %p = moe.plan %i : tensor<2x1xi32> -> !moe.plan<2>
  %a = moe.copy_experts : !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%a) gather combine(%w : tensor<2x1xf32>)
      : tensor<2x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
