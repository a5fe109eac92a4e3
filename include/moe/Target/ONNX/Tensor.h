//===- Tensor.h - Types and contents of ONNX tensors -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_ONNX_TENSOR_H
#define MOE_TARGET_ONNX_TENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "moe/Target/ONNX/Proto.h"

namespace mlir::onnxir {

using EmitError = function_ref<InFlightDiagnostic()>;

/// The element type that stands for `type`, null when it is not known.
Type getElementType(MLIRContext *context, proto::DataType type);

/// The type of `tensor`; checks its data type and sizes.
FailureOr<RankedTensorType> getTensorType(MLIRContext *context,
                                          const proto::TensorProto &tensor,
                                          EmitError emitError);

/// The elements of `tensor`, which must not be external or strings, as raw_data
/// lays them out: row-major, little-endian, sub-byte elements packed from the
/// low bits up. Views the file where they stand there so, else `storage`.
FailureOr<StringRef> getTensorBytes(const proto::TensorProto &tensor,
                                    RankedTensorType type,
                                    SmallVectorImpl<char> &storage,
                                    EmitError emitError);

/// An attribute with the elements in `bytes`, laid out as in raw_data.
/// `bytes` must have the size that `type` takes.
DenseElementsAttr getElements(RankedTensorType type, StringRef bytes);

/// The inverse: the elements of `attr` as raw_data lays them out. Views them
/// where they stand so, else `storage`.
StringRef getBytes(DenseElementsAttr attr, SmallVectorImpl<char> &storage);

} // namespace mlir::onnxir

#endif // MOE_TARGET_ONNX_TENSOR_H
