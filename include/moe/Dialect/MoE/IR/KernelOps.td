//===- KernelOps.td - Calls of generated kernels ---------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_KERNELOPS
#define MOE_DIALECT_MOE_IR_KERNELOPS

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/MoEBase.td"

def MoE_CallKernelOp : MoE_Op<"call_kernel", [Pure, AttrSizedOperandSegments,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    InferTypeOpAdaptor]> {
  let summary = "call a function of buffers on tensors";
  let description = [{
    `callee` is a function without results that takes a contiguous buffer for
    every tensor among `inputs` and `outputs`, and the other inputs as they
    are. It reads the inputs and writes the outputs; what it leaves alone in an
    output keeps its value. The results are the outputs after the call.

    Bufferization turns it into a call, with copies where a buffer is not
    contiguous or is read later.

    Example:

    ```mlir
    %y = moe.call_kernel @matmul ins(%a, %b : tensor<?x64xf32>, tensor<64x8xf32>)
                                 outs(%init : tensor<?x8xf32>)
    func.func private @matmul(memref<?x64xf32>, memref<64x8xf32>,
                              memref<?x8xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee,
                       Variadic<AnyType>:$inputs,
                       Variadic<AnyRankedTensor>:$outputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $callee (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict
  }];
  let extraClassDeclaration = [{
    MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
  }];
}

#endif // MOE_DIALECT_MOE_IR_KERNELOPS
