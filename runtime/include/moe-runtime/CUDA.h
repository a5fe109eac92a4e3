//===- CUDA.h - Layers on a CUDA device: the C interface -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CUDA_H
#define MOE_RUNTIME_CUDA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A function of a launch plan, loaded on a device.
typedef struct MoECUDALayer MoECUDALayer;
/// A layer for arguments of given sizes: a list of launches and a workspace.
typedef struct MoECUDABinding MoECUDABinding;
/// A pointer to device memory; a stream as the driver knows it, null for the
/// default one.
typedef uint64_t MoECUDAPointer;
typedef void *MoECUDAStream;

/// The first line of what went wrong in the last call of this thread that
/// failed.
const char *moeCUDAGetError(void);

/// Loads `function` ("" for the only one) of the plan in `folder`, which
/// `python -m moe_mlir.triton compile` makes. Uses the device's primary
/// context. Null on failure.
MoECUDALayer *moeCUDALoad(const char *folder, const char *function, int device);
void moeCUDAUnload(MoECUDALayer *layer);

size_t moeCUDAGetNumArguments(const MoECUDALayer *layer);
size_t moeCUDAGetNumResults(const MoECUDALayer *layer);

/// Packs weights, once: `arguments` holds a pointer for each argument, of which
/// those that are weights are read and must last. 0 on success.
int moeCUDAInit(MoECUDALayer *layer, const MoECUDAPointer *arguments,
                MoECUDAStream stream);

/// Chooses the launches for sizes of arguments, `ranks[i]` of them for argument
/// i, one after the other in `sizes`, and allocates what they write. Null on
/// failure.
MoECUDABinding *moeCUDABind(MoECUDALayer *layer, const int64_t *sizes,
                            const int32_t *ranks);
void moeCUDAUnbind(MoECUDABinding *binding);
/// Bytes that a binding has allocated.
uint64_t moeCUDAGetWorkspaceSize(const MoECUDABinding *binding);
size_t moeCUDAGetNumLaunches(const MoECUDABinding *binding);

/// Enqueues a call: launches only, nothing is allocated and nobody waits. 0 on
/// success.
int moeCUDARun(MoECUDABinding *binding, const MoECUDAPointer *arguments,
               const MoECUDAPointer *results, MoECUDAStream stream);

/// Makes a CUDA graph of one call, replacing the one before. 0 on success.
int moeCUDACapture(MoECUDABinding *binding, const MoECUDAPointer *arguments,
                   const MoECUDAPointer *results);
/// Enqueues the graph. 0 on success.
int moeCUDAReplay(MoECUDABinding *binding, MoECUDAStream stream);

#ifdef __cplusplus
}
#endif

#endif // MOE_RUNTIME_CUDA_H
