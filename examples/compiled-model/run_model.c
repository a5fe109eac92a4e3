/* Runs a model that moe-compile made a library of, from C.
 *
 *   moe-compile ../swiglu-moe-layer/model.onnx -o model.so
 *   cc run_model.c -I../../runtime/include -o run_model ./model.so -Wl,-rpath,'$ORIGIN'
 *   ./run_model SIZE,SIZE,… <input.bin >output.bin
 *
 * The input is dense and of the element type that the model says; the program
 * reads its first input and writes its first output.
 */
#include "moe-runtime/Library.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RANK 16

static const MoELibrary *library;

static int fail(const char *why) {
  fprintf(stderr, "run_model: %s\n", why);
  return 1;
}

/* Bytes of an element of the types that this program handles; 0 for others. */
static size_t getElementSize(const char *type) {
  static const char *const names[] = {"f64", "f32", "f16", "bf16",
                                      "i64", "i32", "i16", "i8"};
  static const size_t sizes[] = {8, 4, 2, 2, 8, 4, 2, 1};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); ++i)
    if (strcmp(type, names[i]) == 0)
      return sizes[i];
  return 0;
}

/* Reads "2,24,64"; the number of sizes, 0 if there is something else. */
static size_t parseSizes(const char *text, int64_t *dims) {
  for (size_t rank = 0; rank < MAX_RANK;) {
    char *end;
    dims[rank++] = strtoll(text, &end, 10);
    if (end == text || dims[rank - 1] < 0 || dims[rank - 1] > 1 << 20)
      return 0;
    if (*end == 0)
      return rank;
    if (*end != ',')
      return 0;
    text = end + 1;
  }
  return 0;
}

static size_t getNumBytes(const char *type, const MoETensor *tensor) {
  size_t bytes = getElementSize(type);
  for (size_t i = 0; i < tensor->rank; ++i)
    bytes *= (size_t)tensor->dims[i];
  return bytes;
}

static int runOnce(const MoEModel *model, const char *sizes) {
  const MoETensorSpec *in = library->getInput(model, 0);
  const MoETensorSpec *out = library->getOutput(model, 0);
  if (!in || !out)
    return fail(library->getError());
  if (!getElementSize(in->type) || !getElementSize(out->type))
    return fail("the model's element types are not handled here");

  int64_t dims[MAX_RANK];
  MoETensor input = {NULL, parseSizes(sizes, dims), dims};
  if (input.rank == 0)
    return fail("sizes are numbers with commas between");
  size_t bytes = getNumBytes(in->type, &input);
  void *data = malloc(bytes ? bytes : 1);
  if (!data || fread(data, 1, bytes, stdin) != bytes) {
    free(data);
    return fail("the input is too short");
  }
  input.data = data;

  MoETensor output;
  MoECall *call = library->createCall(model);
  int failed = library->setInput(call, 0, &input) || library->run(call) ||
               library->getResult(call, 0, &output);
  if (failed)
    fail(library->getError());
  else
    fwrite(output.data, 1, getNumBytes(out->type, &output), stdout);
  library->destroyCall(call);
  free(data);
  return failed;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return fail("usage: run_model SIZE,SIZE,… <input.bin >output.bin");
  library = moeGetLibrary();
  MoEModel *model = library->load(/*entry=*/NULL, /*folder=*/NULL, /*packed=*/NULL);
  if (!model)
    return fail(library->getError());
  fprintf(stderr, "runs code for %s\n", library->getCPU());
  int status = runOnce(model, argv[1]);
  library->unload(model);
  return status;
}
