// RUN: moe-opt %s --convert-moe-to-cpu=vector-bits=512 | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-cpu=vector-bits=512 \
// RUN:   --moe-hoist-weight-packing --moe-expand-pack-weights \
// RUN:   | FileCheck %s --check-prefix=PACK

// One zero point is a constant of the kernel, and its tensor is not made.
// PACK-LABEL: func.func @one_zero
// PACK-NOT:   linalg.fill ins(%{{.*}}) outs(%{{.*}} : tensor<2x1x2x32xf32>)
// CHECK-LABEL: func.func @one_zero
// CHECK: %[[P:.*]]:3 = moe.pack_weights %{{.*}} panel(32) : !moe.weights<2x24x20, ui4> -> tensor<2x1x3x128xi8>, tensor<2x1x2x32xf32>, tensor<2x1x2x32xf32>
// CHECK: moe.call_kernel @[[$ONE:moe_ffn_2x20x24_[0-9a-f]+]] ins({{.*}}, %[[P]]#0, %[[P]]#1, %{{[0-9]+}}#0, %{{[0-9]+}}#1 :
func.func @one_zero(%x: tensor<?x20xf32>, %p: !moe.plan<2>,
                    %up: tensor<2x24x10xui8>, %us: tensor<2x24x2xf32>,
                    %down: tensor<2x20x12xui8>, %ds: tensor<2x20x2xf32>)
    -> tensor<?x20xf32> {
  %u = moe.weights %up scales(%us : tensor<2x24x2xf32>) block(16) zero_point(8)
      : tensor<2x24x10xui8> -> !moe.weights<2x24x20, ui4>
  %d = moe.weights %down scales(%ds : tensor<2x20x2xf32>) block(16) zero_point(8)
      : tensor<2x20x12xui8> -> !moe.weights<2x20x24, ui4>
  %e = moe.ffn_experts up(%u : !moe.weights<2x24x20, ui4>)
      down(%d : !moe.weights<2x20x24, ui4>)
      activation<relu> : !moe.experts<2, 20 -> 20>
  %y = moe.experts %x, %p, (%e)
      : tensor<?x20xf32>, !moe.plan<2>, !moe.experts<2, 20 -> 20>
        -> tensor<?x20xf32>
  return %y : tensor<?x20xf32>
}

// Zero points of blocks are read; signed codes start at the sign bit.
// CHECK-LABEL: func.func @zeros
// CHECK: %[[P:.*]]:3 = moe.pack_weights
// CHECK: moe.call_kernel @[[$ALL:moe_ffn_2x20x24_[0-9a-f]+]] ins({{.*}}, %[[P]]#0, %[[P]]#1, %[[P]]#2, %
func.func @zeros(%x: tensor<?x20xf32>, %p: !moe.plan<2>,
                 %up: tensor<2x24x20xi8>, %us: tensor<2x24xf32>,
                 %uz: tensor<2x24xi8>, %down: tensor<2x20x24xi8>,
                 %ds: tensor<2x20xf32>, %dz: tensor<2x20xi8>)
    -> tensor<?x20xf32> {
  %u = moe.weights %up scales(%us : tensor<2x24xf32>)
      zeros(%uz : tensor<2x24xi8>)
      : tensor<2x24x20xi8> -> !moe.weights<2x24x20, i8>
  %d = moe.weights %down scales(%ds : tensor<2x20xf32>)
      zeros(%dz : tensor<2x20xi8>)
      : tensor<2x20x24xi8> -> !moe.weights<2x20x24, i8>
  %e = moe.ffn_experts up(%u : !moe.weights<2x24x20, i8>)
      down(%d : !moe.weights<2x20x24, i8>)
      activation<relu> : !moe.experts<2, 20 -> 20>
  %y = moe.experts %x, %p, (%e)
      : tensor<?x20xf32>, !moe.plan<2>, !moe.experts<2, 20 -> 20>
        -> tensor<?x20xf32>
  return %y : tensor<?x20xf32>
}

// Twenty inputs are two words and a half: the others are zero.
// CHECK:      func.func private @[[$ONE]]
// CHECK:      %[[END:.*]] = arith.constant 23 : index
// CHECK-NEXT: memref.store %{{.*}}, %{{.*}}[%{{.*}}, %[[END]]] : memref<?x48xf32>
// Rows of more than one tile share a panel that was widened before.
// CHECK:      %[[WIDE:.*]] = memref.alloc() : memref<24x32xf32>
// CHECK:      arith.cmpi ugt
// CHECK:      scf.if
// CHECK:        func.call @llvm.x86.avx512.permvar.sf.512(
// CHECK:        vector.store %{{.*}}, %[[WIDE]]
// CHECK:        memref.cast %[[WIDE]]
// CHECK:        call @moe_tile_gemm_12x32_widened_ui4b16z8(
// CHECK:      else
// CHECK:        call @moe_tile_gemm_12x32_ui4b16z8(
// The f32 of all sixteen codes stand in one register.
// CHECK:      func.func private @moe_tile_gemm_12x32_ui4b16z8(
// CHECK:      vector.load %{{.*}} : memref<?x128xi8, strided<[?, 1], offset: ?>>, vector<64xi8>
// CHECK:      %[[TABLE:.*]] = arith.constant dense<[-8.000000e+00, -7.000000e+00, {{.*}}, 7.000000e+00]> : vector<16xf32>
// CHECK:      func.call @llvm.x86.avx512.permvar.sf.512(%[[TABLE]], %{{.*}}) : (vector<16xf32>, vector<16xi32>) -> vector<16xf32>
// Of many rows, the totals stand in memory.
// CHECK:      func.func private @moe_tile_gemm_12x32_widened_ui4b16z8(
// CHECK:      default
// CHECK:      vector.fma
// CHECK:      vector.load %arg4
// CHECK:      vector.store %{{.*}}, %arg4
// CHECK:      func.func private @moe_tile_gemm_12x32_i8b0(
// CHECK:      arith.constant dense<0x4B000080> : vector<16xf32>
// CHECK:      arith.constant dense<255> : vector<16xi32>
// CHECK:      %[[LOW:.*]] = arith.andi %{{.*}} : vector<16xi32>
// CHECK:      %[[BITS:.*]] = arith.xori %[[LOW]], %{{.*}} : vector<16xi32>
// CHECK:      %[[RAISED:.*]] = vector.bitcast %[[BITS]] : vector<16xi32> to vector<16xf32>
// CHECK:      arith.subf %[[RAISED]], %{{.*}} : vector<16xf32>
