# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --cases 144 | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Random layers whose optimised program must be the unoptimised one.

Each seed is a layer: a router's product, a gate with any routing, experts of any
kinds, in any order, some of them only known to be zero, copies or constants by
their weights. Inputs, router and biases are multiples of 1/4, so that logits are
exact and no choice depends on rounding; equal logits (ties) are common.

All three pipelines of moe-run (reference, unfused, optimized) must agree with
NumPy in float64, and with each other to 1e-5 of the greatest output.
"""

import argparse
import sys

import numpy as np

from moe_testing import semantics
from moe_testing.layers import (
    Gate,
    constant_set,
    ffn_set,
    low_rank_set,
    region_set,
    routed_layer,
    simple_set,
)
from moe_testing.module import Case, build_module
from moe_testing.runner import compare, moe_run
from moe_testing.weights import Weights

PIPELINES = ("reference", "unfused", "optimized")


def quarters(rng, *shape):
    return (np.round(rng.standard_normal(shape) * 2) / 4).astype(np.float32)


def known_set(case, rng, count, size, inter):
    """Feed-forward experts, some of whose down projections are zero."""
    up = Weights(case, rng, (count, inter, size), "f32")
    down = (rng.standard_normal((count, size, inter)) / inter**0.5).astype(np.float32)
    down[rng.uniform(size=count) < 0.6] = 0
    bias = Weights(case, rng, (count, size), "f32", scale=0.3) if rng.uniform() < 0.5 else None
    name, kind = case.constant(down, "f32")
    own = f"!moe.weights<{count}x{size}x{inter}, f32>"
    value = case.emit(f"moe.weights {name} : {kind} -> {own}")
    text = f"{value}{f' bias {bias.name}' if bias else ''} : {own}{f', {bias.kind}' if bias else ''}"
    result = f"!moe.experts<{count}, {size} -> {size}>"
    experts = case.emit(
        f"moe.ffn_experts up({up.name} : {up.kind}) down({text}) activation<relu> : {result}"
    )
    biases = (None, None, bias.values if bias else None)
    return experts, result, semantics.FFN(up.values, down.astype(np.float64), biases=biases, function="relu")


def identity_region(case, count, size):
    rows = f"tensor<?x{size}xf32>"
    kind = f"!moe.experts<{count}, {size} -> {size}>"
    name = case.emit(f"moe.region_experts : {kind} {{\n^bb0(%e: index, %r: {rows}):\nmoe.yield %r : {rows}\n}}")
    return name, kind, semantics.Copy(count, size)


def draw_sets(case, rng, size):
    """One to five sets of experts, of any kinds."""
    makers = [
        lambda n: ffn_set(case, rng, n, size, int(rng.integers(1, 20)), biases=bool(rng.integers(2)),
                          gated=bool(rng.integers(2))),
        lambda n: simple_set(case, "zero", n, size),
        lambda n: simple_set(case, "copy", n, size),
        lambda n: constant_set(case, rng, n, size, False, storage=str(rng.choice(["f32", "f16", "ui8"]))),
        lambda n: constant_set(case, rng, n, size, True),
        lambda n: known_set(case, rng, n, size, int(rng.integers(1, 9))),
        lambda n: low_rank_set(case, rng, n, size, 5, 2, common=bool(rng.integers(2))),
        lambda n: region_set(case, n, size),
        lambda n: identity_region(case, n, size),
    ]
    odds = np.array([4, 2, 2, 1.5, 2, 1.5, 0.5, 0.5, 0.5])
    picks = rng.choice(len(makers), rng.integers(1, 6), p=odds / odds.sum())
    return [makers[i](int(rng.integers(1, 4))) for i in picks]


def draw_routing(rng, experts):
    """Keyword arguments of a gate among `experts`."""
    k = int(rng.integers(1, min(experts, 4) + 1))
    mode = rng.choice(["top_k", "top_p", "threshold", "all", "rank_k"], p=[0.6, 0.15, 0.1, 0.1, 0.05])
    score = str(rng.choice(["softmax", "sigmoid"]))
    select = {"mode": str(mode), "k": k}
    if mode == "top_p":
        select["p"] = float(rng.choice([0.3, 0.6, 0.9]))
        score = "softmax"
    if mode == "threshold":
        select["threshold"] = float(rng.choice([0.1, 0.3, 0.6]))
    if mode == "all":
        select["k"] = experts
    if mode == "rank_k":
        select.update(k=1, rank=int(rng.integers(1, experts + 1)))
    if mode != "all":
        select["tie"] = str(rng.choice(["lower", "higher"]))
    routing = {"select": select, "score_function": score}
    compared = mode in ("top_k", "top_p", "threshold", "rank_k")
    if rng.uniform() < 0.25:
        routing["bias"] = True
    if rng.uniform() < 0.2:
        routing["state"] = True
    if compared and experts % 2 == 0 and experts > 2 and rng.uniform() < 0.2:
        if max(select["k"], select.get("rank", 1)) <= experts // 2:
            routing["groups"] = {"count": 2, "keep": 1, "by": "max"}
    if rng.uniform() < 0.15:
        routing["capacity"] = {"count": int(rng.integers(1, 5))}
    if rng.uniform() < 0.5:
        routing["normalization"] = str(rng.choice(["sum", "softmax"]))
    if rng.uniform() < 0.3:
        routing["scale"] = 2.5
    return routing


def draw_layer(case, rng):
    """A layer of the case; raises ValueError where a choice would be unclear."""
    size = int(rng.integers(1, 34))
    tokens = int(rng.choice([0, 1, 2, 5, 13, 30]))
    sets = draw_sets(case, rng, size)
    experts = sum(meaning.count for _, _, meaning in sets)
    shared = 0
    if rng.uniform() < 0.2 and experts > 1:
        shared = sets[-1][2].count if len(sets) > 1 else 0
    routed = experts - shared
    routing = draw_routing(rng, routed)
    if shared:
        routing.update(shared=shared)
    x = quarters(rng, tokens, size)
    router = quarters(rng, routed, size)
    logits = x.astype(np.float64) @ router.astype(np.float64).T
    name, kind = case.input(x, (0,))
    matrix, matrix_kind = case.input(router)
    out = f"tensor<?x{routed}xf32>"
    weights = f"!moe.weights<1x{routed}x{size}, f32>"
    value = case.emit(f"moe.weights {matrix} : {matrix_kind} -> {weights}")
    product = case.emit(f"moe.project {name}, {value} : {kind}, {weights} -> {out}")
    gate = Gate(case, rng, tokens, routed, logits=logits, product=(product, out), **routing)
    form = str(rng.choice(["plain", "gather", "combine", "fused"]))
    routed_layer(case, rng, sets, gate, size, form=form, x=(name, kind, x.astype(np.float64)))


def make_case(seed):
    """The layer of a seed: drawn again until every choice is clear."""
    for attempt in range(50):
        rng = np.random.default_rng([seed, attempt])
        case = Case(f"seed_{seed}")
        try:
            draw_layer(case, rng)
            return case
        except ValueError:
            continue
    return None


def check_batch(cases, arguments):
    """What went wrong with a batch of layers, in one module."""
    text, inputs = build_module(cases)
    count = sum(len(case.results) for case in cases)
    results = {}
    for pipeline in PIPELINES:
        try:
            results[pipeline] = moe_run(text, inputs, count, [f"--pipeline={pipeline}", *arguments])
        except RuntimeError as error:
            return [f"{cases[0].name} to {cases[-1].name}, {pipeline}: {error}"]
    failures = []
    for number, case in enumerate(cases):
        expected = case.results[0][2]
        scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
        exact = results["reference"][number].astype(np.float64)
        for pipeline in PIPELINES:
            actual = results[pipeline][number]
            failures.append(compare(case, 0, actual))
            apart = np.abs(actual.astype(np.float64) - exact)
            if not np.all(apart <= 1e-5 * scale):
                failures.append(f"{case.name}: {pipeline} is {np.max(apart):.2g} from the reference pipeline")
    return [failure for failure in failures if failure]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--cases", type=int, default=1000, help="how many")
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--print", action="store_true", help="print the module")
    options, arguments = parser.parse_known_args()
    cases = [make_case(options.first + i) for i in range(options.cases)]
    cases = [case for case in cases if case]
    if options.print:
        print(build_module(cases)[0])
        return
    failures = []
    for start in range(0, len(cases), options.batch):
        failures += check_batch(cases[start : start + options.batch], arguments)
    for failure in failures:
        print(failure)
    print(f"{len(cases)} cases, {len(failures)} failures")
    sys.exit(1 if failures or not cases else 0)


if __name__ == "__main__":
    main()
