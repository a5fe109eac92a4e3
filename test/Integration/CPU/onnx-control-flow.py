# REQUIRES: onnx, onnxruntime
# RUN: %python %s %t moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""If, Loop and Scan in the forms that models have, compared with ONNX Runtime.

Usage: onnx-control-flow.py WORKDIR MOE_RUN [PATTERN]: all cases, or those whose name PATTERN is found in.
"""

import os
import re
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper, parser

HEAD = '<ir_version: 10, opset_import: ["" : 21]>\n'
CASES = {}


def case(name, text, *inputs):
    """Adds a model, in ONNX's own syntax, with a data set for each list of inputs."""
    CASES[name] = (text, inputs)


def floats(*shape):
    return (np.arange(np.prod(shape), dtype=np.float32).reshape(shape) * 0.37 - 1.5).astype(np.float32)



BRANCHES = """
agraph (bool c, float[n,4] x) => (float[m,4] y) {
  two = Constant <value_float: float = 2.0> ()
  y = If (c) <
    then_branch = large () => (float[a,4] t) { t0 = Mul (x, two)  t = Concat <axis: int = 0> (t0, x) },
    else_branch = small () => (float[b,4] e) { e = Neg (x) }
  >
}"""
case("if_sizes", BRANCHES, [np.array(True), floats(3, 4)], [np.array(False), floats(3, 4)])
case(
    "if_captured",
    """
agraph (bool[1] c, float[n] x, float[n] z) => (float[n] y, float[n] u) {
  y, u = If (c) <
    then_branch = a () => (float[n] p, float[n] q) { p = Identity (x)  q = Identity (z) },
    else_branch = b () => (float[n] r, float[n] s) { r = Identity (z)  s = Add (x, z) }
  >
}""",
    [np.array([True]), floats(3), floats(3) + 1],
    [np.array([False]), floats(3), floats(3) + 1],
)
case(
    "if_nested",
    """
agraph (int64 n, float[k] x) => (float[k] y) {
  zero = Constant <value_int: int = 0> ()
  five = Constant <value_int: int = 5> ()
  c = Greater (n, zero)
  y = If (c) <
    then_branch = a () => (float[k] p) {
      d = Greater (n, five)
      p = If (d) <
        then_branch = aa () => (float[k] t) { t = Exp (x) },
        else_branch = ab () => (float[k] u) { u = Neg (x) }
      >
    },
    else_branch = b () => (float[k] r) { r = Add (x, x) }
  >
}""",
    *[[np.array(i, np.int64), floats(4)] for i in (-1, 3, 9)],
)
# Caches of angles for short and long sequences, as LongRoPE has them.
case(
    "if_caches",
    """
agraph (int64[b,s] ids, float[b,s,2] x) => (float[b,s,2] y) <float[4,2] near = {0,1,2,3,4,5,6,7}, float[9,2] far = {0,-1,-2,-3,-4,-5,-6,-7,-8,-9,-10,-11,-12,-13,-14,-15,-16,-17}> {
  four = Constant <value_int: int = 4> ()
  most = ReduceMax <keepdims: int = 0> (ids)
  long = GreaterOrEqual (most, four)
  cache = If (long) <
    then_branch = l () => (float[m,2] p) { p = Identity (far) },
    else_branch = s () => (float[k,2] q) { q = Identity (near) }
  >
  rows = Gather (cache, ids)
  y = Add (rows, x)
}""",
    [np.array([[0, 3]]), floats(1, 2, 2)],
    [np.array([[0, 8, 1]]), floats(1, 3, 2)],
)
# A branch that only one of the inputs' shapes allows, as exporters write squeezes.
case(
    "if_squeeze",
    """
agraph (float[1,4] x) => (float[4] y) {
  s = Shape (x)
  i = Constant <value_int: int = 0> ()
  a = Constant <value_ints: ints = [0]> ()
  d = Gather (s, i)
  one = Constant <value_int: int = 1> ()
  c = Equal (d, one)
  y = If (c) <
    then_branch = p () => (float[4] t) { t = Squeeze (x, a) },
    else_branch = q () => (float[1,4] e) { e = Identity (x) }
  >
}""",
    [floats(1, 4)],
)
LOOP = """
agraph (int64 n, bool c, float[k] x) => (float[k] y, float[t,k] all) {{
  limit = Constant <value_float: float = 4.0> ()
  y, all = Loop ({inputs}, x) <
    body = step (int64 i, bool go, float[k] carried) => (bool more, float[k] next, float[k] row) {{
      f = Cast <to: int = 1> (i)
      next = Add (carried, f)
      row = Mul (next, x)
      {condition}
    }}
  >
}}"""
always = "more = Identity (go)"
bounded = "top = ReduceMax <keepdims: int = 0> (next)  more = Less (top, limit)"
for name, inputs, condition in [
    ("trip", "n, ", always),
    ("while", ", c", bounded),
    ("both", "n, c", bounded),
]:
    sets = [[np.array(n, np.int64), np.array(c), floats(3)] for n, c in ((0, True), (1, True), (7, True), (3, False))]
    case("loop_" + name, LOOP.format(inputs=inputs, condition=condition), *sets)
