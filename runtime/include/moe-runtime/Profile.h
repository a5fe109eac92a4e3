//===- Profile.h - Where the time of calls goes -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_PROFILE_H
#define MOE_RUNTIME_PROFILE_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" {
/// Called by code that `moe-insert-profiling` made: the phase in progress ends
/// and that of `node` and `kind`, strings of the code, begins. Null ends it
/// only. Does nothing unless the caller asked for a profile.
void moe_profile_enter(const char *node, const char *kind);
/// Counts the rows of a layer's plan, and those that experts with matrices
/// compute, for the phase in progress.
void moe_profile_rows(int64_t rows, int64_t products);
}

namespace moe::rt {

/// Time by phase of the calls that one thread makes.
class Profile {
public:
  struct Phase {
    const char *node;
    const char *kind;
    double seconds = 0;
    uint64_t count = 0;
    /// Whether rows are counted, and how many there were.
    bool countsRows = false;
    uint64_t rows = 0, products = 0;
  };

  /// Ends the phase in progress and begins another.
  void enter(const char *node, const char *kind);
  void leave();
  void addRows(uint64_t rows, uint64_t products);

  /// In the order in which they were first entered. The strings belong to the
  /// compiled code.
  const std::vector<Phase> &getPhases() const { return phases; }

  /// Collects what the calling thread enters while in scope; null collects
  /// nothing.
  class Scope {
  public:
    explicit Scope(Profile *profile);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    Profile *previous;
  };

private:
  static constexpr size_t none = ~size_t(0);

  std::vector<Phase> phases;
  size_t current = none;
  /// Where to look first: calls enter the same phases in the same order.
  size_t next = 0;
  std::chrono::steady_clock::time_point start;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_PROFILE_H
