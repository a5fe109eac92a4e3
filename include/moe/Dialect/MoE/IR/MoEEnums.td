//===- MoEEnums.td - Enumerations of the moe dialect -------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOEENUMS
#define MOE_DIALECT_MOE_IR_MOEENUMS

include "moe/Dialect/MoE/IR/MoEBase.td"

class MoE_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::moe";
  let genSpecializedAttr = 0;
}

def MoE_ScoreFunction : MoE_I32Enum<"ScoreFunction",
    "score function", [
      I32EnumAttrCase<"Identity", 0, "identity">,
      I32EnumAttrCase<"Softmax", 1, "softmax">,
      I32EnumAttrCase<"Sigmoid", 2, "sigmoid">,
      I32EnumAttrCase<"SqrtSoftplus", 3, "sqrt_softplus">,
      I32EnumAttrCase<"Relu", 4, "relu">,
      I32EnumAttrCase<"Tanh", 5, "tanh">]>;

def MoE_SelectMode : MoE_I32Enum<"SelectMode", "mode of selection", [
      I32EnumAttrCase<"TopK", 0, "top_k">,
      I32EnumAttrCase<"TopP", 1, "top_p">,
      I32EnumAttrCase<"Threshold", 2, "threshold">,
      I32EnumAttrCase<"RankK", 3, "rank_k">,
      I32EnumAttrCase<"All", 4, "all">,
      I32EnumAttrCase<"Given", 5, "given">,
      I32EnumAttrCase<"Table", 6, "table">,
      I32EnumAttrCase<"SparseMixer", 7, "sparse_mixer">,
      I32EnumAttrCase<"ExpertChoice", 8, "expert_choice">]>;

def MoE_TieBreak : MoE_I32Enum<"TieBreak",
    "tie-break", [
      I32EnumAttrCase<"Lower", 0, "lower">,
      I32EnumAttrCase<"Higher", 1, "higher">]>;

def MoE_GroupReduce : MoE_I32Enum<"GroupReduce",
    "ranking of groups", [
      I32EnumAttrCase<"Max", 0, "max">,
      I32EnumAttrCase<"Top2Sum", 1, "top2_sum">]>;

def MoE_NormalizeMode : MoE_I32Enum<"NormalizeMode",
    "mode of normalisation", [
      I32EnumAttrCase<"None", 0, "none">,
      I32EnumAttrCase<"Sum", 1, "sum">,
      I32EnumAttrCase<"Softmax", 2, "softmax">]>;

def MoE_ActivationFunction : MoE_I32Enum<"ActivationFunction",
    "activation function", [
      I32EnumAttrCase<"Identity", 0, "identity">,
      I32EnumAttrCase<"Relu", 1, "relu">,
      I32EnumAttrCase<"Gelu", 2, "gelu">,
      I32EnumAttrCase<"GeluTanh", 3, "gelu_tanh">,
      I32EnumAttrCase<"Silu", 4, "silu">,
      I32EnumAttrCase<"Relu2", 5, "relu2">,
      I32EnumAttrCase<"Sigmoid", 6, "sigmoid">,
      I32EnumAttrCase<"Tanh", 7, "tanh">]>;

def MoE_PlanOwner : MoE_I32Enum<"PlanOwner", "owner of a plan", [
      I32EnumAttrCase<"Tokens", 0, "token_choice">,
      I32EnumAttrCase<"Experts", 1, "expert_choice">]>;

def MoE_GemmKind : MoE_I32Enum<"GemmKind", "kind of matrix product", [
      I32EnumAttrCase<"Grouped", 0, "grouped">,
      I32EnumAttrCase<"Dense", 1, "dense">]>;

#endif // MOE_DIALECT_MOE_IR_MOEENUMS
