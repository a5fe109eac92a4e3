# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Feed-forward experts over weights of every storage type and layout."""

import itertools

import numpy as np

from moe_testing.layers import constant_set, ffn_set, given_layer, low_rank_set
from moe_testing.module import Case
from moe_testing.runner import main
from moe_testing.weights import INTEGERS, REALS, SMALL_FLOATS, STORAGES


def add(cases, rng, label, count=3, size=13, inter=7, tokens=6, k=2, element="f32", **options):
    case = Case(f"weights_{len(cases)}_{label}")
    sets = [ffn_set(case, rng, count, size, inter, **options)]
    given_layer(case, rng, sets, tokens, k, size, element=element, form="fused")
    cases.append(case)


def add_storages(cases, rng):
    """Every storage (W12)."""
    for storage in STORAGES:
        add(cases, rng, storage, storage=storage)
        # Rows of f64 are computed in f64, from the same storage.
        add(cases, rng, storage, storage=storage, element="f64", gated=False)
    for storage in REALS:
        add(cases, rng, storage, storage=storage, constant=True, biases=True, bias_storage=storage)
    for storage in SMALL_FLOATS:
        element = "ui8" if storage == "f4E2M1FN" else storage
        add(cases, rng, storage, storage=storage, element_of_source=element, scale_type=None, size=8)
        add(cases, rng, storage, storage=storage, scale_type="f8E8M0FNU", block=4)


def add_scales(cases, rng):
    for storage, zeros in itertools.product(INTEGERS, ("none", "point", "tensor")):
        for block in (0, 4, 16):
            source = "i8" if block == 4 else "ui8"
            add(cases, rng, f"{storage}_{zeros}", storage=storage, zeros=zeros, block=block,
                element_of_source=source, flat_scales=block == 0)
    for scale_type in ("f16", "bf16", "f64", "f8E4M3FN", "f8E5M2", "f8E8M0FNU"):
        add(cases, rng, f"scale_{scale_type}", storage="ui4", block=4, scale_type=scale_type)


def add_layouts(cases, rng):
    """Every layout (A20), also of packed elements."""
    layouts = [
        {"offset": 2}, {"step": 2}, {"offset": 1, "step": 2, "extra": 1},
        {"transposed": True}, {"transposed": True, "offset": 3, "step": 2},
    ]
    for layout, storage in itertools.product(layouts, ("f32", "bf16", "f8E4M3FN", "ui4", "i2", "ui8")):
        for stacked in (True, False):
            add(cases, rng, f"layout_{storage}", storage=storage, stacked=stacked, zeros="tensor",
                block=0 if stacked else 4, **layout)
    for storage in ("f32", "ui4", "f4E2M1FN"):
        add(cases, rng, f"single_{storage}", count=1, k=1, storage=storage, stacked=False, zeros="tensor")
        add(cases, rng, f"separate_{storage}", count=2, storage=storage, stacked=False)


def add_tiles(cases, rng):
    """Matrices of several panels, whose sizes are no multiples of what is packed
    at a time."""
    layouts = [{}, {"transposed": True}, {"step": 2, "offset": 1}]
    for layout, storage in itertools.product(layouts, ("f32", "f64", "f16", "bf16", "i8", "ui4", "i2", "f8E4M3FN")):
        for stacked in (True, False):
            add(cases, rng, f"tiles_{storage}", size=148, inter=77, tokens=3, storage=storage,
                stacked=stacked, **layout)


def add_selections(cases, rng):
    """Experts of the sources in any order, some left out, some twice (W14)."""
    for storage, stacked in itertools.product(("f32", "bf16", "ui4", "i8", "f8E4M3FN", "f4E2M1FN"), (True, False)):
        for experts in ([2, 0, 5], [1, 1, 0]):
            add(cases, rng, f"select_{storage}", storage=storage, stacked=stacked, zeros="tensor",
                experts=experts, biases=True)
    add(cases, rng, "select_transposed", experts=[3, 0, 1], transposed=True)
    add(cases, rng, "select_interleaved", experts=[3, 0, 1], offset=1, step=2)
    add(cases, rng, "select_same", experts=[2, 2, 2], constant=True, block=4, storage="ui4")
    add(cases, rng, "select_slice", experts=[0, 0, 0], stacked=False)
    case = Case("select_low_rank")
    given_layer(case, rng, [low_rank_set(case, rng, 3, 12, 10, 3, experts=[4, 1, 1])], 6, 2, 12)
    cases.append(case)


def add_vectors(cases, rng):
    """Weights that are vectors, and low-rank matrices (L5)."""
    for storage in STORAGES:
        case = Case(f"vectors_{storage}")
        sets = [constant_set(case, rng, 2, 9, False, storage), constant_set(case, rng, 2, 9, True, storage)]
        given_layer(case, rng, sets, 5, 3, 9)
        cases.append(case)
    for common in (True, False):
        case = Case(f"low_rank_{common}")
        given_layer(case, rng, [low_rank_set(case, rng, 4, 12, 10, 3, common)], 6, 2, 12)
        cases.append(case)


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    for part in (add_storages, add_scales, add_layouts, add_tiles, add_selections, add_vectors):
        part(cases, rng)
    return cases


if __name__ == "__main__":
    main(make_cases)
