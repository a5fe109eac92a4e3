//===- KernelCompiler.cpp - Kernels compiled by the Triton package --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelCompiler.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace mlir::moe;

//===----------------------------------------------------------------------===//
// The cache
//===----------------------------------------------------------------------===//

static constexpr StringLiteral magic = "moe-ker1";
/// Magic, checksum of the rest; shared memory, scratch memory.
static constexpr size_t headerSize = 32;

std::string KernelCache::getPath(const KernelSource &source,
                                 int64_t capability) const {
  std::string options;
  raw_string_ostream(options)
      << "triton 3.9|" << capability << "|" << source.warps << "|"
      << source.stages << "|" << source.overlaps << "|" << source.name << "|";
  SHA256 hash;
  hash.update(options);
  hash.update(source.text);
  SmallString<128> path(directory);
  sys::path::append(path, toHex(hash.final(), /*LowerCase=*/true) + ".kernel");
  return path.str().str();
}

std::optional<CompiledKernel> KernelCache::get(const KernelSource &source,
                                               int64_t capability) const {
  if (directory.empty())
    return std::nullopt;
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(getPath(source, capability), /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!file)
    return std::nullopt;
  StringRef contents = (*file)->getBuffer();
  if (contents.size() < headerSize || !contents.starts_with(magic) ||
      support::endian::read64le(contents.data() + 8) !=
          xxh3_64bits(contents.drop_front(16)))
    return std::nullopt;
  CompiledKernel kernel;
  kernel.shared = support::endian::read64le(contents.data() + 16);
  kernel.scratch = support::endian::read64le(contents.data() + 24);
  kernel.image = contents.drop_front(headerSize).str();
  return kernel;
}

void KernelCache::put(const KernelSource &source, int64_t capability,
                      const CompiledKernel &kernel) const {
  if (directory.empty() || sys::fs::create_directories(directory))
    return;
  std::string path = getPath(source, capability);
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".%%%%%%%%.tmp");
  if (!file) {
    consumeError(file.takeError());
    return;
  }
  std::string contents(16, 0);
  support::endian::write64le(contents.data(), kernel.shared);
  support::endian::write64le(contents.data() + 8, kernel.scratch);
  contents += kernel.image;
  char checksum[8];
  support::endian::write64le(checksum, xxh3_64bits(contents));
  raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  stream << magic << StringRef(checksum, sizeof(checksum)) << contents;
  stream.flush();
  bool written = !stream.has_error();
  stream.clear_error();
  consumeError(written ? file->keep(path) : file->discard());
}

//===----------------------------------------------------------------------===//
// The compiler
//===----------------------------------------------------------------------===//

static Expected<std::string> findPython() {
  if (std::optional<std::string> set = sys::Process::GetEnv("MOE_PYTHON"))
    return *set;
  if (sys::fs::can_execute(MOE_PYTHON_SETUP))
    return MOE_PYTHON_SETUP;
  ErrorOr<std::string> found = sys::findProgramByName("python3");
  if (!found)
    return createStringError("there is no python3 to compile kernels with; "
                             "see scripts/setup.sh --triton");
  return *found;
}

static Error writePlan(StringRef path,
                       const std::vector<KernelSource> &sources) {
  json::Array kernels;
  for (const KernelSource &source : sources)
    kernels.push_back(json::Object{{"name", source.name},
                                   {"ttir", source.text},
                                   {"num_warps", source.warps},
                                   {"num_stages", source.stages},
                                   {"launch_pdl", source.overlaps}});
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (!code)
    stream << json::Value(json::Object{{"version", 1},
                                       {"functions", json::Array()},
                                       {"kernels", std::move(kernels)}});
  stream.close();
  if (stream.has_error())
    code = stream.error();
  stream.clear_error();
  return code ? createStringError(code, path + ": " + code.message())
              : Error::success();
}

/// The last line of a file, which is what a Python program dies with.
static std::string readLastLine(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path);
  if (!file)
    return "";
  auto [before, last] = (*file)->getBuffer().trim().rsplit('\n');
  return (last.empty() ? before : last).str();
}

static Error readKernels(StringRef folder,
                         const std::vector<KernelSource> &sources,
                         std::vector<CompiledKernel> &kernels) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(folder + "/plan.json");
  if (!file)
    return createStringError("the Triton package wrote no kernels");
  Expected<json::Value> plan = json::parse((*file)->getBuffer());
  if (!plan)
    return plan.takeError();
  const json::Object *object = plan->getAsObject();
  const json::Array *array = object ? object->getArray("kernels") : nullptr;
  if (!array || array->size() != sources.size())
    return createStringError("the Triton package wrote other kernels");
  for (auto [source, value] : zip_equal(sources, *array)) {
    const json::Object *entry = value.getAsObject();
    std::optional<int64_t> shared, scratch;
    if (entry) {
      shared = entry->getInteger("shared");
      scratch = entry->getInteger("scratch");
    }
    ErrorOr<std::unique_ptr<MemoryBuffer>> image =
        MemoryBuffer::getFile(folder + "/" + source.name + ".cubin");
    if (!shared || !scratch || !image)
      return createStringError("the Triton package did not compile kernel " +
                               source.name);
    kernels.push_back({(*image)->getBuffer().str(), *shared, *scratch});
  }
  return Error::success();
}

Expected<std::vector<CompiledKernel>>
mlir::moe::compileKernels(const std::vector<KernelSource> &sources,
                          int64_t capability) {
  Expected<std::string> python = findPython();
  if (!python)
    return python.takeError();
  SmallString<128> folder;
  if (std::error_code code =
          sys::fs::createUniqueDirectory("moe-kernels", folder))
    return createStringError(code, "no folder for kernels: " + code.message());
  scope_exit cleanup([&] { sys::fs::remove_directories(folder); });
  std::string plan = (folder + "/in.json").str();
  std::string log = (folder + "/log").str();
  if (Error error = writePlan(plan, sources))
    return std::move(error);
  std::string program = "import sys; sys.path.insert(0, '" MOE_PYTHON_PACKAGES
                        "'); from moe_mlir.triton import main; "
                        "sys.exit(main())";
  std::string arch = std::to_string(capability);
  StringRef arguments[] = {*python, "-c",   program,  "compile", plan,
                           "-o",    folder, "--arch", arch};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string why;
  int status = sys::ExecuteAndWait(*python, arguments, std::nullopt, redirects,
                                   0, 0, &why);
  if (status) {
    std::string line = readLastLine(log);
    return createStringError("kernels cannot be compiled: " +
                             (why.empty() ? line : why));
  }
  std::vector<CompiledKernel> kernels;
  if (Error error = readKernels(folder, sources, kernels))
    return std::move(error);
  return kernels;
}
