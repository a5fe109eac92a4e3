//===- Linker.cpp - From object files to a shared library -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Linker.h"
#include "moe-runtime/Library.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace moe;

Expected<TemporaryFile> TemporaryFile::create(const Twine &model) {
  SmallString<128> path;
  if (std::error_code error = sys::fs::createUniqueFile(model, path))
    return createStringError(error.message());
  sys::RemoveFileOnSignal(path);
  return TemporaryFile(path.str().str());
}

TemporaryFile::~TemporaryFile() {
  if (path.empty())
    return;
  sys::fs::remove(path);
  sys::DontRemoveFileOnSignal(path);
}

static Expected<TemporaryFile> makeFile(const Twine &model, StringRef content) {
  SmallString<128> folder;
  sys::path::system_temp_directory(/*erasedOnReboot=*/true, folder);
  sys::path::append(folder, model);
  Expected<TemporaryFile> file = TemporaryFile::create(folder);
  if (!file)
    return createStringError(Twine(folder) + ": " + toString(file.takeError()));
  std::error_code error;
  raw_fd_ostream os(file->getPath(), error);
  if (!error) {
    os << content;
    os.close();
    error = os.error();
    os.clear_error();
  }
  if (error)
    return createStringError(file->getPath() + ": " + error.message());
  return file;
}

static Expected<std::string> findLinker(StringRef given) {
  if (!given.empty()) {
    ErrorOr<std::string> found = sys::findProgramByName(given);
    if (!found)
      return createStringError("--linker: there is no program '" + given + "'");
    return *found;
  }
  for (StringRef name : {"c++", "g++", "clang++"})
    if (ErrorOr<std::string> found = sys::findProgramByName(name))
      return *found;
  return createStringError("a C++ compiler is needed to link, and none of c++, "
                           "g++ and clang++ is in PATH; see --linker");
}

/// The runtime stands where this program was built or installed.
static Expected<std::string> findRuntime() {
  static int anchor;
  std::string program = sys::fs::getMainExecutable(nullptr, &anchor);
  StringRef bin = sys::path::parent_path(program);
  for (StringRef folder : {"../lib", "../" MOE_INSTALL_LIBDIR}) {
    SmallString<128> path(bin);
    sys::path::append(path, folder, "libMoERuntime.a");
    sys::path::remove_dots(path, /*remove_dot_dot=*/true);
    if (sys::fs::exists(path))
      return path.str().str();
  }
  return createStringError("libMoERuntime.a is not in the lib folder beside " +
                           bin);
}

static Error runLinker(StringRef linker, ArrayRef<std::string> args) {
  Expected<TemporaryFile> output = makeFile("moe-link-%%%%%%%%.txt", "");
  if (!output)
    return output.takeError();
  SmallVector<StringRef> command = {linker};
  append_range(command, args);
  std::optional<StringRef> redirects[] = {"", StringRef(output->getPath()),
                                          StringRef(output->getPath())};
  std::string problem;
  int status =
      sys::ExecuteAndWait(linker, command, std::nullopt, redirects,
                          /*SecondsToWait=*/0, /*MemoryLimit=*/0, &problem);
  if (status == 0)
    return Error::success();
  if (problem.empty())
    if (auto text = MemoryBuffer::getFile(output->getPath()))
      problem = (*text)->getBuffer().trim().split('\n').first.str();
  return createStringError(
      "cannot be linked: " + linker + ": " +
      (problem.empty() ? "exit code " + Twine(status) : Twine(problem)));
}

Error moe::linkLibrary(ArrayRef<std::unique_ptr<MemoryBuffer>> objects,
                       StringRef path, const LinkOptions &options) {
  Expected<std::string> linker = findLinker(options.linker);
  if (!linker)
    return linker.takeError();
  Expected<std::string> runtime = findRuntime();
  if (!runtime)
    return runtime.takeError();
  // Only the one function is visible, so that libraries of several models, or
  // other copies of the runtime, do not meet.
  Expected<TemporaryFile> exports =
      makeFile("moe-exports-%%%%%%%%.txt",
               "{ global: " + options.symbol + "; local: *; };\n");
  if (!exports)
    return exports.takeError();
  std::vector<std::string> args = {"-shared", "-o", path.str()};
  std::vector<TemporaryFile> files;
  for (const std::unique_ptr<MemoryBuffer> &object : objects) {
    Expected<TemporaryFile> file =
        makeFile("moe-object-%%%%%%%%.o", object->getBuffer());
    if (!file)
      return file.takeError();
    args.push_back(file->getPath());
    files.push_back(std::move(*file));
  }
  args.insert(args.end(), {"-Wl,-u," MOE_GET_LIBRARY, *runtime, "-pthread",
                           "-lm", "-ldl", "-static-libstdc++", "-static-libgcc",
                           "-Wl,-soname," + options.name,
                           "-Wl,--version-script," + exports->getPath()});
  if (options.symbol != MOE_GET_LIBRARY)
    args.push_back("-Wl,--defsym," + options.symbol + "=" MOE_GET_LIBRARY);
  // What LLVM calls where a processor has no instruction for a conversion; the
  // linker's compiler need not have these.
  for (StringRef name :
       {"truncsfbf2", "truncdfbf2", "truncsfhf2", "truncdfhf2", "extendhfsf2"})
    args.insert(args.end(),
                {("-Wl,-u,moe_" + name).str(),
                 ("-Wl,--defsym,__" + name + "=moe_" + name).str()});
#ifndef MOE_SANITIZED
  // The sanitizers' own functions come with the program that loads the library.
  args.push_back("-Wl,--no-undefined");
#endif
  return runLinker(*linker, args);
}
