//===- ManifestBuilder.cpp - The manifest of a module's entry points ------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ManifestBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Transforms/Passes.h"
#include "llvm/Support/Base64.h"

using namespace mlir;
using namespace mlir::moe;
namespace json = llvm::json;

static std::string print(Type type) {
  if (type.isIndex())
    return "i64";
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// The elements as the runtime stores them: little-endian, several of less
/// than a byte in one, the first in the lowest bits, but a bool in a byte.
static LogicalResult packElements(ElementsAttr elements,
                                  SmallVectorImpl<char> &bytes) {
  Type type = elements.getElementType();
  uint64_t count = elements.getNumElements();
  auto append = [&](unsigned width, auto getBits) {
    if (width == 1)
      width = 8;
    bytes.assign(llvm::divideCeil(count * width, 8), 0);
    for (uint64_t i = 0; i < count; ++i) {
      APInt bits = getBits(i).zextOrTrunc(width);
      for (unsigned bit = 0; bit < width; bit += std::min(width, 8u))
        bytes[(i * width + bit) / 8] |=
            bits.extractBitsAsZExtValue(std::min(width, 8u), bit)
            << ((i * width) % 8);
    }
  };
  if (isa<IntegerType>(type)) {
    auto values = elements.tryGetValues<APInt>();
    if (!values)
      return failure();
    auto begin = values->begin();
    append(type.getIntOrFloatBitWidth(),
           [&](uint64_t i) { return *(begin + i); });
    return success();
  }
  if (!isa<FloatType>(type))
    return failure();
  auto values = elements.tryGetValues<APFloat>();
  if (!values)
    return failure();
  auto begin = values->begin();
  append(type.getIntOrFloatBitWidth(),
         [&](uint64_t i) { return (*(begin + i)).bitcastToAPInt(); });
  return success();
}

/// What tensors in the manifest have in common.
static json::Object describeTensor(StringRef name, ShapedType type,
                                   ArrayAttr dims) {
  json::Array sizes, names;
  bool named = false;
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    sizes.push_back(ShapedType::isDynamic(size) ? -1 : size);
    StringAttr dimName;
    if (dims && i < dims.size() && ShapedType::isDynamic(size))
      dimName = dyn_cast<StringAttr>(dims[i]);
    named |= dimName != nullptr;
    names.push_back(dimName ? json::fixUTF8(dimName.getValue()) : "");
  }
  json::Object object{{"name", json::fixUTF8(name)},
                      {"type", print(type.getElementType())},
                      {"dims", std::move(sizes)}};
  if (named)
    object["dim_names"] = std::move(names);
  return object;
}

/// Describes an argument or a result that the caller sees.
static json::Object describeValue(Type type, DictionaryAttr attrs,
                                  StringRef defaultName) {
  StringRef name = defaultName;
  ArrayAttr dims;
  if (attrs) {
    if (auto attr = attrs.getAs<StringAttr>(onnxir::ONNXIRDialect::kName))
      name = attr.getValue();
    if (auto attr = attrs.getAs<TypeAttr>(kTypeAttrName))
      type = attr.getValue();
    dims = attrs.getAs<ArrayAttr>(onnxir::ONNXIRDialect::kDims);
  }
  return describeTensor(name, cast<ShapedType>(type), dims);
}

FailureOr<int64_t> ManifestBuilder::getWeight(func::FuncOp func,
                                              Attribute symbol) {
  if (auto known = weights.find(symbol); known != weights.end())
    return std::distance(weights.begin(), known);
  auto name = dyn_cast<FlatSymbolRefAttr>(symbol);
  onnxir::WeightOp weight;
  if (name)
    weight = module.lookupSymbol<onnxir::WeightOp>(name.getAttr());
  if (!weight)
    return func.emitError()
           << "refers to weight " << symbol << ", which does not exist";
  json::Object object =
      describeTensor(weight.getDisplayName(), weight.getType(), {});
  if (onnxir::FileAttr file = weight.getFile()) {
    object["file"] = json::fixUTF8(file.getPath());
    object["offset"] = file.getOffset();
    object["length"] = file.getLength();
    auto files =
        module->getAttrOfType<DictionaryAttr>(onnxir::ONNXIRDialect::kFiles);
    if (auto size = files ? files.getAs<IntegerAttr>(file.getPath()) : nullptr)
      object["file_size"] = size.getInt();
  } else {
    SmallVector<char> bytes;
    if (failed(packElements(weight.getElements(), bytes)))
      return weight.emitError() << "holds elements that cannot be passed";
    object["data"] = llvm::encodeBase64(bytes);
  }
  weights.insert({symbol, json::Value(std::move(object))});
  return weights.size() - 1;
}

