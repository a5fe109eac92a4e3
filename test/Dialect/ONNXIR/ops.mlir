// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  // CHECK: onnxir.weight @big from "model.onnx.data"[4096, 4096] : tensor<32x32xf32>
  onnxir.weight @big from "model.onnx.data"[4096, 4096] : tensor<32x32xf32>
  // CHECK: onnxir.weight @nibbles from "a \22b\22"[0, 2] : tensor<3xui4>
  onnxir.weight @nibbles from "a \22b\22"[0, 2] : tensor<3xui4>
  // CHECK: onnxir.weight @small = dense<[1, 2]> : tensor<2xi64> name "small/0"
  onnxir.weight @small = dense<[1, 2]> : tensor<2xi64> name "small/0"
  // CHECK: onnxir.weight @text = dense<["a", "b"]> : tensor<2x!onnxir.string>
  onnxir.weight @text = dense<["a", "b"]> : tensor<2x!onnxir.string>

  // CHECK-LABEL: onnxir.function "Scale" domain "local" overload "v2"
  // CHECK-SAME: (%{{.*}}: !onnxir.any, %{{.*}}: tensor<f32>)
  // CHECK-SAME: inputs ["a", "b"] parameters ["to"] defaults {alpha = 1.000000e+00 : f32}
  // CHECK-SAME: opsets {ai.onnx = 18 : i64} attributes {onnxir.doc_string = "doc"} {
  onnxir.function "Scale" domain "local" overload "v2"
      (%a: !onnxir.any, %b: tensor<f32>) inputs ["a", "b"]
      parameters ["to"] defaults {alpha = 1.0 : f32} opsets {ai.onnx = 18 : i64}
      attributes {onnxir.doc_string = "doc"} {
    // CHECK: {alpha = #onnxir.ref<"alpha", "float">}
    %0 = onnxir.node "LeakyRelu"(%a) {alpha = #onnxir.ref<"alpha", "float">}
        : (!onnxir.any) -> !onnxir.any
    // CHECK: onnxir.yield %{{.*}} : !onnxir.any
    onnxir.yield %0 : !onnxir.any
  }

  // CHECK: onnxir.function "None"() {
  // CHECK-NEXT: onnxir.yield
  onnxir.function "None"() {
    onnxir.yield
  }

  // CHECK-LABEL: func.func @main
  func.func @main(%x: tensor<?x32xf32> {onnxir.name = "x"}, %c: tensor<i1>,
                  %types: !onnxir.opaque<"d", "n">,
                  %map: !onnxir.map<i64, !onnxir.sequence<tensor<2xf32>>>,
                  %sparse: !onnxir.sparse<tensor<2x2xf32>>)
      -> tensor<?x32xf32> {
    // CHECK: %[[BIG:.*]] = onnxir.get_weight @big : tensor<32x32xf32>
    %w = onnxir.get_weight @big : tensor<32x32xf32>
    // CHECK: %a_0 = onnxir.node "MatMul"(%{{.*}}, %[[BIG]]) name "mm" outputs ["a/0"]
    // CHECK-SAME: : (tensor<?x32xf32>, tensor<32x32xf32>) -> !onnxir.any
    %0 = onnxir.node "MatMul"(%x, %w) name "mm" outputs ["a/0"]
        : (tensor<?x32xf32>, tensor<32x32xf32>) -> !onnxir.any
    // CHECK: onnxir.node "Clip"(%a_0, none, %{{.*}}) opset 13 attributes {onnxir.dims = []}
    %1 = onnxir.node "Clip"(%0, none, %x) opset 13 attributes {onnxir.dims = []}
        : (!onnxir.any, tensor<?x32xf32>) -> tensor<?x32xf32>
    // CHECK: onnxir.node "Const" domain "d" overload "o"() {value = #onnxir.file<"f"[0, 8]> : tensor<2xf32>} : () -> none
    onnxir.node "Const" domain "d" overload "o"()
        {value = #onnxir.file<"f"[0, 8]> : tensor<2xf32>} : () -> none
    // CHECK: onnxir.node "If"(%{{.*}}) graph "then_branch" {
    // CHECK-NEXT: onnxir.yield %{{.*}} : tensor<?x32xf32>
    // CHECK-NEXT: } graph "else_branch" {
    // CHECK: } : (tensor<i1>) -> tensor<?x32xf32>
    %2 = onnxir.node "If"(%c) graph "then_branch" {
      onnxir.yield %1 : tensor<?x32xf32>
    } graph "else_branch" {
    ^bb0(%argument: tensor<f32>):
      onnxir.yield %x : tensor<?x32xf32>
    } : (tensor<i1>) -> tensor<?x32xf32>
    return %2 : tensor<?x32xf32>
  }
}
