# REQUIRES: onnx, onnxruntime
# RUN: %python %s %t moe-opt moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} layers, 0 failures
"""Layers as models write them beside the forms that exporters share: each is raised whole, and computes what ONNX Runtime does.

Usage: onnx-raise-variants.py WORKDIR MOE_OPT MOE_RUN [PATTERN]: all layers, or those whose name holds PATTERN.
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

E, K, H, I = 4, 2, 8, 12
CONTRACTIONS = ("MatMul", "Gemm", "Einsum", "MatMulNBits")


class LayerGraph(Graph):
    """A graph with what layers are made of."""

    def __init__(self, seed=0):
        super().__init__()
        self.declared = []
        self.rng = np.random.default_rng(seed)

    def typed(self, shape, op, *inputs, **attributes):
        """A node whose result is declared."""
        name = self(op, *inputs, **attributes)
        self.declared.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def weight(self, *shape, scale=0.4):
        return self.constant(self.rng.normal(size=shape) * scale)

    def codes(self, kind, *shape):
        """A tensor of a small integer type."""
        low, high = {"INT8": (-128, 128), "UINT8": (0, 256), "INT4": (-8, 8), "UINT4": (0, 16)}[kind]
        name = f"c{len(self.initializers)}"
        values = self.rng.integers(low, high, size=shape)
        tensor = helper.make_tensor(name, getattr(TensorProto, kind), shape, values.flatten().tolist())
        self.initializers.append(tensor)
        return name

    def transpose(self, x, *perm):
        return self("Transpose", x, perm=perm)

    def total(self, x, axis, keepdims=0):
        return self("ReduceSum", x, [axis], keepdims=keepdims)

    def silu(self, x):
        return self("Mul", x, self("Sigmoid", x))


def route(g, x, normalize=True):
    """Weights and ids T×K of a softmax router."""
    scores = g("Softmax", g("MatMul", x, g.weight(H, E)), axis=-1)
    values, ids = g("TopK", scores, [K], outputs=2)
    if normalize:
        values = g("Div", values, g.total(values, -1, 1))
    return values, ids


def share(g, weights, ids, expert):
    """The weight T×1 of one expert, by a mask."""
    mask = g("Cast", g("Equal", ids, np.int64(expert)), to=TensorProto.FLOAT)
    return g.total(g("Mul", weights, mask), -1, 1)


def add_all(g, terms):
    result = terms[0]
    for term in terms[1:]:
        result = g("Add", result, term)
    return result


def by_mask(g, x, body, router=route):
    weights, ids = router(g, x)
    return add_all(g, [g("Mul", body(e), share(g, weights, ids, e)) for e in range(E)])


def gated(g, x, gate, up, down):
    return g("MatMul", g("Mul", g.silu(g("MatMul", x, gate)), g("MatMul", x, up)), down)


def batched(g, x, ids, weights, gate_up, down):
    """Gathered weights [E, H, 2I] and [E, I, H], one product for each token and choice."""
    rows = g("Unsqueeze", g("Unsqueeze", x, [1]), [1])
    both = g("MatMul", rows, g("Gather", gate_up, ids))
    gate, up = g("Split", both, outputs=2, axis=-1, num_outputs=2)
    rows = g("Squeeze", g("MatMul", g("Mul", g.silu(gate), up), g("Gather", down, ids)), [2])
    return g.total(g("Mul", rows, g("Unsqueeze", weights, [-1])), 1)


#===-- Scores ------------------------------------------------------------------------------------===#


def gathered_scores(gather):
    """Weights are gathered at the ids of a choice by biased scores."""

    def build(g, x):
        scores = g("Sigmoid", g("MatMul", x, g.weight(H, E)))
        _, ids = g("TopK", g("Add", scores, g.weight(E)), [K], outputs=2)
        weights = gather(g, scores, ids)
        weights = g("Div", weights, g.total(weights, -1, 1))
        return batched(g, x, ids, weights, g.weight(E, H, 2 * I), g.weight(E, I, H))

    return build


def gather_nd(g, scores, ids):
    tokens = g("Range", np.int64(0), g("Gather", g("Shape", scores), np.int64(0)), np.int64(1))
    tokens = g("Expand", g("Unsqueeze", tokens, [1]), g("Shape", ids))
    pairs = g("Concat", g("Unsqueeze", tokens, [-1]), g("Unsqueeze", ids, [-1]), axis=-1)
    return g("GatherND", scores, pairs)


def gather_nd_batched(g, scores, ids):
    return g("GatherND", scores, g("Unsqueeze", ids, [-1]), batch_dims=1)


def gather_flat(g, scores, ids):
    tokens = g("Range", np.int64(0), g("Gather", g("Shape", scores), np.int64(0)), np.int64(1))
    rows = g("Mul", g("Unsqueeze", tokens, [1]), np.int64(E))
    return g("Gather", g("Reshape", scores, [-1]), g("Add", rows, ids))


def gather_mask(g, scores, ids):
    marks = g("OneHot", ids, np.int64(E), [0.0, 1.0], axis=-1)
    return g.total(g("Mul", marks, g("Unsqueeze", scores, [1])), -1)


def gather_product(g, scores, ids):
    marks = g("OneHot", ids, np.int64(E), [0.0, 1.0], axis=-1)
    return g("Squeeze", g("MatMul", marks, g("Unsqueeze", scores, [-1])), [-1])


LAYERS = {
    "scores_gather_elements": gathered_scores(lambda g, s, i: g("GatherElements", s, i, axis=-1)),
    "scores_gather_nd": gathered_scores(gather_nd),
    "scores_gather_nd_batched": gathered_scores(gather_nd_batched),
    "scores_gather_flat": gathered_scores(gather_flat),
    "scores_mask": gathered_scores(gather_mask),
    "scores_product": gathered_scores(gather_product),
}


#===-- Weights -----------------------------------------------------------------------------------===#


def own_weights(make):
    """Experts with matrices of their own, made by `make` from out and in sizes as in×out."""

    def build(g, x):
        return by_mask(g, x, lambda e: gated(g, x, make(g, I, H), make(g, I, H), make(g, H, I)))

    return build


def stacked_weights(make):
    """Gathered weights, made by `make` for all experts as E×in×out."""

    def build(g, x):
        weights, ids = route(g, x)
        return batched(g, x, ids, weights, make(g, 2 * I, H), make(g, H, I))

    return build


def scaled(g, out, inner):
    return g("Mul", g.weight(inner, out), 0.5)


def scaled_rows(g, out, inner):
    return g("Transpose", g("Mul", g.weight(out, inner), g.weight(out, 1, scale=1)), perm=[1, 0])


def half(g, out, inner):
    return g("Cast", g.constant(g.rng.normal(size=(inner, out)).astype(np.float16)), to=TensorProto.FLOAT)


def turned(g, out, inner):
    return g.transpose(g.weight(out, inner), 1, 0)


STEP = {"INT8": 0.002, "UINT8": 0.002, "INT4": 0.03, "UINT4": 0.03}


def dequantized(kind, axis=0, zeros=True, block=0, turn=True):
    """Codes out×in with a scale for each row, block, or all, turned to in×out."""

    def make(g, out, inner):
        blocks = (out, inner // block) if block else (out,) if axis is not None else ()
        scales = g.constant(np.abs(g.rng.normal(size=blocks)) * STEP[kind] + STEP[kind])
        inputs = [g.codes(kind, out, inner), scales] + ([g.codes(kind, *blocks)] if zeros else [])
        attributes = {"axis": 1, "block_size": block} if block else {} if axis is None else {"axis": axis}
        return g.transpose(g.typed((out, inner), "DequantizeLinear", *inputs, **attributes), 1, 0)

    return make


def dequantized_stack(kind, block=0, turn=True):
    def make(g, out, inner):
        if block:
            shape, attributes = (E, out, inner // block), {"axis": 2, "block_size": block}
        else:
            shape, attributes = (), {}
        scales = g.constant(np.abs(g.rng.normal(size=shape)) * STEP[kind] + STEP[kind])
        inputs = g.codes(kind, E, out, inner), scales, g.codes(kind, *shape)
        weight = g.typed((E, out, inner), "DequantizeLinear", *inputs, **attributes)
        return g.transpose(weight, 0, 2, 1)

    return make


def product_of_codes(g, out, inner):
    """(codes − zero) · scale as nodes of their own."""
    codes = g("Cast", g.codes("UINT8", out, inner), to=TensorProto.FLOAT)
    return g.transpose(g("Mul", g("Sub", codes, 128.0), g.weight(out, 1, scale=0.01)), 1, 0)


def half_stack(g, out, inner):
    return g("Cast", g.constant(g.rng.normal(size=(E, inner, out)).astype(np.float16)), to=TensorProto.FLOAT)


def scaled_stack(g, out, inner):
    return g("Mul", g.weight(E, inner, out), g.weight(E, 1, 1, scale=1))


def packed(bits, zeros):
    """Experts of MatMulNBits."""

    def build(g, x):
        block = 16

        def product(x, out, inner):
            def draw(*shape):
                return g.constant(g.rng.integers(0, 256, size=shape).astype(np.uint8))

            inputs = [draw(out, inner // block, block * bits // 8)]
            inputs.append(g.constant(np.abs(g.rng.normal(size=out * inner // block)) * 0.3 / 2**bits))
            if zeros:
                inputs.append(draw(out * -(-inner // block * bits // 8)))
            attributes = {"K": inner, "N": out, "bits": bits, "block_size": block}
            return g("MatMulNBits", x, *inputs, domain="com.microsoft", **attributes)

        wide = g("MatMul", x, g.weight(H, 32))

        def body(_):
            inner = g("Mul", g.silu(product(wide, 16, 32)), product(wide, 16, 32))
            return product(inner, H, 16)

        weights, ids = route(g, x)
        return add_all(g, [g("Mul", body(e), share(g, weights, ids, e)) for e in range(E)])

    return build


LAYERS |= {
    "weights_packed_wide": packed(4, False),
    "weights_packed_wide_zeros": packed(4, True),
    "weights_packed_wide_bytes": packed(8, False),
    "weights_scaled": own_weights(scaled),
    "weights_scaled_rows": own_weights(scaled_rows),
    "weights_half": own_weights(half),
    "weights_turned": own_weights(turned),
    "weights_codes": own_weights(product_of_codes),
    "weights_int8_rows": own_weights(dequantized("INT8", zeros=False)),
    "weights_uint8_rows": own_weights(dequantized("UINT8")),
    "weights_uint8_all": own_weights(dequantized("UINT8", axis=None)),
    "weights_int4_blocks": own_weights(dequantized("INT4", block=2)),
    "weights_uint4_blocks": own_weights(dequantized("UINT4", block=2)),
    "weights_uint4_rows": own_weights(dequantized("UINT4")),
    "weights_stack_half": stacked_weights(half_stack),
    "weights_stack_scaled": stacked_weights(scaled_stack),
    "weights_stack_uint8": stacked_weights(dequantized_stack("UINT8")),
    "weights_stack_int4_blocks": stacked_weights(dequantized_stack("INT4", block=2)),
    "weights_stack_int8_blocks": stacked_weights(dequantized_stack("INT8", block=2)),
}


#===-- Layouts -----------------------------------------------------------------------------------===#


def sum_in_three_dimensions(g, x):
    """Tokens are flattened for the experts, whose results are added as batch×sequence."""
    flat = g("Reshape", x, [-1, H])
    weights, ids = route(g, flat)
    shape = g("Shape", x)
    terms = []
    for e in range(E):
        rows = gated(g, flat, g.weight(H, I), g.weight(H, I), g.weight(I, H))
        terms.append(g("Reshape", g("Mul", rows, share(g, weights, ids, e)), shape))
    return add_all(g, terms)


def shared_in_three_dimensions(g, x):
    """The shared expert reads batch×sequence, the router the flattened tokens."""
    flat = g("Reshape", x, [-1, H])
    weights, ids = route(g, flat)
    routed = batched(g, flat, ids, weights, g.weight(E, H, 2 * I), g.weight(E, I, H))
    own = gated(g, x, g.weight(H, I), g.weight(H, I), g.weight(I, H))
    return g("Add", g("Reshape", routed, g("Shape", x)), own)


def shared_behind_heads(g, x):
    """The same after a product whose inner size is that of heads put together."""
    heads = g.transpose(g("Reshape", x, [0, 0, 2, H // 2]), 0, 2, 1, 3)
    joined = g("Reshape", g.transpose(heads, 0, 2, 1, 3), [0, 0, -1])
    return shared_in_three_dimensions(g, g("Add", x, g("MatMul", joined, g.weight(H, H))))


def routed_in_three_dimensions(g, x):
    """The router reads batch×sequence, the experts the flattened tokens."""
    weights, ids = route(g, x)
    flat = g("Reshape", x, [-1, H])
    weights, ids = g("Reshape", weights, [-1, K]), g("Reshape", ids, [-1, K])
    routed = batched(g, flat, ids, weights, g.weight(E, H, 2 * I), g.weight(E, I, H))
    return g("Reshape", routed, g("Shape", x))


def interleaved(split):
    def build(g, x):
        def body(_):
            pairs = g("Reshape", g("MatMul", x, g.weight(H, 2 * I)), [0, I, 2])
            gate, up = split(g, pairs)
            return g("MatMul", g("Mul", g.silu(gate), up), g.weight(I, H))

        return by_mask(g, x, body)

    return build


def halves(g, x):
    """Gate and up as the two rows of a reshape."""

    def body(_):
        both = g("Reshape", g("MatMul", x, g.weight(H, 2 * I)), [0, 2, I])
        gate, up = (g("Gather", both, np.int64(i), axis=1) for i in (0, 1))
        return g("MatMul", g("Mul", g.silu(gate), up), g.weight(I, H))

    return by_mask(g, x, body)


def stacked(axis):
    """The experts' results beside each other, summed with gates of all of them."""

    def build(g, x):
        scores = g("Softmax", g("MatMul", x, g.weight(H, E)), axis=-1)
        values, ids = g("TopK", scores, [K], outputs=2)
        zeros = g("Expand", 0.0, g("Shape", scores))
        gates = g("Unsqueeze", g("ScatterElements", zeros, ids, values, axis=-1), [-1])
        rows = [gated(g, x, g.weight(H, I), g.weight(H, I), g.weight(I, H)) for _ in range(E)]
        rows = g("Concat", *[g("Unsqueeze", r, [axis]) for r in rows], axis=axis)
        return g.total(g("Mul", rows, gates if axis else g.transpose(gates, 1, 0, 2)), axis)

    return build


