//===- Profile.cpp - Where the time of calls goes ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Profile.h"
#include "moe-runtime/Trap.h"

using namespace moe::rt;

void Profile::leave() {
  if (current == none)
    return;
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;
  phases[current].seconds += elapsed.count();
  ++phases[current].count;
  current = none;
}

void Profile::enter(const char *node, const char *kind) {
  leave();
  for (size_t i = 0; i < phases.size() && current == none; ++i) {
    size_t candidate = (next + i) % phases.size();
    if (phases[candidate].node == node && phases[candidate].kind == kind)
      current = candidate;
  }
  if (current == none) {
    current = phases.size();
    phases.push_back({node, kind});
  }
  next = current + 1;
  start = std::chrono::steady_clock::now();
}

void Profile::addRows(uint64_t rows, uint64_t products) {
  if (current == none)
    return;
  phases[current].countsRows = true;
  phases[current].rows += rows;
  phases[current].products += products;
}

Profile::Scope::Scope(Profile *profile) : previous(threadState().profile) {
  threadState().profile = profile;
}

Profile::Scope::~Scope() {
  // A call that raised has left its last phase open.
  if (Profile *profile = threadState().profile)
    profile->leave();
  threadState().profile = previous;
}

extern "C" void moe_profile_enter(const char *node, const char *kind) {
  Profile *profile = threadState().profile;
  if (!profile)
    return;
  if (kind)
    profile->enter(node, kind);
  else
    profile->leave();
}

extern "C" void moe_profile_rows(int64_t rows, int64_t products) {
  if (Profile *profile = threadState().profile)
    profile->addRows(rows, products);
}
