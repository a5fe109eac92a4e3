// Gates as loops over blocks of tokens.
// RUN: moe-opt %s --convert-moe-to-cpu='vector-bits=512' --canonicalize --cse | FileCheck %s

// What has a row for each token is sliced, the bias is not.
// CHECK-LABEL: func @gate(
// CHECK-SAME: %[[Z:[a-z0-9]+]]: tensor<?x8xf32>, %[[B:[a-z0-9]+]]: tensor<8xf32>, %[[S:[a-z0-9]+]]: tensor<?x8xf32>, %[[C:[a-z0-9]+]]: tensor<?x1xf32>)
// CHECK: %[[BLOCKS:.*]] = arith.ceildivui %{{.*}}, %c32
// CHECK: scf.forall (%{{.*}}) in (%[[BLOCKS]]) shared_outs({{.*}}) -> (tensor<?x3xf32>, tensor<?x3xi32>)
// CHECK-DAG: %[[LOGITS:.*]] = tensor.extract_slice %[[Z]]
// CHECK-DAG: %[[STATE:.*]] = tensor.extract_slice %[[S]]
// CHECK-DAG: %[[OWN:.*]] = tensor.extract_slice %[[C]]
// CHECK: moe.gate %[[LOGITS]] bias(%[[B]] : tensor<8xf32>) state(%[[STATE]] : tensor<?x8xf32>) {{.*}} shared(1, %[[OWN]] : tensor<?x1xf32>)
// CHECK-COUNT-2: tensor.parallel_insert_slice
func.func @gate(%z: tensor<?x8xf32>, %b: tensor<8xf32>, %s: tensor<?x8xf32>,
                %c: tensor<?x1xf32>) -> (tensor<?x3xf32>, tensor<?x3xi32>) {
  %w, %ids = moe.gate %z bias(%b : tensor<8xf32>) state(%s : tensor<?x8xf32>)
      score<softmax> select<top_k, k = 2> shared(1, %c : tensor<?x1xf32>)
      : tensor<?x8xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  return %w, %ids : tensor<?x3xf32>, tensor<?x3xi32>
}

// Results keep a static number of tokens.
// CHECK-LABEL: func @static(
// CHECK: scf.forall (%{{.*}}) in (2) shared_outs({{.*}}) -> (tensor<40x2xf16>, tensor<40x2xi32>)
// CHECK: moe.gate {{.*}} -> tensor<?x2xf16>, tensor<?x2xi32>
func.func @static(%z: tensor<40x8xf16>)
    -> (tensor<40x2xf16>, tensor<40x2xi32>) {
  %w, %ids = moe.gate %z score<sigmoid> select<top_k, k = 2>
      : tensor<40x8xf16> -> tensor<40x2xf16>, tensor<40x2xi32>
  return %w, %ids : tensor<40x2xf16>, tensor<40x2xi32>
}

// Capacities and experts that choose compare tokens.
// CHECK-LABEL: func @compared(
// CHECK-NOT: scf.forall
// CHECK: moe.gate {{.*}} capacity<count = 3>
// CHECK-NOT: scf.forall
// CHECK: moe.gate {{.*}} select<expert_choice, k = 2>
func.func @compared(%z: tensor<?x8xf32>)
    -> (tensor<?x2xf32>, tensor<8x2xi32>) {
  %w, %ids = moe.gate %z score<softmax> select<top_k, k = 2> capacity<count = 3>
      : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %v, %tokens = moe.gate %z score<softmax> select<expert_choice, k = 2>
      : tensor<?x8xf32> -> tensor<8x2xf32>, tensor<8x2xi32>
  return %w, %tokens : tensor<?x2xf32>, tensor<8x2xi32>
}
