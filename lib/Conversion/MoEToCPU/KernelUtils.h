//===- KernelUtils.h - Helpers that emit CPU kernels ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_KERNELUTILS_H
#define MOE_LIB_CONVERSION_MOETOCPU_KERNELUTILS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

inline Value constantIndex(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

/// A panel of B at any offset, rows `ldb` elements apart.
inline MemRefType getPanelType(Type element, int64_t depth, int64_t columns,
                               int64_t ldb) {
  return MemRefType::get({depth, columns}, element,
                         StridedLayoutAttr::get(element.getContext(),
                                                ShapedType::kDynamic,
                                                {ldb, 1}));
}

/// The parts that convert-moe-to-linalg makes of a plan: offsets per expert,
/// the token of each row, the row of each slot, and the number of tokens.
ResultRange takePlanApart(ImplicitLocOpBuilder &b, TypedValue<PlanType> plan);

/// The declaration of a function that the runtime or LLVM has, made if need be.
func::FuncOp declareFunction(ModuleOp module, StringRef name,
                             TypeRange operands, TypeRange results);

/// Creates an empty private function at the end of the module, with its entry
/// block.
func::FuncOp createKernel(ModuleOp module, Location loc, StringRef name,
                          ArrayRef<Type> argumentTypes);

/// Calls `kernel` on `inputs` and one output, and returns the output after it.
Value callKernel(ImplicitLocOpBuilder &b, func::FuncOp kernel,
                 ValueRange inputs, Value output);

/// Emits `for i in [lower, upper) step step: body(i)`.
void emitFor(ImplicitLocOpBuilder &b, Value lower, Value upper, int64_t step,
             function_ref<void(Value)> body);

/// Emits a parallel loop over [0, count).
void emitParallelFor(ImplicitLocOpBuilder &b, Value count,
                     function_ref<void(Value)> body);

/// The number of threads that take part in parallel loops, from the runtime's
/// `moe_get_num_threads`.
Value emitNumThreads(ImplicitLocOpBuilder &b, ModuleOp module);

/// Emits `for i in [0, count)` in steps of each of `widths` as far as whole
/// ones go, with `body(i, width)`, then one by one with `body(i, 1)`.
void emitVectorFor(ImplicitLocOpBuilder &b, int64_t count,
                   ArrayRef<int64_t> widths,
                   function_ref<void(Value, int64_t)> body);

/// Loads `lanes` elements of any float type as f32: a scalar for one lane,
/// else a vector.
Value loadF32(ImplicitLocOpBuilder &b, Value memref, ValueRange indices,
              int64_t lanes);

/// Stores an f32 scalar or vector into a memref of any float type.
void storeF32(ImplicitLocOpBuilder &b, Value value, Value memref,
              ValueRange indices);

/// Copies `lanes` elements, rounded to the type of the target.
void copyElements(ImplicitLocOpBuilder &b, Value source, ValueRange from,
                  Value target, ValueRange to, int64_t lanes);

/// Loads element `index` of a rank-1 i64 memref as an index.
Value loadIndex(ImplicitLocOpBuilder &b, Value memref, Value index);

/// The rank-reduced view memref[i][j] of a rank-4 memref<AxBxKxN>: K×N.
Value slicePanel(ImplicitLocOpBuilder &b, Value memref, Value i, Value j);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_KERNELUTILS_H
