//===- Exporter.h - From the onnxir dialect to ONNX messages ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_ONNX_EXPORTER_H
#define MOE_LIB_TARGET_ONNX_EXPORTER_H

#include "ExportNames.h"
#include "ExternalData.h"
#include "WireWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Target/ONNX/Export.h"
#include "moe/Target/ONNX/Proto.h"

namespace mlir::onnxir {

/// `loc` with a name that messages can tell, `name` unless it has one.
Location getNamedLoc(StringRef name, Location loc);

/// Makes one model's message. Each method emits the error of its failure.
class Exporter {
public:
  Exporter(ModuleOp module, const ExportOptions &options);

  LogicalResult exportTo(llvm::raw_ostream &os);

private:
  using Message = proto::Message;

  // ExportModel.cpp
  FailureOr<Message> makeModel();
  FailureOr<Message> makeMain(func::FuncOp main);
  FailureOr<Message> makeFunction(FunctionOp function);
  FailureOr<func::FuncOp> findMain();
  LogicalResult addInterface(func::FuncOp main, unsigned field, bool results,
                             Message &graph);
  LogicalResult addOpsets(DictionaryAttr opsets, unsigned field, Location loc,
                          Message &message);

  // ExportGraph.cpp
  /// Adds the nodes (field `nodes`) of a graph or function; collects its
  /// initializers and the values whose types it notes.
  struct Content {
    SmallVector<Message, 0> initializers, sparseInitializers;
    SmallVector<Value> typed;
  };
  LogicalResult addNodes(Block &block, unsigned nodes, Message &message,
                         Content &content);
  FailureOr<Message> makeNode(NodeOp node);
  FailureOr<Message> makeSubgraph(NodeOp node, unsigned index);
  LogicalResult addInitializer(GetWeightOp get, Content &content);
  LogicalResult addInitializer(WeightOp weight, StringRef name,
                               Content &content);
  /// Adds the fields of a graph after its nodes.
  LogicalResult addValueInfo(const Content &content, unsigned field,
                             Message &message);
  LogicalResult checkOpset(NodeOp node);

  // ExportAttributes.cpp
  FailureOr<Message> makeAttribute(StringRef name, Attribute value,
                                   Location loc);
  void addMetadata(Attribute metadata, unsigned field, Message &message);

  // ExportTensors.cpp
  FailureOr<Message> makeTensor(StringRef name, Attribute value, Location loc);
  FailureOr<Message> makeSparseTensor(StringRef name, SparseElementsAttr value,
                                      Location loc);
  LogicalResult addFileData(FileAttr file, Location loc, Message &tensor);
  /// Where the written model finds `path`, from its own folder.
  FailureOr<std::string> getLocation(StringRef path, Location loc);
  LogicalResult copyFile(const FileRange &range, llvm::raw_ostream &os);

  // ExportTypes.cpp
  /// The TypeProto of `type`; `dims` names its dimensions, and may be null.
  FailureOr<Message> makeType(Type type, Attribute dims, Location loc);
  FailureOr<Message> makeTensorType(TensorType type, Attribute dims,
                                    Location loc);
  FailureOr<Message> makeValueInfo(StringRef name, Type type, Attribute dims,
                                   Location loc);
  FailureOr<int64_t> getDataType(Type elementType, Location loc);

  /// Adds a doc_string and metadata that the importer noted on an operation or
  /// argument.
  void addDescription(DictionaryAttr attrs, unsigned docField,
                      unsigned metadataField, Message &message);

  ModuleOp module;
  const ExportOptions &options;
  SymbolTable symbols;
  std::string baseDir;
  ExternalFiles files;
  ValueNames names;
};

} // namespace mlir::onnxir

#endif // MOE_LIB_TARGET_ONNX_EXPORTER_H
