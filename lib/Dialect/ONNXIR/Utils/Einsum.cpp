//===- Einsum.cpp - The equation of an Einsum node -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/Utils/Einsum.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

namespace {
/// The letters of one operand or of the result, with the number of those
/// before its ellipsis.
struct Term {
  std::string letters;
  std::optional<size_t> ellipsis;
};

class Reader {
public:
  explicit Reader(NodeOp node) : node(node) {}
  FailureOr<Einsum> read();

private:
  FailureOr<Einsum> fail(const Twine &reason) {
    emitNodeError(node) << "equation '" << node.getString("equation", "")
                        << "' " << reason;
    return failure();
  }
  std::optional<Term> parse(StringRef text);
  Term getImplicitResult();
  unsigned getLoop(char letter) {
    return loops.try_emplace(letter, numLoops + loops.size()).first->second;
  }
  /// The loops of `term`, whose ellipsis stands for `dims` dimensions.
  SmallVector<unsigned> getLoops(const Term &term, unsigned dims);

  NodeOp node;
  SmallVector<Term> terms;
  /// Loops of ellipses come first.
  unsigned numLoops = 0;
  llvm::SmallMapVector<char, unsigned, 8> loops;
};
} // namespace

std::optional<Term> Reader::parse(StringRef text) {
  Term term;
  while (!text.empty()) {
    if (text.consume_front(" "))
      continue;
    if (text.consume_front("...")) {
      if (term.ellipsis)
        return std::nullopt;
      term.ellipsis = term.letters.size();
      continue;
    }
    if (!llvm::isAlpha(text.front()))
      return std::nullopt;
    term.letters += text.front();
    text = text.drop_front();
  }
  return term;
}

/// Without an arrow: the ellipsis, then the letters that occur once.
Term Reader::getImplicitResult() {
  std::string all;
  Term result;
  for (const Term &term : terms) {
    all += term.letters;
    if (term.ellipsis)
      result.ellipsis = 0;
  }
  for (char letter : all)
    if (llvm::count(all, letter) == 1)
      result.letters += letter;
  llvm::sort(result.letters);
  return result;
}

SmallVector<unsigned> Reader::getLoops(const Term &term, unsigned dims) {
  SmallVector<unsigned> result;
  for (size_t i = 0; i <= term.letters.size(); ++i) {
    if (term.ellipsis == i)
      for (unsigned dim = 0; dim < dims; ++dim)
        result.push_back(numLoops - dims + dim);
    if (i < term.letters.size())
      result.push_back(getLoop(term.letters[i]));
  }
  return result;
}

FailureOr<Einsum> Reader::read() {
  StringRef equation = node.getString("equation", "");
  auto [left, right] = equation.split("->");
  SmallVector<StringRef> parts;
  left.split(parts, ',');
  for (StringRef part : parts) {
    std::optional<Term> term = parse(part);
    if (!term)
      return fail("cannot be read");
    terms.push_back(*term);
  }
  std::optional<Term> result =
      equation.contains("->") ? parse(right) : getImplicitResult();
  if (!result)
    return fail("cannot be read");
  if (terms.size() != node.getNumSlots())
    return fail("does not have a term for each operand");
  SmallVector<unsigned> ellipses;
  for (auto [slot, term] : llvm::enumerate(terms)) {
    size_t rank =
        cast<RankedTensorType>(node.getInput(slot).getType()).getRank();
    size_t letters = term.letters.size();
    if (term.ellipsis ? rank < letters : rank != letters)
      return fail("does not fit the rank of operand " + Twine(slot));
    ellipses.push_back(rank - letters);
    numLoops = std::max(numLoops, ellipses.back());
  }
  Einsum einsum;
  for (auto [term, dims] : llvm::zip_equal(terms, ellipses))
    einsum.operands.push_back(getLoops(term, dims));
  size_t known = loops.size();
  einsum.result = getLoops(*result, numLoops);
  einsum.numLoops = numLoops + loops.size();
  if (loops.size() != known)
    return fail("has a letter in the result alone");
  SmallVector<unsigned> sorted(einsum.result);
  llvm::sort(sorted);
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return fail("repeats a letter in the result");
  return einsum;
}

FailureOr<Einsum> onnxir::readEinsum(NodeOp node) {
  return Reader(node).read();
}
