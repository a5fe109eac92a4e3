//===- TritonBase.td - The tt dialect and its types ------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_TRITON_IR_TRITONBASE
#define MOE_DIALECT_TRITON_IR_TRITONBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def TT_Dialect : Dialect {
  let name = "tt";
  let cppNamespace = "::mlir::moe::tt";
  let summary = "the part of Triton IR that kernels are made of";
  let description = [{
    Operations, types and spelling are those of the `tt` dialect of Triton 3.9,
    as far as `convert-moe-to-triton` emits them, so that the text of a module
    is what the Triton package compiles. Triton itself is not linked: it is
    built on an LLVM of its own.
  }];
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerTypes();
  }];
}

def TT_PtrType : TypeDef<TT_Dialect, "Ptr"> {
  let mnemonic = "ptr";
  let summary = "pointer to a number in global memory";
  let parameters = (ins "::mlir::Type":$pointee);
  let assemblyFormat = "`<` $pointee `>`";
}

def TT_TensorDescType : TypeDef<TT_Dialect, "TensorDesc"> {
  let mnemonic = "tensordesc";
  let summary = "what the bulk copy engine knows of a tensor, and the size of its blocks";
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$element);
  let hasCustomAssemblyFormat = 1;
}

class TT_I32Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::mlir::moe::tt";
}

def TT_ProgramDim : TT_I32Enum<"ProgramDim", "dimension of the grid", [
  I32EnumAttrCase<"X", 0, "x">, I32EnumAttrCase<"Y", 1, "y">,
  I32EnumAttrCase<"Z", 2, "z">]>;

def TT_InputPrecision : TT_I32Enum<"InputPrecision", "how f32 is multiplied", [
  I32EnumAttrCase<"TF32", 0, "tf32">, I32EnumAttrCase<"TF32x3", 1, "tf32x3">,
  I32EnumAttrCase<"IEEE", 2, "ieee">]>;

def TT_Number : AnyTypeOf<[AnyInteger, AnyFloat]>;
def TT_PtrTensor : RankedTensorOf<[TT_PtrType]>;
def TT_PtrLike : AnyTypeOf<[TT_PtrType, TT_PtrTensor]>;
def TT_Tensor : RankedTensorOf<[TT_Number, TT_PtrType]>;
def TT_Any : AnyTypeOf<[TT_Number, TT_PtrType, TT_Tensor]>;
def TT_BoolLike : AnyTypeOf<[I1, RankedTensorOf<[I1]>]>;
def TT_IntLike : AnyTypeOf<[AnyInteger, RankedTensorOf<[AnyInteger]>]>;

#endif // MOE_DIALECT_TRITON_IR_TRITONBASE
