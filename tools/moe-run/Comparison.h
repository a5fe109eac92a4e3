//===- Comparison.h - Outputs against expected ones -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOERUN_COMPARISON_H
#define MOE_TOOLS_MOERUN_COMPARISON_H

#include "moe/ExecutionEngine/Session.h"

namespace moe {

struct Tolerance {
  double relative = 0;
  double absolute = 0;
};

/// How far a tensor is from what it should be.
struct Difference {
  bool sameType = true;
  double maxAbsolute = 0;
  /// |a − b| / |b|, where b is not 0.
  double maxRelative = 0;
  int64_t numMismatches = 0;
  int64_t firstMismatch = -1;

  bool matches() const { return sameType && numMismatches == 0; }
};

/// Elements match if |actual − expected| ≤ absolute + relative · |expected|;
/// NaN equals NaN, and an infinity itself.
Difference compare(const HostTensor &actual, const HostTensor &expected,
                   Tolerance tolerance);

/// A folder with input_N.pb and output_N.pb.
struct DataSet {
  std::string folder;
  std::vector<HostTensor> inputs, outputs;

  /// The data sets in `directory`'s folders test_data_set_N, or the one in
  /// `directory` itself. Errors name the file.
  static llvm::Expected<std::vector<DataSet>>
  readAll(llvm::StringRef directory);

private:
  llvm::Error read();
  llvm::Error readTensors(llvm::StringRef prefix,
                          std::vector<HostTensor> &tensors);
};

/// Runs the model on each data set, printing a line for each output. Whether
/// all match.
llvm::Expected<bool> runTestData(Session &session,
                                 llvm::ArrayRef<DataSet> dataSets,
                                 Tolerance tolerance);

} // namespace moe

#endif // MOE_TOOLS_MOERUN_COMPARISON_H
