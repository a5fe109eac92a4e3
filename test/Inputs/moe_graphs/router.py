"""Routers: from tokens to logits, scores, a choice, and the weights of what was chosen."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Routing:
    """ids[T, k] and weights[T, k], or only `gates`[T, E] where every expert has a weight."""

    experts: int
    k: int
    ids: str = ""
    weights: str = ""
    gates: str = ""
    logits: str = ""
    picks: tuple = ()


def make_logits(g, x, hidden, experts):
    """Logits[T, E] of rows x[T, H]."""
    array = g.rng.standard_normal((experts, hidden)) * 1.5 / np.sqrt(hidden)
    bias = g.rng.standard_normal(experts) * 0.3 if g.flip(0.3) else None
    if g.flip(0.1):
        # A router with an inner layer.
        inner = g.rng.standard_normal((8, hidden)) / np.sqrt(hidden)
        x = g.node("Tanh", g.linear(x, inner, inside=False))
        array = g.rng.standard_normal((experts, 8))
    logits = g.linear(x, array, bias, inside=False)
    if g.flip(0.15):
        logits = g.div(logits, g.real(0.7)) if g.flip() else g.mul(logits, g.real(1.25))
    return logits


def softmax(g, value):
    return g.spice(g.node("Softmax", value, axis=g.pick(-1, 1)))


def score(g, logits):
    """Scores[T, E], and the name of their function."""
    kind = g.pick("softmax", "softmax", "softmax", "sigmoid", "sigmoid", "sqrt_softplus")
    if kind == "softmax":
        return softmax(g, logits), kind
    if kind == "sigmoid":
        return g.spice(g.node("Sigmoid", logits)), kind
    return g.node("Sqrt", g.node("Softplus", logits)), kind


def top_k(g, value, k, experts):
    """The greatest values[T, k] and their ids, by TopK, or by a full sort of which the head is taken."""
    g.clear.append((value, k))
    if g.flip(0.08):
        values, ids = g.node("TopK", value, g.ints(experts), outputs=2, axis=-1)
        return g.slice(values, 0, k, 1), g.slice(ids, 0, k, 1)
    axis, is_sorted = g.pick(-1, 1), g.pick(1, 1, 0)
    values, ids = g.node("TopK", value, g.ints(k), outputs=2, axis=axis, sorted=1 if g.ordered else is_sorted)
    return g.spice(values), g.spice(ids)


def gather_scores(g, scores, ids):
    return g.spice(g.node("GatherElements", scores, ids, axis=g.pick(1, -1)))


def mask_groups(g, values, experts, groups, keep, by_sum, excluded):
    """`values`[T, E] in the best `keep` groups, `excluded` (a number) elsewhere."""
    size = experts // groups
    grouped = g.reshape(values, [-1, groups, size])
    if by_sum:
        best, _ = g.node("TopK", grouped, g.ints(2), outputs=2, axis=-1)
        best = g.sum(best, -1, keep=False)
    else:
        best = g.reduce("ReduceMax", grouped, -1, keep=False)
    g.clear.append((best, keep))
    _, chosen = g.node("TopK", best, g.ints(keep), outputs=2, axis=-1)
    scattered = g.flip(0.6)
    if by_sum and g.dtype != "f32":
        # Sums that are rounded to a small float may tie, those of a gate do not: the mask of groups stays.
        g.stays.update(["TopK", "TopK", "ScatterElements" if scattered else "OneHot"])
    if scattered:
        ones = g.node("Expand", g.real(1), g.node("Shape", chosen))
        mask = g.node("ScatterElements", g.zeros(g.node("Shape", best)), chosen, ones, axis=g.pick(1, -1))
    else:
        marks = g.node("OneHot", chosen, g.int(groups), g.tensor(np.array([0, 1], np.float32)), axis=-1)
        mask = g.cast(g.sum(marks, 1, keep=False), g.dtype)
    mask = g.unsqueeze(mask, -1, [-1, groups, 1])
    if g.flip():
        mask = g.node("Expand", mask, g.ints(1, 1, size))
        mask = g.reshape(mask, [-1, experts])
    else:
        values = grouped
    if excluded == 0 and g.flip():
        out = g.mul(values, mask)
    else:
        test = g.node("Cast", mask, to=9) if g.flip() else g.node("Greater", mask, g.real(0.5))
        if g.flip():
            out = g.node("Where", test, values, g.real(excluded))
        else:
            out = g.node("Where", g.node("Not", test), g.real(excluded), values)
    return out if values != grouped else g.reshape(out, [-1, experts])


def normalise(g, weights):
    """Weights over their sum, which may be guarded against 0."""
    if g.flip(0.2):
        total = g.sum(weights, -1, keep=False)
        total = g.unsqueeze(total, -1, [-1, 1])
    else:
        total = g.sum(weights, g.pick(-1, 1), keep=True)
    guard = g.pick("none", "none", "add", "max", "clip")
    if guard == "add":
        total = g.add(total, g.real(1e-20 if g.dtype == "f32" and g.flip() else 1e-4))
    elif guard == "max":
        total = g.node("Max", total, g.real(1e-3))
    elif guard == "clip":
        total = g.node("Clip", total, g.tensor(np.array(1e-3, total_type(g))))
    return g.div(weights, total)


def total_type(g):
    return np.float16 if g.dtype == "f16" else np.float32


def finish_weights(g, weights, renormalise):
    """Normalisation and scale, each or none."""
    if renormalise:
        weights = normalise(g, weights)
    if g.flip(0.25):
        weights = g.mul(weights, g.real(g.pick(2.5, 1.5, 0.5)))
    return weights


def route_scores_first(g, logits, experts, k):
    """Scores, then a choice among them, perhaps biased and limited to groups."""
    scores, kind = score(g, logits)
    values = scores
    biased = g.flip(0.3)
    if biased:
        values = g.add(scores, g.weight(np.round(g.rng.standard_normal(experts) * 4) / 40))
    groups = [n for n in (2, 4) if experts % n == 0 and experts // n >= 2]
    grouped = bool(groups) and g.flip(0.3)
    if grouped:
        count = g.pick(*groups)
        fits = [n for n in range(1, count) if n * (experts // count) >= k]
        if fits:
            by_sum = g.flip()
            values = mask_groups(g, values, experts, count, g.pick(*fits), by_sum, g.pick(0.0, -1e4 if g.dtype == "f16" else -1e30))
        else:
            grouped = False
    chosen, ids = top_k(g, values, k, experts)
    if biased or grouped or g.flip(0.2):
        chosen = gather_scores(g, scores, ids)
    # Sigmoids of a single expert need no normalisation, and many models of softmax do without.
    return finish_weights(g, chosen, g.flip(0.6)), ids


def route_logits_first(g, logits, experts, k):
    """A choice among logits; the softmax of the chosen ones, or their scores."""
    values, ids = top_k(g, logits, k, experts)
    kind = g.pick("softmax", "softmax", "sigmoid", "gather")
    if kind == "softmax":
        return finish_weights(g, softmax(g, values), False), ids
    if kind == "sigmoid":
        return finish_weights(g, g.node("Sigmoid", values), g.flip()), ids
    scores, _ = score(g, logits)
    return finish_weights(g, gather_scores(g, scores, ids), g.flip()), ids


def route_top_one(g, logits):
    """The greatest score by ReduceMax or by its place, the expert by ArgMax."""
    scores, _ = score(g, logits)
    g.clear.append((scores, 1))
    ids = g.node("ArgMax", g.pick(scores, logits), axis=-1, keepdims=1)
    if g.flip():
        weights = g.reduce("ReduceMax", scores, -1, keep=True)
    else:
        weights = gather_scores(g, scores, ids)
    return finish_weights(g, weights, False), ids


def make_picks(g, x, hidden, experts):
    """The best expert, and the best of the others: ids[T, 1] and weights[T, 1] of each."""
    logits = make_logits(g, x, hidden, experts)
    scores = softmax(g, logits)
    source = g.pick(scores, logits)
    g.clear += [(source, 1), (source, 2)]
    picks = []
    for number in range(2):
        ids = g.node("ArgMax", source, axis=-1, keepdims=1)
        marks = g.node("OneHot", g.squeeze(ids, 1), g.int(experts), g.tensor(np.array([0, 1], np.float32)), axis=-1)
        picks.append([ids, g.sum(g.mul(scores, g.cast(marks, g.dtype)), 1, keep=True)])
        if source == scores and g.flip():
            source = g.mul(scores, g.node("Sub", g.real(1), g.cast(marks, g.dtype)))
        else:
            source = g.node("Where", g.node("Cast", marks, to=9), g.real(-np.inf), source)
    if g.flip(0.6):
        total = g.add(picks[0][1], picks[1][1])
        if g.flip():
            total = g.node("Max", total, g.real(1e-3))
        for pick in picks:
            pick[1] = g.node("Div", pick[1], total)
    return Routing(experts, 2, logits=logits, picks=tuple(picks))


def make_routing(g, x, hidden, experts, k):
    """A router of k experts for each token."""
    wide = g.dtype == "f16" and g.flip(0.6)
    own = g.dtype
    if wide:
        # Routers compute in f32 where the model does not.
        x, g.dtype = g.cast(x, "f32"), "f32"
    logits = make_logits(g, x, hidden, experts)
    if k == 1 and g.flip(0.4):
        weights, ids = route_top_one(g, logits)
    elif g.flip(0.35):
        weights, ids = route_logits_first(g, logits, experts, k)
    else:
        weights, ids = route_scores_first(g, logits, experts, k)
    g.dtype = own
    if wide:
        weights = g.cast(weights, own)
    elif own == "f32" and g.flip(0.1):
        # The weights are rounded and widened again.
        g.rounds = True
        weights = g.cast(g.cast(weights, g.pick("f16", "bf16")), "f32")
    if g.flip(0.15):
        ids = g.to_int(g.node("Cast", ids, to=6))
    return Routing(experts, k, ids, weights, logits=logits)


def make_gates(g, x, hidden, experts):
    """Weights of all experts for each token: a softmax, or what a ReLU leaves."""
    logits = make_logits(g, x, hidden, experts)
    gates = softmax(g, logits) if g.flip() else g.node("Relu", logits)
    return Routing(experts, experts, gates=gates, logits=logits)
