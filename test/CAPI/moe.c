//===- moe.c - The dialect's types and attributes from C --------*- C -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// RUN: moe-capi-test 2>&1 | FileCheck %s

#include "moe-c/Dialect/MoE.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Diagnostics.h"
#include "mlir-c/IR.h"
#include "moe-c/Registration.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static void printToStdout(MlirStringRef text, void *userData) {
  (void)userData;
  fwrite(text.data, 1, text.length, stdout);
}

static MlirLogicalResult printDiagnostic(MlirDiagnostic diagnostic,
                                         void *userData) {
  printf("error: ");
  mlirDiagnosticPrint(diagnostic, printToStdout, userData);
  printf("\n");
  return mlirLogicalResultSuccess();
}

static void printType(MlirType type) {
  mlirTypePrint(type, printToStdout, NULL);
  printf("\n");
}

static void printAttribute(MlirAttribute attr) {
  mlirAttributePrint(attr, printToStdout, NULL);
  printf("\n");
}

static void loadDialect(MlirContext context) {
  // CHECK: dialect moe
  MlirDialectHandle handle = mlirGetDialectHandle__moe__();
  MlirStringRef name = mlirDialectHandleGetNamespace(handle);
  printf("dialect %.*s\n", (int)name.length, name.data);
  mlirDialectHandleLoadDialect(handle, context);
}

static void testTypes(MlirLocation loc) {
  MlirContext context = mlirLocationGetContext(loc);

  // CHECK: !moe.plan<8, expert_choice>
  // CHECK-NEXT: is a plan 1, of 8 experts, owner 1
  MlirType plan = mlirMoEPlanTypeGet(loc, 8, MlirMoEPlanOwnerExperts);
  printType(plan);
  printf("is a plan %d, of %" PRId64 " experts, owner %d\n",
         mlirTypeIsAMoEPlan(plan), mlirMoEPlanTypeGetExperts(plan),
         mlirMoEPlanTypeGetOwner(plan));

  // CHECK: !moe.weights<8x64x32, ui4>
  // CHECK-NEXT: is weights 1, is a plan 0, rank 3, out 64, dim 7 is 0
  // CHECK-NEXT: quantized 1, stored as ui4
  const int64_t shape[] = {8, 64, 32};
  MlirType weights = mlirMoEWeightsTypeGet(
      loc, 3, shape, mlirIntegerTypeUnsignedGet(context, 4));
  printType(weights);
  printf("is weights %d, is a plan %d, rank %d, out %" PRId64
         ", dim 7 is %" PRId64 "\n",
         mlirTypeIsAMoEWeights(weights), mlirTypeIsAMoEPlan(weights),
         (int)mlirMoEWeightsTypeGetRank(weights),
         mlirMoEWeightsTypeGetDim(weights, 1),
         mlirMoEWeightsTypeGetDim(weights, 7));
  printf("quantized %d, stored as ", mlirMoEWeightsTypeIsQuantized(weights));
  printType(mlirMoEWeightsTypeGetStorage(weights));

  // CHECK: !moe.experts<4, 64 -> 32>
  // CHECK-NEXT: is experts 1: 4 of 64 to 32
  MlirType experts = mlirMoEExpertsTypeGet(loc, 4, 64, 32);
  printType(experts);
  printf("is experts %d: %" PRId64 " of %" PRId64 " to %" PRId64 "\n",
         mlirTypeIsAMoEExperts(experts), mlirMoEExpertsTypeGetCount(experts),
         mlirMoEExpertsTypeGetInSize(experts),
         mlirMoEExpertsTypeGetOutSize(experts));
}

