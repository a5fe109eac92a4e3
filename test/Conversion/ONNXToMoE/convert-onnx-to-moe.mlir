// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Only the run knows whether the router has as many rows as there are tokens.
// CHECK-LABEL: func.func @silu
// CHECK-SAME: (%[[X:.*]]: tensor<?x16xf32>, %[[L:.*]]: tensor<?x6xf32>)
func.func @silu(%x: tensor<?x16xf32>, %logits: tensor<?x6xf32>) -> tensor<?x16xf32> {
  // CHECK-DAG: %[[W1:.*]] = onnxir.get_weight @fc1
  // CHECK-DAG: %[[W2:.*]] = onnxir.get_weight @fc2
  %fc1 = onnxir.get_weight @fc1 : tensor<6x24x16xf32>
  %fc2 = onnxir.get_weight @fc2 : tensor<6x16x24xf32>
  // CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[L]], %c0
  // CHECK-DAG: %[[TOKENS:.*]] = tensor.dim %[[X]], %c0
  // CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[ROWS]], %[[TOKENS]]
  // CHECK: cf.assert %[[SAME]], "MoE: the router has other rows than the input"
  // CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[L]] score<softmax> select<top_k, k = 3, tie = higher> : tensor<?x6xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  // CHECK: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x3xi32> -> !moe.plan<6>
  // CHECK: %[[R:.*]] = moe.dispatch %[[X]], %[[P]]
  // CHECK: %[[U:.*]] = moe.weights %[[W1]] : tensor<6x24x16xf32> -> !moe.weights<6x24x16, f32>
  // CHECK: %[[D:.*]] = moe.weights %[[W2]] : tensor<6x16x24xf32> -> !moe.weights<6x16x24, f32>
  // CHECK: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<6x24x16, f32>) down(%[[D]] : !moe.weights<6x16x24, f32>) activation<silu> : !moe.experts<6, 16 -> 16>
  // CHECK: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]])
  // CHECK: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x16xf32>, !moe.plan<6>, tensor<?x3xf32> -> tensor<?x16xf32>
  // CHECK: return %[[Y]]
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2) {activation_type = "silu", k = 3 : i64}
      : (tensor<?x16xf32>, tensor<?x6xf32>, tensor<6x24x16xf32>, tensor<6x16x24xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
onnxir.weight @fc1 from "model.onnx"[100, 9216] : tensor<6x24x16xf32>
onnxir.weight @fc2 from "model.onnx"[9316, 9216] : tensor<6x16x24xf32>

// -----

// Without attributes: relu, one expert. Weights are graph inputs here.
// CHECK-LABEL: func.func @defaults
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1, tie = higher>
// CHECK: activation<relu>
func.func @defaults(%x: tensor<?x16xf32>, %logits: tensor<?x4xf32>, %fc1: tensor<4x24x16xf32>, %fc2: tensor<4x16x24xf32>) -> tensor<?x16xf32> {
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2)
      : (tensor<?x16xf32>, tensor<?x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// -----

// Gate and up in alternate rows of fc1; 3-D input; biases; normalisation.
// CHECK-LABEL: func.func @interleaved
// CHECK-SAME: %[[X:.*]]: tensor<?x?x16xf16>, %[[L:.*]]: tensor<?x4xf16>, %[[W1:[^:]*]]: tensor<4x48x16xf16>, %[[B1:[^:]*]]: tensor<4x48xf16>
func.func @interleaved(%x: tensor<?x?x16xf16>, %logits: tensor<?x4xf16>, %fc1: tensor<4x48x16xf16>, %b1: tensor<4x48xf16>, %fc2: tensor<4x16x24xf16>, %b2: tensor<4x16xf16>) -> tensor<?x?x16xf16> {
  // CHECK: %[[T:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]] : tensor<?x?x16xf16> into tensor<?x16xf16>
  // CHECK: moe.gate %[[L]] {{.*}} normalize<sum> : tensor<?x4xf16> -> tensor<?x2xf32>, tensor<?x2xi32>
  // CHECK: moe.weights %[[W1]] layout<offset = 1, step = 2> : tensor<4x48x16xf16> -> !moe.weights<4x24x16, f16>
  // CHECK: moe.weights %[[B1]] layout<offset = 1, step = 2> : tensor<4x48xf16> -> !moe.weights<4x24, f16>
  // CHECK: moe.weights %[[W1]] layout<step = 2> : tensor<4x48x16xf16> -> !moe.weights<4x24x16, f16>
  // CHECK: moe.weights %[[B1]] layout<step = 2> : tensor<4x48xf16> -> !moe.weights<4x24, f16>
  // CHECK: activation<silu, alpha = 1.702, beta = 1, limit = 7>
  // CHECK: %[[Y:.*]] = moe.combine
  // CHECK: tensor.expand_shape %[[Y]] {{\[\[}}0, 1], [2]]
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, %b1, %fc2, %b2)
      {activation_type = "swiglu", swiglu_fusion = 1 : i64, activation_alpha = 1.702 : f32, activation_beta = 1.0 : f32, swiglu_limit = 7.0 : f32, k = 2 : i64, normalize_routing_weights = 1 : i64}
      : (tensor<?x?x16xf16>, tensor<?x4xf16>, tensor<4x48x16xf16>, tensor<4x48xf16>, tensor<4x16x24xf16>, tensor<4x16xf16>) -> tensor<?x?x16xf16>
  return %y : tensor<?x?x16xf16>
}

// -----

// Gate and up in the halves of fc1.
// CHECK-LABEL: func.func @halves
func.func @halves(%x: tensor<5x16xf32>, %logits: tensor<5x4xf32>, %fc1: tensor<4x48x16xf32>, %fc2: tensor<4x16x24xf32>) -> tensor<5x16xf32> {
  // CHECK: %[[U:.*]] = moe.weights %{{.*}} layout<offset = 24>
  // CHECK: %[[G:.*]] = moe.weights %{{[a-z0-9]*}} : tensor<4x48x16xf32>
  // CHECK: moe.ffn_experts up(%[[U]] : {{.*}}) gate(%[[G]] : {{.*}}) down({{.*}}) activation<silu> :
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2) {activation_type = "swiglu", swiglu_fusion = 2 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x48x16xf32>, tensor<4x16x24xf32>) -> tensor<5x16xf32>
  return %y : tensor<5x16xf32>
}

