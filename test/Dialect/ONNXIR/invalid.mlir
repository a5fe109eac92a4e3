// RUN: moe-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{'tensor<2xf32>' takes 8 bytes, not 4}}
onnxir.weight @w from "f"[0, 4] : tensor<2xf32>

// -----

// expected-error@+1 {{a file reference needs a path}}
onnxir.weight @w from ""[0, 8] : tensor<2xf32>

// -----

// expected-error@+1 {{offset and length of a file reference are out of range}}
onnxir.weight @w from "f"[9223372036854775807, 8] : tensor<2xf32>

// -----

// expected-error@+1 {{a file reference needs a tensor type of static shape}}
onnxir.weight @w from "f"[0, 8] : tensor<?xf32>

// -----

// expected-error@+1 {{'tensor<2x!onnxir.string>' cannot stand in a file}}
onnxir.weight @w from "f"[0, 8] : tensor<2x!onnxir.string>

// -----

// expected-error@+1 {{needs a file reference or elements as its value}}
onnxir.weight @w = 4 : i64

// -----

// expected-error@+1 {{needs a value of tensor type}}
onnxir.weight @w = dense<0.0> : vector<4xf32>

// -----

func.func @unknown_weight() {
  // expected-error@+1 {{refers to @w, which is no onnxir.weight}}
  %0 = onnxir.get_weight @w : tensor<2xf32>
  return
}

// -----

onnxir.weight @w = dense<0.0> : tensor<2xf32>
func.func @other_type() {
  // expected-error@+1 {{has type 'tensor<3xf32>', the weight 'tensor<2xf32>'}}
  %0 = onnxir.get_weight @w : tensor<3xf32>
  return
}

// -----

// expected-error@+1 {{needs an operator}}
onnxir.node ""() : () -> ()

// -----

func.func @slots(%x: tensor<f32>) {
  // expected-error@+1 {{has 1 operands for 2 inputs that are not left out}}
  "onnxir.node"(%x) {op_type = "A", onnx_attributes = {}, slots = array<i1: true, true>}
      : (tensor<f32>) -> ()
  return
}

// -----

// expected-error@+1 {{has 2 output names for 1 results}}
%0 = onnxir.node "A"() outputs ["a", "b"] : () -> tensor<f32>

// -----

// expected-error@+1 {{has 0 sub-graph names for 1 regions}}
"onnxir.node"() ({
  "onnxir.yield"() : () -> ()
}) {op_type = "A", onnx_attributes = {}} : () -> ()

// -----

func.func @open(%x: tensor<f32>) {
  // expected-error@+1 {{expects sub-graphs that end in onnxir.yield}}
  onnxir.node "A"() graph "body" {
    %0 = onnxir.node "B"() : () -> tensor<f32>
  } : () -> ()
  return
}

// -----

// expected-error@+1 {{needs a symbol made of domain, operator and overload}}
"onnxir.function"() ({
  "onnxir.yield"() : () -> ()
}) {sym_name = "other", op_type = "A", domain = "d", overload = "",
    input_names = [], parameters = [], defaults = {}, opsets = {}} : () -> ()

// -----

// expected-error@+1 {{expects a body that ends in onnxir.yield}}
onnxir.function "A"(%a: tensor<f32>) {
  %0 = onnxir.node "B"() : () -> tensor<f32>
}

// -----

// expected-error@+1 {{has 2 input names for 1 inputs}}
onnxir.function "A"(%a: tensor<f32>) inputs ["a", "b"] {
  onnxir.yield
}

// -----

// expected-error@+1 {{has a default for the required parameter "p"}}
onnxir.function "A"() parameters ["p"] defaults {p = 1 : i64} {
  onnxir.yield
}
