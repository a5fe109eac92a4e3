// RUN: moe-opt %s --moe-expand-pack-weights --split-input-file | FileCheck %s
// RUN: not moe-opt %S/Inputs/foreign-weights.mlir --moe-expand-pack-weights \
// RUN:   2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: weights to pack must come from moe.weights in the same function

// The runtime lets the system take back what has been packed.
// CHECK: func.func private @moe_release_source(i64, i64)

// (Q4) Elements only move: tiles of eight outputs by eight inputs are transposed
// in registers. When an expert is done, the pages of the one before go.
// CHECK-LABEL: func.func @stacked
// CHECK:         %[[TO:.*]] = tensor.empty() : tensor<4x2x32x32xf32>
// CHECK:         moe.call_kernel @[[$PACK:moe_pack_[0-9a-f]+]] ins(%arg0 : tensor<4x40x32xf32>) outs(%[[TO]] : tensor<4x2x32x32xf32>)
// CHECK:       func.func private @[[$PACK]](
// CHECK:         scf.parallel
// CHECK-COUNT-8:   vector.load %arg0[%{{.*}}, %{{.*}}, %{{.*}}] : memref<4x40x32xf32>, vector<8xf32>
// CHECK-COUNT-24:  vector.shuffle
// CHECK-COUNT-8:   vector.store %{{.*}}, %arg1[%{{.*}}] : memref<4x2x32x32xf32>, vector<8xf32>
// CHECK:           scf.if
// CHECK:             memref.extract_aligned_pointer_as_index %arg0
// CHECK:             func.call @moe_release_source
func.func @stacked(%t: tensor<4x40x32xf32>) -> tensor<4x2x32x32xf32> {
  %w = moe.weights %t : tensor<4x40x32xf32> -> !moe.weights<4x40x32, f32>
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
  return %p : tensor<4x2x32x32xf32>
}

// -----

// CHECK-LABEL: func.func @separate
// CHECK:         %[[FIRST:.*]] = moe.call_kernel @[[$PACK:moe_pack_[0-9a-f]+]] ins(%arg0, %{{.*}} : tensor<40x32xf32>, index)
// CHECK:         %[[BOTH:.*]] = moe.call_kernel @[[$PACK]] ins(%arg1, %{{.*}} : tensor<40x32xf32>, index) outs(%[[FIRST]] : tensor<2x2x32x32xf32>)
// CHECK:         return %[[BOTH]]
// CHECK:       func.func private @[[$PACK]](
// CHECK:         scf.parallel
// CHECK:         scf.reduce
// CHECK:         call @moe_release_source
func.func @separate(%a: tensor<40x32xf32>, %b: tensor<40x32xf32>)
    -> tensor<2x2x32x32xf32> {
  %w = moe.weights %a, %b : tensor<40x32xf32>, tensor<40x32xf32>
      -> !moe.weights<2x40x32, f32>
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<2x40x32, f32> -> tensor<2x2x32x32xf32>
  return %p : tensor<2x2x32x32xf32>
}

// -----

// Codes stay packed two to a byte, four bytes to a word; scales are spread over the panel, and one
// zero point fills its tensor.
// CHECK-LABEL: func.func @quantised
// CHECK:         moe.call_kernel {{.*}} outs(%{{.*}} : tensor<4x2x4x128xi8>)
// CHECK:         moe.call_kernel {{.*}} outs(%{{.*}} : tensor<4x2x2x32xf32>)
// CHECK:         linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<4x2x2x32xf32>)
func.func @quantised(%t: tensor<4x40x16xi8>, %s: tensor<4x40x2xf32>)
    -> (tensor<4x2x4x128xi8>, tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) {
  %w = moe.weights %t scales(%s : tensor<4x40x2xf32>) block(16) zero_point(8)
      : tensor<4x40x16xi8> -> !moe.weights<4x40x32, ui4>
  %p:3 = moe.pack_weights %w panel(32) : !moe.weights<4x40x32, ui4>
      -> tensor<4x2x4x128xi8>, tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>
  return %p#0, %p#1, %p#2
      : tensor<4x2x4x128xi8>, tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>
}

// -----

