# REQUIRES: numpy, ml_dtypes
# RUN: %python %s | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Layers as Triton kernels, evaluated on the CPU: sizes, types, activations, degenerate plans."""

import itertools

import numpy as np

from moe_testing.layers import (
    LIMITED_ACTIVATIONS,
    TOLERANCE,
    Gate,
    affine_terms,
    combined,
    ffn_set,
    given_layer,
    index_tensor,
    real_tensor,
    routed_layer,
    rows_type,
)
from moe_testing.module import Case
from moe_testing.runner import main
from triton_eval.host import triton_eval

ACTIVATIONS = ["identity", "relu", "gelu", "gelu_tanh", "silu", "relu2", "sigmoid", "tanh"]


def new_case(cases, label):
    cases.append(Case(f"layer_{len(cases)}_{label}"))
    return cases[-1]


def add_tokens(cases, rng):
    """Each regime, and both sides of its bounds; no token at all, where grids are empty, (O4)."""
    for tokens, dynamic in itertools.product((0, 1, 2, 17, 33, 64, 65, 129), (True, False)):
        case = new_case(cases, f"tokens_{tokens}")
        gate = Gate(case, rng, tokens, 5, select={"mode": "top_k", "k": 2},
                    score_function="softmax", normalization="sum", dynamic=dynamic)
        sets = [ffn_set(case, rng, 5, 24, 20)]
        routed_layer(case, rng, sets, gate, 24, form="fused", dynamic=dynamic)
    for element, size in itertools.product(("f32", "bf16"), (16, 40)):
        case = new_case(cases, f"many_{element}")
        sets = [ffn_set(case, rng, 3, size, 72, storage=element, biases=True)]
        given_layer(case, rng, sets, 1200, 1, size, element=element, form="fused")


def add_plans(cases, rng):
    """Experts without rows, with all rows, ids that are none."""
    for tokens, kind in itertools.product((1, 6, 70), ("none", "one", "wild")):
        case = new_case(cases, kind)
        ids = {
            "none": np.full((tokens, 3), -1),
            "one": np.full((tokens, 3), 4),
            "wild": rng.choice([-7, -1, 0, 5, 6, 2**31 - 1], (tokens, 3)),
        }[kind]
        given_layer(case, rng, [ffn_set(case, rng, 6, 20, 9)], tokens, 3, 20, form="fused",
                    ids=ids)


def add_types(cases, rng):
    for element, storage in itertools.product(("f32", "f16", "bf16"), repeat=2):
        for tokens in (1, 9):
            case = new_case(cases, f"{element}_{storage}")
            sets = [ffn_set(case, rng, 4, 33, 18, storage=storage, biases=True,
                            bias_storage="f16")]
            given_layer(case, rng, sets, tokens, 2, 33, element=element, form="fused")


def add_activations(cases, rng):
    for function, gated, biases in itertools.product(ACTIVATIONS, (True, False), (True, False)):
        for tokens in (1, 5):
            case = new_case(cases, function)
            sets = [ffn_set(case, rng, 2, 16, 10, gated=gated, biases=biases,
                            act={"function": function})]
            given_layer(case, rng, sets, tokens, 2, 16, form="fused")
    for act in LIMITED_ACTIVATIONS:
        case = new_case(cases, "limits")
        sets = [ffn_set(case, rng, 2, 6, 10, biases=True, act={"function": "silu", **act})]
        given_layer(case, rng, sets, 5, 2, 6, form="fused")


def add_weights(cases, rng):
    """Every place that weights may stand in, and experts of other widths."""
    for options in (
        {"stacked": False},
        {"transposed": True},
        {"offset": 3, "step": 2, "extra": 1},
        {"transposed": True, "offset": 1, "stacked": False},
        {"experts": [4, 0, 1]},
        {"experts": [2, 2, 0], "stacked": False, "transposed": True},
    ):
        case = new_case(cases, "weights")
        sets = [ffn_set(case, rng, 3, 21, 34, biases=True, **options)]
        given_layer(case, rng, sets, 4, 2, 21, form="fused")
    case = new_case(cases, "widths")
    given_layer(case, rng, [ffn_set(case, rng, 3, 21, 34, out=70)], 4, 2, 21, form="fused")
    case = new_case(cases, "tiny")
    given_layer(case, rng, [ffn_set(case, rng, 1, 1, 1)], 3, 1, 1, form="fused")


