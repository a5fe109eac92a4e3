//===- GuardAllocations.cpp - Checks of the sizes of allocations ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "moe/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_GUARDALLOCATIONSPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;

namespace {
struct GuardAllocationsPass
    : moe::impl::GuardAllocationsPassBase<GuardAllocationsPass> {
  void runOnOperation() override;
};
} // namespace

/// The address space of a process.
static constexpr int64_t maxBytes = int64_t(1) << 47;

/// The bytes of the part of a type that is static, nothing on overflow.
static std::optional<int64_t> getStaticBytes(MemRefType type) {
  Type element = type.getElementType();
  int64_t bits = 64;
  if (auto complex = dyn_cast<ComplexType>(element))
    bits = 2 * complex.getElementType().getIntOrFloatBitWidth();
  else if (element.isIntOrFloat())
    bits = element.getIntOrFloatBitWidth();
  int64_t bytes = llvm::divideCeil(bits, 8);
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size) &&
        (llvm::MulOverflow(bytes, size, bytes) || bytes > maxBytes))
      return std::nullopt;
  return bytes;
}

/// Asserts that the product of the sizes neither overflows nor is negative,
/// each taken as unsigned.
static void guard(memref::AllocOp alloc, int64_t staticBytes) {
  ImplicitLocOpBuilder builder(alloc.getLoc(), alloc);
  Value limit = arith::ConstantIndexOp::create(builder, maxBytes);
  Value bytes = arith::ConstantIndexOp::create(builder, staticBytes);
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value fits;
  auto require = [&](Value condition) {
    fits = fits ? arith::AndIOp::create(builder, fits, condition) : condition;
  };
  for (Value size : alloc.getDynamicSizes()) {
    auto product = arith::MulUIExtendedOp::create(builder, bytes, size);
    bytes = product.getLow();
    require(arith::CmpIOp::create(builder, arith::CmpIPredicate::eq,
                                  product.getHigh(), zero));
    require(arith::CmpIOp::create(builder, arith::CmpIPredicate::ule, bytes,
                                  limit));
  }
  cf::AssertOp::create(builder, fits, "a tensor of impossible size");
}

void GuardAllocationsPass::runOnOperation() {
  // Allocations of a block whose dynamic sizes are the same are checked once,
  // before the first of them, with the largest static part.
  struct Group {
    memref::AllocOp first;
    int64_t staticBytes;
  };
  SmallVector<Group> groups;
  llvm::DenseMap<std::pair<Block *, llvm::hash_code>, SmallVector<unsigned>>
      groupsOfSizes;
  WalkResult result = getOperation()->walk([&](memref::AllocOp alloc) {
    std::optional<int64_t> staticBytes = getStaticBytes(alloc.getType());
    if (!staticBytes) {
      alloc.emitError() << "a tensor of impossible size: " << alloc.getType();
      return WalkResult::interrupt();
    }
    ValueRange sizes = alloc.getDynamicSizes();
    if (sizes.empty())
      return WalkResult::advance();
    ++numGuarded;
    auto &candidates = groupsOfSizes[{
        alloc->getBlock(),
        llvm::hash_combine_range(sizes.begin(), sizes.end())}];
    for (unsigned i : candidates) {
      if (groups[i].first.getDynamicSizes() != sizes)
        continue;
      groups[i].staticBytes = std::max(groups[i].staticBytes, *staticBytes);
      return WalkResult::advance();
    }
    candidates.push_back(groups.size());
    groups.push_back({alloc, *staticBytes});
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return signalPassFailure();
  for (Group &group : groups)
    guard(group.first, group.staticBytes);
}
