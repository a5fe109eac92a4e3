//===- Passes.td - Passes between the dialects -------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TRANSFORMS_PASSES
#define MOE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def BindWeightsPass : Pass<"moe-bind-weights", "ModuleOp"> {
  let summary = "Turn the weights that functions use into arguments";
  let description = [{
    In each public function `onnxir.get_weight @w` becomes an argument with the
    attribute `moe.weight = @w`, one for each weight. Small weights that stand
    in the IR become constants instead, which folders can see through.

    Also records what the caller sees before types are lowered: each argument
    and result gets the attribute `moe.type`, its type; and arguments are marked
    as not writable, so that bufferization copies what it would write to.

    Example:

    ```mlir
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %w = onnxir.get_weight @w : tensor<4x4xf32>
      …
    ```
    becomes
    ```mlir
    func.func @f(
        %x: tensor<?x4xf32> {bufferization.writable = false, moe.type = …},
        %w: tensor<4x4xf32> {bufferization.writable = false, moe.weight = @w})
        -> (tensor<?x4xf32> {moe.type = …}) {
      …
    ```
  }];
  let dependentDialects = ["arith::ArithDialect",
                           "bufferization::BufferizationDialect"];
  let options = [
    Option<"constantBytes", "constant-bytes", "int64_t", "1024",
           "Weights in the IR of up to this many bytes become constants.">,
  ];
  let statistics = [
    Statistic<"numBound", "bound", "Number of weights made arguments">,
  ];
}

def FuseElementwisePass : Pass<"moe-fuse-elementwise"> {
  let summary = "Fuse element by element operations into their consumers";
  let description = [{
    A `linalg.generic` whose iterations are all parallel moves into the one
    `linalg.generic` that reads its result, where that reads each element once:
    no arithmetic is repeated, and nothing is reassociated. A consumer may
    reduce. One that reads an element several times (because it broadcasts or
    contracts) is left alone.

    So chains of operators of a model become one loop nest instead of one each,
    without the tensors between them.

    Example:

    ```mlir
    %0 = linalg.generic {…} ins(%x : tensor<?xf32>) … { arith.mulf %in, %in }
    %1 = linalg.generic {…} ins(%0 : tensor<?xf32>) … { math.sqrt %in }
    ```
    becomes
    ```mlir
    %1 = linalg.generic {…} ins(%x : tensor<?xf32>) … {
      %2 = arith.mulf %in, %in
      %3 = math.sqrt %2
    ```
  }];
  let options = [
    Option<"maxInputs", "max-inputs", "int64_t", "8",
           "Fuse to operations of up to this many inputs.">,
  ];
}

def EmitEntryPointsPass : Pass<"moe-emit-entry-points", "ModuleOp"> {
  let summary = "Give each public function an entry point that the runtime calls";
  let description = [{
    For each public function `@F`, which must be bufferized, makes
    `llvm.func @moe_entry_F(%args: !llvm.ptr)`. `%args` is an array of pointers
    to memref descriptors: those of the inputs, of the residents (weights and
    results of the init function), and of the results, which the entry point
    writes. `@F` becomes private. The function that `@F` names as `moe.init`
    becomes `@moe_init_F`, in the same way.

    The string `@moe_manifest` says in JSON what the entry points take and give,
    and where the weights are; the `onnxir.weight` symbols go.

    Attributes of an argument: `moe.weight` refers to the `onnxir.weight` that
    is passed; `moe.resident` is the number of the init function's result that
    is passed; with neither the argument is an input. `onnxir.name` and
    `onnxir.dims` name it and its dimensions. `moe.type` is the type that the
    caller sees, where it is not that of the memref.

    Example:

    ```mlir
    func.func @f(%x: memref<?x4xf32>) -> memref<?x4xf32> { … }
    ```
    becomes
    ```mlir
    func.func private @f(%x: memref<?x4xf32>) -> memref<?x4xf32> { … }
    llvm.func @moe_entry_f(%args: !llvm.ptr) {
      // loads the descriptor of %x
      %0 = func.call @f(%x) : (memref<?x4xf32>) -> memref<?x4xf32>
      // stores the descriptor of %0
      llvm.return
    }
    llvm.mlir.global constant @moe_manifest("{…}\00")
    ```
  }];
  let dependentDialects = ["LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"numEntries", "entry points", "Number of entry points made">,
  ];
}

