//===- Kernels.h - The kernels of a layer -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_KERNELS_H
#define MOE_CONVERSION_MOETOTRITON_KERNELS_H

#include "KernelBuilder.h"
#include "mlir/IR/BuiltinOps.h"
#include "moe/Conversion/MoEToTriton.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include <optional>
#include <string>

namespace mlir::moe {

/// The smallest power of two that is not less than `value`.
int64_t roundUpToPowerOf2(int64_t value);

/// Creates the kernels of a module, each configuration once.
class KernelFactory {
public:
  /// With `overlap`, kernels begin while those before them end, and wait for
  /// these before they read anything (compute capability 9.0).
  KernelFactory(ModuleOp module, bool overlap)
      : module(module), overlap(overlap) {}

  using Body = function_ref<void(KernelBuilder &, ValueRange)>;
  /// The kernel `prefix`_hash with parameters of `types` that `key` describes;
  /// a tensor's element type stands for a pointer to it.
  tt::FuncOp get(StringRef prefix, StringRef key, ArrayRef<Type> pointees,
                 ArrayRef<bool> isScalar, int warps, int stages, Body body);

private:
  ModuleOp module;
  bool overlap;
};

//===----------------------------------------------------------------------===//
// Routing and plan
//===----------------------------------------------------------------------===//

/// How a layer's slots come about.
struct RoutingConfig {
  /// Null where ids and weights are given.
  GateOp gate;
  /// Experts of the plan, shared ones included.
  int64_t experts;
  /// Slots of a token.
  int64_t slots;
  /// Element type of the routing weights.
  Type weightType;

  int64_t paddedSlots() const { return roundUpToPowerOf2(slots); }
  int64_t paddedExperts() const { return roundUpToPowerOf2(experts); }
  /// Text that differs where kernels must.
  std::string key() const;
};

/// Succeeds where kernels compute the gate, else says why not.
LogicalResult verifyGate(GateOp gate,
                         function_ref<InFlightDiagnostic()> emitError);

/// The operands of a gate that kernels read, in their order.
SmallVector<Value> getGateOperands(GateOp gate);

/// Ids and weights of a block of tokens: tensors [tokens, paddedSlots], id −1
/// in unused slots. `operands` are pointers to getGateOperands; `tokens`
/// [tokens] and `live` say which rows they are.
struct Choice {
  Value ids, weights;
};
Choice buildGate(KernelBuilder &k, const RoutingConfig &config,
                 ValueRange operands, Value tokens, Value live,
                 int64_t numTokens);

/// Writes ids and weights of `block` tokens each. Parameters: gate operands,
/// T; weights, ids.
tt::FuncOp getRouteKernel(KernelFactory &factory, const RoutingConfig &config,
                          int64_t block, int warps);

/// Writes, for a block of `chunk`·`chunks` tokens, ids and weights, the place
/// of each slot among those of its block with the same expert, and how many
/// slots of the block each expert has. Parameters: gate operands or ids, T;
/// weights, ids (with a gate), ranks, histograms.
tt::FuncOp getCountKernel(KernelFactory &factory, const RoutingConfig &config,
                          int64_t chunk, int64_t chunks, int warps);

/// Turns histograms of blocks, for one expert a program, into sums of the
/// blocks before, and all of them. Parameters: histograms, number of blocks;
/// bases, totals.
tt::FuncOp getSumKernel(KernelFactory &factory, const RoutingConfig &config);

/// Writes the rows, sorted by expert, and the tiles of `tileRows` rows.
/// Parameters: ids, ranks, bases, totals, T, number of blocks; rows, tiles,
/// number of tiles.
tt::FuncOp getScatterKernel(KernelFactory &factory, const RoutingConfig &config,
                            int64_t blockTokens, int64_t tileRows);

/// Does all of that for at most `tokens` tokens in one program. Parameters:
/// gate operands or ids, T; weights, ids (with a gate), rows, tiles, number of
/// tiles.
tt::FuncOp getPlanKernel(KernelFactory &factory, const RoutingConfig &config,
                         int64_t tokens, int64_t tileRows, int warps);

//===----------------------------------------------------------------------===//
// Experts
//===----------------------------------------------------------------------===//

/// The least depth of a product of tiles.
constexpr int64_t kLeastDepth = 16;

/// How the codes of quantised weights mean (code − zero) · scale.
struct QuantConfig {
  /// Bits of a code, 8, 4 or 2; 0: weights are not quantised.
  unsigned bits = 0;
  bool isSigned = false;
  /// Inputs that share a scale, and how many such blocks a row has.
  int64_t block = 0, blocks = 1;
  /// Zero points that are a tensor, else the one for all.
  bool hasZeros = false;
  int64_t zeroPoint = 0;

