// RUN: moe-opt %s --onnxir-inline-functions --split-input-file | FileCheck %s

// Parameters take what the call passes, else their default, else nothing; an
// input that the call leaves out is left out inside.
module attributes {onnxir.opsets = {ai.onnx = 18 : i64, d = 1 : i64}} {
  onnxir.function "F" domain "d"(%a: !onnxir.any, %lo: !onnxir.any, %hi: !onnxir.any)
      parameters ["axis"] defaults {alpha = 1.0 : f32}
      opsets {ai.onnx = 13 : i64} {
    %0 = onnxir.node "LeakyRelu"(%a) {alpha = #onnxir.ref<"alpha", "float">} name "l"
        outputs ["t"] : (!onnxir.any) -> !onnxir.any
    %1 = onnxir.node "Clip"(%0, %lo, %hi) {extra = #onnxir.ref<"absent", "int">}
        outputs ["c"] : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
    %2 = onnxir.node "Softmax"(%1) {axis = #onnxir.ref<"axis", "int">}
        outputs ["s"] : (!onnxir.any) -> !onnxir.any
    onnxir.yield %2, %a : !onnxir.any, !onnxir.any
  }

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[M:.*]]: tensor<f32>)
  func.func @main(%x: tensor<4xf32>, %m: tensor<f32>) -> (tensor<4xf32>, tensor<*xf32>) {
    // CHECK-NEXT: %[[L:.*]] = onnxir.node "LeakyRelu"(%[[X]]) {alpha = 1.000000e+00 : f32} name "call/l" outputs ["call/t"] opset 13
    // CHECK-NEXT: %[[C:.*]] = onnxir.node "Clip"(%[[L]], none, %[[M]]) name "call/c" outputs ["call/c"] opset 13 : (!onnxir.any, tensor<f32>) -> !onnxir.any
    // CHECK-NEXT: %[[Y:.*]] = onnxir.node "Softmax"(%[[C]]) {axis = -1 : i64} name "call/s" outputs ["y"] opset 13 : (!onnxir.any) -> tensor<4xf32>
    // CHECK-NEXT: %[[I:.*]] = onnxir.node "Identity"(%[[X]]) name "call" opset 1 : (tensor<4xf32>) -> tensor<*xf32>
    %y, %same = onnxir.node "F" domain "d"(%x, none, %m) {axis = -1 : i64} name "call"
        outputs ["y", "same"] : (tensor<4xf32>, tensor<f32>) -> (tensor<4xf32>, tensor<*xf32>)
    // CHECK-NEXT: return %[[Y]], %[[I]]
    return %y, %same : tensor<4xf32>, tensor<*xf32>
  }
  // CHECK-NOT: onnxir.function
}

// -----

// A parameter may be a sub-graph, and a sub-graph may hold calls.
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  onnxir.function "G" domain "d"(%c: !onnxir.any) opsets {ai.onnx = 18 : i64} {
    %0 = onnxir.node "If"(%c) {then_branch = #onnxir.ref<"one", "graph">} graph "else_branch" {
      %1 = onnxir.node "H" domain "d"(%c) name "inner" : (!onnxir.any) -> !onnxir.any
      onnxir.yield %1 : !onnxir.any
    } : (!onnxir.any) -> !onnxir.any
    onnxir.yield %0 : !onnxir.any
  }
  onnxir.function "H" domain "d"(%c: !onnxir.any) opsets {ai.onnx = 18 : i64} {
    %0 = onnxir.node "Not"(%c) : (!onnxir.any) -> !onnxir.any
    onnxir.yield %0 : !onnxir.any
  }

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: (%[[X:.*]]: tensor<i1>)
  func.func @main(%x: tensor<i1>) -> !onnxir.any {
    // CHECK-NEXT: %[[Y:.*]] = onnxir.node "If"(%[[X]]) name "call/If" graph "else_branch" {
    // CHECK-NEXT:   %[[N:.*]] = onnxir.node "Not"(%[[X]]) name "call/inner/Not"
    // CHECK-NEXT:   onnxir.yield %[[N]]
    // CHECK-NEXT: } graph "then_branch" {
    // CHECK-NEXT:   onnxir.yield %[[X]] : tensor<i1>
    // CHECK-NEXT: }
    %y = onnxir.node "G" domain "d"(%x) name "call" graph "one" {
      onnxir.yield %x : tensor<i1>
    } : (tensor<i1>) -> !onnxir.any
    return %y : !onnxir.any
  }
}
