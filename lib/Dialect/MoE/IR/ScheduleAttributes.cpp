//===- ScheduleAttributes.cpp - Machines and schedules ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 Real f64, Real f32, Real f16, Real f8,
                                 Real memory, Real link, Real launch,
                                 int64_t units, int64_t cache, int64_t tileRows,
                                 int64_t tileColumns, Real grouped) {
  // (N1)
  for (double number : {f64.value, f32.value, f16.value, f8.value, memory.value,
                        link.value, launch.value})
    if (!std::isfinite(number) || number < 0.0)
      return emitError() << "limits of a target are finite and at least 0";
  if (f32.value == 0.0 || memory.value == 0.0)
    return emitError() << "a target needs flops_f32 and memory";
  // (N2)
  if (units < 1 || tileRows < 1 || tileColumns < 1 || cache < 0)
    return emitError() << "a target needs units and tiles of at least 1, and a "
                          "cache of at least 0";
  if (!(grouped.value > 0.0) || grouped.value > 1.0)
    return emitError() << "grouped is a share of the peak, more than 0 and at "
                          "most 1";
  return success();
}

LogicalResult ChunkAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t begin, int64_t end, GemmKind) {
  // (N3)
  if (begin < 0 || end <= begin)
    return emitError() << "a chunk is of one expert at least, got [" << begin
                       << ", " << end << "]";
  return success();
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<ChunkAttr> chunks) {
  // (N4)
  SmallVector<ChunkAttr> sorted(chunks);
  llvm::sort(sorted, [](ChunkAttr a, ChunkAttr b) {
    return a.getBegin() < b.getBegin();
  });
  int64_t end = 0;
  for (ChunkAttr chunk : sorted) {
    if (chunk.getBegin() != end)
      return emitError() << "chunks must hold every expert once, " << end
                         << " is not";
    end = chunk.getEnd();
  }
  return success();
}

LogicalResult MoEDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  if (attribute.getName() == "moe.target" &&
      !isa<TargetAttr>(attribute.getValue()))
    // (N5)
    return op->emitOpError("moe.target must be a #moe.target");
  if (attribute.getName() == "moe.load") {
    // (N6)
    auto experts = dyn_cast<ExpertsOp>(op);
    auto load = dyn_cast<DenseF64ArrayAttr>(attribute.getValue());
    double total = 0.0;
    bool isValid = experts && load;
    for (double share : load ? load.asArrayRef() : ArrayRef<double>()) {
      isValid &= std::isfinite(share) && share >= 0.0;
      total += share;
    }
    if (!isValid || !std::isfinite(total) || total <= 0.0)
      return op->emitOpError("moe.load must be an array of f64 with shares of "
                             "the rows, at least 0, on a moe.experts");
  }
  if (attribute.getName() == "moe.schedule") {
    // (N7)
    if (!isa<ExpertsOp>(op) || !isa<ScheduleAttr>(attribute.getValue()))
      return op->emitOpError("moe.schedule must be a #moe.schedule on a "
                             "moe.experts");
  }
  return success();
}
