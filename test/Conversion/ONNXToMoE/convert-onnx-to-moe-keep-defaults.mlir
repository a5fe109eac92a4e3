// RUN: moe-opt %s --convert-onnx-to-moe | FileCheck %s --check-prefix=BOUND
// RUN: moe-opt %s --convert-onnx-to-moe=keep-defaults=1 | FileCheck %s --check-prefix=KEPT
// RUN: moe-opt %s --moe-to-cpu-pipeline=keep-defaults=1 | FileCheck %s --check-prefix=MANIFEST

// BOUND-LABEL: func.func @main
// BOUND-SAME: (%{{.*}}: tensor<2xf32> {onnxir.name = "x"}) ->
// KEPT-LABEL: func.func @main
// KEPT-SAME: tensor<1xf32> {onnxir.default = @w, onnxir.name = "w"}) ->
// MANIFEST: \22default\22:0
onnxir.weight @w = dense<2.0> : tensor<1xf32>

func.func @main(%x: tensor<2xf32> {onnxir.name = "x"},
                %w: tensor<1xf32> {onnxir.name = "w", onnxir.default = @w})
    -> (tensor<2xf32> {onnxir.name = "y"}) {
  %y = onnxir.node "Mul"(%x, %w) : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
