//===- Json.h - A small reader of JSON text -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CPU_JSON_H
#define MOE_RUNTIME_CPU_JSON_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moe::rt {

/// A JSON value. Numbers are whole: a manifest holds no others.
struct Json {
  enum Kind { Null, Bool, Number, String, Array, Object };
  Kind kind = Null;
  int64_t number = 0;
  std::string string;
  /// The elements of an array; the members of an object, with their names.
  std::vector<std::pair<std::string, Json>> members;

  /// A member of an object, null if it has none of that name.
  const Json *get(std::string_view name) const;

  /// False if the text is not one JSON value of this kind.
  static bool parse(std::string_view text, Json &value);
};

/// A string as JSON text.
std::string quoteJson(std::string_view text);

} // namespace moe::rt

#endif // MOE_RUNTIME_CPU_JSON_H
