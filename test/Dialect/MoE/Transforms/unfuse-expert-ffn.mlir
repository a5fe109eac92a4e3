// RUN: moe-opt %s --test-moe-unfuse-expert-ffn | FileCheck %s
// RUN: moe-opt %s --test-moe-unfuse-expert-ffn --moe-fuse-expert-ffn --cse | FileCheck %s --check-prefix=AGAIN

// The region of a network, and the network of this region.
// CHECK-LABEL: func.func @ffn
// CHECK:         moe.region_experts : !moe.experts<3, 8 -> 8>
// CHECK-NEXT:    ^bb0(%[[E:.*]]: index, %{{.*}}: tensor<?x8xf32>):
// CHECK:           tensor.extract_slice %arg0[%[[E]], 0, 0] [1, 12, 8] [1, 1, 1] : tensor<3x12x8xbf16> to tensor<12x8xbf16>
// CHECK:           linalg.generic
// CHECK:           math.erf
// CHECK:           moe.yield %{{.*}} : tensor<?x8xf32>
// AGAIN-LABEL: func.func @ffn
// AGAIN-NOT:     moe.region_experts
// AGAIN-DAG:     %[[U:.*]] = moe.weights %arg0 layout<offset = 6> : tensor<3x12x8xbf16> -> !moe.weights<3x6x8, bf16>
// AGAIN-DAG:     %[[G:.*]] = moe.weights %arg0 : tensor<3x12x8xbf16> -> !moe.weights<3x6x8, bf16>
// AGAIN-DAG:     %[[D:.*]] = moe.weights %arg1, %arg2, %arg1 layout<transposed = true> : tensor<6x8xf32>, tensor<6x8xf32>, tensor<6x8xf32> -> !moe.weights<3x8x6, f32>
// AGAIN-DAG:     %[[B:.*]] = moe.weights %arg3 experts[4, 4, 0] : tensor<5x6xf32> -> !moe.weights<3x6, f32>
// AGAIN:         moe.ffn_experts up(%[[U]] bias %[[B]] : {{.*}}) gate(%[[G]] : {{.*}}) down(%[[D]] : {{.*}}) activation<gelu> : !moe.experts<3, 8 -> 8>
func.func @ffn(%both: tensor<3x12x8xbf16>, %d0: tensor<6x8xf32>, %d1: tensor<6x8xf32>,
               %bias: tensor<5x6xf32>, %x: tensor<?x8xf32>, %p: !moe.plan<3>) -> tensor<?x8xf32> {
  %g = moe.weights %both : tensor<3x12x8xbf16> -> !moe.weights<3x6x8, bf16>
  %u = moe.weights %both layout<offset = 6> : tensor<3x12x8xbf16> -> !moe.weights<3x6x8, bf16>
  %d = moe.weights %d0, %d1, %d0 layout<transposed = true>
      : tensor<6x8xf32>, tensor<6x8xf32>, tensor<6x8xf32> -> !moe.weights<3x8x6, f32>
  %b = moe.weights %bias experts[4, 4, 0] : tensor<5x6xf32> -> !moe.weights<3x6, f32>
  %e = moe.ffn_experts up(%u bias %b : !moe.weights<3x6x8, bf16>, !moe.weights<3x6, f32>)
      gate(%g : !moe.weights<3x6x8, bf16>) down(%d : !moe.weights<3x8x6, f32>)
      activation<gelu> : !moe.experts<3, 8 -> 8>
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x8xf32>, !moe.plan<3>, !moe.experts<3, 8 -> 8> -> tensor<?x8xf32>
  return %o : tensor<?x8xf32>
}
