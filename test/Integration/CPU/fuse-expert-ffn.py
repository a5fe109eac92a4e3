# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized --fuse | FileCheck %s
# CHECK: {{^}}57 cases, 0 failures
# CHECK: {{^}}57 cases changed
"""Feed-forward experts as regions, and, with --fuse, read back out of these."""

import itertools
import sys

import numpy as np

from moe_testing.layers import ffn_set, given_layer
from moe_testing.module import Case
from moe_testing.passes import main_after

ACTIVATIONS = ["identity", "relu", "gelu", "gelu_tanh", "silu", "relu2", "sigmoid", "tanh"]
FORMS = ["plain", "gather", "combine", "fused"]


def add(cases, rng, label, element="f32", **options):
    case = Case(f"ffn_{len(cases)}_{label}")
    sets = [ffn_set(case, rng, 3, 9, 7, **options)]
    given_layer(case, rng, sets, 6, 2, 9, element=element, form=FORMS[len(cases) % 4])
    cases.append(case)


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    for function, gated, biases in itertools.product(ACTIVATIONS, (True, False), (True, False)):
        add(cases, rng, function, gated=gated, biases=biases, act={"function": function})
    for act in ({"alpha": 1.702, "beta": 1.0, "limit": 0.5}, {"beta": 0.25}, {"alpha": -0.5, "limit": 7.0},
                {"limit": 0.25, "beta": -1.5}):
        add(cases, rng, "limits", biases=True, act={"function": "silu", **act})
        add(cases, rng, "limits", act={"function": "gelu", **act, "alpha": 1.0})
    for layout in ({"offset": 2}, {"step": 2}, {"offset": 1, "step": 2, "extra": 1}, {"transposed": True},
                   {"experts": [4, 0, 4]}):
        for stacked in (True, False):
            add(cases, rng, "layout", stacked=stacked, biases=True, **layout)
    for element, storage in itertools.product(("f64", "f16"), ("f64", "f16", "bf16")):
        add(cases, rng, element, element=element, storage=storage, biases=True, bias_storage=storage)
    add(cases, rng, "width", out=5)
    return cases


if __name__ == "__main__":
    passes = ["--test-moe-unfuse-expert-ffn"]
    if "--fuse" in sys.argv:
        sys.argv.remove("--fuse")
        passes.append("--moe-fuse-expert-ffn")
    main_after(make_cases, *passes)