LAYERS |= {
    "layout_stacked_0": stacked(0),
    "layout_stacked_1": stacked(1),
    "layout_sum_3d": sum_in_three_dimensions,
    "layout_shared_3d": shared_in_three_dimensions,
    "layout_shared_3d_heads": shared_behind_heads,
    "layout_routed_3d": routed_in_three_dimensions,
    "layout_interleaved_gather": interleaved(lambda g, p: [g("Gather", p, np.int64(i), axis=-1) for i in (0, 1)]),
    "layout_interleaved_split": interleaved(
        lambda g, p: [g("Squeeze", s, [-1]) for s in g("Split", p, outputs=2, axis=-1, num_outputs=2)]
    ),
    "layout_halves": halves,
}


#===-- Roles -------------------------------------------------------------------------------------===#


def weighted_input(shared=False, k=1, bias=False, factor=None):
    """Llama 4: a sigmoid of the chosen logits multiplies what the experts read."""

    def build(g, x):
        logits = g("MatMul", x, g.weight(H, E))
        values, ids = g("TopK", logits, [k], outputs=2)
        floor = g("Expand", -np.float32(np.inf), g("Shape", logits))
        gates = g("Sigmoid", g("ScatterElements", floor, ids, values, axis=1))
        rows = g("Reshape", g.transpose(gates, 1, 0), [-1, 1])
        rows = g("Mul", g("Tile", x, np.array([E, 1])), rows)
        rows = g("Reshape", rows, [E, -1, H])
        both = g("MatMul", rows, g.weight(E, H, 2 * I))
        gate, up = g("Split", both, outputs=2, axis=-1, num_outputs=2)
        rows = g("MatMul", g("Mul", up, g.silu(gate)), g.weight(E, I, H))
        if bias:
            rows = g("Add", rows, g.weight(E, 1, H))
        if factor:
            rows = g("Mul", rows, factor)
        routed = g.total(rows, 0)
        if not shared:
            return routed
        return g("Add", gated(g, x, g.weight(H, I), g.weight(H, I), g.weight(I, H)), routed)

    return build


