//===- ONNXIRBase.td - The onnxir dialect, its types and attributes -*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_IR_ONNXIRBASE
#define MOE_DIALECT_ONNXIR_IR_ONNXIRBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"

def ONNXIR_Dialect : Dialect {
  let name = "onnxir";
  let cppNamespace = "::mlir::onnxir";
  let summary = "ONNX models without loss: one carrier operation per node";
  let description = [{
    Holds an ONNX model as its file says it. A graph is a `func.func @main`, a
    node an `onnxir.node`, whatever its operator; initializers are symbols
    (`onnxir.weight`) that refer to the bytes in the file; model-local functions
    are `onnxir.function`.

    On the module:

    | attribute | meaning |
    |---|---|
    | `onnxir.ir_version` | version of the file format |
    | `onnxir.opsets` | dictionary from domain to operator set version; the domain "" is written `ai.onnx` |
    | `onnxir.base_dir` | folder that file references start from |
    | `onnxir.files` | dictionary from each file referred to, to its size in bytes |
    | `onnxir.file` | which of these is the model itself |
    | `onnxir.graph_name`, `onnxir.graph_doc_string`, `onnxir.graph_metadata`, `onnxir.producer_name`, `onnxir.producer_version`, `onnxir.domain`, `onnxir.model_version`, `onnxir.doc_string`, `onnxir.metadata` | what the model says about itself |

    On arguments and results of `@main`: `onnxir.name`; `onnxir.dims`, an array
    with the name or the size of each dimension, where one has a name;
    `onnxir.default = @weight` on an argument that an initializer gives a value
    for when the caller passes none.

    On a node: `onnxir.dims`, the same for each result; `onnxir.subgraphs`, for
    each sub-graph a dictionary with its `name`, the names of its `inputs` and,
    where they have any, their `dims`; `onnxir.doc_string`, `onnxir.metadata`.

    Element types: signless integers for signed ones and `i1` for bool, `ui8`
    and its like for unsigned ones, MLIR's floating-point types,
    `!onnxir.string`. A tensor of unknown rank is `tensor<*xf32>`; a value of
    unknown type is `!onnxir.any`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
    void registerOperations();

    static constexpr ::llvm::StringLiteral kIRVersion = "onnxir.ir_version";
    static constexpr ::llvm::StringLiteral kOpsets = "onnxir.opsets";
    static constexpr ::llvm::StringLiteral kBaseDir = "onnxir.base_dir";
    static constexpr ::llvm::StringLiteral kFiles = "onnxir.files";
    static constexpr ::llvm::StringLiteral kFile = "onnxir.file";
    static constexpr ::llvm::StringLiteral kName = "onnxir.name";
    static constexpr ::llvm::StringLiteral kDims = "onnxir.dims";
    static constexpr ::llvm::StringLiteral kDefault = "onnxir.default";
    static constexpr ::llvm::StringLiteral kDocString = "onnxir.doc_string";
    static constexpr ::llvm::StringLiteral kMetadata = "onnxir.metadata";
    static constexpr ::llvm::StringLiteral kSubgraphs = "onnxir.subgraphs";
  }];
}

class ONNXIR_Type<string name, string mnemonic_> : TypeDef<ONNXIR_Dialect, name> {
  let mnemonic = mnemonic_;
}

def ONNXIR_AnyType : ONNXIR_Type<"Any", "any"> {
  let summary = "a value whose type the model does not say";
}

def ONNXIR_StringType : ONNXIR_Type<"String", "string"> {
  let summary = "element of a tensor of strings";
}

def ONNXIR_SequenceType : ONNXIR_Type<"Sequence", "sequence"> {
  let summary = "sequence of values of one type";
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}

def ONNXIR_OptionalType : ONNXIR_Type<"Optional", "optional"> {
  let summary = "a value or nothing";
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}

def ONNXIR_MapType : ONNXIR_Type<"Map", "map"> {
  let summary = "map from integers or strings to values of one type";
  let parameters = (ins "::mlir::Type":$key, "::mlir::Type":$value);
  let assemblyFormat = "`<` $key `,` $value `>`";
}

def ONNXIR_SparseType : ONNXIR_Type<"Sparse", "sparse"> {
  let summary = "sparse tensor";
  let parameters = (ins "::mlir::TensorType":$dense);
  let assemblyFormat = "`<` $dense `>`";
}

def ONNXIR_OpaqueType : ONNXIR_Type<"Opaque", "opaque"> {
  let summary = "type known only to the domain that defines it";
  let parameters = (ins StringRefParameter<>:$domain, StringRefParameter<>:$name);
  let assemblyFormat = "`<` $domain `,` $name `>`";
}

class ONNXIR_Attr<string name, string mnemonic_, list<Trait> traits = []>
    : AttrDef<ONNXIR_Dialect, name, traits> {
  let mnemonic = mnemonic_;
}

def ONNXIR_FileAttr : ONNXIR_Attr<"File", "file", [TypedAttrInterface]> {
  let summary = "a tensor that stands in a file";
  let description = [{
    `#onnxir.file<"model.onnx.data"[4096, 65536]> : tensor<128x128xf32>`: the
    65536 bytes from byte 4096 on hold the tensor in row-major, little-endian
    order, 4-bit and 2-bit elements packed from the low bits up. The path
    starts from the module's `onnxir.base_dir`.
  }];
  let parameters = (ins AttributeSelfTypeParameter<"">:$type,
                        StringRefParameter<>:$path,
                        "int64_t":$offset, "int64_t":$length);
  let assemblyFormat = "`<` $path `` `[` $offset `,` $length `]` `>`";
  let genVerifyDecl = 1;
}

def ONNXIR_RefAttr : ONNXIR_Attr<"Ref", "ref"> {
  let summary = "an attribute parameter of the enclosing function";
  let description = [{
    `#onnxir.ref<"alpha", "float">`: in a node of an `onnxir.function`, the
    attribute that the caller passes as `alpha`.
  }];
  let parameters = (ins StringRefParameter<>:$name, StringRefParameter<>:$kind);
  let assemblyFormat = "`<` $name `,` $kind `>`";
}

#endif // MOE_DIALECT_ONNXIR_IR_ONNXIRBASE
