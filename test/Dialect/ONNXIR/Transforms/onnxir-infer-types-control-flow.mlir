// RUN: moe-opt %s --onnxir-infer-types --split-input-file | FileCheck %s

// Sizes that the branches do not share are open.
// CHECK-LABEL: func.func @branches
// CHECK-SAME: -> tensor<?x4xf32>
func.func @branches(%c: tensor<i1>, %x: tensor<2x4xf32>, %y: tensor<3x4xf32>) -> !onnxir.any {
  // CHECK: onnxir.node "Neg"
  // CHECK-SAME: -> tensor<2x4xf32>
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    %1 = onnxir.node "Neg"(%x) : (tensor<2x4xf32>) -> !onnxir.any
    onnxir.yield %1 : !onnxir.any
  } graph "else_branch" {
    onnxir.yield %y : tensor<3x4xf32>
  } : (tensor<i1>) -> !onnxir.any
  return %0 : !onnxir.any
}

// -----

// A condition that shapes decide leaves one branch; the other need not fit.
// CHECK-LABEL: func.func @known
// CHECK-NOT: "If"
// CHECK: %[[Y:.*]] = onnxir.node "Squeeze"
// CHECK-SAME: -> tensor<4xf32>
// CHECK: return %[[Y]] : tensor<4xf32>
func.func @known(%x: tensor<1x4xf32>) -> !onnxir.any {
  %zero = onnxir.node "Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %one = onnxir.node "Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %s = onnxir.node "Shape"(%x) : (tensor<1x4xf32>) -> tensor<2xi64>
  %d = onnxir.node "Gather"(%s, %zero) : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %c = onnxir.node "Equal"(%d, %one) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    %1 = onnxir.node "Squeeze"(%x, %zero) : (tensor<1x4xf32>, tensor<1xi64>) -> !onnxir.any
    onnxir.yield %1 : !onnxir.any
  } graph "else_branch" {
    %1 = onnxir.node "Squeeze"(%x, %one) : (tensor<1x4xf32>, tensor<1xi64>) -> !onnxir.any
    onnxir.yield %1 : !onnxir.any
  } : (tensor<1xi1>) -> !onnxir.any
  return %0 : !onnxir.any
}

// -----

// What does not change keeps its sizes; what grows does not, nor do nodes of
// the body that were inferred from its first value.
// CHECK-LABEL: func.func @carried
// CHECK-SAME: -> (tensor<4xf32>, tensor<?xf32>, tensor<?x4xf32>)
func.func @carried(%n: tensor<i64>, %x: tensor<4xf32>) -> (!onnxir.any, !onnxir.any, !onnxir.any) {
  // CHECK: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<i1>, %{{.*}}: tensor<4xf32>, %[[B:.*]]: tensor<?xf32>):
  // CHECK: onnxir.node "Neg"(%[[B]]) : (tensor<?xf32>) -> tensor<?xf32>
  %0:3 = onnxir.node "Loop"(%n, none, %x, %x) graph "body" {
  ^bb0(%i: !onnxir.any, %c: !onnxir.any, %a: !onnxir.any, %b: !onnxir.any):
    %1 = onnxir.node "Exp"(%a) : (!onnxir.any) -> !onnxir.any
    %2 = onnxir.node "Neg"(%b) : (!onnxir.any) -> !onnxir.any
    %3 = onnxir.node "Concat"(%2, %x) {axis = 0 : i64} : (!onnxir.any, tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c, %1, %3, %1 : !onnxir.any, !onnxir.any, !onnxir.any, !onnxir.any
  } : (tensor<i64>, tensor<4xf32>, tensor<4xf32>) -> (!onnxir.any, !onnxir.any, !onnxir.any)
  return %0#0, %0#1, %0#2 : !onnxir.any, !onnxir.any, !onnxir.any
}

// -----

// CHECK-LABEL: func.func @scan
// CHECK-SAME: -> (tensor<3xf32>, tensor<3x5xf32>)
func.func @scan(%s: tensor<3xf32>, %x: tensor<5x3xf32>) -> (!onnxir.any, !onnxir.any) {
  %0:2 = onnxir.node "Scan"(%s, %x) {num_scan_inputs = 1 : i64, scan_output_axes = array<i64: 1>} graph "body" {
  ^bb0(%a: !onnxir.any, %b: !onnxir.any):
    %1 = onnxir.node "Add"(%a, %b) : (!onnxir.any, !onnxir.any) -> !onnxir.any
    onnxir.yield %1, %1 : !onnxir.any, !onnxir.any
  } : (tensor<3xf32>, tensor<5x3xf32>) -> (!onnxir.any, !onnxir.any)
  return %0#0, %0#1 : !onnxir.any, !onnxir.any
}
