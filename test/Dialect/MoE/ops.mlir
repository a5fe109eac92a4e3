// Every operation but the gate (gate.mlir), in custom and generic form.
// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func @plan
// CHECK: moe.plan %{{.*}} : tensor<?x2xi32> -> !moe.plan<8>
// CHECK: moe.plan %{{.*}} tokens(%{{.*}}) : tensor<8x4xi32> -> !moe.plan<8, expert_choice>
func.func @plan(%ids: tensor<?x2xi32>, %tok: tensor<8x4xi32>, %n: index) {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
  %q = moe.plan %tok tokens(%n) : tensor<8x4xi32> -> !moe.plan<8, expert_choice>
  return
}

// CHECK-LABEL: func @dispatch_and_combine
// CHECK: moe.dispatch %{{.*}}, %{{.*}} : tensor<?x64xbf16>, !moe.plan<8> -> tensor<?x64xbf16>
// CHECK: moe.dispatch %{{.*}}, %{{.*}} : tensor<4x1xi8>, !moe.plan<8> -> tensor<?x1xi8>
// CHECK: moe.combine %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xbf16>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xbf16>
func.func @dispatch_and_combine(%x: tensor<?x64xbf16>, %b: tensor<4x1xi8>,
                                %p: !moe.plan<8>, %w: tensor<?x2xf32>) {
  %rows = moe.dispatch %x, %p
      : tensor<?x64xbf16>, !moe.plan<8> -> tensor<?x64xbf16>
  %bytes = moe.dispatch %b, %p : tensor<4x1xi8>, !moe.plan<8> -> tensor<?x1xi8>
  %y = moe.combine %rows, %p, %w
      : tensor<?x64xbf16>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xbf16>
  return
}

// CHECK-LABEL: func @weights
// CHECK: moe.weights %{{.*}} : tensor<2x8x4xf32> -> !moe.weights<2x8x4, f32>
// CHECK: moe.weights %{{.*}}, %{{.*}} : tensor<8x4xf32>, tensor<8x4xf32> -> !moe.weights<2x8x4, f32>
// CHECK: moe.weights %{{.*}} layout<offset = 1, step = 2> : tensor<2x8x4xf32> -> !moe.weights<2x4x4, f32>
// CHECK: moe.weights %{{.*}} layout<transposed = true> : tensor<2x8x4xf32> -> !moe.weights<2x4x8, f32>
// CHECK: moe.weights %{{.*}} : tensor<8x4xf32> -> !moe.weights<1x8x4, f32>
// CHECK: moe.weights %{{.*}} : tensor<8x4xf32> -> !moe.weights<8x4, f32>
// CHECK: moe.weights %{{.*}} experts[1, 1, 0] : tensor<2x8x4xf32> -> !moe.weights<3x8x4, f32>
// CHECK: moe.weights %{{.*}}, %{{.*}} experts[1] : tensor<8x4xf32>, tensor<8x4xf32> -> !moe.weights<1x8x4, f32>
func.func @weights(%s: tensor<2x8x4xf32>, %a: tensor<8x4xf32>,
                   %b: tensor<8x4xf32>) {
  %0 = moe.weights %s : tensor<2x8x4xf32> -> !moe.weights<2x8x4, f32>
  %1 = moe.weights %a, %b
      : tensor<8x4xf32>, tensor<8x4xf32> -> !moe.weights<2x8x4, f32>
  %2 = moe.weights %s layout<offset = 1, step = 2>
      : tensor<2x8x4xf32> -> !moe.weights<2x4x4, f32>
  %3 = moe.weights %s layout<transposed = true>
      : tensor<2x8x4xf32> -> !moe.weights<2x4x8, f32>
  %4 = moe.weights %a : tensor<8x4xf32> -> !moe.weights<1x8x4, f32>
  %5 = moe.weights %a : tensor<8x4xf32> -> !moe.weights<8x4, f32>
  %6 = moe.weights %s experts[1, 1, 0]
      : tensor<2x8x4xf32> -> !moe.weights<3x8x4, f32>
  %7 = moe.weights %a, %b experts[1]
      : tensor<8x4xf32>, tensor<8x4xf32> -> !moe.weights<1x8x4, f32>
  return
}

