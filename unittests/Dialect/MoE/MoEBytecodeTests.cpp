//===- MoEBytecodeTests.cpp - Malformed bytecode of the dialect -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Diagnostics.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/IR/MoEBytecode.h"
#include "llvm/ADT/bit.h"
#include <deque>
#include <gtest/gtest.h>

using namespace mlir;

namespace {
/// Feeds numbers to the reader of the dialect, as bytecode would.
class Numbers : public DialectBytecodeReader {
public:
  Numbers(MLIRContext *context, std::initializer_list<uint64_t> numbers)
      : context(context), numbers(numbers) {}

  InFlightDiagnostic emitError(const Twine &message) const override {
    return mlir::emitError(UnknownLoc::get(context), message);
  }
  FailureOr<const DialectVersion *>
  getDialectVersion(StringRef) const override {
    if (!version)
      return failure();
    return version;
  }
  MLIRContext *getContext() const override { return context; }
  uint64_t getBytecodeVersion() const override { return 6; }

  LogicalResult readVarInt(uint64_t &result) override {
    if (numbers.empty())
      return emitError("no more numbers");
    result = numbers.front();
    numbers.pop_front();
    return success();
  }
  LogicalResult readSignedVarInt(int64_t &result) override {
    uint64_t number;
    if (failed(readVarInt(number)))
      return failure();
    result = static_cast<int64_t>(number);
    return success();
  }
  FailureOr<APFloat>
  readAPFloatWithKnownSemantics(const llvm::fltSemantics &) override {
    uint64_t bits;
    if (failed(readVarInt(bits)))
      return failure();
    return APFloat(llvm::bit_cast<double>(bits));
  }
  LogicalResult readType(Type &result) override {
    result = Float32Type::get(context);
    return success();
  }

  // The dialect reads nothing else.
  LogicalResult readAttribute(Attribute &) override { return failure(); }
  LogicalResult readOptionalAttribute(Attribute &) override {
    return failure();
  }
  FailureOr<APInt> readAPIntWithKnownWidth(unsigned) override {
    return failure();
  }
  LogicalResult readString(StringRef &) override { return failure(); }
  LogicalResult readBlob(ArrayRef<char> &) override { return failure(); }
  LogicalResult readBool(bool &) override { return failure(); }

  /// The dialect's version that the numbers are of; null for the current one.
  const DialectVersion *version = nullptr;

private:
  FailureOr<AsmDialectResourceHandle> readResourceHandle() override {
    return failure();
  }

  MLIRContext *context;
  std::deque<uint64_t> numbers;
};

class MoEBytecode : public testing::Test {
protected:
  MoEBytecode()
      : interface(context.getOrLoadDialect<moe::MoEDialect>()
                      ->getRegisteredInterface<BytecodeDialectInterface>()),
        handler(&context, [this](Diagnostic &diagnostic) {
          message = diagnostic.str();
          return success();
        }) {}

  /// The attribute or type of the numbers as text, else the error.
  std::string readAttribute(std::initializer_list<uint64_t> numbers,
                            const DialectVersion *version = nullptr) {
    Numbers reader(&context, numbers);
    reader.version = version;
    return print(interface->readAttribute(reader));
  }
  std::string readType(std::initializer_list<uint64_t> numbers) {
    Numbers reader(&context, numbers);
    return print(interface->readType(reader));
  }

  template <typename T> std::string print(T value) {
    if (!value)
      return message;
    std::string text;
    llvm::raw_string_ostream(text) << value;
    return text;
  }

  MLIRContext context;
  const BytecodeDialectInterface *interface;
  ScopedDiagnosticHandler handler;
  std::string message;
};
} // namespace

static uint64_t bits(double value) { return llvm::bit_cast<uint64_t>(value); }

TEST_F(MoEBytecode, ReadsAttributes) {
  EXPECT_EQ(readAttribute({0, 1, bits(0.5)}),
            "#moe.score<softmax, temperature = 0.5>");
  EXPECT_EQ(readAttribute({6, 1, 2, 1}),
            "#moe.layout<offset = 1, step = 2, transposed = true>");
  EXPECT_EQ(readAttribute({9, 2, 4, 8, 1, 0, 4, 0}),
            "#moe.schedule<[<experts = [4, 8], gemm = dense>, <experts = [0, "
            "4], gemm = grouped>]>");
  EXPECT_EQ(readType({1, 2, 8, 4}), "!moe.weights<8x4, f32>");
}

// (B3)
TEST_F(MoEBytecode, ReadsSelectOfBothVersions) {
  std::initializer_list<uint64_t> numbers = {2,         0, 4, bits(0.0),
                                             bits(0.0), 1, 0, bits(0.0)};
  EXPECT_EQ(readAttribute(numbers), "#moe.select<top_k, k = 4, tie = higher>");
  moe::MoEDialectVersion first(1, 0);
  EXPECT_EQ(readAttribute(numbers, &first), "#moe.select<top_k, k = 4>");
}

// (B4)
TEST_F(MoEBytecode, RefusesUnknownNumbers) {
  EXPECT_EQ(readAttribute({10}), "unknown attribute 10 of the moe dialect");
  EXPECT_EQ(readType({3}), "unknown type 3 of the moe dialect");
  EXPECT_EQ(readAttribute({0, 99, bits(1.0)}),
            "unknown enumerator 99 of the moe dialect");
  EXPECT_EQ(readAttribute({0, uint64_t(1) << 32, bits(1.0)}),
            "unknown enumerator 4294967296 of the moe dialect");
  EXPECT_EQ(readAttribute({6, 0, 1, 2}), "2 is no truth value");
  EXPECT_EQ(readType({1, 4, 1, 1, 1, 1}), "weights of rank 4");
  EXPECT_EQ(readType({1, ~uint64_t(0)}),
            "weights of rank 18446744073709551615");
}

// (B4)
TEST_F(MoEBytecode, ChecksConstraints) {
  EXPECT_EQ(readAttribute({0, 1, bits(-1.0)}),
            "temperature must be a positive number");
  EXPECT_EQ(readAttribute({0, 1, bits(std::nan(""))}),
            "temperature must be a positive number");
  EXPECT_EQ(readAttribute({2, 2, 4, bits(0.0), bits(std::nan("")), 0, 0, 0}),
            "threshold must be a number");
  EXPECT_EQ(readAttribute({9, 1, 1, 4, 0}),
            "chunks must hold every expert once, 0 is not");
  EXPECT_EQ(readAttribute({9, 1, 0, 0, 0}),
            "a chunk is of one expert at least, got [0, 0]");
  EXPECT_EQ(readType({0, uint64_t(-1), 0}),
            "a plan needs at least one expert, and fewer than 2^31, got -1");
  EXPECT_EQ(readType({1, 2, 8, 0}),
            "weights need static dimensions of at least 1");
}

// (B4)
TEST_F(MoEBytecode, RefusesTruncation) {
  for (auto numbers : {std::initializer_list<uint64_t>{},
                       {0},
                       {0, 1},
                       {1, 4},
                       {2, 0, 4, 0, 0, 1},
                       {5, 0, 0, 0},
                       {7, 0, 0, 0},
                       {9, uint64_t(1) << 60},
                       {6, 0}})
    EXPECT_EQ(readAttribute(numbers), "no more numbers");
  for (auto numbers :
       {std::initializer_list<uint64_t>{}, {0, 8}, {1, 3, 8}, {2, 1, 1}})
    EXPECT_EQ(readType(numbers), "no more numbers");
}
