# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized | FileCheck %s
# CHECK: {{^}}12 cases, 0 failures
# CHECK: {{^}}12 cases changed
"""A schedule does not change what a layer gives, whatever a lowering makes of it."""

import numpy as np

from moe_testing.layers import Gate, constant_set, ffn_set, given_layer, routed_layer, simple_set
from moe_testing.module import Case
from moe_testing.passes import main_after

TARGET = (
    "#moe.target<flops_f32 = 1.0e9, memory = 1.0e9, link = 1.0e6, launch = 1.0e-8, "
    "units = 4, tile_rows = 4, tile_columns = 4, grouped = 0.5>"
)


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    for form in ("plain", "gather", "combine", "fused"):
        for dynamic in (True, False):
            case = Case(f"schedule_{len(cases)}_{form}")
            sets = [ffn_set(case, rng, 4, 6, 5), simple_set(case, "copy", 2, 6), constant_set(case, rng, 1, 6, True)]
            given_layer(case, rng, sets, 9, 2, 6, form=form, dynamic=dynamic)
            cases.append(case)
        case = Case(f"schedule_{len(cases)}_choice")
        gate = Gate(case, rng, 6, 4, select={"mode": "expert_choice", "k": 3}, score_function="softmax")
        routed_layer(case, rng, [ffn_set(case, rng, 4, 6, 5)], gate, 6, form=form, tokens=6)
        cases.append(case)
    return cases


if __name__ == "__main__":
    main_after(make_cases, f'--moe-schedule-expert-pipeline=tokens=9 overlap=weights target="{TARGET}"')
