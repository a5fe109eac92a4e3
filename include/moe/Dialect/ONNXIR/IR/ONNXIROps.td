//===- ONNXIROps.td - Operations of the onnxir dialect -*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_IR_ONNXIROPS
#define MOE_DIALECT_ONNXIR_IR_ONNXIROPS

include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "moe/Dialect/MoE/IR/MoEInterfaces.td"
include "moe/Dialect/ONNXIR/IR/ONNXIRBase.td"

class ONNXIR_Op<string mnemonic, list<Trait> traits = []>
    : Op<ONNXIR_Dialect, mnemonic, traits>;

def ONNXIR_NodeOp : ONNXIR_Op<"node", [
    RecursiveMemoryEffects,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "a node of an ONNX graph, whatever its operator";
  let description = [{
    The operator is `op_type` of `domain`; with an `overload` it is the
    model-local function of that overload. Attributes of the operator stand in
    `onnx_attributes`, its sub-graphs in regions of the attributes' names, which may
    use values of the graphs around them.

    An optional input that the node leaves out is `none`; missing trailing
    inputs are not written. `slots` tells, for each input, whether it is there
    (absent when all are).

    `name` is the node's name, `outputs` the names of its outputs: "" is an
    output that the node leaves out, with a result of type `none`.

    `opset` is the version of the operator's domain, where it differs from what
    the enclosing function or module imports.

    Example:

    ```mlir
    %0 = onnxir.node "Clip"(%x, none, %max) name "clip" outputs ["y"]
        : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
    %1 = onnxir.node "MoE" domain "com.microsoft"(%x, %router, %fc1, none, %fc2)
        {activation_type = "silu", k = 2 : i64}
        : (tensor<?x64xf32>, tensor<?x8xf32>, tensor<8x32x64xf32>,
           tensor<8x64x32xf32>) -> tensor<?x64xf32>
    %2 = onnxir.node "If"(%c) graph "then_branch" {
      onnxir.yield %a : tensor<f32>
    } graph "else_branch" {
      onnxir.yield %b : tensor<f32>
    } : (tensor<i1>) -> tensor<f32>
    ```
  }];
  let arguments = (ins
    StrAttr:$op_type,
    DefaultValuedOptionalAttr<StrAttr, "\"\"">:$domain,
    DefaultValuedOptionalAttr<StrAttr, "\"\"">:$overload,
    Variadic<AnyType>:$inputs,
    OptionalAttr<DenseBoolArrayAttr>:$slots,
    DictionaryAttr:$onnx_attributes,
    OptionalAttr<StrArrayAttr>:$subgraph_names,
    OptionalAttr<StrAttr>:$name,
    OptionalAttr<StrArrayAttr>:$output_names,
    OptionalAttr<I64Attr>:$opset);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region VariadicRegion<SizedRegion<1>>:$subgraphs);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether this is operator `type` of `domain`.
    bool is(::llvm::StringRef type, ::llvm::StringRef domain = "") {
      return getOpType() == type && getDomain() == domain;
    }

    /// Number of inputs, counting those that are left out.
    unsigned getNumSlots();
    /// Input `slot`, null when left out or beyond the last one.
    ::mlir::Value getInput(unsigned slot);
    /// The same among `operands`, which stand for this node's operands (those
    /// of a conversion pattern's adaptor).
    ::mlir::Value getInput(unsigned slot, ::mlir::ValueRange operands);

    /// The operator's attribute of this name, or null.
    ::mlir::Attribute getAttribute(::llvm::StringRef name) {
      return getOnnxAttributes().get(name);
    }
    int64_t getInt(::llvm::StringRef name, int64_t otherwise);
    double getFloat(::llvm::StringRef name, double otherwise);
    ::llvm::StringRef getString(::llvm::StringRef name,
                                ::llvm::StringRef otherwise);
    /// A list of integers; nothing when the attribute is absent.
    ::std::optional<::llvm::ArrayRef<int64_t>> getInts(::llvm::StringRef name);
    ::std::optional<::llvm::ArrayRef<float>> getFloats(::llvm::StringRef name);

    /// The sub-graph of this name, or null.
    ::mlir::Region *getSubgraph(::llvm::StringRef name);
    /// Name of result `index`, "" when it has none.
    ::llvm::StringRef getOutputName(unsigned index);
    /// What the user calls this node: its name, else its first output's, else
    /// the operator.
    ::llvm::StringRef getDisplayName();
    /// The version of the operator's domain that holds here, 0 when the model
    /// does not say.
    int64_t getOpsetVersion();
  }];
}

