// RUN: not moe-translate --export-onnx --split-input-file %s -o %t.onnx 2>&1 | FileCheck %s
// RUN: not ls %t.onnx

// CHECK: moe-translate: {{.*}}.onnx: the module does not say its operator sets in onnxir.opsets
func.func @main() { return }

// -----

// CHECK: moe-translate: {{.*}}.onnx: the module has no function @main
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {}

// -----

// CHECK: 'func.func' op has no place in an ONNX model: it holds weights, onnxir functions and one function @main
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @f() { return }
}

// -----

// CHECK: 'func.func' op has several blocks; a graph has one
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main() { cf.br ^bb1
  ^bb1: return }
}

// -----

// CHECK: the version of operator set "ai.onnx" is no 64-bit integer
module attributes {onnxir.opsets = {ai.onnx = "18"}} {
  func.func @main() { return }
}

// -----

// CHECK: two inputs have the name 'x'
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%a: tensor<f32> {onnxir.name = "x"}, %b: tensor<f32> {onnxir.name = "x"}) { return }
}

// -----

// CHECK: output 0 has the name 'x' of another output or of an input
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%a: tensor<f32> {onnxir.name = "x"}, %b: tensor<f32>) -> (tensor<f32> {onnxir.name = "x"}) {
    return %b : tensor<f32>
  }
}

// -----

// CHECK: the default of input 0 is no weight: @missing
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%a: tensor<f32> {onnxir.default = @missing}) { return }
}

// -----

// CHECK: tensor.empty is no operator of ONNX: convert-moe-to-onnx may make one of it
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main() -> tensor<f32> {
    %0 = tensor.empty() : tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// CHECK: MoE: the model imports no operator set 'com.microsoft'
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%x: tensor<f32>) {
    onnxir.node "MoE" domain "com.microsoft"(%x) : (tensor<f32>) -> ()
    return
  }
}

// -----

// CHECK: Softmax: is of version 11 of operator set 'ai.onnx', of which the model imports version 18, where it may mean something else
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%x: tensor<f32>) {
    onnxir.node "Relu"(%x) opset 17 : (tensor<f32>) -> tensor<f32>
    onnxir.node "Softmax"(%x) opset 11 : (tensor<f32>) -> tensor<f32>
    return
  }
}

// -----

// CHECK: ONNX has no values of type 'index'
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%x: index) { return }
}

// -----

// CHECK: ONNX has no tensors of element type 'i7'
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%x: tensor<2xi7>) { return }
}

// -----

// CHECK: attribute 'a' has a value that ONNX has no attribute for: 1 : i8
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%x: tensor<f32>) {
    onnxir.node "Relu"(%x) {a = 1 : i8} : (tensor<f32>) -> tensor<f32>
    return
  }
}

// -----

// CHECK: attribute 'a' has a value that ONNX has no attribute for: ["b", {{.*}}]
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%x: tensor<f32>) {
    onnxir.node "Relu"(%x) {a = ["b", tensor<f32>]} : (tensor<f32>) -> tensor<f32>
    return
  }
}

// -----

// CHECK: the elements of a tensor must stand in a file or be dense, got {{.*}}dense_resource
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @main(%x: tensor<f32>) {
    onnxir.node "Relu"(%x) {a = dense_resource<r> : tensor<2xf32>} : (tensor<f32>) -> tensor<f32>
    return
  }
}

// -----

// CHECK: holds weights, which a model-local function cannot
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  onnxir.weight @w = dense<1.0> : tensor<4xf32>
  onnxir.function "F" domain "local"() {
    %w = onnxir.get_weight @w : tensor<4xf32>
    onnxir.yield %w : tensor<4xf32>
  }
  func.func @main() { return }
}

// -----

// CHECK: external data '/etc/passwd' is an absolute path
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  onnxir.weight @w from "/etc/passwd"[0, 16] : tensor<4xf32>
  func.func @main() {
    %w = onnxir.get_weight @w : tensor<4xf32>
    return
  }
}
