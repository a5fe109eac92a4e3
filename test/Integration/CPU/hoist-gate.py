# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized | FileCheck %s
# CHECK: {{^}}8 cases, 0 failures
# CHECK: {{^}}8 cases changed
"""Several layers in a row whose gates know nothing of the layers before, after moe-hoist-gate."""

import itertools

import numpy as np

from moe_testing.layers import Gate, ffn_set, routed_layer, simple_set
from moe_testing.module import Case
from moe_testing.passes import main_after

FORMS = ["plain", "gather", "combine", "fused"]


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    # Logits of f16 are made of others by operations that move as well.
    for form, element in itertools.product(FORMS, ("f32", "f16")):
        case = Case(f"hoist_{len(cases)}_{form}")
        for _ in range(3):
            gate = Gate(case, rng, 7, 4, element=element, select={"mode": "top_k", "k": 2},
                        score_function="softmax", bias=True, shared=1)
            sets = [ffn_set(case, rng, 4, 6, 5), simple_set(case, "copy", 1, 6)]
            routed_layer(case, rng, sets, gate, 6, element=element, form=form)
        cases.append(case)
    return cases


if __name__ == "__main__":
    main_after(make_cases, "--moe-hoist-gate")