// -----

// fc1 is the gate, fc3 the linear projection.
// CHECK-LABEL: func.func @fc3
// CHECK-SAME: %[[W1:[^:]*]]: tensor<4x24x16xbf16>, %{{[^:]*}}: tensor<4x16x24xbf16>, %[[W3:[^:]*]]: tensor<4x24x16xbf16>, %[[B3:[^:]*]]: tensor<4x24xbf16>
func.func @fc3(%x: tensor<?x16xbf16>, %logits: tensor<?x4xbf16>, %fc1: tensor<4x24x16xbf16>, %fc2: tensor<4x16x24xbf16>, %fc3: tensor<4x24x16xbf16>, %b3: tensor<4x24xbf16>) -> tensor<?x16xbf16> {
  // CHECK: %[[U:.*]] = moe.weights %[[W3]]
  // CHECK: %[[UB:.*]] = moe.weights %[[B3]]
  // CHECK: %[[G:.*]] = moe.weights %[[W1]]
  // CHECK: moe.ffn_experts up(%[[U]] bias %[[UB]] : {{.*}}) gate(%[[G]] : {{.*}}) down({{.*}}) activation<gelu_tanh> :
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2, none, %fc3, %b3) {activation_type = "gelu", k = 4 : i64}
      : (tensor<?x16xbf16>, tensor<?x4xbf16>, tensor<4x24x16xbf16>, tensor<4x16x24xbf16>, tensor<4x24x16xbf16>, tensor<4x24xbf16>) -> tensor<?x16xbf16>
  return %y : tensor<?x16xbf16>
}

// -----

// Old files declare [E, H, I]; the bytes are those of [E, I, H].
// CHECK-LABEL: func.func @old_dimensions
func.func @old_dimensions(%x: tensor<?x16xf32>, %logits: tensor<?x4xf32>, %fc2: tensor<4x24x16xf32>) -> tensor<?x16xf32> {
  // CHECK: %[[W1:.*]] = onnxir.get_weight @fc1_view : tensor<4x24x16xf32>
  // CHECK: %[[C:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1, 2]] : tensor<4x24x16xf32> into tensor<1536xf32>
  // CHECK: %[[W2:.*]] = tensor.expand_shape %[[C]] {{\[\[}}0, 1, 2]] output_shape [4, 16, 24] : tensor<1536xf32> into tensor<4x16x24xf32>
  // CHECK: moe.weights %[[W1]] : tensor<4x24x16xf32>
  // CHECK: moe.weights %[[W2]] : tensor<4x16x24xf32>
  %fc1 = onnxir.get_weight @fc1 : tensor<4x16x24xf32>
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2) {k = 2 : i64}
      : (tensor<?x16xf32>, tensor<?x4xf32>, tensor<4x16x24xf32>, tensor<4x24x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
// CHECK: onnxir.weight @fc1 from "model.onnx"[100, 6144] : tensor<4x16x24xf32>
// CHECK: onnxir.weight @fc1_view from "model.onnx"[100, 6144] : tensor<4x24x16xf32> name "fc1"
onnxir.weight @fc1 from "model.onnx"[100, 6144] : tensor<4x16x24xf32>

// -----

// Known sizes need no check.
// CHECK-LABEL: func.func @known
// CHECK-NOT: cf.assert
func.func @known(%x: tensor<5x16xf32>, %logits: tensor<5x4xf32>, %fc1: tensor<4x24x16xf32>, %fc2: tensor<4x16x24xf32>) -> tensor<5x16xf32> {
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> tensor<5x16xf32>
  return %y : tensor<5x16xf32>
}

// -----

// The weights say how many columns the router has, the result how many tokens there are.
// CHECK-LABEL: func.func @columns
// CHECK: cf.assert %{{.*}}, "MoE: the router's columns are not 4 experts"
// CHECK: tensor.cast %{{.*}} : tensor<?x?xf32> to tensor<?x4xf32>
// CHECK: moe.combine
// CHECK: cf.assert %{{.*}}, "MoE: a size of the result is not as declared"
func.func @columns(%x: tensor<?x16xf32>, %logits: tensor<?x?xf32>, %fc1: tensor<4x24x16xf32>, %fc2: tensor<4x16x24xf32>) -> tensor<5x16xf32> {
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %logits, %fc1, none, %fc2)
      : (tensor<?x16xf32>, tensor<?x?xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> tensor<5x16xf32>
  return %y : tensor<5x16xf32>
}