// CHECK-LABEL: func @quantized_weights
// CHECK: moe.weights %{{.*}} scales(%{{.*}} : tensor<2x8xf16>) zero_point(8) : tensor<2x8x16xui8> -> !moe.weights<2x8x32, ui4>
// CHECK: moe.weights %{{.*}} scales(%{{.*}} : tensor<2x8x3xf32>) zeros(%{{.*}} : tensor<2x8x2xui8>) block(16) : tensor<2x8x17xui8> -> !moe.weights<2x8x33, ui4>
// CHECK: moe.weights %{{.*}}, %{{.*}} scales(%{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>) : tensor<8x16xi8>, tensor<8x16xi8> -> !moe.weights<2x8x16, i8>
// CHECK: moe.weights %{{.*}} : tensor<2x8x16xf8E4M3FN> -> !moe.weights<2x8x16, f8E4M3FN>
// CHECK: moe.weights %{{.*}} scales(%{{.*}} : tensor<2x8x1xf8E8M0FNU>) block(32) : tensor<2x8x16xui8> -> !moe.weights<2x8x32, f4E2M1FN>
// CHECK: moe.weights %{{.*}} scales(%{{.*}} : tensor<2x32xf32>) : tensor<2x16xui8> -> !moe.weights<2x32, i4>
func.func @quantized_weights(
    %a: tensor<2x8x16xui8>, %as: tensor<2x8xf16>, %b: tensor<2x8x17xui8>,
    %bs: tensor<2x8x3xf32>, %bz: tensor<2x8x2xui8>, %c: tensor<8x16xi8>,
    %cs: tensor<8xf32>, %d: tensor<2x8x16xf8E4M3FN>,
    %es: tensor<2x8x1xf8E8M0FNU>, %f: tensor<2x16xui8>, %fs: tensor<2x32xf32>) {
  %0 = moe.weights %a scales(%as : tensor<2x8xf16>) zero_point(8)
      : tensor<2x8x16xui8> -> !moe.weights<2x8x32, ui4>
  %1 = moe.weights %b scales(%bs : tensor<2x8x3xf32>)
      zeros(%bz : tensor<2x8x2xui8>) block(16)
      : tensor<2x8x17xui8> -> !moe.weights<2x8x33, ui4>
  %2 = moe.weights %c, %c scales(%cs, %cs : tensor<8xf32>, tensor<8xf32>)
      : tensor<8x16xi8>, tensor<8x16xi8> -> !moe.weights<2x8x16, i8>
  %3 = moe.weights %d : tensor<2x8x16xf8E4M3FN>
      -> !moe.weights<2x8x16, f8E4M3FN>
  %4 = moe.weights %a scales(%es : tensor<2x8x1xf8E8M0FNU>) block(32)
      : tensor<2x8x16xui8> -> !moe.weights<2x8x32, f4E2M1FN>
  %5 = moe.weights %f scales(%fs : tensor<2x32xf32>)
      : tensor<2x16xui8> -> !moe.weights<2x32, i4>
  return
}

// CHECK-LABEL: func @derived_weights
// CHECK: moe.low_rank_weights %{{.*}}, %{{.*}}, %{{.*}} : !moe.weights<1x8x6, f32>, !moe.weights<2x8x3, f32>, !moe.weights<2x3x6, f32> -> !moe.weights<2x8x6, f32>
// CHECK: moe.pack_weights %{{.*}}, %{{.*}} panel(4) : !moe.weights<2x8x6, f32>, !moe.weights<2x8x6, f32> -> tensor<2x4x6x4xf32>
func.func @derived_weights(%c: !moe.weights<1x8x6, f32>,
                           %u: !moe.weights<2x8x3, f32>,
                           %v: !moe.weights<2x3x6, f32>) {
  %w = moe.low_rank_weights %c, %u, %v
      : !moe.weights<1x8x6, f32>, !moe.weights<2x8x3, f32>,
        !moe.weights<2x3x6, f32> -> !moe.weights<2x8x6, f32>
  %b = moe.pack_weights %w, %w panel(4)
      : !moe.weights<2x8x6, f32>, !moe.weights<2x8x6, f32>
      -> tensor<2x4x6x4xf32>
  return
}

