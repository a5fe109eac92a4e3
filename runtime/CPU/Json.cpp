//===- Json.cpp - A small reader of JSON text -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Json.h"
#include <charconv>

using namespace moe::rt;

const Json *Json::get(std::string_view name) const {
  if (kind == Object)
    for (const auto &[key, value] : members)
      if (key == name)
        return &value;
  return nullptr;
}

namespace {
class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  bool parseValue(Json &value, unsigned depth) {
    if (depth > maxDepth)
      return false;
    skipSpace();
    if (text.empty())
      return false;
    switch (text.front()) {
    case '{':
    case '[':
      return parseMembers(value, depth);
    case '"':
      value.kind = Json::String;
      return parseString(value.string);
    case 't':
      value = {Json::Bool, 1, {}, {}};
      return consume("true");
    case 'f':
      value.kind = Json::Bool;
      return consume("false");
    case 'n':
      return consume("null");
    default:
      return parseNumber(value);
    }
  }

  bool atEnd() {
    skipSpace();
    return text.empty();
  }

private:
  static constexpr unsigned maxDepth = 16;

  void skipSpace() {
    size_t n = text.find_first_not_of(" \t\r\n");
    text.remove_prefix(n == text.npos ? text.size() : n);
  }

  bool consume(std::string_view token) {
    if (text.substr(0, token.size()) != token)
      return false;
    text.remove_prefix(token.size());
    return true;
  }

  bool consumeAfterSpace(std::string_view token) {
    skipSpace();
    return consume(token);
  }

  bool parseMembers(Json &value, unsigned depth) {
    bool isObject = text.front() == '{';
    value.kind = isObject ? Json::Object : Json::Array;
    std::string_view close = isObject ? "}" : "]";
    text.remove_prefix(1);
    if (consumeAfterSpace(close))
      return true;
    do {
      auto &[name, member] = value.members.emplace_back();
      if (isObject) {
        skipSpace();
        if (!parseString(name) || !consumeAfterSpace(":"))
          return false;
      }
      if (!parseValue(member, depth + 1))
        return false;
    } while (consumeAfterSpace(","));
    return consume(close);
  }

  bool parseNumber(Json &value) {
    value.kind = Json::Number;
    const char *end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, value.number);
    if (error != std::errc() ||
        (rest != end && (*rest == '.' || *rest == 'e' || *rest == 'E')))
      return false;
    text.remove_prefix(rest - text.data());
    return true;
  }

  bool parseHex4(unsigned &code) {
    if (text.size() < 4)
      return false;
    auto [rest, error] =
        std::from_chars(text.data(), text.data() + 4, code, 16);
    if (error != std::errc() || rest != text.data() + 4)
      return false;
    text.remove_prefix(4);
    return true;
  }

  bool parseEscape(std::string &out) {
    if (text.empty())
      return false;
    char c = text.front();
    text.remove_prefix(1);
    static constexpr std::string_view from = "\"\\/bfnrt",
                                      to = "\"\\/\b\f\n\r\t";
    if (size_t i = from.find(c); i != from.npos) {
      out += to[i];
      return true;
    }
    unsigned code, low;
    if (c != 'u' || !parseHex4(code))
      return false;
    if (code >= 0xd800 && code < 0xdc00) {
      if (!consume("\\u") || !parseHex4(low) || low < 0xdc00 || low > 0xdfff)
        return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    appendUtf8(out, code);
    return true;
  }

  static void appendUtf8(std::string &out, unsigned code) {
    if (code < 0x80) {
      out += char(code);
      return;
    }
    unsigned following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static constexpr unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    out += char(lead[following] | (code >> (6 * following)));
    while (following-- > 0)
      out += char(0x80 | ((code >> (6 * following)) & 0x3f));
  }

  bool parseString(std::string &out) {
    if (!consume("\""))
      return false;
    for (;;) {
      size_t n = text.find_first_of("\"\\");
      if (n == text.npos)
        return false;
      out.append(text.substr(0, n));
      char c = text[n];
      text.remove_prefix(n + 1);
      if (c == '"')
        return true;
      if (!parseEscape(out))
        return false;
    }
  }

  std::string_view text;
};
} // namespace

bool Json::parse(std::string_view text, Json &value) {
  Parser parser(text);
  return parser.parseValue(value, 0) && parser.atEnd();
}

std::string moe::rt::quoteJson(std::string_view text) {
  std::string quoted = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', static_cast<char>(c)};
    } else if (c < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      quoted += {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    } else {
      quoted += static_cast<char>(c);
    }
  }
  return quoted + '"';
}