def ExpandMathPass : Pass<"moe-expand-math"> {
  let summary = "Write mathematical functions as polynomials";
  let description = [{
    Functions of the math dialect on f32 and on vectors of it become arithmetic,
    which vectorises; f16 and bf16 are computed in f32. What has no such form
    stays a call of the C library.

    Example:

    ```mlir
    %0 = math.tanh %x : f32
    ```
    becomes a ratio of polynomials in `%x`.
  }];
  let dependentDialects = ["arith::ArithDialect", "math::MathDialect",
                           "vector::VectorDialect"];
}

def ExpandReshapesPass : Pass<"moe-expand-reshapes"> {
  let summary = "Write expansions of memrefs as reinterpretations";
  let description = [{
    Each `memref.expand_shape` becomes a `memref.reinterpret_cast` with sizes
    from its `output_shape`. Upstream's `expand-strided-metadata` computes a
    dynamic size from the others and fails where two of them in one group are
    dynamic.

    Example:

    ```mlir
    %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %s, 16]
        : memref<?x16xf32> into memref<?x?x16xf32>
    ```
    becomes
    ```mlir
    %stride = arith.muli %s, %c16 : index
    %0 = memref.reinterpret_cast %x to offset: [0], sizes: [%b, %s, 16],
        strides: [%stride, 16, 1] : memref<?x16xf32> to memref<?x?x16xf32>
    ```
  }];
  let dependentDialects = ["affine::AffineDialect", "arith::ArithDialect",
                           "memref::MemRefDialect"];
}

def GuardAllocationsPass : Pass<"moe-guard-allocations"> {
  let summary = "Check the sizes of allocations";
  let description = [{
    Before each `memref.alloc` with dynamic sizes asserts that none is negative
    and that the number of bytes does not overflow; the lowering to LLVM would
    compute it modulo 2^64. Allocations of one block with the same dynamic sizes
    share a check, of the largest. A static size that overflows is an error.

    Example:

    ```mlir
    %0 = memref.alloc(%n) : memref<?xf32>
    ```
    becomes
    ```mlir
    // %fits: %n · 4 is less than 2^47
    cf.assert %fits, "a tensor of impossible size"
    %0 = memref.alloc(%n) : memref<?xf32>
    ```
  }];
  let dependentDialects = ["arith::ArithDialect", "cf::ControlFlowDialect"];
  let statistics = [
    Statistic<"numGuarded", "guarded", "Number of allocations guarded">,
  ];
}

def InsertProfilingPass : Pass<"moe-insert-profiling", "ModuleOp"> {
  let summary = "Tell the runtime which phase the code is at";
  let description = [{
    In each public function, before the first operation of each phase that
    `moe-label-phases` marked, calls `moe_profile_enter` with the names of the
    node and of the kind, and with null pointers before the function returns.
    Operations without effects, allocations and assertions begin no phase. To be
    run when buffers are made, since their operations are no longer reordered.
    The attribute `moe.kind` of a function says what a call of it is, whatever
    the label of the call.

    Example:

    ```mlir
    linalg.add … loc(#loc)  // labelled "residual", "Add"
    ```
    becomes
    ```mlir
    %node = llvm.mlir.addressof @moe_phase_0 : !llvm.ptr
    %kind = llvm.mlir.addressof @moe_phase_1 : !llvm.ptr
    llvm.call @moe_profile_enter(%node, %kind) : (!llvm.ptr, !llvm.ptr) -> ()
    linalg.add …
    ```
  }];
  let dependentDialects = ["LLVM::LLVMDialect"];
  let statistics = [
    Statistic<"numEntered", "phases", "Number of calls of the runtime">,
  ];
}

