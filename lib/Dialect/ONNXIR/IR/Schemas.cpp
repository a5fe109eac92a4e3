//===- Schemas.cpp - Checks of nodes against their operators -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/IR/Schemas.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

namespace {
/// One version of an operator; scripts/gen-onnx-schemas.py says what the
/// fields hold.
struct Schema {
  StringLiteral domain, name;
  int since;
  int minInputs, maxInputs;
  StringLiteral inputs;
  int minOutputs, maxOutputs;
  bool removed;
  StringLiteral attributes;
};
} // namespace

static constexpr Schema schemas[] = {
#include "OnnxSchemas.inc"
};

/// All versions of an operator, oldest first.
static ArrayRef<Schema> findVersions(StringRef domain, StringRef name) {
  auto key = [](const Schema &s) {
    return std::pair<StringRef, StringRef>(s.domain, s.name);
  };
  std::pair<StringRef, StringRef> wanted(domain, name);
  auto *first = llvm::partition_point(
      schemas, [&](const Schema &s) { return key(s) < wanted; });
  auto *last = std::find_if(first, std::end(schemas),
                            [&](const Schema &s) { return key(s) != wanted; });
  return ArrayRef(first, last);
}

std::optional<int64_t>
onnxir::getSchemaVersion(StringRef domain, StringRef name, int64_t version) {
  std::optional<int64_t> since;
  for (const Schema &schema : findVersions(domain, name))
    if (schema.since <= version)
      since = schema.since;
  return since;
}

SmallVector<int64_t> onnxir::getSchemaVersions(StringRef domain,
                                               StringRef name) {
  SmallVector<int64_t> versions;
  for (const Schema &schema : findVersions(domain, name))
    if (!schema.removed)
      versions.push_back(schema.since);
  return versions;
}

/// Whether the table lists the operators of `domain`.
static bool isKnownDomain(StringRef domain) {
  return domain.empty() || domain == "com.microsoft" ||
         domain.starts_with("ai.onnx");
}

/// The kind of attribute that `attr` is, as in the table.
static char getKind(Attribute attr) {
  if (auto ref = dyn_cast<RefAttr>(attr))
    return llvm::StringSwitch<char>(ref.getKind())
        .Case("float", 'f')
        .Case("int", 'i')
        .Case("string", 's')
        .Case("tensor", 't')
        .Case("graph", 'g')
        .Case("floats", 'F')
        .Case("ints", 'I')
        .Case("strings", 'S')
        .Case("tensors", 'T')
        .Case("graphs", 'G')
        .Case("sparse_tensor", 'x')
        .Case("sparse_tensors", 'X')
        .Case("type", 'p')
        .Case("types", 'P')
        .Default('?');
  if (isa<FloatAttr>(attr))
    return 'f';
  if (isa<IntegerAttr>(attr))
    return 'i';
  if (isa<StringAttr>(attr))
    return 's';
  if (isa<DenseF32ArrayAttr>(attr))
    return 'F';
  if (isa<DenseI64ArrayAttr>(attr))
    return 'I';
  if (isa<SparseElementsAttr>(attr))
    return 'x';
  if (isa<ElementsAttr, FileAttr>(attr))
    return 't';
  if (isa<TypeAttr>(attr))
    return 'p';
  auto array = dyn_cast<ArrayAttr>(attr);
  if (!array)
    return '?';
  // An empty list of strings, tensors or types: the table decides.
  return array.empty() ? '*' : llvm::toUpper(getKind(array[0]));
}

static StringRef getKindName(char kind) {
  switch (kind) {
  case 'f':
    return "a float";
  case 'i':
    return "an integer";
  case 's':
    return "a string";
  case 't':
    return "a tensor";
  case 'g':
    return "a graph";
  case 'x':
    return "a sparse tensor";
  case 'p':
    return "a type";
  case 'F':
    return "a list of floats";
  case 'I':
    return "a list of integers";
  case 'S':
    return "a list of strings";
  case 'T':
    return "a list of tensors";
  case 'G':
    return "a list of graphs";
  }
  return "of another kind";
}

/// "com.microsoft.MoE", or the bare name in the standard domain.
static std::string getOperator(NodeOp node) {
  if (node.getDomain().empty())
    return node.getOpType().str();
  return (node.getDomain() + "." + node.getOpType()).str();
}

static LogicalResult checkCount(NodeOp node, StringRef what, int64_t count,
                                int64_t least, int64_t most) {
  if (count >= least && (most < 0 || count <= most))
    return success();
  InFlightDiagnostic error = node.emitError() << getOperator(node) << " takes ";
  if (most < 0)
    error << "at least " << least;
  else if (least == most)
    error << least;
  else
    error << least << " to " << most;
  return error << ' ' << what << ", got " << count;
}

