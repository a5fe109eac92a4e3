# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --pipeline=reference | FileCheck %s
# RUN: %python %s --no-cache --pipeline=optimized | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Router products, operations on ids, and the affine term of a combine."""

import itertools

import numpy as np

from moe_testing import semantics
from moe_testing.layers import TOLERANCE, affine_terms, combined, ffn_set, index_tensor, real_tensor, rows_type
from moe_testing.module import Case
from moe_testing.runner import main
from moe_testing.weights import Weights


def new_case(cases, label):
    cases.append(Case(f"affine_{len(cases)}_{label}"))
    return cases[-1]


def add_projections(cases, rng):
    """moe.project by weights of any storage, stacked or not, (H6)."""
    for element, storage, (tokens, count, out, hidden) in itertools.product(
        ("f32", "f16", "f64"), ("f32", "f16", "ui4"), ((5, 1, 3, 16), (0, 2, 2, 8), (17, 3, 2, 40), (1, 1, 1, 1))
    ):
        case = new_case(cases, "project")
        x, kind, values = real_tensor(case, rng.standard_normal((tokens, hidden)), element, (0,))
        weights = Weights(case, rng, (count, out, hidden), storage)
        result = "f64" if element == "f64" else "f32"
        own = rows_type(result, count * out)
        name = case.emit(f"moe.project {x}, {weights.name} : {kind}, {weights.kind} -> {own}")
        case.result(name, own, semantics.project(values, weights.values), TOLERANCE[result], 1e-4)


def add_routes(cases, rng):
    """moe.route: logits, choice and further projections, (H7), (H9)."""
    for (tokens, experts, hidden), biased, extra, state in itertools.product(
        ((6, 8, 32), (1, 4, 16), (0, 4, 16), (29, 17, 33)), (False, True), (0, 1, 2), (False, True)
    ):
        case = new_case(cases, "route")
        # Multiples of 1/4: logits are exact, so that no choice depends on rounding.
        grid = np.round(rng.standard_normal((tokens, hidden)) * 2) / 4
        x, kind, values = real_tensor(case, grid, "f32", (0,))
        router, router_kind = case.input((np.round(rng.standard_normal((experts, hidden)) * 2) / 4).astype(np.float32))
        own = f"!moe.weights<1x{experts}x{hidden}, f32>"
        weights = case.emit(f"moe.weights {router} : {router_kind} -> {own}")
        matrix = case.inputs[-1][0].astype(np.float64)
        logits = values @ matrix.T
        text, kinds = weights, own
        if biased:
            bias, bias_kind = case.input((np.round(rng.standard_normal(experts) * 4) / 4).astype(np.float32))
            logits = logits + case.inputs[-1][0]
            own_bias = f"!moe.weights<1x{experts}, f32>"
            text += f" bias {case.emit(f'moe.weights {bias} : {bias_kind} -> {own_bias}')}"
            kinds += f", {own_bias}"
        text = f"router({text} : {kinds})"
        projected = []
        if extra:
            more = Weights(case, rng, (extra, 2, hidden), "f32")
            text += f" extra({more.name} : {more.kind})"
            projected.append(semantics.project(values, more.values))
        options, shared = {}, ""
        if extra == 1:
            # The two columns of the one matrix weigh two shared experts.
            text += " shared_gate"
            shared = " shared(2)"
            options = {"shared": 2, "shared_weights": 1 / (1 + np.exp(-projected[0]))}
        if state:
            residual = np.round(rng.standard_normal((tokens, experts)) * 4) / 4
            s, s_kind, options["state"] = real_tensor(case, residual, "f32", (0,))
            text += f" state({s} : {s_kind})"
        select = {"mode": "top_k", "k": 2}
        chosen, ids = semantics.gate(
            logits, select, score_function="softmax", normalization="sum", scale=1.5, **options
        )
        outputs = [
            (rows_type("f32", ids.shape[1]), chosen), (rows_type("i32", ids.shape[1]), ids),
            (rows_type("f32", experts), logits),
            *((rows_type("f32", p.shape[1]), p) for p in projected),
        ]
        names = [case.fresh() for _ in outputs]
        case.lines.append(
            f"{', '.join(names)} = moe.route {x} {text} score<softmax> select<top_k, k = 2> normalize<sum> "
            f"scale(1.5){shared} : {kind} -> {', '.join(own for own, _ in outputs)}"
        )
        for name, (own, expected) in zip(names, outputs):
            exact = "i32" in own
            case.result(name, own, expected, *(() if exact else (2e-5, 2e-5)))