def low_rank(base):
    """Projections whose experts differ by products of thin matrices."""

    def build(g, x):
        shapes = {"gate": (H, I), "up": (H, I), "down": (I, H)} if base else {}
        common = {name: g.weight(*shape) for name, shape in shapes.items()}

        def project(rows, name):
            inner, out = (I, H) if name == "down" else (H, I)
            thin = g("MatMul", g("MatMul", rows, g.weight(inner, 3)), g.weight(3, out))
            return g("Add", g("MatMul", rows, common[name]), thin) if base else thin

        def body(_):
            return project(g("Mul", g.silu(project(x, "gate")), project(x, "up")), "down")

        return by_mask(g, x, body)

    return build


def switch(einsum):
    """One-hot dispatch to places, tokens beyond the capacity being dropped."""

    def build(g, x, capacity=3):
        scores = g("Softmax", g("MatMul", x, g.weight(H, E)), axis=-1)
        best, chosen = g("ReduceMax", scores, [-1], keepdims=0), g("ArgMax", scores, axis=-1, keepdims=0)
        marks = g("OneHot", chosen, np.int64(E), [0.0, 1.0], axis=-1)
        places = g("Mul", g("CumSum", marks, np.int64(0)), marks)
        places = g("Sub", g.total(places, -1), 1.0)
        kept = g("Cast", g("Less", places, float(capacity)), to=TensorProto.FLOAT)
        place = g("OneHot", g("Cast", places, to=TensorProto.INT64), np.int64(capacity), [0.0, 1.0], axis=-1)
        marks = g("Mul", marks, g("Unsqueeze", kept, [-1]))
        dispatch = g("Mul", g("Unsqueeze", marks, [2]), g("Unsqueeze", place, [1]))
        combine = g("Mul", dispatch, g("Unsqueeze", best, [1, 2]))
        if einsum:
            rows = g("Einsum", dispatch, x, equation="tec,th->ech")
        else:
            columns = g.transpose(g("Reshape", dispatch, [-1, E * capacity]), 1, 0)
            rows = g("Reshape", g("MatMul", columns, x), [E, capacity, H])
        rows = g("MatMul", g("Relu", g("MatMul", rows, g.weight(E, H, I))), g.weight(E, I, H))
        if einsum:
            return g("Einsum", combine, rows, equation="tec,ech->th")
        flat = g("Reshape", rows, [E * capacity, H])
        return g("MatMul", g("Reshape", combine, [-1, E * capacity]), flat)

    return build


