// Every option of moe.gate, in custom and generic form.
// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func @minimal
// CHECK-SAME: (%[[L:.*]]: tensor<?x8xf32>)
// CHECK: %{{.*}}, %{{.*}} = moe.gate %[[L]] score<softmax> select<top_k, k = 2>
// CHECK-SAME: : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
func.func @minimal(%l: tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %w, %ids = moe.gate %l score<softmax> select<top_k, k = 2>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  return %w, %ids : tensor<?x2xf32>, tensor<?x2xi32>
}

// DeepSeek-V3: sigmoid, correction bias, 2 of 4 groups, renormalised.
// CHECK-LABEL: func @deepseek_v3
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<8xf32>) score<sigmoid>
// CHECK-SAME: groups<count = 4, keep = 2, by = top2_sum> select<top_k, k = 2>
// CHECK-SAME: normalize<sum, epsilon = 1.0e-20> scale(2.5)
func.func @deepseek_v3(%l: tensor<?x8xbf16>, %b: tensor<8xf32>) {
  %w, %ids = moe.gate %l bias(%b : tensor<8xf32>)
      score<sigmoid> groups<count = 4, keep = 2, by = top2_sum>
      select<top_k, k = 2> normalize<sum, epsilon = 1.0e-20> scale(2.5)
      : tensor<?x8xbf16> -> tensor<?x2xf32>, tensor<?x2xi32>
  return
}

// CHECK-LABEL: func @every_operand
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<4xf32>) state(%{{.*}} : tensor<3x4xf16>)
// CHECK-SAME: values(%{{.*}} : tensor<?x4xf32>) score<tanh, temperature = 0.5>
// CHECK-SAME: groups<count = 2, keep = 1> select<top_k, k = 2, tie = higher>
// CHECK-SAME: capacity<count = 4> normalize<softmax> scale(-1)
// CHECK-SAME: drop_below(1.0e-08) shared(2, %{{.*}} : tensor<3x2xf32>)
// CHECK-SAME: : tensor<3x4xf32> -> tensor<3x4xf16>, tensor<3x4xi32>
func.func @every_operand(%l: tensor<3x4xf32>, %b: tensor<4xf32>,
                         %h: tensor<3x4xf16>, %v: tensor<?x4xf32>,
                         %s: tensor<3x2xf32>) {
  %w, %ids = moe.gate %l bias(%b : tensor<4xf32>) state(%h : tensor<3x4xf16>)
      values(%v : tensor<?x4xf32>) score<tanh, temperature = 0.5>
      groups<count = 2, keep = 1, by = max> select<top_k, k = 2, tie = higher>
      capacity<count = 4> normalize<softmax> scale(-1.0) drop_below(1.0e-8)
      shared(2, %s : tensor<3x2xf32>)
      : tensor<3x4xf32> -> tensor<3x4xf16>, tensor<3x4xi32>
  return
}

// CHECK-LABEL: func @selections
// CHECK: score<identity> select<top_p, k = 3, p = 0.9>
// CHECK: score<relu> select<threshold, k = 4, threshold = -0.25>
// CHECK: score<sqrt_softplus> select<threshold, k = 4>
// CHECK: score<softmax> select<rank_k, k = 1, rank = 2>
// CHECK: score<softmax> select<all, k = 4>
// CHECK: score<identity> select<sparse_mixer, k = 2, jitter = 0.01>
// CHECK: score<softmax> select<expert_choice, k = 5>
// CHECK-SAME: tensor<?x4xf32> -> tensor<4x5xf32>, tensor<4x5xi32>
func.func @selections(%l: tensor<?x4xf32>) {
  %0:2 = moe.gate %l score<identity> select<top_p, k = 3, p = 0.9>
      : tensor<?x4xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  %1:2 = moe.gate %l score<relu> select<threshold, k = 4, threshold = -0.25>
      : tensor<?x4xf32> -> tensor<?x4xf32>, tensor<?x4xi32>
  %2:2 = moe.gate %l score<sqrt_softplus> select<threshold, k = 4>
      : tensor<?x4xf32> -> tensor<?x4xf32>, tensor<?x4xi32>
  %3:2 = moe.gate %l score<softmax> select<rank_k, k = 1, rank = 2>
      : tensor<?x4xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  %4:2 = moe.gate %l score<softmax> select<all, k = 4>
      : tensor<?x4xf32> -> tensor<?x4xf32>, tensor<?x4xi32>
  %5:2 = moe.gate %l score<identity> select<sparse_mixer, k = 2, jitter = 0.01>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %6:2 = moe.gate %l score<softmax> select<expert_choice, k = 5>
      : tensor<?x4xf32> -> tensor<4x5xf32>, tensor<4x5xi32>
  return
}

// CHECK-LABEL: func @elsewhere
// CHECK: moe.gate %{{.*}} ids(%{{.*}} : tensor<?x2xi32>) score<softmax> select<given, k = 2>
// CHECK: moe.gate %{{.*}} ids(%{{.*}} : tensor<?xi32>) table(%{{.*}} : tensor<100x2xi32>)
// CHECK-SAME: select<table, k = 2> capacity<factor = 1.25>
func.func @elsewhere(%l: tensor<?x4xf64>, %ids: tensor<?x2xi32>,
                     %tokens: tensor<?xi32>, %t: tensor<100x2xi32>) {
  %0:2 = moe.gate %l ids(%ids : tensor<?x2xi32>) score<softmax>
      select<given, k = 2>
      : tensor<?x4xf64> -> tensor<?x2xf64>, tensor<?x2xi32>
  %1:2 = moe.gate %l ids(%tokens : tensor<?xi32>)
      table(%t : tensor<100x2xi32>) score<softmax>
      select<table, k = 2> capacity<factor = 1.25>
      : tensor<?x4xf64> -> tensor<?x2xf64>, tensor<?x2xi32>
  return
}

// CHECK-LABEL: func @no_tokens
// CHECK: tensor<0x1xf32> -> tensor<0x2xf32>, tensor<0x2xi32>
func.func @no_tokens(%l: tensor<0x1xf32>) {
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 1> shared(1)
      : tensor<0x1xf32> -> tensor<0x2xf32>, tensor<0x2xi32>
  return
}
