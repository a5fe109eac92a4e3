//===- Context.cpp - Memory of a call in progress -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Context.h"
#include "moe-runtime/Trap.h"
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

using namespace moe::rt;

/// Stands in the 64 bytes before the memory that it describes.
struct alignas(64) Context::Block {
  Block *next;
  Block *previous;
  Context *owner;
  /// What the system gave; the block lies in it.
  void *base;
  uint64_t capacity;
  uint32_t sizeClass;
  bool used;

  void *data() { return this + 1; }
  static Block *of(void *data) { return static_cast<Block *>(data) - 1; }
};

/// Four classes per power of two, so that at most a fifth is wasted.
static unsigned sizeClassOf(uint64_t size) {
  uint64_t units = size <= 64 ? 1 : (size + 63) / 64;
  if (units <= 4)
    return units - 1;
  unsigned shift = 63 - __builtin_clzll(units - 1) - 2;
  return 4 * shift + ((units - 1) >> shift);
}

static uint64_t capacityOf(unsigned sizeClass) {
  if (sizeClass < 4)
    return 64 * (uint64_t(sizeClass) + 1);
  unsigned shift = sizeClass / 4 - 1;
  return 64 * ((uint64_t(sizeClass) % 4 + 5) << shift);
}

/// No block larger than the machine's memory can be of use; the system might
/// grant it all the same and end the process when it is touched.
static uint64_t maxBlockSize() {
  static const uint64_t limit =
      uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  return limit;
}

Context::~Context() {
  reset();
  trim();
}

Context::Block *Context::takeFree(unsigned sizeClass, uint64_t alignment) {
  for (Block **link = &freeBlocks[sizeClass]; *link; link = &(*link)->next) {
    Block *block = *link;
    if (reinterpret_cast<uintptr_t>(block->data()) % alignment)
      continue;
    *link = block->next;
    return block;
  }
  return nullptr;
}

Context::Block *Context::newBlock(unsigned sizeClass, uint64_t alignment) {
  constexpr uint64_t hugePage = 2 << 20;
  uint64_t capacity = capacityOf(sizeClass);
  uint64_t total = sizeof(Block) + capacity + (alignment > 64 ? alignment : 0);
  total = (total + 63) & ~uint64_t(63);
  void *base = aligned_alloc(64, total);
  if (!base) {
    trimLocked();
    base = aligned_alloc(64, total);
    if (!base)
      return nullptr;
  }
  if (total >= 2 * hugePage) {
    uintptr_t begin =
        (reinterpret_cast<uintptr_t>(base) + hugePage - 1) & ~(hugePage - 1);
    uintptr_t end =
        (reinterpret_cast<uintptr_t>(base) + total) & ~(hugePage - 1);
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
  }
  uintptr_t data = reinterpret_cast<uintptr_t>(base) + sizeof(Block);
  data = (data + alignment - 1) & ~(alignment - 1);
  Block *block = Block::of(reinterpret_cast<void *>(data));
  block->owner = this;
  block->base = base;
  block->capacity = capacity;
  block->sizeClass = sizeClass;
  ++systemAllocations;
  heldBytes += capacity;
  return block;
}

void *Context::allocate(uint64_t size, uint64_t alignment) {
  if (size > maxBlockSize())
    raiseFormatted("out of memory: a tensor needs %llu bytes", size);
  if (alignment < 64)
    alignment = 64;
  if (alignment > 4096 || (alignment & (alignment - 1)))
    raiseFormatted("unsupported alignment %llu", alignment);
  Block *block;
  {
    std::lock_guard<std::mutex> lock(mutex);
    unsigned sizeClass = sizeClassOf(size);
    block = takeFree(sizeClass, alignment);
    if (!block)
      block = newBlock(sizeClass, alignment);
    if (block) {
      block->used = true;
      block->previous = nullptr;
      block->next = usedBlocks;
      if (usedBlocks)
        usedBlocks->previous = block;
      usedBlocks = block;
    }
  }
  if (!block)
    raiseFormatted("out of memory: a tensor needs %llu bytes", size);
  return block->data();
}

void Context::deallocate(void *pointer) {
  if (!pointer)
    return;
  Block *block = Block::of(pointer);
  Context *owner = block->owner;
  std::lock_guard<std::mutex> lock(owner->mutex);
  if (!block->used)
    return;
  block->used = false;
  if (block->next)
    block->next->previous = block->previous;
  if (block->previous)
    block->previous->next = block->next;
  else
    owner->usedBlocks = block->next;
  block->next = owner->freeBlocks[block->sizeClass];
  owner->freeBlocks[block->sizeClass] = block;
}

void Context::reset() {
  std::lock_guard<std::mutex> lock(mutex);
  while (Block *block = usedBlocks) {
    usedBlocks = block->next;
    block->used = false;
    block->next = freeBlocks[block->sizeClass];
    freeBlocks[block->sizeClass] = block;
  }
}

void Context::trim() {
  std::lock_guard<std::mutex> lock(mutex);
  trimLocked();
}

void Context::trimLocked() {
  for (Block *&list : freeBlocks) {
    while (Block *block = list) {
      list = block->next;
      heldBytes -= block->capacity;
      free(block->base);
    }
  }
}

Context::Scope::Scope(Context *context) : previous(threadState().context) {
  threadState().context = context;
}

Context::Scope::~Scope() { threadState().context = previous; }

extern "C" void *_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment,
                                                    uint64_t size) {
  Context *context = threadState().context;
  if (!context)
    moe_raise("compiled code was called without a context");
  return context->allocate(size, alignment);
}

extern "C" void *_mlir_memref_to_llvm_alloc(uint64_t size) {
  return _mlir_memref_to_llvm_aligned_alloc(64, size);
}

extern "C" void _mlir_memref_to_llvm_free(void *pointer) {
  Context::deallocate(pointer);
}
