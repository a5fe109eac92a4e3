//===- ExpertOps.td - Kinds of experts and their application ---------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_EXPERTOPS
#define MOE_DIALECT_MOE_IR_EXPERTOPS

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/CombineOps.td"
include "moe/Dialect/MoE/IR/MoEAttributes.td"
include "moe/Dialect/MoE/IR/MoEInterfaces.td"
include "moe/Dialect/MoE/IR/MoETypes.td"

class MoE_ExpertSetOp<string mnemonic, list<Trait> traits = []>
    : MoE_Op<mnemonic, traits # [
        DeclareOpInterfaceMethods<ExpertSetOpInterface>]> {
  let results = (outs MoE_ExpertsType:$result);
}

def MoE_FFNExpertsOp : MoE_ExpertSetOp<"ffn_experts",
    [Pure, AttrSizedOperandSegments]> {
  let summary = "feed-forward experts";
  let description = [{
    For a row x: u = x·Upᵀ + up_bias, and g = x·Gateᵀ + gate_bias if there is a
    gate projection; h = `activation`(g, u); y = h·Downᵀ + down_bias.
    Up and gate are E×I×H, down E×H'×I; biases E×I and E×H'. Sums are
    accumulated in f32 (f64 for f64 rows) whatever the storage, and the result
    is rounded once.

    Example:

    ```mlir
    %e = moe.ffn_experts up(%u : !moe.weights<8x32x64, f32>)
        gate(%g : !moe.weights<8x32x64, f32>)
        down(%d : !moe.weights<8x64x32, f32>)
        activation<silu> : !moe.experts<8, 64 -> 64>
    ```
  }];
  let arguments = (ins
    MoE_WeightsType:$up, Optional<MoE_WeightsType>:$up_bias,
    Optional<MoE_WeightsType>:$gate, Optional<MoE_WeightsType>:$gate_bias,
    MoE_WeightsType:$down, Optional<MoE_WeightsType>:$down_bias,
    MoE_ActivationAttr:$activation);
  let assemblyFormat = [{
    `up` `` `(` $up (`bias` $up_bias^)? `:` qualified(type($up)) (`,` qualified(type($up_bias))^)? `)`
    (`gate` `` `(` $gate^ (`bias` $gate_bias^)? `:` qualified(type($gate))
      (`,` qualified(type($gate_bias))^)? `)`)?
    `down` `` `(` $down (`bias` $down_bias^)? `:` qualified(type($down))
      (`,` qualified(type($down_bias))^)? `)`
    `activation` `` $activation attr-dict `:` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def MoE_ZeroExpertsOp : MoE_ExpertSetOp<"zero_experts", [Pure]> {
  let summary = "experts whose output is zero";
  let description = [{
    The zero experts of MoE++ and the null experts of AdaMoE: y = 0.

    ```mlir
    %z = moe.zero_experts : !moe.experts<1, 64 -> 64>
    ```
  }];
  let arguments = (ins);
  let assemblyFormat = "attr-dict `:` qualified(type($result))";
}

def MoE_CopyExpertsOp : MoE_ExpertSetOp<"copy_experts", [Pure]> {
  let summary = "experts whose output is their input";
  let description = [{
    The copy experts of MoE++: y = x.

    ```mlir
    %c = moe.copy_experts : !moe.experts<1, 64 -> 64>
    ```
  }];
  let arguments = (ins);
  let assemblyFormat = "attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def MoE_ConstantExpertsOp : MoE_ExpertSetOp<"constant_experts", [Pure]> {
  let summary = "experts whose output is a vector, mixed with their input";
  let description = [{
    Without `mix`: y = v_e. With `mix` E×2×H, the constant experts of MoE++:
    [a, b] = softmax(Mix_e · x), y = a·x + b·v_e.

    Example:

    ```mlir
    %c = moe.constant_experts %v mix(%m : !moe.weights<2x2x64, f32>)
        : !moe.weights<2x64, f32> -> !moe.experts<2, 64 -> 64>
    ```
  }];
  let arguments = (ins MoE_WeightsType:$vectors,
                       Optional<MoE_WeightsType>:$mix);
  let assemblyFormat = [{
    $vectors (`mix` `` `(` $mix^ `:` qualified(type($mix)) `)`)? attr-dict
    `:` qualified(type($vectors)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def MoE_RegionExpertsOp : MoE_ExpertSetOp<"region_experts",
    [SingleBlockImplicitTerminator<"YieldOp">, RecursiveMemoryEffects]> {
  let summary = "experts given by a region";
  let description = [{
    The region maps the index of the expert within this set and the rows that
    chose it (any number of them, zero too) to as many rows of output. It is
    evaluated where the experts are applied, so what it holds must be free of
    memory effects; values from around it may be used.

    Example:

    ```mlir
    %r = moe.region_experts : !moe.experts<2, 64 -> 64> {
    ^bb0(%e: index, %rows: tensor<?x64xf32>):
      %t = math.tanh %rows : tensor<?x64xf32>
      moe.yield %t : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict `:` qualified(type($result)) $body";
  let hasRegionVerifier = 1;
}

def MoE_YieldOp : MoE_Op<"yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["RegionExpertsOp"]>]> {
  let summary = "the rows that a region expert gives";
  let arguments = (ins Variadic<AnyType>:$results);
  let builders = [OpBuilder<(ins), [{ (void)$_builder; }]>];
  let assemblyFormat = "($results^ `:` type($results))? attr-dict";
}

def MoE_ExpertsOp : MoE_Op<"experts", [Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes", "reifyDimOfResult"]>]> {
  let summary = "apply to each row the expert that the plan names";
  let description = [{
    The experts of the plan are those of `sets`, one set after the other; their
    counts add up to the plan's E. In the plain form `input` holds the rows of
    the plan (R×H, from `moe.dispatch`), and row r of the result R×H' is what
    its expert makes of row r of the input.

    Fused forms: with `gather`, `input` holds tokens (T×H) and means
    `moe.dispatch %input, %plan`. With `combine(%w)`, the result holds tokens
    (T×H') and means `moe.combine` of the plain result with weights w, and the
    same `copy` and `constant` terms.

    Example:

    ```mlir
    %o = moe.experts %rows, %p, (%ffn, %zero, %copy)
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<6, 64 -> 64>,
          !moe.experts<1, 64 -> 64>, !moe.experts<1, 64 -> 64>
          -> tensor<?x64xf32>
    ```
  }];
  let arguments = !con((ins
    MoE_RealMatrix:$input, MoE_PlanType:$plan,
    Variadic<MoE_ExpertsType>:$sets,
    Optional<MoE_RealMatrix>:$combine_weights), MoE_Affine.operands,
    (ins UnitAttr:$gather));
  let results = (outs MoE_RealMatrix:$result);
  let assemblyFormat = !strconcat([{
    $input `,` $plan `,` `(` $sets `)` (`gather` $gather^)?
    (`combine` `` `(` $combine_weights^ `:` type($combine_weights) `)`)?
  }], MoE_Affine.format, [{
    attr-dict `:` type($input) `,` qualified(type($plan)) `,` qualified(type($sets))
    `->` qualified(type($result))
  }]);
  let builders = [OpBuilder<(ins "::mlir::Type":$result,
      "::mlir::Value":$input, "::mlir::Value":$plan, "::mlir::ValueRange":$sets,
      CArg<"::mlir::Value", "{}">:$combineWeights,
      CArg<"bool", "false">:$gather), [{
    build($_builder, $_state, result, input, plan, sets, combineWeights, {}, {},
          {}, {}, gather);
  }]>];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // MOE_DIALECT_MOE_IR_EXPERTOPS
