//===- MoETypes.td - Types of the moe dialect --------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOETYPES
#define MOE_DIALECT_MOE_IR_MOETYPES

include "moe/Dialect/MoE/IR/MoEEnums.td"

def MoE_PlanType : MoE_Type<"Plan", "plan"> {
  let summary = "who goes where: the assignment of tokens to experts";
  let description = [{
    `!moe.plan<8>`: for 8 experts, the row count of each and, for each row, the
    token and slot it comes from. What it is made of is the target's choice
    when it lowers; nothing in the dialect looks inside.

    `!moe.plan<8, expert_choice>` comes from experts that chose their tokens:
    its slots are (expert, place) instead of (token, slot).
  }];
  let parameters = (ins "int64_t":$experts,
                        DefaultValuedParameter<"PlanOwner",
                          "PlanOwner::Tokens">:$owner);
  let assemblyFormat = "`<` $experts (`,` $owner^)? `>`";
  let genVerifyDecl = 1;
}

def MoE_WeightsType : MoE_Type<"Weights", "weights"> {
  let summary = "stacked weights of a set of experts, however stored";
  let description = [{
    `!moe.weights<8x64x32, ui4>`: for 8 experts a matrix of 64 outputs by 32
    inputs, stored as unsigned 4-bit codes. `!moe.weights<8x64, f32>`: for each
    a vector of 64 (a bias). The first dimension counts experts.

    Storage is f64, f32, f16, bf16, an 8-bit float (f8E4M3FN, f8E5M2, …),
    f4E2M1FN, or a 2-, 4- or 8-bit integer: signless ones are two's complement
    codes, `ui2`, `ui4`, `ui8` unsigned ones.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$storage);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getNumExperts() const { return getShape().front(); }
    /// Outputs of the matrix, or the length of the vector.
    int64_t getOutSize() const { return getShape()[1]; }
    /// Inputs of the matrix.
    int64_t getInSize() const { return getShape()[2]; }
    bool isMatrix() const { return getShape().size() == 3; }
    /// Whether elements are codes that need scales.
    bool isQuantized() const;
    /// Bits of one stored element.
    unsigned getStorageBits() const;
    /// Elements that share one byte of the source (1 for whole bytes).
    unsigned getPackFactor() const;
  }];
}

def MoE_ExpertsType : MoE_Type<"Experts", "experts"> {
  let summary = "an ordered set of experts of one kind";
  let description = [{
    `!moe.experts<4, 64 -> 64>`: 4 experts that take rows of 64 elements and
    give rows of 64. Made by an operation with `ExpertSetOpInterface`, used by
    `moe.experts`, in the same function.
  }];
  let parameters = (ins "int64_t":$count, "int64_t":$inSize,
                        "int64_t":$outSize);
  let assemblyFormat = "`<` $count `,` $inSize `->` $outSize `>`";
  let genVerifyDecl = 1;
}

#endif // MOE_DIALECT_MOE_IR_MOETYPES
