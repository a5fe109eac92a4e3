// RUN: moe-opt %s --convert-moe-to-onnx --split-input-file 2>/dev/null | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-onnx=export-target=standard --split-input-file 2>&1 | FileCheck %s --check-prefix=STANDARD --implicit-check-not=moe. --implicit-check-not=remark

// Tokens of two dimensions that were flattened for the layer; relu; biases.
// CHECK: onnxir.opsets = {ai.onnx = 18 : i64, com.microsoft = 1 : i64}
// STANDARD: onnxir.opsets = {ai.onnx = 18 : i64, moe_mlir = 1 : i64}
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  // CHECK-LABEL: func.func @relu(
  // CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x?x8xf32>, %[[L:[a-z0-9]*]]: tensor<?x4xf32>, %[[W1:[a-z0-9]*]]: tensor<4x6x8xf32>, %[[B1:[a-z0-9]*]]: tensor<4x6xf32>, %[[W2:[a-z0-9]*]]: tensor<4x8x6xf32>
  // CHECK-NEXT: %[[Y:.*]] = onnxir.node "MoE" domain "com.microsoft"(%[[X]], %[[L]], %[[W1]], %[[B1]], %[[W2]])
  // CHECK-SAME: {activation_type = "relu", k = 2 : i64, normalize_routing_weights = 1 : i64}
  // CHECK-SAME: -> tensor<?x?x8xf32>
  // CHECK-NEXT: return %[[Y]]
  // STANDARD-LABEL: func.func @relu(
  // STANDARD: %[[T:.*]] = onnxir.node "Reshape"(%{{.*}}, %{{.*}}) : (tensor<?x?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  // STANDARD: "Softmax"
  // The higher expert of equals is the lower one of a reversed row.
  // STANDARD: "Slice"
  // STANDARD: "TopK"
  // STANDARD: "Sub"
  // STANDARD: "GatherElements"
  // STANDARD: %[[WEIGHTS:.*]] = onnxir.node "Div"
  // STANDARD: %[[IDS:.*]] = onnxir.node "Cast"
  // The layer is a function of the model.
  // STANDARD-NEXT: %[[Y:.*]] = onnxir.node "MoELayer" domain "moe_mlir"(%[[T]], %[[IDS]], %[[WEIGHTS]], %{{.*}}, %{{.*}}, %{{.*}}) : {{.*}} -> tensor<?x8xf32>
  // STANDARD: %[[R:.*]] = onnxir.node "Reshape"(%[[Y]], {{.*}}) {allowzero = 1 : i64} : {{.*}} -> tensor<?x?x8xf32>
  // STANDARD-NEXT: return %[[R]]
  // STANDARD: onnxir.function "MoELayer" domain "moe_mlir"(%[[X:.*]]: !onnxir.any, %[[IDS:.*]]: !onnxir.any, %[[W:.*]]: !onnxir.any, %[[UP:.*]]: !onnxir.any, %[[BIAS:.*]]: !onnxir.any, %[[DOWN:.*]]: !onnxir.any) opsets {ai.onnx = 18 : i64} {
  // STANDARD: %[[HIT:.*]] = onnxir.node "Equal"(%[[IDS]], %{{.*}})
  // STANDARD: %[[SLOTS:.*]] = onnxir.node "NonZero"(%[[HIT]])
  // STANDARD: %[[PAIRS:.*]] = onnxir.node "Transpose"(%[[SLOTS]])
  // STANDARD: %[[OWN:.*]] = onnxir.node "GatherND"(%[[W]], %[[PAIRS]])
  // STANDARD: %[[TOKENS:.*]] = onnxir.node "Gather"(%[[SLOTS]], %{{.*}}) {axis = 0 : i64}
  // STANDARD: %[[ROWS:.*]] = onnxir.node "Gather"(%[[X]], %[[TOKENS]]) {axis = 0 : i64}
  // STANDARD: "Slice"(%[[UP]],
  // STANDARD: "MatMul"
  // STANDARD: "Slice"(%[[BIAS]],
  // STANDARD: "Relu"
  // STANDARD: "Slice"(%[[DOWN]],
  // STANDARD: "MatMul"
  // STANDARD: "ScatterND"(%{{.*}}, %{{.*}}, %{{.*}}) {reduction = "add"}
  // STANDARD: "ScatterND"
  // STANDARD: "ScatterND"
  // STANDARD: %[[SUM4:.*]] = onnxir.node "ScatterND"
  // STANDARD-NEXT: onnxir.yield %[[SUM4]]
  func.func @relu(%x: tensor<?x?x8xf32>, %logits: tensor<?x4xf32>, %w1: tensor<4x6x8xf32>, %b1: tensor<4x6xf32>, %w2: tensor<4x8x6xf32>) -> tensor<?x?x8xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %t = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
    %rows0 = tensor.dim %logits, %c0 : tensor<?x4xf32>
    %rows1 = tensor.dim %t, %c0 : tensor<?x8xf32>
    %same = arith.cmpi eq, %rows0, %rows1 : index
    cf.assert %same, "the router has other rows than the input"
    %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2, tie = higher> normalize<sum> : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
    %r = moe.dispatch %t, %p : tensor<?x8xf32>, !moe.plan<4> -> tensor<?x8xf32>
    %u = moe.weights %w1 : tensor<4x6x8xf32> -> !moe.weights<4x6x8, f32>
    %ub = moe.weights %b1 : tensor<4x6xf32> -> !moe.weights<4x6, f32>
    %d = moe.weights %w2 : tensor<4x8x6xf32> -> !moe.weights<4x8x6, f32>
    %e = moe.ffn_experts up(%u bias %ub : !moe.weights<4x6x8, f32>, !moe.weights<4x6, f32>) down(%d : !moe.weights<4x8x6, f32>) activation<relu> : !moe.experts<4, 8 -> 8>
    %o = moe.experts %r, %p, (%e) : tensor<?x8xf32>, !moe.plan<4>, !moe.experts<4, 8 -> 8> -> tensor<?x8xf32>
    %y = moe.combine %o, %p, %w : tensor<?x8xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x8xf32>
    %b = tensor.dim %x, %c0 : tensor<?x?x8xf32>
    %s = tensor.dim %x, %c1 : tensor<?x?x8xf32>
    %z = tensor.expand_shape %y [[0, 1], [2]] output_shape [%b, %s, 8] : tensor<?x8xf32> into tensor<?x?x8xf32>
    return %z : tensor<?x?x8xf32>
  }
}

