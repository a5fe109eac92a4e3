//===- Ceilings.h - What the machine can do at most -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEBENCH_CEILINGS_H
#define MOE_TOOLS_MOEBENCH_CEILINGS_H

#include "moe/ExecutionEngine/Session.h"
#include "LayerModel.h"
#include <map>

namespace moe {

/// Measures the machine's limits by generated code, compiled and run as models
/// are: multiply-add instructions on registers, one loop for each kind that the
/// processor has, and a loop that reads memory.
class Ceilings {
public:
  /// Operations per second of a kind of multiply-add, by "f32", "bf16", "int8".
  using Peaks = std::map<std::string, double>;

  /// Puts its code into `directory`.
  static llvm::Expected<std::unique_ptr<Ceilings>>
  create(const CodeTarget &target, llvm::StringRef directory);
  ~Ceilings();

  /// Measures once more and keeps the greater values. Reads several times what
  /// caches hold, so they hold nothing else afterwards.
  llvm::Error measure();
  /// The second half of it.
  llvm::Error measureBandwidth();
  /// Forgets what was measured, for another number of threads.
  void clear();

  const Peaks &getPeaks() const { return peaks; }
  /// Bytes per second.
  double getBandwidth() const { return bandwidth; }
  /// The best peak that arithmetic on weights of a type may use: any, since
  /// weights can be widened, that is not more precise than its storage needs.
  double getPeak(const WeightType &type) const;
  /// Seconds that no program on this machine can undercut.
  double getFloor(const WeightType &type, double flops, double bytes) const;

private:
  Ceilings() = default;
  llvm::Error measurePeak(llvm::StringRef kind, Session &session,
                          double operations);

  struct Kind {
    std::string name;
    double operationsPerStep;
    std::unique_ptr<Session> session;
  };
  std::vector<Kind> kinds;
  std::unique_ptr<Session> reader;
  /// Memory to read, in huge pages; bytes, and what the loops take.
  void *memory = nullptr;
  uint64_t memoryBytes = 0;
  std::vector<uint8_t> operand;
  int64_t steps = 0;
  Peaks peaks;
  double bandwidth = 0;
};

} // namespace moe

#endif // MOE_TOOLS_MOEBENCH_CEILINGS_H
