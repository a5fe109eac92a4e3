//===- MoE.h - The moe dialect, for C ---------------------------*- C -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every …Get function checks its parameters: where they are wrong it reports an
// error at `location` and returns a null type or attribute. Enumerators have
// the numbers of the dialect's own.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_C_DIALECT_MOE_H
#define MOE_C_DIALECT_MOE_H

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(MoE, moe);

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

/// Whose choice a plan holds.
typedef enum MlirMoEPlanOwner {
  MlirMoEPlanOwnerTokens = 0,
  MlirMoEPlanOwnerExperts = 1,
} MlirMoEPlanOwner;

/// How router logits become scores.
typedef enum MlirMoEScoreFunction {
  MlirMoEScoreFunctionIdentity = 0,
  MlirMoEScoreFunctionSoftmax = 1,
  MlirMoEScoreFunctionSigmoid = 2,
  MlirMoEScoreFunctionSqrtSoftplus = 3,
  MlirMoEScoreFunctionRelu = 4,
  MlirMoEScoreFunctionTanh = 5,
} MlirMoEScoreFunction;

/// How experts are chosen.
typedef enum MlirMoESelectMode {
  MlirMoESelectModeTopK = 0,
  MlirMoESelectModeTopP = 1,
  MlirMoESelectModeThreshold = 2,
  MlirMoESelectModeRankK = 3,
  MlirMoESelectModeAll = 4,
  MlirMoESelectModeGiven = 5,
  MlirMoESelectModeTable = 6,
  MlirMoESelectModeSparseMixer = 7,
  MlirMoESelectModeExpertChoice = 8,
} MlirMoESelectMode;

/// Which of two equal choices comes first.
typedef enum MlirMoETieBreak {
  MlirMoETieBreakLower = 0,
  MlirMoETieBreakHigher = 1,
} MlirMoETieBreak;

/// What a group of experts is ranked by.
typedef enum MlirMoEGroupReduce {
  MlirMoEGroupReduceMax = 0,
  MlirMoEGroupReduceTop2Sum = 1,
} MlirMoEGroupReduce;

/// How the chosen weights are renormalised.
typedef enum MlirMoENormalizeMode {
  MlirMoENormalizeModeNone = 0,
  MlirMoENormalizeModeSum = 1,
  MlirMoENormalizeModeSoftmax = 2,
} MlirMoENormalizeMode;

/// The nonlinearity inside an expert.
typedef enum MlirMoEActivationFunction {
  MlirMoEActivationFunctionIdentity = 0,
  MlirMoEActivationFunctionRelu = 1,
  MlirMoEActivationFunctionGelu = 2,
  MlirMoEActivationFunctionGeluTanh = 3,
  MlirMoEActivationFunctionSilu = 4,
  MlirMoEActivationFunctionRelu2 = 5,
  MlirMoEActivationFunctionSigmoid = 6,
  MlirMoEActivationFunctionTanh = 7,
} MlirMoEActivationFunction;

//===----------------------------------------------------------------------===//
// !moe.plan
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirTypeIsAMoEPlan(MlirType type);

/// `!moe.plan<experts, owner>`.
MLIR_CAPI_EXPORTED MlirType mlirMoEPlanTypeGet(MlirLocation location,
                                               int64_t experts,
                                               MlirMoEPlanOwner owner);
MLIR_CAPI_EXPORTED int64_t mlirMoEPlanTypeGetExperts(MlirType type);
MLIR_CAPI_EXPORTED MlirMoEPlanOwner mlirMoEPlanTypeGetOwner(MlirType type);

//===----------------------------------------------------------------------===//
// !moe.weights
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirTypeIsAMoEWeights(MlirType type);

/// `!moe.weights<shape, storage>`; `shape` has 2 dimensions (experts,
/// elements) or 3 (experts, outputs, inputs).
MLIR_CAPI_EXPORTED MlirType mlirMoEWeightsTypeGet(MlirLocation location,
                                                  intptr_t rank,
                                                  const int64_t *shape,
                                                  MlirType storage);
MLIR_CAPI_EXPORTED intptr_t mlirMoEWeightsTypeGetRank(MlirType type);
/// The size of one dimension; 0 where `dim` is not one.
MLIR_CAPI_EXPORTED int64_t mlirMoEWeightsTypeGetDim(MlirType type,
                                                    intptr_t dim);
MLIR_CAPI_EXPORTED MlirType mlirMoEWeightsTypeGetStorage(MlirType type);
/// Whether stored elements are codes that need scales.
MLIR_CAPI_EXPORTED bool mlirMoEWeightsTypeIsQuantized(MlirType type);

//===----------------------------------------------------------------------===//
// !moe.experts
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirTypeIsAMoEExperts(MlirType type);

/// `!moe.experts<count, inSize -> outSize>`.
MLIR_CAPI_EXPORTED MlirType mlirMoEExpertsTypeGet(MlirLocation location,
                                                  int64_t count, int64_t inSize,
                                                  int64_t outSize);