// -----

// Gate and up in the rows of one matrix, with the parameters of gpt-oss; the
// fused form of the layer.
// CHECK-LABEL: func.func @alternating(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<5x8xf32>, %[[L:[a-z0-9]*]]: tensor<5x4xf32>, %[[W1:[a-z0-9]*]]: tensor<4x12x8xf32>
// CHECK-NEXT: "MoE" domain "com.microsoft"(%[[X]], %[[L]], %[[W1]], none, %{{[a-z0-9]*}})
// CHECK-SAME: {activation_alpha = 1.702000e+00 : f32, activation_beta = 1.000000e+00 : f32, activation_type = "swiglu", k = 1 : i64, normalize_routing_weights = 1 : i64, swiglu_fusion = 1 : i64, swiglu_limit = 7.000000e+00 : f32}
// STANDARD-LABEL: func.func @alternating(
// STANDARD: "Min"
// STANDARD: "Sigmoid"
func.func @alternating(%x: tensor<5x8xf32>, %logits: tensor<5x4xf32>, %w1: tensor<4x12x8xf32>, %w2: tensor<4x8x6xf32>) -> tensor<5x8xf32> {
  %w, %ids = moe.gate %logits score<identity> select<top_k, k = 1, tie = higher> normalize<softmax> : tensor<5x4xf32> -> tensor<5x1xf32>, tensor<5x1xi32>
  %p = moe.plan %ids : tensor<5x1xi32> -> !moe.plan<4>
  %g = moe.weights %w1 layout<step = 2> : tensor<4x12x8xf32> -> !moe.weights<4x6x8, f32>
  %u = moe.weights %w1 layout<offset = 1, step = 2> : tensor<4x12x8xf32> -> !moe.weights<4x6x8, f32>
  %d = moe.weights %w2 : tensor<4x8x6xf32> -> !moe.weights<4x8x6, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<4x6x8, f32>) gate(%g : !moe.weights<4x6x8, f32>) down(%d : !moe.weights<4x8x6, f32>) activation<silu, alpha = 1.702, beta = 1.0, limit = 7.0> : !moe.experts<4, 8 -> 8>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<5x1xf32>) : tensor<5x8xf32>, !moe.plan<4>, !moe.experts<4, 8 -> 8> -> tensor<5x8xf32>
  return %y : tensor<5x8xf32>
}

