// Routers that give a gate for each expert, as gates.
// RUN: moe-opt %s --test-moe-match-routing --canonicalize --split-input-file | FileCheck %s --implicit-check-not=onnxir.node

// CHECK-LABEL: func.func @scattered
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x8xf32>
func.func @scattered(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %w, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %shape = onnxir.node "Shape"(%p) : (tensor<?x8xf32>) -> tensor<2xi64>
  %zeros = onnxir.node "ConstantOfShape"(%shape) : (tensor<2xi64>) -> tensor<?x8xf32>
  %g = onnxir.node "ScatterElements"(%zeros, %i, %w) {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x2xi64>, tensor<?x2xf32>) -> tensor<?x8xf32>
  %s = onnxir.node "ReduceSum"(%w, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %n = onnxir.node "Div"(%g, %s) : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// -----

// A softmax of logits scattered into −∞ is one of the picks.
// CHECK-LABEL: func.func @scattered_logits
// CHECK: moe.gate %{{.*}} score<identity> select<top_k, k = 2> normalize<softmax> : tensor<?x8xf32>
func.func @scattered_logits(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %lowest = arith.constant dense<0xFF800000> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %shape = onnxir.node "Shape"(%l) : (tensor<?x8xf32>) -> tensor<2xi64>
  %fill = onnxir.node "Expand"(%lowest, %shape) : (tensor<f32>, tensor<2xi64>) -> tensor<?x8xf32>
  %g = onnxir.node "ScatterElements"(%fill, %i, %v) {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x2xi64>, tensor<?x2xf32>) -> tensor<?x8xf32>
  %n = onnxir.node "Softmax"(%g) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// -----

// Llama 4: sigmoids of the logits that were chosen are what the gate is given.
// CHECK-LABEL: func.func @scattered_sigmoid
// CHECK-SAME: %[[L:.*]]: tensor<4x8xf32>
// CHECK: onnxir.node "TopK"(%[[L]]
// CHECK: onnxir.node "ScatterElements"
// CHECK: %[[G:.*]] = onnxir.node "Sigmoid"
// CHECK: moe.gate %[[L]] values(%[[G]] : tensor<4x8xf32>) score<identity> select<top_k, k = 2> : tensor<4x8xf32>
func.func @scattered_sigmoid(%l: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %lowest = arith.constant dense<0xFF800000> : tensor<4x8xf32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  %s = onnxir.node "ScatterElements"(%lowest, %i, %v) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<4x2xi64>, tensor<4x2xf32>) -> tensor<4x8xf32>
  %g = onnxir.node "Sigmoid"(%s) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @one_hot_sum
// CHECK: moe.gate %{{.*}} score<sigmoid> select<top_k, k = 2> : tensor<?x8xf32>
func.func @one_hot_sum(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %last = arith.constant dense<-1> : tensor<1xi64>
  %slots = arith.constant dense<1> : tensor<1xi64>
  %ids = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi64>
  %p = onnxir.node "Sigmoid"(%l) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %w, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %iu = onnxir.node "Unsqueeze"(%i, %last) : (tensor<?x2xi64>, tensor<1xi64>) -> tensor<?x2x1xi64>
  %wu = onnxir.node "Unsqueeze"(%w, %last) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
  %m = onnxir.node "Equal"(%ids, %iu) : (tensor<8xi64>, tensor<?x2x1xi64>) -> tensor<?x2x8xi1>
  %mf = onnxir.node "Cast"(%m) {to = 1 : i64} : (tensor<?x2x8xi1>) -> tensor<?x2x8xf32>
  %wm = onnxir.node "Mul"(%mf, %wu) : (tensor<?x2x8xf32>, tensor<?x2x1xf32>) -> tensor<?x2x8xf32>
  %g = onnxir.node "ReduceSum"(%wm, %slots) {keepdims = 0 : i64} : (tensor<?x2x8xf32>, tensor<1xi64>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @relu
// CHECK: moe.gate %{{.*}} score<relu> select<threshold, k = 8> : tensor<?x8xf32>
func.func @relu(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %g = onnxir.node "Relu"(%l) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @all
// CHECK: moe.gate %{{.*}} score<softmax, temperature = 0.5> select<all, k = 8> : tensor<?x8xf32>
func.func @all(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %t = arith.constant dense<0.5> : tensor<f32>
  %d = onnxir.node "Div"(%l, %t) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %g = onnxir.node "Softmax"(%d) {axis = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// Not below 0.25 is above the float before 0.25.
// CHECK-LABEL: func.func @threshold
// CHECK: moe.gate %{{.*}} score<sigmoid> select<threshold, k = 8, threshold = 0.24999999> : tensor<?x8xf32>
func.func @threshold(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %t = arith.constant dense<0.25> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Sigmoid"(%l) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = onnxir.node "Less"(%p, %t) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %g = onnxir.node "Where"(%m, %zero, %p) : (tensor<?x8xi1>, tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @top_p
// CHECK: moe.gate %{{.*}} score<softmax> select<top_p, k = 8, p = 0.6> : tensor<?x8xf32>
func.func @top_p(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %k = arith.constant dense<8> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<i64>
  %t = arith.constant dense<0.6> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x8xf32>, tensor<?x8xi64>)
  %c = onnxir.node "CumSum"(%v, %axis) : (tensor<?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  %before = onnxir.node "Sub"(%c, %v) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = onnxir.node "Less"(%before, %t) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %w = onnxir.node "Where"(%m, %v, %zero) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %shape = onnxir.node "Shape"(%p) : (tensor<?x8xf32>) -> tensor<2xi64>
  %zeros = onnxir.node "Expand"(%zero, %shape) : (tensor<f32>, tensor<2xi64>) -> tensor<?x8xf32>
  %g = onnxir.node "ScatterElements"(%zeros, %i, %w) {axis = -1 : i64} : (tensor<?x8xf32>, tensor<?x8xi64>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

// Hash layers: ids from a table, where negative rows count from the end, and
// weights of 1.
// CHECK-LABEL: func.func @hash
// CHECK-SAME: %[[TABLE:[^:]*]]: tensor<96xi64>, %[[TOKENS:[^:]*]]: tensor<?xi64>
// CHECK: %[[NEGATIVE:.*]] = arith.cmpi slt, %[[TOKENS]]
// CHECK: %[[SUM:.*]] = arith.addi %[[TOKENS]]
// CHECK: %[[ROWS:.*]] = arith.select %[[NEGATIVE]], %[[SUM]], %[[TOKENS]]
// CHECK: tensor.expand_shape %[[TABLE]] {{\[\[}}0, 1]]
// CHECK: %[[ONES:.*]] = tensor.splat
// CHECK: moe.gate %[[ONES]] ids(%{{.*}} : tensor<?xi32>) table(%{{.*}} : tensor<96x1xi32>) score<identity> select<table, k = 1> : tensor<?x4xf32>
func.func @hash(%table: tensor<96xi64>, %tokens: tensor<?xi64>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %ids = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi64>
  %u = onnxir.node "Unsqueeze"(%tokens, %last) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %i = onnxir.node "GatherND"(%table, %u) : (tensor<96xi64>, tensor<?x1xi64>) -> tensor<?xi64>
  %iu = onnxir.node "Unsqueeze"(%i, %last) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %m = onnxir.node "Equal"(%iu, %ids) : (tensor<?x1xi64>, tensor<4xi64>) -> tensor<?x4xi1>
  %g = onnxir.node "Cast"(%m) {to = 1 : i64} : (tensor<?x4xi1>) -> tensor<?x4xf32>
  return %g : tensor<?x4xf32>
}
