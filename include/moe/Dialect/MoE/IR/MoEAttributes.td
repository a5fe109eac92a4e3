//===- MoEAttributes.td - Routing and expert attributes ----*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOEATTRIBUTES
#define MOE_DIALECT_MOE_IR_MOEATTRIBUTES

include "moe/Dialect/MoE/IR/MoEEnums.td"

/// A real number that prints as the shortest text that reads back as itself.
class MoE_RealOr<string value> : AttrOrTypeParameter<"::mlir::moe::Real", "real number"> {
  let parser = "::mlir::moe::parseReal($_parser)";
  let printer = "::mlir::moe::printReal($_printer, $_self)";
  let defaultValue = "::mlir::moe::Real(" # value # ")";
}

def MoE_ScoreAttr : MoE_Attr<"Score", "score"> {
  let summary = "router logits to scores: function(logits / temperature)";
  let parameters = (ins EnumParameter<MoE_ScoreFunction>:$function,
                        MoE_RealOr<"1.0">:$temperature);
  let assemblyFormat = "`<` $function (`,` struct($temperature)^)? `>`";
  let genVerifyDecl = 1;
}

def MoE_GroupLimitAttr : MoE_Attr<"GroupLimit", "group_limit"> {
  let summary = "restrict the choice to the best groups of experts";
  let description = [{
    The E experts form `count` groups of E/count consecutive ones. A token
    chooses only inside the `keep` groups that rank highest by `by`: the
    greatest choice value in the group, or the sum of its two greatest. With a
    `fill`, experts of other groups are not excluded: they have this choice
    value.
  }];
  let parameters = (ins "int64_t":$count, "int64_t":$keep,
                        DefaultValuedParameter<"GroupReduce",
                          "GroupReduce::Max">:$by,
                        MoE_RealOr<"-std::numeric_limits<double>::infinity()">
                          :$fill);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def MoE_SelectAttr : MoE_Attr<"Select", "select"> {
  let summary = "how experts are chosen";
  let description = [{
    `k` is the width of the result: the number of slots per token (per expert
    for `expert_choice`). Slots that stay unused hold id −1.

    | mode | chooses | parameter |
    |---|---|---|
    | `top_k` | the k greatest choice values | |
    | `top_p` | the fewest greatest whose scores sum to at least `p`, at most k | `p` |
    | `threshold` | those with choice value > `threshold`, at most the k greatest | `threshold` |
    | `rank_k` | only the one with the `rank`-th greatest value (1 is the greatest); k = 1 | `rank` |
    | `all` | every expert in index order; k = E | |
    | `given` | the ids of the `ids` operand | |
    | `table` | row `ids[t]` of the `table` operand | |
    | `sparse_mixer` | two experts by masked softmax (SparseMixer); k = 2 | `jitter` |
    | `expert_choice` | for each expert the k tokens with the greatest values | |
  }];
  let parameters = (ins EnumParameter<MoE_SelectMode>:$mode, "int64_t":$k,
                        DefaultValuedParameter<"TieBreak",
                          "TieBreak::Lower">:$tie,
                        MoE_RealOr<"0.0">:$p,
                        MoE_RealOr<"0.0">:$threshold,
                        DefaultValuedParameter<"int64_t", "0">:$rank,
                        MoE_RealOr<"0.0">:$jitter);
  let assemblyFormat =
      "`<` $mode `,` struct($k, $tie, $p, $threshold, $rank, $jitter) `>`";
  let genVerifyDecl = 1;
}

def MoE_CapacityAttr : MoE_Attr<"Capacity", "capacity"> {
  let summary = "greatest number of rows per expert";
  let description = [{
    Either `count` rows, or ceil(`factor` · T · k / E) of them. Slots are
    admitted in the order of the slot, then of the token; what comes later is
    dropped (its id becomes −1). Slots with id −1 do not count.
  }];
  let parameters = (ins DefaultValuedParameter<"int64_t", "0">:$count,
                        MoE_RealOr<"0.0">:$factor);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def MoE_NormalizeAttr : MoE_Attr<"Normalize", "normalize"> {
  let summary = "renormalisation of the chosen weights";
  let description = [{
    `sum` divides by the sum of the chosen weights plus `epsilon`, or by `floor`
    if it is given and greater; `softmax` takes the softmax over the chosen ones (of logits, with the `identity`
    score). Slots with id −1 take no part.
  }];
  let parameters = (ins EnumParameter<MoE_NormalizeMode>:$mode,
                        MoE_RealOr<"0.0">:$epsilon, MoE_RealOr<"0.0">:$floor);
  let assemblyFormat = "`<` $mode (`,` struct($epsilon, $floor)^)? `>`";
  let genVerifyDecl = 1;
}

def MoE_ActivationAttr : MoE_Attr<"Activation", "activation"> {
  let summary = "the nonlinearity of a feed-forward expert";
  let description = [{
    Without a gate projection: h = f(u). With one, g being the gate's and u the
    linear ("up") projection:

        G = min(g, limit);  L = clamp(u, −limit, +limit);  h = f_α(G) · (L + β)

    where f_α(z) = z · σ(α z) for `silu`, and α has no meaning for other
    functions. `limit` defaults to none (+inf), α to 1, β to 0.
  }];
  let parameters = (ins EnumParameter<MoE_ActivationFunction>:$function,
                        MoE_RealOr<"1.0">:$alpha,
                        MoE_RealOr<"0.0">:$beta,
                        MoE_RealOr<"std::numeric_limits<double>::infinity()">
                          :$limit);
  let assemblyFormat =
      "`<` $function (`,` struct($alpha, $beta, $limit)^)? `>`";
  let genVerifyDecl = 1;
}

def MoE_LayoutAttr : MoE_Attr<"Layout", "layout"> {
  let summary = "where the logical weight element stands in its source";
  let description = [{
    Logical element (e, n, k) of a weight is source element
    (e, offset + step·n, k), or (e, k, offset + step·n) when `transposed`.
    So the gate rows of an interleaved gate/up matrix are `step = 2`, and the
    second half of a concatenated one is `offset = I`.
  }];
  let parameters = (ins DefaultValuedParameter<"int64_t", "0">:$offset,
                        DefaultValuedParameter<"int64_t", "1">:$step,
                        DefaultValuedParameter<"bool", "false">:$transposed);
  let assemblyFormat = "`<` struct(params) `>`";
  let constBuilderCall =
      "::mlir::moe::LayoutAttr::get($_builder.getContext(), $0)";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether source and logical element are the same.
    bool isIdentity() const {
      return getOffset() == 0 && getStep() == 1 && !getTransposed();
    }
  }];
}

#endif // MOE_DIALECT_MOE_IR_MOEATTRIBUTES