def ONNXIR_YieldOp : ONNXIR_Op<"yield", [Terminator, Pure,
    ParentOneOf<["::mlir::onnxir::NodeOp", "::mlir::onnxir::FunctionOp"]>]> {
  let summary = "outputs of a sub-graph or model-local function";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def ONNXIR_WeightOp : ONNXIR_Op<"weight", [Symbol]> {
  let summary = "an initializer of the model";
  let description = [{
    Its value is either bytes of a file, which stay there, or an attribute:
    small tensors, and those whose elements the file does not store in order.
    `name` is the initializer's name where it differs from the symbol's.

    Example:

    ```mlir
    onnxir.weight @fc1 from "model.onnx.data"[0, 65536] : tensor<8x64x32xf32>
    onnxir.weight @axes = dense<[0, 1]> : tensor<2xi64>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypedAttrInterface:$value,
                       OptionalAttr<StrAttr>:$name);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getType();
    /// The bytes in the file, or null when the value is in the IR.
    ::mlir::onnxir::FileAttr getFile() {
      return ::llvm::dyn_cast<::mlir::onnxir::FileAttr>(getValue());
    }
    /// The value in the IR, or null when it is in a file.
    ::mlir::ElementsAttr getElements() {
      return ::llvm::dyn_cast<::mlir::ElementsAttr>(getValue());
    }
    /// The initializer's name in the model.
    ::llvm::StringRef getDisplayName() {
      return getName().value_or(getSymName());
    }
  }];
}

def ONNXIR_GetWeightOp : ONNXIR_Op<"get_weight", [Pure,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<ConstantDataOpInterface>]> {
  let summary = "the value of an initializer";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
  let extraClassDeclaration = [{
    /// The initializer, or null when the symbol does not exist. Without
    /// tables, looks through the whole module.
    ::mlir::onnxir::WeightOp
    getWeightOp(::mlir::SymbolTableCollection *symbolTables = nullptr);
  }];
}

def ONNXIR_FunctionOp : ONNXIR_Op<"function", [Symbol, IsolatedFromAbove]> {
  let summary = "a model-local function";
  let description = [{
    The meaning of operator `op_type` of `domain` in this model, in terms of
    other operators. Attribute parameters are listed in `parameters`; those
    with a default stand in `defaults`; nodes inside refer to them by
    `#onnxir.ref`. `opsets` are the operator sets that the function imports.
    The symbol is `domain::op_type::overload`, which makes it unique.

    Example:

    ```mlir
    onnxir.function "Scale" domain "local"(%x: !onnxir.any)
        parameters ["to"] defaults {alpha = 1.0 : f32} opsets {ai.onnx = 18 : i64} {
      %0 = onnxir.node "LeakyRelu"(%x) {alpha = #onnxir.ref<"alpha", "float">}
          : (!onnxir.any) -> !onnxir.any
      onnxir.yield %0 : !onnxir.any
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$op_type,
                       StrAttr:$domain, StrAttr:$overload,
                       StrArrayAttr:$input_names,
                       StrArrayAttr:$parameters, DictionaryAttr:$defaults,
                       DictionaryAttr:$opsets);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The symbol of the function that gives an operator its meaning.
    static ::std::string getSymbolFor(::llvm::StringRef domain,
                                      ::llvm::StringRef opType,
                                      ::llvm::StringRef overload);
    /// The function that `node` calls, or null when it is no such call.
    static FunctionOp getCallee(::mlir::onnxir::NodeOp node);
  }];
}

#endif // MOE_DIALECT_ONNXIR_IR_ONNXIROPS
