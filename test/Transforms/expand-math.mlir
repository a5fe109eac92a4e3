// RUN: moe-opt %s --moe-expand-math | FileCheck %s

// CHECK-LABEL: func.func @f(
// CHECK-NOT: math.tanh
// CHECK: math.fma
func.func @f(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.tanh %x : vector<16xf32>
  return %0 : vector<16xf32>
}
