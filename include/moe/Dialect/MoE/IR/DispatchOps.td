//===- DispatchOps.td - Plan and dispatch ----------------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_DISPATCHOPS
#define MOE_DIALECT_MOE_IR_DISPATCHOPS

include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/MoEAttributes.td"
include "moe/Dialect/MoE/IR/MoETypes.td"

def MoE_PlanOp : MoE_Op<"plan", [Pure]> {
  let summary = "sort the chosen (token, slot) pairs by expert";
  let description = [{
    `ids` T×k holds expert ids. The rows of the plan are the pairs (t, j) with
    ids[t, j] in [0, E), sorted by (ids[t, j], t, j); the sort is stable.

    With a plan type marked `expert_choice`, `ids` is E×C and holds token ids;
    `tokens` says how many tokens there are, and rows are the pairs (e, c) with
    ids[e, c] in [0, tokens), in order.

    An id outside its range is as good as −1: its slot has no row.

    Example:

    ```mlir
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
    %q = moe.plan %tok tokens(%n) : tensor<8x4xi32> -> !moe.plan<8, expert_choice>
    ```
  }];
  let arguments = (ins 2DTensorOf<[I32]>:$ids, Optional<Index>:$tokens);
  let results = (outs MoE_PlanType:$plan);
  let assemblyFormat = [{
    $ids (`tokens` `` `(` $tokens^ `)`)? attr-dict
    `:` type($ids) `->` qualified(type($plan))
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def MoE_DispatchOp : MoE_Op<"dispatch", [Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes", "reifyDimOfResult"]>]> {
  let summary = "bring the rows of each expert together";
  let description = [{
    Row r of the result R×H is x[t], (t, j) being the r-th pair of the plan. It
    only permutes and repeats.

    Example:

    ```mlir
    %rows = moe.dispatch %x, %p
        : tensor<?x64xf32>, !moe.plan<8> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[AnyType]>:$input, MoE_PlanType:$plan);
  let results = (outs 2DTensorOf<[AnyType]>:$rows);
  let assemblyFormat = [{
    $input `,` $plan attr-dict
    `:` type($input) `,` qualified(type($plan)) `->` type($rows)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def MoE_RemapIdsOp : MoE_Op<"remap_ids", [Pure, SameOperandsAndResultType]> {
  let summary = "number experts anew";
  let description = [{
    An id i in [0, E), E being the length of `table`, becomes table[i]; any other
    becomes −1. An entry −1 takes the expert's slots out of the plan.

    Example:

    ```mlir
    %r = moe.remap_ids %ids [0, 1, -1, 2] : tensor<?x2xi32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[I32]>:$ids, DenseI32ArrayAttr:$table);
  let results = (outs 2DTensorOf<[I32]>:$result);
  let assemblyFormat = "$ids $table attr-dict `:` type($ids)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def MoE_CoefficientsOp : MoE_Op<"coefficients", [Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "sum the weights with which tokens chose given experts";
  let description = [{
    c[t, i] = Σ_j w[t, j] over the slots j, in ascending order, whose id e has
    table[e] = i; ids outside the table and entries −1 count nowhere. With one
    column the result may be a vector T.

    Example: what tokens have of expert 4, and of experts 5 and 6 together.

    ```mlir
    %c = moe.coefficients %w, %ids [-1, -1, -1, -1, 0, 1, 1]
        : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
    ```
  }];
  let arguments = (ins MoE_RealMatrix:$weights, 2DTensorOf<[I32]>:$ids,
                       DenseI32ArrayAttr:$table);
  let results = (outs AnyTypeOf<[MoE_RealVector, MoE_RealMatrix]>:$result);
  let assemblyFormat = [{
    $weights `,` $ids $table attr-dict
    `:` type($weights) `,` type($ids) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def MoE_MixOp : MoE_Op<"mix", [Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "share coefficients between tokens and constant vectors";
  let description = [{
    For constant experts that mix (MoE++): of `sums` T×C (what tokens have of
    each constant) and the mixing `logits` T×Z gives what the tokens themselves
    are scaled by, and what each vector is. Entry p of `starts` says where the
    two logits of constant i begin, −1 that it does not mix. With
    [a, b] = softmax(z[t, p], z[t, p+1]):

        scale[t] = copies[t] + Σ_i sums[t, i]·a_i
        coefficients[t, i] = sums[t, i]·b_i

    for those that mix, in ascending order; others keep their sum. What nobody
    chose, a sum of 0, is 0 whatever its logits are.

    Example:

    ```mlir
    %scale, %coefficients = moe.mix %c, %z [0, 2] copies(%s : tensor<?xf32>)
        : tensor<?x2xf32>, tensor<?x4xf32> -> tensor<?xf32>, tensor<?x2xf32>
    ```
  }];
  let arguments = (ins MoE_RealMatrix:$sums, MoE_RealMatrix:$logits,
                       Optional<MoE_RealVector>:$copies,
                       DenseI32ArrayAttr:$starts);
  let results = (outs MoE_RealVector:$scale, MoE_RealMatrix:$coefficients);
  let assemblyFormat = [{
    $sums `,` $logits $starts (`copies` `` `(` $copies^ `:` type($copies) `)`)?
    attr-dict `:` type($sums) `,` type($logits) `->` type($scale) `,`
    type($coefficients)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // MOE_DIALECT_MOE_IR_DISPATCHOPS
