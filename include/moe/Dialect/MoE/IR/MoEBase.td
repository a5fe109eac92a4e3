//===- MoEBase.td - The moe dialect ------------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOEBASE
#define MOE_DIALECT_MOE_IR_MOEBASE

include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def MoE_Dialect : Dialect {
  let name = "moe";
  let cppNamespace = "::mlir::moe";
  let summary = "Mixture-of-Experts layers: gate, dispatch, experts, combine";
  let description = [{
    Holds a Mixture-of-Experts layer as the field draws it: a *gate* chooses
    experts for each token, *dispatch* brings the rows of one expert together,
    the *experts* compute, *combine* sums their rows back into tokens. All
    operations are pure and work on ranked tensors, so any dialect can feed
    them.

    Conventions, used by every operation below:

    - T tokens, E experts, k chosen experts per token, H hidden size, I inner
      (intermediate) size, R rows (one per token and chosen expert, R ≤ T·k).
    - The id −1 means "no expert here": such a slot has no row, weight 0, and
      contributes nothing. Capacity drops, null experts, top-p and thresholds
      are all this one mechanism.
    - Rows stand sorted by expert, and within an expert by token, then slot.

    The exact semantics, with a label for each constraint, is in
    `docs/Spec.md`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// On a module: it was changed on account of the values of weights that
    /// are not in the IR, so it holds only as long as these do.
    static constexpr ::llvm::StringLiteral kReadsWeights = "moe.reads_weights";
    /// On an operation: its results are on a device. On a parameter of a
    /// function: it is memory of a device.
    static constexpr ::llvm::StringLiteral kDevice = "moe.device";

    void registerAttributes();
    void registerTypes();
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

// The element types that gates, experts and combines compute with.
defvar MoE_Reals = [F16, BF16, F32, F64];
def MoE_RealVector : 1DTensorOf<MoE_Reals>;
def MoE_RealMatrix : 2DTensorOf<MoE_Reals>;

// Unlike I64Attr, read as a signed number.
def MoE_IntAttr : TypedSignlessIntegerAttrBase<I64, "int64_t",
                                               "64-bit integer attribute">;

class MoE_Op<string mnemonic, list<Trait> traits = []>
    : Op<MoE_Dialect, mnemonic, traits>;

class MoE_Attr<string name, string mnemonic_> : AttrDef<MoE_Dialect, name> {
  let mnemonic = mnemonic_;
}

class MoE_Type<string name, string mnemonic_> : TypeDef<MoE_Dialect, name> {
  let mnemonic = mnemonic_;
}

#endif // MOE_DIALECT_MOE_IR_MOEBASE