def pair_of_choices(g, x):
    """NLLB: the second choice is the best of what is left, weights of both are normalised."""
    scores = g("Softmax", g("MatMul", x, g.weight(H, E)), axis=-1)
    masks, left = [], scores
    for _ in range(2):
        marks = g("OneHot", g("ArgMax", left, axis=-1, keepdims=0), np.int64(E), [0.0, 1.0], axis=-1)
        masks.append(marks)
        left = g("Where", g("Cast", marks, to=TensorProto.BOOL), -np.float32(np.inf), left)
    weights = [g.total(g("Mul", scores, m), -1, 1) for m in masks]
    sums = g("Clip", g("Add", *weights), 1e-9)
    gates = [g("Mul", m, g("Div", w, sums)) for m, w in zip(masks, weights)]
    gates = g("Add", *gates)
    terms = []
    for e in range(E):
        inner = g("Relu", g("MatMul", x, g.weight(H, I)))
        terms.append(g("Mul", g("MatMul", inner, g.weight(I, H)), g("Gather", gates, np.array([e]), axis=1)))
    return add_all(g, terms)


def weighted_hidden(g, x):
    """The weight of a choice multiplies the hidden values."""
    weights, ids = route(g, x)
    terms = []
    for e in range(E):
        inner = g("Mul", g.silu(g("MatMul", x, g.weight(H, I))), g("MatMul", x, g.weight(H, I)))
        terms.append(g("MatMul", g("Mul", inner, share(g, weights, ids, e)), g.weight(I, H)))
    return add_all(g, terms)


