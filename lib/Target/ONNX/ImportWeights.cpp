//===- ImportWeights.cpp - Initializers and tensor attributes -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::SparseTensorProto;
using proto::TensorProto;

/// Tensors of up to this many bytes go into the IR, where folders see them.
static constexpr int64_t kInlineBytes = 1024;

FailureOr<TypedAttr> Importer::convert(const TensorProto &tensor,
                                       Location loc) {
  auto fail = [&]() -> InFlightDiagnostic {
    InFlightDiagnostic error = emitError(loc);
    auto named = dyn_cast<NameLoc>(loc);
    if (!tensor.name.empty() && (!named || named.getName() != tensor.name))
      error << "tensor '" << tensor.name << "': ";
    return error;
  };
  if (tensor.segmented)
    return fail() << "segmented tensors are not supported";
  FailureOr<RankedTensorType> type =
      getTensorType(builder.getContext(), tensor, fail);
  if (failed(type))
    return failure();
  if (isa<StringType>(type->getElementType())) {
    if (tensor.external || tensor.rawData)
      return fail() << "strings must stand in string_data";
    if (static_cast<int64_t>(tensor.stringData.size()) !=
        type->getNumElements())
      return fail() << "has " << tensor.stringData.size()
                    << " values where its dimensions take "
                    << type->getNumElements();
    return TypedAttr(
        DenseElementsAttr::get(*type, ArrayRef(tensor.stringData)));
  }

  int64_t size = *getStorageBytes(*type);
  bool isInline = embedAll || size <= kInlineBytes;
  SmallVector<char> storage;
  if (tensor.external) {
    FailureOr<FileRange> range = files.locate(tensor, size, fail);
    if (failed(range))
      return failure();
    if (!isInline)
      return TypedAttr(FileAttr::get(builder.getContext(), *type, range->path,
                                     range->offset, range->length));
    if (failed(files.read(*range, storage, fail)))
      return failure();
    return TypedAttr(
        getElements(*type, StringRef(storage.data(), storage.size())));
  }
  FailureOr<StringRef> data = getTensorBytes(tensor, *type, storage, fail);
  if (failed(data))
    return failure();
  bool inFile = data->begin() >= bytes.begin() && data->end() <= bytes.end();
  if (isInline || !inFile || modelFile.empty())
    return TypedAttr(getElements(*type, *data));
  files.add(modelFile, bytes.size());
  refersToModel = true;
  return TypedAttr(FileAttr::get(builder.getContext(), *type, modelFile,
                                 data->data() - bytes.data(), size));
}

/// Coordinates of the elements of a sparse tensor, [count, rank]. Those given
/// as one row-major position each are taken apart.
static FailureOr<SmallVector<int64_t>> getCoordinates(DenseElementsAttr indices,
                                                      RankedTensorType type,
                                                      int64_t count,
                                                      EmitError emitError) {
  int64_t rank = type.getRank();
  ArrayRef<int64_t> shape = indices.getType().getShape();
  bool linear = shape.size() == 1;
  if (!indices.getElementType().isInteger(64) || shape.empty() ||
      shape.size() > 2 || shape[0] != count || (!linear && shape[1] != rank))
    return emitError() << "indices of a sparse tensor must be int64 of ["
                       << count << "] or [" << count << ", " << rank << "]";
  SmallVector<int64_t> given(indices.getValues<int64_t>()), coordinates;
  if (linear) {
    for (int64_t position : given) {
      if (position < 0 || position >= type.getNumElements())
        return emitError() << "index " << position
                           << " of a sparse tensor is out of range";
      SmallVector<int64_t> coordinate(rank);
      for (int64_t d = rank - 1; d >= 0; --d) {
        coordinate[d] = position % type.getDimSize(d);
        position /= type.getDimSize(d);
      }
      llvm::append_range(coordinates, coordinate);
    }
    return coordinates;
  }
  for (auto [i, index] : llvm::enumerate(given))
    if (index < 0 || index >= type.getDimSize(i % rank))
      return emitError() << "index " << index
                         << " of a sparse tensor is out of range";
  return given;
}

