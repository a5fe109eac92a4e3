// Bytecode of types and attributes, and of the versions of the dialect.

// (B1) What is written reads back as itself.
// RUN: moe-opt %S/ops.mlir --emit-bytecode | moe-opt | FileCheck %S/ops.mlir
// RUN: moe-opt %S/gate.mlir --emit-bytecode | moe-opt | FileCheck %S/gate.mlir
// RUN: moe-opt %S/types.mlir --emit-bytecode | moe-opt | FileCheck %S/types.mlir
// RUN: moe-opt %S/attributes.mlir --allow-unregistered-dialect --emit-bytecode \
// RUN:   | moe-opt --allow-unregistered-dialect | FileCheck %S/attributes.mlir

// (B3) Version 1.0, as it was written and as it is written today. The file is
// what the second command wrote.
// RUN: moe-opt %S/Inputs/version-1.0.mlirbc | FileCheck %s
// RUN: moe-opt %s --strip-debuginfo --test-moe-emit-bytecode='minor=0 output=%t-1.0.mlirbc'
// RUN: moe-opt %t-1.0.mlirbc | FileCheck %s
// RUN: cmp %t-1.0.mlirbc %S/Inputs/version-1.0.mlirbc

// (B2) A version from the future.
// RUN: moe-opt %s --test-moe-emit-bytecode='major=2 output=%t-2.0.mlirbc'
// RUN: not moe-opt %t-2.0.mlirbc 2>&1 | FileCheck %s --check-prefix=NEWER
// RUN: moe-opt %s --test-moe-emit-bytecode='minor=4 output=%t-1.4.mlirbc'
// RUN: not moe-opt %t-1.4.mlirbc 2>&1 | FileCheck %s --check-prefix=MINOR
// NEWER: error: bytecode has version 2.0 of the moe dialect, this reader knows 1.3
// MINOR: error: bytecode has version 1.4 of the moe dialect, this reader knows 1.3

// Experts of weights, which 1.2 cannot say, are not lost in silence.
// RUN: moe-opt %S/ops.mlir --test-moe-emit-bytecode='minor=2 output=%t-1.2.mlirbc'
// RUN: not moe-opt %t-1.2.mlirbc 2>&1 | FileCheck %s --check-prefix=OLDER
// OLDER: error: trying to read an array of

// CHECK-LABEL: func.func @layer
// CHECK: select<top_k, k = 2> normalize<sum>
// CHECK: select<top_p, k = 2, p = 0.75>
// CHECK: select<threshold, k = 2, threshold = 0.125>
// CHECK: activation<silu, alpha = 1.702, limit = 7>
func.func @layer(%l: tensor<?x4xf32>, %u: !moe.weights<4x8x6, bf16>,
                 %d: !moe.weights<4x6x8, bf16>) {
  %0:2 = moe.gate %l score<softmax> select<top_k, k = 2> normalize<sum>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %1:2 = moe.gate %l score<softmax> select<top_p, k = 2, p = 0.75>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %2:2 = moe.gate %l score<relu> select<threshold, k = 2, threshold = 0.125>
      : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
  %p = moe.plan %0#1 : tensor<?x2xi32> -> !moe.plan<4>
  %e = moe.ffn_experts up(%u : !moe.weights<4x8x6, bf16>)
      gate(%u : !moe.weights<4x8x6, bf16>) down(%d : !moe.weights<4x6x8, bf16>)
      activation<silu, alpha = 1.702, limit = 7.0> : !moe.experts<4, 6 -> 6>
  return
}
