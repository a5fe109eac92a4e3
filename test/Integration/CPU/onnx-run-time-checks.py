# REQUIRES: onnx
# RUN: mkdir -p %t && %python %s %t moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""What only the run can tell and an operator does not allow ends the call with one line that names the node.

Usage: onnx-run-time-checks.py WORKDIR MOE_RUN [PATTERN]
"""

import os
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import parser

CASES = []


def case(inputs, nodes, output, reason, *arrays, opset=28):
    """A graph of `nodes`, the last of which, `node`, ends the call for `reason` when it gets `arrays`."""
    domains = f'opset_import: ["" : {opset}, "com.microsoft" : 1]'
    CASES.append((f"<ir_version: 10, {domains}>\nagraph ({inputs}) => ({output}) {{ {nodes} }}", reason, arrays))


def floats(*shape):
    return np.ones(shape, np.float32)


def ints(*values):
    return np.array(values, np.int64)


# Axes that are inputs.
for op in ("ReduceSum", "ReduceMax", "ReduceLogSumExp"):
    args = "float[n,m] x, int64[2] a", f"[node] y = {op} (x, a)", "float[k,l] y"
    case(*args, f"{op}: an axis is out of range", floats(2, 3), ints(0, 2))
    case(*args, f"{op}: an axis is repeated", floats(2, 3), ints(-1, 1))
for op in ("CumSum", "CumProd"):
    args = "float[n,m] x, int64 a", f"[node] y = {op} (x, a)", "float[n,m] y"
    case(*args, f"{op}: an axis is out of range", floats(2, 3), np.array(-3))
args = "float[n,m] x, int64[1] a", "[node] y = Squeeze (x, a)", "float[k] y"
case(*args, "Squeeze: an axis is out of range", floats(1, 3), ints(2))
case(*args, "Squeeze: a dropped size is not 1", floats(1, 3), ints(1))
args = "float[n,m] x, int64[2] a", "[node] y = Unsqueeze (x, a)", "float[k,l,p,q] y"
case(*args, "Unsqueeze: an axis is out of range", floats(1, 3), ints(0, 4))
case(*args, "Unsqueeze: an axis is repeated", floats(1, 3), ints(0, -4))
args = "float[n,m] x, int64[1] s, int64[1] e, int64[1] a, int64[1] t", "[node] y = Slice (x, s, e, a, t)", "float[k,l] y"
case(*args, "Slice: an axis is out of range", floats(2, 3), ints(0), ints(1), ints(2), ints(1))
case(*args, "Slice: a step is 0", floats(2, 3), ints(0), ints(1), ints(1), ints(0))

# Sub-graphs.
body = "body = b (int64 i, bool c, float[p] a) => (bool d, float[q] g, float[r] h) { d = Identity (c)  g = Concat <axis: int = 0> (a, x)  h = Identity (g) }"
args = "int64 n, float[m] x", f"[node] y, z = Loop (n, , x) <{body}>", "float[k] y, float[t,u] z"
case(*args, "Loop: an output of the body changes its size", np.array(2), floats(3))
body = "body = b (float s, float a, float c) => (float t) { t = Sum (s, a, c) }"
args = "float s, float[n] x, float[m] z", f"[node] y = Scan <num_scan_inputs: int = 2, {body}> (s, x, z)", "float y"
case(*args, "Scan: inputs differ in length", np.float32(1), floats(3), floats(4))
branches = "then_branch = a () => (float[k] t) { t = Neg (x) }, else_branch = b () => (float[l] e) { e = Abs (x) }"
args = "bool[n] c, float[m] x", f"[node] y = If (c) <{branches}>", "float[p] y"
case(*args, "If: a condition is not one boolean", np.array([True, False]), floats(3))

# Indices and conditions.
args = "float[b,s,h] x, float[b,t,h] u, int64[c] i", "[node] y = TensorScatter (x, u, i)", "float[b,s,h] y"
case(*args, "TensorScatter: a write index is out of range", floats(2, 4, 3), floats(2, 2, 3), ints(0, 3))
case(*args, "TensorScatter: a write index is out of range", floats(2, 4, 3), floats(2, 2, 3), ints(-1, 0))
case(*args, "TensorScatter: the update is longer than the cache", floats(2, 4, 3), floats(2, 5, 3), ints(0, 0))
case(*args, "TensorScatter: write_indices do not have the batch size", floats(2, 4, 3), floats(2, 2, 3), ints(0))
args = "float[n] x, bool[m] c", "[node] y = Compress (x, c)", "float[k] y"
case(*args, "Compress: the condition is longer than the data", floats(2), np.array([True, False, True]))
args = "float[n] x, float r, bool t", "[node] y = Dropout (x, r, t)", "float[n] y"
case(*args, "Dropout: training is not supported", floats(2), np.float32(0.5), np.array(True), opset=13)
args = "float[n] x, float[m] z", "[node] y = SwiGLU (x, z)", "float[n] y"
case(*args, "SwiGLU: operands differ in size", floats(2), floats(1), opset=28)

# Windows.
args = "float[n] x, int64[2] p", "[node] y = Pad (x, p)", "float[m] y"
case(*args, "Pad: a size is negative", floats(3), ints(-2, -2))
args = "float[n] x, int64[2] p", '[node] y = Pad <mode: string = "edge"> (x, p)', "float[m] y"
case(*args, "Pad: nothing cannot be continued", floats(0), ints(1, 1))
args = "float[n,m] x, int64[2] p, int64[1] a", "[node] y = Pad (x, p, , a)", "float[k,l] y"
case(*args, "Pad: an axis is out of range", floats(2, 3), ints(1, 1), ints(2))
args = "float[n,c,l] x, float[m,d,k] w, float[b] z", "[node] y = Conv <group: int = 2> (x, w, z)", "float[n,m,o] y"
x, w = floats(1, 4, 6), floats(4, 2, 3)
case(*args, "Conv: the kernel is larger than the padded input", floats(1, 4, 2), w, floats(4))
case(*args, "Conv: the weight does not fit the channels", floats(1, 3, 6), w, floats(4))
case(*args, "Conv: the weight does not fit the groups", x, floats(3, 2, 3), floats(3))
case(*args, "Conv: the bias does not fit the weight", x, w, floats(1))

# Quantised operators.
args = "float[n,m] x, float[k] s", "[node] y = QuantizeLinear (x, s)", "uint8[n,m] y"
case(*args, "QuantizeLinear: sizes cannot be broadcast", floats(2, 3), floats(2))
args = "float[n,m] x, float[k] s, uint8[l] z", "[node] y = QuantizeLinear (x, s, z)", "uint8[n,m] y"
zeros = np.zeros(2, np.uint8)
case(*args, "QuantizeLinear: scale and zero point differ in size", floats(2, 3), floats(3), zeros)
args = "float[n,m] x, float[k,l] s", "[node] y = QuantizeLinear <block_size: int = 2> (x, s)", "uint8[n,m] y"
case(*args, "QuantizeLinear: the scale does not fit blocks of the data", floats(2, 5), floats(2, 2))
args = "int8[n,k] x, int8[k,m] w, int8[r] z", "[node] y = MatMulInteger (x, w, z)", "int32[n,m] y"
codes = np.ones((1, 2), np.int8)
case(*args, "MatMulInteger: zero points are larger than their matrix", codes, codes.T, np.ones(3, np.int8))

# Attention as a recurrence.
heads = "q_num_heads: int = 2, kv_num_heads: int = 2"
nodes = f'[node] y, z = LinearAttention <{heads}, update_rule: string = "linear"> (q, k, v, s)'
args = "float[b,t,8] q, float[c,u,8] k, float[b,t,6] v, float[d,e,f,g] s", nodes, "float[b,t,6] y, float[b,2,4,3] z"
state = floats(2, 2, 4, 3)
q, v = floats(2, 5, 8), floats(2, 5, 6)
case(*args, "LinearAttention: operands differ in length", q, floats(2, 4, 8), v, state, opset=27)
case(*args, "LinearAttention: operands differ in batch size", q, floats(1, 5, 8), v, state, opset=27)
case(*args, "LinearAttention: the state does not fit the other operands", q, q, v, floats(2, 2, 4, 4), opset=27)


def run_case(number, workdir, moe_run):
    """What went wrong, or None."""
    text, reason, arrays = CASES[number]
    model = parser.parse_model(text)
    folder = os.path.join(workdir, str(number))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    onnx.save(model, path)
    command = [moe_run, path, "--no-cache", "--threads", "1", "--output-dir", folder]
    for info, array in zip(model.graph.input, arrays):
        np.save(os.path.join(folder, f"{info.name}.npy"), array)
        command += ["--input", f"{info.name}={folder}/{info.name}.npy"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = result.stderr.splitlines()
    if result.returncode == 2 and lines == [f"moe-run: {path}: node: {reason}"]:
        return None
    return f"wanted '{reason}', got exit code {result.returncode}: {lines}"


def main():
    workdir, moe_run = sys.argv[1:3]
    pattern = sys.argv[3] if len(sys.argv) > 3 else ""
    numbers = [i for i, (_, reason, _) in enumerate(CASES) if re.search(pattern, reason)]
    failures = 0
    for number in numbers:
        problem = run_case(number, workdir, moe_run)
        failures += problem is not None
        if problem:
            print(f"{number}: {problem}")
    print(f"{len(numbers)} cases, {failures} failures")


main()
