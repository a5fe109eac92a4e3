// RUN: moe-opt %s --moe-simplify-experts --split-input-file | FileCheck %s

// Experts 0, 2 and 4 have the same weights; a token may have them in two slots.
// CHECK-LABEL: func.func @separate
// CHECK:         moe.remap_ids %{{.*}} [0, 1, 0, 2, 0] : tensor<?x2xi32>
// CHECK:         moe.weights %arg0, %arg1, %arg1 :
func.func @separate(%a: tensor<8x4xf32>, %b: tensor<8x4xf32>,
                    %d: tensor<4x8xf32>, %c: tensor<4x8xf32>,
                    %i: tensor<?x2xi32>, %w: tensor<?x2xf32>,
                    %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %p = moe.plan %i : tensor<?x2xi32> -> !moe.plan<5>
  %u = moe.weights %a, %b, %a, %b, %a
      : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>,
        tensor<8x4xf32> -> !moe.weights<5x8x4, f32>
  %v = moe.weights %d, %d, %d, %c, %d
      : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>,
        tensor<4x8xf32> -> !moe.weights<5x4x8, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<5x8x4, f32>)
      down(%v : !moe.weights<5x4x8, f32>) activation<relu> : !moe.experts<5, 4 -> 4>
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x4xf32>, !moe.plan<5>, !moe.experts<5, 4 -> 4> -> tensor<?x4xf32>
  %y = moe.combine %o, %p, %w
      : tensor<?x4xf32>, !moe.plan<5>, tensor<?x2xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Weights of a file are the same when their symbol is; nothing is read.
onnxir.weight @w from "missing.bin"[0, 128] : tensor<8x4xf32>
onnxir.weight @v from "missing.bin"[128, 128] : tensor<4x8xf32>
// CHECK-LABEL: func.func @symbols
// CHECK:         moe.ffn_experts {{.*}} : !moe.experts<1, 4 -> 4>
func.func @symbols(%i: tensor<?x2xi32>, %w: tensor<?x2xf32>, %x: tensor<?x4xf32>)
    -> tensor<?x4xf32> {
  %a = onnxir.get_weight @w : tensor<8x4xf32>
  %b = onnxir.get_weight @w : tensor<8x4xf32>
  %c = onnxir.get_weight @v : tensor<4x8xf32>
  %p = moe.plan %i : tensor<?x2xi32> -> !moe.plan<2>
  %u = moe.weights %a, %b : tensor<8x4xf32>, tensor<8x4xf32> -> !moe.weights<2x8x4, f32>
  %v = moe.weights %c, %c : tensor<4x8xf32>, tensor<4x8xf32> -> !moe.weights<2x4x8, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<2x8x4, f32>)
      down(%v : !moe.weights<2x4x8, f32>) activation<relu> : !moe.experts<2, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Constants are compared byte by byte; -0 and 0 differ.
