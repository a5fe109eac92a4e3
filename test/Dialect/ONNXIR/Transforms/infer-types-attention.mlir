// RUN: moe-opt %s --onnxir-infer-types | FileCheck %s

// CHECK-LABEL: func.func @attention
// CHECK-SAME:  -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
func.func @attention(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>) -> (!onnxir.any, !onnxir.any, !onnxir.any) {
  %0:3 = onnxir.node "Attention"(%q, %k, %v) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> (!onnxir.any, !onnxir.any, !onnxir.any)
  return %0#0, %0#1, %0#2 : !onnxir.any, !onnxir.any, !onnxir.any
}

// CHECK-LABEL: func.func @group_query
// CHECK-SAME:  -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>)
func.func @group_query(%x: tensor<?x?x64xf32>, %n: tensor<?xi32>, %t: tensor<i32>) -> (!onnxir.any, !onnxir.any) {
  %0:2 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%x, none, none, none, none, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x64xf32>, tensor<?xi32>, tensor<i32>) -> (!onnxir.any, !onnxir.any)
  return %0#0, %0#1 : !onnxir.any, !onnxir.any
}

// CHECK-LABEL: func.func @matmul_nbits
// CHECK-SAME:  -> tensor<?x?x8xf32>
func.func @matmul_nbits(%x: tensor<?x?x32xf32>, %w: tensor<8x1x16xui8>, %s: tensor<8x1xf32>) -> !onnxir.any {
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, block_size = 32 : i64}
      : (tensor<?x?x32xf32>, tensor<8x1x16xui8>, tensor<8x1xf32>) -> !onnxir.any
  return %0 : !onnxir.any
}

// CHECK-LABEL: func.func @gather_block_quantized
// CHECK-SAME:  -> tensor<?x?x32xf32>
func.func @gather_block_quantized(%w: tensor<100x16xui8>, %i: tensor<?x?xi64>, %s: tensor<100x2xf32>) -> !onnxir.any {
  %0 = onnxir.node "GatherBlockQuantized" domain "com.microsoft"(%w, %i, %s) {block_size = 16 : i64}
      : (tensor<100x16xui8>, tensor<?x?xi64>, tensor<100x2xf32>) -> !onnxir.any
  return %0 : !onnxir.any
}

// CHECK-LABEL: func.func @einsum
// CHECK-SAME:  -> tensor<2x?x5xf32>
func.func @einsum(%x: tensor<2x?x4xf32>, %y: tensor<4x5xf32>) -> !onnxir.any {
  %0 = onnxir.node "Einsum"(%x, %y) {equation = "...ij,jk"} : (tensor<2x?x4xf32>, tensor<4x5xf32>) -> !onnxir.any
  return %0 : !onnxir.any
}
