# REQUIRES: onnx
# RUN: %python %s %t moe-opt moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""ONNX's own node tests of the operators that convert-onnx-to-linalg lowers.

Every case whose operators the conversion lists is run, but for values that are no tensors of a supported type and for
EXCLUDED.

Usage: onnx-nodes.py WORKDIR MOE_OPT MOE_RUN [PATTERN]: all cases, or those whose name PATTERN is found in. With
--excluded in the place of PATTERN: a line for each case that is left out, and why.
"""

import os
import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

# Element types that tensors of code may have.
TYPES = {"FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "BOOL", "INT8", "INT16", "INT32", "INT64"} | {
    f"UINT{bits}" for bits in (8, 16, 32, 64)
}

# Inputs that must be constants, which the tests pass at run time: they decide the ranks of results.
CONSTANT_INPUTS = {}

# Cases of supported operators that are left out: a pattern of names, and why.
EXCLUDED = {
    r"^test_scan_sum$": "Scan of operator set 8, whose inputs are batches",
    r"^test_affine_grid_[23]d.*_expanded$": "sizes of the run decide ranks",
    r"^test_training_dropout(_mask|_default|_default_mask)?$": "Dropout in training draws random numbers",
}


def read_operators(moe_opt):
    """The operators of the standard domain that the conversion lists."""
    listing = subprocess.run([moe_opt, "--list-onnx-operators"], capture_output=True, text=True, check=True).stdout
    standard = listing.split("### ")[1]
    return {line.split("|")[1].strip() for line in standard.splitlines()[4:] if line.startswith("|")}


def tensor_types(model):
    """The names of the element types of inputs and outputs; None for other kinds of values."""
    types = set()
    for value in [*model.graph.input, *model.graph.output]:
        if value.type.WhichOneof("value") != "tensor_type":
            return None
        types.add(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type))
    return types


def find_reason(case, operators):
    """Why a case is left out: None if it is not, "" if it has operators that are not supported."""
    nodes = case.model.graph.node
    if any(node.op_type not in operators or node.domain not in ("", "ai.onnx") for node in nodes):
        return ""
    for pattern, reason in EXCLUDED.items():
        if re.search(pattern, case.name):
            return reason
    types = tensor_types(case.model)
    if types is None:
        return "sequences, optional values"
    return f"elements of {', '.join(sorted(types - TYPES))}" if types - TYPES else None


def as_tensor(value, info):
    if isinstance(value, onnx.TensorProto):
        tensor = onnx.TensorProto()
        tensor.CopyFrom(value)
    else:
        tensor = numpy_helper.from_array(np.asarray(value))
        # NumPy has no bfloat16; the model says what the bits mean.
        tensor.data_type = info.type.tensor_type.elem_type
    tensor.name = info.name
    return tensor


def write_case(case, folder):
    """The model and its first data set, constants moved from the one to the other."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    inputs, outputs = case.data_sets[0]
    values = dict(zip([i.name for i in model.graph.input], inputs))
    fixed = {
        node.input[slot]
        for node in model.graph.node
        for slot in CONSTANT_INPUTS.get(node.op_type, [])
        if slot < len(node.input)
    }
    infos = list(model.graph.input)
    del model.graph.input[:]
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data, exist_ok=True)
    for old in os.listdir(data):
        os.remove(os.path.join(data, old))
    for info in infos:
        tensor = as_tensor(values[info.name], info)
        if info.name in fixed:
            model.graph.initializer.append(tensor)
            continue
        onnx.save_tensor(tensor, os.path.join(data, f"input_{len(model.graph.input)}.pb"))
        model.graph.input.append(info)
    for i, (info, value) in enumerate(zip(model.graph.output, outputs)):
        onnx.save_tensor(as_tensor(value, info), os.path.join(data, f"output_{i}.pb"))
    path = os.path.join(folder, "model.onnx")
    onnx.save(model, path)
    return path, data


def run_case(case, workdir, moe_run):
    """What went wrong, or None."""
    path, data = write_case(case, os.path.join(workdir, case.name))
    half = any(t in ("FLOAT16", "BFLOAT16") for t in tensor_types(case.model))
    tolerance = ["--rtol", "1e-2" if half else str(case.rtol), "--atol", "1e-2" if half else str(max(case.atol, 1e-6))]
    result = subprocess.run(
        [moe_run, path, "--test-data", data, "--threads", "1", *tolerance], capture_output=True, text=True, timeout=120
    )
    if result.returncode == 0:
        return None
    lines = (result.stderr.strip() or result.stdout.strip() or "no output").splitlines()
    return f"exit code {result.returncode}: {lines[-1]}"


def main():
    workdir, moe_opt, moe_run = sys.argv[1:4]
    pattern = sys.argv[4] if len(sys.argv) > 4 else ""
    operators = read_operators(moe_opt)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reasons = [(c, find_reason(c, operators)) for c in collect_testcases(None)]
    if pattern == "--excluded":
        # What is left out of supported operators' cases.
        for case, reason in reasons:
            if reason:
                print(f"{case.name}: {reason}")
        return
    cases = [case for case, reason in reasons if reason is None and re.search(pattern, case.name)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = list(pool.map(lambda case: run_case(case, workdir, moe_run), cases))
    failures = [(case.name, problem) for case, problem in zip(cases, problems) if problem]
    for name, problem in failures:
        print(f"{name}: {problem}")
    print(f"{len(cases)} cases, {len(failures)} failures")


main()
