//===- Program.h - One entry of a model, ready to run -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_PROGRAM_H
#define MOE_EXECUTIONENGINE_PROGRAM_H

#include "moe-runtime/Model.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace moe {

/// A dense result of a program, which holds it until the next run.
struct ResultView {
  const void *data;
  std::vector<int64_t> dims;
};

/// One entry of a model with its weights and the inputs of a call, wherever its
/// code runs. Errors do not name the model.
class Program {
public:
  virtual ~Program() = default;

  /// Another caller of what is loaded, with inputs and results of its own; may
  /// be used by another thread at the same time.
  virtual std::unique_ptr<Program> createCaller() const = 0;

  virtual const rt::EntrySpec &getSpec() const = 0;
  /// `data` must live until the last run.
  virtual llvm::Error setInput(size_t index, void *data,
                               const std::vector<int64_t> &dims) = 0;
  virtual void clearInputs() = 0;
  virtual llvm::Error run() = 0;
  virtual llvm::Expected<ResultView> getResult(size_t index) const = 0;

  /// Times by phase, of all runs since the last `clearPhases`.
  virtual std::vector<rt::Profile::Phase> getPhases() const = 0;
  virtual void clearPhases() = 0;
};

/// Object code of `compileModel`, run in this process. Files of weights are
/// looked for in `folder` ("": where the code says); packed weights are kept in
/// files whose names start with `packed` ("": they are not), apart by `key`;
/// `linked` is called between linking the code and loading the weights.
llvm::Expected<std::unique_ptr<Program>>
loadObject(std::unique_ptr<llvm::MemoryBuffer> object, llvm::StringRef entry,
           llvm::StringRef folder, llvm::StringRef packed, llvm::StringRef key,
           llvm::function_ref<void()> linked);

/// A library that moe-compile made.
llvm::Expected<std::unique_ptr<Program>>
loadLibrary(llvm::StringRef path, llvm::StringRef entry, llvm::StringRef packed,
            llvm::function_ref<void()> linked);

/// Whether file `path` is a shared library, by its content.
bool isLibraryFile(llvm::StringRef path);

} // namespace moe

#endif // MOE_EXECUTIONENGINE_PROGRAM_H