/// Checks the attributes and sub-graphs of `node` against the table's list.
static LogicalResult checkAttributes(NodeOp node, StringRef list) {
  llvm::StringMap<char> given;
  for (NamedAttribute named : node.getOnnxAttributes())
    given[named.getName()] = getKind(named.getValue());
  if (ArrayAttr names = node.getSubgraphNamesAttr())
    for (StringRef name : names.getAsValueRange<StringAttr>())
      given[name] = 'g';

  SmallVector<StringRef> known;
  list.split(known, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef entry : known) {
    bool required = entry.consume_back("!");
    auto [name, kind] = entry.split(':');
    auto it = given.find(name);
    if (it == given.end()) {
      if (required)
        return node.emitError()
               << getOperator(node) << " needs attribute '" << name << "'";
      continue;
    }
    bool isEmptyList = it->second == '*' && llvm::isUpper(kind.front());
    if (it->second != kind.front() && !isEmptyList)
      return node.emitError() << "attribute '" << name << "' must be "
                              << getKindName(kind.front());
    given.erase(it);
  }
  if (given.empty())
    return success();
  // A deterministic choice among several.
  StringRef name = llvm::min_element(given, [](const auto &a, const auto &b) {
                     return a.first() < b.first();
                   })->first();
  return node.emitError() << getOperator(node) << " has no attribute '" << name
                          << "'";
}

static LogicalResult checkCall(NodeOp node, FunctionOp function) {
  int64_t inputs = function.getBody().getNumArguments();
  int64_t outputs =
      function.getBody().front().getTerminator()->getNumOperands();
  if (failed(checkCount(node, "inputs", node.getNumSlots(), 0, inputs)) ||
      failed(checkCount(node, "outputs", node.getNumResults(), 0, outputs)))
    return failure();
  for (StringRef name : function.getParameters().getAsValueRange<StringAttr>())
    if (!node.getAttribute(name) && !node.getSubgraph(name))
      return node.emitError() << "function " << getOperator(node)
                              << " needs attribute '" << name << "'";
  return success();
}

LogicalResult mlir::onnxir::verifySchema(NodeOp node,
                                         SymbolTableCollection &symbolTables,
                                         bool allowUnregistered) {
  auto symbol = StringAttr::get(node.getContext(),
                                FunctionOp::getSymbolFor(node.getDomain(),
                                                         node.getOpType(),
                                                         node.getOverload()));
  if (auto function =
          symbolTables.lookupNearestSymbolFrom<FunctionOp>(node, symbol))
    return checkCall(node, function);
  StringRef domain = node.getDomain();
  if (!isKnownDomain(domain) ||
      (allowUnregistered && findVersions(domain, node.getOpType()).empty()))
    return success();
  ArrayRef<Schema> versions = findVersions(domain, node.getOpType());
  if (versions.empty())
    return node.emitError()
           << "operator " << getOperator(node) << " does not exist";
  int64_t opset = node.getOpsetVersion();
  if (opset == 0) {
    if (domain != "com.microsoft")
      return node.emitError()
             << "the model imports no operator set of " << getOperator(node);
    opset = 1;
  }
  if (versions.front().since > opset)
    return node.emitError()
           << getOperator(node) << " exists from operator set "
           << versions.front().since << " on; the model imports " << opset;
  const Schema *schema = &versions.front();
  for (const Schema &version : versions)
    if (version.since <= opset)
      schema = &version;
  if (schema->removed)
    return node.emitError()
           << getOperator(node) << " does not exist since operator set "
           << schema->since << "; the model imports " << opset;

  if (failed(checkCount(node, "inputs", node.getNumSlots(), schema->minInputs,
                        schema->maxInputs)) ||
      failed(checkCount(node, "outputs", node.getNumResults(),
                        schema->minOutputs, schema->maxOutputs)))
    return failure();
  for (auto [slot, option] : llvm::enumerate(schema->inputs))
    if (option == 's' && !node.getInput(slot))
      return node.emitError() << getOperator(node) << " needs input " << slot;
  return checkAttributes(node, schema->attributes);
}

LogicalResult mlir::onnxir::verifySchemas(ModuleOp module,
                                          bool allowUnregistered) {
  SymbolTableCollection symbolTables;
  WalkResult result = module.walk([&](NodeOp node) {
    if (failed(verifySchema(node, symbolTables, allowUnregistered)) ||
        failed(verifyMoENode(node)))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
