// Bytecode of version 1.1, which knew no fill of groups and no floor of sums.

// (B3) As it was written and as it is written today. The file is what the
// second command wrote.
// RUN: moe-opt %S/Inputs/version-1.1.mlirbc | FileCheck %s
// RUN: moe-opt %s --strip-debuginfo --test-moe-emit-bytecode='minor=1 output=%t-1.1.mlirbc'
// RUN: moe-opt %t-1.1.mlirbc | FileCheck %s
// RUN: cmp %t-1.1.mlirbc %S/Inputs/version-1.1.mlirbc

// CHECK-LABEL: func.func @gates
// CHECK: groups<count = 2, keep = 1> select<top_k, k = 2, tie = higher> normalize<sum, epsilon = 0.25>
// CHECK: groups<count = 2, keep = 1, by = top2_sum> select<top_k, k = 1> normalize<softmax>
func.func @gates(%l: tensor<?x4xf32>) {
  %0:2 = moe.gate %l score<softmax> groups<count = 2, keep = 1>
      select<top_k, k = 2, tie = higher> normalize<sum, epsilon = 0.25>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %1:2 = moe.gate %l score<softmax> groups<count = 2, keep = 1, by = top2_sum>
      select<top_k, k = 1> normalize<softmax>
      : tensor<?x4xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
  return
}
