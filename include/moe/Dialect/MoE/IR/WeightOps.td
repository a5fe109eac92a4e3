//===- WeightOps.td - Expert weights ---------------------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_WEIGHTOPS
#define MOE_DIALECT_MOE_IR_WEIGHTOPS

include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/MoEAttributes.td"
include "moe/Dialect/MoE/IR/MoETypes.td"
include "mlir/IR/Properties.td"

// The source expert of each logical one. Bytecode has it since version 1.3.
def MoE_ExpertSelection
    : IntArrayProp<I64Prop, "the source expert of each expert"> {
  let defaultValue = "::llvm::ArrayRef<int64_t>{}";
  let storageTypeValueOverride = "::llvm::SmallVector<int64_t>{}";
  let readFromMlirBytecode = [{
    return ::mlir::moe::readExpertSelection($_reader, $_storage);
  }];
  let writeToMlirBytecode = [{
    ::mlir::moe::writeExpertSelection($_writer, $_storage);
  }];
}

def MoE_WeightsOp : MoE_Op<"weights", [Pure, AttrSizedOperandSegments]> {
  let summary = "bundle tensors into the weights of a set of experts";
  let description = [{
    `sources` is one tensor stacked over experts (rank of the logical shape) or
    one tensor per expert (one rank less). `layout` says where a logical
    element stands in it; scales and zero points follow the source's rows.

    Whole-byte storage: the source's element type is the storage type (for
    integers, signless and unsigned of one width may meet). 4- and 2-bit
    storage: the source holds bytes (i8 or ui8), each with 2 or 4 elements that
    are consecutive along the last dimension, the first in the lowest bits.

    A quantised element is

        value = (code − zero) · scale

    `scales`: E×out, E×out×1 (one per row) or E×out×ceil(in/block).
    `zeros`: codes of the same storage; of the shape of the scales (packed
    along the last dimension like the source), else `zero_point` holds for all.
    `block` 0 means one scale per row. 8-bit and 4-bit floats need no scales.

    With `experts`, expert e is expert `experts[e]` of the sources, which may
    hold others: experts are left out, put in another order or repeated so
    without a copy.

    Example:

    ```mlir
    %g = moe.weights %fc1 layout<step = 2>
        : tensor<8x64x32xf32> -> !moe.weights<8x32x32, f32>
    %q = moe.weights %w scales(%s : tensor<8x64x2xf32>) block(16) zero_point(8)
        : tensor<8x64x16xui8> -> !moe.weights<8x64x32, ui4>
    %s = moe.weights %fc2 experts[0, 2, 5]
        : tensor<8x64x32xf32> -> !moe.weights<3x64x32, f32>
    ```
  }];
  let arguments = (ins
    Variadic<AnyRankedTensor>:$sources,
    Variadic<AnyRankedTensor>:$scales,
    Variadic<AnyRankedTensor>:$zeros,
    DefaultValuedAttr<MoE_LayoutAttr, "0, 1, false">:$layout,
    DefaultValuedAttr<MoE_IntAttr, "0">:$block,
    DefaultValuedAttr<MoE_IntAttr, "0">:$zero_point,
    MoE_ExpertSelection:$experts);
  let results = (outs MoE_WeightsType:$result);
  let assemblyFormat = [{
    $sources
    (`scales` `` `(` $scales^ `:` type($scales) `)`)?
    (`zeros` `` `(` $zeros^ `:` type($zeros) `)`)?
    (`layout` `` $layout^)?
    (`block` `` `(` $block^ `)`)?
    (`zero_point` `` `(` $zero_point^ `)`)?
    (`experts` `` $experts^)?
    attr-dict `:` type($sources) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Elements that share a scale along the input dimension.
    int64_t getEffectiveBlock();
    /// Scales per row.
    int64_t getNumBlocks();
    /// Whether one tensor holds all experts.
    bool isStacked() { return getSources().size() == 1 && !isSingleSlice(); }
    /// One source of one rank less: E = 1 given as "one tensor per expert".
    bool isSingleSlice();
    /// Experts that the sources hold.
    int64_t getNumSourceExperts();
    /// The expert of the sources that `expert` is.
    int64_t getSourceExpert(int64_t expert) {
      return getExperts().empty() ? expert : getExperts()[expert];
    }
  }];
}

def MoE_LowRankWeightsOp : MoE_Op<"low_rank_weights", [Pure]> {
  let summary = "weights that are a common matrix plus a low-rank product";
  let description = [{
    W_e = base_e + U_e · V_e, with `base` of E experts or of one common to all,
    U E×out×r, V E×r×in. The low-rank kind of expert is a `moe.ffn_experts`
    over such weights.

    Example:

    ```mlir
    %w = moe.low_rank_weights %c, %u, %v
        : !moe.weights<1x64x32, f32>, !moe.weights<8x64x4, f32>,
          !moe.weights<8x4x32, f32> -> !moe.weights<8x64x32, f32>
    ```
  }];
  let arguments = (ins MoE_WeightsType:$base, MoE_WeightsType:$u,
                       MoE_WeightsType:$v);
  let results = (outs MoE_WeightsType:$result);
  let assemblyFormat = [{
    $base `,` $u `,` $v attr-dict
    `:` qualified(type($base)) `,` qualified(type($u)) `,` qualified(type($v)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def MoE_PackWeightsOp : MoE_Op<"pack_weights", [Pure]> {
  let summary = "lay weights out in panels for a register-tiled GEMM";
  let description = [{
    One matrix, or several of one shape whose columns alternate inside a panel
    (gate and up, so that one tile computes both). A panel holds `panel`
    columns; with m matrices each gives w = panel/m of them. For matrix weights
    the first result is E × ceil(out/w) × K' × panel:

        packed[e][p][k][i·w + c] = weights_i[e][p·w + c][k]

    with zeros where p·w + c ≥ out. Elements keep their storage type; storage
    of less than a byte keeps 8/bits elements consecutive in k in one byte
    (i8), so K' = ceil(in·bits/8) there and in otherwise. Elements of bf16 and
    bytes of codes stand in words of 32 bits, as processors multiply them:
    with g = 2 or 4 of them in a word, the result is
    E × ceil(out/w) × ceil(K'/g) × g·panel, and element (k, j) of a panel its
    element (k / g, g·j + k mod g), zero for k ≥ K'. The values of the elements
    do not change, and nothing is dequantised.

    Quantised weights give two more results, f32 scales and f32 zero points,
    both E × ceil(out/w) × blocks × panel. Vector weights give one result,
    E × ceil(out/w) × panel.

    Example:

    ```mlir
    %b = moe.pack_weights %gate, %up panel(32)
        : !moe.weights<8x64x32, f32>, !moe.weights<8x64x32, f32>
        -> tensor<8x4x32x32xf32>
    ```
  }];
  let arguments = (ins Variadic<MoE_WeightsType>:$weights, MoE_IntAttr:$panel);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let assemblyFormat = [{
    $weights `panel` `` `(` $panel `)` attr-dict
    `:` qualified(type($weights)) `->` type($results)
  }];
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$weights,
                                 "int64_t":$panel)>];
  let extraClassDeclaration = [{
    /// The result types for such weights and panels.
    static SmallVector<Type> inferPackedTypes(WeightsType weights,
                                            unsigned matrices, int64_t panel,
                                            int64_t blocks);
    /// Columns that one matrix gives to a panel.
    int64_t getColumnsPerMatrix() { return getPanel() / getWeights().size(); }
  }];
}

#endif // MOE_DIALECT_MOE_IR_WEIGHTOPS
