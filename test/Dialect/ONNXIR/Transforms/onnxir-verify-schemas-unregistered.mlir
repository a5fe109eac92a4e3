// RUN: moe-opt %s --onnxir-verify-schemas=allow-unregistered | FileCheck %s

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  func.func @unknown(%x: tensor<4xf32>) -> !onnxir.any {
    // CHECK: onnxir.node "FancyMoE"
    %0 = onnxir.node "FancyMoE"(%x) : (tensor<4xf32>) -> !onnxir.any
    return %0 : !onnxir.any
  }
}