static void testRoutingAttributes(MlirLocation loc) {
  // CHECK: #moe.score<softmax, temperature = 2>
  // CHECK-NEXT: is a score 1: 1 at 2.0
  MlirAttribute score =
      mlirMoEScoreAttrGet(loc, MlirMoEScoreFunctionSoftmax, 2.0);
  printAttribute(score);
  printf("is a score %d: %d at %.1f\n", mlirAttributeIsAMoEScore(score),
         mlirMoEScoreAttrGetFunction(score),
         mlirMoEScoreAttrGetTemperature(score));

  // CHECK: #moe.group_limit<count = 4, keep = 2, by = top2_sum, fill = 0>
  // CHECK-NEXT: is a group limit 1: 2 of 4 by 1, fill 0.0
  MlirAttribute groups =
      mlirMoEGroupLimitAttrGet(loc, 4, 2, MlirMoEGroupReduceTop2Sum, 0.0);
  printAttribute(groups);
  printf("is a group limit %d: %" PRId64 " of %" PRId64 " by %d, fill %.1f\n",
         mlirAttributeIsAMoEGroupLimit(groups),
         mlirMoEGroupLimitAttrGetKeep(groups),
         mlirMoEGroupLimitAttrGetCount(groups),
         mlirMoEGroupLimitAttrGetBy(groups),
         mlirMoEGroupLimitAttrGetFill(groups));

  // CHECK: #moe.select<top_p, k = 3, p = 0.75>
  // CHECK-NEXT: is a select 1: mode 1, k 3, tie 0, p 0.75
  MlirMoESelect value = {0};
  value.mode = MlirMoESelectModeTopP;
  value.k = 3;
  value.p = 0.75;
  MlirAttribute select = mlirMoESelectAttrGet(loc, value);
  printAttribute(select);
  value = mlirMoESelectAttrGetValue(select);
  printf("is a select %d: mode %d, k %" PRId64 ", tie %d, p %.2f\n",
         mlirAttributeIsAMoESelect(select), value.mode, value.k, value.tie,
         value.p);

  // CHECK: #moe.capacity<factor = 1.25>
  // CHECK-NEXT: is a capacity 1: 0 or 1.25
  MlirAttribute capacity = mlirMoECapacityAttrGet(loc, 0, 1.25);
  printAttribute(capacity);
  printf("is a capacity %d: %" PRId64 " or %.2f\n",
         mlirAttributeIsAMoECapacity(capacity),
         mlirMoECapacityAttrGetCount(capacity),
         mlirMoECapacityAttrGetFactor(capacity));

  // CHECK: #moe.normalize<sum, epsilon = 0.5, floor = 0.25>
  // CHECK-NEXT: is a normalize 1: 1 with 0.5, floor 0.25
  MlirAttribute normalize =
      mlirMoENormalizeAttrGet(loc, MlirMoENormalizeModeSum, 0.5, 0.25);
  printAttribute(normalize);
  printf("is a normalize %d: %d with %.1f, floor %.2f\n",
         mlirAttributeIsAMoENormalize(normalize),
         mlirMoENormalizeAttrGetMode(normalize),
         mlirMoENormalizeAttrGetEpsilon(normalize),
         mlirMoENormalizeAttrGetFloor(normalize));
}

static void testExpertAttributes(MlirLocation loc) {
  // CHECK: #moe.activation<silu, alpha = 1.5, beta = 1, limit = 7>
  // CHECK-NEXT: is an activation 1: 4 with 1.50, 1.00, 7.00
  MlirAttribute activation = mlirMoEActivationAttrGet(
      loc, MlirMoEActivationFunctionSilu, 1.5, 1.0, 7.0);
  printAttribute(activation);
  printf("is an activation %d: %d with %.2f, %.2f, %.2f\n",
         mlirAttributeIsAMoEActivation(activation),
         mlirMoEActivationAttrGetFunction(activation),
         mlirMoEActivationAttrGetAlpha(activation),
         mlirMoEActivationAttrGetBeta(activation),
         mlirMoEActivationAttrGetLimit(activation));

  // CHECK: #moe.activation<relu>
  printAttribute(mlirMoEActivationAttrGet(loc, MlirMoEActivationFunctionRelu,
                                          1.0, 0.0, INFINITY));

  // CHECK: #moe.layout<offset = 1, step = 2, transposed = true>
  // CHECK-NEXT: is a layout 1: 1, 2, 1
  MlirAttribute layout = mlirMoELayoutAttrGet(loc, 1, 2, true);
  printAttribute(layout);
  printf("is a layout %d: %" PRId64 ", %" PRId64 ", %d\n",
         mlirAttributeIsAMoELayout(layout), mlirMoELayoutAttrGetOffset(layout),
         mlirMoELayoutAttrGetStep(layout),
         mlirMoELayoutAttrGetTransposed(layout));
}

static void testErrors(MlirLocation loc) {
  // CHECK: error: a plan needs at least one expert{{.*}}, got 0
  // CHECK-NEXT: no type 1
  printf("no type %d\n",
         mlirTypeIsNull(mlirMoEPlanTypeGet(loc, 0, MlirMoEPlanOwnerTokens)));
  // CHECK: error: temperature must be a positive number
  // CHECK-NEXT: no attribute 1
  printf("no attribute %d\n", mlirAttributeIsNull(mlirMoEScoreAttrGet(
                                  loc, MlirMoEScoreFunctionSoftmax, 0.0)));
}

int main(void) {
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  moeRegisterAllDialects(registry);
  moeRegisterAllPasses();
  MlirContext context =
      mlirContextCreateWithRegistry(registry, /*threadingEnabled=*/false);
  mlirContextAttachDiagnosticHandler(context, printDiagnostic, NULL, NULL);

  loadDialect(context);
  MlirLocation loc = mlirLocationUnknownGet(context);
  testTypes(loc);
  testRoutingAttributes(loc);
  testExpertAttributes(loc);
  testErrors(loc);
  mlirContextDestroy(context);
  mlirDialectRegistryDestroy(registry);
  return 0;
}
