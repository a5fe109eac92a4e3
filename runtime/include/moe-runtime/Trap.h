//===- Trap.h - How compiled code stops a call with a message -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_TRAP_H
#define MOE_RUNTIME_TRAP_H

#include <csetjmp>

extern "C" {
/// Called by compiled code that cannot go on (an index out of range, memory
/// exhausted): ends the call in progress, on whichever thread, with `message`.
/// Compiled frames hold nothing but memory of their context, which the context
/// takes back, so they are simply left.
[[noreturn]] void moe_raise(const char *message);
}

namespace moe::rt {
class Context;
class Profile;

constexpr unsigned maxMessage = 256;

/// A place to which `moe_raise` returns.
struct Trap {
  jmp_buf env;
  Trap *outer;
  char message[maxMessage];
};

/// What compiled code finds on the thread that runs it.
struct ThreadState {
  Context *context = nullptr;
  Trap *trap = nullptr;
  /// Within a parallel loop: further ones run serially.
  bool inParallelLoop = false;
  /// Collects the phases of calls; usually null.
  Profile *profile = nullptr;
};
ThreadState &threadState();

/// Calls `fn(closure)`; false, and the message in `trap`, if it raised. Frames
/// between the two must hold no object with a destructor.
bool runTrapped(Trap &trap, void (*fn)(void *), void *closure);

/// Raises a message with one number in it.
[[noreturn]] void raiseFormatted(const char *format, unsigned long long value);
} // namespace moe::rt

#endif // MOE_RUNTIME_TRAP_H
