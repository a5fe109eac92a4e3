// RUN: moe-opt %s --convert-moe-to-triton --canonicalize --cse --split-input-file | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-triton="capability=80" --split-input-file | FileCheck %s --check-prefix=SM80
// RUN: moe-opt %s --convert-moe-to-triton="allow-tf32" --split-input-file | FileCheck %s --check-prefix=TF32
// RUN: moe-opt %s --convert-moe-to-triton="rows=16 tile1=32,16,2,5,1,0" --split-input-file | FileCheck %s --check-prefix=TILE
// RUN: moe-opt %s --convert-moe-to-triton="rows=64 tile1=64,64,4,3,8,1 tile2=64,64,4,3,8,1" --canonicalize --split-input-file | FileCheck %s --check-prefix=BULK

// Many tokens: choice, sort, products, sum. Weights whose rows do not alternate
// between gate and up are packed first.
// CHECK-LABEL: func.func @many(
// CHECK-SAME: %[[X:.*]]: tensor<300x64xf32>, %[[L:.*]]: tensor<300x8xf32>,
// CHECK-SAME: %[[G:.*]]: tensor<8x32x64xf32> {moe.weight}, %[[U:.*]]: tensor<8x32x64xf32> {moe.weight},
// CHECK-SAME: %[[D:.*]]: tensor<8x64x32xf32> {moe.weight})
// CHECK-DAG: %[[T:.*]] = arith.constant 300 : i32
// CHECK-DAG: %[[BLOCKS:.*]] = arith.constant 38 : index
// 600 / 64 full tiles, and one that is not full for each expert.
// CHECK-DAG: %[[TILES:.*]] = arith.constant 17 : index
// CHECK: %[[P0:.*]] = moe.launch @[[PACK0:moe_pack_[0-9a-f]+]] {{.*}} ins(%[[G]], %{{.*}}, %{{.*}} : tensor<8x32x64xf32>, i32, i32) outs(%{{.*}} : tensor<8x64x64xf32>)
// CHECK: %[[P:.*]] = moe.launch @moe_pack_{{.*}} ins(%[[U]], %{{.*}}, %{{.*}} : tensor<8x32x64xf32>, i32, i32) outs(%[[P0]] : tensor<8x64x64xf32>)
// CHECK: %[[C:.*]]:4 = moe.launch @[[COUNT:moe_count_[0-9a-f]+]] grid(%[[BLOCKS]]) ins(%[[L]], %[[T]] : tensor<300x8xf32>, i32)
// CHECK: %[[S:.*]]:2 = moe.launch @moe_sum_{{.*}} ins(%[[C]]#3,
// CHECK: %[[R:.*]]:3 = moe.launch @moe_scatter_{{.*}} ins(%[[C]]#1, %[[C]]#2, %[[S]]#0, %[[S]]#1,
// CHECK: %[[H:.*]] = moe.launch @[[GEMM1:moe_gemm1_[0-9a-f]+]] grid(%[[TILES]]) ins(%[[X]], %[[P]], %[[R]]#0, %[[R]]#1, %[[R]]#2 :
// CHECK: %[[O:.*]] = moe.launch @[[GEMM2:moe_gemm2_[0-9a-f]+]] grid(%[[TILES]]) ins(%[[H]], %[[D]], %[[R]]#0, %[[R]]#1, %[[R]]#2, %[[C]]#0 :
// CHECK: %[[Y:.*]] = moe.launch @moe_combine_{{.*}} ins(%[[O]], %[[C]]#1 :
// CHECK: return %[[Y]]
// Kernels begin while the ones before end, but read nothing before those have.
// CHECK: tt.func public @[[PACK0]](
// CHECK-SAME: attributes {moe.kernel_key = "{{.*}}", moe.num_stages = 1 : i32, moe.num_warps = 4 : i32, moe.overlap}
// CHECK-NEXT: arith.constant
// CHECK: tt.grid_dependency_wait
// CHECK-NEXT: tt.grid_dependency_launch_dependents
// CHECK: tt.func public @[[GEMM1]](
// Rows times a size is 64-bit.
// CHECK: arith.muli %{{.*}} : tensor<64x1xi64>
// CHECK: scf.for
// CHECK: tt.dot {{.*}} inputPrecision = tf32x3
// CHECK: tt.split
// CHECK: math.exp

