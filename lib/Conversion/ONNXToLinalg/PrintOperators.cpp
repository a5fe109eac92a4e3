//===- PrintOperators.cpp - The list of supported operators -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "moe/Conversion/ONNXToLinalg.h"
#include "moe/Dialect/ONNXIR/IR/Schemas.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

static StringRef describe(Elements kind) {
  switch (kind) {
  case Elements::Any:
    return "any";
  case Elements::Numbers:
    return "numbers";
  case Elements::Floats:
    return "floats";
  case Elements::Integers:
    return "integers";
  case Elements::Booleans:
    return "booleans";
  }
  llvm_unreachable("all kinds are handled");
}

/// "2", "1–3" or "1 or more".
static std::string describeInputs(const Lowering &lowering) {
  if (lowering.maxInputs == Lowering::kVariadic)
    return llvm::utostr(lowering.minInputs) + " or more";
  if (lowering.maxInputs == lowering.minInputs)
    return llvm::utostr(lowering.minInputs);
  return llvm::utostr(lowering.minInputs) + "–" +
         llvm::utostr(lowering.maxInputs);
}

static void printTable(llvm::raw_ostream &os, StringRef domain,
                       ArrayRef<std::pair<StringRef, const Lowering *>> rows) {
  os << "### " << (domain.empty() ? "The standard domain" : domain) << "\n\n"
     << "| operator | versions | inputs | elements | attributes | not "
        "supported |\n|---|---|---|---|---|---|\n";
  for (auto [name, lowering] : rows) {
    os << "| " << name << " | "
       << llvm::join(llvm::map_range(onnxir::getSchemaVersions(domain, name),
                                     [](int64_t i) { return llvm::itostr(i); }),
                     ", ")
       << " | " << describeInputs(*lowering) << " | "
       << describe(lowering->elements) << " | " << lowering->attributes << " | "
       << lowering->restrictions << " |\n";
  }
}

void mlir::moe::printONNXOperators(llvm::raw_ostream &os) {
  llvm::StringMap<SmallVector<std::pair<StringRef, const Lowering *>>> tables;
  for (const auto &entry : getLowerings()) {
    auto [domain, name] = entry.first().split("::");
    if (name.empty())
      std::swap(domain, name);
    tables[domain].emplace_back(name, &entry.second);
  }
  SmallVector<StringRef> domains(tables.keys());
  llvm::sort(domains);
  for (auto [i, domain] : llvm::enumerate(domains)) {
    llvm::sort(tables[domain], llvm::less_first());
    os << (i == 0 ? "" : "\n");
    printTable(os, domain, tables[domain]);
  }
}
