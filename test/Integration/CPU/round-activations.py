# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Integer weights and activations of 8 bits: near the exact result, the same on
any number of threads, and rounded only where it was asked for."""

import sys
from itertools import product

import numpy as np

from moe_testing.layers import ffn_set, given_layer
from moe_testing.module import Case, build_module
from moe_testing.runner import moe_run

# Of 64 normal values the greatest is about 2.5 standard deviations, and steps of
# 1/127 of it give an error of 0.6 % of one; products of two such have longer
# tails, which makes 1 % for the second layer. Root mean squares add up to 1.2 %.
TOLERANCE = 2e-2


def make_cases():
    rng = np.random.default_rng(7)
    cases = []
    for storage, block in product(("ui4", "i4", "ui8", "i8", "ui2"), (0, 32)):
        # The last block of 80 is half a one.
        size, inter = (64, 80) if block else (48, 64)
        case = Case(f"{storage}_{block}")
        sets = [ffn_set(case, rng, 3, size, inter, storage=storage, block=block)]
        given_layer(case, rng, sets, 37, 2, size, form="fused")
        cases.append(case)
    # Rows that are no whole vectors keep their precision, blocks of zeros and
    # no rows at all are in order.
    case = Case("odd")
    sets = [ffn_set(case, rng, 2, 50, 30, storage="ui8", block=10)]
    given_layer(case, rng, sets, 9, 1, 50, form="fused")
    cases.append(case)
    case = Case("none")
    sets = [ffn_set(case, rng, 2, 64, 64, storage="ui8", block=32)]
    given_layer(case, rng, sets, 3, 1, 64, form="fused", absent=1)
    cases.append(case)
    return cases


def has_vnni():
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    return "avx512_vnni" in flags or ("avx_vnni" in flags and "avx512f" not in flags)


failures, rounded = [], 0
cases = make_cases()
for start in range(0, len(cases), 12):
    part = cases[start : start + 12]
    text, inputs = build_module(part)
    exact = moe_run(text, inputs, len(part), sys.argv[1:])
    fast = moe_run(text, inputs, len(part), ["--round-activations", "--threads=1", *sys.argv[1:]])
    again = moe_run(text, inputs, len(part), ["--round-activations", "--threads=3", *sys.argv[1:]])
    for case, a, b, c in zip(part, exact, fast, again):
        expected = case.results[0][2]
        size = max(np.linalg.norm(expected), 1e-30)
        near = np.linalg.norm(a - expected) / size
        far = np.linalg.norm(b - expected) / size
        rounded += far > 1e-4
        if near > 1e-6:
            failures.append(f"{case.name}: exact kernels are wrong by {near}")
        if far > TOLERANCE or (case.name == "odd" and far > 1e-6):
            failures.append(f"{case.name}: rounded by {far}")
        if not np.array_equal(b, c):
            failures.append(f"{case.name}: depends on the number of threads")
if has_vnni() and rounded < len(cases) // 2:
    failures.append(f"only {rounded} cases were rounded")
print("\n".join(failures))
print(f"{len(cases)} cases, {len(failures)} failures")
sys.exit(bool(failures))