def add_ids(cases, rng):
    """moe.remap_ids (M2) and moe.coefficients (U4); ids out of range too."""
    for tokens, k, element in itertools.product((0, 1, 7), (1, 3), ("f32", "f16", "f64")):
        case = new_case(cases, "ids")
        ids = rng.integers(-2, 7, (tokens, k))
        if tokens:
            ids[0, 0] = rng.choice([2**31 - 1, -(2**31)])
        name, kind = index_tensor(case, ids, (0,))
        table = [int(i) for i in rng.integers(-1, 4, 5)]
        case.result(case.emit(f"moe.remap_ids {name} {table} : {kind}"), kind, semantics.remap_ids(ids, table))
        w, w_kind, weights = real_tensor(case, rng.uniform(0, 1, ids.shape), element, (0,))
        result = "f64" if element == "f64" else "f32"
        own = rows_type(result, 4)
        sums = case.emit(f"moe.coefficients {w}, {name} {table} : {w_kind}, {kind} -> {own}")
        case.result(sums, own, semantics.coefficients(weights, ids, table, 4), TOLERANCE[result], TOLERANCE[result])
        flags = [min(i, 0) for i in table]
        own = f"tensor<?x{result}>"
        sums = case.emit(f"moe.coefficients {w}, {name} {flags} : {w_kind}, {kind} -> {own}")
        expected = semantics.coefficients(weights, ids, flags, 1)[:, 0]
        case.result(sums, own, expected, TOLERANCE[result], TOLERANCE[result])


def add_mixes(cases, rng):
    """moe.mix, with infinite logits where nobody chose, (X4)."""
    for tokens, element, copies, starts in itertools.product(
        (0, 1, 6), ("f32", "f16", "f64"), (False, True), ([0], [2, -1, 0], [-1, 3, 1, 0])
    ):
        case = new_case(cases, "mix")
        sums = rng.uniform(0.1, 1, (tokens, len(starts)))
        logits = rng.standard_normal((tokens, 5)) * 3
        if tokens > 1:
            sums[1], logits[1] = 0, np.inf
        c, c_kind, sums = real_tensor(case, sums, element, (0,))
        z, z_kind, logits = real_tensor(case, logits, "f64" if element == "f64" else "f32", (0,))
        text, known = "", None
        if copies:
            s, s_kind, known = real_tensor(case, rng.uniform(0, 1, tokens), element, (0,))
            text = f" copies({s} : {s_kind})"
        outputs = [f"tensor<?x{element}>", c_kind]
        names = [case.fresh() for _ in outputs]
        case.lines.append(
            f"{', '.join(names)} = moe.mix {c}, {z} {starts}{text} : {c_kind}, {z_kind} -> {', '.join(outputs)}"
        )
        for name, own, expected in zip(names, outputs, semantics.mix(sums, logits, starts, known)):
            case.result(name, own, expected, TOLERANCE[element], TOLERANCE[element])


def add_terms(cases, rng):
    """Copy and constant terms of combine and of fused experts, (C8), (E8)."""
    for element, form, copies, constants, size in itertools.product(
        ("f32", "f16", "bf16", "f64"), ("combine", "experts"), (False, True), (0, 1, 3), (7, 48)
    ):
        tokens, k, count = 6, 2, 4
        case = new_case(cases, form)
        ids = rng.integers(-1, count, (tokens, k))
        ids_name, ids_kind = index_tensor(case, ids, (0,))
        w, w_kind, weights = real_tensor(case, rng.uniform(0.1, 1, ids.shape), element, (0,))
        x, x_kind, values = real_tensor(case, rng.standard_normal((tokens, size)), element, (0,))
        experts, experts_kind, meaning = ffn_set(case, rng, count, size, 8)
        plan = case.emit(f"moe.plan {ids_name} : {ids_kind} -> !moe.plan<{count}>")
        terms, copy, constant = affine_terms(case, rng, values, element, copies, constants)
        out = rows_type(element, size)
        if form == "experts":
            name = case.emit(
                f"moe.experts {x}, {plan}, ({experts}) gather combine({w} : {w_kind}){terms} : {x_kind}, "
                f"!moe.plan<{count}>, {experts_kind} -> {out}"
            )
        else:
            rows = case.emit(
                f"moe.experts {x}, {plan}, ({experts}) gather : {x_kind}, !moe.plan<{count}>, {experts_kind} -> {out}"
            )
            name = case.emit(
                f"moe.combine {rows}, {plan}, {w}{terms} : {out}, !moe.plan<{count}>, {w_kind} -> {out}"
            )
        expected = combined(values, ids, weights, meaning, copy, constant)
        size_of = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
        case.result(name, out, expected, TOLERANCE[element], TOLERANCE[element] * size_of)


def make_cases(seed):
    rng = np.random.default_rng(seed)
    cases = []
    for part in (add_projections, add_routes, add_ids, add_mixes, add_terms):
        part(cases, rng)
    return cases


if __name__ == "__main__":
    main(make_cases)
