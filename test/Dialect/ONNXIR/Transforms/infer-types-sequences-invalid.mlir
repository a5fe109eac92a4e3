// RUN: moe-opt %s --onnxir-infer-types --split-input-file --verify-diagnostics

func.func @position(%x: tensor<3xf32>) -> !onnxir.any {
  %three = onnxir.node "Constant"() {value = dense<3> : tensor<i64>} : () -> tensor<i64>
  %s = onnxir.node "SplitToSequence"(%x) : (tensor<3xf32>) -> !onnxir.any
  // expected-error @+1 {{SequenceAt: position 3 is out of range for 3 parts}}
  %a = onnxir.node "SequenceAt"(%s, %three) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  return %a : !onnxir.any
}

// -----

func.func @sum(%x: tensor<3xf32>) -> !onnxir.any {
  %zero = onnxir.node "Constant"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %sizes = onnxir.node "Constant"() {value = dense<[1, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{SplitToSequence: sizes add up to 2, not to 3}}
  %s = onnxir.node "SplitToSequence"(%x, %sizes) : (tensor<3xf32>, tensor<2xi64>) -> !onnxir.any
  %a = onnxir.node "SequenceAt"(%s, %zero) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  return %a : !onnxir.any
}

// -----

func.func @negative(%x: tensor<3xf32>) -> !onnxir.any {
  %zero = onnxir.node "Constant"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %sizes = onnxir.node "Constant"() {value = dense<[4, -1]> : tensor<2xi64>} : () -> tensor<2xi64>
  // expected-error @+1 {{SplitToSequence: size -1 is negative}}
  %s = onnxir.node "SplitToSequence"(%x, %sizes) : (tensor<3xf32>, tensor<2xi64>) -> !onnxir.any
  %a = onnxir.node "SequenceAt"(%s, %zero) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  return %a : !onnxir.any
}
