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

// The affine term that combine and fused experts add to each token, which
// zero-computation experts fold into.
class MoE_AffineTerm {
  dag operands = (ins
    Optional<MoE_RealVector>:$copy_scale,
    Optional<MoE_RealMatrix>:$copy_input,
    Optional<MoE_RealMatrix>:$coefficients,
    Optional<MoE_WeightsType>:$vectors);
  string format = [{
    (`copy` `` `(` $copy_scale^ `,` $copy_input `:` type($copy_scale) `,`
      type($copy_input) `)`)?
    (`constant` `` `(` $coefficients^ `,` $vectors `:` type($coefficients) `,`
      qualified(type($vectors)) `)`)?
  }];
}
def MoE_Affine : MoE_AffineTerm;

def MoE_CombineOp : MoE_Op<"combine", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes", "reifyDimOfResult"]>]> {
  let summary = "sum the weighted rows of each token";
  let description = [{
    y[t] = Σ_j w[t, j] · rows[r(t, j)] over the slots that have a row, in
    ascending order of j, in f32 (f64 for f64). A token without any row is 0.
    For a plan by expert choice the sum runs over the pairs (e, c) that hold t,
    in ascending order, and w is E×C.

    With `copy(s, x)`, s of T elements and x T×H', s[t]·x[t] is added then; with
    `constant(c, v)`, c T×C and v C vectors of H' elements, Σ_i c[t, i]·v_i after
    that. A term whose scale or coefficient is 0 is not added, and what it would
    be of is not read. Experts that copy, or give constants, need no rows so.

    Example:

    ```mlir
    %y = moe.combine %o, %p, %w
        copy(%s, %x : tensor<?xf32>, tensor<?x64xf32>)
        constant(%c, %v : tensor<?x2xf32>, !moe.weights<2x64, f32>)
        : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = !con((ins MoE_RealMatrix:$rows, MoE_PlanType:$plan,
                            MoE_RealMatrix:$weights), MoE_Affine.operands);
  let results = (outs MoE_RealMatrix:$result);
  let assemblyFormat = !strconcat("$rows `,` $plan `,` $weights ", MoE_Affine.format, [{
    attr-dict `:` type($rows) `,` qualified(type($plan)) `,` type($weights)
    `->` type($result)
  }]);
  let builders = [OpBuilder<(ins "::mlir::Type":$result,
      "::mlir::Value":$rows, "::mlir::Value":$plan, "::mlir::Value":$weights),
    [{ build($_builder, $_state, result, rows, plan, weights, {}, {}, {}, {}); }]>];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // MOE_DIALECT_MOE_IR_COMBINEOPS
