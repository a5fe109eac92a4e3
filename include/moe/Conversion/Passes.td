//===- Passes.td - Conversions between dialects ------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_PASSES
#define MOE_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"
include "moe/Conversion/CUDAPasses.td"
include "moe/Conversion/ONNXPasses.td"

//===----------------------------------------------------------------------===//
// MoEToCPU
//===----------------------------------------------------------------------===//

def ConvertMoEToCPUPass : Pass<"convert-moe-to-cpu", "::mlir::ModuleOp"> {
  let summary = "Lower expert computation to vectorised CPU kernels";
  let description = [{
    Replaces each `moe.experts` of feed-forward, zero and copy experts by calls
    of private functions, one per distinct shape and storage, that layers
    share. A kernel gathers the rows of its experts, multiplies them with
    packed weights (`moe.pack_weights`) in register tiles, applies the
    activation, and multiplies again; a last one sums the weighted rows of each
    token. Loops over tasks are `scf.parallel`.

    ```mlir
    %o = moe.experts %x, %p, (%ffn) gather combine(%w : tensor<?x2xf32>)
        : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %up = moe.pack_weights %g, %u panel(32)
        : !moe.weights<8x32x64, f32>, !moe.weights<8x32x64, f32>
          -> tensor<8x2x64x32xf32>
    %rows = moe.call_kernel @moe_ffn_8x64x32_…
        ins(%x, %offsets, %c0, %tokens, %up, %down : …) outs(%empty : …)
    %o = moe.call_kernel @moe_combine_64f32_2f32_64f32
        ins(%rows, %slots, %w : …) outs(%init : tensor<?x64xf32>)
    ```

    With a `moe.schedule` there is a call for each of its chunks, in its order, and
    one for each expert of a dense chunk; the result has the same bits.

    A `moe.route` becomes an `scf.forall` over blocks of tokens: the matrices of
    all its projections, packed side by side, are multiplied in register tiles,
    and the gate of the block follows, still a `moe.gate`. A `moe.project` becomes
    the same loop without a gate, a `moe.gate` one without a product, unless it
    compares tokens with each other; a `linalg.matmul` of f32 with static inner and
    column sizes uses the same register tiles.

    What has no kernel (region, constant and low-rank experts, 8-bit floats,
    f64, plans by expert choice) stays for `convert-moe-to-linalg`. The plan is
    taken apart by an `unrealized_conversion_cast` into the values that
    `convert-moe-to-linalg` gives it.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"256",
           "Bits of the target's vector registers: 256 or 512.">,
    Option<"dotBF16", "dot-bf16", "bool", /*default=*/"false",
           "Multiply bf16 tokens and bf16 weights by AVX512-BF16.">,
    Option<"dotInt8", "dot-int8", "bool", /*default=*/"false",
           "Round what meets integer weights to 8 bits, with a scale for each "
           "block of theirs, and multiply by VNNI. Off, arithmetic is f32.">];
  let statistics = [
    Statistic<"numKernels", "num-kernels",
              "Number of moe.experts lowered to kernels">,
    Statistic<"numReference", "num-reference",
              "Number of moe.experts left to the reference lowering">,
    Statistic<"numRoutes", "num-routes",
              "Number of moe.route and moe.project lowered to loops">,
    Statistic<"numGates", "num-gates",
              "Number of moe.gate put into loops over blocks of tokens">,
    Statistic<"numMatmuls", "num-matmuls",
              "Number of linalg.matmul lowered to kernels">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::moe::MoEDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::mlir::vector::VectorDialect", "::mlir::x86vector::X86VectorDialect"];
}

def CountRowsPass : Pass<"moe-count-rows", "::mlir::ModuleOp"> {
  let summary = "Tell the runtime how many rows experts get";
  let description = [{
    Before each `moe.experts` calls the runtime's `moe_profile_rows` with the
    rows of its plan, and those of experts that have matrices. `moe-run
    --profile` prints both, so that one can see what folding experts away saves.

    ```mlir
    %o = moe.experts %x, %p, (%ffn, %copy) gather : …
    ```

    becomes

    ```mlir
    %parts:4 = builtin.unrealized_conversion_cast %p : !moe.plan<8> to
        tensor<9xi64>, tensor<?xi64>, tensor<?x?xi64>, index
    …
    call @moe_profile_rows(%rows, %products) : (i64, i64) -> ()
    %o = moe.experts %x, %p, (%ffn, %copy) gather : …
    ```
  }];
  let statistics = [
    Statistic<"numCounted", "num-counted", "Number of moe.experts counted">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ExpandPackWeightsPass
    : Pass<"moe-expand-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Lower moe.pack_weights to calls of kernels";
  let description = [{
    Replaces each `moe.pack_weights` by calls of private functions that pack
    all experts of stacked weights, or one expert of separate ones, in parallel
    over panels. Elements that only move are transposed in vector registers. The
    kernels tell the runtime (`moe_release_source`) which source they have read
    to its end, so that the pages of mapped files need not stay in memory beside
    what has been packed of them. The operands must come from `moe.weights` in the
    same function; a weight without other users goes.

    ```mlir
    %w = moe.weights %t : tensor<4x40x32xf32> -> !moe.weights<4x40x32, f32>
    %p = moe.pack_weights %w panel(32)
        : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
    ```

    becomes

    ```mlir
    %p = moe.call_kernel @moe_pack_… ins(%t : tensor<4x40x32xf32>)
                                     outs(%empty : tensor<4x2x32x32xf32>)
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::moe::MoEDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::mlir::vector::VectorDialect"];
}

def OutlineParallelLoopsPass
    : Pass<"moe-outline-parallel-loops", "::mlir::ModuleOp"> {
  let summary = "Turn parallel loops into calls of the runtime";
  let description = [{
    The body of each outermost `scf.parallel` with one dimension and no
    reduction becomes a private function over a range of iterations, which the
    runtime's `moe_parallel_for` calls from its threads. What the body uses
    travels in a struct on the caller's stack. Other parallel loops stay.

    ```mlir
    scf.parallel (%i) = (%c0) to (%n) step (%c1) {
      memref.store %v, %m[%i] : memref<?xf32>
    }
    ```

    becomes

    ```mlir
    %f = func.constant @caller_task0 : (!llvm.ptr, i64, i64) -> ()
    call @moe_parallel_for(%n64, %f_address, %closure, %c1_i64)
    ```
  }];
  let statistics = [
    Statistic<"numOutlined", "num-outlined", "Number of loops outlined">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::scf::SCFDialect"];
}

//===----------------------------------------------------------------------===//
// MoEToLinalg
//===----------------------------------------------------------------------===//

def ConvertMoEToLinalgPass : Pass<"convert-moe-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower the moe dialect to linalg, scf and tensor";
  let description = [{
    The reference lowering: it defines what every operation of the dialect
    computes, and favours being obviously right over being fast.

    `!moe.plan` becomes four values, through functions, calls and loops too:
    where the rows of each expert begin (tensor<(E+1)xi64>), the token of each
    row (tensor<?xi64>), the row of each slot or −1 (tensor<?x?xi64>), and the
    number of tokens (index). `!moe.weights` and `!moe.experts` become nothing:
    their defining operations are read where they are used, so they must stand
    in the function of their use, and weights are dequantised element by
    element there.

    ```mlir
    func.func @f(%x: tensor<?x4xf32>, %ids: tensor<?x2xi32>) -> tensor<?x4xf32> {
      %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
      %rows = moe.dispatch %x, %p
          : tensor<?x4xf32>, !moe.plan<8> -> tensor<?x4xf32>
      return %rows : tensor<?x4xf32>
    }
    ```

    becomes, after the loops that count and place the pairs,

    ```mlir
      %rows = linalg.generic {…} ins(%tokens : tensor<?xi64>)
          outs(%init : tensor<?x4xf32>) {
      ^bb0(%token: i64, %out: f32):
        %t = arith.index_cast %token : i64 to index
        %h = linalg.index 1 : index
        %v = tensor.extract %x[%t, %h] : tensor<?x4xf32>
        linalg.yield %v : f32
      } -> tensor<?x4xf32>
    ```

    An operation that cannot be converted is an error that says so.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

//===----------------------------------------------------------------------===//
// MoEToTriton
//===----------------------------------------------------------------------===//

def ConvertMoEToTritonPass : Pass<"convert-moe-to-triton", "::mlir::ModuleOp"> {
  let summary = "Lower layers of experts to Triton kernels and their launches";
  let description = [{
    Replaces each `moe.experts` that takes tokens and gives tokens (see
    `moe-fuse-dispatch`, `moe-fuse-combine`), its plan and its gate by launches
    (`moe.launch`) of kernels in Triton IR (`tt.func`), which layers share:

    ```mlir
    %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 2>
        : tensor<300x8xf32> -> tensor<300x2xf32>, tensor<300x2xi32>
    %p = moe.plan %ids : tensor<300x2xi32> -> !moe.plan<8>
    %y = moe.experts %x, %p, (%ffn) gather combine(%w : tensor<300x2xf32>)
        : tensor<300x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
          -> tensor<300x64xf32>
    ```

    becomes

    ```mlir
    %c:4 = moe.launch @moe_count_… grid(%c5) ins(%logits, %t : …) outs(…)
    %s:2 = moe.launch @moe_sum_… grid(%c8) ins(%c#3, %blocks : …) outs(…)
    %p:3 = moe.launch @moe_scatter_… grid(%c8) ins(…) outs(…)
    %h = moe.launch @moe_gemm1_… grid(%tiles1) ins(%x, %up, %p#0, …) outs(…)
    %o = moe.launch @moe_gemm2_… grid(%tiles2) ins(%h, %down, …) outs(…)
    %y = moe.launch @moe_combine_… grid(%c300) ins(%o, %c#1 : …) outs(…)
    ```

    Where the number of tokens is not static, `scf.if` chooses between the
    launches for one token, few, and many. Grids are upper bounds that follow
    from the sizes of tensors alone; how many rows each expert has is read on
    the device. Weights whose rows do not stand as the kernels read them are
    packed by kernels of their own, which do not depend on tokens. What has no
    kernel is an error that says why; with `partial` it stays as it is, and a
    remark says why.
  }];
  let options = [
    Option<"capability", "capability", "int64_t", /*default=*/"90",
           "Compute capability whose limits tiles are chosen for: 80, 89, 90, "
           "100, …">,
    Option<"allowTF32", "allow-tf32", "bool", /*default=*/"false",
           "Multiply f32 in TF32, which keeps 10 bits of the fraction, instead "
           "of in three TF32 products.">,
    Option<"partial", "partial", "bool", /*default=*/"false",
           "Leave what has no kernel, and gates outside of layers, to the "
           "host.">,
    Option<"rows", "rows", "int64_t", /*default=*/"0",
           "Rows of a tile, instead of those that the model chooses.">,
    ListOption<"tile1", "tile1", "int64_t",
               "Columns, depth, warps, stages of pipelining, row tiles of a "
               "group, and whether programs are persistent (0, 1), of the "
               "first product, instead of what the model chooses.">,
    ListOption<"tile2", "tile2", "int64_t",
               "The same of the second product.">];
  let statistics = [
    Statistic<"numLayers", "num-layers", "Number of moe.experts lowered">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::math::MathDialect", "::mlir::moe::MoEDialect",
    "::mlir::moe::tt::TTDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // MOE_CONVERSION_PASSES
