//===- EmbeddedWeights.h - Weights within the library -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOECOMPILE_EMBEDDEDWEIGHTS_H
#define MOE_TOOLS_MOECOMPILE_EMBEDDEDWEIGHTS_H

#include "moe-runtime/Manifest.h"
#include "llvm/Support/Error.h"

namespace moe {

/// Appends to file `path` what the weights of `manifest` refer to in other
/// files: an archive that rt::WeightArchive reads.
llvm::Error embedWeights(const rt::Manifest &manifest, llvm::StringRef path);

} // namespace moe

#endif // MOE_TOOLS_MOECOMPILE_EMBEDDEDWEIGHTS_H
