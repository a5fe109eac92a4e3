// Projections, routes and operations on ids.
// RUN: moe-opt %s --convert-moe-to-linalg | FileCheck %s

// Each matrix gives a product, beside each other.
// CHECK-LABEL: func @project(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf16>, %[[M:.*]]: tensor<2x2x64xf32>)
// CHECK: %[[A:.*]] = linalg.generic {{.*}} ins(%[[X]], %{{.*}} : tensor<?x64xf16>, tensor<2x64xf32>)
// CHECK: arith.extf {{.*}} : f16 to f32
// CHECK: %[[AB:.*]] = tensor.insert_slice %[[A]] into %{{.*}}[0, 0] [%{{.*}}, 2] [1, 1] : tensor<?x2xf32> into tensor<?x4xf32>
// CHECK: %[[B:.*]] = linalg.generic
// CHECK: tensor.insert_slice %[[B]] into %[[AB]][0, 2] [%{{.*}}, 2] [1, 1]
func.func @project(%x: tensor<?x64xf16>, %m: tensor<2x2x64xf32>)
    -> tensor<?x4xf32> {
  %w = moe.weights %m : tensor<2x2x64xf32> -> !moe.weights<2x2x64, f32>
  %c = moe.project %x, %w
      : tensor<?x64xf16>, !moe.weights<2x2x64, f32> -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// Product, bias, rounding to the type of the logits, then the steps of a gate.
// CHECK-LABEL: func @route(
// CHECK-SAME: %[[X:.*]]: tensor<?x16xf32>, %[[R:.*]]: tensor<4x16xf32>, %[[B:.*]]: tensor<4xf32>)
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[R]] : tensor<?x16xf32>, tensor<4x16xf32>)
// CHECK: %[[Z:.*]] = linalg.generic {{.*}} ins(%[[P]] : tensor<?x4xf32>)
// CHECK: tensor.extract %[[B]]
// CHECK: arith.addf
// CHECK: %[[L:.*]] = linalg.generic {{.*}} ins(%[[Z]] : tensor<?x4xf32>)
// CHECK: arith.truncf {{.*}} : f32 to f16
// CHECK-NOT: moe.
// CHECK: return %{{.*}}, %{{.*}}, %[[L]]
func.func @route(%x: tensor<?x16xf32>, %r: tensor<4x16xf32>, %b: tensor<4xf32>)
    -> (tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x4xf16>) {
  %w = moe.weights %r : tensor<4x16xf32> -> !moe.weights<1x4x16, f32>
  %v = moe.weights %b : tensor<4xf32> -> !moe.weights<1x4, f32>
  %0:3 = moe.route %x
      router(%w bias %v : !moe.weights<1x4x16, f32>, !moe.weights<1x4, f32>)
      score<softmax> select<top_k, k = 2>
      : tensor<?x16xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x4xf16>
  return %0#0, %0#1, %0#2 : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x4xf16>
}

// The last entry is what ids outside the table read.
// CHECK-LABEL: func @ids(
// CHECK: %[[T:.*]] = arith.constant dense<[1, -1, 0, -1]> : tensor<4xi32>
// CHECK: linalg.generic
// CHECK: arith.minui %{{.*}}, %{{.*}} : i32
// CHECK: tensor.extract %[[T]]
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: arith.minui
// CHECK: arith.select
func.func @ids(%w: tensor<?x2xf32>, %i: tensor<?x2xi32>)
    -> (tensor<?x2xi32>, tensor<?x2xf32>) {
  %r = moe.remap_ids %i [1, -1, 0] : tensor<?x2xi32>
  %c = moe.coefficients %w, %i [1, -1, 0]
      : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  return %r, %c : tensor<?x2xi32>, tensor<?x2xf32>
}

// A product with a factor 0 is not added.
// CHECK-LABEL: func @affine(
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: tensor.extract %{{.*}} : tensor<?xf32>
// CHECK: arith.cmpf oeq
// CHECK: arith.select
// CHECK-COUNT-2: tensor.extract %{{.*}} : tensor<?x2xf32>
func.func @affine(%rows: tensor<?x8xf32>, %p: !moe.plan<4>,
                  %w: tensor<?x1xf32>, %s: tensor<?xf32>, %x: tensor<?x8xf32>,
                  %c: tensor<?x2xf32>, %t: tensor<2x8xf32>) -> tensor<?x8xf32> {
  %v = moe.weights %t : tensor<2x8xf32> -> !moe.weights<2x8, f32>
  %y = moe.combine %rows, %p, %w
      copy(%s, %x : tensor<?xf32>, tensor<?x8xf32>)
      constant(%c, %v : tensor<?x2xf32>, !moe.weights<2x8, f32>)
      : tensor<?x8xf32>, !moe.plan<4>, tensor<?x1xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
