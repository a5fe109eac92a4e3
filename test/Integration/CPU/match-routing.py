# REQUIRES: onnx, onnxruntime
# RUN: %python %s %t moe-opt moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} routers, 0 failures
"""Routers as gates: what moe-run makes of the gate that stands for a router equals what ONNX Runtime makes of the nodes.

Usage: match-routing.py WORKDIR MOE_OPT MOE_RUN [PATTERN]: all routers, or those whose name holds PATTERN.
Each router gives dense gates TxE. Its logits have rows of random numbers, of few different ones (ties), of equal ones and
of great ones. Variations of its graph that mean the same must give the same gate.
"""

import os
import re
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from moe_testing.graph import Graph
from onnx import TensorProto, helper

E, K = 8, 3
VARIATIONS = int(os.environ.get("MOE_VARIATIONS", 2))


COMMUTATIVE = {"Add", "Mul", "Max", "Equal"}


class RouterGraph(Graph):
    """A graph with what routers are made of. With a generator of random numbers it adds nodes that change nothing, and swaps
    operands."""

    def __init__(self, rng=None):
        super().__init__()
        self.rng = rng

    def __call__(self, op, *inputs, outputs=1, **attributes):
        inputs = self.name_inputs(inputs)
        if self.rng:
            data = inputs[:1] if op in ("Expand", "Shape") else inputs
            inputs = [self.vary(i) if i in data and not i.startswith("c") else i for i in inputs]
            if op in COMMUTATIVE and self.rng.random() < 0.5:
                inputs.reverse()
        return super().__call__(op, *inputs, outputs=outputs, **attributes)

    def vary(self, x):
        way = self.rng.integers(6)
        if way == 0:
            return self.add("Identity", [x])[0]
        if way == 1:
            axes = self.constant(np.array([self.rng.integers(2)]))
            return self.add("Squeeze", [self.add("Unsqueeze", [x, axes])[0], axes])[0]
        if way == 2:
            return self.add("Reshape", [x, self.add("Shape", [x])[0]])[0]
        return x

    def top_k(self, x, k=K, **attributes):
        return self("TopK", x, [k], outputs=2, **attributes)

    def zeros_like(self, x, fill=0.0):
        return self("Expand", fill, self("Shape", x))

    def normalize(self, w, epsilon=None, floor=None):
        total = self("ReduceSum", w, [-1], keepdims=1)
        if epsilon is not None:
            total = self("Add", total, epsilon)
        if floor is not None:
            total = self("Max", total, floor)
        return self("Div", w, total)

    def scatter(self, ids, w, like, fill=0.0):
        return self("ScatterElements", self.zeros_like(like, fill), ids, w, axis=-1)

    def one_hot(self, ids, size=E):
        return self("OneHot", ids, np.int64(size), [0.0, 1.0], axis=-1)


def softmax_topk(g, l, normalize=False, k=K, **attributes):
    p = g("Softmax", l, axis=-1)
    w, ids = g.top_k(p, k, **attributes)
    return g.scatter(ids, g.normalize(w) if normalize else w, p)


def topk_softmax(g, l):
    w, ids = g.top_k(l)
    return g.scatter(ids, g("Softmax", w, axis=-1), l)


def scattered_softmax(g, l):
    w, ids = g.top_k(l)
    return g("Softmax", g.scatter(ids, w, l, -np.inf), axis=-1)


def biased(g, l, score="Sigmoid", **sums):
    p = g(score, l, **({"axis": -1} if score == "Softmax" else {}))
    c = g("Add", p, np.linspace(-0.5, 0.5, E))
    _, ids = g.top_k(c)
    w = g.normalize(g("GatherElements", p, ids, axis=-1), **sums)
    return g.scatter(ids, g("Mul", w, 2.5), p)


def sqrt_softplus(g, l):
    p = g("Sqrt", g("Softplus", l))
    w, ids = g.top_k(p)
    return g.scatter(ids, g.normalize(w), p)


