//===- LaunchPlan.cpp - Plans of launches as they are read from JSON ------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchPlan.h"
#include "../CPU/Json.h"
#include <algorithm>
#include <string_view>

using namespace moe::rt;
using namespace moe::rt::cuda;

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

namespace {
class Expression {
public:
  Expression(std::string_view text, const std::vector<int64_t> &sizes)
      : text(text), sizes(sizes) {}

  bool parse(int64_t &value) { return parseSum(value) && text.empty(); }

private:
  bool take(char c) {
    if (text.empty() || text.front() != c)
      return false;
    text.remove_prefix(1);
    return true;
  }

  bool parseNumber(int64_t &value) {
    value = 0;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      if (__builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, int64_t(text.front() - '0'), &value))
        return false;
      text.remove_prefix(1);
      any = true;
    }
    return any;
  }

  bool parseFactor(int64_t &value) {
    if (depth++ > 64)
      return false;
    if (take('(')) {
      if (!parseSum(value) || !take(')'))
        return false;
    } else if (text.substr(0, 4) == "min(" || text.substr(0, 4) == "max(") {
      bool isMin = text[1] == 'i';
      text.remove_prefix(4);
      int64_t other;
      if (!parseSum(value) || !take(',') || !parseSum(other) || !take(')'))
        return false;
      value = isMin ? std::min(value, other) : std::max(value, other);
    } else if (take('d')) {
      int64_t index;
      if (!parseNumber(index) || index >= static_cast<int64_t>(sizes.size()))
        return false;
      value = sizes[index];
    } else if (!parseNumber(value)) {
      return false;
    }
    --depth;
    return true;
  }

  bool parseProduct(int64_t &value) {
    if (!parseFactor(value))
      return false;
    while (true) {
      int64_t other;
      if (take('*')) {
        if (!parseFactor(other) || __builtin_mul_overflow(value, other, &value))
          return false;
      } else if (take('/')) {
        if (!parseFactor(other) || other <= 0 || value < 0)
          return false;
        value /= other;
      } else {
        return true;
      }
    }
  }

  bool parseSum(int64_t &value) {
    if (!parseProduct(value))
      return false;
    while (true) {
      int64_t other;
      if (take('+')) {
        if (!parseProduct(other) ||
            __builtin_add_overflow(value, other, &value))
          return false;
      } else if (take('-')) {
        if (!parseProduct(other) ||
            __builtin_sub_overflow(value, other, &value))
          return false;
      } else {
        return true;
      }
    }
  }

  std::string_view text;
  const std::vector<int64_t> &sizes;
  int depth = 0;
};
} // namespace

bool moe::rt::cuda::evaluate(const std::string &text,
                             const std::vector<int64_t> &sizes,
                             int64_t &value) {
  return Expression(text, sizes).parse(value);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// Reads members that must be there; `error` says which one is not.
class Reader {
public:
  Reader(LaunchPlan &plan, std::string &error) : plan(plan), error(error) {}

  bool readKernels(const Json &json);
  bool readFunction(const Json &json);

private:
  bool fail(const std::string &what) {
    error = "the launch plan is malformed: " + what;
    return false;
  }
  const Json *member(const Json &json, const char *name, Json::Kind kind) {
    const Json *found = json.get(name);
    if (found && found->kind == kind)
      return found;
    fail(std::string("no ") + name);
    return nullptr;
  }
  bool readSteps(const Json &json, std::vector<StepSpec> &steps);
  bool readLaunch(const Json &json, StepSpec &step);
  bool readExpression(const Json &json, std::string &text);

  LaunchPlan &plan;
  std::string &error;
};
} // namespace

bool Reader::readExpression(const Json &json, std::string &text) {
  int64_t value;
  // Sizes of 1 try the syntax.
  std::vector<int64_t> ones(plan.sizes.size(), 1);
  if (json.kind != Json::String || !evaluate(json.string, ones, value))
    return fail("an expression that is none");
  text = json.string;
  return true;
}

bool Reader::readKernels(const Json &json) {
  for (const auto &[unused, entry] : json.members) {
    KernelSpec kernel;
    const Json *name = member(entry, "name", Json::String);
    const Json *warps = member(entry, "num_warps", Json::Number);
    const Json *shared = member(entry, "shared", Json::Number);
    const Json *binary = member(entry, "binary", Json::String);
    const Json *capability = member(entry, "capability", Json::Number);
    if (!name || !warps || !shared || !binary || !capability)
      return false;
    kernel.name = name->string;
    kernel.binary = binary->string;
    kernel.warps = warps->number;
    kernel.shared = shared->number;
    kernel.capability = capability->number;
    if (const Json *scratch = entry.get("scratch"))
      kernel.scratch = scratch->number;
    const Json *overlaps = entry.get("launch_pdl");
    kernel.overlaps = overlaps && overlaps->number;
    if (kernel.warps < 1 || kernel.warps > 32 || kernel.shared < 0 ||
        kernel.scratch < 0 || kernel.binary.find('/') != std::string::npos)
      return fail("kernel " + kernel.name);
    plan.kernels.push_back(std::move(kernel));
  }
  return true;
}