// SM80-LABEL: func.func @many
// SM80-NOT: grid_dependency
// SM80-NOT: make_tensor_descriptor
// TF32: tt.dot {{.*}} inputPrecision = tf32 :
// TILE: tt.func public @moe_gemm1{{.*}} moe.num_stages = 5 : i32, moe.num_warps = 2 : i32
// TILE: tt.dot {{.*}} tensor<16x16xf32> * tensor<16x32xf32> -> tensor<16x32xf32>
func.func @many(%x: tensor<300x64xf32>, %logits: tensor<300x8xf32>, %wg: tensor<8x32x64xf32>, %wu: tensor<8x32x64xf32>,
                %wd: tensor<8x64x32xf32>) -> tensor<300x64xf32> {
  %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2> normalize<sum>
    : tensor<300x8xf32> -> tensor<300x2xf32>, tensor<300x2xi32>
  %p = moe.plan %ids : tensor<300x2xi32> -> !moe.plan<8>
  %u = moe.weights %wu : tensor<8x32x64xf32> -> !moe.weights<8x32x64, f32>
  %g = moe.weights %wg : tensor<8x32x64xf32> -> !moe.weights<8x32x64, f32>
  %d = moe.weights %wd : tensor<8x64x32xf32> -> !moe.weights<8x64x32, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<8x32x64, f32>) gate(%g : !moe.weights<8x32x64, f32>)
    down(%d : !moe.weights<8x64x32, f32>) activation<silu> : !moe.experts<8, 64 -> 64>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<300x2xf32>)
    : tensor<300x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64> -> tensor<300x64xf32>
  return %y : tensor<300x64xf32>
}

// -----

