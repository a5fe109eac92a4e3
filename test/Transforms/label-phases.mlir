// RUN: moe-opt %s --moe-label-phases --mlir-print-debuginfo --mlir-print-local-scope \
// RUN:   | FileCheck %s

// The layer has the name of its first operation, whichever names the others
// have; a second gate begins another layer.
// CHECK-LABEL: func.func @f(
func.func @f(%logits: tensor<?x8xf32>, %x: tensor<?x64xf32>)
    -> (tensor<?x64xf32>, !moe.plan<8>) {
  // CHECK: moe.gate {{.*}} loc(fused<{moe.kind = "moe.gate", moe.node = "mlp"}>["mlp"])
  %weights, %ids = moe.gate %logits score<softmax> select<top_k, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32> loc("mlp")
  // CHECK: moe.plan {{.*}} loc(fused<{moe.kind = "moe.plan", moe.node = "mlp"}>["sort"])
  %plan = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8> loc("sort")
  // CHECK: moe.dispatch {{.*}} loc(fused<{moe.kind = "moe.dispatch", moe.node = "mlp"}>
  %rows = moe.dispatch %x, %plan : tensor<?x64xf32>, !moe.plan<8> -> tensor<?x64xf32>
  // CHECK: moe.combine {{.*}} loc(fused<{moe.kind = "moe.combine", moe.node = "mlp"}>
  %y = moe.combine %rows, %plan, %weights
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  // CHECK: arith.addf {{.*}} loc(fused<{moe.kind = "arith.addf", moe.node = "residual"}>["residual"])
  %z = arith.addf %x, %y : tensor<?x64xf32> loc("residual")
  // CHECK: onnxir.node {{.*}} loc(fused<{moe.kind = "Relu", moe.node = "act"}>
  %r = onnxir.node "Relu"(%z) name "act" outputs ["r"]
      : (tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: moe.gate {{.*}} loc(fused<{moe.kind = "moe.gate", moe.node = "layer 0"}>
  %weights1, %ids1 = moe.gate %logits score<softmax> select<top_k, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  // CHECK: moe.plan {{.*}} loc(fused<{moe.kind = "moe.plan", moe.node = "layer 0"}>
  %plan1 = moe.plan %ids1 : tensor<?x2xi32> -> !moe.plan<8>
  return %r, %plan1 : tensor<?x64xf32>, !moe.plan<8>
}

// Functions that are part of another stay as they are.
// CHECK-LABEL: func.func private @part(
// CHECK-NOT: moe.kind
func.func private @part(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = arith.addf %x, %x : tensor<4xf32> loc("part")
  return %0 : tensor<4xf32>
}

// A second run only corrects the phases of layers.
// CHECK-LABEL: func.func @again(
func.func @again(%logits: tensor<?x8xf32>, %x: tensor<?x64xf32>) -> (tensor<?x2xi32>, tensor<?x64xf32>) {
  // CHECK: moe.gate {{.*}} loc(fused<{moe.kind = "moe.gate", moe.node = "layer 7"}>
  %weights, %ids = moe.gate %logits score<softmax> select<top_k, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32> loc(#combine)
  // CHECK: arith.addf {{.*}} loc(fused<{moe.kind = "Add", moe.node = "residual"}>["residual"])
  %0 = arith.addf %x, %x : tensor<?x64xf32> loc(#add)
  return %ids, %0 : tensor<?x2xi32>, tensor<?x64xf32>
}
#combine = loc(fused<{moe.kind = "moe.combine", moe.node = "layer 7"}>[unknown])
#add = loc(fused<{moe.kind = "Add", moe.node = "residual"}>["residual"])
