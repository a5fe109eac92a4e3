# REQUIRES: numpy, ml_dtypes
# RUN: %python %s | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Gates as Triton kernels, evaluated on the CPU: every score, choice and normalisation."""

import itertools

import numpy as np

from moe_testing.layers import Gate
from moe_testing.module import Case
from moe_testing.runner import main
from triton_eval.host import triton_eval

SCORES = ["identity", "softmax", "sigmoid", "sqrt_softplus", "relu", "tanh"]


def add(cases, rng, label, tokens=9, experts=6, **options):
    case = Case(f"gate_{len(cases)}_{label}")
    cases.append(case)
    Gate(case, rng, tokens, experts, **options).add_results()


def top(k, **options):
    return {"mode": "top_k", "k": k, **options}


def make_cases(seed):
    rng, cases = np.random.default_rng(seed), []
    for score, mode in itertools.product(SCORES, (None, "sum", "softmax")):
        add(cases, rng, score, select=top(3), score_function=score, normalization=mode,
            epsilon=1e-3 if mode == "sum" else 0.0)
    for score in SCORES:
        add(cases, rng, score, select=top(2), score_function=score, temperature=0.7,
            bias=True, state=True, values=score == "sigmoid", scale=2.5)
    for tie in ("lower", "higher"):
        add(cases, rng, tie, experts=7, select=top(4, tie=tie), grid=1.0)
        add(cases, rng, f"{tie}_groups", experts=8, select=top(2, tie=tie),
            grid=1.0, groups={"count": 4, "keep": 2, "by": "max"})
    for element in ("f16", "bf16"):
        add(cases, rng, element, select=top(2), score_function="softmax", element=element)
    add(cases, rng, "bf16_result", select=top(2), score_function="softmax", result="bf16")
    for by, bias in itertools.product(("max", "top2_sum"), (True, False)):
        add(cases, rng, by, experts=12, select=top(3), score_function="sigmoid", bias=bias,
            groups={"count": 3, "keep": 2, "by": by}, normalization="sum")
        add(cases, rng, f"{by}_fill", experts=12, select=top(4), score_function="sigmoid",
            bias=bias, groups={"count": 3, "keep": 1, "by": by, "fill": 0.0})
    for p in (0.05, 0.4, 0.9, 1.0):
        add(cases, rng, "top_p", select={"mode": "top_p", "k": 4, "p": p},
            score_function="softmax", normalization="sum")
    for bound in (-1.0, 0.2, 9.0):
        add(cases, rng, "threshold", select={"mode": "threshold", "k": 3, "threshold": bound},
            score_function="softmax", normalization="softmax")
    for rank in (1, 4):
        add(cases, rng, "rank", select={"mode": "rank_k", "k": 1, "rank": rank},
            score_function="softmax")
    add(cases, rng, "drop", select=top(3), score_function="softmax", drop_below=0.3)
    for coefficients in (True, False):
        add(cases, rng, "shared", select=top(2), score_function="softmax", shared=3,
            shared_weights=coefficients, normalization="sum")
    add(cases, rng, "floor", select=top(2), score_function="sigmoid", normalization="sum",
        floor=0.9)
    for tokens, experts, k in ((0, 5, 2), (1, 1, 1), (17, 130, 16), (3, 40, 40)):
        add(cases, rng, "sizes", tokens=tokens, experts=experts, select=top(k))
    special = np.array([[np.nan, 1, -0.0, 0.0], [np.inf, np.nan, -np.inf, 2],
                        [-np.inf, -np.inf, -1, -np.inf]])
    for tie in ("lower", "higher"):
        add(cases, rng, "special", tokens=3, experts=4, select=top(4, tie=tie), logits=special)
    return cases


main(make_cases, run=triton_eval)
