// RUN: moe-opt %s --convert-onnx-to-linalg=keep-codes | FileCheck %s
// RUN: moe-opt %s --convert-onnx-to-linalg | FileCheck %s --check-prefix=WIDE

onnxir.weight @codes from "w.data"[0, 1280] : tensor<40x2x16xui8>
onnxir.weight @scales from "w.data"[1280, 320] : tensor<80xf32>
onnxir.weight @zero_codes from "w.data"[1600, 40] : tensor<40x1xui8>

// CHECK-LABEL: func.func @product
// CHECK: %[[W:.*]] = moe.weights %{{.*}} scales(%{{.*}} : tensor<1x40x2xf32>) block(32) zero_point(8) : tensor<1x40x32xi8> -> !moe.weights<1x40x64, ui4>
// CHECK: moe.project %{{.*}}, %[[W]] : tensor<?x64xf32>, !moe.weights<1x40x64, ui4> -> tensor<?x40xf32>
// WIDE-LABEL: func.func @product
// WIDE-NOT: moe.project
func.func @product(%x: tensor<?x3x64xf32>) -> tensor<?x3x40xf32> {
  %b = onnxir.get_weight @codes : tensor<40x2x16xui8>
  %s = onnxir.get_weight @scales : tensor<80xf32>
  %y = onnxir.node "com.microsoft::MatMulNBits"(%x, %b, %s) {K = 64, N = 40, bits = 4, block_size = 32} : (tensor<?x3x64xf32>, tensor<40x2x16xui8>, tensor<80xf32>) -> tensor<?x3x40xf32>
  return %y : tensor<?x3x40xf32>
}

// CHECK-LABEL: func.func @zeros
// CHECK: moe.weights %{{.*}} scales(%{{.*}}) zeros(%{{.*}} : tensor<1x40x1xi8>) block(32)
func.func @zeros(%x: tensor<?x64xf32>) -> tensor<?x40xf32> {
  %b = onnxir.get_weight @codes : tensor<40x2x16xui8>
  %s = onnxir.get_weight @scales : tensor<80xf32>
  %z = onnxir.get_weight @zero_codes : tensor<40x1xui8>
  %y = onnxir.node "com.microsoft::MatMulNBits"(%x, %b, %s, %z) {K = 64, N = 40, bits = 4, block_size = 32} : (tensor<?x64xf32>, tensor<40x2x16xui8>, tensor<80xf32>, tensor<40x1xui8>) -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}

// Codes that come with the call are dequantised where they are used.
// CHECK-LABEL: func.func @argument
// CHECK-NOT: moe.project
func.func @argument(%x: tensor<?x64xf32>, %b: tensor<40x2x16xui8>, %s: tensor<80xf32>) -> tensor<?x40xf32> {
  %y = onnxir.node "com.microsoft::MatMulNBits"(%x, %b, %s) {K = 64, N = 40, bits = 4, block_size = 32} : (tensor<?x64xf32>, tensor<40x2x16xui8>, tensor<80xf32>) -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}
