// RUN: moe-opt %s --onnxir-verify-schemas --split-input-file --verify-diagnostics

module attributes {onnxir.opsets = {ai.onnx = 18 : i64, com.microsoft = 1 : i64}} {
  func.func @valid(%x: tensor<4xf32>, %c: tensor<i1>) {
    %0 = onnxir.node "Clip"(%x) : (tensor<4xf32>) -> !onnxir.any
    %1 = onnxir.node "Concat"(%x, %x, %x) {axis = 0 : i64}
        : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> !onnxir.any
    %2 = onnxir.node "QuickGelu" domain "com.microsoft"(%x) {alpha = 1.0 : f32}
        : (tensor<4xf32>) -> !onnxir.any
    %3 = onnxir.node "Anything" domain "elsewhere"(%x) : (tensor<4xf32>) -> !onnxir.any
    %4 = onnxir.node "Constant"() {value_strings = []} : () -> !onnxir.any
    %5 = onnxir.node "ReduceSum"(%x) {axes = array<i64: 0>} opset 11 : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @unknown(%x: tensor<4xf32>) {
    // expected-error@+1 {{operator FancyMoE does not exist}}
    %0 = onnxir.node "FancyMoE"(%x) : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

func.func @no_opset(%x: tensor<4xf32>) {
  // expected-error@+1 {{the model imports no operator set of Neg}}
  %0 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> !onnxir.any
  return
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @too_new(%x: tensor<4xf32>) {
    // expected-error@+1 {{Swish exists from operator set 24 on; the model imports 18}}
    %0 = onnxir.node "Swish"(%x) : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @removed(%x: tensor<4xf32>, %s: tensor<1xf32>) {
    // expected-error@+1 {{Upsample does not exist since operator set 10; the model imports 18}}
    %0 = onnxir.node "Upsample"(%x, %s) : (tensor<4xf32>, tensor<1xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @few(%x: tensor<4xf32>) {
    // expected-error@+1 {{MatMul takes 2 inputs, got 1}}
    %0 = onnxir.node "MatMul"(%x) : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @many(%x: tensor<4xf32>) {
    // expected-error@+1 {{Clip takes 1 to 3 inputs, got 4}}
    %0 = onnxir.node "Clip"(%x, %x, %x, %x)
        : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @none() {
    // expected-error@+1 {{Concat takes at least 1 inputs, got 0}}
    %0 = onnxir.node "Concat"() {axis = 0 : i64} : () -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @outputs(%x: tensor<4xf32>) {
    // expected-error@+1 {{Neg takes 1 outputs, got 2}}
    %0:2 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> (!onnxir.any, !onnxir.any)
    return
  }
}

// -----

module attributes {onnxir.opsets = {com.microsoft = 1 : i64}} {
  func.func @left_out(%x: tensor<4xf32>) {
    // expected-error@+1 {{com.microsoft.MoE needs input 2}}
    %0 = onnxir.node "MoE" domain "com.microsoft"(%x, %x, none, none, %x)
        : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @required(%x: tensor<4xf32>) {
    // expected-error@+1 {{Concat needs attribute 'axis'}}
    %0 = onnxir.node "Concat"(%x) : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @kind(%x: tensor<4xf32>) {
    // expected-error@+1 {{attribute 'axis' must be an integer}}
    %0 = onnxir.node "Concat"(%x) {axis = 0.0 : f32} : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @unknown_attribute(%x: tensor<4xf32>) {
    // expected-error@+1 {{Neg has no attribute 'alpha'}}
    %0 = onnxir.node "Neg"(%x) {alpha = 1 : i64, beta = 2 : i64} : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  onnxir.function "F"(%a: !onnxir.any) parameters ["p"] opsets {ai.onnx = 18 : i64} {
    onnxir.yield %a : !onnxir.any
  }
  func.func @call(%x: tensor<4xf32>) {
    // expected-error@+1 {{function F needs attribute 'p'}}
    %0 = onnxir.node "F"(%x) : (tensor<4xf32>) -> !onnxir.any
    return
  }
}

// -----

onnxir.function "F" domain "d"(%a: !onnxir.any) {
  onnxir.yield %a : !onnxir.any
}
func.func @call(%x: tensor<4xf32>) {
  // expected-error@+1 {{d.F takes 0 to 1 inputs, got 2}}
  %0 = onnxir.node "F" domain "d"(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> !onnxir.any
  return
}
