// Routes as loops over blocks of tokens.
// RUN: moe-opt %s --convert-moe-to-cpu='vector-bits=512' --canonicalize --cse | FileCheck %s

// Router and rider are one matrix, made of both when the model is loaded; the
// gate of a block of 24 tokens follows its product.
// CHECK-LABEL: func @route(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xf32>, %[[R:[a-z0-9]+]]: tensor<8x64xf32>, %[[M:[a-z0-9]+]]: tensor<2x2x64xf16>, %[[S:[a-z0-9]+]]: tensor<?x8xf32>)
// CHECK: tensor.insert_slice {{.*}}[0, 0] [8, 64] [1, 1] : tensor<8x64xf32> into tensor<12x64xf32>
// CHECK: tensor.insert_slice {{.*}}[8, 0] [2, 64] [1, 1]
// CHECK: %[[ALL:.*]] = tensor.insert_slice {{.*}}[10, 0] [2, 64] [1, 1]
// CHECK: %[[W:.*]] = moe.weights %[[ALL]] : tensor<12x64xf32> -> !moe.weights<1x12x64, f32>
// CHECK: %[[B:.*]] = moe.pack_weights %[[W]] panel(32) : !moe.weights<1x12x64, f32> -> tensor<1x1x64x32xf32>
// CHECK: %[[BLOCKS:.*]] = arith.ceildivui %{{.*}}, %c24
// CHECK: scf.forall (%[[I:.*]]) in (%[[BLOCKS]]) shared_outs(
// CHECK: %[[ROWS:.*]] = tensor.extract_slice %[[X]]
// CHECK: %[[P:.*]] = moe.call_kernel @moe_route_k64_p1 ins(%[[ROWS]], %[[B]] :
// CHECK: %[[Z:.*]] = tensor.extract_slice %[[P]][0, 0] [%{{.*}}, 8] [1, 1]
// CHECK: tensor.extract_slice %[[P]][0, 8] [%{{.*}}, 4] [1, 1]
// CHECK: %[[STATE:.*]] = tensor.extract_slice %[[S]]
// CHECK: moe.gate %[[Z]] state(%[[STATE]] : tensor<?x8xf32>) score<softmax> select<top_k, k = 2>
// CHECK-COUNT-4: tensor.parallel_insert_slice
func.func @route(%x: tensor<?x64xf32>, %r: tensor<8x64xf32>,
                 %m: tensor<2x2x64xf16>, %s: tensor<?x8xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>, tensor<?x4xf32>) {
  %rw = moe.weights %r : tensor<8x64xf32> -> !moe.weights<1x8x64, f32>
  %mw = moe.weights %m : tensor<2x2x64xf16> -> !moe.weights<2x2x64, f16>
  %0:4 = moe.route %x router(%rw : !moe.weights<1x8x64, f32>)
      extra(%mw : !moe.weights<2x2x64, f16>) state(%s : tensor<?x8xf32>)
      score<softmax> select<top_k, k = 2>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>,
        tensor<?x8xf32>, tensor<?x4xf32>
  return %0#0, %0#1, %0#2, %0#3
      : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>, tensor<?x4xf32>
}

// A capacity compares tokens: the gate follows the loop. One matrix of f32 is
// packed as it is.
// CHECK-LABEL: func @capacity(
// CHECK: %[[W:.*]] = moe.weights %{{.*}} layout<transposed = true>
// CHECK: moe.pack_weights %[[W]] panel(32)
// CHECK: %[[Z:.*]] = scf.forall
// CHECK-NOT: moe.gate
// CHECK: in_parallel
// CHECK: moe.gate %[[Z]] {{.*}} capacity<count = 3>
func.func @capacity(%x: tensor<?x64xf32>, %r: tensor<64x8xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %rw = moe.weights %r layout<transposed = true>
      : tensor<64x8xf32> -> !moe.weights<1x8x64, f32>
  %0:3 = moe.route %x router(%rw : !moe.weights<1x8x64, f32>)
      score<softmax> select<top_k, k = 2> capacity<count = 3>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
  return %0#0, %0#1 : tensor<?x2xf32>, tensor<?x2xi32>
}

// CHECK-LABEL: func @project(
// CHECK: scf.forall
// CHECK: moe.call_kernel @moe_route_k64_p1
// CHECK-NOT: moe.project
func.func @project(%x: tensor<?x64xf16>, %m: tensor<2x2x64xf32>)
    -> tensor<?x4xf32> {
  %mw = moe.weights %m : tensor<2x2x64xf32> -> !moe.weights<2x2x64, f32>
  %c = moe.project %x, %mw
      : tensor<?x64xf16>, !moe.weights<2x2x64, f32> -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// f64, and weights from elsewhere, are left to the reference lowering.
// CHECK-LABEL: func @left(
// CHECK: moe.project
// CHECK: moe.project
// CHECK: moe.route
func.func @left(%x: tensor<?x64xf64>, %y: tensor<?x64xf32>, %m: tensor<1x2x64xf32>,
                %f: !moe.weights<1x2x64, f32>, %b: !moe.weights<1x2, f32>)
    -> (tensor<?x2xf64>, tensor<?x2xf32>, tensor<?x1xf32>) {
  %mw = moe.weights %m : tensor<1x2x64xf32> -> !moe.weights<1x2x64, f32>
  %c = moe.project %x, %mw
      : tensor<?x64xf64>, !moe.weights<1x2x64, f32> -> tensor<?x2xf64>
  %d = moe.project %y, %f
      : tensor<?x64xf32>, !moe.weights<1x2x64, f32> -> tensor<?x2xf32>
  %0:3 = moe.route %y router(%mw bias %b : !moe.weights<1x2x64, f32>, !moe.weights<1x2, f32>)
      score<softmax> select<top_k, k = 1>
      : tensor<?x64xf32> -> tensor<?x1xf32>, tensor<?x1xi32>, tensor<?x2xf32>
  return %c, %d, %0#0 : tensor<?x2xf64>, tensor<?x2xf32>, tensor<?x1xf32>
}
