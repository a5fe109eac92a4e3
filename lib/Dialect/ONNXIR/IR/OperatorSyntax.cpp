//===- OperatorSyntax.cpp - How operators are written -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSyntax.h"

using namespace mlir;

void onnxir::printOperator(OpAsmPrinter &printer, StringAttr opType,
                           StringAttr domain, StringAttr overload) {
  printer << ' ' << opType;
  if (domain && !domain.empty())
    printer << " domain " << domain;
  if (overload && !overload.empty())
    printer << " overload " << overload;
}
