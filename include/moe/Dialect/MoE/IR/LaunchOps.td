//===- LaunchOps.td - Launches of GPU kernels ------------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_LAUNCHOPS
#define MOE_DIALECT_MOE_IR_LAUNCHOPS

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/MoEBase.td"

def MoE_LaunchOp : MoE_Op<"launch", [Pure, AttrSizedOperandSegments,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    InferTypeOpAdaptor]> {
  let summary = "run a GPU kernel on tensors";
  let description = [{
    Runs the function `kernel` once for each point of `grid`, in any order, all
    at once or not. It has one parameter for each of `inputs` and `outputs`: a
    pointer to the first element of a contiguous tensor, or the scalar itself.
    The results are the outputs afterwards; what no program writes keeps its
    value. Where the grid is empty nothing happens.

    Example:

    ```mlir
    %y = moe.launch @kernel grid(%blocks) ins(%x, %n : tensor<?x64xf32>, i32)
                            outs(%init : tensor<?x64xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel,
                       Variadic<Index>:$grid,
                       Variadic<AnyType>:$inputs,
                       Variadic<AnyRankedTensor>:$outputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $kernel `grid` `(` $grid `)` (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
  }];
}

#endif // MOE_DIALECT_MOE_IR_LAUNCHOPS
