//===- Library.h - A model compiled to a library: the C interface -*- C -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_LIBRARY_H
#define MOE_RUNTIME_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One entry of a model, loaded with its weights. Any number of threads may use
/// it at the same time.
typedef struct MoEModel MoEModel;
/// Calls of a model by one thread at a time, and the memory they work in.
typedef struct MoECall MoECall;

/// What a model says of an input or an output.
typedef struct MoETensorSpec {
  const char *name;
  /// As MLIR spells it: "f32", "bf16", "i64", …
  const char *type;
  size_t rank;
  /// -1 for a dimension that varies.
  const int64_t *dims;
  /// Dimensions of one name agree; "" has none.
  const char *const *dimNames;
  /// Whether the model has a value for an input that is not set.
  int hasDefault;
} MoETensorSpec;

/// A dense row-major tensor.
typedef struct MoETensor {
  const void *data;
  size_t rank;
  const int64_t *dims;
} MoETensor;

/// Time in one operation of the model, in all calls since profiling was turned
/// on.
typedef struct MoEPhase {
  const char *node;
  /// "moe.experts", "onnx.MatMul", …
  const char *kind;
  double seconds;
  uint64_t count;
  /// Of the experts of a layer, if they are counted: rows of its plan, and rows
  /// that experts with matrices compute.
  int countsRows;
  uint64_t rows, products;
} MoEPhase;

/// The functions of a library that `moe-compile` made. Those that return a
/// pointer return null on failure, those that return an int another number than
/// 0; `getError` then says why. Pointers to what a model or a call holds are
/// valid as long as it is, results and phases up to the next call.
typedef struct MoELibrary {
  /// Of this structure, as the library knows it; later versions append members.
  size_t size;

  /// One line on what went wrong in the last call of this thread that failed.
  const char *(*getError)(void);
  /// How many threads the library's loops use, the caller among them; 0 means
  /// $MOE_NUM_THREADS, else the CPUs that the process may run on.
  void (*setNumThreads)(int n);
  /// The processor that the code was made for which this machine runs, by
  /// LLVM's name; null if it can run none of the library's.
  const char *(*getCPU)(void);
  /// What the model takes, gives and refers to, as JSON.
  const char *(*getManifest)(void);

  /// Loads the entry of a name (null or "": the only one, or `main`) and packs
  /// its weights. Files of weights that are not in the library are looked for
  /// in `folder`; null: beside the library. Packed weights are kept in a file
  /// whose name starts with `packed`, and mapped from there the next time;
  /// null: they are not kept.
  MoEModel *(*load)(const char *entry, const char *folder, const char *packed);
  void (*unload)(MoEModel *model);

  const char *(*getEntry)(const MoEModel *model);
  size_t (*getNumInputs)(const MoEModel *model);
  size_t (*getNumOutputs)(const MoEModel *model);
  const MoETensorSpec *(*getInput)(const MoEModel *model, size_t index);
  const MoETensorSpec *(*getOutput)(const MoEModel *model, size_t index);

  /// `model` must outlive the calls.
  MoECall *(*createCall)(const MoEModel *model);
  void (*destroyCall)(MoECall *call);
  /// Sets an input to data of its type, which must last as long as calls use
  /// it and is not written to.
  int (*setInput)(MoECall *call, size_t index, const MoETensor *tensor);
  /// Forgets the inputs.
  void (*clearInputs)(MoECall *call);
  /// Runs the model. A call like an earlier one allocates nothing.
  int (*run)(MoECall *call);
  int (*getResult)(const MoECall *call, size_t index, MoETensor *tensor);

  /// Starts to collect times, from none, or stops. Only code that was compiled
  /// with --profile knows of any.
  void (*setProfiling)(MoECall *call, int on);
  size_t (*getNumPhases)(const MoECall *call);
  int (*getPhase)(const MoECall *call, size_t index, MoEPhase *phase);
} MoELibrary;

/// What a compiled model exports, under this name unless `moe-compile --symbol`
/// says another one.
const MoELibrary *moeGetLibrary(void);

/// For who loads the library at run time.
typedef const MoELibrary *(*MoEGetLibrary)(void);
#define MOE_GET_LIBRARY "moeGetLibrary"

#ifdef __cplusplus
}
#endif

#endif // MOE_RUNTIME_LIBRARY_H
