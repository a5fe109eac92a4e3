//===- Passes.td - Passes on the moe dialect -*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_TRANSFORMS_PASSES
#define MOE_DIALECT_MOE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def FuseDispatchPass : Pass<"moe-fuse-dispatch"> {
  let summary = "Let experts gather their own rows";
  let description = [{
    A `moe.experts` whose rows come from a `moe.dispatch` by the same plan takes
    the tokens instead, so that no permuted copy need stand in memory. Exact.
    The dispatch goes when it has no other user.

    ```mlir
    %rows = moe.dispatch %x, %p
        : tensor<?x64xf32>, !moe.plan<8> -> tensor<?x64xf32>
    %o = moe.experts %rows, %p, (%e)
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %o = moe.experts %x, %p, (%e) gather
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<?x64xf32>
    ```
  }];
  let statistics = [
    Statistic<"numFused", "num-fused", "Number of dispatches fused">];
}

def FuseCombinePass : Pass<"moe-fuse-combine"> {
  let summary = "Let experts sum their own rows";
  let description = [{
    A `moe.combine` of the only use of a `moe.experts` by the same plan becomes
    the `combine` operand of the latter. The fused sum need not round the rows
    to the element type before it adds them.

    ```mlir
    %o = moe.experts %x, %p, (%e) gather
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<?x64xf32>
    %y = moe.combine %o, %p, %w
        : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<?x64xf32>
    ```
  }];
  let statistics = [
    Statistic<"numFused", "num-fused", "Number of combines fused">];
}

def HoistWeightPackingPass
    : Pass<"moe-hoist-weight-packing", "::mlir::ModuleOp"> {
  let summary = "Move the packing of weights to load time";
  let description = [{
    In each public function F, every `moe.pack_weights` that depends on no
    argument moves, with what it depends on, into a public function `F_init`
    that returns the packed tensors. F names it in the attribute `moe.init` and
    takes the results as arguments with the attribute `moe.resident` (the
    number of the result). Whoever runs F calls `F_init` once and keeps what it
    gives.

    ```mlir
    func.func @f(%x: tensor<?x32xf32>) -> … {
      %t = onnxir.get_weight @w : tensor<4x40x32xf32>
      %w = moe.weights %t : tensor<4x40x32xf32> -> !moe.weights<4x40x32, f32>
      %p = moe.pack_weights %w panel(32)
          : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
    ```

    becomes

    ```mlir
    func.func @f(%x: tensor<?x32xf32>,
        %p: tensor<4x2x32x32xf32> {moe.resident = 0 : i64}) -> …
        attributes {moe.init = @f_init} { …
    func.func @f_init() -> tensor<4x2x32x32xf32> { …
    ```
  }];
  let statistics = [
    Statistic<"numHoisted", "num-hoisted", "Number of packings hoisted">];
}

#endif // MOE_DIALECT_MOE_TRANSFORMS_PASSES
