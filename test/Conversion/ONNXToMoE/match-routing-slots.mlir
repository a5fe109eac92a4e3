// Slots that hold no expert: ids of −1, and weights of 0, where a condition
// fails.
// RUN: moe-opt %s --test-moe-match-routing --canonicalize --split-input-file | FileCheck %s --implicit-check-not=onnxir.node

// The sum of the scores before, over what is left of which the weights are
// normalised.
// CHECK-LABEL: func.func @top_p
// CHECK: moe.gate %{{.*}} score<softmax> select<top_p, k = 2, p = 0.6> normalize<sum> scale(2)
func.func @top_p(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %none = arith.constant dense<-1> : tensor<i64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %axis = arith.constant dense<1> : tensor<i64>
  %axes = arith.constant dense<1> : tensor<1xi64>
  %bound = arith.constant dense<0.6> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %sum = onnxir.node "CumSum"(%v, %axis) {exclusive = 1 : i64} : (tensor<?x2xf32>, tensor<i64>) -> tensor<?x2xf32>
  %far = onnxir.node "GreaterOrEqual"(%sum, %bound) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xi1>
  %c = onnxir.node "Not"(%far) : (tensor<?x2xi1>) -> tensor<?x2xi1>
  %kept = onnxir.node "Where"(%c, %v, %zero) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %total = onnxir.node "ReduceSum"(%kept, %axes) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %share = onnxir.node "Div"(%kept, %total) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %w = onnxir.node "Mul"(%share, %two) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %ids = onnxir.node "Where"(%c, %i, %none) : (tensor<?x2xi1>, tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi64>
  %weights = onnxir.node "Where"(%c, %w, %zero) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %ids, %weights : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// Scores above a number; weights above another.
// CHECK-LABEL: func.func @threshold
// CHECK: moe.gate %{{.*}} score<softmax> select<threshold, k = 2, threshold = 0.2> normalize<softmax> drop_below(0.01)
func.func @threshold(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %none = arith.constant dense<-1> : tensor<i64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %bound = arith.constant dense<0.2> : tensor<f32>
  %least = arith.constant dense<0.01> : tensor<f32>
  %minus = arith.constant dense<0xFF800000> : tensor<f32>
  %a = onnxir.node "Greater"(%v, %bound) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xi1>
  %kept = onnxir.node "Where"(%a, %v, %minus) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %w = onnxir.node "Softmax"(%kept) {axis = 1 : i64} : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %b = onnxir.node "Greater"(%w, %least) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xi1>
  %c = onnxir.node "And"(%a, %b) : (tensor<?x2xi1>, tensor<?x2xi1>) -> tensor<?x2xi1>
  %ids = onnxir.node "Where"(%c, %i, %none) : (tensor<?x2xi1>, tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi64>
  %weights = onnxir.node "Where"(%c, %w, %zero) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %ids, %weights : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// All tokens' first slots come first: two of each expert have a place.
// CHECK-LABEL: func.func @capacity
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> capacity<count = 2>
func.func @capacity(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %none = arith.constant dense<-1> : tensor<i64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %axis = arith.constant dense<0> : tensor<i64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %flat = arith.constant dense<-1> : tensor<1xi64>
  %apart = arith.constant dense<[2, -1]> : tensor<2xi64>
  %numbers = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi64>
  %limit = arith.constant dense<2> : tensor<i64>
  %bySlot = onnxir.node "Transpose"(%i) {perm = array<i64: 1, 0>} : (tensor<?x2xi64>) -> tensor<2x?xi64>
  %order = onnxir.node "Reshape"(%bySlot, %flat) : (tensor<2x?xi64>, tensor<1xi64>) -> tensor<?xi64>
  %column = onnxir.node "Unsqueeze"(%order, %one) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %equal = onnxir.node "Equal"(%column, %numbers) : (tensor<?x1xi64>, tensor<8xi64>) -> tensor<?x8xi1>
  %hits = onnxir.node "Cast"(%equal) {to = 7 : i64} : (tensor<?x8xi1>) -> tensor<?x8xi64>
  %before = onnxir.node "CumSum"(%hits, %axis) {exclusive = 1 : i64} : (tensor<?x8xi64>, tensor<i64>) -> tensor<?x8xi64>
  %own = onnxir.node "Mul"(%hits, %before) : (tensor<?x8xi64>, tensor<?x8xi64>) -> tensor<?x8xi64>
  %place = onnxir.node "ReduceSum"(%own, %one) {keepdims = 0 : i64} : (tensor<?x8xi64>, tensor<1xi64>) -> tensor<?xi64>
  %less = onnxir.node "Less"(%place, %limit) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %slots = onnxir.node "Reshape"(%less, %apart) : (tensor<?xi1>, tensor<2xi64>) -> tensor<2x?xi1>
  %c = onnxir.node "Transpose"(%slots) {perm = array<i64: 1, 0>} : (tensor<2x?xi1>) -> tensor<?x2xi1>
  %ids = onnxir.node "Where"(%c, %i, %none) : (tensor<?x2xi1>, tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi64>
  %weights = onnxir.node "Where"(%c, %v, %zero) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %ids, %weights : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// Rows of a table that are none, and ids in it that are no experts.
// CHECK-LABEL: func.func @table
// CHECK: moe.gate %{{.*}} ids(%{{.*}} : tensor<?xi32>) table(%{{.*}} : tensor<7x2xi32>) score<sigmoid> select<table, k = 2>
func.func @table(%l: tensor<?x8xf32>, %row: tensor<?xi32>, %table: tensor<7x2xi32>) -> (tensor<?x2xi32>, tensor<?x2xf32>) {
  %one = arith.constant dense<1> : tensor<1xi64>
  %first = arith.constant dense<0> : tensor<i32>
  %rows = arith.constant dense<7> : tensor<i32>
  %experts = arith.constant dense<8> : tensor<i32>
  %none = arith.constant dense<-1> : tensor<i32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Sigmoid"(%l) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = onnxir.node "GreaterOrEqual"(%row, %first) : (tensor<?xi32>, tensor<i32>) -> tensor<?xi1>
  %b = onnxir.node "Less"(%row, %rows) : (tensor<?xi32>, tensor<i32>) -> tensor<?xi1>
  %inside = onnxir.node "And"(%a, %b) : (tensor<?xi1>, tensor<?xi1>) -> tensor<?xi1>
  %safe = onnxir.node "Where"(%inside, %row, %first) : (tensor<?xi1>, tensor<?xi32>, tensor<i32>) -> tensor<?xi32>
  %i = onnxir.node "Gather"(%table, %safe) {axis = 0 : i64} : (tensor<7x2xi32>, tensor<?xi32>) -> tensor<?x2xi32>
  %column = onnxir.node "Unsqueeze"(%inside, %one) : (tensor<?xi1>, tensor<1xi64>) -> tensor<?x1xi1>
  %d = onnxir.node "GreaterOrEqual"(%i, %first) : (tensor<?x2xi32>, tensor<i32>) -> tensor<?x2xi1>
  %e = onnxir.node "Less"(%i, %experts) : (tensor<?x2xi32>, tensor<i32>) -> tensor<?x2xi1>
  %both = onnxir.node "And"(%d, %e) : (tensor<?x2xi1>, tensor<?x2xi1>) -> tensor<?x2xi1>
  %c = onnxir.node "And"(%column, %both) : (tensor<?x1xi1>, tensor<?x2xi1>) -> tensor<?x2xi1>
  %at = onnxir.node "Where"(%c, %i, %first) : (tensor<?x2xi1>, tensor<?x2xi32>, tensor<i32>) -> tensor<?x2xi32>
  %v = onnxir.node "GatherElements"(%p, %at) {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x2xi32>) -> tensor<?x2xf32>
  %ids = onnxir.node "Where"(%c, %at, %none) : (tensor<?x2xi1>, tensor<?x2xi32>, tensor<i32>) -> tensor<?x2xi32>
  %weights = onnxir.node "Where"(%c, %v, %zero) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %ids, %weights : tensor<?x2xi32>, tensor<?x2xf32>
}

// -----

// Of equal scores those of higher experts, and a slot of every token behind.
// CHECK-LABEL: func.func @shared
// CHECK-SAME: %[[S:[^: ]*]]: tensor<?x1xf32>
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2, tie = higher> shared(1, %[[S]] : tensor<?x1xf32>)
func.func @shared(%l: tensor<?x8xf32>, %s: tensor<?x1xf32>) -> (tensor<?x3xi64>, tensor<?x3xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %back = arith.constant dense<-1> : tensor<1xi64>
  %end = arith.constant dense<-9> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %begin = arith.constant dense<0> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<i64>
  %last = arith.constant dense<7> : tensor<1xi64>
  %number = arith.constant dense<8> : tensor<1x1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %mirror = onnxir.node "Slice"(%p, %back, %end, %axis, %back) : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  %v, %j = onnxir.node "TopK"(%mirror, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %i = onnxir.node "Sub"(%last, %j) : (tensor<1xi64>, tensor<?x2xi64>) -> tensor<?x2xi64>
  %first = onnxir.node "Slice"(%i, %begin, %axis, %axis) : (tensor<?x2xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %zeros = onnxir.node "Mul"(%first, %zero) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %more = onnxir.node "Add"(%zeros, %number) : (tensor<?x1xi64>, tensor<1x1xi64>) -> tensor<?x1xi64>
  %ids = onnxir.node "Concat"(%i, %more) {axis = 1 : i64} : (tensor<?x2xi64>, tensor<?x1xi64>) -> tensor<?x3xi64>
  %weights = onnxir.node "Concat"(%v, %s) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  return %ids, %weights : tensor<?x3xi64>, tensor<?x3xf32>
}

// -----

// The second greatest alone.
// CHECK-LABEL: func.func @rank
// CHECK: moe.gate %{{.*}} score<softmax> select<rank_k, k = 1, rank = 2>
func.func @rank(%l: tensor<?x8xf32>) -> (tensor<?x1xi64>, tensor<?x1xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %begin = arith.constant dense<1> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %ids = onnxir.node "Slice"(%i, %begin, %k, %begin) : (tensor<?x2xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %w = onnxir.node "GatherElements"(%p, %ids) {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x1xi64>) -> tensor<?x1xf32>
  return %ids, %w : tensor<?x1xi64>, tensor<?x1xf32>
}
