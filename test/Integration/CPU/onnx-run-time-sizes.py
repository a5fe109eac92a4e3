# REQUIRES: onnx
# RUN: mkdir -p %t && %python %s %t moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Sizes that are not known before run time: they broadcast as ONNX says, or end the call with one line.

Usage: onnx-run-time-sizes.py WORKDIR MOE_RUN
"""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

rng = np.random.default_rng(0)


def floats(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def make_case(nodes, inputs, expected, output=None, initializers=None, dtype=np.float32):
    """`inputs`: name to (declared dimensions, array). `expected`: an array or the reason of an error."""
    value_type = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(
        nodes,
        "sizes",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), dims)
            for name, (dims, array) in inputs.items()
        ],
        [helper.make_tensor_value_info("y", value_type, output)],
        [numpy_helper.from_array(array, name) for name, array in (initializers or {}).items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return model, {name: array for name, (_, array) in inputs.items()}, expected


def elementwise(op, a, b, expected):
    node = helper.make_node(op, ["a", "b"], ["y"], "node")
    rank = max(a.ndim, b.ndim)
    inputs = {
        "a": ([f"a{i}" for i in range(a.ndim)], a),
        "b": ([f"b{i}" for i in range(b.ndim)], b),
    }
    dtype = np.bool_ if op == "Less" else np.float32
    return make_case([node], inputs, expected, [f"y{i}" for i in range(rank)], dtype=dtype)


def moe(tokens, rows, expected):
    weights = {"fc1": floats(4, 24, 16), "fc2": floats(4, 16, 24)}
    node = helper.make_node("MoE", ["x", "l", "fc1", "", "fc2"], ["y"], "node", domain="com.microsoft", k=2)
    inputs = {"x": (["tokens", 16], floats(tokens, 16)), "l": (["rows", None], floats(rows, 4))}
    return make_case([node], inputs, expected, ["tokens", 16], weights)


def qmoe(tokens, columns, weighted, expected):
    weights = {
        "fc1": rng.integers(0, 256, (4, 24, 16), np.uint8),
        "s1": floats(4, 24),
        "fc2": rng.integers(0, 256, (4, 16, 24), np.uint8),
        "s2": floats(4, 16),
    }
    slots = ["x", "l", "fc1", "s1", "", "fc2", "s2", *[""] * 7, "w"]
    node = helper.make_node("QMoE", slots, ["y"], "node", domain="com.microsoft", k=2, expert_weight_bits=8)
    inputs = {
        "x": (["tokens", 16], floats(tokens, 16)),
        "l": (["rows", "columns"], floats(tokens, columns)),
        "w": (["weighted", None], floats(weighted, columns)),
    }
    return make_case([node], inputs, expected, ["tokens", 16], weights)


def broadcast_error(op, a, b):
    return elementwise(op, a, b, f"node: {op}: sizes cannot be broadcast")


def make_cases():
    for op, function in [("Add", np.add), ("Mul", np.multiply), ("Less", np.less), ("Max", np.maximum)]:
        for left, right in [((3, 4), (3, 4)), ((1, 4), (3, 4)), ((3, 1), (1, 4)), ((4,), (3, 1)), ((0, 4), (1, 4))]:
            a, b = floats(*left), floats(*right)
            yield elementwise(op, a, b, function(a, b))
        yield broadcast_error(op, floats(2, 4), floats(3, 4))
        yield broadcast_error(op, floats(3, 4), floats(3, 2))
        yield broadcast_error(op, floats(3), floats(4, 2))
    for left, right in [((2, 3, 4), (2, 4, 5)), ((1, 3, 4), (2, 4, 5)), ((2, 3, 4), (1, 4, 5)), ((3, 4), (2, 4, 5))]:
        a, b = floats(*left), floats(*right)
        yield elementwise("MatMul", a, b, a @ b)
    yield broadcast_error("MatMul", floats(2, 3, 4), floats(3, 4, 5))
    yield elementwise("MatMul", floats(3, 4), floats(5, 2), "node: MatMul: inner sizes differ")

    c, a, b = floats(1, 4) > 0, floats(3, 1), floats(3, 4)
    dims = {"c": (["c0", "c1"], c), "a": (["a0", "a1"], a), "b": (["b0", "b1"], b)}
    where = helper.make_node("Where", ["c", "a", "b"], ["y"], "node")
    yield make_case([where], dims, np.where(c, a, b), ["y0", "y1"])
    yield make_case([where], dims | {"b": (["b0", "b1"], floats(2, 4))}, "node: Where: sizes cannot be broadcast")

    x = floats(2, 6)
    reshape = helper.make_node("Reshape", ["x", "s"], ["y"], "node")
    for shape, expected in [
        (ints(3, 4), x.reshape(3, 4)),
        (ints(-2, -6), "node: Reshape: a size is negative"),
        (ints(5, 2), "node: Reshape: sizes do not hold all elements"),
    ]:
        yield make_case([reshape], {"x": (["n", "m"], x), "s": ([2], shape)}, expected, ["y0", "y1"])
    expand = helper.make_node("Expand", ["x", "s"], ["y"], "node")
    for shape, expected in [
        (ints(3, 2, 6), np.broadcast_to(x, (3, 2, 6))),
        (ints(3, 1, 1), np.broadcast_to(x, (3, 2, 6))),
        (ints(3, 3, 6), "node: Expand: sizes cannot be broadcast"),
    ]:
        yield make_case([expand], {"x": (["n", "m"], x), "s": ([3], shape)}, expected, ["y0", "y1", "y2"])
    split = helper.make_node("Split", ["x", "s"], ["y", "z"], "node", axis=1)
    for sizes, expected in [
        (ints(2, 4), x[:, :2]),
        (ints(8, -2), "node: Split: a size is negative"),
        (ints(2, 2), "node: Split: sizes do not add up to the input's"),
    ]:
        yield make_case([split], {"x": (["n", "m"], x), "s": ([2], sizes)}, expected, ["y0", "y1"])
    gather = helper.make_node("Gather", ["x", "i"], ["y"], "node", axis=1)
    for at, expected in [(ints(-6, 5), x[:, [-6, 5]]), (ints(6), "node: Gather: an index is out of range")]:
        yield make_case([gather], {"x": (["n", "m"], x), "i": (["k"], at)}, expected, ["n", "k"])
    gather = helper.make_node("GatherElements", ["x", "i"], ["y"], "node", axis=1)
    for at, expected in [
        (np.full((1, 3), 2, np.int64), x[:1, [2, 2, 2]]),
        (np.zeros((3, 1), np.int64), "node: GatherElements: indices are larger than the data"),
        (np.full((1, 1), -7, np.int64), "node: GatherElements: an index is out of range"),
    ]:
        yield make_case([gather], {"x": (["n", "m"], x), "i": (["j", "k"], at)}, expected, ["j", "k"])
    top = helper.make_node("TopK", ["x", "k"], ["y", ""], "node")
    for k, expected in [(6, -np.sort(-x)), (7, "node: TopK: k is out of range"), (-1, "node: TopK: k is out of range")]:
        yield make_case([top], {"x": (["n", "m"], x), "k": ([1], ints(k))}, expected, ["n", "k"])
    concat = helper.make_node("Concat", ["x", "z"], ["y"], "node", axis=0)
    dims = {"x": (["n", "m"], x), "z": (["i", "j"], floats(3, 5))}
    yield make_case([concat], dims, "node: Concat: operands differ in size", ["y0", "y1"])
    squeeze = helper.make_node("Squeeze", ["x", "axes"], ["y"], "node")
    dims = {"x": (["n", "m"], x)}
    yield make_case([squeeze], dims, "node: Squeeze: a dropped size is not 1", ["y0"], {"axes": ints(0)})

    range_node = helper.make_node("Range", ["start", "limit", "step"], ["y"], "node")

    def ranged(start, limit, step, dtype, expected):
        scalars = {"start": start, "limit": limit, "step": step}
        inputs = {name: ([], np.array(value, dtype)) for name, value in scalars.items()}
        return make_case([range_node], inputs, expected, ["n"], dtype=dtype)

    yield ranged(1, 9, 3, np.int64, np.arange(1, 9, 3))
    yield ranged(1, 9, 0, np.int64, "node: Range: the step is 0")
    yield ranged(1, 9, 0, np.float32, "node: Range: the number of elements is not finite")

    # A declared size is a promise that the model may break.
    relu = helper.make_node("Relu", ["x"], ["r"], "node")
    nonzero = helper.make_node("Reshape", ["r", "s"], ["y"], "node")
    inputs = {"x": (["n", "m"], x), "s": ([2], ints(4, 3))}
    yield make_case([relu, nonzero], inputs, "node: Reshape: sizes do not hold all elements", [6, 3])
    add = helper.make_node("Add", ["x", "x"], ["y"], "node")
    yield make_case([add], {"x": (["n", "m"], x)}, "node: Add: a size of the result is not as declared", [3, 6])

    yield moe(5, 3, "node: MoE: the router has other rows than the input")
    yield moe(3, 5, "node: MoE: the router has other rows than the input")
    yield qmoe(3, 4, 2, "node: QMoE: router_weights has other rows than the input")
    yield qmoe(3, 5, 3, "node: QMoE: the router's columns are not 4 experts")


def run_case(case, folder, moe_run):
    """What went wrong, or None."""
    model, inputs, expected = case
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    onnx.save(model, path)
    command = [moe_run, path, "--no-cache", "--threads", "1", "--output-dir", folder]
    for name, array in inputs.items():
        np.save(os.path.join(folder, f"{name}.npy"), array)
        command += ["--input", f"{name}={folder}/{name}.npy"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = [line for line in result.stderr.splitlines() if "remark:" not in line]
    if isinstance(expected, str):
        wanted = [f"moe-run: {path}: {expected}"]
        return None if result.returncode == 2 and lines == wanted else f"wanted '{expected}', got {lines}"
    if result.returncode != 0:
        return f"exit code {result.returncode}: {lines}"
    y = np.load(os.path.join(folder, "y.npy"))
    if y.shape != expected.shape:
        return f"shape {y.shape}, expected {expected.shape}"
    return None if np.allclose(y, expected, rtol=1e-5, atol=1e-5) else "other values"


def main():
    workdir, moe_run = sys.argv[1:3]
    cases = list(make_cases())
    failures = 0
    for i, case in enumerate(cases):
        problem = run_case(case, os.path.join(workdir, str(i)), moe_run)
        if problem:
            failures += 1
            print(f"{i}: {case[0].graph.node[-1].op_type}: {problem}")
    print(f"{len(cases)} cases, {failures} failures")


main()