def grouped(g, l, fill, by="top2_sum", bias=0.0, gathered=True, score="Sigmoid"):
    p = g(score, l, **({"axis": -1} if score == "Softmax" else {}))
    c = g("Add", p, np.linspace(-bias, bias, E)) if bias else p
    parts = g("Reshape", c, [-1, 4, 2])
    if by == "max":
        ranks = g("ReduceMax", parts, [-1], keepdims=0)
    else:
        ranks = g("ReduceSum", g.top_k(parts, 2)[0], [-1], keepdims=0)
    _, kept = g.top_k(ranks, 2, sorted=0)
    marks = g("ScatterElements", g.zeros_like(ranks), kept, g.zeros_like(kept, 1.0), axis=1)
    mask = g("Expand", g("Unsqueeze", marks, [-1]), [1, 4, 2])
    mask = g("Cast", g("Reshape", mask, [-1, E]), to=TensorProto.BOOL)
    limited = g("Where", g("Not", mask), fill, c)
    w, ids = g.top_k(limited)
    if gathered:
        w = g("GatherElements", p, ids, axis=1)
    return g.scatter(ids, g("Mul", w, 1.5), p)


def grouped_apart(g, l, best=2):
    """The mask meets the values in groups."""
    c = g("Add", g("Sigmoid", l), np.linspace(-0.5, 0.5, E))
    parts = g("Reshape", c, [-1, 4, 2])
    ranks = g("ReduceSum", g.top_k(parts, best)[0], [-1], keepdims=0)
    _, kept = g.top_k(ranks, 2)
    hits = g("Equal", g("Unsqueeze", kept, [2]), np.arange(4, dtype=np.int64))
    mask = g("ReduceSum", g("Cast", hits, to=TensorProto.INT32), [1], keepdims=0)
    mask = g("Unsqueeze", g("Cast", mask, to=TensorProto.BOOL), [2])
    w, ids = g.top_k(g("Reshape", g("Where", mask, parts, -np.inf), [-1, E]))
    return g.scatter(ids, g("Softmax", w, axis=-1), c)


def switch(g, l, last=0):
    p = g("Softmax", l, axis=-1)
    w = g("ReduceMax", p, [-1], keepdims=0)
    ids = g("ArgMax", p, axis=-1, keepdims=0, select_last_index=last)
    return g("Mul", g.one_hot(ids), g("Unsqueeze", w, [-1]))


def masked_top_1(g, l):
    p = g("Softmax", l, axis=-1)
    return g("Mul", p, g.one_hot(g("ArgMax", p, axis=-1, keepdims=0)))


def one_hot_sum(g, l):
    w, ids = g.top_k(g("Softmax", l, axis=-1))
    w = g.normalize(w)
    return g("ReduceSum", g("Mul", g("Unsqueeze", w, [-1]), g.one_hot(ids)), [1], keepdims=0)


def mask_of_picks(g, l):
    p = g("Sigmoid", l)
    _, ids = g.top_k(p)
    mask = g("Cast", g("ReduceMax", g.one_hot(ids), [1], keepdims=0), to=TensorProto.BOOL)
    return g.normalize(g("Where", mask, p, 0.0), epsilon=1e-6)


def normalized_late(g, l):
    p = g("Softmax", l, axis=-1)
    w, ids = g.top_k(p)
    return g("Div", g.scatter(ids, w, p), g("ReduceSum", w, [-1], keepdims=1))


def top_p(g, l, exclusive=False, compare="Less", p=0.7):
    scores = g("Softmax", l, axis=-1)
    w, ids = g.top_k(scores, E)
    before = g("CumSum", w, np.int64(-1), exclusive=int(exclusive))
    if not exclusive:
        before = g("Sub", before, w)
    if compare == "GreaterOrEqual":
        kept = g("Where", g(compare, before, p), 0.0, w)
    else:
        kept = g("Mul", w, g("Cast", g(compare, before, p), to=TensorProto.FLOAT))
    return g.normalize(g.scatter(ids, kept, scores))


def threshold(g, l, compare="Greater", score="Sigmoid"):
    p = g(score, l)
    if compare.startswith("Less"):
        return g("Where", g(compare, p, 0.5), 0.0, p)
    return g("Mul", p, g("Cast", g(compare, p, 0.5), to=TensorProto.FLOAT))


def mixer(g, l):
    def pick(z):
        top = g("ReduceMax", z, [-1], keepdims=1)
        ids = g("ArgMax", z, axis=-1, keepdims=1)
        far = g("Div", g("Sub", top, l), g("Max", g("Abs", l), top))
        p = g("Softmax", g("Where", g("Greater", far, 0.4), -np.inf, z), axis=-1)
        return ids, g("GatherElements", p, ids, axis=-1)

    i, v = pick(l)
    j, w = pick(g("ScatterElements", l, i, g.zeros_like(i, -np.inf), axis=-1))
    return g.scatter(g("Concat", i, j, axis=-1), g("Concat", v, w, axis=-1), l)


