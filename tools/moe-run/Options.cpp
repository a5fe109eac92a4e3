//===- Options.cpp - The command line of moe-run ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace moe;

template <auto member>
static bool setString(Options &options, StringRef value) {
  (options.*member) = value.str();
  return true;
}

template <auto member> static bool setFlag(Options &options, StringRef) {
  return (options.*member) = true;
}

template <unsigned Options::*member>
static bool setCount(Options &options, StringRef value) {
  return to_integer(value, options.*member, 10) && (options.*member) > 0;
}

static bool setArch(Options &options, StringRef value) {
  return value.consume_front("sm_") && to_integer(value, options.arch, 10) &&
         options.arch >= 80 && options.arch <= 130;
}

template <double Tolerance::*member>
static bool setTolerance(Options &options, StringRef value) {
  double &tolerance = options.tolerance.*member;
  return to_float(value, tolerance) && tolerance >= 0;
}

static bool addInput(Options &options, StringRef value) {
  options.inputs.push_back(value.str());
  return value.contains('=') && !value.ends_with("=");
}

static bool addDump(Options &options, StringRef value) {
  options.dump.push_back(value.str());
  return !value.empty();
}

static bool setRandom(Options &options, StringRef value) {
  options.randomInputs = true;
  return value.empty() || to_integer(value, options.seed, 10);
}

static bool addDim(Options &options, StringRef value) {
  auto [name, size] = value.rsplit('=');
  auto &dim = options.dims.emplace_back(name.str(), 0);
  return !name.empty() && to_integer(size, dim.second, 10) && dim.second >= 0;
}

static constexpr OptionInfo<Options> infos[] = {
    {"input", "NAME=FILE",
     "Value of an input, a NumPy array or an ONNX TensorProto; once for each "
     "input",
     addInput},
    {"random-inputs", "[SEED]",
     "Make up the inputs that are not given: real numbers uniform in [-1, 1), "
     "integers as --random-below says; a seed always gives the same (default: "
     "0)",
     setRandom},
    {"random-below", "N",
     "Random integers are uniform from 0 to N - 1, or to what their type holds "
     "(default: 2, which serves as mask, token and position)",
     setCount<&Options::randomBelow>},
    {"dim", "NAME=N",
     "A size that varies, for random inputs: by its name in the model, or "
     "INPUT:I for the I-th size of an input (from 0) where it has none; once "
     "for each that no given input tells",
     addDim},
    {"output-dir", "DIR",
     "Write each output to DIR as NAME.npy (NAME.pb for types that NumPy "
     "lacks) instead of printing it",
     setString<&Options::outputDir>},
    {"entry", "FUNCTION", "Function to run (default: the only one, else main)",
     setString<&Options::entry>},
    {"test-data", "DIR",
     "Run on input_0.pb, … in DIR, or in its folders test_data_set_N, and "
     "compare with output_0.pb, …: by the tensors' names, else by position",
     setString<&Options::testData>},
    {"rtol", "R",
     "Outputs a match expected ones b if |a - b| <= A + R * |b|; NaN equals "
     "NaN (default: 1e-3)",
     setTolerance<&Tolerance::relative>},
    {"atol", "A", "The A of --rtol (default: 1e-5)",
     setTolerance<&Tolerance::absolute>},
    {"time", "N",
     "Time N calls after one that is not counted; the last line printed is "
     "{\"min_ms\":…,\"median_ms\":…,\"runs\":N}",
     setCount<&Options::time>},
    {"cold", "",
     "With --time: read four times the last-level cache before each call",
     setFlag<&Options::cold>},
    {"profile", "",
     "Print on stderr the time of each step up to the first call, and the mean "
     "time in the calls (of --time, if given): for each MoE layer that of "
     "gate, "
     "plan, dispatch, experts and combine, for other operations by kind. A "
     "phase that is fused into another one counts as that. Rows of a layer: "
     "those of its plan, and those that experts with matrices compute",
     setFlag<&Options::profile>},
    {"dump", "NODE",
     "Write or print the values of a node, by its ONNX name, too; once for "
     "each "
     "node",
     addDump},
    {"bisect", "",
     "Name the first node whose value departs by more than --rtol and --atol "
     "from that of the unoptimised program, on the given inputs or the first "
     "data set; exit code 1 if there is one",
     setFlag<&Options::bisect>},
    {"threads", "N",
     "Threads to run on (default: $MOE_NUM_THREADS, else one per processor)",
     setCount<&Options::threads>},
    {"target", "cpu|cuda",
     "Where layers of experts run; with cuda, what has no kernel still runs on "
     "the CPU (default: cpu)",
     setString<&Options::target>},
    {"arch", "sm_N",
     "Compute capability to compile kernels for: sm_80, sm_90, … (default: the "
     "device's)",
     setArch},
    {"mcpu", "NAME", "Processor to compile for, by LLVM's name (default: host)",
     setString<&Options::mcpu>},
    roundActivationsInfo<Options>,
    pipelineInfo<Options>,
    withoutInfo<Options>,
    {"no-cache", "",
     "Compile anew, without the cache of compiled models in $MOE_CACHE_DIR "
     "(default: ~/.cache/moe-mlir)",
     setFlag<&Options::noCache>},
    {"packed-cache", "",
     "Keep packed weights beside the model, in MODEL.KEY.packed, and map them "
     "from there at later starts",
     setFlag<&Options::packedCache>},
    helpInfo<Options>,
};

void Options::printHelp(raw_ostream &os) {
  os << "Usage: moe-run MODEL [options]\n\n"
        "Runs a model, compiled for this machine. MODEL is an ONNX file, an "
        "MLIR "
        "module\n(text or bytecode) with functions of tensors, or a library "
        "that "
        "moe-compile made\nof one; inputs and outputs without names are called "
        "arg0, arg1, … and result0,\nresult1, ….\n\nOptions:\n";
  printOptions<Options>(os, infos);
  os << "\nExit code: 0 when all went well, 1 when outputs do not match, 2 on "
        "an error.\n";
}

Error Options::check() const {
  if (target != "cpu" && target != "cuda")
    return createStringError("--target=" + target + ": not cpu or cuda");
  if (target == "cpu" && arch)
    return createStringError("--arch: needs --target=cuda");
  if (target == "cuda" && pipeline == "reference")
    return createStringError(
        "--target=cuda: the reference pipeline has no kernels");
  if (Error error = checkPipeline())
    return error;
  if (cold && !time)
    return createStringError("--cold: needs --time");
  if (!testData.empty() &&
      (!inputs.empty() || randomInputs || !outputDir.empty()))
    return createStringError("--test-data: does not go with --input, "
                             "--random-inputs or --output-dir");
  if (!randomInputs && randomBelow)
    return createStringError("--random-below: needs --random-inputs");
  if (!randomInputs && !dims.empty())
    return createStringError("--dim: needs --random-inputs");
  if (bisect && (time || profile || !outputDir.empty() || !dump.empty()))
    return createStringError("--bisect: does not go with --time, --profile, "
                             "--output-dir or --dump");
  return Error::success();
}

Expected<Options> Options::parse(ArrayRef<const char *> args) {
  return parseModelOptions<Options>("moe-run", args, infos);
}
