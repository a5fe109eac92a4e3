// Gates of all experts that are no gate's: which node
// stops the match, and why.
// RUN: moe-opt %s --test-moe-match-routing --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=moe.gate

// CHECK-LABEL: func.func @dynamic
// expected-remark @below {{router: the number of experts is not known}}
func.func @dynamic(%l: tensor<?x?xf32>) -> tensor<?x?xf32> {
  return %l : tensor<?x?xf32>
}

// -----

// Two tokens' weights go to one expert.
func.func @scattered_along_tokens(%l: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %zeros = arith.constant dense<0.0> : tensor<4x8xf32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  // expected-remark @below {{ScatterElements: router: weights are scattered in a way that is not understood}}
  %g = onnxir.node "ScatterElements"(%zeros, %i, %v) {axis = 0 : i64} : (tensor<4x8xf32>, tensor<4x2xi64>, tensor<4x2xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

// -----

func.func @foreign_condition(%l: tensor<?x8xf32>, %m: tensor<?x8xi1>) -> tensor<?x8xf32> {
  %zero = arith.constant dense<0.0> : tensor<f32>
  // expected-remark @below {{Where: router: gates are masked by a condition that is not understood}}
  %g = onnxir.node "Where"(%m, %l, %zero) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// A mask of the least scores.
func.func @below(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %t = arith.constant dense<0.5> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %m = onnxir.node "Less"(%l, %t) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  // expected-remark @below {{Where: router: gates are masked by a condition that is not understood}}
  %g = onnxir.node "Where"(%m, %l, %zero) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

func.func @foreign_ids(%l: tensor<?x8xf32>, %i: tensor<?xi64>) -> tensor<?x8xf32> {
  %depth = arith.constant dense<8> : tensor<i64>
  %values = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %m = onnxir.node "OneHot"(%i, %depth, %values) : (tensor<?xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{Mul: router: gates are masked by ids of no choice that is understood}}
  %g = onnxir.node "Mul"(%l, %m) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// What is not chosen keeps 1.
func.func @filled(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %depth = arith.constant dense<8> : tensor<i64>
  %values = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %i = onnxir.node "ArgMax"(%l) {axis = -1 : i64, keepdims = 0 : i64} : (tensor<?x8xf32>) -> tensor<?xi64>
  %m = onnxir.node "OneHot"(%i, %depth, %values) : (tensor<?xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x8xf32>
  %b = onnxir.node "Cast"(%m) {to = 9 : i64} : (tensor<?x8xf32>) -> tensor<?x8xi1>
  // expected-remark @below {{Where: router: what takes the place of excluded gates is not 0}}
  %g = onnxir.node "Where"(%b, %l, %one) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// Weights of the slots, not of the experts.
func.func @wrong_layout(%l: tensor<?x8xf32>, %w: tensor<8x1xf32>) -> tensor<?x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %slots = arith.constant dense<1> : tensor<1xi64>
  %depth = arith.constant dense<8> : tensor<i64>
  %values = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %m = onnxir.node "OneHot"(%i, %depth, %values) : (tensor<?x2xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x2x8xf32>
  %s = onnxir.node "ReduceSum"(%m, %slots) {keepdims = 0 : i64} : (tensor<?x2x8xf32>, tensor<1xi64>) -> tensor<?x8xf32>
  // expected-remark @below {{Mul: router: gates are masked in a layout that is not understood}}
  %g = onnxir.node "Mul"(%s, %w) : (tensor<?x8xf32>, tensor<8x1xf32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// The slots of all tokens, not of each one.
func.func @unsummed(%l: tensor<?x8xf32>) -> tensor<?x2x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %slots = arith.constant dense<1> : tensor<1xi64>
  %depth = arith.constant dense<8> : tensor<i64>
  %values = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %m = onnxir.node "OneHot"(%i, %depth, %values) : (tensor<?x2xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x2x8xf32>
  %u = onnxir.node "Unsqueeze"(%l, %slots) : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1x8xf32>
  // expected-remark @below {{Mul: router: the number of picks is not known}}
  %g = onnxir.node "Mul"(%m, %u) : (tensor<?x2x8xf32>, tensor<?x1x8xf32>) -> tensor<?x2x8xf32>
  return %g : tensor<?x2x8xf32>
}

// -----

func.func @sum(%l: tensor<?x2x8xf32>) -> tensor<?x8xf32> {
  %slots = arith.constant dense<1> : tensor<1xi64>
  // expected-remark @below {{ReduceSum: router: gates are a sum of no masks over the slots}}
  %g = onnxir.node "ReduceSum"(%l, %slots) {keepdims = 0 : i64} : (tensor<?x2x8xf32>, tensor<1xi64>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// No sum of probabilities reaches the bound.
func.func @top_p_of_more(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %k = arith.constant dense<8> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<i64>
  %p = arith.constant dense<1.5> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %zeros = arith.constant dense<0.0> : tensor<4x8xf32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x8xf32>, tensor<?x8xi64>)
  %c = onnxir.node "CumSum"(%v, %axis) {exclusive = 1 : i64} : (tensor<?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  // expected-remark @below {{Less: router: the bound of the running sum is not a number in (0, 1]}}
  %m = onnxir.node "Less"(%c, %p) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %w = onnxir.node "Where"(%m, %v, %zero) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %g = onnxir.node "ScatterElements"(%zeros, %i, %w) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<?x8xi64>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}
