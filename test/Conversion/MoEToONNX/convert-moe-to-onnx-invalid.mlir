// RUN: moe-opt %s --convert-moe-to-onnx --split-input-file --verify-diagnostics

func.func @table(%l: tensor<?x4xf32>, %v: tensor<?xi32>, %t: tensor<?x1xi32>) -> (tensor<?x1xf32>, tensor<?x1xi32>) {
  // expected-error @+1 {{moe.gate: the number of rows of the table is not known}}
  %w, %ids = moe.gate %l ids(%v : tensor<?xi32>) table(%t : tensor<?x1xi32>) score<softmax> select<table, k = 1> : tensor<?x4xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %w, %ids : tensor<?x1xf32>, tensor<?x1xi32>
}

// -----

func.func @rows(%o: tensor<?x8xf32>, %p: !moe.plan<4>, %w: tensor<?x1xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{moe.combine: its rows do not come from moe.experts}}
  %y = moe.combine %o, %p, %w : tensor<?x8xf32>, !moe.plan<4>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @dispatch(%r: tensor<?x8xf32>, %ids: tensor<?x1xi32>, %w: tensor<?x1xf32>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<1>
  %e = moe.copy_experts : !moe.experts<1, 8 -> 8>
  %o = moe.experts %r, %p, (%e) : tensor<?x8xf32>, !moe.plan<1>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  // expected-error @+1 {{moe.combine: its experts' rows do not come from moe.dispatch}}
  %y = moe.combine %o, %p, %w : tensor<?x8xf32>, !moe.plan<1>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @plan(%x: tensor<?x8xf32>, %p: !moe.plan<1>, %w: tensor<?x1xf32>) -> tensor<?x8xf32> {
  %e = moe.copy_experts : !moe.experts<1, 8 -> 8>
  // expected-error @+1 {{moe.experts: its operations do not share one moe.plan}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>) : tensor<?x8xf32>, !moe.plan<1>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @region(%x: tensor<?x8xf32>, %ids: tensor<?x1xi32>, %w: tensor<?x1xf32>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<1>
  %e = moe.region_experts : !moe.experts<1, 8 -> 8> {
  ^bb0(%i: index, %rows: tensor<?x8xf32>):
    moe.yield %rows : tensor<?x8xf32>
  }
  // expected-remark @+2 {{moe.experts: written as standard operators: MoE has feed-forward experts}}
  // expected-error @+1 {{moe.experts: moe.region_experts is not supported}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>) : tensor<?x8xf32>, !moe.plan<1>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @argument(%x: tensor<?x8xf32>, %ids: tensor<?x1xi32>, %w: tensor<?x1xf32>, %e: !moe.experts<1, 8 -> 8>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<1>
  // expected-remark @+2 {{moe.experts: written as standard operators: MoE has feed-forward experts}}
  // expected-error @+1 {{moe.experts: a set of experts is an argument}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>) : tensor<?x8xf32>, !moe.plan<1>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @weights(%x: tensor<?x8xf32>, %ids: tensor<?x1xi32>, %w: tensor<?x1xf32>, %v: !moe.weights<1x8, f32>) -> tensor<?x8xf32> {
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<1>
  %e = moe.constant_experts %v : !moe.weights<1x8, f32> -> !moe.experts<1, 8 -> 8>
  // expected-remark @+2 {{moe.experts: written as standard operators: MoE has feed-forward experts}}
  // expected-error @+1 {{moe.experts: its weights do not come from moe.weights}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>) : tensor<?x8xf32>, !moe.plan<1>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func @operation(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @+1 {{math.tanh: no operator of ONNX is known for it}}
  %y = math.tanh %x : tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

func.func private @f()
func.func @call() {
  // expected-error @+1 {{func.call: ONNX has no such operation}}
  call @f() : () -> ()
  return
}

// -----

// expected-error @+1 {{the model imports version 12 of ONNX's operators; convert-moe-to-onnx writes those of 13 and later}}
module attributes {onnxir.opsets = {ai.onnx = 12 : i64}} {
  func.func @old(%x: tensor<?x8xf32>) -> tensor<4x8xf32> {
    %y = tensor.cast %x : tensor<?x8xf32> to tensor<4x8xf32>
    return %y : tensor<4x8xf32>
  }
}
