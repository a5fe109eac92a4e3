# REQUIRES: numpy, ml_dtypes, onnx, onnxruntime
# RUN: %python %s --sample=12 | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures, {{[0-9]+}} without a form in ONNX
"""Layers and gates as standard ONNX operators: ONNX Runtime computes what the specification says.

The cases are those of gate.py, layers.py and weights.py: a sample of them, or with --sample=1 all."""

import argparse
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

from moe_testing.runner import run_cases
from moe_testing.written import load_cases

# What the pass says about a layer that ONNX cannot express.
UNSUPPORTED = re.compile(
    r"(moe.region_experts|separate experts|quantised (weights|biases)|less than a byte) (is|are) not"
    r"|ONNX has no tensors of element type|need operator set 24"
)
MODULES = ("gate", "layers", "weights")


class Unsupported(Exception):
    pass


def export(text, path):
    done = subprocess.run(["moe-opt", "--convert-moe-to-onnx=export-target=standard"], input=text, capture_output=True, text=True)
    if done.returncode == 0:
        command = ["moe-translate", "--export-onnx", "-o", path]
        done = subprocess.run(command, input=done.stdout, capture_output=True, text=True)
    if done.returncode:
        # The reason, without the operation that mlir-opt prints below it.
        error = [line for line in done.stderr.splitlines() if "error" in line] or [done.stderr]
        raise (Unsupported if UNSUPPORTED.search(error[0]) else RuntimeError)(error[0])


def ort_run(text, inputs, outputs, arguments):
    # The one case in place of the function that calls it: calls have no form in ONNX.
    text = text[: text.index("func.func @main(")]
    text = re.sub(r"func\.func private @\w+\(", "func.func @main(", text)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        export(text, path)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            names = [i.name for i in session.get_inputs()]
            return session.run(None, dict(zip(names, inputs.values())))
        except Exception as error:  # Whatever the runtime throws is the answer.
            raise RuntimeError(" ".join(str(error).split())[:300])


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--only", default="", help="run cases whose name holds this")
parser.add_argument("--sample", type=int, default=1, help="run one case of so many")
parser.add_argument("--verbose", action="store_true", help="say what has no form in ONNX")
options = parser.parse_args()

cases = [c for name in MODULES for c in load_cases(name, options.seed) if options.only in c.name]
cases = cases[:: options.sample]
failures, without = [], 0
for case in cases:
    try:
        failures += run_cases([case], [], run=ort_run)
    except Unsupported as reason:
        without += 1
        if options.verbose:
            print(f"{case.name}: {reason}")
for failure in failures:
    print(failure)
print(f"{len(cases)} cases, {len(failures)} failures, {without} without a form in ONNX")
sys.exit(1 if failures or not cases else 0)
