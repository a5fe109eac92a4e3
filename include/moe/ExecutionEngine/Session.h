//===- Session.h - A loaded model, as tools use it --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_SESSION_H
#define MOE_EXECUTIONENGINE_SESSION_H

#include "moe/ExecutionEngine/CompileModel.h"
#include "moe/ExecutionEngine/Program.h"
#include "moe/Support/HostTensor.h"
#include "llvm/ADT/ArrayRef.h"

namespace moe {

/// Seconds that the steps before the first call took. `read` is the time to
/// read code from the cache, instead of the first three.
struct StartTimes {
  double import = 0, lower = 0, generate = 0, read = 0, link = 0, load = 0;
  bool cached = false;
};

/// Seconds of calls.
struct CallTimes {
  unsigned count = 0;
  double seconds = 0, first = 0;
};

/// One entry of a model, ready to be called. Errors name the file.
class Session {
public:
  /// Compiles and loads a model, or loads a library that was made of one.
  /// `entry` may be "" if the model has one.
  static llvm::Expected<std::unique_ptr<Session>>
  create(llvm::StringRef path, llvm::StringRef entry,
         const CompileOptions &options);

  const rt::EntrySpec &getSpec() const { return program->getSpec(); }
  const Program &getProgram() const { return *program; }
  const StartTimes &getStartTimes() const { return times; }
  const CallTimes &getCallTimes() const { return calls; }
  /// Times by phase in these calls.
  std::vector<rt::Profile::Phase> getPhases() const {
    return program->getPhases();
  }
  /// Forgets all calls but the time of the first.
  void clearCallTimes();

  bool hasInput(llvm::StringRef name) const;
  /// The number of the input of this name.
  llvm::Expected<size_t> findInput(llvm::StringRef name) const;

  /// `tensor` must live until the last call.
  llvm::Error setInput(size_t index, const HostTensor &tensor);
  /// `data` is dense, of the input's element type, and lives as long.
  llvm::Error setInput(size_t index, void *data,
                       const std::vector<int64_t> &dims);
  void clearInputs() { program->clearInputs(); }
  llvm::Error run();
  /// A dense copy of an output.
  llvm::Expected<HostTensor> getOutput(size_t index) const;

private:
  Session() = default;
  llvm::Error fail(const llvm::Twine &why) const;
  llvm::Error start(llvm::StringRef entryName, const CompileOptions &options);
  llvm::Expected<CompileResult> compile(const CompileOptions &options);
  llvm::Error load(llvm::StringRef entryName,
                   std::unique_ptr<llvm::MemoryBuffer> object);

  std::string path;
  /// How the files of packed weights start, "" if there are none, and what
  /// tells their code from other code.
  std::string packed, codeKey;
  std::unique_ptr<Program> program;
  StartTimes times;
  CallTimes calls;
};

} // namespace moe

#endif // MOE_EXECUTIONENGINE_SESSION_H
