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
include "moe/Dialect/MoE/Transforms/FusionPasses.td"

def FoldZeroComputationExpertsPass
    : Pass<"moe-fold-zero-computation-experts", "::mlir::ModuleOp"> {
  let summary = "Fold experts without matrices into the combine";
  let description = [{
    Experts that give 0, their input, or a vector need no rows. Their slots go
    from the plan, by id −1, and what they add becomes the affine term of the
    combine: of copies the sum s of their weights, times the token; of constants
    their weights C, times their vectors V. The layer becomes

        y = combine(rows of the others) + s·x + C·V.

    An expert of MoE++ (arXiv:2410.07348) that mixes, [a, b] = softmax(Mix·x),
    y = a·x + b·v, adds w·a to s and w·b to C; its two logits are a
    `moe.project` of the tokens, which `moe-fuse-routing` lets ride in the
    router's product. The gate stays as it is, so weights are normalised over
    the original choice. Plans may come from any gate: an id −1 (null experts,
    top-p, thresholds, capacity) has no part in the sums.

    Kinds fold (zero, copy, constant), and what is known to be one: a
    feed-forward expert whose down projection is all zero (to its bias, if it
    has one), also one of low rank, and a region that yields its rows or zeros.
    Sets that lose all experts go; in others they stay without rows.

    Preconditions: tokens choose experts, the plan is made here, the rows come
    from its tokens, and the experts' rows have no other use. Else a remark says
    what is in the way.

    The sum over the slots of a token is reassociated, and rows of folded
    experts are not rounded to the element type. Rows and weights are taken to
    be finite: 0 times infinity is no longer NaN.

    ```mlir
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
    %rows = moe.dispatch %x, %p
        : tensor<?x64xf32>, !moe.plan<4> -> tensor<?x64xf32>
    %zero = moe.zero_experts : !moe.experts<1, 64 -> 64>
    %copy = moe.copy_experts : !moe.experts<1, 64 -> 64>
    %o = moe.experts %rows, %p, (%ffn, %zero, %copy)
        : tensor<?x64xf32>, !moe.plan<4>, !moe.experts<2, 64 -> 64>,
          !moe.experts<1, 64 -> 64>, !moe.experts<1, 64 -> 64>
          -> tensor<?x64xf32>
    %y = moe.combine %o, %p, %w
        : tensor<?x64xf32>, !moe.plan<4>, tensor<?x2xf32> -> tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %s = moe.coefficients %w, %ids [-1, -1, -1, 0]
        : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?xf32>
    %r = moe.remap_ids %ids [0, 1, -1, -1] : tensor<?x2xi32>
    %p = moe.plan %r : tensor<?x2xi32> -> !moe.plan<2>
    %rows = moe.dispatch %x, %p
        : tensor<?x64xf32>, !moe.plan<2> -> tensor<?x64xf32>
    %o = moe.experts %rows, %p, (%ffn)
        : tensor<?x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64>
          -> tensor<?x64xf32>
    %y = moe.combine %o, %p, %w copy(%s, %x : tensor<?xf32>, tensor<?x64xf32>)
        : tensor<?x64xf32>, !moe.plan<2>, tensor<?x2xf32> -> tensor<?x64xf32>
    ```
  }];
  let options = [
    Option<"readData", "read-data", "bool", /*default=*/"true",
           "Look at weights that are not in the IR. A module that was changed "
           "because of them gets the attribute moe.reads_weights.">];
  let statistics = [
    Statistic<"numLayers", "num-layers", "Number of layers changed">,
    Statistic<"numZero", "num-zero", "Number of experts folded to zero">,
    Statistic<"numCopy", "num-copy", "Number of experts folded to copies">,
    Statistic<"numConstant", "num-constant",
              "Number of experts folded to constants">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::moe::MoEDialect", "::mlir::tensor::TensorDialect"];
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

def SimplifyExpertsPass : Pass<"moe-simplify-experts"> {
  let summary = "Take experts and routing that make no difference out of layers";
  let description = [{
    *Dead experts.* An expert that no id can name leaves the layer: ids come from
    a constant table or constant ids, from a `moe.remap_ids`, or from a gate whose
    constant bias is −inf for it. Such a bias excludes an expert only while its
    score is a number: a NaN ranks above all (V3). A token that chooses so has a
    weight of NaN and a result of NaN, whichever expert makes its row, so another
    takes the row. This needs scores that are finite (softmax, sigmoid, tanh) or a
    normalisation, weights that are the gate's own, enough other experts to fill
    the slots of any token, and no score of −inf (identity) that would tie.

    *Duplicates.* Experts of the same kind and weights become one: a token may
    then have it in two slots. Weights are the same when their sources are the
    same value, the same symbol, or constants of the same bytes. Experts of a
    region stay apart, since it may look at all its rows. Somebody who reads the
    rows themselves would see another order: then duplicates stay.

    *Constant routing.* A gate of constants, or the ids of a gate or route where
    these alone are constant, is evaluated in the order and precision of the
    specification; functions that libraries round differently are left to run time.

    *No choice.* A gate or route that ranks all its experts, k = E, becomes
    `select<all>`; its slots, and so the sum over them, are then in the order of
    experts, which `reassociate` permits. A limit to as many groups as there are
    goes. With `assume-finite-logits`, a single expert whose weight is normalised
    has weight 1, and the gate goes.

    *Dense layers.* Feed-forward experts that all have every token, with equal
    constant weights, become one expert whose inner size is the sum of theirs
    (`reassociate`; their weights are put together when the model is loaded).
    A single expert that has each token once with weight 1 needs neither dispatch
    nor combine: a plain network is left.

    *Scales.* A constant factor of a gate's weights goes into its `scale`, exactly
    where the gate had none and rounds to the type it computes in; otherwise, and
    for a factor of the layer's result, with `reassociate`. Where the gate cannot
    take it (shared slots are not scaled), it goes into the down projections of a
    layer of feed-forward experts, and their biases, or into the scales of their
    codes, if these are constants of the type that rows are computed in: they
    are multiplied when the model is loaded.

    No weight is read or copied at compile time: `moe.weights` selects experts of
    its sources.

    ```mlir
    %bias = arith.constant dense<[0.0, 0xFF800000, 0.0, 0.0]> : tensor<4xf32>
    %w, %ids = moe.gate %logits bias(%bias : tensor<4xf32>) score<sigmoid>
        select<top_k, k = 2>
        : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<4>
    %v = moe.weights %b : tensor<4x64xf32> -> !moe.weights<4x64, f32>
    %e = moe.constant_experts %v
        : !moe.weights<4x64, f32> -> !moe.experts<4, 64 -> 64>
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>) : …
    ```

    becomes

    ```mlir
    %w, %ids = moe.gate …
    %r = moe.remap_ids %ids [0, 0, 1, 2] : tensor<?x2xi32>
    %p = moe.plan %r : tensor<?x2xi32> -> !moe.plan<3>
    %v = moe.weights %b experts[0, 2, 3]
        : tensor<4x64xf32> -> !moe.weights<3x64, f32>
    %e = moe.constant_experts %v
        : !moe.weights<3x64, f32> -> !moe.experts<3, 64 -> 64>
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>) : …
    ```

    What hinders a layer is said by remarks (`--remarks-filter=moe-simplify-experts`).
    A plan that leaves the function, is carried by control flow or is by expert
    choice keeps its experts.
  }];
  let options = [
    Option<"reassociate", "reassociate", "bool", /*default=*/"true",
           "Whether sums over slots may run in another order, and factors be "
           "multiplied in another order.">,
    Option<"assumeFiniteLogits", "assume-finite-logits", "bool",
           /*default=*/"false",
           "Whether router logits are never NaN or infinite.">];
  let statistics = [
    Statistic<"numDead", "num-dead", "Number of experts never chosen">,
    Statistic<"numDuplicates", "num-duplicates",
              "Number of experts that were another">,
    Statistic<"numConstants", "num-constants",
              "Number of results of gates that became constants">,
    Statistic<"numAlwaysOn", "num-always-on",
              "Number of gates without a choice">,
    Statistic<"numScales", "num-scales", "Number of factors folded">,
    Statistic<"numDense", "num-dense",
              "Number of layers that became, or were, one dense network">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::moe::MoEDialect", "::mlir::tensor::TensorDialect"];
}

def HoistGatePass : Pass<"moe-hoist-gate"> {
  let summary = "Choose experts before the previous layer's experts run";
  let description = [{
    A `moe.gate` or `moe.route` that does not depend on the experts of the layer
    before its own moves in front of them, with what it depends on. Which experts
    the next layer needs is then known while this one computes, in time to fetch
    them: pre-gated MoE (arXiv:2308.12066), Read-ME (arXiv:2410.19123). Nothing
    is computed that was not, and each operation once: exact.

    ```mlir
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>) : …
    %s = arith.addf %z, %z : tensor<?x4xf32>
    %v, %ids = moe.gate %s score<softmax> select<top_k, k = 2> : …
    ```

    becomes

    ```mlir
    %s = arith.addf %z, %z : tensor<?x4xf32>
    %v, %ids = moe.gate %s score<softmax> select<top_k, k = 2> : …
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>) : …
    ```

    What moves is free of memory effects, and, where it may be undefined for some
    operands, passes nothing with effects, which might check them. Operations
    stay in their block. A gate that depends on the experts stays, with a remark
    that says on what (`--remarks-filter=moe-hoist-gate`).
  }];
  let options = [
    Option<"layersAhead", "layers-ahead", "unsigned", /*default=*/"1",
           "How many layers' experts a gate may pass; 0 sets no limit.">];
  let statistics = [
    Statistic<"numHoisted", "num-hoisted", "Number of gates moved">,
    Statistic<"numMoved", "num-moved",
              "Number of operations moved, gates included">];
}

def ScheduleExpertPipelinePass : Pass<"moe-schedule-expert-pipeline"> {
  let summary = "Split a layer's experts into chunks that overlap";
  let description = [{
    Predicts, from the limits of the machine (`#moe.target`) and the rows that
    each expert has to expect, the time of a layer's experts in one chunk, two, …,
    `max-chunks` chunks of consecutive experts, each by one grouped GEMM or by a
    dense GEMM for each expert, whichever is faster. Chunks are put in an order in
    which the transfer of one overlaps with the arithmetic of another (EPS-MoE,
    arXiv:2410.12247; Johnson's rule). The fastest schedule, of equal ones that of
    the fewest chunks, becomes the attribute `moe.schedule` of the `moe.experts`,
    which lowerings may follow (`convert-moe-to-cpu` does); results do not depend on
    it.

    The target is the attribute `moe.target` of the nearest operation around, or
    the option. Experts have equal loads, or shares by the attribute `moe.load`
    (array of f64). The number of tokens is that of the types, or the option.
    Chunks never hold experts of two sets. What is compared is said by remarks
    (`--remarks-filter=moe-schedule-expert-pipeline`). Passes that change
    the experts of a layer drop its schedule, so this one comes after them.

    ```mlir
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4096x2xf32>) : …
    ```

    becomes

    ```mlir
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4096x2xf32>)
        {moe.schedule = #moe.schedule<[<experts = [0, 4], gemm = dense>,
                                       <experts = [4, 8], gemm = dense>]>} : …
    ```

    Without a target the pass fails; a layer whose number of tokens is not known
    is left alone, with a remark.
  }];
  let options = [
    Option<"targetText", "target", "std::string", /*default=*/"",
           "The machine, as the text of a #moe.target, instead of the attribute.">,
    Option<"tokens", "tokens", "int64_t", /*default=*/"0",
           "The number of tokens where types do not say it; 0: unknown.">,
    Option<"maxChunks", "max-chunks", "int64_t", /*default=*/"8",
           "The greatest number of chunks that is considered.">,
    Option<"overlap", "overlap", "std::string", /*default=*/"\"auto\"",
           "What the link transfers while experts compute: their `weights`, "
           "`rows` from and to other devices, or `none`; `auto`: rows if the "
           "target has a link.">];
  let statistics = [
    Statistic<"numScheduled", "num-scheduled", "Number of layers scheduled">,
    Statistic<"numPipelined", "num-pipelined",
              "Number of layers in more than one chunk">];
}

#endif // MOE_DIALECT_MOE_TRANSFORMS_PASSES
