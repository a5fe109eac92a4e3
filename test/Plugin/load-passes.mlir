// The stock mlir-opt runs the project's passes by a textual pipeline.
// UNSUPPORTED: asan
// RUN: mlir-opt %s --load-dialect-plugin=%moe_lib_dir/MoEPlugin.so \
// RUN:   --load-pass-plugin=%moe_lib_dir/MoEPlugin.so \
// RUN:   --pass-pipeline='builtin.module(moe-fuse-dispatch)' | FileCheck %s
// RUN: mlir-opt %s --load-dialect-plugin=%moe_lib_dir/MoEPlugin.so \
// RUN:   --load-pass-plugin=%moe_lib_dir/MoEPlugin.so \
// RUN:   --pass-pipeline='builtin.module(moe-optimize)' | FileCheck %s
// RUN: not mlir-opt %s --load-dialect-plugin=%moe_lib_dir/MoEPlugin.so \
// RUN:   --pass-pipeline='builtin.module(moe-fuse-dispatch)' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=WITHOUT

// CHECK-LABEL: func.func @gathers
// CHECK-NEXT: moe.experts %{{.*}} gather
// CHECK-NEXT: return
// WITHOUT: 'moe-fuse-dispatch' does not refer to a registered pass
func.func @gathers(%x: tensor<?x16xf32>, %p: !moe.plan<4>,
                   %e: !moe.experts<4, 16 -> 16>) -> tensor<?x16xf32> {
  %rows = moe.dispatch %x, %p
      : tensor<?x16xf32>, !moe.plan<4> -> tensor<?x16xf32>
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x16xf32>, !moe.plan<4>, !moe.experts<4, 16 -> 16>
        -> tensor<?x16xf32>
  return %o : tensor<?x16xf32>
}