LAYERS |= {
    "role_weighted_hidden": weighted_hidden,
    "role_weighted_input": weighted_input(),
    "role_weighted_inputs": weighted_input(k=2),
    "role_weighted_input_shared": weighted_input(True),
    "role_low_rank": low_rank(True),
    "role_low_rank_alone": low_rank(False),
    "role_switch_einsum": switch(True),
    "role_switch_product": switch(False),
    "role_pair_of_choices": pair_of_choices,
}


def other_inputs(g, x):
    """Each expert reads rows that are scaled by a column of another table."""
    table = g("Sigmoid", g("MatMul", x, g.weight(H, E)))

    def body(e):
        rows = g("Add", x, g("Gather", table, np.array([e]), axis=1))
        return gated(g, rows, g.weight(H, I), g.weight(H, I), g.weight(I, H))

    return by_mask(g, x, body)


def other_factors(g, x):
    """Weights that no expert's number chooses."""
    noise = g("Sigmoid", g("Reshape", g("MatMul", x, g.weight(H, E * 2)), [-1, E, 2]))
    terms = []
    for e in range(E):
        rows = gated(g, x, g.weight(H, I), g.weight(H, I), g.weight(I, H))
        own = g("Gather", g("Gather", noise, np.int64(e), axis=1), np.array([e % 2]), axis=1)
        terms.append(g("Mul", rows, own))
    return add_all(g, terms)


