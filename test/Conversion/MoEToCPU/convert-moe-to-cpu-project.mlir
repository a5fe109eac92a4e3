// RUN: moe-opt %s --convert-moe-to-cpu=vector-bits=512 | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-cpu="vector-bits=512 dot-int8" \
// RUN:   | FileCheck %s --check-prefix=DOT

// One matrix of codes stays codes: rows are multiplied where they stand. Forty
// outputs are two panels, of which the last is cut.
// CHECK-LABEL: func.func @codes
// CHECK:      %[[P:.*]]:3 = moe.pack_weights %{{.*}} panel(32) : !moe.weights<1x40x64, ui4> -> tensor<1x2x8x128xi8>, tensor<1x2x2x32xf32>, tensor<1x2x2x32xf32>
// CHECK:      %[[C:.*]] = moe.call_kernel @[[$KERNEL:moe_project_k64_p2_ui4]] ins(%arg0, %[[P]]#0, %[[P]]#1 :
// CHECK-SAME: outs(%{{.*}} : tensor<?x64xf32>)
// CHECK:      tensor.extract_slice %[[C]][0, 0] [%{{.*}}, 40] [1, 1] : tensor<?x64xf32> to tensor<?x40xf32>
// DOT-LABEL:  func.func @codes
func.func @codes(%x: tensor<?x64xf32>, %m: tensor<1x40x32xui8>,
                 %s: tensor<1x40x2xf32>) -> tensor<?x40xf32> {
  %w = moe.weights %m scales(%s : tensor<1x40x2xf32>) block(32) zero_point(8)
      : tensor<1x40x32xui8> -> !moe.weights<1x40x64, ui4>
  %y = moe.project %x, %w
      : tensor<?x64xf32>, !moe.weights<1x40x64, ui4> -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}

// Seven codes are no whole words of four: the matrix is widened at load.
// CHECK-LABEL: func.func @odd
// CHECK-NOT:   moe_project
// CHECK:       moe.call_kernel @moe_route_k7_p1
func.func @odd(%x: tensor<?x7xf32>, %m: tensor<1x8x7xui8>,
               %s: tensor<1x8xf32>) -> tensor<?x8xf32> {
  %w = moe.weights %m scales(%s : tensor<1x8xf32>) zero_point(128)
      : tensor<1x8x7xui8> -> !moe.weights<1x8x7, ui8>
  %y = moe.project %x, %w
      : tensor<?x7xf32>, !moe.weights<1x8x7, ui8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK: func.func private @[[$KERNEL]](
// CHECK: scf.parallel
// CHECK: call @moe_tile_gemm_12x32_widened_ui4b32z8(
// CHECK: call @moe_tile_gemm_12x32_ui4b32z8(

// DOT: func.func private @moe_project_k64_p2_ui4(
// DOT: math.roundeven
// DOT: call @moe_tile_gemm_6x32_dot_ui4b32z8(