// -----

// Separate matrices of separate experts, transposed: put in order by nodes.
// CHECK-LABEL: func.func @separate(
// CHECK-SAME: %{{[a-z0-9]*}}: tensor<?x8xf32>, %{{[a-z0-9]*}}: tensor<?x2xf32>, %[[G0:[a-z0-9]*]]: tensor<8x6xf32>, %[[G1:[a-z0-9]*]]: tensor<8x6xf32>
// CHECK: %[[A:.*]] = onnxir.node "Unsqueeze"(%[[G0]]
// CHECK: %[[B:.*]] = onnxir.node "Unsqueeze"(%[[G1]]
// CHECK: %[[C:.*]] = onnxir.node "Concat"(%[[A]], %[[B]]) {axis = 0 : i64}
// CHECK: %[[G:.*]] = onnxir.node "Transpose"(%[[C]]) {perm = array<i64: 0, 2, 1>}
// CHECK: %[[U:.*]] = onnxir.node "Slice"
// CHECK: %[[GI:.*]] = onnxir.node "Unsqueeze"(%[[G]]
// CHECK: %[[UI:.*]] = onnxir.node "Unsqueeze"(%[[U]]
// CHECK: %[[I:.*]] = onnxir.node "Concat"(%[[GI]], %[[UI]]) {axis = 2 : i64}
// CHECK: %[[S:.*]] = onnxir.node "Constant"() {value = dense<[2, 12, -1]>
// CHECK: %[[F:.*]] = onnxir.node "Reshape"(%[[I]], %[[S]])
// CHECK: %[[Z:.*]] = onnxir.node "Constant"() {value = dense<0.000000e+00> : tensor<2x6xf32>}
// CHECK: "MoE" domain "com.microsoft"(%{{[a-z0-9]*}}, %{{[a-z0-9]*}}, %[[F]], %{{[a-z0-9]*}}, %{{[a-z0-9]*}})
func.func @separate(%x: tensor<?x8xf32>, %logits: tensor<?x2xf32>, %g0: tensor<8x6xf32>, %g1: tensor<8x6xf32>, %up: tensor<2x9x8xf32>, %b: tensor<2x6xf16>, %w2: tensor<2x8x6xf32>) -> tensor<?x8xf32> {
  %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 1, tie = higher> : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
  %g = moe.weights %g0, %g1 layout<transposed = true> : tensor<8x6xf32>, tensor<8x6xf32> -> !moe.weights<2x6x8, f32>
  %u = moe.weights %up layout<offset = 3> : tensor<2x9x8xf32> -> !moe.weights<2x6x8, f32>
  %ub = moe.weights %b : tensor<2x6xf16> -> !moe.weights<2x6, f16>
  %d = moe.weights %w2 : tensor<2x8x6xf32> -> !moe.weights<2x8x6, f32>
  %e = moe.ffn_experts up(%u bias %ub : !moe.weights<2x6x8, f32>, !moe.weights<2x6, f16>) gate(%g : !moe.weights<2x6x8, f32>) down(%d : !moe.weights<2x8x6, f32>) activation<silu> : !moe.experts<2, 8 -> 8>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>) : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// QMoE with blocks and weights of the choice of its own.
