//===- ExternalData.h - Files with the weights of a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_ONNX_EXTERNALDATA_H
#define MOE_LIB_TARGET_ONNX_EXTERNALDATA_H

#include "moe/Target/ONNX/Tensor.h"
#include <map>
#include <string>

namespace mlir::onnxir {

/// A stretch of a file.
struct FileRange {
  std::string path;
  int64_t offset = 0, length = 0;
};

/// The files that a model's tensors refer to, all inside its folder.
class ExternalFiles {
public:
  explicit ExternalFiles(StringRef baseDir) : baseDir(baseDir) {}

  /// Where `tensor`, which takes `size` bytes, stands. Checks that its file is
  /// a regular one inside the model's folder and holds that stretch.
  FailureOr<FileRange> locate(const proto::TensorProto &tensor, int64_t size,
                              EmitError emitError);

  /// Reads a stretch that `locate` returned.
  LogicalResult read(const FileRange &range, SmallVectorImpl<char> &bytes,
                     EmitError emitError);

  /// Notes a file that is referred to, with its size.
  void add(StringRef path, int64_t size) { sizes.insert({path.str(), size}); }
  /// The files referred to and their sizes.
  const std::map<std::string, int64_t, std::less<>> &getSizes() const {
    return sizes;
  }

  /// The size of file `path`, which must be a regular one inside the model's
  /// folder.
  FailureOr<int64_t> getSize(StringRef path, EmitError emitError);

private:
  std::string baseDir;
  std::map<std::string, int64_t, std::less<>> sizes;
};

} // namespace mlir::onnxir

#endif // MOE_LIB_TARGET_ONNX_EXTERNALDATA_H
