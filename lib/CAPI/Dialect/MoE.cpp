//===- MoE.cpp - The moe dialect, for C -------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-c/Dialect/MoE.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "moe/Dialect/MoE/IR/MoE.h"

using namespace mlir;
using namespace mlir::moe;

MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(MoE, moe, MoEDialect)

// The C enumerators must count as the dialect's do: the last of each is enough,
// since both run from 0 without a gap.
static_assert(int(MlirMoEPlanOwnerExperts) == int(PlanOwner::Experts));
static_assert(int(MlirMoEScoreFunctionTanh) == int(ScoreFunction::Tanh));
static_assert(int(MlirMoESelectModeExpertChoice) ==
              int(SelectMode::ExpertChoice));
static_assert(int(MlirMoETieBreakHigher) == int(TieBreak::Higher));
static_assert(int(MlirMoEGroupReduceTop2Sum) == int(GroupReduce::Top2Sum));
static_assert(int(MlirMoENormalizeModeSoftmax) == int(NormalizeMode::Softmax));
static_assert(int(MlirMoEActivationFunctionTanh) ==
              int(ActivationFunction::Tanh));

/// A type or attribute of class T made at `location`, null where its verifier
/// refuses the parameters.
template <typename T, typename... Params>
static auto getChecked(MlirLocation location, Params... params) {
  Location loc = unwrap(location);
  // The caller may not have loaded the dialect yet.
  loc.getContext()->getOrLoadDialect<MoEDialect>();
  auto emit = [loc] { return emitError(loc); };
  // Of the overloads only this one is generated; the one for any callable
  // would need the storage class.
  return wrap(T::getChecked(function_ref<InFlightDiagnostic()>(emit),
                            loc.getContext(), params...));
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

bool mlirTypeIsAMoEPlan(MlirType type) { return isa<PlanType>(unwrap(type)); }

MlirType mlirMoEPlanTypeGet(MlirLocation location, int64_t experts,
                            MlirMoEPlanOwner owner) {
  return getChecked<PlanType>(location, experts, static_cast<PlanOwner>(owner));
}

int64_t mlirMoEPlanTypeGetExperts(MlirType type) {
  return cast<PlanType>(unwrap(type)).getExperts();
}

MlirMoEPlanOwner mlirMoEPlanTypeGetOwner(MlirType type) {
  return static_cast<MlirMoEPlanOwner>(cast<PlanType>(unwrap(type)).getOwner());
}

bool mlirTypeIsAMoEWeights(MlirType type) {
  return isa<WeightsType>(unwrap(type));
}

MlirType mlirMoEWeightsTypeGet(MlirLocation location, intptr_t rank,
                               const int64_t *shape, MlirType storage) {
  return getChecked<WeightsType>(
      location, ArrayRef<int64_t>(shape, static_cast<size_t>(rank)),
      unwrap(storage));
}

intptr_t mlirMoEWeightsTypeGetRank(MlirType type) {
  return cast<WeightsType>(unwrap(type)).getShape().size();
}

int64_t mlirMoEWeightsTypeGetDim(MlirType type, intptr_t dim) {
  ArrayRef<int64_t> shape = cast<WeightsType>(unwrap(type)).getShape();
  return dim >= 0 && static_cast<size_t>(dim) < shape.size() ? shape[dim] : 0;
}

MlirType mlirMoEWeightsTypeGetStorage(MlirType type) {
  return wrap(cast<WeightsType>(unwrap(type)).getStorage());
}

bool mlirMoEWeightsTypeIsQuantized(MlirType type) {
  return cast<WeightsType>(unwrap(type)).isQuantized();
}

bool mlirTypeIsAMoEExperts(MlirType type) {
  return isa<ExpertsType>(unwrap(type));
}

MlirType mlirMoEExpertsTypeGet(MlirLocation location, int64_t count,
                               int64_t inSize, int64_t outSize) {
  return getChecked<ExpertsType>(location, count, inSize, outSize);
}

int64_t mlirMoEExpertsTypeGetCount(MlirType type) {
  return cast<ExpertsType>(unwrap(type)).getCount();
}

int64_t mlirMoEExpertsTypeGetInSize(MlirType type) {
  return cast<ExpertsType>(unwrap(type)).getInSize();
}

int64_t mlirMoEExpertsTypeGetOutSize(MlirType type) {
  return cast<ExpertsType>(unwrap(type)).getOutSize();
}

//===----------------------------------------------------------------------===//
// Routing attributes
//===----------------------------------------------------------------------===//

bool mlirAttributeIsAMoEScore(MlirAttribute attr) {
  return isa<ScoreAttr>(unwrap(attr));
}

MlirAttribute mlirMoEScoreAttrGet(MlirLocation location,
                                  MlirMoEScoreFunction function,
                                  double temperature) {
  return getChecked<ScoreAttr>(location, static_cast<ScoreFunction>(function),
                               Real(temperature));
}

MlirMoEScoreFunction mlirMoEScoreAttrGetFunction(MlirAttribute attr) {
  return static_cast<MlirMoEScoreFunction>(
      cast<ScoreAttr>(unwrap(attr)).getFunction());
}

double mlirMoEScoreAttrGetTemperature(MlirAttribute attr) {
  return cast<ScoreAttr>(unwrap(attr)).getTemperature();
}

bool mlirAttributeIsAMoEGroupLimit(MlirAttribute attr) {
  return isa<GroupLimitAttr>(unwrap(attr));
}

MlirAttribute mlirMoEGroupLimitAttrGet(MlirLocation location, int64_t count,
                                       int64_t keep, MlirMoEGroupReduce by,
                                       double fill) {
  return getChecked<GroupLimitAttr>(location, count, keep,
                                    static_cast<GroupReduce>(by), Real(fill));
}

int64_t mlirMoEGroupLimitAttrGetCount(MlirAttribute attr) {
  return cast<GroupLimitAttr>(unwrap(attr)).getCount();
}

int64_t mlirMoEGroupLimitAttrGetKeep(MlirAttribute attr) {
  return cast<GroupLimitAttr>(unwrap(attr)).getKeep();
}

MlirMoEGroupReduce mlirMoEGroupLimitAttrGetBy(MlirAttribute attr) {
  return static_cast<MlirMoEGroupReduce>(
      cast<GroupLimitAttr>(unwrap(attr)).getBy());
}

double mlirMoEGroupLimitAttrGetFill(MlirAttribute attr) {
  return cast<GroupLimitAttr>(unwrap(attr)).getFill();
}

bool mlirAttributeIsAMoESelect(MlirAttribute attr) {
  return isa<SelectAttr>(unwrap(attr));
}

MlirAttribute mlirMoESelectAttrGet(MlirLocation location,
                                   MlirMoESelect select) {
  return getChecked<SelectAttr>(location, static_cast<SelectMode>(select.mode),
                                select.k, static_cast<TieBreak>(select.tie),
                                Real(select.p), Real(select.threshold),
                                select.rank, Real(select.jitter));
}

MlirMoESelect mlirMoESelectAttrGetValue(MlirAttribute attr) {
  auto select = cast<SelectAttr>(unwrap(attr));
  return {static_cast<MlirMoESelectMode>(select.getMode()),
          select.getK(),
          static_cast<MlirMoETieBreak>(select.getTie()),
          select.getP(),
          select.getThreshold(),
          select.getRank(),
          select.getJitter()};
}

bool mlirAttributeIsAMoECapacity(MlirAttribute attr) {
  return isa<CapacityAttr>(unwrap(attr));
}

MlirAttribute mlirMoECapacityAttrGet(MlirLocation location, int64_t count,
                                     double factor) {
  return getChecked<CapacityAttr>(location, count, Real(factor));
}

int64_t mlirMoECapacityAttrGetCount(MlirAttribute attr) {
  return cast<CapacityAttr>(unwrap(attr)).getCount();
}

double mlirMoECapacityAttrGetFactor(MlirAttribute attr) {
  return cast<CapacityAttr>(unwrap(attr)).getFactor();
}

bool mlirAttributeIsAMoENormalize(MlirAttribute attr) {
  return isa<NormalizeAttr>(unwrap(attr));
}

MlirAttribute mlirMoENormalizeAttrGet(MlirLocation location,
                                      MlirMoENormalizeMode mode, double epsilon,
                                      double floor) {
  return getChecked<NormalizeAttr>(location, static_cast<NormalizeMode>(mode),
                                   Real(epsilon), Real(floor));
}

MlirMoENormalizeMode mlirMoENormalizeAttrGetMode(MlirAttribute attr) {
  return static_cast<MlirMoENormalizeMode>(
      cast<NormalizeAttr>(unwrap(attr)).getMode());
}

double mlirMoENormalizeAttrGetEpsilon(MlirAttribute attr) {
  return cast<NormalizeAttr>(unwrap(attr)).getEpsilon();
}

double mlirMoENormalizeAttrGetFloor(MlirAttribute attr) {
  return cast<NormalizeAttr>(unwrap(attr)).getFloor();
}

//===----------------------------------------------------------------------===//
// Expert attributes
//===----------------------------------------------------------------------===//

bool mlirAttributeIsAMoEActivation(MlirAttribute attr) {
  return isa<ActivationAttr>(unwrap(attr));
}

MlirAttribute mlirMoEActivationAttrGet(MlirLocation location,
                                       MlirMoEActivationFunction function,
                                       double alpha, double beta,
                                       double limit) {
  return getChecked<ActivationAttr>(location,
                                    static_cast<ActivationFunction>(function),
                                    Real(alpha), Real(beta), Real(limit));
}

MlirMoEActivationFunction mlirMoEActivationAttrGetFunction(MlirAttribute attr) {
  return static_cast<MlirMoEActivationFunction>(
      cast<ActivationAttr>(unwrap(attr)).getFunction());
}

double mlirMoEActivationAttrGetAlpha(MlirAttribute attr) {
  return cast<ActivationAttr>(unwrap(attr)).getAlpha();
}

double mlirMoEActivationAttrGetBeta(MlirAttribute attr) {
  return cast<ActivationAttr>(unwrap(attr)).getBeta();
}

double mlirMoEActivationAttrGetLimit(MlirAttribute attr) {
  return cast<ActivationAttr>(unwrap(attr)).getLimit();
}

bool mlirAttributeIsAMoELayout(MlirAttribute attr) {
  return isa<LayoutAttr>(unwrap(attr));
}

MlirAttribute mlirMoELayoutAttrGet(MlirLocation location, int64_t offset,
                                   int64_t step, bool transposed) {
  return getChecked<LayoutAttr>(location, offset, step, transposed);
}

int64_t mlirMoELayoutAttrGetOffset(MlirAttribute attr) {
  return cast<LayoutAttr>(unwrap(attr)).getOffset();
}

int64_t mlirMoELayoutAttrGetStep(MlirAttribute attr) {
  return cast<LayoutAttr>(unwrap(attr)).getStep();
}

bool mlirMoELayoutAttrGetTransposed(MlirAttribute attr) {
  return cast<LayoutAttr>(unwrap(attr)).getTransposed();
}
