//===- CPUFeatures.h - What this machine's processor has -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CPUFEATURES_H
#define MOE_RUNTIME_CPUFEATURES_H

#include <string>
#include <string_view>

namespace moe::rt {

/// Whether the processor has a feature and the system lets programs use it, by
/// LLVM's name. An unknown feature it has not.
bool hasCPUFeature(std::string_view name);

/// Those of a list "a,b,c" that it has not, as such a list.
std::string getMissingCPUFeatures(std::string_view list);

} // namespace moe::rt

#endif // MOE_RUNTIME_CPUFEATURES_H
