//===- Proto.h - ONNX messages as views into a file ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The messages of onnx.proto as plain structures. Strings and bytes are views
// into the buffer that was read, which must outlive them.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_ONNX_PROTO_H
#define MOE_TARGET_ONNX_PROTO_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace mlir::onnxir::proto {

/// TensorProto.DataType.
enum class DataType : int32_t {
  Undefined = 0,
  Float = 1,
  Uint8 = 2,
  Int8 = 3,
  Uint16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  Uint32 = 12,
  Uint64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  Uint4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  Uint2 = 25,
  Int2 = 26,
  Float6E2M3 = 27,
  Float6E3M2 = 28,
};

/// AttributeProto.AttributeType.
enum class AttributeType : int32_t {
  Undefined = 0,
  Float = 1,
  Int = 2,
  String = 3,
  Tensor = 4,
  Graph = 5,
  Floats = 6,
  Ints = 7,
  Strings = 8,
  Tensors = 9,
  Graphs = 10,
  SparseTensor = 11,
  SparseTensors = 12,
  TypeProto = 13,
  TypeProtos = 14,
};

/// A repeated number as it stands in the file: runs of packed elements, or
/// single elements where the writer did not pack.
struct NumberRuns {
  std::vector<llvm::StringRef> runs;
  bool empty() const { return runs.empty(); }
  /// The bytes of all elements where they stand in one run.
  std::optional<llvm::StringRef> contiguous() const {
    if (runs.size() != 1)
      return std::nullopt;
    return runs.front();
  }
};

struct StringStringEntry {
  llvm::StringRef key, value;
};

struct OperatorSetId {
  llvm::StringRef domain;
  int64_t version = 0;
};

struct TensorProto {
  std::vector<int64_t> dims;
  DataType dataType = DataType::Undefined;
  bool segmented = false;
  NumberRuns floatData, int32Data, int64Data, doubleData, uint64Data;
  std::vector<llvm::StringRef> stringData;
  std::optional<llvm::StringRef> rawData;
  llvm::StringRef name, docString;
  std::vector<StringStringEntry> externalData, metadata;
  bool external = false;
};

struct SparseTensorProto {
  TensorProto values, indices;
  std::vector<int64_t> dims;
};

struct Dimension {
  std::optional<int64_t> value;
  llvm::StringRef param;
};

struct TypeProto {
  enum class Kind { None, Tensor, Sequence, Map, Optional, Sparse, Opaque };
  Kind kind = Kind::None;
  /// Tensor and sparse: type of the elements. Map: type of the keys.
  DataType elementType = DataType::Undefined;
  /// Tensor and sparse: absent when the rank is unknown.
  std::optional<std::vector<Dimension>> shape;
  /// Sequence, optional: the element. Map: the value.
  std::unique_ptr<TypeProto> element;
  /// Opaque: its domain and name.
  llvm::StringRef domain, name;
};

struct ValueInfoProto {
  llvm::StringRef name, docString;
  TypeProto type;
  std::vector<StringStringEntry> metadata;
};

struct GraphProto;

struct AttributeProto {
  AttributeProto();
  AttributeProto(AttributeProto &&);
  AttributeProto &operator=(AttributeProto &&);
  ~AttributeProto();

  llvm::StringRef name, refAttrName, docString;
  AttributeType type = AttributeType::Undefined;
  float f = 0;
  int64_t i = 0;
  llvm::StringRef s;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<llvm::StringRef> strings;
  /// One of each for the singular field, several for the repeated one.
  std::vector<TensorProto> tensors;
  std::vector<SparseTensorProto> sparseTensors;
  std::vector<TypeProto> types;
  std::vector<GraphProto> graphs;
};

struct NodeProto {
  std::vector<llvm::StringRef> inputs, outputs;
  llvm::StringRef name, opType, domain, overload, docString;
  std::vector<AttributeProto> attributes;
  std::vector<StringStringEntry> metadata;
};

struct GraphProto {
  std::vector<NodeProto> nodes;
  llvm::StringRef name, docString;
  std::vector<TensorProto> initializers;
  std::vector<SparseTensorProto> sparseInitializers;
  std::vector<ValueInfoProto> inputs, outputs, valueInfo;
  std::vector<StringStringEntry> metadata;
};

struct FunctionProto {
  llvm::StringRef name, domain, overload, docString;
  std::vector<llvm::StringRef> inputs, outputs, attributes;
  /// Attributes with a default.
  std::vector<AttributeProto> attributeDefaults;
  std::vector<NodeProto> nodes;
  std::vector<OperatorSetId> opsetImports;
  std::vector<ValueInfoProto> valueInfo;
  std::vector<StringStringEntry> metadata;
};

struct ModelProto {
  int64_t irVersion = 0;
  int64_t modelVersion = 0;
  llvm::StringRef producerName, producerVersion, domain, docString;
  std::optional<GraphProto> graph;
  std::vector<OperatorSetId> opsetImports;
  std::vector<FunctionProto> functions;
  std::vector<StringStringEntry> metadata;
};

} // namespace mlir::onnxir::proto

#endif // MOE_TARGET_ONNX_PROTO_H
