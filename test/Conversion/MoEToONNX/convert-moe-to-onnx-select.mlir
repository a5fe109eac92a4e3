// RUN: moe-opt %s --convert-moe-to-onnx 2>/dev/null | FileCheck %s

// Experts of the sources are gathered; of separate ones, the others are left out.
module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
  // CHECK-LABEL: func.func @select(
  // CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x8xf32>, %[[L:[a-z0-9]*]]: tensor<?x2xf32>, %[[U:[a-z0-9]*]]: tensor<5x6x8xf32>, %[[A:[a-z0-9]*]]: tensor<8x6xf32>, %[[B:[a-z0-9]*]]: tensor<8x6xf32>
  // CHECK-DAG: %[[EXPERTS:.*]] = onnxir.node "Constant"{{.*}}dense<[4, 1]> : tensor<2xi64>
  // CHECK-DAG: %[[UP:.*]] = onnxir.node "Gather"(%[[U]], %{{.*}}) {axis = 0 : i64}
  // CHECK-DAG: %[[B1:.*]] = onnxir.node "Unsqueeze"(%[[B]],
  // CHECK-DAG: %[[A1:.*]] = onnxir.node "Unsqueeze"(%[[A]],
  // CHECK: %[[DOWN:.*]] = onnxir.node "Concat"(%[[B1]], %[[A1]])
  // CHECK: onnxir.node "MoE" domain "com.microsoft"(%[[X]], %[[L]], %[[UP]], none, %[[DOWN]])
  func.func @select(%x: tensor<?x8xf32>, %l: tensor<?x2xf32>, %u: tensor<5x6x8xf32>,
                    %a: tensor<8x6xf32>, %b: tensor<8x6xf32>) -> tensor<?x8xf32> {
    %w, %ids = moe.gate %l score<identity> select<top_k, k = 1, tie = higher>
        normalize<softmax>
        : tensor<?x2xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
    %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<2>
    %up = moe.weights %u experts[4, 1] : tensor<5x6x8xf32> -> !moe.weights<2x6x8, f32>
    %down = moe.weights %a, %b experts[1, 0]
        : tensor<8x6xf32>, tensor<8x6xf32> -> !moe.weights<2x8x6, f32>
    %e = moe.ffn_experts up(%up : !moe.weights<2x6x8, f32>)
        down(%down : !moe.weights<2x8x6, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
        : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<?x8xf32>
    return %y : tensor<?x8xf32>
  }
}
