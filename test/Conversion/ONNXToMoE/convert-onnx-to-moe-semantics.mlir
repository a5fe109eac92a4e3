// RUN: moe-opt %s --convert-onnx-to-moe=semantics=schema | FileCheck %s --check-prefixes=CHECK,SCHEMA
// RUN: moe-opt %s --convert-onnx-to-moe | FileCheck %s --check-prefixes=CHECK,CPU
// RUN: moe-opt %s --convert-onnx-to-moe=semantics=ort-cuda | FileCheck %s --check-prefixes=CHECK,CUDA
// RUN: moe-opt %s --convert-onnx-to-moe -o /dev/null 2>&1 | FileCheck %s --check-prefix=CPU-REMARK
// RUN: moe-opt %s --convert-onnx-to-moe=semantics=ort-cuda -o /dev/null 2>&1 | FileCheck %s --check-prefix=CUDA-REMARK

// CHECK-LABEL: func.func @ties
// SCHEMA: score<softmax> select<top_k, k = 2> :
// CPU: score<softmax> select<top_k, k = 2, tie = higher> :
// CUDA: score<softmax> select<top_k, k = 2> :
func.func @ties(%x: tensor<?x16xf32>, %l: tensor<?x8xf32>, %w1: tensor<8x24x16xf32>, %w2: tensor<8x16x24xf32>) -> tensor<?x16xf32> {
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {k = 2 : i64} name "ties"
      : (tensor<?x16xf32>, tensor<?x8xf32>, tensor<8x24x16xf32>, tensor<8x16x24xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// CHECK-LABEL: func.func @sparse_mixer
// SCHEMA: score<identity> select<sparse_mixer, k = 2, jitter = 0.01> :
// CPU: score<softmax> select<top_k, k = 2, tie = higher> :
// CUDA: score<identity> select<sparse_mixer, k = 2, jitter = 0.01> :
// CPU-REMARK: remark: mixer: MoE: ort-cpu semantics: use_sparse_mixer is ignored; schema and ort-cuda choose by the sparse mixer
// CUDA-REMARK: remark: mixer: MoE: the sparse mixer chooses and weighs experts; ort-cpu semantics would ignore use_sparse_mixer
func.func @sparse_mixer(%x: tensor<?x16xf32>, %l: tensor<?x8xf32>, %w1: tensor<8x24x16xf32>, %w2: tensor<8x16x24xf32>) -> tensor<?x16xf32> {
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {k = 2 : i64, use_sparse_mixer = 1 : i64} name "mixer"
      : (tensor<?x16xf32>, tensor<?x8xf32>, tensor<8x24x16xf32>, tensor<8x16x24xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// CHECK-LABEL: func.func @quantized
// SCHEMA: score<softmax> select<top_k, k = 2> :
// CPU: score<identity> select<top_k, k = 2, tie = higher> normalize<softmax> :
// CUDA: score<softmax> select<top_k, k = 2> :
// CPU-REMARK: remark: q: QMoE: ort-cpu semantics: the chosen weights are renormalised though normalize_routing_weights is 0; schema and ort-cuda keep them
func.func @quantized(%x: tensor<?x16xf32>, %l: tensor<?x8xf32>, %w1: tensor<8x24x8xui8>, %s1: tensor<8x24xf32>, %w2: tensor<8x16x12xui8>, %s2: tensor<8x16xf32>) -> tensor<?x16xf32> {
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {k = 2 : i64} name "q"
      : (tensor<?x16xf32>, tensor<?x8xf32>, tensor<8x24x8xui8>, tensor<8x24xf32>, tensor<8x16x12xui8>, tensor<8x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// CHECK-LABEL: func.func @router_weights
// SCHEMA: values(%{{.*}}) score<identity> select<top_k, k = 2> :
// CPU: values(%{{.*}}) score<identity> select<top_k, k = 2, tie = higher> drop_below(1.0e-08) :
// CUDA: moe.gate %{{[a-z0-9]*}} score<softmax> select<top_k, k = 2> :
// CPU-REMARK: remark: rw: QMoE: ort-cpu semantics: experts with router_weights of 1e-8 or less are dropped; schema keeps them
// CUDA-REMARK: remark: rw: QMoE: ort-cuda semantics: router_weights are ignored; schema and ort-cpu weigh experts by them
func.func @router_weights(%x: tensor<?x16xf32>, %l: tensor<?x8xf32>, %w1: tensor<8x24x8xui8>, %s1: tensor<8x24xf32>, %w2: tensor<8x16x12xui8>, %s2: tensor<8x16xf32>, %rw: tensor<?x8xf32>) -> tensor<?x16xf32> {
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2, none, none, none, none, none, none, none, %rw) {k = 2 : i64} name "rw"
      : (tensor<?x16xf32>, tensor<?x8xf32>, tensor<8x24x8xui8>, tensor<8x24xf32>, tensor<8x16x12xui8>, tensor<8x16xf32>, tensor<?x8xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
