//===- Timing.h - How long calls take ---------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOERUN_TIMING_H
#define MOE_TOOLS_MOERUN_TIMING_H

#include "moe/ExecutionEngine/Session.h"

namespace moe {

/// Calls the model once, then `runs` times, and prints a line of JSON with the
/// times of those. `cold`: reads four times the last-level cache before each.
llvm::Error timeCalls(Session &session, unsigned runs, bool cold);

} // namespace moe

#endif // MOE_TOOLS_MOERUN_TIMING_H
