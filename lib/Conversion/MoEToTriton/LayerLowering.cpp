//===- LayerLowering.cpp - A layer of experts as launches of kernels ------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchBuilder.h"
#include "PlanParts.h"
#include "WeightPacking.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::moe;

InFlightDiagnostic LaunchBuilder::emitError() {
  return options.partial ? op.emitRemark("stays on the host: ")
                         : op.emitOpError("has no Triton kernel: ");
}

LogicalResult LaunchBuilder::prepareSet(FFNExpertsOp ffn, int64_t firstExpert) {
  auto emitError = [&] { return this->emitError(); };
  for (Value value : {ffn.getUp(), ffn.getGate(), ffn.getDown(),
                      ffn.getUpBias(), ffn.getGateBias(), ffn.getDownBias()})
    if (value && failed(verifyWeights(value, emitError)))
      return failure();
  if (ffn.getGate() && (ffn.getGate().getType() != ffn.getUp().getType() ||
                        !getQuantization({ffn.getGate(), ffn.getUp()})))
    return emitError() << "gate and up are stored as different types";
  if (ffn.getGate() && static_cast<bool>(ffn.getGateBias()) !=
                           static_cast<bool>(ffn.getUpBias()))
    return emitError() << "only one of gate and up has a bias";
  if (ffn.getGateBias() &&
      ffn.getGateBias().getType() != ffn.getUpBias().getType())
    return emitError() << "biases of gate and up are stored as different types";

  WeightsType up = ffn.getUp().getType(), down = ffn.getDown().getType();
  Set &set = sets.emplace_back();
  set.ffn = ffn;
  GemmConfig &first = set.first, &second = set.second;
  first.experts = second.experts = up.getNumExperts();
  first.firstExpert = second.firstExpert = firstExpert;
  first.allExperts = second.allExperts = routing.experts;
  first.gated = static_cast<bool>(ffn.getGate());
  first.out = up.getOutSize() * (first.gated ? 2 : 1);
  first.in = up.getInSize();
  first.rows = first.result = second.rows = second.result =
      op.getInput().getType().getElementType();
  SmallVector<Value> parts = {ffn.getUp()};
  if (first.gated)
    parts.insert(parts.begin(), ffn.getGate());
  first.quant = *getQuantization(parts);
  second.quant = *getQuantization(ffn.getDown());
  Type byte = IntegerType::get(op.getContext(), 8);
  first.weights = first.quant ? byte : up.getStorage();
  second.weights = second.quant ? byte : down.getStorage();
  if (ffn.getUpBias())
    first.bias = ffn.getUpBias().getType().getStorage();
  if (ffn.getDownBias())
    second.bias = ffn.getDownBias().getType().getStorage();
  first.activation = ffn.getActivation();
  second.out = down.getOutSize();
  second.in = down.getInSize();
  first.slots = second.slots = routing.slots;
  first.precision = second.precision = options.precision;
  return success();
}

LogicalResult LaunchBuilder::prepare() {
  auto emitError = [&] { return this->emitError(); };
  if (!op.getGather() || !op.getCombineWeights())
    return emitError() << "dispatch and combine are not fused into it";
  auto plan = op.getPlan().getDefiningOp<PlanOp>();
  if (!plan)
    return emitError() << "its plan is not made by moe.plan";
  if (plan.getPlan().getType().getOwner() != PlanOwner::Tokens)
    return emitError() << "its experts choose tokens";
  Type element = op.getInput().getType().getElementType();
  if (element.isF64())
    return emitError() << "it computes in f64";
  Type weightType = getElementTypeOrSelf(op.getCombineWeights());
  if (weightType.isF64())
    return emitError() << "its routing weights are f64";
  if (op.getCopyScale()) {
    affine.scale = getElementTypeOrSelf(op.getCopyScale());
    affine.input = getElementTypeOrSelf(op.getCopyInput());
  }
  if (op.getCoefficients()) {
    if (failed(verifyWeights(op.getVectors(), emitError)))
      return failure();
    affine.numVectors = op.getVectors().getType().getNumExperts();
    affine.coefficients = getElementTypeOrSelf(op.getCoefficients());
    affine.vectors = op.getVectors().getType().getStorage();
  }
  for (Type type : affine.pointees())
    if (type.isF64())
      return emitError() << "its affine term is f64";

  // The gate is part of the layer where ids and weights are both its results.
  auto idsType = cast<RankedTensorType>(plan.getIds().getType());
  if (idsType.isDynamicDim(1))
    return emitError() << "the number of slots is not static";
  routing.gate = plan.getIds().getDefiningOp<GateOp>();
  if (routing.gate && (routing.gate.getIds() != plan.getIds() ||
                       routing.gate.getWeights() != op.getCombineWeights()))
    routing.gate = {};
  if (routing.gate && options.partial) {
    bool hasKernel = true;
    (void)verifyGate(routing.gate, [&] {
      hasKernel = false;
      return InFlightDiagnostic();
    });
    // Its ids and weights are made on the host, like any others.
    if (!hasKernel)
      routing.gate = {};
  }
  if (routing.gate && failed(verifyGate(routing.gate, emitError)))
    return failure();
  routing.experts = op.getPlan().getType().getExperts();
  routing.slots = idsType.getDimSize(1);
  routing.weightType = weightType;

  int64_t firstExpert = 0;
  for (Value value : op.getSets()) {
    auto ffn = value.getDefiningOp<FFNExpertsOp>();
    if (!ffn)
      return emitError() << "its experts are not moe.ffn_experts";
    if (failed(prepareSet(ffn, firstExpert)))
      return failure();
    firstExpert += ffn.getUp().getType().getNumExperts();
  }
  return success();
}