  explicit operator bool() const { return bits != 0; }
  int64_t codesPerByte() const { return 8 / bits; }
  int64_t rowBytes(int64_t in) const {
    return llvm::divideCeil(in, codesPerByte());
  }
  std::string key() const;
};

/// One matrix product of an experts' layer: rows × out, summed over in.
struct GemmConfig {
  /// Experts that have matrices here, from number `firstExpert` of the plan on;
  /// tiles of others are passed over where there are others.
  int64_t experts, firstExpert = 0, allExperts = 0;
  int64_t out, in;
  /// Element types of the rows read, of the weights (bytes of quantised ones),
  /// of the rows written.
  Type rows, weights, result;
  QuantConfig quant;
  /// Null without a bias.
  Type bias;
  /// Rows of the weights alternate between gate and up; the result has half as
  /// many columns.
  bool gated = false;
  /// Null for the second product.
  ActivationAttr activation;
  /// Slots of a token.
  int64_t slots = 1;
  tt::InputPrecision precision = tt::InputPrecision::TF32x3;
  // The tile.
  int64_t tileRows = 64, tileColumns = 128, tileDepth = 64;
  int64_t groupRows = 8;
  int warps = 4, stages = 3;
  /// Programs take one tile after the other, and the bulk copy engine moves
  /// whatever is a block of a matrix.
  bool persistent = false;

  bool isFirst() const { return static_cast<bool>(activation); }
  int64_t resultColumns() const { return gated ? out / 2 : out; }
  int64_t columnTiles() const { return llvm::divideCeil(out, tileColumns); }
  /// What operands are multiplied in.
  Type operandType() const;
  /// Element types of the parameters that weights are: themselves, or codes,
  /// scales and zero points, if any.
  SmallVector<Type> weightParameters() const;
  std::string key() const;
};

/// The first product gathers the rows of tokens and applies the activation;
/// the second multiplies by routing weights and writes rows by slot.
/// Parameters: rows read, weights, bias if any, plan's rows, tiles, number of
/// tiles, routing weights (second), number of rows (persistent), rows written.
tt::FuncOp getGemmKernel(KernelFactory &factory, const GemmConfig &config,
                         Type routingWeight);

/// What is added to the sum over a token's slots: (C4) to (C7) of the
/// specification.
struct AffineConfig {
  /// Element types of scale and input of the copy; null without one.
  Type scale, input;
  /// Number of constant vectors; types of their coefficients and elements.
  int64_t numVectors = 0;
  Type coefficients, vectors;

  /// Element types of the parameters: scale, input, coefficients, vectors.
  SmallVector<Type> pointees() const;
  std::string key() const;
};

/// `sum` for columns `n` of a token, with its affine term.
Value buildAffine(KernelBuilder &k, const AffineConfig &config,
                  ValueRange operands, Value sum, Value token, Value n,
                  Value live, int64_t columns);

/// Both products for one token, without tensor cores. The first chooses the
/// experts as well. Parameters of the first: x, gate operands or ids, weights,
/// bias if any; routing weights, ids (with a gate), h. Of the second: h,
/// weights, bias if any, ids, routing weights, affine operands; y.
tt::FuncOp getFirstVectorKernel(KernelFactory &factory,
                                const RoutingConfig &routing,
                                const GemmConfig &config);
tt::FuncOp getSecondVectorKernel(KernelFactory &factory,
                                 const RoutingConfig &routing,
                                 const GemmConfig &config,
                                 const AffineConfig &affine);

/// Sums the rows of each token's slots in order. Parameters: rows by slot,
/// ids, affine operands; y.
tt::FuncOp getCombineKernel(KernelFactory &factory,
                            const RoutingConfig &routing,
                            const AffineConfig &affine, int64_t columns,
                            Type rows, Type result, int64_t blockColumns);

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// Where one source of weights goes in the packed matrix E×out×in (in 1 for
/// vectors): logical row n to row `offset` + `step`·n.
struct PackConfig {
  int64_t out, in;
  LayoutAttr layout;
  /// Output rows of the source; its input columns are `in`.
  int64_t sourceRows;
  Type source, packed;
  int64_t packedRows, offset, step;
  /// Of codes that become numbers: their bits, and whether they are signed.
  unsigned bits = 0;
  bool isSigned = false;
  /// Whether the codes of all rows of an expert stand in a row, one for each.
  bool isVector = false;
  /// Written instead of what the source holds.
  std::optional<int64_t> fill;
  std::string key() const;
};

/// Parameters: source, the first expert of it that is taken, the one that it
/// becomes; packed. The grid has as many programs as experts follow.
tt::FuncOp getPackKernel(KernelFactory &factory, const PackConfig &config);

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_KERNELS_H
