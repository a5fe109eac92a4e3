//===- Comparison.cpp - Outputs against expected ones -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace moe;

Difference moe::compare(const HostTensor &actual, const HostTensor &expected,
                        Tolerance tolerance) {
  Difference difference;
  difference.sameType = actual.getType() == expected.getType() &&
                        actual.getDims() == expected.getDims();
  if (!difference.sameType)
    return difference;
  for (int64_t i = 0, n = actual.getNumElements(); i < n; ++i) {
    double a = actual.getElement(i), b = expected.getElement(i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double distance = std::fabs(a - b);
    // Comparisons with NaN are false, so it counts as a mismatch; an infinite
    // tolerance must not excuse anything.
    bool matches =
        distance <= tolerance.absolute + tolerance.relative * std::fabs(b) &&
        std::isfinite(a) && std::isfinite(b);
    if (!matches && difference.numMismatches++ == 0)
      difference.firstMismatch = i;
    if (std::isnan(distance))
      distance = INFINITY;
    difference.maxAbsolute = std::max(difference.maxAbsolute, distance);
    if (b != 0)
      difference.maxRelative =
          std::max(difference.maxRelative,
                   std::isfinite(b) ? distance / std::fabs(b) : INFINITY);
  }
  return difference;
}

Error DataSet::readTensors(StringRef prefix, std::vector<HostTensor> &tensors) {
  for (unsigned i = 0;; ++i) {
    SmallString<128> path(folder);
    sys::path::append(path, prefix + Twine(i) + ".pb");
    if (!sys::fs::exists(path))
      return Error::success();
    Expected<HostTensor> tensor = readTensorFile(path);
    if (!tensor)
      return createStringError(path + ": " + toString(tensor.takeError()));
    tensors.push_back(std::move(*tensor));
  }
}

Error DataSet::read() {
  if (Error error = readTensors("input_", inputs))
    return error;
  if (Error error = readTensors("output_", outputs))
    return error;
  if (outputs.empty())
    return createStringError(folder + ": has no output_0.pb");
  return Error::success();
}

/// The position of a tensor among the model's: by its name, else as it is
/// numbered.
template <typename T>
static std::optional<size_t> place(const std::vector<T> &specs,
                                   const HostTensor &tensor, size_t position) {
  for (size_t i = 0; i < specs.size(); ++i)
    if (!tensor.name.empty() && specs[i].name == tensor.name)
      return i;
  if (position < specs.size())
    return position;
  return std::nullopt;
}

static void print(StringRef where, const rt::TensorSpec &spec,
                  const HostTensor &actual, const HostTensor &expected,
                  const Difference &difference) {
  raw_ostream &os = outs();
  os << where << ": " << spec.name << ": ";
  if (!difference.sameType) {
    os << "MISMATCH: is " << rt::formatType(actual.getType(), actual.getDims())
       << ", expected "
       << rt::formatType(expected.getType(), expected.getDims()) << '\n';
    return;
  }
  os << format("greatest error %.3g absolute, %.3g relative",
               difference.maxAbsolute, difference.maxRelative);
  if (difference.matches()) {
    os << ": ok\n";
    return;
  }
  int64_t i = difference.firstMismatch;
  os << ": MISMATCH of " << difference.numMismatches << " of "
     << actual.getNumElements() << " elements, first at " << i << ": "
     << format("%.9g, expected %.9g\n", actual.getElement(i),
               expected.getElement(i));
}

static Expected<bool> runDataSet(Session &session, const DataSet &data,
                                 Tolerance tolerance) {
  const rt::EntrySpec &spec = session.getSpec();
  auto fail = [&](const Twine &why) {
    return createStringError(data.folder + ": " + why);
  };
  for (auto [i, expected] : enumerate(data.outputs))
    if (!place(spec.outputs, expected, i))
      return fail("more outputs than the model has");
  for (auto [i, tensor] : enumerate(data.inputs)) {
    std::optional<size_t> index = place(spec.inputs, tensor, i);
    if (!index)
      return fail("more inputs than the model has");
    if (Error error = session.setInput(*index, tensor))
      return error;
  }
  if (Error error = session.run())
    return error;
  bool matches = true;
  for (auto [i, expected] : enumerate(data.outputs)) {
    size_t index = *place(spec.outputs, expected, i);
    Expected<HostTensor> actual = session.getOutput(index);
    if (!actual)
      return actual.takeError();
    Difference difference = compare(*actual, expected, tolerance);
    print(sys::path::filename(data.folder), spec.outputs[index], *actual,
          expected, difference);
    matches &= difference.matches();
  }
  return matches;
}

/// `directory`'s folders test_data_set_N in the order of N; itself, if it has
/// none.
static Expected<std::vector<std::string>> listDataSets(StringRef directory) {
  if (!sys::fs::is_directory(directory))
    return createStringError(directory + ": no such directory");
  std::vector<std::string> folders;
  for (unsigned i = 0;; ++i) {
    SmallString<128> path(directory);
    sys::path::append(path, "test_data_set_" + Twine(i));
    if (!sys::fs::is_directory(path))
      break;
    folders.push_back(path.str().str());
  }
  if (folders.empty())
    folders.push_back(directory.rtrim('/').str());
  return folders;
}

Expected<std::vector<DataSet>> DataSet::readAll(StringRef directory) {
  Expected<std::vector<std::string>> folders = listDataSets(directory);
  if (!folders)
    return folders.takeError();
  std::vector<DataSet> dataSets;
  for (std::string &folder : *folders) {
    dataSets.emplace_back().folder = std::move(folder);
    if (Error error = dataSets.back().read())
      return error;
  }
  return dataSets;
}

Expected<bool> moe::runTestData(Session &session, ArrayRef<DataSet> dataSets,
                                Tolerance tolerance) {
  bool matches = true;
  for (const DataSet &data : dataSets) {
    session.clearInputs();
    Expected<bool> result = runDataSet(session, data, tolerance);
    if (!result)
      return result.takeError();
    matches &= *result;
  }
  return matches;
}
