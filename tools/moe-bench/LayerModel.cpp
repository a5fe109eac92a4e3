//===- LayerModel.cpp - The MoE layer that is measured ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerModel.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>

using namespace llvm;
using namespace moe;

static constexpr WeightType types[] = {
    {"f32", "f32", "f32", 32},    {"f16", "f16", "f16", 16},
    {"bf16", "bf16", "bf16", 16}, {"int8", "ui8", "ui8", 8},
    {"int4", "ui4", "ui8", 4},
};

const WeightType *WeightType::find(StringRef name) {
  const auto *found =
      find_if(types, [&](const WeightType &type) { return type.name == name; });
  return found == std::end(types) ? nullptr : found;
}

std::string WeightType::listNames() {
  return join(map_range(types, [](auto &type) { return type.name; }), ", ");
}

static uint16_t toF16(float value) {
  _Float16 half = static_cast<_Float16>(value);
  uint16_t bits;
  memcpy(&bits, &half, sizeof(bits));
  return bits;
}

static uint16_t toBF16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits >> 16;
}

std::vector<uint8_t> WeightType::makeTokens(ArrayRef<float> values) const {
  std::vector<uint8_t> bytes(values.size() * (bits == 16 ? 2 : 4));
  if (bits != 16) {
    memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  for (auto [i, value] : enumerate(values)) {
    uint16_t narrow = name == "f16" ? toF16(value) : toBF16(value);
    memcpy(&bytes[2 * i], &narrow, sizeof(narrow));
  }
  return bytes;
}

static constexpr std::pair<StringLiteral, LayerShape> shapes[] = {
    {"olmoe", {2048, 1024, 64, 8}},
    {"qwen3-30b", {2048, 768, 128, 8}},
    {"mixtral/4", {2048, 7168, 8, 2}},
    {"gpt-oss/2", {1440, 1440, 32, 4}},
    {"deepseek-v2-lite", {2048, 1408, 64, 6}},
};

const LayerShape *LayerShape::find(StringRef name) {
  const auto *found =
      find_if(shapes, [&](auto &shape) { return shape.first == name; });
  return found == std::end(shapes) ? nullptr : &found->second;
}

std::string LayerShape::listNames() {
  return join(map_range(shapes, [](auto &shape) { return shape.first; }), ", ");
}

double LayerShape::getExpertBytes(const WeightType &type, int64_t block) const {
  auto bytes = [&](double out, double in) {
    double scales =
        type.hasScales() ? 2 * std::ceil(in / (block ? block : in)) : 0;
    return out * (in * type.bits / 8 + scales);
  };
  return 2 * bytes(inter, hidden) + bytes(hidden, inter);
}

namespace {
/// A module's text and, in step with it, its file of weights.
class LayerWriter {
public:
  LayerWriter(const LayerShape &shape, const WeightType &type, int64_t block,
              StringRef weightsPath, raw_ostream &data)
      : shape(shape), type(type), block(block), weightsPath(weightsPath),
        data(data) {}

  std::string write();

private:
  template <typename T, typename F>
  void addTensor(StringRef name, const Twine &tensorType, int64_t count,
                 F element, int64_t copies = 0);
  std::string addMatrix(StringRef name, int64_t out, int64_t in);
  float nextReal();

  const LayerShape &shape;
  const WeightType &type;
  int64_t block;
  StringRef weightsPath;
  raw_ostream &data;
  uint64_t offset = 0, state = 1;
  std::string weights, body;
};
} // namespace

/// Uniform in [-1, 1).
float LayerWriter::nextReal() {
  state = state * 6364136223846793005 + 1442695040888963407;
  return float(int32_t(state >> 32)) * 0x1p-31f;
}

/// Adds a weight of `count` elements and the operation that reads it; with
/// `copies`, as many, named by numbers, which differ: each starts a cache line
/// behind the one before in the same bytes of the file. Experts that are equal
/// would be folded into one, and files of all their values take time to write.
template <typename T, typename F>
void LayerWriter::addTensor(StringRef name, const Twine &tensorType,
                            int64_t count, F element, int64_t copies) {
  constexpr int64_t shift = 64;
  std::vector<T> values(count + std::max<int64_t>(copies - 1, 0) * shift /
                                    int64_t(sizeof(T)));
  for (T &value : values)
    value = element();
  data.write(reinterpret_cast<const char *>(values.data()),
             values.size() * sizeof(T));
  for (int64_t i = 0; i < std::max<int64_t>(copies, 1); ++i) {
    std::string symbol = name.str() + (copies ? std::to_string(i) : "");
    weights +=
        formatv("onnxir.weight @{0} from \"{1}\"[{2}, {3}] : {4}\n", symbol,
                weightsPath, offset + i * shift, count * sizeof(T), tensorType);
    body +=
        formatv("  %{0} = onnxir.get_weight @{0} : {1}\n", symbol, tensorType);
  }
  offset += values.size() * sizeof(T);
}

/// Adds moe.weights `%<name>_w` and returns their type.
std::string LayerWriter::addMatrix(StringRef name, int64_t out, int64_t in) {
  float bound = std::sqrt(3.0f / in);
  int64_t columns = type.hasScales() ? in * type.bits / 8 : in;
  std::string tensor =
      formatv("tensor<{0}x{1}x{2}>", out, columns, type.source);
  if (type.bits == 32)
    addTensor<float>(
        name, tensor, out * in, [&] { return bound * nextReal(); },
        shape.experts);
  else if (type.name == "f16")
    addTensor<uint16_t>(
        name, tensor, out * in, [&] { return toF16(bound * nextReal()); },
        shape.experts);
  else if (type.name == "bf16")
    addTensor<uint16_t>(
        name, tensor, out * in, [&] { return toBF16(bound * nextReal()); },
        shape.experts);
  else
    addTensor<uint8_t>(
        name, tensor, out * columns,
        [&] { return uint8_t(128 * nextReal() + 128); }, shape.experts);

  auto forAllExperts = [&](const std::string &text) {
    return join(std::vector<std::string>(shape.experts, text), ", ");
  };
  auto ofAllExperts = [&](StringRef tensor) {
    std::string names;
    for (int64_t i = 0; i < shape.experts; ++i)
      names += formatv("{0}%{1}{2}", i ? ", " : "", tensor, i);
    return names;
  };
  std::string scales;
  if (type.hasScales()) {
    int64_t blocks = block ? divideCeil(in, block) : 1;
    std::string scaleType =
        blocks == 1 ? formatv("tensor<{0}xf32>", out).str()
                    : formatv("tensor<{0}x{1}xf32>", out, blocks).str();
    std::string scaleName = (name + "_scale").str();
    float scale = bound / (1 << (type.bits - 1));
    addTensor<float>(
        scaleName, scaleType, out * blocks,
        [&] { return scale * (1 + 0.25f * nextReal()); }, shape.experts);
    scales = formatv(" scales({0} : {1}){2} zero_point({3})",
                     ofAllExperts(scaleName), forAllExperts(scaleType),
                     blocks == 1 ? "" : formatv(" block({0})", block).str(),
                     1 << (type.bits - 1));
  }
  std::string result = formatv("!moe.weights<{0}x{1}x{2}, {3}>", shape.experts,
                               out, in, type.storage);
  body += formatv("  %{0}_w = moe.weights {1}{2} : {3} -> {4}\n", name,
                  ofAllExperts(name), scales, forAllExperts(tensor), result);
  return result;
}

std::string LayerWriter::write() {
  int64_t hidden = shape.hidden, experts = shape.experts;
  std::string first = addMatrix("gate", shape.inter, hidden);
  addMatrix("up", shape.inter, hidden);
  std::string second = addMatrix("down", hidden, shape.inter);
  std::string router = formatv("tensor<{0}x{1}xf32>", hidden, experts);
  addTensor<float>("router", router, hidden * experts,
                   [&] { return nextReal() / std::sqrt(float(hidden)); });
  // {0} tokens, {1} logits, {2} weights and {3} ids of slots.
  std::string tokens =
      formatv("tensor<?x{0}x{1}>", hidden, type.getTokenType());
  std::string reals = formatv("tensor<?x{0}xf32>", hidden);
  std::string logits = formatv("tensor<?x{0}xf32>", experts);
  std::string chosen = formatv("tensor<?x{0}xf32>", shape.topK);
  std::string ids = formatv("tensor<?x{0}xi32>", shape.topK);
  std::string plan = formatv("!moe.plan<{0}>", experts);
  std::string set = formatv("!moe.experts<{0}, {1} -> {1}>", experts, hidden);
  std::string widen = formatv("  %real = {2} %x : {0} to {1}\n", tokens, reals,
                              tokens == reals ? "tensor.cast" : "arith.extf");
  constexpr const char *layer = R"(
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : {0}
{10}  %empty = tensor.empty(%n) : {1}
  %init = linalg.fill ins(%zero : f32) outs(%empty : {1}) -> {1}
  %product = linalg.matmul ins(%real, %router : {11}, {4}) outs(%init : {1}) -> {1}
  %logits = arith.addf %product, %bias : {1}
  %p, %ids = moe.gate %logits score<softmax> select<top_k, k = {9}> normalize<sum> : {1} -> {2}, {3}
  %plan = moe.plan %ids : {3} -> {5}
  %rows = moe.dispatch %x, %plan : {0}, {5} -> {0}
  %ffn = moe.ffn_experts up(%up_w : {7}) gate(%gate_w : {7}) down(%down_w : {8}) activation<silu> : {6}
  %out = moe.experts %rows, %plan, (%ffn) : {0}, {5}, {6} -> {0}
  %y = moe.combine %out, %plan, %p : {0}, {5}, {2} -> {0}
  return %y : {0}
)";
  body += formatv(layer, tokens, logits, chosen, ids, router, plan, set, first,
                  second, shape.topK, widen, reals);
  return weights +
         formatv("func.func @layer(%x: {0}, %bias: {1}) -> {0} {{\n", tokens,
                 logits)
             .str() +
         body + "}\n";
}

Expected<std::string> moe::writeLayer(const LayerShape &shape,
                                      const WeightType &type, int64_t block,
                                      StringRef directory) {
  SmallString<128> path(directory), weightsPath(directory);
  sys::path::append(path, "layer-" + type.name + ".mlir");
  sys::path::append(weightsPath, "layer-" + type.name + ".data");
  std::error_code error;
  raw_fd_ostream data(weightsPath, error);
  if (error)
    return createStringError(weightsPath + ": " + error.message());
  std::string text = LayerWriter(shape, type, block, weightsPath, data).write();
  data.close();
  if (data.has_error()) {
    error = data.error();
    data.clear_error();
    return createStringError(weightsPath + ": " + error.message());
  }
  raw_fd_ostream os(path, error);
  if (error)
    return createStringError(path + ": " + error.message());
  os << text;
  return std::string(path);
}
