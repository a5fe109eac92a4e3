//===- NodeBuilder.h - Builds nodes of standard operators -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOONNX_NODEBUILDER_H
#define MOE_LIB_CONVERSION_MOETOONNX_NODEBUILDER_H

#include "mlir/IR/Builders.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::moe {

/// The version of the standard operators where the module does not say one.
inline constexpr int64_t kDefaultOpset = 21;

/// Builds nodes at one place. Results have unknown types unless one is given:
/// `onnxir-infer-types` finds them.
class NodeBuilder {
public:
  using Attributes = ArrayRef<NamedAttribute>;

  explicit NodeBuilder(Operation *before)
      : builder(before), loc(before->getLoc()) {}

  /// A node with one result. Null inputs are left out.
  Value node(StringRef type, ArrayRef<Value> inputs, Attributes attrs = {},
             Type resultType = {});
  /// A node with `count` results.
  SmallVector<Value> nodes(StringRef type, ArrayRef<Value> inputs,
                           unsigned count, Attributes attrs = {});
  /// A node of another domain.
  Value contrib(StringRef type, ArrayRef<Value> inputs, Attributes attrs,
                Type resultType);

  /// One node for all constants of one value.
  Value constant(ElementsAttr value);
  /// A vector of i64.
  Value ints(ArrayRef<int64_t> values);
  /// A scalar of a floating-point or integer type.
  Value scalar(double value, Type type);

  NamedAttribute attr(StringRef name, int64_t value);
  NamedAttribute textAttr(StringRef name, StringRef value);
  NamedAttribute attr(StringRef name, ArrayRef<int64_t> values);

  /// Null where ONNX has no such type.
  Value cast(Value value, Type elementType);
  Value unsqueeze(Value value, ArrayRef<int64_t> axes) {
    return node("Unsqueeze", {value, ints(axes)});
  }
  Value reshape(Value value, ArrayRef<int64_t> shape, Type resultType = {}) {
    return node("Reshape", {value, ints(shape)}, {}, resultType);
  }
  /// Nothing where `value` is such a transposition and this one undoes it.
  Value transpose(Value value, ArrayRef<int64_t> permutation);
  Value sum(Value value, int64_t axis, bool keep) {
    return node("ReduceSum", {value, ints({axis})}, attr("keepdims", keep));
  }
  Value concat(ArrayRef<Value> values, int64_t axis) {
    return values.size() == 1 ? values.front()
                              : node("Concat", values, attr("axis", axis));
  }
  /// Elements begin, begin + step, … before end of one dimension.
  Value slice(Value value, int64_t axis, int64_t begin, int64_t end,
              int64_t step = 1) {
    return node("Slice", {value, ints({begin}), ints({end}), ints({axis}),
                          ints({step})});
  }

  /// The version of the standard operators.
  int64_t getOpset();
  MLIRContext *getContext() { return builder.getContext(); }

private:
  SmallVector<Value> create(StringRef type, StringRef domain,
                            ArrayRef<Value> inputs, TypeRange types,
                            Attributes attrs);

  OpBuilder builder;
  Location loc;
  DenseMap<Attribute, Value> constants;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOONNX_NODEBUILDER_H
