//===- LibraryProgram.cpp - A library of moe-compile ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Library.h"
#include "moe-runtime/Parallel.h"
#include "moe/ExecutionEngine/Program.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include <dlfcn.h>

using namespace llvm;
using namespace moe;

namespace {
class LibraryProgram : public Program {
public:
  LibraryProgram(const MoELibrary *library, std::shared_ptr<MoEModel> model,
                 std::shared_ptr<const rt::Manifest> manifest, size_t entry)
      : library(library), model(std::move(model)),
        call(library->createCall(this->model.get())),
        manifest(std::move(manifest)), entry(entry) {
    library->setProfiling(call, 1);
  }
  ~LibraryProgram() override { library->destroyCall(call); }

  std::unique_ptr<Program> createCaller() const override {
    return std::make_unique<LibraryProgram>(library, model, manifest, entry);
  }

  const rt::EntrySpec &getSpec() const override {
    return manifest->entries[entry];
  }

  Error setInput(size_t index, void *data,
                 const std::vector<int64_t> &dims) override {
    MoETensor tensor{data, dims.size(), dims.data()};
    return check(library->setInput(call, index, &tensor));
  }

  void clearInputs() override { library->clearInputs(call); }

  Error run() override { return check(library->run(call)); }

  Expected<ResultView> getResult(size_t index) const override {
    MoETensor tensor;
    if (Error error = check(library->getResult(call, index, &tensor)))
      return error;
    return ResultView{tensor.data, {tensor.dims, tensor.dims + tensor.rank}};
  }

  std::vector<rt::Profile::Phase> getPhases() const override {
    std::vector<rt::Profile::Phase> phases;
    for (size_t i = 0; i < library->getNumPhases(call); ++i) {
      MoEPhase phase;
      if (library->getPhase(call, i, &phase) == 0)
        phases.push_back({phase.node, phase.kind, phase.seconds, phase.count,
                          phase.countsRows != 0, phase.rows, phase.products});
    }
    return phases;
  }

  void clearPhases() override { library->setProfiling(call, 1); }

private:
  Error check(int failed) const {
    return failed ? createStringError(library->getError()) : Error::success();
  }

  const MoELibrary *library;
  std::shared_ptr<MoEModel> model;
  MoECall *call;
  std::shared_ptr<const rt::Manifest> manifest;
  size_t entry;
};
} // namespace

bool moe::isLibraryFile(StringRef path) {
  file_magic magic;
  return !identify_magic(path, magic) && magic == file_magic::elf_shared_object;
}

/// The system's loader crashes on a file that ends early.
static Error checkSegments(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(buffer.getError().message());
  auto file = object::ELF64LEFile::create((*buffer)->getBuffer());
  if (!file)
    return file.takeError();
  auto headers = file->program_headers();
  if (!headers)
    return headers.takeError();
  for (const auto &header : *headers)
    if (header.p_offset > file->getBufSize() ||
        header.p_filesz > file->getBufSize() - header.p_offset)
      return createStringError("the file is too short");
  return Error::success();
}

Expected<std::unique_ptr<Program>>
moe::loadLibrary(StringRef path, StringRef entry, StringRef packed,
                 llvm::function_ref<void()> linked) {
  if (Error error = checkSegments(path))
    return createStringError("cannot be loaded: " + toString(std::move(error)));
  // A name without a slash would be looked for in the system's folders.
  SmallString<128> absolute(path);
  if (std::error_code error = sys::fs::make_absolute(absolute))
    return createStringError(error.message());
  // Never closed: its code may be in use to the end of the process.
  void *handle = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return createStringError("cannot be loaded: " + StringRef(dlerror()));
  auto getLibrary =
      reinterpret_cast<MoEGetLibrary>(dlsym(handle, MOE_GET_LIBRARY));
  if (!getLibrary)
    return createStringError(
        "is no compiled model: it has no function " MOE_GET_LIBRARY);
  const MoELibrary *library = getLibrary();
  if (library->size < sizeof(MoELibrary))
    return createStringError("was made by an older moe-compile");
  linked();
  library->setNumThreads(moe_get_num_threads());
  const char *text = library->getManifest();
  if (!text)
    return createStringError(library->getError());
  auto manifest = std::make_shared<rt::Manifest>();
  std::string error;
  if (!rt::Manifest::parse(text, *manifest, error))
    return createStringError(error);
  std::shared_ptr<MoEModel> model(
      library->load(entry.str().c_str(), /*folder=*/nullptr,
                    packed.empty() ? nullptr : packed.str().c_str()),
      [=](MoEModel *model) { library->unload(model); });
  if (!model)
    return createStringError(library->getError());
  size_t index = 0;
  while (manifest->entries[index].name != library->getEntry(model.get()))
    ++index;
  return std::make_unique<LibraryProgram>(library, std::move(model),
                                          std::move(manifest), index);
}
