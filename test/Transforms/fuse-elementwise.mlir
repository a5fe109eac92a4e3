// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-fuse-elementwise))' --split-input-file | FileCheck %s
// RUN: moe-opt %s --pass-pipeline='builtin.module(func.func(moe-fuse-elementwise{max-inputs=1}))' --split-input-file | FileCheck %s --check-prefix=ONE

#row = affine_map<(d0, d1) -> (d0, d1)>
#first = affine_map<(d0, d1) -> (d0)>

// A chain and the reduction at its end are one operation.
// CHECK-LABEL: func.func @chain
// CHECK-COUNT-1: linalg.generic
// CHECK:           arith.mulf
// CHECK:           math.sqrt
// CHECK:           arith.addf
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @chain(%x: tensor<?x8xf32>, %out: tensor<?x8xf32>, %sums: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%out : tensor<?x8xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = arith.mulf %in, %in : f32
    linalg.yield %s : f32
  } -> tensor<?x8xf32>
  %1 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?x8xf32>) outs(%out : tensor<?x8xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = math.sqrt %in : f32
    linalg.yield %s : f32
  } -> tensor<?x8xf32>
  %2 = linalg.generic {indexing_maps = [#row, #first], iterator_types = ["parallel", "reduction"]}
      ins(%1 : tensor<?x8xf32>) outs(%sums : tensor<?xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = arith.addf %in, %o : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %2 : tensor<?xf32>
}

// -----

#row = affine_map<(d0, d1) -> (d0, d1)>
#first = affine_map<(d0, d1) -> (d0)>
#one = affine_map<(d0) -> (d0)>

// Each root would be computed eight times.
// CHECK-LABEL: func.func @broadcast
// CHECK-COUNT-2: linalg.generic
func.func @broadcast(%x: tensor<?xf32>, %a: tensor<?xf32>, %b: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%a : tensor<?xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = math.sqrt %in : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#first, #row], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?xf32>) outs(%b : tensor<?x8xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = arith.negf %in : f32
    linalg.yield %s : f32
  } -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

#one = affine_map<(d0) -> (d0)>

// The tensor between is needed.
// CHECK-LABEL: func.func @two_users
// CHECK-COUNT-2: linalg.generic
func.func @two_users(%x: tensor<?xf32>, %a: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%a : tensor<?xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = math.sqrt %in : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%0 : tensor<?xf32>) outs(%a : tensor<?xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = arith.negf %in : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// -----

#one = affine_map<(d0) -> (d0)>

// ONE-LABEL: func.func @inputs
// ONE-COUNT-2: linalg.generic
func.func @inputs(%x: tensor<?xf32>, %y: tensor<?xf32>, %a: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%a : tensor<?xf32>) {
  ^bb0(%in: f32, %o: f32):
    %s = math.sqrt %in : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#one, #one, #one], iterator_types = ["parallel"]}
      ins(%0, %y : tensor<?xf32>, tensor<?xf32>) outs(%a : tensor<?xf32>) {
  ^bb0(%in: f32, %other: f32, %o: f32):
    %s = arith.addf %in, %other : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %1 : tensor<?xf32>
}