def LabelPhasesPass : Pass<"moe-label-phases", "ModuleOp"> {
  let summary = "Mark locations with the node and the kind of operation";
  let description = [{
    The locations of operations in public functions become fused locations with
    a dictionary of two strings: `moe.kind`, the ONNX operator or the name of the
    operation, and `moe.node`, the name of the node. For the gate, plan,
    dispatch, experts and combine of a MoE layer the latter is the layer's: the
    name of its first operation, or `layer N`, if that has none. Lowering keeps
    locations, so that `moe-insert-profiling` finds them on what is left of the
    operations. Labels stay when the pass runs again, but these five get theirs
    anew, since fusion may have made another of them.

    Example:

    ```mlir
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8> loc("experts")
    ```
    becomes
    ```mlir
    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<8>
        loc(fused<{moe.kind = "moe.plan", moe.node = "experts"}>["experts"])
    ```
  }];
}

def LowerAssertionsPass : Pass<"moe-lower-assertions", "ModuleOp"> {
  let summary = "Turn assertions into calls of the runtime";
  let description = [{
    The runtime's `moe_raise` ends the call in progress with the assertion's
    message; the upstream lowering would end the process.

    Example:

    ```mlir
    cf.assert %ok, "index out of range"
    ```
    becomes
    ```mlir
    %failed = arith.xori %ok, %true : i1
    scf.if %failed {
      %0 = llvm.mlir.addressof @moe_message_0 : !llvm.ptr
      llvm.call @moe_raise(%0) : (!llvm.ptr) -> ()
    }
    ```
  }];
  let dependentDialects = ["arith::ArithDialect", "LLVM::LLVMDialect",
                           "scf::SCFDialect"];
}

def LowerStridedCopiesPass : Pass<"moe-lower-strided-copies"> {
  let summary = "Turn copies between strided buffers into linalg";
  let description = [{
    The upstream lowering of `memref.copy` calls a function of its own runtime
    unless both buffers are contiguous. Such copies become `linalg.generic`
    here; the others stay, and become `memcpy`.

    Example:

    ```mlir
    memref.copy %a, %b : memref<?x4xf32> to memref<?x4xf32, strided<[8, 1]>>
    ```
    becomes
    ```mlir
    linalg.generic {…} ins(%a : memref<?x4xf32>)
        outs(%b : memref<?x4xf32, strided<[8, 1]>>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    }
    ```
  }];
  let dependentDialects = ["linalg::LinalgDialect"];
  let statistics = [
    Statistic<"numLowered", "lowered", "Number of copies lowered">,
  ];
}

def OutlineLoopsPass : Pass<"moe-outline-loops", "ModuleOp"> {
  let summary = "Move loops of large functions into functions of their own";
  let description = [{
    Analyses of LLVM take more than linear time in the size of a function, and a
    model is one function of hundreds of loops. Each outermost loop of a function
    with many of them becomes a private function, which is called in
    its place; loops that do the same, as those of a model's layers, share one.

    Example:

    ```mlir
    scf.for %i = %c0 to %n step %c1 {
      memref.store %x, %m[%i] : memref<?xf32>
    }
    ```
    becomes
    ```mlir
    func.call @loop(%n, %x, %m) : (index, f32, memref<?xf32>) -> ()
    ```
  }];
  let options = [
    Option<"minLoops", "min-loops", "unsigned", /*default=*/"8",
           "Number of outermost loops from which a function counts as large.">,
  ];
  let statistics = [
    Statistic<"numOutlined", "outlined", "Number of loops outlined">,
    Statistic<"numShared", "shared", "Number of loops that another one's "
                                     "function serves">,
  ];
}

#endif // MOE_TRANSFORMS_PASSES
