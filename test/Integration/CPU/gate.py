# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Gates: every selection mode, score, normalisation and limit."""

import itertools

import numpy as np

from moe_testing.layers import Gate
from moe_testing.module import Case
from moe_testing.runner import main

SCORES = ["identity", "softmax", "sigmoid", "sqrt_softplus", "relu", "tanh"]
SELECTIONS = [
    {"mode": "top_k", "k": 2},
    {"mode": "top_k", "k": 8},
    {"mode": "top_p", "k": 4, "p": 0.7},
    {"mode": "threshold", "k": 3, "threshold": 0.15},
    {"mode": "rank_k", "k": 1, "rank": 3},
    {"mode": "all", "k": 8},
    {"mode": "given", "k": 3},
    {"mode": "table", "k": 2},
    {"mode": "expert_choice", "k": 3},
]


def add(cases, rng, tokens=5, experts=8, **options):
    case = Case(f"gate_{len(cases)}")
    Gate(case, rng, tokens, experts, **options).add_results()
    cases.append(case)


def add_selections(cases, rng):
    """Modes (A8), (A9), (A11) and sparse_mixer by every score and tie, (G19)."""
    for score, select in itertools.product(SCORES, SELECTIONS):
        # relu and identity are no probabilities to sum up to p.
        if select["mode"] == "top_p" and score in ("identity", "relu", "tanh"):
            continue
        add(cases, rng, select=select, score_function=score)
    for tie in ("lower", "higher"):
        for select in SELECTIONS[:5] + SELECTIONS[-1:]:
            add(cases, rng, tokens=7, select={**select, "tie": tie}, grid=1.0,
                score_function="softmax", dynamic=False)
        for jitter in (0.0, 0.01, 0.4):
            select = {"mode": "sparse_mixer", "k": 2, "tie": tie, "jitter": jitter}
            add(cases, rng, select=select, grid=0.5)
            add(cases, rng, select=select, tokens=9)


def add_steps(cases, rng):
    """What surrounds the selection: (G18), (G20) to (G23) in their order, (G21), (G22)."""
    top2 = {"mode": "top_k", "k": 2}
    for normalization, epsilon in (("none", 0.0), ("sum", 0.0), ("sum", 0.125), ("softmax", 0.0)):
        for score in ("identity", "sigmoid"):
            add(cases, rng, select=top2, score_function=score, bias=True,
                normalization=normalization, epsilon=epsilon, scale=2.5)
    for by, tie in itertools.product(("max", "top2_sum"), ("lower", "higher")):
        groups = {"count": 4, "keep": 2, "by": by}
        for select in SELECTIONS[:5]:
            if select["k"] <= 4:
                add(cases, rng, select={**select, "tie": tie}, groups=groups,
                    score_function="sigmoid", bias=True, grid=0.5)
    for fill in (0.0, 0.75, -0.25):
        groups = {"count": 4, "keep": 2, "by": "max", "fill": fill}
        for score, bias in (("identity", False), ("sigmoid", True)):
            add(cases, rng, select={"mode": "top_k", "k": 3}, groups=groups,
                score_function=score, bias=bias, grid=0.25)
    for floor in (1e-12, 0.5, 2.0):
        add(cases, rng, select=top2, score_function="sigmoid", normalization="sum",
            epsilon=0.125, floor=floor, scale=2.0)
    for capacity in ({"count": 1}, {"count": 2}, {"factor": 0.5}, {"factor": 1.25}):
        for normalization in (None, "sum"):
            add(cases, rng, tokens=9, select=top2, capacity=capacity,
                score_function="softmax", normalization=normalization)
        add(cases, rng, tokens=9, select={"mode": "top_p", "k": 3, "p": 0.6},
            capacity=capacity, score_function="softmax")
    for shared, weighted in ((1, False), (2, True)):
        add(cases, rng, select=top2, shared=shared, shared_weights=weighted,
            score_function="softmax", normalization="sum", scale=1.5)
    add(cases, rng, select=top2, values=True, normalization="sum", drop_below=1e-8)
    add(cases, rng, select={"mode": "threshold", "k": 8, "threshold": 0.3},
        score_function="softmax", drop_below=0.35, values=True, normalization="softmax")
    add(cases, rng, select=top2, score_function="softmax", temperature=0.25, state=True)
    add(cases, rng, select=top2, score_function="tanh", temperature=3.0, state=True, bias=True)


def add_shapes(cases, rng):
    """Element types (V2); no tokens, one expert, more slots than tokens."""
    for element in ("f64", "f16", "bf16"):
        for select in (SELECTIONS[0], SELECTIONS[2]):
            add(cases, rng, select=select, score_function="softmax", element=element,
                bias=True, normalization="sum", shared=1)
    add(cases, rng, select=SELECTIONS[0], score_function="softmax", result="f16")
    for tokens, experts in ((0, 8), (1, 8), (3, 1), (0, 1), (33, 17)):
        for mode in ("top_k", "top_p", "threshold", "all", "given", "table", "expert_choice"):
            k = experts if mode == "all" else min(2, experts)
            select = {"mode": mode, "k": k}
            if mode == "top_p":
                select["p"] = 0.5
            if mode == "threshold":
                select["threshold"] = 10.0
            add(cases, rng, tokens=tokens, experts=experts, select=select,
                score_function="softmax", normalization=None if mode == "expert_choice" else "sum")
    add(cases, rng, tokens=3, select={"mode": "expert_choice", "k": 5})


def add_extremes(cases, rng):
    special = np.array([
        [np.nan, 1, 2, 3], [1, np.nan, np.nan, 2], [np.inf, 1, -np.inf, 0],
        [-np.inf] * 4, [np.inf, np.inf, 0, 1], [np.nan] * 4, [0.0, -0.0, 0.0, -0.0],
        [1e30, -1e30, 0.25, 0],
    ])
    for tie, mode in itertools.product(("lower", "higher"), ("top_k", "threshold", "rank_k", "expert_choice")):
        select = {"mode": mode, "k": 1 if mode == "rank_k" else 3, "tie": tie}
        if mode == "rank_k":
            select["rank"] = 2
        if mode == "threshold":
            select["threshold"] = 0.5
        add(cases, rng, tokens=8, experts=4, logits=special, select=select)
        if mode == "top_k":
            add(cases, rng, tokens=8, experts=4, logits=special, select=select,
                score_function="softmax", normalization="sum")
            add(cases, rng, tokens=8, experts=4, logits=special, select=select,
                groups={"count": 2, "keep": 2, "by": "max"}, drop_below=1.5)


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    for part in (add_selections, add_steps, add_shapes, add_extremes):
        part(cases, rng)
    return cases


if __name__ == "__main__":
    main(make_cases)
