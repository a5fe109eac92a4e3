//===- PopulatePatterns.h - Pattern families of the pass --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOLINALG_POPULATEPATTERNS_H
#define MOE_LIB_CONVERSION_MOETOLINALG_POPULATEPATTERNS_H

#include "mlir/Transforms/DialectConversion.h"

namespace mlir::moe {

/// moe.gate.
void populateGateToLinalgPatterns(const TypeConverter &converter,
                                  RewritePatternSet &patterns);
/// moe.project, and moe.route by way of moe.gate.
void populateRouteToLinalgPatterns(const TypeConverter &converter,
                                   RewritePatternSet &patterns);
/// moe.remap_ids and moe.coefficients.
void populateIdsToLinalgPatterns(const TypeConverter &converter,
                                 RewritePatternSet &patterns);
/// moe.plan and moe.dispatch.
void populateDispatchToLinalgPatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns);
/// moe.experts; the sets and weights that it uses are read, not converted.
void populateExpertsToLinalgPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns);
/// moe.combine.
void populateCombineToLinalgPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOLINALG_POPULATEPATTERNS_H
