//===- Profile.h - Where the time of a model goes ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOERUN_PROFILE_H
#define MOE_TOOLS_MOERUN_PROFILE_H

#include "moe/ExecutionEngine/Session.h"

namespace moe {

/// Prints the time of each step up to the first call, and where the time of the
/// calls went on average: the phases of each MoE layer, then the other
/// operations by kind.
void printProfile(const Session &session, llvm::raw_ostream &os);

} // namespace moe

#endif // MOE_TOOLS_MOERUN_PROFILE_H