def hashed(g, l):
    table = np.arange(12, dtype=np.int64) * 5 % (E + 1)
    tokens = g("Cast", g("Clip", g("ReduceMax", l, [-1], keepdims=0), -12.0, 11.0), to=TensorProto.INT64)
    ids = g("Gather", table, tokens, axis=0)
    mask = g("Equal", g("Unsqueeze", ids, [-1]), np.arange(E, dtype=np.int64))
    return g("Cast", mask, to=TensorProto.FLOAT)


def given(g, l, marks=False):
    ids = g("Cast", g("Mul", g("ReduceMax", l, [-1], keepdims=1), 10.0), to=TensorProto.INT64)
    ids = g("Mod", ids, np.int64(E))
    if marks:
        return g("OneHot", g("Squeeze", ids, [1]), np.int64(E), [0.0, 1.0], axis=1)
    p = g("Softmax", l, axis=-1)
    return g.scatter(ids, g("GatherElements", p, ids, axis=1), p)


def half(g, l, rounded=False):
    l = g("Cast", l, to=TensorProto.FLOAT16)
    if not rounded:
        l = g("Cast", l, to=TensorProto.FLOAT)
    p = g("Softmax", l, axis=-1)
    w, ids = g.top_k(p)
    if not rounded:
        w = g("Cast", w, to=TensorProto.FLOAT16)
    return g("Cast", g("ScatterElements", g("Cast", g.zeros_like(p, 0.0), to=TensorProto.FLOAT16), ids, w, axis=-1), to=TensorProto.FLOAT)


def decomposed_sigmoid(g, l):
    p = g("Reciprocal", g("Add", g("Exp", g("Neg", l)), 1.0))
    w, ids = g.top_k(p)
    return g.scatter(ids, w, p)


ROUTERS = {
    "softmax_topk": softmax_topk,
    "softmax_topk_normalized": lambda g, l: softmax_topk(g, l, True),
    "softmax_topk_unsorted": lambda g, l: softmax_topk(g, l, sorted=0),
    "softmax_topk_all": lambda g, l: softmax_topk(g, l, True, k=E),
    "softmax_topk_one": lambda g, l: softmax_topk(g, l, k=1),
    "topk_softmax": topk_softmax,
    "scattered_softmax": scattered_softmax,
    "temperature": lambda g, l: softmax_topk(g, g("Div", l, 0.7)),
    "biased": lambda g, l: biased(g, l, epsilon=1e-20),
    "biased_floor": lambda g, l: biased(g, l, "Softmax", floor=1e-3),
    "biased_relu": lambda g, l: biased(g, l, "Relu", epsilon=0.25, floor=1.0),
    "biased_tanh": lambda g, l: biased(g, l, "Tanh", floor=3.0),
    "sqrt_softplus": sqrt_softplus,
    "grouped": lambda g, l: grouped(g, l, -np.inf, bias=0.5),
    "grouped_fill": lambda g, l: grouped(g, l, 0.0, bias=0.5),
    "grouped_lowest": lambda g, l: grouped(g, l, float(np.finfo(np.float32).min), bias=0.5),
    "grouped_max": lambda g, l: grouped(g, l, 0.0, by="max", gathered=False, score="Softmax"),
    "grouped_max_gathered": lambda g, l: grouped(g, l, 0.0, by="max", score="Softmax"),
    "grouped_apart": grouped_apart,
    "grouped_apart_max": lambda g, l: grouped_apart(g, l, 1),
    "switch": switch,
    "switch_last": lambda g, l: switch(g, l, 1),
    "masked_top_1": masked_top_1,
    "one_hot_sum": one_hot_sum,
    "mask_of_picks": mask_of_picks,
    "normalized_late": normalized_late,
    "top_p": top_p,
    "top_p_exclusive": lambda g, l: top_p(g, l, True),
    "top_p_or_equal": lambda g, l: top_p(g, l, True, "LessOrEqual", 0.5),
    "top_p_negated": lambda g, l: top_p(g, l, compare="GreaterOrEqual"),
    "threshold": threshold,
    "threshold_or_equal": lambda g, l: threshold(g, l, "GreaterOrEqual"),
    "threshold_negated": lambda g, l: threshold(g, l, "LessOrEqual"),
    "relu": lambda g, l: g("Relu", l),
    "dense_softmax": lambda g, l: g("Softmax", l, axis=-1),
    "dense_sigmoid_normalized": lambda g, l: g.normalize(g("Sigmoid", l), epsilon=1e-6),
    "mixer": mixer,
    "hashed": hashed,
    "decomposed_sigmoid": decomposed_sigmoid,
    "given": given,
    "given_marks": lambda g, l: given(g, l, True),
    "half": half,
    "half_rounded": lambda g, l: half(g, l, True),
}


