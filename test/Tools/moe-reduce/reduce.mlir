// Reduction keeps what the test script finds interesting and drops the rest.
// RUN: moe-reduce %s -reduction-tree='traversal-mode=0 \
// RUN:   test=%S/Inputs/keeps-plan.sh' | FileCheck %s

// CHECK-NOT: func.func {{.*}}@ordinary
// CHECK: func.func private @keeps_plan({{.*}}!moe.plan<8>
// CHECK-NOT: func.func {{.*}}@also_ordinary

func.func @ordinary() {
  return
}
func.func private @keeps_plan(!moe.plan<8>)
func.func @also_ordinary(%a: f32) -> f32 {
  return %a : f32
}
