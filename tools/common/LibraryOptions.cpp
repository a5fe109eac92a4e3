//===- LibraryOptions.cpp - Options that come with LLVM's library ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryOptions.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;

/// What every tool has, and what this project's own options are listed under.
static constexpr StringLiteral kept[] = {"Color Options", "Generic Options",
                                         "ONNX input", "ONNX output"};

void hideLibraryOptions() {
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (option->getOptionHiddenFlag() == cl::NotHidden &&
        none_of(option->Categories, [](const cl::OptionCategory *category) {
          return is_contained(kept, category->getName());
        }))
      option->setHiddenFlag(cl::Hidden);
}