// Any number of tokens: one, few, and many. Weights that alternate already are
// used as they are. Persistent programs move blocks by the copy engine.
// CHECK-LABEL: func.func @any(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %{{.*}}: tensor<?x4xf32>, %[[W:.*]]: tensor<4x64x64xbf16> {moe.weight}
// CHECK-NOT: moe_pack
// CHECK: %[[T:.*]] = tensor.dim %[[X]]
// CHECK: arith.cmpi eq, %[[T]], %c1
// CHECK: scf.if
// CHECK: moe.launch @moe_vector1_{{.*}} ins(%[[X]], %{{.*}}, %[[W]] :
// CHECK: moe.launch @moe_vector2_
// CHECK: arith.cmpi ule, %[[T]], %c64
// CHECK: moe.launch @moe_plan_
// CHECK: moe.launch @moe_gemm1_
// CHECK: moe.launch @moe_gemm2_
// CHECK: moe.launch @moe_combine_
// CHECK: moe.launch @moe_count_
// BULK-LABEL: func.func @any(
// BULK: arith.minui %{{.*}}, %c132
// BULK: tt.make_tensor_descriptor {{.*}} : !tt.ptr<bf16>, !tt.tensordesc<64x64xbf16>
// BULK: tt.descriptor_load
func.func @any(%x: tensor<?x64xbf16>, %logits: tensor<?x4xf32>, %wgu: tensor<4x64x64xbf16>, %wd: tensor<4x64x32xbf16>)
    -> tensor<?x64xbf16> {
  %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 1> : tensor<?x4xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  %p = moe.plan %ids : tensor<?x1xi32> -> !moe.plan<4>
  %g = moe.weights %wgu layout<step = 2> : tensor<4x64x64xbf16> -> !moe.weights<4x32x64, bf16>
  %u = moe.weights %wgu layout<offset = 1, step = 2> : tensor<4x64x64xbf16> -> !moe.weights<4x32x64, bf16>
  %d = moe.weights %wd : tensor<4x64x32xbf16> -> !moe.weights<4x64x32, bf16>
  %e = moe.ffn_experts up(%u : !moe.weights<4x32x64, bf16>) gate(%g : !moe.weights<4x32x64, bf16>)
    down(%d : !moe.weights<4x64x32, bf16>) activation<silu> : !moe.experts<4, 64 -> 64>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
    : tensor<?x64xbf16>, !moe.plan<4>, !moe.experts<4, 64 -> 64> -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

// Two layers of one shape share their kernels; a gate that others use stays.
// CHECK-LABEL: func.func @twice
// CHECK: moe.launch @[[K:moe_gemm1_[0-9a-f]+]]
// CHECK: moe.launch @[[K]]
// CHECK-COUNT-1: tt.func public @moe_gemm1
// CHECK-NOT: tt.func public @moe_gemm1
func.func @twice(%x: tensor<5x16xf32>, %ids: tensor<5x1xi32>, %w: tensor<5x1xf32>, %a: tensor<2x16x16xf32>) -> tensor<5x16xf32> {
  %p = moe.plan %ids : tensor<5x1xi32> -> !moe.plan<2>
  %m = moe.weights %a : tensor<2x16x16xf32> -> !moe.weights<2x16x16, f32>
  %e = moe.ffn_experts up(%m : !moe.weights<2x16x16, f32>) down(%m : !moe.weights<2x16x16, f32>)
    activation<relu> : !moe.experts<2, 16 -> 16>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<5x1xf32>)
    : tensor<5x16xf32>, !moe.plan<2>, !moe.experts<2, 16 -> 16> -> tensor<5x16xf32>
  %z = moe.experts %y, %p, (%e) gather combine(%w : tensor<5x1xf32>)
    : tensor<5x16xf32>, !moe.plan<2>, !moe.experts<2, 16 -> 16> -> tensor<5x16xf32>
  return %z : tensor<5x16xf32>
}

// -----

// A gate alone.
// CHECK-LABEL: func.func @gate
// CHECK: moe.launch @moe_route_
func.func @gate(%logits: tensor<?x4xf32>) -> (tensor<?x1xf32>, tensor<?x1xi32>) {
  %w, %ids = moe.gate %logits score<sigmoid> select<top_k, k = 1> : tensor<?x4xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return %w, %ids : tensor<?x1xf32>, tensor<?x1xi32>
}

// -----

// Experts in another order than their source has them: runs of experts that
// follow each other are packed at once.
// CHECK-LABEL: func.func @selected
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : i32
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : i32
// CHECK-DAG: %[[N1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[N2:.*]] = arith.constant 2 : index
// CHECK: moe.launch @moe_pack_{{.*}} grid(%[[N2]], {{.*}} ins(%{{.*}}, %[[C2]], %[[C0]] :
// CHECK: moe.launch @moe_pack_{{.*}} grid(%[[N1]], {{.*}} ins(%{{.*}}, %[[C0]], %[[C2]] :
func.func @selected(%x: tensor<5x16xf32>, %ids: tensor<5x1xi32>, %w: tensor<5x1xf32>, %a: tensor<4x16x16xf32>) -> tensor<5x16xf32> {
  %p = moe.plan %ids : tensor<5x1xi32> -> !moe.plan<3>
  %m = moe.weights %a experts[2, 3, 0] : tensor<4x16x16xf32> -> !moe.weights<3x16x16, f32>
  %e = moe.ffn_experts up(%m : !moe.weights<3x16x16, f32>) down(%m : !moe.weights<3x16x16, f32>)
    activation<relu> : !moe.experts<3, 16 -> 16>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<5x1xf32>)
    : tensor<5x16xf32>, !moe.plan<3>, !moe.experts<3, 16 -> 16> -> tensor<5x16xf32>
  return %y : tensor<5x16xf32>
}
