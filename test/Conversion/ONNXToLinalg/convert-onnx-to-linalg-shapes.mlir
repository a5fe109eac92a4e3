// RUN: moe-opt %s --convert-onnx-to-linalg --canonicalize --split-input-file | FileCheck %s

// Shape arithmetic leaves index values behind, no tensors.
// CHECK-LABEL: func.func @merge_heads
// CHECK-SAME: %[[X:.*]]: tensor<?x?x4x8xf32>
func.func @merge_heads(%x: tensor<?x?x4x8xf32>) -> tensor<?x?x32xf32> {
  // CHECK-NOT: tensor.from_elements
  // CHECK: tensor.collapse_shape %[[X]] {{\[\[}}0], [1], [2, 3]] : tensor<?x?x4x8xf32> into tensor<?x?x32xf32>
  %s = onnxir.node "Shape"(%x) {end = 2 : i64} : (tensor<?x?x4x8xf32>) -> tensor<2xi64>
  %m = arith.constant dense<-1> : tensor<1xi64>
  %t = onnxir.node "Concat"(%s, %m) {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<3xi64>
  %0 = onnxir.node "Reshape"(%x, %t) : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

// CHECK-LABEL: func.func @flatten_and_back
func.func @flatten_and_back(%x: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  // CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2]]
  %flat = arith.constant dense<[-1, 8]> : tensor<2xi64>
  %0 = onnxir.node "Reshape"(%x, %flat) : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %1 = onnxir.node "Relu"(%0) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = onnxir.node "Shape"(%x) : (tensor<?x?x8xf32>) -> tensor<3xi64>
  %2 = onnxir.node "Reshape"(%1, %s) : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  return %2 : tensor<?x?x8xf32>
}

// -----

// A shape that only the run knows is checked.
// CHECK-LABEL: func.func @unknown
// CHECK: cf.assert %{{.*}}, "Reshape: a size is negative"
// CHECK: cf.assert %{{.*}}, "Reshape: sizes do not hold all elements"
func.func @unknown(%x: tensor<?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  %0 = onnxir.node "Reshape"(%x, %s) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @slices
func.func @slices(%x: tensor<?x8xf32>) -> (tensor<?x3xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  // CHECK: tensor.extract_slice %{{.*}}[0, 1] [%{{.*}}, 3] [1, 2] : tensor<?x8xf32> to tensor<?x3xf32>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %end = arith.constant dense<7> : tensor<1xi64>
  %0 = onnxir.node "Slice"(%x, %one, %end, %one, %two) : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3xf32>
  // CHECK: tensor.extract_slice %{{.*}}[0, 0] [%{{.*}}, 4] [1, 1]
  // CHECK: tensor.extract_slice %{{.*}}[0, 4] [%{{.*}}, 4] [1, 1]
  %1, %2 = onnxir.node "Split"(%x) {axis = 1 : i64} : (tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
  return %0, %1, %2 : tensor<?x3xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// What is declared or given at run time is checked; nodes with a name are named.
// CHECK-LABEL: func.func @checked
func.func @checked(%x: tensor<?x?xf32>, %s: tensor<2xi64>, %step: tensor<i64>) -> (tensor<3x?xf32>, tensor<?x?xf32>, tensor<?xi64>, tensor<?x?xf32>) {
  // CHECK: cf.assert %{{.*}}, "first: Relu: a size of the result is not as declared"
  %0 = onnxir.node "Relu"(%x) name "first" : (tensor<?x?xf32>) -> tensor<3x?xf32>
  // CHECK: cf.assert %{{.*}}, "Split: sizes do not add up to the input's"
  // CHECK: cf.assert %{{.*}}, "Split: a size is negative"
  %1, %2 = onnxir.node "Split"(%x, %s) : (tensor<?x?xf32>, tensor<2xi64>) -> (tensor<?x?xf32>, none)
  // CHECK: cf.assert %{{.*}}, "Range: the step is 0"
  %3 = onnxir.node "Range"(%step, %step, %step) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  // CHECK: cf.assert %{{.*}}, "Expand: sizes cannot be broadcast"
  %4 = onnxir.node "Expand"(%x, %s) : (tensor<?x?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0, %1, %3, %4 : tensor<3x?xf32>, tensor<?x?xf32>, tensor<?xi64>, tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @concat
func.func @concat(%x: tensor<?x3xf32>, %y: tensor<?x5xf32>) -> tensor<?x8xf32> {
  // CHECK: cf.assert %{{.*}}, "Concat: operands differ in size"
  // CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0] [%{{.*}}, 3] [1, 1]
  // CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 3] [%{{.*}}, 5] [1, 1]
  %0 = onnxir.node "Concat"(%x, %y) {axis = 1 : i64} : (tensor<?x3xf32>, tensor<?x5xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Constants in a file become initializers.
// CHECK-DAG: onnxir.weight @c_value from "model.onnx"[0, 16] : tensor<4xf32>
// CHECK-DAG: onnxir.weight @c_value_0 from "model.onnx"[16, 16] : tensor<4xf32>
// CHECK-LABEL: func.func @file_constants
func.func @file_constants() -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[A:.*]] = onnxir.get_weight @c_value : tensor<4xf32>
  // CHECK: %[[B:.*]] = onnxir.get_weight @c_value_0 : tensor<4xf32>
  // CHECK: return %[[A]], %[[B]]
  %0 = onnxir.node "Constant"() {value = #onnxir.file<"model.onnx"[0, 16]> : tensor<4xf32>} name "c" : () -> tensor<4xf32>
  %1 = onnxir.node "Constant"() {value = #onnxir.file<"model.onnx"[16, 16]> : tensor<4xf32>} name "c" : () -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Elements of a file keep their bytes; that they are unsigned is known to what
// reads them.
// CHECK: onnxir.weight @c_value from "model.onnx"[0, 4] : tensor<4xi8>
// CHECK-LABEL: func.func @unsigned_file
// CHECK: arith.extui
func.func @unsigned_file() -> tensor<4xi32> {
  %0 = onnxir.node "Constant"() {value = #onnxir.file<"model.onnx"[0, 4]> : tensor<4xui8>} name "c" : () -> tensor<4xui8>
  %1 = onnxir.node "Cast"(%0) {to = 6 : i64} : (tensor<4xui8>) -> tensor<4xi32>
  return %1 : tensor<4xi32>
}