def stacked_picks(g, x):
    """Results of all experts beside each other, of which those of the choice are gathered."""
    weights, ids = route(g, x)
    rows = [gated(g, x, g.weight(H, I), g.weight(H, I), g.weight(I, H)) for _ in range(E)]
    rows = g("Concat", *[g("Unsqueeze", r, [0]) for r in rows], axis=0)
    tokens = g("Range", np.int64(0), g("Gather", g("Shape", x), np.int64(0)), np.int64(1))
    tokens = g("Expand", g("Unsqueeze", tokens, [1]), g("Shape", ids))
    picks = g("Concat", g("Unsqueeze", ids, [-1]), g("Unsqueeze", tokens, [-1]), axis=-1)
    return g.total(g("Mul", g("GatherND", rows, picks), g("Unsqueeze", weights, [-1])), 1)


# Layers that stay as they are, and what is said of them.
UNRAISED = {
    "unraised_bias": (weighted_input(bias=True), "expert: its input is weighted, and it does not make zeros of zeros"),
    "unraised_factor": (
        weighted_input(factor=2.0),
        "accumulation: experts whose input is weighted have other factors as well",
    ),
    "unraised_picks": (
        stacked_picks,
        "accumulation: stacked results of experts are picked in a way that is not understood",
    ),
    "unraised_inputs": (other_inputs, "expert: experts of one router read different inputs"),
    "unraised_factors": (other_factors, "router: the factors of an expert are no weights of a choice"),
}
LAYERS |= {name: layer for name, (layer, _) in UNRAISED.items()}


