//===- Reader.h - Bounds-checked reader of ONNX files ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_ONNX_READER_H
#define MOE_TARGET_ONNX_READER_H

#include "moe/Target/ONNX/Proto.h"
#include "llvm/Support/Error.h"

namespace mlir::onnxir::proto {

/// Reads a serialized ModelProto. The result views `bytes`; the bytes of
/// weights are not touched.
llvm::Expected<ModelProto> readModel(llvm::StringRef bytes);

/// Reads a serialized TensorProto (the `.pb` files of the backend tests).
llvm::Expected<TensorProto> readTensor(llvm::StringRef bytes);

/// Whether `bytes` are the start of an ONNX model rather than of text, MLIR
/// bytecode or something else.
bool looksLikeModel(llvm::StringRef bytes);

} // namespace mlir::onnxir::proto

#endif // MOE_TARGET_ONNX_READER_H