// CHECK-LABEL: func @expert_kinds
// CHECK: moe.ffn_experts up(%{{.*}} : !moe.weights<4x8x6, f32>) down(%{{.*}} : !moe.weights<4x6x8, f32>) activation<relu> : !moe.experts<4, 6 -> 6>
// CHECK: moe.ffn_experts up(%{{.*}} bias %{{.*}} : !moe.weights<4x8x6, f32>, !moe.weights<4x8, f32>) gate(%{{.*}} bias %{{.*}} : !moe.weights<4x8x6, f32>, !moe.weights<4x8, f32>) down(%{{.*}} bias %{{.*}} : !moe.weights<4x6x8, f32>, !moe.weights<4x6, f32>) activation<silu, alpha = 1.702, beta = 1, limit = 7> : !moe.experts<4, 6 -> 6>
// CHECK: moe.zero_experts : !moe.experts<1, 6 -> 6>
// CHECK: moe.copy_experts : !moe.experts<2, 6 -> 6>
// CHECK: moe.constant_experts %{{.*}} : !moe.weights<4x6, f32> -> !moe.experts<4, 6 -> 6>
// CHECK: moe.constant_experts %{{.*}} mix(%{{.*}} : !moe.weights<4x2x6, f32>) : !moe.weights<4x6, f32> -> !moe.experts<4, 6 -> 6>
// CHECK: moe.region_experts : !moe.experts<2, 6 -> 6> {
// CHECK: ^bb0(%{{.*}}: index, %[[ROWS:.*]]: tensor<?x6xf32>):
// CHECK: math.tanh %[[ROWS]]
// CHECK: moe.yield %{{.*}} : tensor<?x6xf32>
func.func @expert_kinds(%w: !moe.weights<4x8x6, f32>, %b: !moe.weights<4x8, f32>,
                        %d: !moe.weights<4x6x8, f32>, %v: !moe.weights<4x6, f32>,
                        %m: !moe.weights<4x2x6, f32>) {
  %0 = moe.ffn_experts up(%w : !moe.weights<4x8x6, f32>)
      down(%d : !moe.weights<4x6x8, f32>)
      activation<relu> : !moe.experts<4, 6 -> 6>
  %1 = moe.ffn_experts
      up(%w bias %b : !moe.weights<4x8x6, f32>, !moe.weights<4x8, f32>)
      gate(%w bias %b : !moe.weights<4x8x6, f32>, !moe.weights<4x8, f32>)
      down(%d bias %v : !moe.weights<4x6x8, f32>, !moe.weights<4x6, f32>)
      activation<silu, alpha = 1.702, beta = 1.0, limit = 7.0>
      : !moe.experts<4, 6 -> 6>
  %2 = moe.zero_experts : !moe.experts<1, 6 -> 6>
  %3 = moe.copy_experts : !moe.experts<2, 6 -> 6>
  %4 = moe.constant_experts %v
      : !moe.weights<4x6, f32> -> !moe.experts<4, 6 -> 6>
  %5 = moe.constant_experts %v mix(%m : !moe.weights<4x2x6, f32>)
      : !moe.weights<4x6, f32> -> !moe.experts<4, 6 -> 6>
  %6 = moe.region_experts : !moe.experts<2, 6 -> 6> {
  ^bb0(%e: index, %rows: tensor<?x6xf32>):
    %t = math.tanh %rows : tensor<?x6xf32>
    moe.yield %t : tensor<?x6xf32>
  }
  return
}

// CHECK-LABEL: func @experts
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}) : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 9> -> tensor<?x9xf32>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}, %{{.*}}) gather : tensor<?x6xf32>, !moe.plan<6>, !moe.experts<4, 6 -> 9>, !moe.experts<2, 6 -> 9> -> tensor<?x9xf32>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}) gather combine(%{{.*}} : tensor<?x2xf32>) : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 9> -> tensor<?x9xf32>
func.func @experts(%x: tensor<?x6xf32>, %p: !moe.plan<4>, %p6: !moe.plan<6>,
                   %a: !moe.experts<4, 6 -> 9>, %b: !moe.experts<2, 6 -> 9>,
                   %w: tensor<?x2xf32>) {
  %0 = moe.experts %x, %p, (%a)
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 9>
      -> tensor<?x9xf32>
  %1 = moe.experts %x, %p6, (%a, %b) gather
      : tensor<?x6xf32>, !moe.plan<6>, !moe.experts<4, 6 -> 9>,
        !moe.experts<2, 6 -> 9> -> tensor<?x9xf32>
  %2 = moe.experts %x, %p, (%a) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 9>
      -> tensor<?x9xf32>
  return
}
