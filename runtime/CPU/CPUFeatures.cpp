//===- CPUFeatures.cpp - What this machine's processor has -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/CPUFeatures.h"
#include <algorithm>
#include <cstdint>

using namespace moe::rt;

#if defined(__x86_64__)
#include <cpuid.h>

namespace {
/// A register that CPUID fills.
enum Register : uint8_t { EAX, EBX, ECX, EDX };

/// State that the system must save for programs to use a feature: bits of XCR0.
enum State : uint32_t {
  Always = 0,
  AVX = 1 << 1 | 1 << 2,
  AVX512 = AVX | 1 << 5 | 1 << 6 | 1 << 7,
  AMX = 1 << 17 | 1 << 18,
};

struct Feature {
  std::string_view name;
  uint32_t leaf, subleaf;
  Register where;
  uint8_t bit;
  State state;
};
} // namespace

/// After the tables of CPUID in Intel's and AMD's manuals: all that LLVM's code
/// generation makes use of by itself or that kernels ask for.
static constexpr Feature features[] = {
    {"cx8", 1, 0, EDX, 8, Always},
    {"cmov", 1, 0, EDX, 15, Always},
    {"mmx", 1, 0, EDX, 23, Always},
    {"sse", 1, 0, EDX, 25, Always},
    {"sse2", 1, 0, EDX, 26, Always},
    {"sse3", 1, 0, ECX, 0, Always},
    {"ssse3", 1, 0, ECX, 9, Always},
    {"fma", 1, 0, ECX, 12, AVX},
    {"cx16", 1, 0, ECX, 13, Always},
    {"sse4.1", 1, 0, ECX, 19, Always},
    {"sse4.2", 1, 0, ECX, 20, Always},
    {"movbe", 1, 0, ECX, 22, Always},
    {"popcnt", 1, 0, ECX, 23, Always},
    {"avx", 1, 0, ECX, 28, AVX},
    {"f16c", 1, 0, ECX, 29, AVX},
    {"bmi", 7, 0, EBX, 3, Always},
    {"avx2", 7, 0, EBX, 5, AVX},
    {"bmi2", 7, 0, EBX, 8, Always},
    {"avx512f", 7, 0, EBX, 16, AVX512},
    {"avx512dq", 7, 0, EBX, 17, AVX512},
    {"adx", 7, 0, EBX, 19, Always},
    {"avx512ifma", 7, 0, EBX, 21, AVX512},
    {"avx512cd", 7, 0, EBX, 28, AVX512},
    {"avx512bw", 7, 0, EBX, 30, AVX512},
    {"avx512vl", 7, 0, EBX, 31, AVX512},
    {"avx512vbmi", 7, 0, ECX, 1, AVX512},
    {"avx512vbmi2", 7, 0, ECX, 6, AVX512},
    {"gfni", 7, 0, ECX, 8, Always},
    {"avx512vnni", 7, 0, ECX, 11, AVX512},
    {"avx512bitalg", 7, 0, ECX, 12, AVX512},
    {"avx512vpopcntdq", 7, 0, ECX, 14, AVX512},
    {"avx512vp2intersect", 7, 0, EDX, 8, AVX512},
    {"amx-bf16", 7, 0, EDX, 22, AMX},
    {"avx512fp16", 7, 0, EDX, 23, AVX512},
    {"amx-tile", 7, 0, EDX, 24, AMX},
    {"amx-int8", 7, 0, EDX, 25, AMX},
    {"raoint", 7, 1, EAX, 3, Always},
    {"avxvnni", 7, 1, EAX, 4, AVX},
    {"avx512bf16", 7, 1, EAX, 5, AVX512},
    {"cmpccxadd", 7, 1, EAX, 7, Always},
    {"amx-fp16", 7, 1, EAX, 21, AMX},
    {"avxifma", 7, 1, EAX, 23, AVX},
    {"avxvnniint8", 7, 1, EDX, 4, AVX},
    {"avxneconvert", 7, 1, EDX, 5, AVX},
    {"amx-complex", 7, 1, EDX, 8, AMX},
    {"avxvnniint16", 7, 1, EDX, 10, AVX},
    {"sahf", 0x80000001, 0, ECX, 0, Always},
    {"lzcnt", 0x80000001, 0, ECX, 5, Always},
    {"sse4a", 0x80000001, 0, ECX, 6, Always},
    {"xop", 0x80000001, 0, ECX, 11, AVX},
    {"fma4", 0x80000001, 0, ECX, 16, AVX},
    {"tbm", 0x80000001, 0, ECX, 21, Always},
    {"64bit", 0x80000001, 0, EDX, 29, Always},
};

/// The registers whose state the system saves; 0 if it does not say.
static uint32_t getSavedState() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool moe::rt::hasCPUFeature(std::string_view name) {
  for (const Feature &feature : features) {
    if (feature.name != name)
      continue;
    uint32_t words[4], lastSubleaf, unused[3];
    if (feature.subleaf &&
        (!__get_cpuid_count(feature.leaf, 0, &lastSubleaf, &unused[0],
                            &unused[1], &unused[2]) ||
         feature.subleaf > lastSubleaf))
      return false;
    return __get_cpuid_count(feature.leaf, feature.subleaf, &words[EAX],
                             &words[EBX], &words[ECX], &words[EDX]) &&
           (words[feature.where] >> feature.bit & 1) &&
           (getSavedState() & feature.state) == feature.state;
  }
  return false;
}
#else
// Code for other processors is made for the machine that it runs on.
bool moe::rt::hasCPUFeature(std::string_view) { return true; }
#endif

std::string moe::rt::getMissingCPUFeatures(std::string_view list) {
  std::string missing;
  while (!list.empty()) {
    size_t end = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!name.empty() && !hasCPUFeature(name))
      missing.append(missing.empty() ? "" : ",").append(name);
  }
  return missing;
}
