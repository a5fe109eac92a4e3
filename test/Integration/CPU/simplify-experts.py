# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
# CHECK: {{^}}161 cases changed
"""Layers after moe-simplify-experts give what the specification says of the original ones."""

import itertools

import numpy as np

from moe_testing import semantics
from moe_testing.layers import (
    Gate,
    apply_experts,
    constant_set,
    ffn_set,
    given_layer,
    low_rank_set,
    region_set,
    routed_layer,
    simple_set,
)
from moe_testing.module import Case
from moe_testing.passes import main_after

FORMS = ["plain", "gather", "combine", "fused"]
TOP2 = {"mode": "top_k", "k": 2}


def new_case(cases, label):
    cases.append(Case(f"simplify_{len(cases)}_{label}"))
    return cases[-1]


def all_kinds(case, rng, size, **options):
    """Eleven experts of all kinds that look at one row each, and of a region."""
    return [
        ffn_set(case, rng, 3, size, 7, biases=True, **options),
        simple_set(case, "zero", 2, size),
        ffn_set(case, rng, 2, size, 5, stacked=False, gated=False),
        simple_set(case, "copy", 1, size),
        constant_set(case, rng, 2, size, True),
        region_set(case, 1, size),
    ]


def remapped_layer(case, rng, sets, table, tokens, k, size, form):
    """A layer whose ids went through a table."""
    ids = rng.integers(-1, len(table) + 1, (tokens, k))
    name, kind = case.input(ids.astype(np.int32), (0,))
    remapped = case.emit(f"moe.remap_ids {name} {list(table)} : {kind}")
    seen = np.where((ids >= 0) & (ids < len(table)), np.array(table)[np.clip(ids, 0, len(table) - 1)], -1)
    weights = rng.uniform(0.1, 1, ids.shape).astype(np.float32)
    own, own_kind = case.input(weights, (0,))
    apply_experts(case, rng, sets, seen, remapped, kind, weights.astype(np.float64), own, own_kind, size, form=form)


def add_dead(cases, rng):
    """Ids that remappings and tables leave out."""
    for form in FORMS:
        for table in ([2, 4, 10, 7], [0, 3, 5, 6, 8, 9], [1, 1, -1], [-1, -1]):
            case = new_case(cases, f"remapped_{form}")
            remapped_layer(case, rng, all_kinds(case, rng, 6), table, 9, 3, 6, form)
    for storage in ("ui4", "i8", "bf16"):
        case = new_case(cases, storage)
        sets = [ffn_set(case, rng, 5, 8, 6, storage=storage, zeros="tensor", block=4),
                low_rank_set(case, rng, 3, 8, 5, 2)]
        remapped_layer(case, rng, sets, [4, 1, 6], 7, 2, 8, "fused")


def biased_gate(case, rng, logits, excluded, **routing):
    """A gate with a constant bias of -inf for some experts: its names and results."""
    tokens, experts = logits.shape
    bias = rng.uniform(-1, 1, experts).astype(np.float32)
    bias[excluded] = -np.inf
    name, kind = case.constant(bias, "f32")
    z, z_kind = case.input(logits.astype(np.float32), (0,))
    k = routing["select"]["k"]
    with np.errstate(invalid="ignore"):
        weights, ids = semantics.gate(logits.astype(np.float32), bias=bias, **routing)
    text = Gate.attributes(routing, None)
    case.counter += 2
    names = f"%v{case.counter - 1}", f"%v{case.counter}"
    kinds = f"tensor<?x{k}xf32>", f"tensor<?x{k}xi32>"
    case.lines.append(f"{names[0]}, {names[1]} = moe.gate {z} bias({name} : {kind}){text} : "
                      f"{z_kind} -> {kinds[0]}, {kinds[1]}")
    return names, kinds, weights, ids


def add_biased(cases, rng):
    """Experts that a bias excludes, also where NaN chooses them in spite of it."""
    routings = [
        dict(select=TOP2, score_function="softmax"),
        dict(select={**TOP2, "tie": "higher"}, score_function="sigmoid", normalization="sum", epsilon=0.125),
        dict(select=TOP2, score_function="relu", normalization="sum"),
        dict(select={"mode": "threshold", "k": 3, "threshold": 0.1}, score_function="tanh"),
        dict(select={"mode": "top_p", "k": 3, "p": 0.5}, score_function="softmax", normalization="softmax"),
        dict(select={"mode": "rank_k", "k": 1, "rank": 2}, score_function="sigmoid"),
        dict(select=TOP2, score_function="sigmoid", groups={"count": 2, "keep": 1, "by": "max"}),
        dict(select=TOP2, score_function="softmax", capacity={"count": 3}, drop_below=0.01),
    ]
    for routing, form in itertools.product(routings, ("plain", "fused")):
        case = new_case(cases, "biased")
        logits = rng.standard_normal((9, 8))
        logits[2, 3] = np.nan
        logits[5] = np.nan
        if routing["score_function"] == "relu":
            logits[7, 0] = np.inf
        names, kinds, weights, ids = biased_gate(case, rng, logits, [0, 3, 6], **routing)
        sets = [ffn_set(case, rng, 4, 6, 5), constant_set(case, rng, 4, 6, False)]
        apply_experts(case, rng, sets, ids, names[1], kinds[1], weights, names[0], kinds[0], 6, form=form)