/// The same tensor, with what `type` says of its sizes.
static Value castTo(OpBuilder &b, Value value, Type type) {
  return value.getType() == type
             ? value
             : tensor::CastOp::create(b, value.getLoc(), type, value);
}

void LaunchBuilder::packSet(Set &set) {
  SmallVector<Value> parts = {set.ffn.getUp()}, biases = {set.ffn.getUpBias()};
  if (set.first.gated) {
    parts.insert(parts.begin(), set.ffn.getGate());
    biases.insert(biases.begin(), set.ffn.getGateBias());
  }
  set.firstWeights = packWeights(b, factory, parts);
  set.secondWeights = packWeights(b, factory, set.ffn.getDown());
  if (set.first.bias)
    set.firstBias = packWeights(b, factory, biases).front();
  if (set.second.bias)
    set.secondBias = packWeights(b, factory, set.ffn.getDownBias()).front();
}

void LaunchBuilder::build(SmallVectorImpl<Value> &replaced,
                          SmallVectorImpl<Value> &values) {
  if (!options.partial) {
    for (Set &set : sets)
      markWeightArguments(set.ffn->getOperands());
    markWeightArguments(op.getVectors());
  }
  for (Set &set : sets)
    packSet(set);
  if (op.getCopyScale())
    affineOperands.append({op.getCopyScale(), op.getCopyInput()});
  if (op.getCoefficients())
    affineOperands.append({op.getCoefficients(),
                           packWeights(b, factory, op.getVectors()).front()});

  auto plan = op.getPlan().getDefiningOp<PlanOp>();
  if (routing.gate)
    sources = getGateOperands(routing.gate);
  else
    sources = {plan.getIds()};
  tokenSize = tensor::getMixedSize(b, b.getLoc(), op.getInput(), 0);
  tokens = getValueOrCreateConstantIndexOp(b, b.getLoc(), tokenSize);
  if (options.partial) {
    // Who reads a plan of launches checks it where it is read.
    Value most = index(std::numeric_limits<int32_t>::max() / routing.slots);
    Value fits =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ule, tokens, most);
    cf::AssertOp::create(b, fits, "more slots of tokens than kernels count");
  }
  tokensI32 = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), tokens);
  SmallVector<Regime> regimes =
      chooseRegimes(routing, sets.front().first.operandType());
  // Vector products are of one set.
  if (sets.size() > 1)
    regimes.erase(regimes.begin());
  if (std::optional<int64_t> count = getConstantIntValue(tokenSize)) {
    const Regime *fits = llvm::find_if(
        regimes, [&](const Regime &r) { return *count <= r.maxTokens; });
    regimes = {*fits};
    regimes.back().maxTokens = std::numeric_limits<int64_t>::max();
    // No token has no vector.
    if (*count == 0 && fits->kind == Regime::Vector)
      regimes = {
          chooseRegimes(routing, sets.front().first.operandType()).back()};
  }
  if (options.rows)
    for (Regime &regime : regimes)
      if (regime.kind != Regime::Vector)
        regime.tileRows = options.rows;
  Results results = buildRegimes(regimes);
  replaced.push_back(op.getResult());
  values.push_back(results.y);
  if (routing.gate) {
    replaced.append({routing.gate.getWeights(), routing.gate.getIds()});
    values.append({results.weights, results.ids});
  }
}

