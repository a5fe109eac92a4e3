// A project outside the tree builds and runs against the installed package,
// even after its prefix was moved; the installed tools and plugin start there.
// UNSUPPORTED: asan

// RUN: rm -rf %t && mkdir %t
// RUN: %cmake --install %moe_obj_root --prefix %t/first > /dev/null
// RUN: mv %t/first %t/moved

// RUN: %cmake -S %S/Inputs/consumer -B %t/build -G Ninja \
// RUN:   -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=%host_cxx \
// RUN:   -DCMAKE_C_COMPILER=%host_cc -DCMAKE_PREFIX_PATH=%t/moved
// RUN: %cmake --build %t/build
// RUN: %t/build/moe-consumer %s 'moe-fuse-dispatch' | FileCheck %s
// RUN: not %t/build/moe-consumer %s 'no-such-pass' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=UNKNOWN

// RUN: %t/moved/bin/moe-opt %s --moe-fuse-dispatch | FileCheck %s --check-prefix=OPT
// RUN: mlir-opt %s --load-dialect-plugin=%t/moved/lib/MoEPlugin.so \
// RUN:   --load-pass-plugin=%t/moved/lib/MoEPlugin.so \
// RUN:   --pass-pipeline='builtin.module(moe-fuse-dispatch)' \
// RUN:   | FileCheck %s --check-prefix=OPT

// The build tree serves as a package too.
// RUN: %cmake -S %S/Inputs/consumer -B %t/build -DCMAKE_PREFIX_PATH= \
// RUN:   -DMoE_DIR=%moe_obj_root/lib/cmake/moe
// RUN: %cmake --build %t/build
// RUN: %t/build/moe-consumer %s 'moe-fuse-dispatch' | FileCheck %s

// CHECK-LABEL: func.func @layer
// CHECK-NOT: moe.dispatch
// CHECK: moe.experts %{{.*}} gather
// CHECK: // plans: 1
// UNKNOWN: 'no-such-pass' does not refer to a registered pass
// OPT-NOT: moe.dispatch
// OPT: moe.experts %{{.*}} gather

func.func @layer(%x: tensor<?x16xf32>, %ids: tensor<?x2xi32>,
                 %weights: tensor<?x2xf32>, %up: tensor<4x8x16xf32>,
                 %down: tensor<4x16x8xf32>) -> tensor<?x16xf32> {
  %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
  %u = moe.weights %up : tensor<4x8x16xf32> -> !moe.weights<4x8x16, f32>
  %d = moe.weights %down : tensor<4x16x8xf32> -> !moe.weights<4x16x8, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<4x8x16, f32>)
      down(%d : !moe.weights<4x16x8, f32>) activation<relu>
      : !moe.experts<4, 16 -> 16>
  %rows = moe.dispatch %x, %p
      : tensor<?x16xf32>, !moe.plan<4> -> tensor<?x16xf32>
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x16xf32>, !moe.plan<4>, !moe.experts<4, 16 -> 16>
        -> tensor<?x16xf32>
  %y = moe.combine %o, %p, %weights
      : tensor<?x16xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