# What is carried grows.
case(
    "loop_grows",
    """
agraph (int64 n, float[k] x) => (float[m] y) {
  y = Loop (n, , x) <
    body = step (int64 i, bool go, float[p] carried) => (bool more, float[q] next) {
      next = Concat <axis: int = 0> (carried, x)
      more = Identity (go)
    }
  >
}""",
    *[[np.array(n, np.int64), floats(3)] for n in (0, 1, 5)],
)
# Two values that exchange places: neither buffer may be written too early.
case(
    "loop_swaps",
    """
agraph (int64 n, float[k] a, float[k] b) => (float[k] p, float[k] q) {
  p, q = Loop (n, , a, b) <
    body = step (int64 i, bool go, float[k] x, float[k] y) => (bool more, float[k] u, float[k] v) {
      u = Add (x, y)
      v = Identity (x)
      more = Identity (go)
    }
  >
}""",
    *[[np.array(n, np.int64), floats(3), floats(3) * 2] for n in (0, 1, 6)],
)
case(
    "loop_nested",
    """
agraph (int64 n, float[k] x) => (float[k] y, float[t,u,k] all) {
  y, all = Loop (n, , x) <
    body = outer (int64 i, bool go, float[k] a) => (bool more, float[k] b, float[w,k] rows) {
      two = Constant <value_int: int = 2> ()
      b, rows = Loop (two, , a) <
        body = inner (int64 j, bool on, float[k] c) => (bool still, float[k] d, float[k] row) {
          f = Cast <to: int = 1> (i)
          d = Add (c, f)
          row = Add (d, x)
          still = Identity (on)
        }
      >
      more = Identity (go)
    }
  >
}""",
    *[[np.array(n, np.int64), floats(3)] for n in (1, 4)],
)
# A loop in a branch, a branch in a loop, and indices of the iteration.
case(
    "loop_mixed",
    """
agraph (bool c, int64 n, float[r,k] x) => (float[k] y) {
  zeros = Constant <value_ints: ints = [0]> ()
  first = ReduceSum <keepdims: int = 0> (x, zeros)
  y = If (c) <
    then_branch = a () => (float[k] t) {
      t = Loop (n, , first) <
        body = step (int64 i, bool go, float[k] carried) => (bool more, float[k] next) {
          row = Gather (x, i)
          one = Constant <value_int: int = 1> ()
          isone = Equal (i, one)
          part = If (isone) <
            then_branch = p () => (float[k] u) { u = Neg (row) },
            else_branch = q () => (float[k] v) { v = Identity (row) }
          >
          next = Add (carried, part)
          more = Identity (go)
        }
      >
    },
    else_branch = b () => (float[k] e) { e = Identity (first) }
  >
}""",
    [np.array(True), np.array(3, np.int64), floats(3, 4)],
    [np.array(False), np.array(3, np.int64), floats(3, 4)],
)
SCAN = """
agraph (float[k] s, float[{shape}] x) => (float[k] last, float[{rows}] sums) {{
  last, sums = Scan <num_scan_inputs: int = 1{attributes}, body = step (float[k] state, float[k] row) => (float[k] next, float[k] out) {{
    next = Add (state, row)
    out = Identity (next)
  }}> (s, x)
}}"""
case("scan", SCAN.format(shape="n,k", rows="n,k", attributes=""), [floats(3), floats(5, 3)], [floats(3), floats(1, 3)])
case(
    "scan_axes",
    SCAN.format(
        shape="k,n",
        rows="k,n",
        attributes=", scan_input_axes: ints = [1], scan_output_axes: ints = [-1], "
        "scan_input_directions: ints = [1], scan_output_directions: ints = [1]",
    ),
    [floats(3), floats(3, 5)],
)


def run_case(name, workdir, moe_run):
    """What went wrong, or None."""
    text, sets = CASES[name]
    model = parser.parse_model(HEAD + text.strip())
    folder = os.path.join(workdir, name)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    onnx.save(model, path)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    # ONNX Runtime leaves out inputs that nothing reads.
    given = [value.name for value in model.graph.input]
    for number, inputs in enumerate(sets):
        fed = dict(zip(given, inputs))
        outputs = session.run(None, {key: fed[key] for key in names})
        data = os.path.join(folder, f"test_data_set_{number}")
        os.makedirs(data, exist_ok=True)
        for i, key in enumerate(given):
            onnx.save_tensor(numpy_helper.from_array(fed[key], key), os.path.join(data, f"input_{i}.pb"))
        for i, (info, value) in enumerate(zip(model.graph.output, outputs)):
            onnx.save_tensor(numpy_helper.from_array(value, info.name), os.path.join(data, f"output_{i}.pb"))
        result = subprocess.run(
            [moe_run, path, "--test-data", data, "--threads", "2"], capture_output=True, text=True, timeout=300
        )
        if result.returncode:
            lines = (result.stderr.strip() or result.stdout.strip() or "no output").splitlines()
            return f"set {number}: exit code {result.returncode}: {lines[-1]}"
    return None


def main():
    workdir, moe_run = sys.argv[1:3]
    pattern = sys.argv[3] if len(sys.argv) > 3 else ""
    names = [name for name in CASES if re.search(pattern, name)]
    failures = 0
    for name in names:
        problem = run_case(name, workdir, moe_run)
        failures += problem is not None
        if problem:
            print(f"{name}: {problem}")
    print(f"{len(names)} cases, {failures} failures")


main()
