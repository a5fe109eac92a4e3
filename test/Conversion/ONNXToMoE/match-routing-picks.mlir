// What may stand between the greatest scores and the weights.
// RUN: moe-opt %s --test-moe-match-routing --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @divided
// CHECK-NOT: onnxir.node
// CHECK: moe.gate %{{.*}} select<top_k, k = 2> scale(0.333333{{[0-9]*}}) : tensor<?x8xf32>
func.func @divided(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %c = arith.constant dense<3.0> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %m = onnxir.node "Div"(%v, %c) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %i, %m : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// A product with the reciprocal of the sum.
// CHECK-LABEL: func.func @reciprocal
// CHECK-NOT: onnxir.node
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum>
func.func @reciprocal(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s = onnxir.node "ReduceSum"(%v, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %r = onnxir.node "Reciprocal"(%s) : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %m = onnxir.node "Mul"(%r, %v) : (tensor<?x1xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %i, %m : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// The head of a full sort.
// CHECK-LABEL: func.func @sorted
// CHECK-NOT: onnxir.node
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2>
func.func @sorted(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<8> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x8xf32>, tensor<?x8xi64>)
  %w = onnxir.node "Slice"(%v, %zero, %two, %axis) : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2xf32>
  %j = onnxir.node "Slice"(%i, %zero, %two, %axis) : (tensor<?x8xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2xi64>
  return %j, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// Not the head: picks without a gate.
// CHECK-LABEL: func.func @tail
// CHECK-NOT: moe.gate
func.func @tail(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<8> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %three = arith.constant dense<3> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x8xf32>, tensor<?x8xi64>)
  %w = onnxir.node "Slice"(%v, %one, %three, %one) : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2xf32>
  %j = onnxir.node "Slice"(%i, %one, %three, %one) : (tensor<?x8xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2xi64>
  return %j, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// A function of the greatest logits is one of all of them, read at the choice.
// CHECK-LABEL: func.func @function_of_picks
// CHECK-SAME: %[[L:[^:]*]]: tensor<?x8xf32>
// CHECK: %[[S:.*]] = onnxir.node "Sigmoid"(%[[L]])
// CHECK: moe.gate %[[L]] values(%[[S]] : tensor<?x8xf32>) score<identity> select<top_k, k = 2>
func.func @function_of_picks(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %w = onnxir.node "Sigmoid"(%v) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}