def make_logits(rng):
    rows = [
        rng.normal(size=(24, E)),
        rng.integers(-2, 3, size=(24, E)) / 2,
        np.repeat(rng.normal(size=(4, 1)), E, axis=1),
        rng.normal(size=(6, E)) * 40,
        np.zeros((2, E)),
    ]
    return np.concatenate(rows).astype(np.float32)


def raise_router(name, router, base, moe_opt, rng=None):
    """The gate's attributes and the names of the outputs, or a sentence about what is wrong."""
    g = RouterGraph(rng)
    result = router(g, "l")
    if isinstance(result, tuple):
        outputs = {"d": ["T", E, None], "w": ["T", 1]}
    else:
        outputs, result = {"y": ["T", E]}, (result,)
    g.nodes += [helper.make_node("Identity", [r], [o]) for r, o in zip(result, outputs)]
    graph = helper.make_graph(
        g.nodes, name,
        [helper.make_tensor_value_info("l", TensorProto.FLOAT, ["T", E])],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, s) for o, s in outputs.items()],
        g.initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, base + ".onnx")
    raised = subprocess.run(
        [moe_opt, base + ".onnx", "--onnxir-inline-functions", "--onnxir-infer-types",
         "--test-moe-match-routing", "--canonicalize", "-o", base + ".mlir"],
        capture_output=True, text=True)
    if raised.returncode != 0:
        return None, raised.stderr.strip()
    with open(base + ".mlir") as file:
        gate = re.search(r"moe\.gate .*?(score<.*?) : ", file.read())
    return (gate[1], list(outputs)) if gate else (None, f"no gate: {raised.stderr.strip()}")


def check(name, router, folder, moe_opt, moe_run):
    """A sentence about what is wrong, or None."""
    base = os.path.join(folder, name)
    gate, outputs = raise_router(name, router, base, moe_opt)
    if not gate:
        return outputs
    for seed in range(VARIATIONS):
        rng = np.random.default_rng([seed, len(name)])
        varied, problem = raise_router(name, router, f"{base}-{seed}", moe_opt, rng)
        if varied != gate:
            return f"variation {seed}: {varied or problem}, not {gate}"
    logits = make_logits(np.random.default_rng(len(name)))
    np.save(base + ".npy", logits)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(base + ".onnx", options, providers=["CPUExecutionProvider"])
    expected = session.run(None, {"l": logits})
    # What a dispatch tensor makes of experts that are unit vectors.
    expected = expected[0] if len(expected) == 1 else expected[0].sum(-1) * expected[1]
    os.makedirs(base, exist_ok=True)
    done = subprocess.run(
        [moe_run, base + ".mlir", "--input", f"l={base}.npy", "--output-dir", base],
        capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()
    actual = np.load(os.path.join(base, outputs[0] + ".npy"))
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, not {expected.shape}"
    # ONNX Runtime drops the rounding of logits to f16 before its softmax.
    rtol = {"half": 1e-3, "half_rounded": 3e-2}.get(name, 2e-5)
    wrong = ~np.isclose(actual, expected, rtol=rtol, atol=1e-6, equal_nan=True)
    if not wrong.any():
        return None
    row = int(np.argwhere(wrong)[0][0])
    return f"row {row} of {logits[row]}: {actual[row]}, not {expected[row]}"


def main():
    folder, moe_opt, moe_run = sys.argv[1:4]
    pattern = sys.argv[4] if len(sys.argv) > 4 else ""
    os.makedirs(folder, exist_ok=True)
    names = [name for name in ROUTERS if pattern in name]
    failures = 0
    for name in names:
        problem = check(name, ROUTERS[name], folder, moe_opt, moe_run)
        if problem:
            failures += 1
            print(f"{name}: {problem}")
    print(f"{len(names)} routers, {failures} failures")
    sys.exit(1 if failures or not names else 0)


main()