bool Reader::readLaunch(const Json &json, StepSpec &step) {
  const Json *name = member(json, "launch", Json::String);
  const Json *grid = member(json, "grid", Json::Array);
  const Json *arguments = member(json, "arguments", Json::Array);
  if (!name || !grid || !arguments)
    return false;
  auto found = std::find_if(
      plan.kernels.begin(), plan.kernels.end(),
      [&](const KernelSpec &kernel) { return kernel.name == name->string; });
  if (found == plan.kernels.end())
    return fail("there is no kernel " + name->string);
  step.kernel = found - plan.kernels.begin();
  found->used = true;
  if (grid->members.empty() || grid->members.size() > 3)
    return fail("a grid of no dimension, or of many");
  for (const auto &[unused, size] : grid->members)
    if (!readExpression(size, step.grid.emplace_back()))
      return false;
  for (const auto &[unused, argument] : arguments->members) {
    if (argument.kind != Json::Object || argument.members.size() != 1)
      return fail("a parameter that is none");
    const auto &[key, value] = argument.members.front();
    ParameterSpec parameter{};
    if (key == "i32") {
      parameter.kind = ParameterSpec::Number;
      if (!readExpression(value, parameter.value))
        return false;
    } else {
      bool isArgument = key == "argument";
      size_t count = isArgument ? plan.arguments.size() : plan.buffers.size();
      if ((!isArgument && key != "buffer") || value.kind != Json::Number ||
          value.number < 0 || value.number >= static_cast<int64_t>(count))
        return fail("a parameter that is none");
      parameter.kind =
          isArgument ? ParameterSpec::Argument : ParameterSpec::Buffer;
      parameter.index = value.number;
    }
    step.parameters.push_back(std::move(parameter));
  }
  return true;
}

bool Reader::readSteps(const Json &json, std::vector<StepSpec> &steps) {
  for (const auto &[unused, entry] : json.members) {
    StepSpec step;
    const Json *cases = entry.get("cases");
    if (!cases) {
      if (!readLaunch(entry, step))
        return false;
      steps.push_back(std::move(step));
      continue;
    }
    for (const auto &[unused2, branch] : cases->members) {
      StepSpec::Case next;
      if (const Json *condition = branch.get("if")) {
        if (condition->members.size() != 3 ||
            !readExpression(condition->members[0].second, next.left) ||
            !readExpression(condition->members[2].second, next.right))
          return fail("a condition that is none");
        next.comparison = condition->members[1].second.string;
        if (next.comparison != "ule" && next.comparison != "eq")
          return fail("a condition that is none");
      }
      const Json *body = member(branch, "steps", Json::Array);
      if (!body || !readSteps(*body, next.steps))
        return false;
      step.cases.push_back(std::move(next));
    }
    steps.push_back(std::move(step));
  }
  return true;
}

bool Reader::readFunction(const Json &json) {
  const Json *arguments = member(json, "arguments", Json::Array);
  const Json *results = member(json, "results", Json::Array);
  const Json *sizes = member(json, "sizes", Json::Array);
  const Json *buffers = member(json, "buffers", Json::Array);
  const Json *init = member(json, "init", Json::Array);
  const Json *steps = member(json, "steps", Json::Array);
  if (!arguments || !results || !sizes || !buffers || !init || !steps)
    return false;
  for (const auto &[unused, entry] : arguments->members) {
    ArgumentSpec argument;
    const Json *shape = member(entry, "shape", Json::Array);
    if (!shape)
      return false;
    for (const auto &[unused2, size] : shape->members)
      argument.shape.push_back(size.kind == Json::Number ? size.number : -1);
    const Json *weight = entry.get("weight");
    argument.weight = weight && weight->number;
    plan.arguments.push_back(std::move(argument));
  }
  for (const auto &[unused, entry] : sizes->members) {
    const Json *argument = member(entry, "argument", Json::Number);
    const Json *dim = member(entry, "dim", Json::Number);
    if (!argument || !dim)
      return false;
    if (argument->number < 0 ||
        argument->number >= static_cast<int64_t>(plan.arguments.size()) ||
        dim->number < 0 ||
        dim->number >=
            static_cast<int64_t>(plan.arguments[argument->number].shape.size()))
      return fail("a size of no argument");
    plan.sizes.push_back({argument->number, dim->number});
  }
  plan.numResults = results->members.size();
  for (const auto &[unused, entry] : buffers->members) {
    BufferSpec buffer;
    const Json *bytes = member(entry, "bytes", Json::String);
    if (!bytes || !readExpression(*bytes, buffer.bytes))
      return false;
    const Json *persistent = entry.get("persistent");
    buffer.persistent = persistent && persistent->number;
    if (const Json *result = entry.get("result")) {
      if (result->number < 0 ||
          result->number >= static_cast<int64_t>(plan.numResults))
        return fail("a buffer of no result");
      buffer.result = result->number;
    }
    plan.buffers.push_back(std::move(buffer));
  }
  return readSteps(*init, plan.init) && readSteps(*steps, plan.steps);
}

bool LaunchPlan::read(const std::string &text, const std::string &function,
                      std::string &error) {
  Json json;
  if (!Json::parse(text, json) || json.kind != Json::Object) {
    error = "the launch plan is not JSON";
    return false;
  }
  const Json *list = json.get("kernels");
  const Json *functions = json.get("functions");
  if (!list || !functions) {
    error = "the launch plan is malformed: no kernels or no functions";
    return false;
  }
  Reader reader(*this, error);
  if (!reader.readKernels(*list))
    return false;
  for (const auto &[unused, entry] : functions->members) {
    const Json *name = entry.get("name");
    if (name && (name->string == function ||
                 (function.empty() && functions->members.size() == 1)))
      return reader.readFunction(entry);
  }
  error = function.empty() ? "the launch plan has several functions; name one"
                           : "the launch plan has no function " + function;
  return false;
}
