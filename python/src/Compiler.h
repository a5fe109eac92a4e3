//===- Compiler.h - What the Python module needs of C++ ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_PYTHON_COMPILER_H
#define MOE_PYTHON_COMPILER_H

#include "moe-runtime/Manifest.h"
#include "moe-runtime/Profile.h"
#include <map>
#include <memory>
#include <mutex>

// No header of LLVM: the module has exceptions, LLVM's libraries have none.

namespace moe {
class Program;

namespace python {

struct CompileRequest {
  std::string path, entry, mcpu, pipeline;
  std::vector<std::string> without;
  bool keepDefaults = false, roundActivations = false, profile = false,
       cache = true;
};

class Caller;

/// A loaded model. Threads call it at the same time, each by a caller of its
/// own, which is used again when it is given back.
class Model : public std::enable_shared_from_this<Model> {
public:
  /// Null, and why in `error`, on failure.
  static std::shared_ptr<Model> compile(const CompileRequest &request,
                                        std::string &error);
  ~Model();

  const rt::EntrySpec &getSpec() const;
  std::shared_ptr<Caller> takeCaller();
  /// Times by phase of all calls that are done.
  std::vector<rt::Profile::Phase> getPhases();

private:
  friend class Caller;
  Model() = default;
  void addPhases(const std::vector<rt::Profile::Phase> &phases);

  std::unique_ptr<Program> first;
  std::mutex mutex;
  std::vector<std::unique_ptr<Program>> idle;
  std::vector<rt::Profile::Phase> phases;
  /// Where a phase stands in `phases`, by its node and kind.
  std::map<std::pair<const char *, const char *>, size_t> phaseIndex;
};

/// A call in progress, or its results, until it is released.
class Caller {
public:
  Caller(std::shared_ptr<Model> model, std::unique_ptr<Program> program);
  ~Caller();

  bool setInput(size_t index, void *data, const std::vector<int64_t> &dims,
                std::string &error);
  bool run(std::string &error);
  bool getResult(size_t index, const void *&data, std::vector<int64_t> &dims,
                 std::string &error);

private:
  std::shared_ptr<Model> model;
  std::unique_ptr<Program> program;
};

/// Runs `pipeline` on a module given as text; "" and why in `error`, on
/// failure.
std::string optimizeText(const std::string &text, const std::string &pipeline,
                         std::string &error);

/// Rewrites the MoE layers of an ONNX model for an export target ("standard",
/// "ort-cpu" or "ort-cuda").
bool optimizeONNX(const std::string &input, const std::string &output,
                  const std::string &target, std::string &error);

} // namespace python
} // namespace moe

#endif // MOE_PYTHON_COMPILER_H
