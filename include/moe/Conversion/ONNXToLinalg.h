//===- ONNXToLinalg.h - What convert-onnx-to-linalg supports -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_ONNXTOLINALG_H
#define MOE_CONVERSION_ONNXTOLINALG_H

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::moe {

/// Prints the operators that convert-onnx-to-linalg lowers, each with its
/// versions, inputs, attributes, element types and restrictions, as a table in
/// Markdown for each domain. What is printed is what the conversion checks.
void printONNXOperators(llvm::raw_ostream &os);

} // namespace mlir::moe

#endif // MOE_CONVERSION_ONNXTOLINALG_H
