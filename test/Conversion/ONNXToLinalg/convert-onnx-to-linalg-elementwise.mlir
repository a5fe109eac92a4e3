// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @bias
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<4xf32>)
func.func @bias(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[D:.*]] = tensor.dim %[[X]], %{{.*}}
  // CHECK: %[[E:.*]] = tensor.empty(%[[D]]) : tensor<?x4xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]], #[[$ID]]]
  // CHECK-SAME: ins(%[[X]], %[[B]] : tensor<?x4xf32>, tensor<4xf32>) outs(%[[E]]
  // CHECK: arith.addf
  %0 = onnxir.node "Add"(%x, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// Dimensions of one name are one size: no broadcasting to settle at run time.
// CHECK-LABEL: func.func @named
// CHECK-NOT: cf.assert
// CHECK: linalg.generic
// CHECK-NOT: tensor.extract
func.func @named(%x: tensor<?x4xf32> {onnxir.dims = ["n", 4]}, %y: tensor<?x4xf32> {onnxir.dims = ["n", 4]}) -> tensor<?x4xf32> {
  %0 = onnxir.node "Mul"(%x, %y) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// Others may be 1 at run time.
// CHECK-LABEL: func.func @unnamed
// CHECK: cf.assert %{{.*}}, "Mul: sizes cannot be broadcast"
func.func @unnamed(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = onnxir.node "Mul"(%x, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Narrow floats are computed in f32.
// CHECK-LABEL: func.func @narrow
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: math.exp %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to bf16
func.func @narrow(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  %0 = onnxir.node "Exp"(%x) : (tensor<4xbf16>) -> tensor<4xbf16>
  return %0 : tensor<4xbf16>
}

// -----

// Unsigned integers are signless ones that unsigned operations take.
// CHECK-LABEL: func.func @unsigned
// CHECK-SAME: tensor<4xi8> {moe.type = tensor<4xui8>}
// CHECK-SAME: -> (tensor<4xi8> {moe.type = tensor<4xui8>})
// CHECK: arith.divui
func.func @unsigned(%x: tensor<4xui8>) -> tensor<4xui8> {
  %0 = onnxir.node "Div"(%x, %x) : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// -----

// CHECK-LABEL: func.func @weight
// CHECK: onnxir.get_weight @w : tensor<4xi8>
// CHECK: arith.extui
// CHECK: onnxir.weight @w from "model.onnx"[0, 4] : tensor<4xi8>
func.func @weight() -> tensor<4xi32> {
  %w = onnxir.get_weight @w : tensor<4xui8>
  %0 = onnxir.node "Cast"(%w) {to = 6 : i64} : (tensor<4xui8>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}
onnxir.weight @w from "model.onnx"[0, 4] : tensor<4xui8>

// -----

// CHECK-LABEL: func.func @square
// CHECK-NOT: math.powf
// CHECK: arith.mulf
func.func @square(%x: tensor<4xf32>) -> tensor<4xf32> {
  %two = arith.constant dense<2.0> : tensor<f32>
  %0 = onnxir.node "Pow"(%x, %two) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