def add_duplicates(cases, rng):
    """Experts of one source, in one slot or two of a token."""
    for form, stacked in itertools.product(FORMS, (True, False)):
        case = new_case(cases, f"duplicates_{form}")
        sets = [ffn_set(case, rng, 4, 6, 5, experts=[1, 0, 1, 1], stacked=stacked, biases=True),
                simple_set(case, "copy", 2, 6), simple_set(case, "zero", 2, 6)]
        sets += [sets[0], constant_set(case, rng, 2, 6, True)]
        given_layer(case, rng, sets, 8, 3, 6, form=form)
    case = new_case(cases, "duplicate_low_rank")
    given_layer(case, rng, [low_rank_set(case, rng, 3, 8, 5, 2, experts=[0, 2, 0])], 6, 2, 8)


def add_constant(cases, rng):
    """Routing of constants, and constant factors of the weights."""
    tables = {
        "equal": np.full((5, 4), 0.25), "zero": np.zeros((5, 4)),
        "infinite": np.where(rng.uniform(size=(5, 4)) < 0.5, -np.inf, 1.0),
        "any": np.round(rng.standard_normal((5, 4)) * 4) / 4,
    }
    for label, score in itertools.product(tables, ("softmax", "sigmoid", "identity", "relu")):
        logits = tables[label].astype(np.float32)
        for routing in (
            dict(select=TOP2, normalization="sum", scale=1.5),
            dict(select={"mode": "top_k", "k": 3, "tie": "higher"}, capacity={"factor": 1.0}),
            dict(select={"mode": "threshold", "k": 2, "threshold": 0.5}, normalization="sum", epsilon=0.5),
            dict(select={"mode": "all", "k": 4}, shared=1, drop_below=0.3),
        ):
            case = new_case(cases, f"constant_{label}_{score}")
            weights, ids = semantics.gate(logits, score_function=score, **routing)
            name, kind = case.constant(logits, "f32")
            width = weights.shape[1]
            text = Gate.attributes({**routing, "score_function": score}, None)
            case.counter += 2
            w, i = f"%v{case.counter - 1}", f"%v{case.counter}"
            case.lines.append(f"{w}, {i} = moe.gate {name}{text} : {kind} -> "
                              f"tensor<5x{width}xf32>, tensor<5x{width}xi32>")
            case.result(w, f"tensor<5x{width}xf32>", weights, 1e-6, 1e-6)
            case.result(i, f"tensor<5x{width}xi32>", ids)


def add_scales(cases, rng):
    for factor in (2.5, -0.75):
        case = new_case(cases, "scaled")
        gate = Gate(case, rng, 7, 5, dynamic=False, select=TOP2, score_function="sigmoid")
        name, kind = case.constant(np.full((7, 2), factor, np.float32), "f32")
        gate.name = case.emit(f"arith.mulf {gate.name}, {name} : {gate.kind}")
        gate.weights = gate.weights * factor
        routed_layer(case, rng, [ffn_set(case, rng, 5, 6, 4)], gate, 6, dynamic=False)


def add_scaled_downs(cases, rng):
    """Factors that go into down projections, since shared slots are not scaled."""
    for storage, biases in (("f32", True), ("f32", False), ("ui8", False)):
        case = new_case(cases, "scaled_down")
        gate = Gate(case, rng, 7, 5, dynamic=False, select=TOP2, score_function="sigmoid", shared=1)
        sets = [ffn_set(case, rng, 6, 6, 4, storage=storage, biases=biases, constant=True)]
        routed_layer(case, rng, sets, gate, 6, dynamic=False)
        value, kind, expected, rtol, atol = case.results.pop()
        name, _ = case.constant(np.full(expected.shape, -1.75, np.float32), "f32")
        case.result(case.emit(f"arith.mulf {value}, {name} : {kind}"), kind, expected * -1.75, rtol, 2 * atol)


def add_dense(cases, rng):
    """All experts with equal weights, and one expert with weight 1."""
    for form, stacked, biases, dynamic in itertools.product(FORMS, (True, False), (True, False), (True, False)):
        case = new_case(cases, "dense")
        logits = np.full((5, 3), 0.5, np.float32)
        name, kind = case.constant(logits, "f32")
        case.counter += 2
        w, i = f"%v{case.counter - 1}", f"%v{case.counter}"
        case.lines.append(f"{w}, {i} = moe.gate {name} score<softmax> select<all, k = 3> : {kind} -> "
                          "tensor<5x3xf32>, tensor<5x3xi32>")
        sets = [ffn_set(case, rng, 3, 6, 4, stacked=stacked, biases=biases, constant=True)]
        weights = np.full((5, 3), np.float64(np.float32(1) / np.float32(3)))
        apply_experts(case, rng, sets, np.tile(np.arange(3), (5, 1)), i, "tensor<5x3xi32>", weights, w,
                      "tensor<5x3xf32>", 6, form=form, dynamic=dynamic)
        case = new_case(cases, "one")
        ids, ids_kind = case.constant(np.zeros((5, 1), np.int32), "i32")
        ones, ones_kind = case.constant(np.ones((5, 1), np.float32), "f32")
        sets = [ffn_set(case, rng, 1, 6, 4, stacked=stacked, biases=biases)]
        apply_experts(case, rng, sets, np.zeros((5, 1), int), ids, ids_kind, np.ones((5, 1)), ones, ones_kind, 6,
                      form=form, dynamic=dynamic)


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    for part in (add_dead, add_biased, add_duplicates, add_constant, add_scales, add_scaled_downs, add_dense):
        part(cases, rng)
    return cases


if __name__ == "__main__":
    main_after(make_cases, "--moe-simplify-experts")
