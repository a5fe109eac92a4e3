//===- CombineOps.td - Combine ---------------------------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_COMBINEOPS
#define MOE_DIALECT_MOE_IR_COMBINEOPS

include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/MoEAttributes.td"
include "moe/Dialect/MoE/IR/MoETypes.td"

def MoE_CombineOp : MoE_Op<"combine", [Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes", "reifyDimOfResult"]>]> {
  let summary = "sum the weighted rows of each token";
  let description = [{
    y[t] = Σ_j w[t, j] · rows[r(t, j)] over the slots that have a row, in
    ascending order of j, in f32 (f64 for f64). A token without any row is 0.
    For a plan by expert choice the sum runs over the pairs (e, c) that hold t,
    in ascending order, and w is E×C.

    Example:

    ```mlir
    %y = moe.combine %o, %p, %w
        : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins MoE_RealMatrix:$rows, MoE_PlanType:$plan,
                       MoE_RealMatrix:$weights);
  let results = (outs MoE_RealMatrix:$result);
  let assemblyFormat = [{
    $rows `,` $plan `,` $weights attr-dict
    `:` type($rows) `,` qualified(type($plan)) `,` type($weights) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // MOE_DIALECT_MOE_IR_COMBINEOPS