// CHECK-LABEL: func.func @constants
// CHECK:         moe.remap_ids %{{.*}} [0, 1, 0, 2] : tensor<?x2xi32>
// CHECK:         moe.weights %{{.*}} experts[0, 1, 3] : tensor<4x2xf32>
func.func @constants(%i: tensor<?x2xi32>, %w: tensor<?x2xf32>, %x: tensor<?x2xf32>)
    -> tensor<?x2xf32> {
  %t = arith.constant dense<[[1.0, 0.0], [1.0, -0.0], [1.0, 0.0], [0.0, 0.0]]> : tensor<4x2xf32>
  %v = moe.weights %t : tensor<4x2xf32> -> !moe.weights<4x2, f32>
  %p = moe.plan %i : tensor<?x2xi32> -> !moe.plan<4>
  %e = moe.constant_experts %v : !moe.weights<4x2, f32> -> !moe.experts<4, 2 -> 2>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x2xf32>, !moe.plan<4>, !moe.experts<4, 2 -> 2> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// One set twice, and a source expert twice.
// CHECK-LABEL: func.func @sets
// CHECK:         moe.remap_ids %{{.*}} [0, 1, 0, 0, 1, 0] : tensor<?x2xi32>
// CHECK:         moe.weights %{{.*}} experts[4, 1] : tensor<5x4xf32>
func.func @sets(%t: tensor<5x4xf32>, %i: tensor<?x2xi32>, %w: tensor<?x2xf32>, %x: tensor<?x4xf32>)
    -> tensor<?x4xf32> {
  %v = moe.weights %t experts[4, 1, 4] : tensor<5x4xf32> -> !moe.weights<3x4, f32>
  %p = moe.plan %i : tensor<?x2xi32> -> !moe.plan<6>
  %e = moe.constant_experts %v : !moe.weights<3x4, f32> -> !moe.experts<3, 4 -> 4>
  %y = moe.experts %x, %p, (%e, %e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<6>, !moe.experts<3, 4 -> 4>,
        !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Low rank over a common matrix.
// CHECK-LABEL: func.func @low_rank
// CHECK-DAG:     %[[B:.*]] = moe.weights %arg0 : tensor<1x4x4xf32> -> !moe.weights<1x4x4, f32>
// CHECK-DAG:     %[[U:.*]] = moe.weights %arg1 experts[0, 1] : tensor<3x4x2xf32> -> !moe.weights<2x4x2, f32>
// CHECK:         moe.low_rank_weights %[[B]], %[[U]], %{{.*}} -> !moe.weights<2x4x4, f32>
func.func @low_rank(%b: tensor<1x4x4xf32>, %u: tensor<3x4x2xf32>, %v: tensor<3x2x4xf32>,
                    %i: tensor<?x2xi32>, %w: tensor<?x2xf32>, %x: tensor<?x4xf32>)
    -> tensor<?x4xf32> {
  %0 = moe.weights %b : tensor<1x4x4xf32> -> !moe.weights<1x4x4, f32>
  %1 = moe.weights %u experts[0, 1, 0] : tensor<3x4x2xf32> -> !moe.weights<3x4x2, f32>
  %2 = moe.weights %v experts[0, 1, 0] : tensor<3x2x4xf32> -> !moe.weights<3x2x4, f32>
  %3 = moe.low_rank_weights %0, %1, %2
      : !moe.weights<1x4x4, f32>, !moe.weights<3x4x2, f32>, !moe.weights<3x2x4, f32>
      -> !moe.weights<3x4x4, f32>
  %p = moe.plan %i : tensor<?x2xi32> -> !moe.plan<3>
  %e = moe.ffn_experts up(%3 : !moe.weights<3x4x4, f32>)
      down(%3 : !moe.weights<3x4x4, f32>) activation<tanh> : !moe.experts<3, 4 -> 4>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Who reads the rows sees their order, which merged experts would change.
// CHECK-LABEL: func.func @rows_are_seen
// CHECK:         moe.plan %{{.*}} -> !moe.plan<2>
func.func @rows_are_seen(%i: tensor<?x2xi32>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %p = moe.plan %i : tensor<?x2xi32> -> !moe.plan<2>
  %e = moe.copy_experts : !moe.experts<2, 4 -> 4>
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x4xf32>, !moe.plan<2>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %o : tensor<?x4xf32>
}

// -----

// Activations differ, so do regions, which may look at all their rows.
// CHECK-LABEL: func.func @different
// CHECK:         moe.plan %{{.*}} -> !moe.plan<4>
func.func @different(%u: tensor<1x4x4xf32>, %i: tensor<?x2xi32>, %w: tensor<?x2xf32>,
                     %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = moe.weights %u : tensor<1x4x4xf32> -> !moe.weights<1x4x4, f32>
  %p = moe.plan %i : tensor<?x2xi32> -> !moe.plan<4>
  %a = moe.ffn_experts up(%0 : !moe.weights<1x4x4, f32>)
      down(%0 : !moe.weights<1x4x4, f32>) activation<tanh> : !moe.experts<1, 4 -> 4>
  %b = moe.ffn_experts up(%0 : !moe.weights<1x4x4, f32>)
      down(%0 : !moe.weights<1x4x4, f32>) activation<relu> : !moe.experts<1, 4 -> 4>
  %r = moe.region_experts : !moe.experts<2, 4 -> 4> {
  ^bb0(%n: index, %rows: tensor<?x4xf32>):
    moe.yield %rows : tensor<?x4xf32>
  }
  %y = moe.experts %x, %p, (%a, %b, %r) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x4xf32>, !moe.plan<4>, !moe.experts<1, 4 -> 4>,
        !moe.experts<1, 4 -> 4>, !moe.experts<2, 4 -> 4> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