LaunchBuilder::Results LaunchBuilder::buildRegimes(ArrayRef<Regime> regimes) {
  const Regime &regime = regimes.front();
  if (regimes.size() == 1)
    return buildRegime(regime);
  Value bound = index(regime.maxTokens);
  // One token exactly, since none has no vector.
  Value fits = arith::CmpIOp::create(b,
                                     regime.kind == Regime::Vector
                                         ? arith::CmpIPredicate::eq
                                         : arith::CmpIPredicate::ule,
                                     tokens, bound);
  SmallVector<Type> types = {op.getType()};
  if (routing.gate)
    llvm::append_range(types, routing.gate->getResultTypes());
  auto branch = scf::IfOp::create(b, types, fits, /*withElseRegion=*/true);
  auto fill = [&](Block *block, function_ref<Results()> body) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(block);
    Results results = body();
    SmallVector<Value> yielded = {results.y};
    if (routing.gate)
      yielded.append({results.weights, results.ids});
    for (auto [value, type] : llvm::zip_equal(yielded, types))
      value = castTo(b, value, type);
    scf::YieldOp::create(b, yielded);
  };
  fill(branch.thenBlock(), [&] { return buildRegime(regime); });
  fill(branch.elseBlock(), [&] { return buildRegimes(regimes.drop_front()); });
  Results results{branch.getResult(0), {}, {}};
  if (routing.gate) {
    results.weights = branch.getResult(1);
    results.ids = branch.getResult(2);
  }
  return results;
}

LaunchBuilder::Results LaunchBuilder::buildRegime(const Regime &regime) {
  if (routing.gate) {
    weights =
        empty({tokenSize, b.getIndexAttr(routing.slots)}, routing.weightType);
    ids = empty({tokenSize, b.getIndexAttr(routing.slots)}, b.getI32Type());
  } else {
    weights = op.getCombineWeights();
    ids = sources.front();
  }
  if (regime.kind == Regime::Vector)
    return buildVector();
  Value allRows = mul(tokens, routing.slots);
  OpFoldResult rowWords = getAsOpFoldResult(allRows);
  rows = empty(rowWords, b.getI32Type());
  OpFoldResult tileWords =
      getAsOpFoldResult(mul(mostTiles(regime.tileRows), kTileFields));
  tiles = empty(tileWords, b.getI32Type());
  numTiles = empty(OpFoldResult(b.getIndexAttr(1)), b.getI32Type());
  if (regime.kind == Regime::OneProgram)
    buildPlan(regime);
  else
    buildBlockPlan(regime);
  parts = empty({rowWords, b.getIndexAttr(sets.front().second.out)},
                sets.front().second.result);
  for (const Set &set : sets)
    parts = buildProducts(regime, set, parts);
  return {buildCombine(), weights, ids};
}

LaunchBuilder::Results LaunchBuilder::buildVector() {
  const Set &set = sets.front();
  GemmConfig up = set.first, down = set.second;
  chooseVectorTile(up, routing.slots, options.machine);
  chooseVectorTile(down, 1, options.machine);
  Type element = up.rows;
  Value h =
      empty({b.getIndexAttr(routing.slots), b.getIndexAttr(up.resultColumns())},
            element);
  SmallVector<Value> inputs = {op.getInput()};
  llvm::append_range(inputs, sources);
  llvm::append_range(inputs, set.firstWeights);
  if (set.firstBias)
    inputs.push_back(set.firstBias);
  SmallVector<Value> outputs;
  if (routing.gate)
    outputs = {weights, ids};
  outputs.push_back(h);
  Value blocks =
      index(routing.slots * llvm::divideCeil(up.out, up.tileColumns));
  SmallVector<Value> results = launch(
      getFirstVectorKernel(factory, routing, up), blocks, inputs, outputs);
  h = results.back();
  if (routing.gate) {
    weights = results[0];
    ids = results[1];
  }
  inputs = {h};
  llvm::append_range(inputs, set.secondWeights);
  if (set.secondBias)
    inputs.push_back(set.secondBias);
  inputs.append({ids, weights});
  llvm::append_range(inputs, affineOperands);
  Value y = empty({tokenSize, b.getIndexAttr(down.out)}, element);
  y = launch(getSecondVectorKernel(factory, routing, down, affine),
             index(llvm::divideCeil(down.out, down.tileColumns)), inputs, y)[0];
  return {y, weights, ids};
}

LogicalResult mlir::moe::lowerLayer(ExpertsOp op,
                                    const TritonLoweringOptions &options,
                                    IRRewriter &rewriter) {
  rewriter.setInsertionPoint(op);
  LaunchBuilder layer(op, options, rewriter);
  if (failed(layer.prepare()))
    return failure();
  SmallVector<Value> replaced, values;
  layer.build(replaced, values);
  auto plan = op.getPlan().getDefiningOp<PlanOp>();
  for (auto [from, to] : llvm::zip_equal(replaced, values))
    rewriter.replaceUsesWithIf(
        from, castTo(rewriter, to, from.getType()), [&](OpOperand &use) {
          // Where the gate is computed anew, users before the layer keep it.
          return !isa<PlanOp>(use.getOwner()) && use.getOwner() != op &&
                 (use.getOwner()->getBlock() != op->getBlock() ||
                  op->isBeforeInBlock(use.getOwner()));
        });
  Operation *gate = plan.getIds().getDefiningOp<GateOp>();
  rewriter.eraseOp(op);
  if (plan.use_empty())
    rewriter.eraseOp(plan);
  if (gate && gate->use_empty())
    rewriter.eraseOp(gate);
  return success();
}
