//===- RandomInputs.h - Inputs that nobody has ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOERUN_RANDOMINPUTS_H
#define MOE_TOOLS_MOERUN_RANDOMINPUTS_H

#include "Options.h"

namespace moe {

/// Values for the inputs of `spec` that are neither in `given` nor have one in
/// the model: real numbers uniform in [−1, 1), integers uniform from 0 to below
/// `options.randomBelow`. An input's values depend on the seed, its place among
/// the inputs and its size only. Sizes that vary are those of `options.dims`,
/// else those of the given inputs.
llvm::Expected<std::vector<HostTensor>>
makeRandomInputs(const rt::EntrySpec &spec, llvm::ArrayRef<HostTensor> given,
                 const Options &options);

} // namespace moe

#endif // MOE_TOOLS_MOERUN_RANDOMINPUTS_H
