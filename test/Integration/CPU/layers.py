# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Whole layers: mixed kinds of experts, every form, odd and degenerate shapes."""

import itertools

import numpy as np

from moe_testing.layers import (
    LIMITED_ACTIVATIONS,
    Gate,
    constant_set,
    ffn_set,
    given_layer,
    region_set,
    routed_layer,
    simple_set,
)
from moe_testing.module import Case
from moe_testing.runner import main

FORMS = ["plain", "gather", "combine", "fused"]
ACTIVATIONS = ["identity", "relu", "gelu", "gelu_tanh", "silu", "relu2", "sigmoid", "tanh"]


def new_case(cases, label):
    cases.append(Case(f"layer_{len(cases)}_{label}"))
    return cases[-1]


def mixed_sets(case, rng, size, element="f32"):
    """Nine experts of all kinds."""
    return [
        ffn_set(case, rng, 3, size, 11, biases=True),
        simple_set(case, "zero", 1, size),
        simple_set(case, "copy", 1, size),
        constant_set(case, rng, 1, size, False),
        constant_set(case, rng, 1, size, True),
        region_set(case, 2, size, element),
    ]


def add_forms(cases, rng):
    """Each fused form means its unfused one, (D2) and (E8)."""
    for form, dynamic in itertools.product(FORMS, (True, False)):
        case = new_case(cases, form)
        given_layer(case, rng, mixed_sets(case, rng, 10), 7, 3, 10, form=form, dynamic=dynamic)
        case = new_case(cases, f"{form}_choice")
        gate = Gate(case, rng, 6, 4, select={"mode": "expert_choice", "k": 3},
                    score_function="softmax", dynamic=dynamic)
        sets = [ffn_set(case, rng, 3, 9, 5), simple_set(case, "copy", 1, 9)]
        routed_layer(case, rng, sets, gate, 9, form=form, tokens=6, dynamic=dynamic)


def add_types(cases, rng):
    """Rows of one type over weights of another (V2)."""
    for element, form in itertools.product(("f64", "f32", "f16", "bf16"), FORMS):
        case = new_case(cases, element)
        given_layer(case, rng, mixed_sets(case, rng, 8, element if element != "bf16" else "f32"),
                    6, 2, 8, element=element, form=form)
    for element, storage in itertools.product(("f16", "bf16", "f64"), ("f16", "bf16", "f32", "ui4")):
        case = new_case(cases, f"{element}_{storage}")
        sets = [ffn_set(case, rng, 4, 17, 9, storage=storage, biases=True, bias_storage="f16")]
        given_layer(case, rng, sets, 5, 2, 17, element=element, form="fused")


def add_activations(cases, rng):
    for function, gated, biases in itertools.product(ACTIVATIONS, (True, False), (True, False)):
        case = new_case(cases, function)
        sets = [ffn_set(case, rng, 2, 6, 10, gated=gated, biases=biases, act={"function": function})]
        given_layer(case, rng, sets, 5, 2, 6)
    for act in LIMITED_ACTIVATIONS:
        case = new_case(cases, "limits")
        sets = [ffn_set(case, rng, 2, 6, 10, biases=True, act={"function": "silu", **act})]
        given_layer(case, rng, sets, 5, 2, 6, form="fused")


def add_shapes(cases, rng):
    """Odd and degenerate sizes; slots and ids without an expert (V1)."""
    shapes = [  # tokens, experts, k, hidden, inter
        (0, 4, 2, 8, 8), (1, 1, 1, 1, 1), (1, 4, 4, 5, 3), (3, 4, 4, 16, 8),
        (17, 3, 2, 33, 31), (64, 8, 2, 16, 16), (5, 32, 1, 7, 9), (40, 2, 1, 24, 40),
        (7, 5, 5, 65, 1), (2, 64, 8, 3, 2),
    ]
    for (tokens, experts, k, size, inter), form in itertools.product(shapes, ("plain", "fused")):
        case = new_case(cases, f"shape_{tokens}x{experts}")
        sets = [ffn_set(case, rng, experts, size, inter)]
        given_layer(case, rng, sets, tokens, k, size, form=form)
    for form in FORMS:
        case = new_case(cases, "absent")
        sets = [ffn_set(case, rng, 4, 8, 6)]
        given_layer(case, rng, sets, 5, 2, 8, form=form, absent=1.1)
        case = new_case(cases, "one_expert_only")
        sets = [ffn_set(case, rng, 4, 8, 6)]
        given_layer(case, rng, sets, 9, 2, 8, form=form, ids=np.full((9, 2), 2))
        case = new_case(cases, "width")
        sets = [ffn_set(case, rng, 3, 8, 6, out=13), simple_set(case, "zero", 1, 8, 13)]
        given_layer(case, rng, sets, 6, 2, 8, form=form)
        case = new_case(cases, "strange_ids")
        sets = [ffn_set(case, rng, 4, 8, 6)]
        ids = np.array([[0, 4], [-7, 3], [2**31 - 1, 1], [-(2**31), 2]])
        given_layer(case, rng, sets, 4, 2, 8, form=form, ids=ids)


def add_routed(cases, rng):
    routings = {
        "mixtral": dict(select={"mode": "top_k", "k": 2}, score_function="softmax", normalization="sum"),
        "ort": dict(select={"mode": "top_k", "k": 2, "tie": "higher"}, normalization="softmax", drop_below=1e-8),
        "deepseek": dict(select={"mode": "top_k", "k": 2}, score_function="sigmoid", bias=True,
                         groups={"count": 4, "keep": 2, "by": "top2_sum"}, normalization="sum",
                         epsilon=1e-20, scale=2.5),
        "top_p": dict(select={"mode": "top_p", "k": 4, "p": 0.6}, score_function="softmax"),
        "capacity": dict(select={"mode": "top_k", "k": 2}, score_function="softmax", capacity={"factor": 0.75}),
        "all": dict(select={"mode": "all", "k": 8}, score_function="softmax"),
        "mixer": dict(select={"mode": "sparse_mixer", "k": 2, "jitter": 0.01}),
        "hash": dict(select={"mode": "table", "k": 2}, score_function="sigmoid"),
    }
    for (label, routing), element in itertools.product(routings.items(), ("f32", "f16")):
        case = new_case(cases, label)
        gate = Gate(case, rng, 9, 8, element=element, **dict(routing))
        sets = [ffn_set(case, rng, 6, 12, 10), simple_set(case, "zero", 1, 12), simple_set(case, "copy", 1, 12)]
        routed_layer(case, rng, sets, gate, 12, element=element, form=FORMS[len(cases) % 4])
    for weighted in (True, False):
        case = new_case(cases, "shared")
        gate = Gate(case, rng, 9, 4, shared=2, shared_weights=weighted, score_function="softmax",
                    select={"mode": "top_k", "k": 2})
        sets = [ffn_set(case, rng, 4, 12, 10), ffn_set(case, rng, 2, 12, 21)]
        routed_layer(case, rng, sets, gate, 12, form="fused")


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    for part in (add_forms, add_types, add_activations, add_shapes, add_routed):
        part(cases, rng)
    return cases


if __name__ == "__main__":
    main(make_cases)
