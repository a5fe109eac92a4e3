//===- Context.h - Memory of a call in progress -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CONTEXT_H
#define MOE_RUNTIME_CONTEXT_H

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace moe::rt {

/// The memory that compiled code allocates: blocks by size class, kept when
/// freed, so that a call like an earlier one asks the system for nothing. Calls
/// that run at the same time need a context each; the threads of one call share
/// it.
class Context {
public:
  Context() = default;
  ~Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  /// At least 64-byte aligned; raises (see Trap.h) when there is none.
  void *allocate(uint64_t size, uint64_t alignment = 64);
  /// Takes back a block, of whichever context; null does nothing.
  static void deallocate(void *pointer);

  /// Takes back every block that is still in use: the results of the last
  /// call, and what a call that raised left behind.
  void reset();
  /// Returns the unused blocks to the system.
  void trim();

  /// How often the system was asked for memory; calls like an earlier one do
  /// not change it.
  uint64_t getSystemAllocations() const { return systemAllocations; }
  /// Bytes held, in use or not.
  uint64_t getHeldBytes() const { return heldBytes; }

  /// Makes a context that of the calling thread while in scope.
  class Scope {
  public:
    explicit Scope(Context *context);
    ~Scope();
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    Context *previous;
  };

private:
  struct Block;
  static constexpr unsigned numClasses = 4 * 48;

  Block *takeFree(unsigned sizeClass, uint64_t alignment);
  Block *newBlock(unsigned sizeClass, uint64_t alignment);
  void trimLocked();

  std::mutex mutex;
  Block *freeBlocks[numClasses] = {};
  /// The blocks in use, doubly linked.
  Block *usedBlocks = nullptr;
  uint64_t systemAllocations = 0;
  uint64_t heldBytes = 0;
};

} // namespace moe::rt

extern "C" {
/// The allocation functions that MLIR's lowering of memrefs calls.
void *_mlir_memref_to_llvm_alloc(uint64_t size);
void *_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment, uint64_t size);
void _mlir_memref_to_llvm_free(void *pointer);
}

#endif // MOE_RUNTIME_CONTEXT_H
