// What is in the way of folding, and what there is nothing to fold of.
// RUN: moe-opt %s --split-input-file --moe-fold-zero-computation-experts --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @expert_choice
// CHECK-NOT: moe.remap_ids
func.func @expert_choice(%x: tensor<?x8xf32>, %w: tensor<2x4xf32>,
                         %ids: tensor<2x4xi32>, %n: index,
                         %ffn: !moe.experts<1, 8 -> 8>) -> tensor<?x8xf32> {
  %p = moe.plan %ids tokens(%n) : tensor<2x4xi32> -> !moe.plan<2, expert_choice>
  %copy = moe.copy_experts : !moe.experts<1, 8 -> 8>
  // expected-remark @+1 {{zero-computation experts are not folded: experts choose tokens}}
  %y = moe.experts %x, %p, (%ffn, %copy) gather combine(%w : tensor<2x4xf32>)
      : tensor<?x8xf32>, !moe.plan<2, expert_choice>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @plan_from_elsewhere(%x: tensor<?x8xf32>, %w: tensor<?x2xf32>,
                               %p: !moe.plan<2>, %ffn: !moe.experts<1, 8 -> 8>)
    -> tensor<?x8xf32> {
  %copy = moe.copy_experts : !moe.experts<1, 8 -> 8>
  // expected-remark @+1 {{zero-computation experts are not folded: the plan comes from elsewhere}}
  %y = moe.experts %x, %p, (%ffn, %copy) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @rows_from_elsewhere(%rows: tensor<?x8xf32>, %w: tensor<?x2xf32>,
                               %ids: tensor<?x2xi32>,
                               %ffn: !moe.experts<1, 8 -> 8>)
    -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<2>
  %copy = moe.copy_experts : !moe.experts<1, 8 -> 8>
  // expected-remark @+1 {{zero-computation experts are not folded: the rows come from elsewhere}}
  %y = moe.experts %rows, %p, (%ffn, %copy) combine(%w : tensor<?x2xf32>)
      : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @rows_used(%x: tensor<?x8xf32>, %w: tensor<?x2xf32>,
                     %ids: tensor<?x2xi32>, %ffn: !moe.experts<1, 8 -> 8>)
    -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<2>
  %copy = moe.copy_experts : !moe.experts<1, 8 -> 8>
  %o = moe.experts %x, %p, (%ffn, %copy) gather
      : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  // expected-remark @+1 {{zero-computation experts are not folded: the rows of the experts have other uses}}
  %y = moe.combine %o, %p, %w
      : tensor<?x8xf32>, !moe.plan<2>, tensor<?x2xf32> -> tensor<?x8xf32>
  return %y, %o : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

func.func @term(%x: tensor<?x8xf32>, %w: tensor<?x2xf32>,
                %ids: tensor<?x2xi32>, %s: tensor<?xf32>,
                %ffn: !moe.experts<1, 8 -> 8>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<2>
  %copy = moe.copy_experts : !moe.experts<1, 8 -> 8>
  // expected-remark @+1 {{zero-computation experts are not folded: there is an affine term already}}
  %y = moe.experts %x, %p, (%ffn, %copy) gather combine(%w : tensor<?x2xf32>)
      copy(%s, %x : tensor<?xf32>, tensor<?x8xf32>)
      : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// A weight of -0 is no zero: what its products add up to has another sign.
// CHECK-LABEL: func @nothing_known(
// CHECK-NOT: moe.remap_ids
func.func @nothing_known(%x: tensor<?x2xf32>, %w: tensor<?x1xf32>,
                         %ids: tensor<?x1xi32>, %u: tensor<1x3x2xf32>,
                         %c: tensor<1x2x3xui8>, %s: tensor<1x2xf32>)
    -> tensor<?x2xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %d = arith.constant dense<[[[-0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]> : tensor<1x2x3xf32>
  %up = moe.weights %u : tensor<1x3x2xf32> -> !moe.weights<1x3x2, f32>
  %down = moe.weights %d : tensor<1x2x3xf32> -> !moe.weights<1x2x3, f32>
  %codes = moe.weights %c scales(%s : tensor<1x2xf32>) zero_point(3)
      : tensor<1x2x3xui8> -> !moe.weights<1x2x3, ui8>
  %e0 = moe.ffn_experts up(%up : !moe.weights<1x3x2, f32>)
      down(%down : !moe.weights<1x2x3, f32>) activation<relu> : !moe.experts<1, 2 -> 2>
  %e1 = moe.ffn_experts up(%up : !moe.weights<1x3x2, f32>)
      down(%codes : !moe.weights<1x2x3, ui8>) activation<relu> : !moe.experts<1, 2 -> 2>
  %y = moe.experts %x, %p, (%e0, %e1) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x2xf32>, !moe.plan<2>, !moe.experts<1, 2 -> 2>,
        !moe.experts<1, 2 -> 2> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
