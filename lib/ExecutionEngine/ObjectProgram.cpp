//===- ObjectProgram.cpp - Object code in this process ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/LoadedCode.h"
#include "moe/ExecutionEngine/Program.h"

using namespace llvm;
using namespace moe;

namespace {
class ObjectProgram : public Program {
public:
  ObjectProgram(std::shared_ptr<LoadedCode> code,
                std::shared_ptr<rt::Model> model, size_t entry)
      : code(std::move(code)), model(std::move(model)), entry(entry),
        call(*this->model, entry) {}

  std::unique_ptr<Program> createCaller() const override {
    return std::make_unique<ObjectProgram>(code, model, entry);
  }

  const rt::EntrySpec &getSpec() const override {
    return model->getEntry(entry);
  }

  Error setInput(size_t index, void *data,
                 const std::vector<int64_t> &dims) override {
    std::string error;
    return call.setInput(index, data, dims, error) ? Error::success()
                                                   : createStringError(error);
  }

  void clearInputs() override { call.clearInputs(); }

  Error run() override {
    std::string error;
    return call.run(error, &profile) ? Error::success()
                                     : createStringError(error);
  }

  Expected<ResultView> getResult(size_t index) const override {
    const rt::MemRefDescriptor &result = call.getResult(index);
    if (!result.isDense())
      return createStringError("output '" + getSpec().outputs[index].name +
                               "' is not dense");
    return ResultView{
        call.getResultData(index),
        {result.getSizes(), result.getSizes() + result.getRank()}};
  }

  std::vector<rt::Profile::Phase> getPhases() const override {
    return profile.getPhases();
  }

  void clearPhases() override { profile = rt::Profile(); }

private:
  std::shared_ptr<LoadedCode> code;
  std::shared_ptr<rt::Model> model;
  size_t entry;
  rt::Call call;
  rt::Profile profile;
};
} // namespace

Expected<std::unique_ptr<Program>>
moe::loadObject(std::unique_ptr<MemoryBuffer> object, StringRef entryName,
                StringRef folder, StringRef packed, StringRef key,
                llvm::function_ref<void()> linked) {
  Expected<std::unique_ptr<LoadedCode>> code =
      LoadedCode::load(std::move(object));
  if (!code)
    return code.takeError();
  std::string error;
  std::unique_ptr<rt::Model> model = rt::Model::create(
      [&](const char *name) { return (*code)->lookup(name); }, {folder.str()},
      /*archive=*/nullptr, error);
  if (!model)
    return createStringError(error);
  linked();
  if (!key.empty())
    model->setPackedCache(packed.str(), key.str());
  int entry = model->chooseEntry(entryName, error);
  if (entry < 0 || !model->load(entry, error))
    return createStringError(error);
  return std::make_unique<ObjectProgram>(std::move(*code), std::move(model),
                                         entry);
}