#===-- Running -----------------------------------------------------------------------------------===#


def build(name, path):
    g = LayerGraph(len(name))
    shape = ["B", "S", H] if "3d" in name else ["T", H]
    y = LAYERS[name](g, "x")
    g.nodes.append(helper.make_node("Identity", [y], ["y"]))
    graph = helper.make_graph(
        g.nodes, name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        g.initializers, value_info=g.declared,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)], ir_version=10), path)


def check(name, folder, moe_opt, moe_run):
    """A sentence about what is wrong, or None."""
    path = os.path.join(folder, name + ".onnx")
    build(name, path)
    raised = subprocess.run([moe_opt, path, "--convert-onnx-to-moe"], capture_output=True, text=True)
    if raised.returncode != 0:
        return raised.stderr.strip()
    text = raised.stdout
    layers = text.count("moe.combine ")
    if name in UNRAISED:
        _, reason = UNRAISED[name]
        found = layers == 0 and reason in raised.stderr
        return None if found else f"{layers} layers: {raised.stderr.strip()}"
    if layers != 1:
        return f"{layers} layers: {raised.stderr.strip()}"
    if "moe.gate" not in text:
        return f"no gate: {raised.stderr.strip()}"
    if "select<all" in text:
        return "the choice is outside the gate"
    left = sum(text.count(f'onnxir.node "{op}"') for op in CONTRACTIONS)
    if left > (2 if "heads" in name or "wide" in name else 1):
        return f"{left} contractions left"
    kinds = set(re.findall(r"moe\.(\w+)_experts", text))
    wanted = {"region", "ffn"} & {k for k in ("region",) if k in name} or {"ffn"}
    if kinds != wanted:
        return f"experts of kinds {kinds}"
    if ("shared" in name) != (" shared(" in text):
        return "shared experts are not slots of the gate"
    rng = np.random.default_rng(1)
    for tokens in ((5,), (1,), (33,)):
        shape = (*((2, *tokens) if "3d" in name else tokens), H)
        x = rng.normal(size=shape).astype(np.float32)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        expected = session.run(None, {"x": x})[0]
        base = os.path.join(folder, name)
        os.makedirs(base, exist_ok=True)
        np.save(base + ".npy", x)
        done = subprocess.run(
            [moe_run, path, "--input", f"x={base}.npy", "--output-dir", base], capture_output=True, text=True
        )
        if done.returncode != 0:
            return done.stderr.strip()
        actual = np.load(os.path.join(base, "y.npy"))
        if actual.shape != expected.shape or not np.allclose(actual, expected, rtol=1e-4, atol=1e-5):
            return f"{tokens[0]} tokens: off by {np.abs(actual - expected).max()}"
    return None


def main():
    folder, moe_opt, moe_run = sys.argv[1:4]
    pattern = sys.argv[4] if len(sys.argv) > 4 else ""
    os.makedirs(folder, exist_ok=True)
    names = [name for name in LAYERS if pattern in name]
    failures = 0
    for name in names:
        problem = check(name, folder, moe_opt, moe_run)
        if problem:
            failures += 1
            print(f"{name}: {problem}")
    print(f"{len(names)} layers, {failures} failures")
    sys.exit(1 if failures or not names else 0)


main()
