// RUN: moe-opt %s --allow-unregistered-dialect | moe-opt --allow-unregistered-dialect | FileCheck %s

// Reals print in the fewest digits that read back as themselves.
// CHECK-LABEL: "test.reals"
// CHECK-SAME: a0 = #moe.score<softmax>, a1 = #moe.score<softmax>
// CHECK-SAME: a2 = #moe.score<softmax, temperature = 0.1>
// CHECK-SAME: a3 = #moe.score<relu, temperature = 1.0e+300>
// CHECK-SAME: a4 = #moe.score<relu, temperature = 5.0e-324>
// CHECK-SAME: a5 = #moe.score<relu, temperature = 9007199254740992>
// CHECK-SAME: a6 = #moe.score<relu, temperature = 0.3333333333333333>
"test.reals"() {
  a0 = #moe.score<softmax>, a1 = #moe.score<softmax, temperature = 1>,
  a2 = #moe.score<softmax, temperature = 0.1>,
  a3 = #moe.score<relu, temperature = 1.0e300>,
  a4 = #moe.score<relu, temperature = 4.9406564584124654e-324>,
  a5 = #moe.score<relu, temperature = 9007199254740993>,
  a6 = #moe.score<relu, temperature = 0.333333333333333333333>
} : () -> ()

// CHECK-LABEL: "test.groups"
// CHECK-SAME: a0 = #moe.group_limit<count = 4, keep = 2>
// CHECK-SAME: a1 = #moe.group_limit<count = 4, keep = 4, by = top2_sum>
// CHECK-SAME: a2 = #moe.group_limit<count = 4, keep = 2, fill = 0>
// CHECK-SAME: a3 = #moe.group_limit<count = 4, keep = 2>
"test.groups"() {
  a0 = #moe.group_limit<count = 4, keep = 2, by = max>,
  a1 = #moe.group_limit<keep = 4, by = top2_sum, count = 4>,
  a2 = #moe.group_limit<keep = 2, fill = 0.0, count = 4>,
  a3 = #moe.group_limit<keep = 2, fill = -inf, count = 4>
} : () -> ()

// CHECK-LABEL: "test.selections"
// CHECK-SAME: a0 = #moe.select<top_k, k = 2>
// CHECK-SAME: a1 = #moe.select<top_k, k = 2, tie = higher>
// CHECK-SAME: a2 = #moe.select<top_p, k = 2, p = 1>
// CHECK-SAME: a3 = #moe.select<threshold, k = 2, threshold = -inf>
// CHECK-SAME: a4 = #moe.select<threshold, k = 2, threshold = -0>
// CHECK-SAME: a5 = #moe.select<rank_k, k = 1, rank = 3>
// CHECK-SAME: a6 = #moe.select<sparse_mixer, k = 2>
"test.selections"() {
  a0 = #moe.select<top_k, k = 2, tie = lower>,
  a1 = #moe.select<top_k, tie = higher, k = 2>,
  a2 = #moe.select<top_p, k = 2, p = 1.0>,
  a3 = #moe.select<threshold, k = 2, threshold = -inf>,
  a4 = #moe.select<threshold, k = 2, threshold = -0.0>,
  a5 = #moe.select<rank_k, k = 1, rank = 3>,
  a6 = #moe.select<sparse_mixer, k = 2, jitter = 0.0>
} : () -> ()

// CHECK-LABEL: "test.capacity_and_normalization"
// CHECK-SAME: a0 = #moe.capacity<count = 7>, a1 = #moe.capacity<factor = 1.25>
// CHECK-SAME: a2 = #moe.normalize<none>, a3 = #moe.normalize<softmax>
// CHECK-SAME: a4 = #moe.normalize<sum, epsilon = 1.0e-20>
// CHECK-SAME: a5 = #moe.normalize<sum, floor = 1.0e-12>
"test.capacity_and_normalization"() {
  a0 = #moe.capacity<count = 7>, a1 = #moe.capacity<factor = 1.25>,
  a2 = #moe.normalize<none>, a3 = #moe.normalize<softmax, epsilon = 0.0>,
  a4 = #moe.normalize<sum, epsilon = 1.0e-20>,
  a5 = #moe.normalize<sum, floor = 1.0e-12, epsilon = 0.0>
} : () -> ()

// CHECK-LABEL: "test.experts"
// CHECK-SAME: a0 = #moe.activation<gelu_tanh>
// CHECK-SAME: a1 = #moe.activation<silu, alpha = 1.702, beta = 1, limit = 7>
// CHECK-SAME: a2 = #moe.activation<relu, limit = 0>
// CHECK-SAME: a3 = #moe.layout<>
// CHECK-SAME: a4 = #moe.layout<offset = 1, step = 2, transposed = true>
"test.experts"() {
  a0 = #moe.activation<gelu_tanh, limit = inf>,
  a1 = #moe.activation<silu, alpha = 1.702, beta = 1.0, limit = 7.0>,
  a2 = #moe.activation<relu, limit = 0>,
  a3 = #moe.layout<step = 1>,
  a4 = #moe.layout<offset = 1, step = 2, transposed = true>
} : () -> ()
