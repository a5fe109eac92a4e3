//===- NodeBuilder.cpp - Builds nodes of standard operators -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeBuilder.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::AnyType;

SmallVector<Value> NodeBuilder::create(StringRef type, StringRef domain,
                                       ArrayRef<Value> inputs, TypeRange types,
                                       Attributes attrs) {
  SmallVector<Value> operands;
  SmallVector<bool> slots;
  while (!inputs.empty() && !inputs.back())
    inputs = inputs.drop_back();
  for (Value input : inputs) {
    slots.push_back(static_cast<bool>(input));
    if (input)
      operands.push_back(input);
  }
  auto node = onnxir::NodeOp::create(
      builder, loc, types, builder.getStringAttr(type),
      domain.empty() ? StringAttr() : builder.getStringAttr(domain),
      /*overload=*/StringAttr(), operands,
      llvm::is_contained(slots, false) ? builder.getDenseBoolArrayAttr(slots)
                                       : DenseBoolArrayAttr(),
      builder.getDictionaryAttr(attrs), /*subgraph_names=*/ArrayAttr(),
      /*name=*/StringAttr(), /*output_names=*/ArrayAttr(),
      /*opset=*/IntegerAttr(), /*subgraphsCount=*/0);
  return node.getResults();
}

Value NodeBuilder::node(StringRef type, ArrayRef<Value> inputs,
                        Attributes attrs, Type resultType) {
  if (!resultType)
    resultType = AnyType::get(getContext());
  return create(type, "", inputs, resultType, attrs).front();
}

SmallVector<Value> NodeBuilder::nodes(StringRef type, ArrayRef<Value> inputs,
                                      unsigned count, Attributes attrs) {
  SmallVector<Type> types(count, AnyType::get(getContext()));
  return create(type, "", inputs, types, attrs);
}

Value NodeBuilder::contrib(StringRef type, ArrayRef<Value> inputs,
                           Attributes attrs, Type resultType) {
  return create(type, "com.microsoft", inputs, resultType, attrs).front();
}

Value NodeBuilder::constant(ElementsAttr value) {
  Value &made = constants[value];
  if (!made)
    made = node("Constant", {}, {{builder.getStringAttr("value"), value}},
                value.getType());
  return made;
}

Value NodeBuilder::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (auto inner = value.getDefiningOp<onnxir::NodeOp>();
      inner && inner.getOpType() == "Transpose" && inner.getDomain().empty()) {
    auto first = inner.getOnnxAttributes().getAs<DenseI64ArrayAttr>("perm");
    if (first && first.size() == static_cast<int64_t>(permutation.size()) &&
        isIdentityPermutation(
            applyPermutation(first.asArrayRef(), permutation)))
      return inner.getOperand(0);
  }
  return node("Transpose", {value}, attr("perm", permutation));
}

Value NodeBuilder::ints(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()),
                                    builder.getI64Type());
  return constant(DenseElementsAttr::get(type, values));
}

Value NodeBuilder::scalar(double value, Type type) {
  Attribute attr = isa<FloatType>(type)
                       ? Attribute(builder.getFloatAttr(type, value))
                       : builder.getIntegerAttr(type, value);
  return constant(
      DenseElementsAttr::get(RankedTensorType::get({}, type), attr));
}

int64_t NodeBuilder::getOpset() {
  Operation *op = builder.getInsertionBlock()->getParentOp();
  auto opsets = op->getParentOfType<ModuleOp>()->getAttrOfType<DictionaryAttr>(
      onnxir::ONNXIRDialect::kOpsets);
  auto version = opsets ? opsets.getAs<IntegerAttr>("ai.onnx") : IntegerAttr();
  return version ? version.getValue().getSExtValue() : kDefaultOpset;
}

NamedAttribute NodeBuilder::attr(StringRef name, int64_t value) {
  return {builder.getStringAttr(name), builder.getI64IntegerAttr(value)};
}

NamedAttribute NodeBuilder::textAttr(StringRef name, StringRef value) {
  return {builder.getStringAttr(name), builder.getStringAttr(value)};
}

NamedAttribute NodeBuilder::attr(StringRef name, ArrayRef<int64_t> values) {
  return {builder.getStringAttr(name), builder.getDenseI64ArrayAttr(values)};
}

/// The number that Cast has for an element type, 0 when ONNX has no such type.
static int64_t getDataType(Type elementType) {
  for (int64_t number = 1; number <= 28; ++number)
    if (onnxir::getElementTypeOf(elementType.getContext(), number) ==
        elementType)
      return number;
  return 0;
}

Value NodeBuilder::cast(Value value, Type elementType) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && type.getElementType() == elementType)
    return value;
  int64_t number = getDataType(elementType);
  if (number == 0)
    return {};
  return node("Cast", {value}, attr("to", number),
              type ? Type(type.clone(elementType)) : Type());
}