def add_quantised(cases, rng):
    """Codes of each width, with scales for rows and blocks, and each kind of zero points."""
    storages = ("i8", "ui8", "i4", "ui4", "i2", "ui2")
    for storage, block, zeros in itertools.product(storages, (0, 16, 64), ("none", "point", "tensor")):
        for tokens in (1, 5):
            case = new_case(cases, f"{storage}_{block}_{zeros}")
            sets = [ffn_set(case, rng, 3, 72, 40, storage=storage, block=block, zeros=zeros,
                            biases=True)]
            given_layer(case, rng, sets, tokens, 2, 72, form="fused")
    for storage, tokens in itertools.product(("ui8", "ui4"), (1, 9, 200)):
        for options in ({"offset": 2, "step": 2}, {"stacked": False}, {"experts": [2, 0]}):
            case = new_case(cases, f"{storage}_place")
            sets = [ffn_set(case, rng, 2, 64, 33, storage=storage, block=32, zeros="tensor",
                            **options)]
            given_layer(case, rng, sets, tokens, 1, 64, element="bf16", form="fused")
    case = new_case(cases, "transposed")
    sets = [ffn_set(case, rng, 2, 32, 16, storage="i8", zeros="tensor", transposed=True)]
    given_layer(case, rng, sets, 3, 1, 32, form="fused")


def add_sets(cases, rng):
    """Experts of several shapes in one layer."""
    for tokens, element in itertools.product((0, 1, 5, 70, 300), ("f32", "bf16")):
        case = new_case(cases, "sets")
        sets = [
            ffn_set(case, rng, 3, 24, 20, storage=element),
            ffn_set(case, rng, 1, 24, 56, storage="f32", biases=True),
            ffn_set(case, rng, 2, 24, 8, storage="ui8", gated=False),
        ]
        given_layer(case, rng, sets, tokens, 3, 24, element=element, form="fused")


def add_gates(cases, rng):
    """Gates whose results are weights and ids of a layer, and of others."""
    for tokens in (1, 3, 40):
        case = new_case(cases, "shared")
        gate = Gate(case, rng, tokens, 6, select={"mode": "top_k", "k": 2}, shared=2,
                    score_function="sigmoid", bias=True, normalization="sum", scale=2.5)
        sets = [ffn_set(case, rng, 8, 12, 7)]
        routed_layer(case, rng, sets, gate, 12, form="fused")
        gate.add_results()
        case = new_case(cases, "threshold")
        gate = Gate(case, rng, tokens, 6, select={"mode": "threshold", "k": 3, "threshold": 0.2},
                    score_function="softmax")
        routed_layer(case, rng, [ffn_set(case, rng, 6, 12, 7)], gate, 12, form="fused")


def add_terms(cases, rng):
    """Copy and constant terms; what a factor of 0 would multiply is infinite."""
    for tokens, element, copies, constants in itertools.product(
        (1, 6, 70), ("f32", "bf16"), (False, True), (0, 1, 3)
    ):
        case = new_case(cases, "terms")
        size, k, count = 24, 2, 4
        ids = rng.integers(-1, count, (tokens, k))
        ids_name, ids_kind = index_tensor(case, ids, (0,))
        w, w_kind, weights = real_tensor(case, rng.uniform(0.1, 1, ids.shape), element, (0,))
        x, x_kind, values = real_tensor(case, rng.standard_normal((tokens, size)), element, (0,))
        experts, experts_kind, meaning = ffn_set(case, rng, count, size, 8, storage=element)
        plan = case.emit(f"moe.plan {ids_name} : {ids_kind} -> !moe.plan<{count}>")
        terms, copy, constant = affine_terms(case, rng, values, element, copies, constants)
        out = rows_type(element, size)
        name = case.emit(
            f"moe.experts {x}, {plan}, ({experts}) gather combine({w} : {w_kind}){terms} : {x_kind}, "
            f"!moe.plan<{count}>, {experts_kind} -> {out}"
        )
        expected = combined(values, ids, weights, meaning, copy, constant)
        scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
        case.result(name, out, expected, TOLERANCE[element], TOLERANCE[element] * scale)


def make_cases(seed):
    rng, cases = np.random.default_rng(seed), []
    for add in (add_tokens, add_plans, add_types, add_activations, add_weights, add_quantised, add_sets,
                add_gates, add_terms):
        add(cases, rng)
    return cases


main(make_cases, run=triton_eval)