// A table names the source's experts: those of the first matrix, then of the
// second, which has all.
// CHECK-LABEL: func.func @selected
// CHECK:         %[[TABLE:.*]] = arith.constant dense<{{\[\[}}3, 0], [0, 1]]> : tensor<2x2xi64>
// CHECK:         moe.call_kernel @[[$PACK:moe_pack_[0-9a-f]+]] ins(%arg0, %arg0, %[[TABLE]]
// CHECK:       func.func private @[[$PACK]](
// CHECK:         memref.load %arg2[%{{.*}}, %{{.*}}] : memref<2x2xi64>
func.func @selected(%t: tensor<4x40x32xf32>) -> tensor<2x3x32x32xf32> {
  %a = moe.weights %t experts[3, 0]
      : tensor<4x40x32xf32> -> !moe.weights<2x40x32, f32>
  %b = moe.weights %t experts[0, 1]
      : tensor<4x40x32xf32> -> !moe.weights<2x40x32, f32>
  %p = moe.pack_weights %a, %b panel(32)
      : !moe.weights<2x40x32, f32>, !moe.weights<2x40x32, f32>
      -> tensor<2x3x32x32xf32>
  return %p : tensor<2x3x32x32xf32>
}

// -----

// CHECK-LABEL: func.func @selected_separate
// CHECK:         %[[FIRST:.*]] = moe.call_kernel @{{.*}} ins(%arg1, %{{.*}} : tensor<40x32xf32>, index)
// CHECK:         moe.call_kernel @{{.*}} ins(%arg0, %{{.*}} : tensor<40x32xf32>, index) outs(%[[FIRST]]
func.func @selected_separate(%a: tensor<40x32xf32>, %b: tensor<40x32xf32>)
    -> tensor<2x2x32x32xf32> {
  %w = moe.weights %a, %b experts[1, 0]
      : tensor<40x32xf32>, tensor<40x32xf32> -> !moe.weights<2x40x32, f32>
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<2x40x32, f32> -> tensor<2x2x32x32xf32>
  return %p : tensor<2x2x32x32xf32>
}

// -----

// bf16 stands in pairs of k; the last one of an odd number has a zero.
// CHECK-LABEL: func.func @pairs
// CHECK:         moe.call_kernel @[[$PACK:moe_pack_[0-9a-f]+]] ins(%arg0 : tensor<4x40x7xbf16>) outs(%{{.*}} : tensor<4x2x4x64xbf16>)
// CHECK:       func.func private @[[$PACK]](
// CHECK:         scf.parallel
// CHECK:         %[[VALUE:.*]] = memref.load %arg0[%{{.*}}, %{{.*}}, %[[K:.*]]] : memref<4x40x7xbf16>
// CHECK:         %[[ROW:.*]] = arith.divui %[[K]], %{{.*}} : index
// CHECK:         %[[LEFT:.*]] = arith.muli %{{.*}}, %{{.*}} : index
// CHECK:         %[[PARITY:.*]] = arith.remui %[[K]], %{{.*}} : index
// CHECK:         %[[PLACE:.*]] = arith.addi %[[LEFT]], %[[PARITY]] : index
// CHECK:         memref.store %[[VALUE]], %{{.*}}[%{{.*}}, %{{.*}}, %[[ROW]], %[[PLACE]]] : memref<4x2x4x64xbf16>
func.func @pairs(%t: tensor<4x40x7xbf16>) -> tensor<4x2x4x64xbf16> {
  %w = moe.weights %t : tensor<4x40x7xbf16> -> !moe.weights<4x40x7, bf16>
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<4x40x7, bf16> -> tensor<4x2x4x64xbf16>
  return %p : tensor<4x2x4x64xbf16>
}

// -----

// A pair of bf16 moves as one word.
// CHECK-LABEL: func.func @words
// CHECK:       func.func private @moe_pack_
// CHECK:         %[[ROW:.*]] = vector.load %arg0[{{.*}}] : memref<40x80xbf16>, vector<16xbf16>
// CHECK:         vector.bitcast %[[ROW]] : vector<16xbf16> to vector<8xi32>
// CHECK-COUNT-24: vector.shuffle %{{.*}}, %{{.*}} : vector<8xi32>, vector<8xi32>
// CHECK:         %[[PAIRS:.*]] = vector.bitcast %{{.*}} : vector<8xi32> to vector<16xbf16>
// CHECK:         vector.store %[[PAIRS]], %arg2[{{.*}}] : memref<1x2x40x64xbf16>, vector<16xbf16>
func.func @words(%t: tensor<40x80xbf16>) -> tensor<1x2x40x64xbf16> {
  %w = moe.weights %t : tensor<40x80xbf16> -> !moe.weights<1x40x80, bf16>
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<1x40x80, bf16> -> tensor<1x2x40x64xbf16>
  return %p : tensor<1x2x40x64xbf16>
}
