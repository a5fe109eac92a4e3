//===- GateOps.td - Choice of experts --------------------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_GATEOPS
#define MOE_DIALECT_MOE_IR_GATEOPS

include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/MoEAttributes.td"

def MoE_GateOp : MoE_Op<"gate", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "choose experts for each token and weigh them";
  let description = [{
    For `logits` T×E gives `weights` T×(k+S) and `ids` T×(k+S), k being the
    width of `select` and S the number of shared experts. In this order:

    1. z = logits + `state` (if given), p = `score`(z), computed in f32 (in f64
       for f64 logits);
    2. the choice value of an expert is c = p + `bias` (if given): the bias
       moves the choice, never the weights;
    3. `groups` excludes experts outside the best groups;
    4. `select` picks ids in descending order of c; `tie` orders equal ones;
       NaN ranks above every number;
    5. the weight of a pick is its p, or, with `values` T×E, its entry there;
    6. `capacity` turns picks that come too late for their expert into −1;
    7. `normalize`, over the picks that are left;
    8. times `scale`;
    9. with `drop_below`, a pick with weight ≤ `drop_below` becomes −1;
    10. `shared` S appends S slots with ids E … E+S−1 to every token, of weight
        1, or of `shared_weights` T×S.

    A slot with id −1 has weight 0. With `expert_choice` both results are E×k
    and ids count tokens; it takes neither shared experts, nor capacity, nor
    normalisation. `sparse_mixer` computes its own weights, from the identity
    score. Given ids outside [0, E) are as good as −1. The constraints (G1) to
    (G24) of `docs/Spec.md` say all this exactly.

    Example:

    ```mlir
    // DeepSeek-V3: sigmoid, correction bias, 2 of 4 groups, renormalised.
    %w, %ids = moe.gate %logits bias(%b : tensor<8xf32>)
        score<sigmoid> groups<count = 4, keep = 2, by = top2_sum>
        select<top_k, k = 2> normalize<sum, epsilon = 1.0e-20> scale(2.5)
        : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    ```
  }];
  let arguments = (ins
    MoE_RealMatrix:$logits,
    Optional<MoE_RealVector>:$bias,
    Optional<MoE_RealMatrix>:$state,
    Optional<MoE_RealMatrix>:$values,
    Optional<AnyRankedTensor>:$given_ids,
    Optional<2DTensorOf<[I32]>>:$table,
    Optional<MoE_RealMatrix>:$shared_weights,
    MoE_ScoreAttr:$score,
    OptionalAttr<MoE_GroupLimitAttr>:$group_limit,
    MoE_SelectAttr:$select,
    OptionalAttr<MoE_CapacityAttr>:$capacity,
    OptionalAttr<MoE_NormalizeAttr>:$normalize,
    DefaultValuedAttr<F64Attr, "1.0">:$scale,
    OptionalAttr<F64Attr>:$drop_below,
    DefaultValuedAttr<MoE_IntAttr, "0">:$shared);
  let results = (outs MoE_RealMatrix:$weights,
                      2DTensorOf<[I32]>:$ids);
  let assemblyFormat = [{
    $logits
    (`bias` `` `(` $bias^ `:` type($bias) `)`)?
    (`state` `` `(` $state^ `:` type($state) `)`)?
    (`values` `` `(` $values^ `:` type($values) `)`)?
    (`ids` `` `(` $given_ids^ `:` type($given_ids) `)`)?
    (`table` `` `(` $table^ `:` type($table) `)`)?
    `score` `` $score
    (`groups` `` $group_limit^)?
    `select` `` $select
    (`capacity` `` $capacity^)?
    (`normalize` `` $normalize^)?
    (`scale` `` `(` custom<Real>($scale)^ `)`)?
    (`drop_below` `` `(` custom<Real>($drop_below)^ `)`)?
    (`shared` `` `(` $shared^ (`,` $shared_weights^ `:` type($shared_weights))? `)`)?
    attr-dict `:` type($logits) `->` type($weights) `,` type($ids)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// Number of routed experts, E.
    int64_t getNumExperts();
    /// Number of experts that ids refer to, E + S.
    int64_t getNumSlots() { return getNumExperts() + getShared(); }
    bool isExpertChoice() {
      return getSelect().getMode() == SelectMode::ExpertChoice;
    }
  }];
}

#endif // MOE_DIALECT_MOE_IR_GATEOPS
