//===- Parallel.h - Parallel loops of compiled code -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_PARALLEL_H
#define MOE_RUNTIME_PARALLEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One part of a parallel loop: the iterations [begin, end).
typedef void (*moe_loop_body)(void *closure, int64_t begin, int64_t end);

/// Runs the iterations [0, n) in chunks of `grain` (0 or less: chosen here),
/// which idle threads take as they come. The caller takes part and returns when
/// all are done. Within another parallel loop the iterations run serially. Uses
/// the process's OpenMP runtime if one is loaded, else threads of its own.
void moe_parallel_for(int64_t n, moe_loop_body body, void *closure,
                      int64_t grain);

/// Sets how many threads parallel loops use, the caller among them; 0 means
/// $MOE_NUM_THREADS, else the CPUs that this process may run on.
void moe_set_num_threads(int n);
int moe_get_num_threads(void);

#ifdef __cplusplus
}
#endif

#endif // MOE_RUNTIME_PARALLEL_H
