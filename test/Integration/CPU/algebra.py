# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --no-cache --cases 144 | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Random layers whose optimised program must be the unoptimised one.

Each seed is a layer: a router's product, a gate with any routing, experts of any
kinds, in any order, some of them only known to be zero, copies or constants by
their weights. Inputs, router and biases are multiples of 1/4, so that logits are
exact and no choice depends on rounding; equal logits (ties) are common.

All three pipelines of moe-run (reference, unfused, optimized), and the optimized
one behind --moe-unfuse, must agree with NumPy in float64, and with each other to
1e-5 of the greatest output in f32, to 1e-12 in f64.
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
from moe_testing.passes import moe_opt
from moe_testing.runner import compare, moe_run
from moe_testing.weights import REALS, Weights

# Of each program: the pipeline of moe-run, and passes before it.
PROGRAMS = {
    "reference": ("reference", ()),
    "unfused": ("unfused", ()),
    "optimized": ("optimized", ()),
    "optimized after moe-unfuse": ("optimized", ("--moe-unfuse",)),
}
APART = {"float32": 1e-5, "float64": 1e-12}


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


def identity_region(case, count, size, element):
    rows = f"tensor<?x{size}x{element}>"
    kind = f"!moe.experts<{count}, {size} -> {size}>"
    name = case.emit(f"moe.region_experts : {kind} {{\n^bb0(%e: index, %r: {rows}):\nmoe.yield %r : {rows}\n}}")
    return name, kind, semantics.Copy(count, size)


def duplicate_set(case, rng, size):
    """Feed-forward experts some of which have the same weights."""
    chosen = [int(i) for i in rng.integers(0, 2, rng.integers(2, 4))]
    return ffn_set(case, rng, len(chosen), size, 3, biases=bool(rng.integers(2)), experts=chosen,
                   stacked=bool(rng.integers(2)))


def draw_sets(case, rng, size, element):
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
        lambda n: region_set(case, n, size, element),
        lambda n: identity_region(case, n, size, element),
        lambda n: duplicate_set(case, rng, size),
    ]
    odds = np.array([4, 2, 2, 1.5, 2, 1.5, 0.5, 0.5, 0.5, 1])
    picks = rng.choice(len(makers), rng.integers(1, 6), p=odds / odds.sum())
    sets = [makers[i](int(rng.integers(1, 4))) for i in picks]
    if rng.uniform() < 0.1:
        sets.append(sets[0])
    return sets


COMPARED = ("top_k", "top_p", "threshold", "rank_k")


def draw_routing(rng, experts, tokens):
    """Keyword arguments of a gate among `experts`."""
    modes = {"top_k": 0.5, "top_p": 0.12, "threshold": 0.08, "all": 0.08, "rank_k": 0.04, "given": 0.04,
             "table": 0.04, "sparse_mixer": 0.04 if experts > 1 else 0, "expert_choice": 0.06}
    odds = np.array(list(modes.values()))
    mode = str(rng.choice(list(modes), p=odds / odds.sum()))
    k = int(rng.integers(1, min(experts, 4) + 1))
    k = {"all": experts, "rank_k": 1, "sparse_mixer": 2}.get(mode, k)
    select = {"mode": mode, "k": k}
    score = str(rng.choice(["softmax", "sigmoid"]))
    if mode == "top_p":
        select["p"] = float(rng.choice([0.3, 0.6, 0.9]))
        score = "softmax"
    if mode == "threshold":
        select["threshold"] = float(rng.choice([0.1, 0.3, 0.6]))
    if mode == "rank_k":
        select["rank"] = int(rng.integers(1, experts + 1))
    if mode == "sparse_mixer":
        select["jitter"] = float(rng.choice([0.0, 0.1]))
        score = "identity"
    if mode not in ("all", "given", "table"):
        select["tie"] = str(rng.choice(["lower", "higher"]))
    routing = {"select": select, "score_function": score}
    if rng.uniform() < 0.25 and mode != "sparse_mixer":
        routing["bias"] = True
        live = max(k, select.get("rank", 1))
        if mode in COMPARED and experts > live and rng.uniform() < 0.4:
            dead = rng.choice(experts, rng.integers(1, experts - live + 1), replace=False)
            routing["dead"] = [int(e) for e in dead]
    if rng.uniform() < 0.2:
        routing["state"] = True
    if rng.uniform() < 0.05 and mode != "sparse_mixer":
        routing["values"] = True
    if mode in COMPARED and "dead" not in routing and experts % 2 == 0 and experts > 2 and rng.uniform() < 0.2:
        if max(k, select.get("rank", 1)) <= experts // 2:
            routing["groups"] = {"count": 2, "keep": 1, "by": "max"}
    if mode == "expert_choice":
        return routing
    if rng.uniform() < 0.15:
        routing["capacity"] = {"count": int(rng.integers(1, 5))}
    if rng.uniform() < 0.5:
        routing["normalization"] = str(rng.choice(["sum", "softmax"]))
    if rng.uniform() < 0.3:
        routing["scale"] = 2.5
    if rng.uniform() < 0.05:
        routing["drop_below"] = 0.2
    return routing


def draw_layer(case, rng):
    """A layer of the case; raises ValueError where a choice would be unclear."""
    element = "f64" if rng.uniform() < 0.2 else "f32"
    size = int(rng.integers(1, 34))
    tokens = int(rng.choice([0, 1, 2, 5, 13, 30]))
    sets = draw_sets(case, rng, size, element)
    experts = sum(meaning.count for _, _, meaning in sets)
    shared = 0
    if rng.uniform() < 0.2 and len(sets) > 1:
        shared = sets[-1][2].count
    routing = draw_routing(rng, experts - shared, tokens)
    choice = routing["select"]["mode"] == "expert_choice"
    routed = experts if choice else experts - shared
    if shared and not choice:
        routing.update(shared=shared, shared_weights=bool(rng.integers(2)))
    x = quarters(rng, tokens, size).astype(REALS[element])
    router = quarters(rng, routed, size)
    logits = x.astype(np.float64) @ router.astype(np.float64).T
    name, kind = case.input(x, (0,))
    matrix, matrix_kind = case.input(router)
    out = f"tensor<?x{routed}x{element}>"
    weights = f"!moe.weights<1x{routed}x{size}, f32>"
    value = case.emit(f"moe.weights {matrix} : {matrix_kind} -> {weights}")
    product = case.emit(f"moe.project {name}, {value} : {kind}, {weights} -> {out}")
    gate = Gate(case, rng, tokens, routed, element, logits=logits, product=(product, out), **routing)
    form = str(rng.choice(["plain", "gather", "combine", "fused"]))
    routed_layer(case, rng, sets, gate, size, element, form, tokens=tokens if choice else None,
                 x=(name, kind, x.astype(np.float64)))


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
    for program, (pipeline, passes) in PROGRAMS.items():
        try:
            module = moe_opt(text, *passes) if passes else text
            results[program] = moe_run(module, inputs, count, [f"--pipeline={pipeline}", *arguments])
        except RuntimeError as error:
            return [f"{cases[0].name} to {cases[-1].name}, {program}: {error}"]
    failures = []
    for number, case in enumerate(cases):
        expected = case.results[0][2]
        exact = results["reference"][number]
        scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
        for program in PROGRAMS:
            actual = results[program][number]
            failures.append(compare(case, 0, actual))
            apart = np.abs(actual.astype(np.float64) - exact)
            if not np.all(apart <= APART[exact.dtype.name] * scale):
                failures.append(f"{case.name}: {program} is {np.max(apart):.2g} from the reference pipeline")
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
