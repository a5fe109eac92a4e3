// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @branches(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{If: needs two branches that give its results}}
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  return
}

// -----

func.func @condition(%c: tensor<2x2xi1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{If: a condition must be one boolean}}
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield %x : tensor<4xf32>
  } graph "else_branch" {
    onnxir.yield %x : tensor<4xf32>
  } : (tensor<2x2xi1>) -> tensor<4xf32>
  return
}

// -----

func.func @ranks(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<2x2xf32>) {
  // expected-error @+1 {{If: gives 'tensor<2x2xf32>', declared is 'tensor<4xf32>'}}
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield %x : tensor<4xf32>
  } graph "else_branch" {
    onnxir.yield %y : tensor<2x2xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  %1 = onnxir.node "Neg"(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @gap(%x: tensor<4xf32>) {
  // expected-error @+1 {{Loop: input 2 is missing}}
  %0:2 = onnxir.node "Loop"(none, none, none, %x) graph "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<4xf32>, %b: tensor<4xf32>):
    onnxir.yield %c, %a, %b : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  } : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @fit(%x: tensor<4xf32>) {
  // expected-error @+1 {{Loop: the body does not fit inputs and outputs}}
  %0 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    onnxir.yield %c, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @first(%x: tensor<4xf32>) {
  // expected-error @+1 {{Loop: the body must take a number and a condition first}}
  %0 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i: tensor<i32>, %c: tensor<i1>, %a: tensor<4xf32>):
    onnxir.yield %c, %a : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @count(%x: tensor<4xf32>, %n: tensor<2xi64>) {
  // expected-error @+1 {{Loop: the number of iterations must be one number}}
  %0 = onnxir.node "Loop"(%n, none, %x) graph "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<4xf32>):
    onnxir.yield %c, %a : tensor<i1>, tensor<4xf32>
  } : (tensor<2xi64>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @output(%x: tensor<4xf32>, %n: tensor<i64>) {
  // expected-error @+1 {{Loop: the type of an output of the body is not known}}
  %0 = onnxir.node "Loop"(%n) graph "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    %1 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c, %1 : tensor<i1>, !onnxir.any
  } : (tensor<i64>) -> tensor<?x4xf32>
  return
}

// -----

func.func @version(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: the version of operator set 8 is not supported}}
  %0 = onnxir.node "Scan"(%x) {num_scan_inputs = 1 : i64} opset 8 graph "body" {
  ^bb0(%a: tensor<f32>):
    onnxir.yield %a : tensor<f32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scan_fit(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: the body does not fit inputs and outputs}}
  %0 = onnxir.node "Scan"(%x) {num_scan_inputs = 2 : i64} graph "body" {
  ^bb0(%a: tensor<f32>):
    onnxir.yield %a : tensor<f32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scan_list(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: scan_input_axes must have 1 elements}}
  %0 = onnxir.node "Scan"(%x) {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 0, 0>} graph "body" {
  ^bb0(%a: tensor<f32>):
    onnxir.yield %a : tensor<f32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scan_gap(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: input 0 is missing}}
  %0:2 = onnxir.node "Scan"(none, %x) {num_scan_inputs = 1 : i64} graph "body" {
  ^bb0(%s: tensor<f32>, %a: tensor<f32>):
    onnxir.yield %s, %a : tensor<f32>, tensor<f32>
  } : (tensor<4xf32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

func.func @scan_axis(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: axis 1 of input 0 is out of range}}
  %0 = onnxir.node "Scan"(%x) {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 1>} graph "body" {
  ^bb0(%a: tensor<f32>):
    onnxir.yield %a : tensor<f32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @scan_output(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: axis 1 of an output is out of range}}
  %0 = onnxir.node "Scan"(%x) {num_scan_inputs = 1 : i64, scan_output_axes = array<i64: 1>} graph "body" {
  ^bb0(%a: tensor<f32>):
    onnxir.yield %a : tensor<f32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @inside(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    // expected-error @+1 {{inside: Fancy: the operator is not supported}}
    %1 = onnxir.node "Fancy"(%x) name "inside" : (tensor<4xf32>) -> tensor<4xf32>
    onnxir.yield %1 : tensor<4xf32>
  } graph "else_branch" {
    onnxir.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