MLIR_CAPI_EXPORTED int64_t mlirMoEExpertsTypeGetCount(MlirType type);
MLIR_CAPI_EXPORTED int64_t mlirMoEExpertsTypeGetInSize(MlirType type);
MLIR_CAPI_EXPORTED int64_t mlirMoEExpertsTypeGetOutSize(MlirType type);

//===----------------------------------------------------------------------===//
// #moe.score
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAMoEScore(MlirAttribute attr);
MLIR_CAPI_EXPORTED MlirAttribute mlirMoEScoreAttrGet(
    MlirLocation location, MlirMoEScoreFunction function, double temperature);
MLIR_CAPI_EXPORTED MlirMoEScoreFunction
mlirMoEScoreAttrGetFunction(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoEScoreAttrGetTemperature(MlirAttribute attr);

//===----------------------------------------------------------------------===//
// #moe.group_limit
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAMoEGroupLimit(MlirAttribute attr);
MLIR_CAPI_EXPORTED MlirAttribute mlirMoEGroupLimitAttrGet(MlirLocation location,
                                                          int64_t count,
                                                          int64_t keep,
                                                          MlirMoEGroupReduce by,
                                                          double fill);
MLIR_CAPI_EXPORTED int64_t mlirMoEGroupLimitAttrGetCount(MlirAttribute attr);
MLIR_CAPI_EXPORTED int64_t mlirMoEGroupLimitAttrGetKeep(MlirAttribute attr);
MLIR_CAPI_EXPORTED MlirMoEGroupReduce
mlirMoEGroupLimitAttrGetBy(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoEGroupLimitAttrGetFill(MlirAttribute attr);

//===----------------------------------------------------------------------===//
// #moe.select
//===----------------------------------------------------------------------===//

/// The parameters of `#moe.select`; each mode ignores those that it has no use
/// for, and they stay 0.
typedef struct MlirMoESelect {
  MlirMoESelectMode mode;
  int64_t k;
  MlirMoETieBreak tie;
  double p;
  double threshold;
  int64_t rank;
  double jitter;
} MlirMoESelect;

MLIR_CAPI_EXPORTED bool mlirAttributeIsAMoESelect(MlirAttribute attr);
MLIR_CAPI_EXPORTED MlirAttribute mlirMoESelectAttrGet(MlirLocation location,
                                                      MlirMoESelect select);
MLIR_CAPI_EXPORTED MlirMoESelect mlirMoESelectAttrGetValue(MlirAttribute attr);

//===----------------------------------------------------------------------===//
// #moe.capacity
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAMoECapacity(MlirAttribute attr);
/// Either `count` or `factor` is positive, the other 0.
MLIR_CAPI_EXPORTED MlirAttribute mlirMoECapacityAttrGet(MlirLocation location,
                                                        int64_t count,
                                                        double factor);
MLIR_CAPI_EXPORTED int64_t mlirMoECapacityAttrGetCount(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoECapacityAttrGetFactor(MlirAttribute attr);

//===----------------------------------------------------------------------===//
// #moe.normalize
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAMoENormalize(MlirAttribute attr);
MLIR_CAPI_EXPORTED MlirAttribute
mlirMoENormalizeAttrGet(MlirLocation location, MlirMoENormalizeMode mode,
                        double epsilon, double floor);
MLIR_CAPI_EXPORTED MlirMoENormalizeMode
mlirMoENormalizeAttrGetMode(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoENormalizeAttrGetEpsilon(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoENormalizeAttrGetFloor(MlirAttribute attr);

//===----------------------------------------------------------------------===//
// #moe.activation
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAMoEActivation(MlirAttribute attr);
/// The neutral values are alpha 1, beta 0, limit INFINITY.
MLIR_CAPI_EXPORTED MlirAttribute mlirMoEActivationAttrGet(
    MlirLocation location, MlirMoEActivationFunction function, double alpha,
    double beta, double limit);
MLIR_CAPI_EXPORTED MlirMoEActivationFunction
mlirMoEActivationAttrGetFunction(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoEActivationAttrGetAlpha(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoEActivationAttrGetBeta(MlirAttribute attr);
MLIR_CAPI_EXPORTED double mlirMoEActivationAttrGetLimit(MlirAttribute attr);

//===----------------------------------------------------------------------===//
// #moe.layout
//===----------------------------------------------------------------------===//

MLIR_CAPI_EXPORTED bool mlirAttributeIsAMoELayout(MlirAttribute attr);
MLIR_CAPI_EXPORTED MlirAttribute mlirMoELayoutAttrGet(MlirLocation location,
                                                      int64_t offset,
                                                      int64_t step,
                                                      bool transposed);
MLIR_CAPI_EXPORTED int64_t mlirMoELayoutAttrGetOffset(MlirAttribute attr);
MLIR_CAPI_EXPORTED int64_t mlirMoELayoutAttrGetStep(MlirAttribute attr);
MLIR_CAPI_EXPORTED bool mlirMoELayoutAttrGetTransposed(MlirAttribute attr);

#ifdef __cplusplus
}
#endif

#endif // MOE_C_DIALECT_MOE_H
