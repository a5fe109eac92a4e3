//===- Importer.h - State of one import -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_ONNX_IMPORTER_H
#define MOE_LIB_TARGET_ONNX_IMPORTER_H

#include "ExternalData.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Target/ONNX/Import.h"
#include "moe/Target/ONNX/Proto.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::onnxir {

/// The values that names stand for in one graph; a name that it does not
/// define belongs to the graph around it.
struct Scope {
  explicit Scope(const Scope *parent) : parent(parent) {}

  Value lookup(StringRef name) const {
    for (const Scope *scope = this; scope; scope = scope->parent)
      if (Value value = scope->values.lookup(name))
        return value;
    return {};
  }

  const Scope *parent;
  llvm::DenseMap<StringRef, Value> values;
};

/// Builds a module from the messages of one model.
class Importer {
public:
  /// `modelFile` is the name that references to data inside the model carry;
  /// empty to put that data into the IR.
  Importer(MLIRContext *context, const ImportOptions &options,
           StringRef displayName, StringRef modelFile, StringRef baseDir,
           StringRef bytes)
      : builder(context), options(options), embedAll(options.embedWeights),
        modelFile(modelFile), baseDir(baseDir), bytes(bytes), files(baseDir),
        fileLoc(FileLineColLoc::get(context, displayName, 0, 0)) {}

  FailureOr<OwningOpRef<ModuleOp>> import(const proto::ModelProto &model);

private:
  // ImportModel.cpp
  LogicalResult checkVersions(const proto::ModelProto &model);
  void setModelAttributes(const proto::ModelProto &model);
  LogicalResult importMain(const proto::GraphProto &graph);
  LogicalResult importFunction(const proto::FunctionProto &function);
  FailureOr<DictionaryAttr> getOpsets(ArrayRef<proto::OperatorSetId> imports);
  FailureOr<DictionaryAttr> importMainInput(const proto::ValueInfoProto &info,
                                            Block *entry, Scope &scope);

  // ImportGraph.cpp
  using ValueInfos = llvm::DenseMap<StringRef, const proto::ValueInfoProto *>;
  /// Adds the nodes at the end of the insertion block, in an order in which
  /// each stands after those that it uses.
  LogicalResult importNodes(ArrayRef<proto::NodeProto> nodes,
                            const ValueInfos &infos, Scope &scope);
  LogicalResult importNode(const proto::NodeProto &node,
                           const ValueInfos &infos, Scope &scope);
  LogicalResult importSubgraph(const proto::GraphProto &graph, Region &region,
                               Location loc, const Scope &outer);
  /// Finds the values of a graph's outputs.
  LogicalResult getOutputs(ArrayRef<StringRef> names, const Scope &scope,
                           Location loc, SmallVectorImpl<Value> &values);
  LogicalResult define(Scope &scope, StringRef name, Value value, Location loc);
  /// What a sub-graph says about itself and its inputs.
  DictionaryAttr getSubgraphInfo(const proto::GraphProto &graph);
  ValueInfos collectInfos(ArrayRef<proto::ValueInfoProto> valueInfo,
                          ArrayRef<proto::ValueInfoProto> outputs);

  // ImportOrder.cpp
  FailureOr<SmallVector<unsigned>> sortNodes(ArrayRef<proto::NodeProto> nodes,
                                             const Scope &scope);

  // ImportWeights.cpp
  /// Makes an onnxir.weight of each initializer, and defines those that are no
  /// inputs of the graph.
  LogicalResult importInitializers(const proto::GraphProto &graph,
                                   Scope &scope);
  FailureOr<TypedAttr> convert(const proto::TensorProto &tensor, Location loc);
  FailureOr<TypedAttr> convert(const proto::SparseTensorProto &sparse,
                               Location loc);
  LogicalResult addWeight(StringRef name, TypedAttr value, Scope &scope,
                          Location loc);
  std::string getUniqueSymbol(StringRef name);

  // ImportAttributes.cpp
  FailureOr<Attribute> convert(const proto::AttributeProto &attribute,
                               Location loc);
  LogicalResult
  importAttributes(const proto::NodeProto &node, Location loc,
                   NamedAttrList &attributes,
                   SmallVectorImpl<Attribute> &subgraphNames,
                   SmallVectorImpl<const proto::GraphProto *> &subgraphs);
  Attribute getMetadata(ArrayRef<proto::StringStringEntry> entries);
  void addDescription(StringRef docString,
                      ArrayRef<proto::StringStringEntry> metadata,
                      NamedAttrList &attrs);

  // ImportTypes.cpp
  FailureOr<Type> convert(const proto::TypeProto &type, Location loc);
  FailureOr<TensorType> convertTensor(const proto::TypeProto &type,
                                      Location loc);
  /// The names of a tensor's dimensions, null when none has one.
  ArrayAttr getDimNames(const proto::TypeProto &type);
  /// The type that the model gives to value `name`, else onnxir.any.
  FailureOr<Type> getValueType(StringRef name, const ValueInfos &infos);

  Location getLoc(StringRef name) {
    return NameLoc::get(builder.getStringAttr(name), fileLoc);
  }
  Location getLoc(const proto::NodeProto &node);

  OpBuilder builder;
  const ImportOptions &options;
  /// Whether tensors of any size go into the IR.
  bool embedAll;
  std::string modelFile, baseDir;
  StringRef bytes;
  ExternalFiles files;
  Location fileLoc;
  ModuleOp module;
  /// Symbols in use, with the number that the next namesake gets.
  llvm::StringMap<unsigned> symbols;
  /// Where weights go: before the first function.
  Operation *weightsEnd = nullptr;
  /// Initializers of the main graph, by name.
  llvm::DenseMap<StringRef, WeightOp> mainWeights;
  bool inFunction = false;
  /// Whether a weight stands in the model's own file.
  bool refersToModel = false;
};

} // namespace mlir::onnxir

#endif // MOE_LIB_TARGET_ONNX_IMPORTER_H
