//===- Bisection.cpp - The first operator that went wrong -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bisection.h"
#include "mlir/IR/BuiltinOps.h"
#include "moe/ExecutionEngine/NodeValues.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace moe;

namespace {
/// Runs programs that return values of nodes, after the model's own outputs.
class Bisector {
public:
  Bisector(StringRef path, StringRef entry, const CompileOptions &options,
           ArrayRef<HostTensor> inputs, Tolerance tolerance)
      : path(path), entry(entry), options(options), inputs(inputs),
        tolerance(tolerance) {}

  Expected<bool> run();

private:
  /// The outputs of a program that returns those of `nodes`, too, or of all.
  Expected<std::vector<HostTensor>> runProgram(bool reference,
                                               std::optional<StringRef> node);
  /// Whether node `index` departs in a program that returns it.
  Expected<bool> departs(size_t index);

  StringRef path, entry;
  CompileOptions options;
  ArrayRef<HostTensor> inputs;
  Tolerance tolerance;
  /// Names and values of the unoptimised program, in its order.
  std::vector<std::string> names;
  std::vector<HostTensor> expected;
  size_t numOutputs = 0;
  Difference lastDifference;
};
} // namespace

Expected<std::vector<HostTensor>>
Bisector::runProgram(bool reference, std::optional<StringRef> node) {
  CompileOptions program = options;
  program.reference = reference;
  std::vector<std::string> exposed;
  program.prepare = [&](mlir::ModuleOp module) -> Error {
    return exposeNodeValues(module, entry,
                            [&](StringRef name) {
                              return !node || name == node->split(':').first ||
                                     name == *node;
                            })
        .moveInto(exposed);
  };
  Expected<std::unique_ptr<Session>> session =
      Session::create(path, entry, program);
  if (!session)
    return session.takeError();
  for (const HostTensor &tensor : inputs) {
    Expected<size_t> index = (*session)->findInput(tensor.name);
    if (!index)
      return index.takeError();
    if (Error error = (*session)->setInput(*index, tensor))
      return error;
  }
  if (Error error = (*session)->run())
    return error;
  size_t total = (*session)->getSpec().outputs.size();
  numOutputs = total - exposed.size();
  std::vector<HostTensor> values;
  for (size_t i = 0; i < total; ++i) {
    Expected<HostTensor> value = (*session)->getOutput(i);
    if (!value)
      return value.takeError();
    values.push_back(std::move(*value));
  }
  if (!node)
    names = std::move(exposed);
  return values;
}

Expected<bool> Bisector::departs(size_t index) {
  Expected<std::vector<HostTensor>> values = runProgram(false, names[index]);
  if (!values)
    return values.takeError();
  for (size_t i = numOutputs; i < values->size(); ++i) {
    if ((*values)[i].name != names[index])
      continue;
    Difference difference =
        compare((*values)[i], expected[numOutputs + index], tolerance);
    if (!difference.matches())
      lastDifference = difference;
    return !difference.matches();
  }
  return false;
}

Expected<bool> Bisector::run() {
  if (Error error = runProgram(true, std::nullopt).moveInto(expected))
    return error;
  Expected<std::vector<HostTensor>> outputs = runProgram(false, "");
  if (!outputs)
    return outputs.takeError();
  bool matches = true;
  for (size_t i = 0; i < numOutputs; ++i)
    matches &= compare((*outputs)[i], expected[i], tolerance).matches();
  if (matches) {
    outs() << "no output departs from the unoptimised program\n";
    return true;
  }
  size_t low = 0, high = names.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    Expected<bool> departed = departs(middle);
    if (!departed)
      return departed.takeError();
    *departed ? high = middle : low = middle + 1;
  }
  if (low == names.size()) {
    outs() << "an output departs from the unoptimised program, but no node "
              "does when it is looked at\n";
    return false;
  }
  outs() << "first to depart from the unoptimised program: " << names[low];
  if (lastDifference.sameType)
    outs() << format(" (greatest error %.3g absolute, %.3g relative)",
                     lastDifference.maxAbsolute, lastDifference.maxRelative);
  outs() << '\n';
  return false;
}

Expected<bool> moe::bisect(StringRef path, StringRef entry,
                           const CompileOptions &options,
                           ArrayRef<HostTensor> inputs, Tolerance tolerance) {
  return Bisector(path, entry, options, inputs, tolerance).run();
}