FailureOr<json::Value> ManifestBuilder::describeInput(func::FuncOp func,
                                                      unsigned arg) {
  json::Object input =
      describeValue(func.getArgumentTypes()[arg], func.getArgAttrDict(arg),
                    "arg" + std::to_string(arg));
  if (Attribute symbol =
          func.getArgAttr(arg, onnxir::ONNXIRDialect::kDefault)) {
    FailureOr<int64_t> weight = getWeight(func, symbol);
    if (failed(weight))
      return failure();
    input["default"] = *weight;
  }
  return json::Value(std::move(input));
}

FailureOr<json::Value> ManifestBuilder::describeResident(func::FuncOp func,
                                                         unsigned arg,
                                                         func::FuncOp init) {
  if (Attribute symbol = func.getArgAttr(arg, kWeightAttrName)) {
    FailureOr<int64_t> weight = getWeight(func, symbol);
    if (failed(weight))
      return failure();
    return json::Value(json::Object{{"weight", *weight}});
  }
  auto index = func.getArgAttrOfType<IntegerAttr>(arg, kResidentAttrName);
  if (!init || !index || index.getInt() < 0 ||
      index.getInt() >= init.getNumResults())
    return func.emitError()
           << "argument " << arg << " is no result of the init function";
  return json::Value(json::Object{{"init", index.getInt()}});
}

FailureOr<json::Value> ManifestBuilder::describeInit(func::FuncOp func,
                                                     func::FuncOp init) {
  json::Array args, results;
  for (unsigned i = 0, e = init.getNumArguments(); i != e; ++i) {
    Attribute symbol = init.getArgAttr(i, kWeightAttrName);
    if (!symbol)
      return init.emitError() << "argument " << i << " is not a weight";
    FailureOr<int64_t> weight = getWeight(init, symbol);
    if (failed(weight))
      return failure();
    args.push_back(*weight);
  }
  for (Type type : init.getResultTypes())
    results.push_back(describeTensor("", cast<ShapedType>(type), {}));
  return json::Value(
      json::Object{{"function", ("moe_init_" + func.getName()).str()},
                   {"weights", std::move(args)},
                   {"results", std::move(results)}});
}

LogicalResult ManifestBuilder::addEntry(func::FuncOp func,
                                        ArrayRef<unsigned> inputs,
                                        ArrayRef<unsigned> residents,
                                        func::FuncOp init) {
  json::Array inputList, residentList, outputList;
  for (unsigned arg : inputs) {
    FailureOr<json::Value> input = describeInput(func, arg);
    if (failed(input))
      return failure();
    inputList.push_back(std::move(*input));
  }
  for (unsigned arg : residents) {
    FailureOr<json::Value> resident = describeResident(func, arg, init);
    if (failed(resident))
      return failure();
    residentList.push_back(std::move(*resident));
  }
  for (auto [i, type] : llvm::enumerate(func.getResultTypes()))
    outputList.push_back(describeValue(type, func.getResultAttrDict(i),
                                       "result" + std::to_string(i)));
  json::Object entry{{"name", func.getName()},
                     {"function", ("moe_entry_" + func.getName()).str()},
                     {"inputs", std::move(inputList)},
                     {"outputs", std::move(outputList)},
                     {"residents", std::move(residentList)}};
  if (init) {
    FailureOr<json::Value> description = describeInit(func, init);
    if (failed(description))
      return failure();
    entry["init"] = std::move(*description);
  }
  entries.push_back(std::move(entry));
  return success();
}

std::string ManifestBuilder::finish() {
  json::Array weightList;
  for (auto &[symbol, weight] : weights)
    weightList.push_back(weight);
  json::Object root{{"version", 1},
                    {"weights", std::move(weightList)},
                    {"entries", std::move(entries)}};
  if (auto folder =
          module->getAttrOfType<StringAttr>(onnxir::ONNXIRDialect::kBaseDir))
    root["base_dir"] = json::fixUTF8(folder.getValue());
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(root));
  return text;
}
