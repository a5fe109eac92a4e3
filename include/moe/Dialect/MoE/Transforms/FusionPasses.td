//===- FusionPasses.td - Fusions and their inverse ---------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_TRANSFORMS_FUSIONPASSES
#define MOE_DIALECT_MOE_TRANSFORMS_FUSIONPASSES

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

def FuseRoutingPass : Pass<"moe-fuse-routing"> {
  let summary = "Fuse a router's product with its gate";
  let description = [{
    A `moe.gate` of logits that are a product of tokens with a matrix becomes a
    `moe.route`, which lowers to one loop nest or one kernel: product, bias,
    score, choice and renormalisation. The product may be a `moe.project`, a
    `linalg.matmul` or another contraction of matrices that starts from zeros,
    with a vector added, floats converted, and rows reshaped. It is exact but for
    the order of a product's sums, which linalg leaves open, too.

    Other projections of the same tokens, by at most `max-extra-columns` columns,
    that are read after the gate ride in the same product: the mixing matrices
    of constant experts (MoE++). The matrix whose sigmoid weighs shared experts
    (Qwen2-MoE) becomes the route's `shared_gate`. State (MoE++'s gating
    residual, RMoE's recurrent state), bias, and all other options pass through;
    what reads the logits later reads those of the route.

    A remark says why a gate is not fused: its logits are no such product, the
    product is added to something or rounded at each step (f16 and bf16
    accumulation), or a shape is not static.

    ```mlir
    %zero = linalg.fill ins(%cst : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %logits = linalg.matmul ins(%x, %r : tensor<?x64xf32>, tensor<64x8xf32>)
        outs(%zero : tensor<?x8xf32>) -> tensor<?x8xf32>
    %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2>
        : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    %c = moe.project %x, %m
        : tensor<?x64xf32>, !moe.weights<2x2x64, f32> -> tensor<?x4xf32>
    ```

    becomes

    ```mlir
    %rw = moe.weights %r layout<transposed = true>
        : tensor<64x8xf32> -> !moe.weights<1x8x64, f32>
    %w, %ids, %logits, %c = moe.route %x router(%rw : !moe.weights<1x8x64, f32>)
        extra(%m : !moe.weights<2x2x64, f32>)
        score<softmax> select<top_k, k = 2>
        : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>,
          tensor<?x8xf32>, tensor<?x4xf32>
    ```
  }];
  let options = [
    Option<"maxExtraColumns", "max-extra-columns", "int64_t", /*default=*/"64",
           "A projection of more columns stays a product of its own.">];
  let statistics = [
    Statistic<"numFused", "num-fused", "Number of routers fused">,
    Statistic<"numRiders", "num-riders",
              "Number of other projections that ride in a router's product">];
  let dependentDialects = ["::mlir::moe::MoEDialect"];
}

def UnfusePass : Pass<"moe-unfuse"> {
  let summary = "Take fused operations apart";
  let description = [{
    The inverse of `moe-fuse-routing`, `moe-fuse-expert-ffn`,
    `moe-fuse-dispatch` and `moe-fuse-combine`: a `moe.route` becomes projections
    and a gate, `moe.ffn_experts` over plain weights a region, a `moe.experts`
    with `gather` or `combine` a dispatch, experts and a combine. Each operation
    keeps its meaning; rows are rounded to the element type
    before a separate combine adds them. Affine terms stay with the combine.

    ```mlir
    %w, %ids, %z = moe.route %x router(%r : !moe.weights<1x8x64, f32>)
        score<softmax> select<top_k, k = 2>
        : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %z = moe.project %x, %r
        : tensor<?x64xf32>, !moe.weights<1x8x64, f32> -> tensor<?x8xf32>
    %w, %ids = moe.gate %z score<softmax> select<top_k, k = 2>
        : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
    %rows = moe.dispatch %x, %p
        : tensor<?x64xf32>, !moe.plan<8> -> tensor<?x64xf32>
    %o = moe.experts %rows, %p, (%e)
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<?x64xf32>
    %y = moe.combine %o, %p, %w
        : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
    ```
  }];
  let options = [
    Option<"routing", "routing", "bool", /*default=*/"true",
           "Take routes apart.">,
    Option<"experts", "experts", "bool", /*default=*/"true",
           "Write feed-forward experts as regions.">,
    Option<"dispatch", "dispatch", "bool", /*default=*/"true",
           "Separate dispatches from experts.">,
    Option<"combine", "combine", "bool", /*default=*/"true",
           "Separate combines from experts.">];
  let statistics = [
    Statistic<"numUnfused", "num-unfused",
              "Number of operations taken apart">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::moe::MoEDialect",
    "::mlir::tensor::TensorDialect"];
}

def FuseExpertFFNPass : Pass<"moe-fuse-expert-ffn"> {
  let summary = "Turn regions of experts into feed-forward experts";
  let description = [{
    A `moe.region_experts` whose region is a feed-forward network becomes a
    `moe.ffn_experts`: its kernels do gate and up in one GEMM with the activation
    and the biases in its epilogue. The region may hold linalg operations of any
    form (named, generic, fused or not), element-wise arith and math operations
    on tensors, slices and casts: each element of the result is read as an
    expression, and compared with what the activations (A18) are.

    Matrices and biases are slices of tensors from around the region by the
    expert's index, or by a table or sum of it; one tensor per expert
    (`scf.index_switch`); or one for all. Both halves of a fused gate and up
    projection are found, in any order of rows.

    ```mlir
    %r = moe.region_experts : !moe.experts<8, 64 -> 64> {
    ^bb0(%e: index, %x: tensor<?x64xf32>):
      %u = tensor.extract_slice %up[%e, 0, 0] [1, 32, 64] [1, 1, 1]
          : tensor<8x32x64xf32> to tensor<32x64xf32>
      %h = linalg.matmul … ins(%x, %u : …) …
      %t = math.tanh %h : tensor<?x32xf32>
      %d = tensor.extract_slice %down[%e, 0, 0] … : … to tensor<64x32xf32>
      %y = linalg.matmul … ins(%t, %d : …) …
      moe.yield %y : tensor<?x64xf32>
    }
    ```

    becomes

    ```mlir
    %u = moe.weights %up : tensor<8x32x64xf32> -> !moe.weights<8x32x64, f32>
    %d = moe.weights %down : tensor<8x64x32xf32> -> !moe.weights<8x64x32, f32>
    %r = moe.ffn_experts up(%u : …) down(%d : …) activation<tanh>
        : !moe.experts<8, 64 -> 64>
    ```

    Up to rounding: products and sums of an activation may be in another order,
    and, unless `keep-roundings`, values that the region rounds to a narrower type
    than f32 (f64 for f64 rows) are not rounded. A region stays, with a remark
    (`--remarks-filter=moe-fuse-expert-ffn`), when it is anything else, or when
    rows of the layer are computed in another type than the region's.
  }];
  let options = [
    Option<"keepRoundings", "keep-roundings", "bool", /*default=*/"false",
           "Whether a region that rounds values between to a narrower type "
           "stays.">];
  let statistics = [
    Statistic<"numFused", "num-fused", "Number of regions fused">];
}

#endif // MOE_DIALECT_MOE_TRANSFORMS_FUSIONPASSES
