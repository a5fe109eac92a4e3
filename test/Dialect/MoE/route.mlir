// Router products and operations on ids, in custom and generic form.
// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s

// CHECK-LABEL: func @project
// CHECK: moe.project %{{.*}}, %{{.*}} : tensor<?x64xf16>, !moe.weights<2x2x64, f32> -> tensor<?x4xf32>
func.func @project(%x: tensor<?x64xf16>, %m: !moe.weights<2x2x64, f32>) {
  %c = moe.project %x, %m
      : tensor<?x64xf16>, !moe.weights<2x2x64, f32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func @route
// CHECK: moe.route %{{.*}} router(%{{.*}} : !moe.weights<1x8x64, f32>) score<softmax> select<top_k, k = 2> : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
// CHECK: moe.route %{{.*}} router(%{{.*}} bias %{{.*}} : !moe.weights<1x8x64, f32>, !moe.weights<1x8, f32>) extra(%{{.*}}, %{{.*}} : !moe.weights<2x2x64, f32>, !moe.weights<1x1x64, f32>) bias(%{{.*}} : tensor<8xf32>) state(%{{.*}} : tensor<?x8xf32>) score<sigmoid> select<top_k, k = 2> normalize<sum> scale(2.5) shared(1) : tensor<?x64xf32> -> tensor<?x3xf32>, tensor<?x3xi32>, tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x1xf32>
func.func @route(%x: tensor<?x64xf32>, %r: !moe.weights<1x8x64, f32>,
                 %rb: !moe.weights<1x8, f32>, %m: !moe.weights<2x2x64, f32>,
                 %g: !moe.weights<1x1x64, f32>, %b: tensor<8xf32>,
                 %s: tensor<?x8xf32>) {
  %0:3 = moe.route %x router(%r : !moe.weights<1x8x64, f32>)
      score<softmax> select<top_k, k = 2>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
  %1:5 = moe.route %x
      router(%r bias %rb : !moe.weights<1x8x64, f32>, !moe.weights<1x8, f32>)
      extra(%m, %g : !moe.weights<2x2x64, f32>, !moe.weights<1x1x64, f32>)
      bias(%b : tensor<8xf32>) state(%s : tensor<?x8xf32>)
      score<sigmoid> select<top_k, k = 2> normalize<sum> scale(2.5) shared(1)
      : tensor<?x64xf32> -> tensor<?x3xf32>, tensor<?x3xi32>, tensor<?x8xf32>,
        tensor<?x4xf32>, tensor<?x1xf32>
  return
}

// CHECK-LABEL: func @ids
// CHECK: moe.remap_ids %{{.*}} [0, 1, -1, 2] : tensor<?x2xi32>
// CHECK: moe.coefficients %{{.*}}, %{{.*}} [-1, 0, 0, 1] : tensor<?x2xf16>, tensor<?x2xi32> -> tensor<?x2xf32>
// CHECK: moe.coefficients %{{.*}}, %{{.*}} [0] : tensor<?x2xf16>, tensor<?x2xi32> -> tensor<?xf16>
func.func @ids(%w: tensor<?x2xf16>, %ids: tensor<?x2xi32>) {
  %r = moe.remap_ids %ids [0, 1, -1, 2] : tensor<?x2xi32>
  %c = moe.coefficients %w, %ids [-1, 0, 0, 1]
      : tensor<?x2xf16>, tensor<?x2xi32> -> tensor<?x2xf32>
  %s = moe.coefficients %w, %ids [0]
      : tensor<?x2xf16>, tensor<?x2xi32> -> tensor<?xf16>
  return
}

// CHECK-LABEL: func @mix
// CHECK: moe.mix %{{.*}}, %{{.*}} [0, -1] copies(%{{.*}} : tensor<?xf32>) : tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?xf32>, tensor<?x2xf32>
func.func @mix(%c: tensor<?x2xf32>, %z: tensor<?x2xf32>, %s: tensor<?xf32>) {
  %0:2 = moe.mix %c, %z [0, -1] copies(%s : tensor<?xf32>)
      : tensor<?x2xf32>, tensor<?x2xf32> -> tensor<?xf32>, tensor<?x2xf32>
  return
}

// CHECK-LABEL: func @affine
// CHECK: moe.combine %{{.*}}, %{{.*}}, %{{.*}} copy(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?x64xbf16>) : tensor<?x64xbf16>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xbf16>
// CHECK: moe.combine %{{.*}}, %{{.*}}, %{{.*}} copy(%{{.*}}, %{{.*}} : tensor<?xf32>, tensor<?x64xbf16>) constant(%{{.*}}, %{{.*}} : tensor<?x3xf32>, !moe.weights<3x64, f16>) : tensor<?x64xbf16>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xbf16>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}) gather combine(%{{.*}} : tensor<?x2xf32>) constant(%{{.*}}, %{{.*}} : tensor<?x3xf32>, !moe.weights<3x64, f16>) : tensor<?x64xbf16>
func.func @affine(%x: tensor<?x64xbf16>, %p: !moe.plan<8>,
                  %rows: tensor<?x64xbf16>, %w: tensor<?x2xf32>,
                  %s: tensor<?xf32>, %c: tensor<?x3xf32>,
                  %v: !moe.weights<3x64, f16>,
                  %e: !moe.experts<8, 64 -> 64>) {
  %0 = moe.combine %rows, %p, %w
      copy(%s, %x : tensor<?xf32>, tensor<?x64xbf16>)
      : tensor<?x64xbf16>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xbf16>
  %1 = moe.combine %rows, %p, %w
      copy(%s, %x : tensor<?xf32>, tensor<?x64xbf16>)
      constant(%c, %v : tensor<?x3xf32>, !moe.weights<3x64, f16>)
      : tensor<?x64xbf16>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xbf16>
  %2 = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      constant(%c, %v : tensor<?x3xf32>, !moe.weights<3x64, f16>)
      : tensor<?x64xbf16>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xbf16>
  return
}
