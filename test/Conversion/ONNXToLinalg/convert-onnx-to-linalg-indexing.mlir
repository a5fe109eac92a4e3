// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// An index tuple per element, checked before it is used.
// CHECK-LABEL: func.func @gather_nd
// CHECK:       linalg.generic
// CHECK:       cf.assert {{.*}}"GatherND: an index is out of range"
// CHECK:       %[[R:.*]] = linalg.generic
// CHECK:         %[[I:.*]] = tensor.extract %{{.*}}[%{{.*}}, %{{.*}}] : tensor<?x2xi64>
// CHECK:         tensor.extract %{{.*}} : tensor<4x?x8xf32>
// CHECK:       return %[[R]] : tensor<?x8xf32>
func.func @gather_nd(%x: tensor<4x?x8xf32>, %i: tensor<?x2xi64>) -> tensor<?x8xf32> {
  %0 = onnxir.node "GatherND"(%x, %i) : (tensor<4x?x8xf32>, tensor<?x2xi64>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Updates come one after the other, so that equal indices add up.
// CHECK-LABEL: func.func @scatter_nd_add
// CHECK-SAME:  %[[X:[a-z0-9]*]]: tensor<?x8xf32>
// CHECK:       cf.assert {{.*}}"ScatterND: an index is out of range"
// CHECK:       scf.for {{.*}} iter_args(%[[A:.*]] = %[[X]]) -> (tensor<?x8xf32>)
// CHECK:         scf.for {{.*}} iter_args(%[[C:.*]] = %[[A]])
// CHECK:           %[[OLD:.*]] = tensor.extract %[[C]]
// CHECK:           %[[SUM:.*]] = arith.addf %[[OLD]],
// CHECK:           tensor.insert %[[SUM]] into %[[C]]
func.func @scatter_nd_add(%x: tensor<?x8xf32>, %i: tensor<?x1xi64>, %u: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = onnxir.node "ScatterND"(%x, %i, %u) {reduction = "add"} : (tensor<?x8xf32>, tensor<?x1xi64>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @scatter_elements_max_unsigned
// CHECK:       scf.for
// CHECK:         arith.maxui
func.func @scatter_elements_max_unsigned(%x: tensor<?xui8>, %i: tensor<?xi64>, %u: tensor<?xui8>) -> tensor<?xui8> {
  %0 = onnxir.node "ScatterElements"(%x, %i, %u) {reduction = "max"} : (tensor<?xui8>, tensor<?xi64>, tensor<?xui8>) -> tensor<?xui8>
  return %0 : tensor<?xui8>
}

// -----

// The result's size is counted first.
// CHECK-LABEL: func.func @nonzero
// CHECK:       %[[N:.*]] = tensor.extract %{{.*}}[] : tensor<index>
// CHECK:       %[[E:.*]] = tensor.empty(%[[N]]) : tensor<2x?xi64>
// CHECK:       scf.for {{.*}} iter_args(%{{.*}} = %[[E]], %{{.*}} = %c0
// CHECK:         scf.if
func.func @nonzero(%x: tensor<?x4xi1>) -> tensor<2x?xi64> {
  %0 = onnxir.node "NonZero"(%x) : (tensor<?x4xi1>) -> tensor<2x?xi64>
  return %0 : tensor<2x?xi64>
}

// -----

// CHECK-LABEL: func.func @cumsum
// CHECK:       scf.for {{.*}} -> (tensor<?x4xf32>)
// CHECK:         scf.for {{.*}} -> (tensor<?x4xf32>, f32)
// CHECK:           %[[SUM:.*]] = arith.addf
// CHECK:           tensor.insert %[[SUM]]
// CHECK:           scf.yield %{{.*}}, %[[SUM]]
func.func @cumsum(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %axis = arith.constant dense<0> : tensor<i64>
  %0 = onnxir.node "CumSum"(%x, %axis) : (tensor<?x4xf32>, tensor<i64>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @onehot
// CHECK:       linalg.generic
// CHECK:         arith.cmpi eq
// CHECK:         tensor.extract %{{.*}} : tensor<2xf32>
func.func @onehot(%x: tensor<?x2xi64>, %v: tensor<2xf32>) -> tensor<?x2x8xf32> {
  %depth = arith.constant dense<8> : tensor<i64>
  %0 = onnxir.node "OneHot"(%x, %depth, %v) : (tensor<?x2xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x2x8xf32>
  return %0 : tensor<?x2x8xf32>
}

// -----

// CHECK-LABEL: func.func @trilu
// CHECK:         linalg.index 0
// CHECK:         linalg.index 1
// CHECK:         arith.cmpi sle
func.func @trilu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = onnxir.node "Trilu"(%x) {upper = 0 : i64} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @eyelike
// CHECK:       linalg.generic
// CHECK:       return %{{.*}} : tensor<?x4xf64>
func.func @eyelike(%x: tensor<?x4xf32>) -> tensor<?x4xf64> {
  %0 = onnxir.node "EyeLike"(%x) {dtype = 11 : i64, k = 1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf64>
  return %0 : tensor<?x4xf64>
}

// -----

// CHECK-DAG:   #[[$A:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-DAG:   #[[$B:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d1, d3)>
// CHECK-DAG:   #[[$C:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d0, d3)>
// CHECK-LABEL: func.func @einsum
// CHECK:       linalg.generic {indexing_maps = [#[[$A]], #[[$B]], #[[$C]]], iterator_types = ["parallel", "reduction", "parallel", "parallel"]}
func.func @einsum(%x: tensor<?x4xf32>, %w: tensor<3x4x5xf32>) -> tensor<3x?x5xf32> {
  %0 = onnxir.node "Einsum"(%x, %w) {equation = "nh,ehi->eni"} : (tensor<?x4xf32>, tensor<3x4x5xf32>) -> tensor<3x?x5xf32>
  return %0 : tensor<3x?x5xf32>
}
