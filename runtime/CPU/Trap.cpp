//===- Trap.cpp - How compiled code stops a call with a message -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Trap.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace moe::rt;

static thread_local ThreadState state;

ThreadState &moe::rt::threadState() { return state; }

bool moe::rt::runTrapped(Trap &trap, void (*fn)(void *), void *closure) {
  trap.outer = state.trap;
  trap.message[0] = 0;
  bool inParallelLoop = state.inParallelLoop;
  if (_setjmp(trap.env) == 0) {
    state.trap = &trap;
    fn(closure);
    state.trap = trap.outer;
    return true;
  }
  // `trap` lives in the caller's frame, so its fields are as they were left.
  state.trap = trap.outer;
  state.inParallelLoop = inParallelLoop;
  return false;
}

void moe::rt::raiseFormatted(const char *format, unsigned long long value) {
  char message[maxMessage];
  snprintf(message, sizeof(message), format, value);
  moe_raise(message);
}

extern "C" void moe_raise(const char *message) {
  Trap *trap = state.trap;
  if (!trap) {
    fprintf(stderr, "moe: %s\n", message);
    abort();
  }
  snprintf(trap->message, sizeof(trap->message), "%s", message);
  longjmp(trap->env, 1);
}
