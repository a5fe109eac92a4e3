//===- CeilingsCode.cpp - Loops that reach the machine's limits -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CeilingsCode.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace moe;

/// "text(0), text(1), …", with `i` in place of each "{0}".
static std::string repeat(const char *text, unsigned count,
                          StringRef separator = ", ") {
  return join(
      map_range(seq(count), [&](unsigned i) { return formatv(text, i).str(); }),
      separator);
}

/// Vectors %acc#0 … as one scalar %sum.
static std::string sumUp(unsigned count, StringRef add, StringRef vector,
                         StringRef element) {
  std::string text, last = "%acc#0";
  for (unsigned i = 1; i < count; ++i) {
    text +=
        formatv("    %t{0} = {1} {2}, %acc#{0} : {3}\n", i, add, last, vector);
    last = formatv("%t{0}", i);
  }
  return text +
         formatv("    %sum = vector.reduction <add>, {0} : {1} into {2}\n",
                 last, vector, element)
             .str();
}

namespace {
/// One kind of multiply-add instruction.
struct Instruction {
  StringLiteral name;
  /// What the target must have; "" for nothing.
  StringLiteral feature;
  /// LLVM's intrinsic without the number of bits; "" for vector.fma.
  StringLiteral intrinsic;
  /// Elements of the accumulators and of the operands.
  StringLiteral accumulator, operand;
  /// Operands that one accumulator takes.
  unsigned depth;
};
} // namespace

static constexpr Instruction instructions[] = {
    {"f32", "", "", "f32", "f32", 1},
    {"bf16", "avx512bf16", "llvm.x86.avx512bf16.dpbf16ps", "f32", "bf16", 2},
    {"int8", "avx512vnni", "llvm.x86.avx512.vpdpbusd", "i32", "i8", 4},
    {"int8", "avxvnni", "llvm.x86.avx512.vpdpbusd", "i32", "i8", 4},
};

/// The loop of one instruction on vectors of `bits` bits.
static PeakLoop getPeakLoop(const Instruction &instruction, unsigned bits) {
  // As many chains as a kernel's tile has: enough to hide the latency.
  unsigned chains = bits == 512 ? 24 : 12, lanes = bits / 32;
  bool real = instruction.accumulator == "f32";
  std::string vector =
      formatv("vector<{0}x{1}>", lanes, instruction.accumulator);
  std::string operand = formatv("vector<{0}x{1}>", lanes * instruction.depth,
                                instruction.operand);
  std::string source = formatv("{0}x{1}>", peakTasks, instruction.operand);
  std::string signature = formatv("({0}, {1}, {1}) -> {0}", vector, operand);
  std::string intrinsic = formatv("@\"{0}.{1}\"", instruction.intrinsic, bits);

  std::string module;
  if (!instruction.intrinsic.empty())
    module = formatv("func.func private {0}{1}\n", intrinsic, signature);
  module += formatv(R"(
func.func @peak(%x: tensor<{0}, %n: tensor<i64>) -> tensor<{1}xf32> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %tasks = arith.constant {1} : index
  %n0 = tensor.extract %n[] : tensor<i64>
  %steps = arith.index_cast %n0 : i64 to index
  %in = bufferization.to_buffer %x read_only : tensor<{0} to memref<{0}
  %sums = memref.alloc() : memref<{1}xf32>
  scf.parallel (%t) = (%c0) to (%tasks) step (%c1) {{
    %a = vector.load %in[%c0] : memref<{0}, {2}
    %zero = arith.constant dense<0{3}> : {4}
)",
                    source, peakTasks, operand, real ? ".0" : "", vector);
  module += formatv("    %acc:{0} = scf.for %i = %c0 to %steps step %c1 "
                    "iter_args({1}) -> ({2}) {{\n",
                    chains, repeat("%s{0} = %zero", chains),
                    join(std::vector<std::string>(chains, vector), ", "));
  for (unsigned i : seq(chains))
    module +=
        instruction.intrinsic.empty()
            ? formatv("      %r{0} = vector.fma %a, %a, %s{0} : {1}\n", i,
                      vector)
                  .str()
            : formatv("      %r{0} = func.call {1}(%s{0}, %a, %a) : {2}\n", i,
                      intrinsic, signature)
                  .str();
  module +=
      formatv("      scf.yield {0} : {1}\n    }\n", repeat("%r{0}", chains),
              join(std::vector<std::string>(chains, vector), ", "));
  module += sumUp(chains, real ? "arith.addf" : "arith.addi", vector,
                  instruction.accumulator);
  if (!real)
    module += "    %real = arith.sitofp %sum : i32 to f32\n";
  module += formatv(R"(    memref.store {0}, %sums[%t] : memref<{1}xf32>
  }
  %y = bufferization.to_tensor %sums restrict : memref<{1}xf32> to tensor<{1}xf32>
  return %y : tensor<{1}xf32>
}
)",
                    real ? "%sum" : "%real", peakTasks);
  return {instruction.name.str(), module,
          2.0 * chains * lanes * instruction.depth};
}

std::vector<PeakLoop> moe::getPeakLoops(const CodeTarget &target) {
  std::vector<PeakLoop> loops;
  for (const Instruction &instruction : instructions) {
    if (!instruction.feature.empty() && !target.hasFeature(instruction.feature))
      continue;
    if (!loops.empty() && loops.back().name == instruction.name)
      continue;
    loops.push_back(getPeakLoop(instruction, target.getVectorBits()));
  }
  return loops;
}

std::string moe::getReadLoop(const CodeTarget &target) {
  constexpr unsigned streams = 8;
  unsigned lanes = target.getVectorBits() / 32;
  std::string vector = formatv("vector<{0}xf32>", lanes);
  std::string source = formatv("?x{0}xf32>", readChunk);
  std::string module = formatv(
      R"(
func.func @read(%x: tensor<{0}) -> tensor<?xf32> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %step = arith.constant {1} : index
  %end = arith.constant {2} : index
  %chunks = tensor.dim %x, %c0 : tensor<{0}
  %in = bufferization.to_buffer %x read_only : tensor<{0} to memref<{0}
  %sums = memref.alloc(%chunks) : memref<?xf32>
  scf.parallel (%t) = (%c0) to (%chunks) step (%c1) {{
    %zero = arith.constant dense<0.0> : {3}
    %acc:{4} = scf.for %i = %c0 to %end step %step iter_args({5}) -> ({6}) {{
)",
      source, streams * lanes, readChunk, vector, streams,
      repeat("%s{0} = %zero", streams),
      join(std::vector<std::string>(streams, vector), ", "));
  for (unsigned i : seq(streams))
    module += formatv(R"(      %k{0} = arith.constant {1} : index
      %j{0} = arith.addi %i, %k{0} : index
      %v{0} = vector.load %in[%t, %j{0}] : memref<{2}, {3}
      %r{0} = arith.addf %v{0}, %s{0} : {3}
)",
                      i, i * lanes, source, vector);
  module +=
      formatv("      scf.yield {0} : {1}\n    }\n", repeat("%r{0}", streams),
              join(std::vector<std::string>(streams, vector), ", "));
  module += sumUp(streams, "arith.addf", vector, "f32");
  module += R"(    memref.store %sum, %sums[%t] : memref<?xf32>
  }
  %y = bufferization.to_tensor %sums restrict : memref<?xf32> to tensor<?xf32>
  return %y : tensor<?xf32>
}
)";
  return module;
}
