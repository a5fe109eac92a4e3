//===- CommandLine.h - Options of a program ---------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_COMMON_COMMANDLINE_H
#define MOE_TOOLS_COMMON_COMMANDLINE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace moe {

/// One option of a program whose options are read into an `OptionsT`. LLVM's
/// own command line would bring the many options of its shared library, some of
/// them of the same names.
template <typename OptionsT> struct OptionInfo {
  llvm::StringLiteral name;
  /// What stands for the value in the help; "" if there is none, in brackets
  /// if it may be left out.
  llvm::StringLiteral value;
  llvm::StringLiteral help;
  /// False if the value is not one.
  bool (*set)(OptionsT &options, llvm::StringRef value);

  bool isOptional() const { return value.starts_with("["); }
};

/// Prints `text` in lines of 80 columns, indented.
inline void printWrapped(llvm::raw_ostream &os, llvm::StringRef text,
                         unsigned indent) {
  llvm::SmallVector<llvm::StringRef> words;
  text.split(words, ' ');
  unsigned column = 80;
  for (llvm::StringRef word : words) {
    if (column + 1 + word.size() > 79) {
      os << '\n';
      os.indent(indent) << word;
      column = indent + word.size();
      continue;
    }
    os << ' ' << word;
    column += 1 + word.size();
  }
  os << '\n';
}

/// Prints what each option does.
template <typename OptionsT>
void printOptions(llvm::raw_ostream &os,
                  llvm::ArrayRef<OptionInfo<OptionsT>> infos) {
  for (const OptionInfo<OptionsT> &info : infos) {
    os << "  --" << info.name;
    if (info.isOptional())
      os << "[=" << info.value.drop_front();
    else if (!info.value.empty())
      os << '=' << info.value;
    printWrapped(os, info.help, 8);
  }
}

/// Reads the arguments of `program` into `options`: `--name=value` or
/// `--name value`; whatever is no option goes to `addOther`. Errors are one
/// line.
template <typename OptionsT>
llvm::Error
parseOptions(llvm::StringRef program, llvm::ArrayRef<const char *> args,
             llvm::ArrayRef<OptionInfo<OptionsT>> infos, OptionsT &options,
             llvm::function_ref<llvm::Error(llvm::StringRef)> addOther) {
  using llvm::createStringError;
  for (; !args.empty(); args = args.drop_front()) {
    llvm::StringRef arg = args.front();
    if (!arg.starts_with("-") || arg == "-") {
      if (llvm::Error error = addOther(arg))
        return error;
      continue;
    }
    auto [name, value] =
        arg.drop_while([](char c) { return c == '-'; }).split('=');
    const auto *info = llvm::find_if(
        infos, [&, name = name](auto &info) { return info.name == name; });
    if (info == infos.end())
      return createStringError("unknown option '" + arg + "'; see " + program +
                               " --help");
    bool hasValue = arg.contains('=');
    if (info->value.empty() && hasValue)
      return createStringError("--" + name + ": takes no value");
    if (!info->value.empty() && !info->isOptional() && !hasValue) {
      if (args.size() < 2)
        return createStringError("--" + name + ": needs a value, " +
                                 info->value);
      args = args.drop_front();
      value = args.front();
    }
    if (!info->set(options, value))
      return createStringError("--" + name + ": '" + value + "' is not " +
                               info->value);
  }
  return llvm::Error::success();
}

} // namespace moe

#endif // MOE_TOOLS_COMMON_COMMANDLINE_H
