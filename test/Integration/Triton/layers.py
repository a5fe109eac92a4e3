# REQUIRES: numpy, ml_dtypes
# RUN: %python %s | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Layers as Triton kernels, evaluated on the CPU: sizes, types, activations, degenerate plans."""

import itertools

import numpy as np

from moe_testing.layers import Gate, ffn_set, given_layer, routed_layer
from moe_testing.module import Case
from moe_testing.runner import main
from triton_eval.host import triton_eval

ACTIVATIONS = ["identity", "relu", "gelu", "gelu_tanh", "silu", "relu2", "sigmoid", "tanh"]


def new_case(cases, label):
    cases.append(Case(f"layer_{len(cases)}_{label}"))
    return cases[-1]


def add_tokens(cases, rng):
    """Each regime, and both sides of its bounds; no token at all."""
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
    for act in (
        {"alpha": 1.702, "beta": 1.0, "limit": 0.5},
        {"beta": 0.25},
        {"alpha": -0.5, "limit": 7.0},
    ):
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
    ):
        case = new_case(cases, "weights")
        sets = [ffn_set(case, rng, 3, 21, 34, biases=True, **options)]
        given_layer(case, rng, sets, 4, 2, 21, form="fused")
    case = new_case(cases, "widths")
    given_layer(case, rng, [ffn_set(case, rng, 3, 21, 34, out=70)], 4, 2, 21, form="fused")
    case = new_case(cases, "tiny")
    given_layer(case, rng, [ffn_set(case, rng, 1, 1, 1)], 3, 1, 1, form="fused")


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


def make_cases(seed):
    rng, cases = np.random.default_rng(seed), []
    for add in (add_tokens, add_plans, add_types, add_activations, add_weights, add_gates):
        add(cases, rng)
    return cases


main(make_cases, run=triton_eval)