FailureOr<TypedAttr> Importer::convert(const SparseTensorProto &sparse,
                                       Location loc) {
  auto fail = [&] { return emitError(loc); };
  // Sparse data is small by nature, and no file holds it in dense order.
  llvm::SaveAndRestore<bool> embed(embedAll, true);
  FailureOr<TypedAttr> values = convert(sparse.values, loc);
  if (failed(values))
    return failure();
  FailureOr<TypedAttr> indices = convert(sparse.indices, loc);
  if (failed(indices))
    return failure();
  auto valueElements = dyn_cast<DenseElementsAttr>(*values);
  auto indexElements = dyn_cast<DenseElementsAttr>(*indices);
  if (!valueElements || !indexElements ||
      valueElements.getType().getRank() != 1)
    return fail() << "values of a sparse tensor must have one dimension";
  TensorProto shape;
  shape.dims = sparse.dims;
  shape.dataType = sparse.values.dataType;
  FailureOr<RankedTensorType> type =
      getTensorType(builder.getContext(), shape, fail);
  if (failed(type))
    return failure();
  int64_t count = valueElements.getNumElements();
  if (type->getRank() == 0)
    return fail() << "a sparse tensor needs dimensions";
  FailureOr<SmallVector<int64_t>> coordinates =
      getCoordinates(indexElements, *type, count, fail);
  if (failed(coordinates))
    return failure();
  auto indexType =
      RankedTensorType::get({count, type->getRank()}, builder.getI64Type());
  return TypedAttr(
      SparseElementsAttr::get(*type,
                              cast<DenseIntElementsAttr>(DenseElementsAttr::get(
                                  indexType, ArrayRef<int64_t>(*coordinates))),
                              valueElements));
}

std::string Importer::getUniqueSymbol(StringRef name) {
  auto [it, isNew] = symbols.try_emplace(name, 0);
  if (isNew)
    return name.str();
  // Entries stay where they are; the iterator does not survive an insertion.
  unsigned &next = it->second;
  while (true) {
    std::string candidate = (name + "_" + Twine(next++)).str();
    if (symbols.try_emplace(candidate, 0).second)
      return candidate;
  }
}

LogicalResult Importer::addWeight(StringRef name, TypedAttr value, Scope &scope,
                                  Location loc) {
  std::string symbol = getUniqueSymbol(name);
  WeightOp weight;
  {
    OpBuilder::InsertionGuard guard(builder);
    if (weightsEnd)
      builder.setInsertionPoint(weightsEnd);
    else
      builder.setInsertionPointToEnd(module.getBody());
    weight = WeightOp::create(builder, loc, symbol, value,
                              symbol == name ? StringAttr()
                                             : builder.getStringAttr(name));
  }
  // An input of that name keeps its argument; this is its default.
  if (!scope.parent &&
      isa_and_present<BlockArgument>(scope.values.lookup(name))) {
    if (!mainWeights.try_emplace(name, weight).second)
      return emitError(loc, "a second initializer of this name");
    return success();
  }
  auto get = GetWeightOp::create(builder, loc, weight.getType(), symbol);
  return define(scope, name, get, loc);
}

LogicalResult Importer::importInitializers(const proto::GraphProto &graph,
                                           Scope &scope) {
  for (const TensorProto &tensor : graph.initializers) {
    if (tensor.name.empty())
      return emitError(fileLoc, "an initializer has no name");
    Location loc = getLoc(tensor.name);
    FailureOr<TypedAttr> value = convert(tensor, loc);
    if (failed(value) || failed(addWeight(tensor.name, *value, scope, loc)))
      return failure();
  }
  for (const SparseTensorProto &sparse : graph.sparseInitializers) {
    StringRef name = sparse.values.name;
    if (name.empty())
      return emitError(fileLoc, "a sparse initializer has no name");
    Location loc = getLoc(name);
    FailureOr<TypedAttr> value = convert(sparse, loc);
    if (failed(value) || failed(addWeight(name, *value, scope, loc)))
      return failure();
  }
  return success();
}
