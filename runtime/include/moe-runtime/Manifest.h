//===- Manifest.h - What a compiled model says of itself -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_MANIFEST_H
#define MOE_RUNTIME_MANIFEST_H

#include "moe-runtime/Tensor.h"

namespace moe::rt {

/// A tensor that an entry point takes or gives; dimensions of −1 vary.
struct TensorSpec {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<int64_t> dims;
  /// As long as `dims`: dimensions of one name agree; "" means no name.
  std::vector<std::string> dimNames;
};

struct InputSpec : TensorSpec {
  /// The weight that stands in when the input is not given, or −1.
  int64_t defaultWeight = -1;
};

/// Constant data: a part of a file, or bytes in the manifest.
struct WeightSpec : TensorSpec {
  std::string file;
  uint64_t offset = 0;
  uint64_t length = 0;
  /// The size of the file when the code was made, or −1.
  int64_t fileSize = -1;
  std::vector<uint8_t> data;
};

/// What a function takes beside the inputs: a weight, or a result of the
/// init function.
struct ResidentSpec {
  bool fromInit = false;
  int64_t index = 0;
};

struct EntrySpec {
  std::string name;
  /// The symbol to call.
  std::string function;
  std::vector<InputSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::vector<ResidentSpec> residents;
  /// The function that makes residents of weights, run once; "" if there is
  /// none.
  std::string initFunction;
  std::vector<int64_t> initWeights;
  /// Its results, whose names are empty.
  std::vector<TensorSpec> initResults;
};

/// The meaning of the JSON text under the symbol `moe_manifest`.
struct Manifest {
  /// Where the files of weights are, if nobody says otherwise.
  std::string baseDirectory;
  std::vector<WeightSpec> weights;
  std::vector<EntrySpec> entries;

  /// Reads and checks the text; on failure says why in `error`.
  static bool parse(std::string_view text, Manifest &manifest,
                    std::string &error);
};

} // namespace moe::rt

#endif // MOE_RUNTIME_MANIFEST_H
