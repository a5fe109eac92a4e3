// The stock mlir-opt knows the dialect once the plugin is loaded.
// UNSUPPORTED: asan
// RUN: %llvm_tools_dir/mlir-opt %s \
// RUN:   --load-dialect-plugin=%moe_lib_dir/MoEPlugin.so | FileCheck %s
// RUN: not %llvm_tools_dir/mlir-opt %s 2>&1 | FileCheck %s --check-prefix=WITHOUT

// WITHOUT: error: {{.*}}unregistered dialect

// CHECK-LABEL: func.func @keeps_plan(
// CHECK-SAME: !moe.plan<8>
func.func @keeps_plan(%plan: !moe.plan<8>) -> !moe.plan<8> {
  return %plan : !moe.plan<8>
}
