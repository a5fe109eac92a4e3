// RUN: moe-opt %s --onnxir-inline-functions=max-nodes=100 --split-input-file --verify-diagnostics

onnxir.function "F"(%a: !onnxir.any) {
  %0 = onnxir.node "F"(%a) : (!onnxir.any) -> !onnxir.any
  onnxir.yield %0 : !onnxir.any
}
func.func @endless(%x: !onnxir.any) {
  // expected-error@+1 {{functions call each other more than 64 deep}}
  %0 = onnxir.node "F"(%x) : (!onnxir.any) -> !onnxir.any
  return
}

// -----

// expected-error@below {{inlining functions makes more than 100 nodes}}
module {
  onnxir.function "F"(%a: !onnxir.any) {
    %0 = onnxir.node "F"(%a) : (!onnxir.any) -> !onnxir.any
    %1 = onnxir.node "F"(%0) : (!onnxir.any) -> !onnxir.any
    onnxir.yield %1 : !onnxir.any
  }
  func.func @unfolds(%x: !onnxir.any) {
    %0 = onnxir.node "F"(%x) : (!onnxir.any) -> !onnxir.any
    return
  }
}

// -----

onnxir.function "F"(%a: !onnxir.any) {
  onnxir.yield %a : !onnxir.any
}
func.func @outputs(%x: !onnxir.any) {
  // expected-error@+1 {{function F has 1 outputs, the call 2}}
  %0:2 = onnxir.node "F"(%x) : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

onnxir.function "F"(%a: !onnxir.any) {
  onnxir.yield %a : !onnxir.any
}
func.func @inputs(%x: !onnxir.any) {
  // expected-error@+1 {{function F has 1 inputs, the call 2}}
  %0 = onnxir.node "F"(%x, %x) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  return
}

// -----

onnxir.function "F"(%a: !onnxir.any) {
  onnxir.yield %a : !onnxir.any
}
func.func @missing() {
  // expected-error@+1 {{function F returns an input that the call leaves out}}
  %0 = onnxir.node "F"() : () -> !onnxir.any
  return
}

// -----

onnxir.function "F"(%c: !onnxir.any, %a: !onnxir.any) {
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield %a : !onnxir.any
  } : (!onnxir.any) -> !onnxir.any
  onnxir.yield %0 : !onnxir.any
}
func.func @missing(%x: !onnxir.any) {
  // expected-error@+1 {{a sub-graph of function F returns an input that the call leaves out}}
  %0 = onnxir.node "F"(%x) : (!onnxir.any) -> !onnxir.any
  return
}