// CHECK-LABEL: func.func @quantised(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x32xf32>, %[[L:[a-z0-9]*]]: tensor<?x4xf32>, %[[V:[a-z0-9]*]]: tensor<?x4xf32>, %[[W1:[a-z0-9]*]]: tensor<4x32x16xui8>, %[[S1:[a-z0-9]*]]: tensor<4x32x2xf32>, %[[Z1:[a-z0-9]*]]: tensor<4x32x1xui8>, %[[W2:[a-z0-9]*]]: tensor<4x32x16xui8>, %[[S2:[a-z0-9]*]]: tensor<4x32x2xf32>
// CHECK-NEXT: "QMoE" domain "com.microsoft"(%[[X]], %[[L]], %[[W1]], %[[S1]], none, %[[W2]], %[[S2]], none, none, none, none, %[[Z1]], none, none, %[[V]])
// CHECK-SAME: {activation_type = "silu", block_size = 16 : i64, expert_weight_bits = 4 : i64, k = 2 : i64, normalize_routing_weights = 1 : i64}
// STANDARD-LABEL: func.func @quantised(
// STANDARD: "LessOrEqual"
// STANDARD: "Mod"
func.func @quantised(%x: tensor<?x32xf32>, %logits: tensor<?x4xf32>, %v: tensor<?x4xf32>, %w1: tensor<4x32x16xui8>, %s1: tensor<4x32x2xf32>, %z1: tensor<4x32x1xui8>, %w2: tensor<4x32x16xui8>, %s2: tensor<4x32x2xf32>) -> tensor<?x32xf32> {
  %w, %ids = moe.gate %logits values(%v : tensor<?x4xf32>) score<identity> select<top_k, k = 2, tie = higher> normalize<sum> drop_below(1.0e-08) : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %u = moe.weights %w1 scales(%s1 : tensor<4x32x2xf32>) zeros(%z1 : tensor<4x32x1xui8>) block(16) : tensor<4x32x16xui8> -> !moe.weights<4x32x32, ui4>
  %d = moe.weights %w2 scales(%s2 : tensor<4x32x2xf32>) block(16) zero_point(8) : tensor<4x32x16xui8> -> !moe.weights<4x32x32, ui4>
  %e = moe.ffn_experts up(%u : !moe.weights<4x32x32, ui4>) down(%d : !moe.weights<4x32x32, ui4>) activation<silu> : !moe.experts<4, 32 -> 32>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>) : tensor<?x32xf32>, !moe.plan<4>, !moe.experts<4, 32 -> 32> -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// -----

// Places are counted slot by slot, tokens in order.
// CHECK-LABEL: func.func @capacity(
// CHECK: %[[ORDER:.*]] = onnxir.node "Reshape"
// CHECK: %[[COLUMN:.*]] = onnxir.node "Unsqueeze"(%[[ORDER]],
// CHECK: "Equal"(%[[COLUMN]],
// CHECK: "CumSum"(%{{.*}}, %{{.*}}) {exclusive = 1 : i64}
// CHECK: "Less"
// STANDARD-LABEL: func.func @capacity(
func.func @capacity(%l: tensor<?x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %w, %ids = moe.gate %l score<softmax> select<top_k, k = 2> capacity<factor = 1.25> : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %w, %ids : tensor<?x2xf32>, tensor<?x2xi32>
}

// -----

// Experts choose two tokens each; with fewer tokens the last slots hold −1.
// Two layers of the same nodes are one function.
// STANDARD-LABEL: func.func @expert_choice(
// STANDARD: "Min"
// STANDARD: "TopK"
// STANDARD: "Pad"
// STANDARD: %[[Y:.*]] = onnxir.node "MoELayer" domain "moe_mlir"
// STANDARD: %[[Z:.*]] = onnxir.node "MoELayer" domain "moe_mlir"(%[[Y]],
// STANDARD: return %[[Z]]
// STANDARD: onnxir.function "MoELayer"
// STANDARD: "GreaterOrEqual"
// STANDARD: "NonZero"
// STANDARD-NOT: onnxir.function
func.func @expert_choice(%x: tensor<?x8xf32>, %l: tensor<?x4xf32>, %w1: tensor<4x6x8xf32>, %w2: tensor<4x8x6xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %t = tensor.dim %x, %c0 : tensor<?x8xf32>
  %w, %ids = moe.gate %l score<softmax> select<expert_choice, k = 2> : tensor<?x4xf32> -> tensor<4x2xf32>, tensor<4x2xi32>
  %p = moe.plan %ids tokens(%t) : tensor<4x2xi32> -> !moe.plan<4, expert_choice>
  %u = moe.weights %w1 : tensor<4x6x8xf32> -> !moe.weights<4x6x8, f32>
  %d = moe.weights %w2 : tensor<4x8x6xf32> -> !moe.weights<4x8x6, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<4x6x8, f32>) down(%d : !moe.weights<4x8x6, f32>) activation<relu> : !moe.experts<4, 8 -> 8>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x2xf32>) : tensor<?x8xf32>, !moe.plan<4, expert_choice>, !moe.experts<4, 8 -> 8> -> tensor<?x8xf32>
  %z = moe.experts %y, %p, (%e) gather combine(%w : tensor<4x2xf32>) : tensor<?x8xf32>, !moe.plan<4, expert_choice>, !moe.experts<4, 8 -> 8> -> tensor<?x8xf32>
  return %z : tensor<?x8xf32>
}
