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
include "moe/Dialect/MoE/IR/MoETypes.td"

// What gate and route have in common: operands and attributes after the logits,
// and their syntax.
class MoE_RoutingArguments {
  dag choice = (ins
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
  string format = [{
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
  }];
}
def MoE_Routing : MoE_RoutingArguments;

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
  let arguments = !con((ins MoE_RealMatrix:$logits), MoE_Routing.choice);
  let results = (outs MoE_RealMatrix:$weights,
                      2DTensorOf<[I32]>:$ids);
  let assemblyFormat = !strconcat("$logits ", MoE_Routing.format, [{
    attr-dict `:` type($logits) `->` type($weights) `,` type($ids)
  }]);
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

def MoE_ProjectOp : MoE_Op<"project", [Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "multiply tokens by small matrices";
  let description = [{
    result[t, e·N + n] = Σ_h input[t, h] · weights[e, n, h] for `input` T×H and
    `weights` E×N×H: the projections by all matrices side by side, T×(E·N),
    accumulated in f32 (f64 for f64) and rounded once. This is the form in which
    projections of a router's input wait to be fused with it.

    Example:

    ```mlir
    %c = moe.project %x, %m
        : tensor<?x64xf32>, !moe.weights<2x2x64, f32> -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins MoE_RealMatrix:$input, MoE_WeightsType:$weights);
  let results = (outs MoE_RealMatrix:$result);
  let assemblyFormat = [{
    $input `,` $weights attr-dict
    `:` type($input) `,` qualified(type($weights)) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def MoE_RouteOp : MoE_Op<"route", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>]> {
  let summary = "project tokens to router logits and choose experts";
  let description = [{
    A router's product and its `moe.gate` in one: for `input` T×H,
    z = input·routerᵀ + router_bias in the precision of `logits`, and `weights`
    and `ids` are those of the gate of z with the same options. `router` is
    1×E×H, its bias 1×E.

    `extra` weights M×N×H are projections of the same input that ride in the
    router's product: each adds a result T×(M·N) after the logits, that of
    `moe.project` (the mixing coefficients of MoE++'s constant experts, the gate
    of a shared expert).

    With `shared_gate`, the last of them, T×S, gives the weights of the S shared
    slots: its sigmoid.

    `logits` holds z before `state` is added, so that the next layer can take
    it as its gating residual.

    Example:

    ```mlir
    %w, %ids, %z, %c = moe.route %x
        router(%r : !moe.weights<1x8x64, f32>)
        extra(%m : !moe.weights<1x4x64, f32>)
        score<softmax> select<top_k, k = 2>
        : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>,
          tensor<?x8xf32>, tensor<?x4xf32>
    ```
  }];
  let arguments = !con((ins
    MoE_RealMatrix:$input, MoE_WeightsType:$router,
    Optional<MoE_WeightsType>:$router_bias,
    Variadic<MoE_WeightsType>:$extra, UnitAttr:$shared_gate),
    MoE_Routing.choice);
  let results = (outs MoE_RealMatrix:$weights, 2DTensorOf<[I32]>:$ids,
                      MoE_RealMatrix:$logits,
                      Variadic<MoE_RealMatrix>:$projected);
  let assemblyFormat = !strconcat([{
    $input
    `router` `` `(` $router (`bias` $router_bias^)? `:` qualified(type($router))
      (`,` qualified(type($router_bias))^)? `)`
    (`extra` `` `(` $extra^ `:` qualified(type($extra)) `)`)?
    (`shared_gate` $shared_gate^)?
  }], MoE_Routing.format, [{
    attr-dict `:` type($input) `->` type($weights) `,` type($ids) `,`
      type($logits) (`,` type($projected)^)?
  }]);
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// Number of routed experts, E.
    int64_t getNumExperts() { return getRouter().getType().getOutSize(); }
    bool isExpertChoice() {
      return getSelect().getMode() == SelectMode::ExpertChoice;
    }
  }];
}

#endif // MOE_DIALECT_MOE_IR_GATEOPS
