//===- TritonOps.td - Operations of Triton IR ------------------------*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_TRITON_IR_TRITONOPS
#define MOE_DIALECT_TRITON_IR_TRITONOPS

include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/Triton/IR/TritonBase.td"

class TT_Op<string mnemonic, list<Trait> traits = []>
    : Op<TT_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Functions and the grid
//===----------------------------------------------------------------------===//

def TT_FuncOp : TT_Op<"func", [FunctionOpInterface, IsolatedFromAbove,
                               AffineScope, AutomaticAllocationScope]> {
  let summary = "a kernel: what one program of the grid does";
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    ArrayRef<Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ArrayRef<Type> getResultTypes() { return getFunctionType().getResults(); }
    Region *getCallableRegion() { return &getBody(); }
  }];
}

def TT_ReturnOp : TT_Op<"return", [Pure, HasParent<"FuncOp">, ReturnLike,
                                   Terminator]> {
  let summary = "end of a program";
  let arguments = (ins Variadic<AnyType>:$srcs);
  let assemblyFormat = "attr-dict ($srcs^ `:` type($srcs))?";
}

def TT_GetProgramIdOp : TT_Op<"get_program_id", [Pure]> {
  let summary = "place of the program in the grid";
  let arguments = (ins TT_ProgramDim:$axis);
  let results = (outs I32:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
}

def TT_GetNumProgramsOp : TT_Op<"get_num_programs", [Pure]> {
  let summary = "size of the grid";
  let arguments = (ins TT_ProgramDim:$axis);
  let results = (outs I32:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
}

def TT_GridDependencyWaitOp : TT_Op<"grid_dependency_wait",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "wait until the kernels before have finished";
  let assemblyFormat = "attr-dict";
}

def TT_GridDependencyLaunchDependentsOp
    : TT_Op<"grid_dependency_launch_dependents",
            [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "let the next kernel begin";
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

def TT_MakeRangeOp : TT_Op<"make_range", [Pure]> {
  let summary = "the integers from start to before end";
  let arguments = (ins I32Attr:$start, I32Attr:$end);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def TT_SplatOp : TT_Op<"splat", [Pure]> {
  let summary = "a tensor of one value";
  let arguments = (ins TT_Any:$src);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
}

def TT_ExpandDimsOp : TT_Op<"expand_dims", [Pure]> {
  let summary = "insert a dimension of size 1";
  let arguments = (ins TT_Tensor:$src, I32Attr:$axis);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
}

def TT_BroadcastOp : TT_Op<"broadcast", [Pure]> {
  let summary = "repeat along dimensions of size 1";
  let arguments = (ins TT_Tensor:$src);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
}

def TT_ReshapeOp : TT_Op<"reshape", [Pure]> {
  let summary = "the same elements in another shape";
  let arguments = (ins TT_Tensor:$src, UnitAttr:$allow_reorder);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = [{
    $src (`allow_reorder` $allow_reorder^)? attr-dict
    `:` type($src) `->` type($result)
  }];
}

def TT_TransOp : TT_Op<"trans", [Pure]> {
  let summary = "permute dimensions";
  let arguments = (ins TT_Tensor:$src, DenseI32ArrayAttr:$order);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
}

def TT_JoinOp : TT_Op<"join", [Pure, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "two tensors side by side along a new last dimension";
  let arguments = (ins TT_Tensor:$lhs, TT_Tensor:$rhs);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `->` type($result)";
}

def TT_SplitOp : TT_Op<"split", [Pure, AllTypesMatch<["outLHS", "outRHS"]>]> {
  let summary = "the two halves along a last dimension of size 2";
  let arguments = (ins TT_Tensor:$src);
  let results = (outs TT_Tensor:$outLHS, TT_Tensor:$outRHS);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($outLHS)";
  let builders = [OpBuilder<(ins "Value":$src)>];
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

def TT_AddPtrOp : TT_Op<"addptr", [Pure,
    AllTypesMatch<["ptr", "result"]>]> {
  let summary = "move a pointer by elements";
  let arguments = (ins TT_PtrLike:$ptr, TT_IntLike:$offset);
  let results = (outs TT_PtrLike:$result);
  let assemblyFormat = [{
    $ptr `,` $offset attr-dict `:` type($result) `,` type($offset)
  }];
}

def TT_LoadOp : TT_Op<"load", [AttrSizedOperandSegments,
    MemoryEffects<[MemRead]>,
    TypesMatchWith<"result is what the pointer points to", "ptr", "result",
                   "getPointee($_self)">,
    TypesMatchWith<"mask has the pointer's shape", "ptr", "mask",
                   "getMaskType($_self)",
                   "$_op.getNumOperands() < 2 || std::equal_to<>()">,
    TypesMatchWith<"other is what the pointer points to", "ptr", "other",
                   "getPointee($_self)",
                   "$_op.getNumOperands() < 3 || std::equal_to<>()">]> {
  let summary = "read through pointers";
  let arguments = (ins TT_PtrLike:$ptr, Optional<TT_BoolLike>:$mask,
                       Optional<TT_Any>:$other);
  let results = (outs TT_Any:$result);
  let assemblyFormat = [{
    $ptr (`,` $mask^)? (`,` $other^)? attr-dict `:` type($ptr)
  }];
}

def TT_StoreOp : TT_Op<"store", [MemoryEffects<[MemWrite]>,
    TypesMatchWith<"value is what the pointer points to", "ptr", "value",
                   "getPointee($_self)">,
    TypesMatchWith<"mask has the pointer's shape", "ptr", "mask",
                   "getMaskType($_self)",
                   "$_op.getNumOperands() < 3 || std::equal_to<>()">]> {
  let summary = "write through pointers";
  let arguments = (ins TT_PtrLike:$ptr, TT_Any:$value,
                       Optional<TT_BoolLike>:$mask);
  let assemblyFormat = [{
    $ptr `,` $value (`,` $mask^)? attr-dict `:` type($ptr)
  }];
}

def TT_MakeTensorDescOp : TT_Op<"make_tensor_descriptor",
    [Pure, SameVariadicOperandSize]> {
  let summary = "describe a tensor to the bulk copy engine";
  let arguments = (ins TT_PtrType:$base, Variadic<I32>:$shape,
                       Variadic<I64>:$strides);
  let results = (outs TT_TensorDescType:$result);
  let assemblyFormat = [{
    $base `,` `[` $shape `]` `,` `[` $strides `]` attr-dict
    `:` qualified(type($base)) `,` qualified(type($result))
  }];
}

def TT_DescriptorLoadOp : TT_Op<"descriptor_load", [MemoryEffects<[MemRead]>]> {
  let summary = "read a block of a described tensor; zero outside of it";
  let arguments = (ins TT_TensorDescType:$desc, Variadic<I32>:$indices);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = [{
    $desc `[` $indices `]` attr-dict
    `:` qualified(type($desc)) `->` type($result)
  }];
}

//===----------------------------------------------------------------------===//
// Arithmetic beside that of arith and math
//===----------------------------------------------------------------------===//

def TT_BitcastOp : TT_Op<"bitcast", [Pure]> {
  let summary = "the same bits as another type of the same width";
  let arguments = (ins TT_Any:$src);
  let results = (outs TT_Any:$result);
  let assemblyFormat = "$src attr-dict `:` type($src) `->` type($result)";
}

def TT_PreciseDivFOp : TT_Op<"precise_divf",
    [Pure, AllTypesMatch<["x", "y", "result"]>]> {
  let summary = "division of f32, rounded as IEEE 754 says";
  let arguments = (ins TT_Any:$x, TT_Any:$y);
  let results = (outs TT_Any:$result);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x)";
}

def TT_PreciseSqrtOp : TT_Op<"precise_sqrt",
    [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "square root of f32, rounded as IEEE 754 says";
  let arguments = (ins TT_Any:$x);
  let results = (outs TT_Any:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def TT_DotOp : TT_Op<"dot", [Pure, AllTypesMatch<["c", "d"]>]> {
  let summary = "c + a · b";
  let arguments = (ins TT_Tensor:$a, TT_Tensor:$b, TT_Tensor:$c,
      DefaultValuedAttr<TT_InputPrecision,
                        "::mlir::moe::tt::InputPrecision::IEEE">:$inputPrecision,
      DefaultValuedAttr<I32Attr, "0">:$maxNumImpreciseAcc);
  let results = (outs TT_Tensor:$d);
  let assemblyFormat = [{
    $a `,` $b `,` $c (`,` `inputPrecision` `=` $inputPrecision^)? attr-dict
    `:` type($a) `*` type($b) `->` type($d)
  }];
}

def TT_HistogramOp : TT_Op<"histogram", [Pure,
    TypesMatchWith<"mask has the shape of the source", "src", "mask",
                   "getMaskType($_self)",
                   "$_op.getNumOperands() < 2 || std::equal_to<>()">]> {
  let summary = "how often 0, 1, … stand in a vector, where the mask holds";
  let arguments = (ins RankedTensorOf<[I32]>:$src,
                       Optional<RankedTensorOf<[I1]>>:$mask);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = [{
    $src (`,` $mask^)? attr-dict `:` type($src) `->` type($result)
  }];
}

def TT_GatherOp : TT_Op<"gather", [Pure]> {
  let summary = "elements of a tensor at indices along a dimension";
  let arguments = (ins TT_Tensor:$src, RankedTensorOf<[I32]>:$indices,
                       I32Attr:$axis, UnitAttr:$efficient_layout);
  let results = (outs TT_Tensor:$result);
  let assemblyFormat = [{
    $src `[` $indices `]` attr-dict
    `:` functional-type(operands, results)
  }];
}

def TT_ReduceOp : TT_Op<"reduce", [Pure,
    SingleBlockImplicitTerminator<"ReduceReturnOp">]> {
  let summary = "combine the elements along a dimension, in any order";
  let arguments = (ins Variadic<TT_Tensor>:$srcs, I32Attr:$axis);
  let results = (outs Variadic<TT_Any>:$results);
  let regions = (region SizedRegion<1>:$combine);
}

def TT_ReduceReturnOp : TT_Op<"reduce.return", [Pure, HasParent<"ReduceOp">,
                                                ReturnLike, Terminator]> {
  let summary = "two elements combined";
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ (void)$_builder; }]>];
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

def TT_ScanOp : TT_Op<"scan", [Pure,
    SingleBlockImplicitTerminator<"ScanReturnOp">]> {
  let summary = "combine each element with all before it along a dimension";
  let arguments = (ins Variadic<TT_Tensor>:$srcs, I32Attr:$axis,
                       BoolAttr:$reverse);
  let results = (outs Variadic<TT_Tensor>:$results);
  let regions = (region SizedRegion<1>:$combine);
}

def TT_ScanReturnOp : TT_Op<"scan.return", [Pure, HasParent<"ScanOp">,
                                            ReturnLike, Terminator]> {
  let summary = "two elements combined";
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ (void)$_builder; }]>];
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // MOE_DIALECT_TRITON_IR_TRITONOPS
