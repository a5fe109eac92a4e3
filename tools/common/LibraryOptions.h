//===- LibraryOptions.h - Options that come with LLVM's library -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_COMMON_LIBRARYOPTIONS_H
#define MOE_TOOLS_COMMON_LIBRARYOPTIONS_H

/// Leaves the hundreds of options of LLVM's code generators and passes out of
/// --help; --help-hidden still lists them. To be called before MLIR's options
/// are registered.
void hideLibraryOptions();

#endif // MOE_TOOLS_COMMON_LIBRARYOPTIONS_H
