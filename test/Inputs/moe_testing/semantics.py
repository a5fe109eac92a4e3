"""What each operation of the moe dialect computes, in NumPy and float64.

Written from docs/Spec.md, one token at a time; labels refer to that page.
Nothing here looks like the compiler's lowering, on purpose.
"""

import math

import numpy as np


class Margins:
    """How close the choices of a gate were: a choice between values that differ
    by less than f32 can tell would make a test depend on rounding."""

    def __init__(self):
        self.smallest = math.inf

    def compare(self, values):
        """Notes the gaps between values that are ranked against each other."""
        finite = sorted({float(v) for v in values if math.isfinite(v)})
        for low, high in zip(finite, finite[1:]):
            size = max(1e-4, abs(low), abs(high))
            self.smallest = min(self.smallest, (high - low) / size)


def ranking(values, tie, candidates=None):
    """Indices of `candidates` in the order of (V3) and (V4)."""
    candidates = range(len(values)) if candidates is None else candidates

    def key(i):
        nan = math.isnan(values[i])
        return (not nan, 0.0 if nan else -values[i], i if tie == "lower" else -i)

    return sorted(candidates, key=key)


def softmax(z):
    with np.errstate(all="ignore"):
        e = np.exp(z - np.max(z))
        return e / np.sum(e)


def score(z, function):
    """(A2) for the logits of one token, already divided by the temperature."""
    with np.errstate(all="ignore"):
        return {
            "identity": lambda: z,
            "softmax": lambda: softmax(z),
            "sigmoid": lambda: 1 / (1 + np.exp(-z)),
            "sqrt_softplus": lambda: np.sqrt(np.logaddexp(0, z)),
            "relu": lambda: np.maximum(z, 0),
            "tanh": lambda: np.tanh(z),
        }[function]()


def best_groups(c, groups, tie, margins):
    """(A4): the experts of the groups that are kept."""
    parts = c.reshape(groups["count"], -1)
    if groups.get("by", "max") == "max":
        ranks = [np.max(part) for part in parts]
    else:
        ranks = [sum(part[i] for i in ranking(part, tie)[:2]) for part in parts]
    margins.compare(ranks)
    kept = ranking(ranks, tie)[: groups["keep"]]
    size = parts.shape[1]
    return [e for e in range(len(c)) if e // size in kept]


def sparse_mixer(c, jitter, tie, margins):
    """(A10): the picks and their weights."""
    ids, weights = [], []
    left = list(range(len(c)))
    for _ in range(2):
        winner = ranking(c, tie, left)[0]
        m = c[winner]
        near = []
        for i in left:
            f = max(abs(c[i]), m)
            distance = (m - c[i]) / f if f != 0 else 0.0
            margins.compare([distance, 2 * jitter])
            if not distance > 2 * jitter:
                near.append(i)
        ids.append(winner)
        weights.append(softmax(c[near])[near.index(winner)])
        left.remove(winner)
    return ids, weights


def pick(p, c, select, groups, given, table, margins):
    """The ids of one token's slots, and their weights if these are not p."""
    mode, k, tie = select["mode"], select["k"], select.get("tie", "lower")
    experts = len(c)
    if mode == "all":
        return list(range(experts)), None
    if mode == "given":
        return [i if 0 <= i < experts else -1 for i in given], None
    if mode == "table":
        row = table[given] if 0 <= given < len(table) else [-1] * k
        return [i if 0 <= i < experts else -1 for i in row], None
    margins.compare(c)
    if mode == "sparse_mixer":
        return sparse_mixer(c, select.get("jitter", 0.0), tie, margins)
    allowed = best_groups(c, groups, tie, margins) if groups else None
    if groups and "fill" in groups:
        c = np.where(np.isin(np.arange(experts), allowed), c, groups["fill"])
        allowed = None
    order = ranking(c, tie, allowed)
    if mode == "rank_k":
        return [order[select["rank"] - 1]], None
    ids = order[:k]
    if mode == "threshold":
        bound = select["threshold"]
        margins.compare(list(c) + [bound])
        ids = [i for i in ids if math.isnan(c[i]) or c[i] > bound]
    if mode == "top_p":
        total, reached = 0.0, 0
        for reached, i in enumerate(ids, start=1):
            total += p[i]
            margins.compare([total, select["p"]])
            if total >= select["p"]:
                break
        ids = ids[:reached]
    return ids + [-1] * (k - len(ids)), None


def apply_capacity(ids, capacity, k, experts):
    """(A13), in place."""
    limit = capacity.get("count") or math.ceil(
        capacity["factor"] * (len(ids) * k) / experts
    )
    taken = [0] * experts
    for slot in range(k):
        for token in range(len(ids)):
            e = ids[token, slot]
            if e >= 0:
                if taken[e] >= limit:
                    ids[token, slot] = -1
                taken[e] += 1


def normalize(weights, ids, mode, epsilon, floor=0.0):
    """(A15), in place."""
    for w, row in zip(weights, ids):
        held = row >= 0
        if mode == "none" or not held.any():
            continue
        with np.errstate(all="ignore"):
            if mode == "sum":
                total = np.sum(w[held]) + epsilon
                w[held] = w[held] / (np.maximum(total, floor) if floor else total)
            else:
                w[held] = softmax(w[held])


def gate(
    logits,
    select,
    score_function="identity",
    temperature=1.0,
    bias=None,
    state=None,
    values=None,
    given=None,
    table=None,
    groups=None,
    capacity=None,
    normalization=None,
    epsilon=0.0,
    floor=0.0,
    scale=1.0,
    drop_below=None,
    shared=0,
    shared_weights=None,
    margins=None,
):
    """(G17) to (G24): the weights and the ids."""
    margins = margins or Margins()
    logits = np.asarray(logits, np.float64)
    tokens, experts = logits.shape
    k = select["k"]
    z = logits + (0 if state is None else np.asarray(state, np.float64))
    p = np.array([score(row / temperature, score_function) for row in z])
    p = p.reshape(tokens, experts)
    c = p + (0 if bias is None else np.asarray(bias, np.float64))
    source = p if values is None else np.asarray(values, np.float64)

    if select["mode"] == "expert_choice":
        p, c, source = p.T, c.T, source.T
        ids = np.full((experts, k), -1)
        for e in range(experts):
            margins.compare(c[e])
            chosen = ranking(c[e], select.get("tie", "lower"))[:k]
            ids[e, : len(chosen)] = chosen
        weights = np.zeros((experts, k))
        for e, j in np.argwhere(ids >= 0):
            weights[e, j] = source[e, ids[e, j]]
    else:
        ids = np.full((tokens, k), -1)
        weights = np.zeros((tokens, k))
        for t in range(tokens):
            row, own = pick(
                p[t],
                c[t],
                select,
                groups,
                None if given is None else given[t],
                table,
                margins,
            )
            ids[t] = row
            weights[t] = own or [source[t, i] if i >= 0 else 0.0 for i in row]
    if capacity:
        apply_capacity(ids, capacity, k, experts)
    normalize(weights, ids, normalization or "none", epsilon, floor)
    weights = weights * scale
    if drop_below is not None:
        margins.compare(list(weights[ids >= 0]) + [drop_below])
        with np.errstate(all="ignore"):
            ids[weights <= drop_below] = -1
    weights[ids < 0] = 0.0
    if shared:
        always = np.tile(np.arange(experts, experts + shared), (tokens, 1))
        ids = np.concatenate([ids, always], axis=1)
        extra = np.ones((tokens, shared)) if shared_weights is None else shared_weights
        weights = np.concatenate([weights, np.asarray(extra, np.float64)], axis=1)
    return weights, ids


def plan(ids, experts, tokens=None):
    """(P3): the pairs (expert, token, slot), slot being an index of `ids`."""
    pairs = []
    for outer, inner in np.ndindex(*ids.shape):
        i = int(ids[outer, inner])
        if tokens is None:
            if 0 <= i < experts:
                pairs.append((i, outer, (outer, inner)))
        elif 0 <= i < tokens:
            pairs.append((outer, i, (outer, inner)))
    return sorted(pairs, key=lambda pair: (pair[0], pair[2]))


def erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x)


def activation(function, gate_value, up, alpha=1.0, beta=0.0, limit=math.inf):
    """(A18)."""

    def f(z):
        with np.errstate(all="ignore"):
            return {
                "identity": lambda: z,
                "relu": lambda: np.maximum(z, 0),
                "relu2": lambda: np.maximum(z, 0) ** 2,
                "gelu": lambda: z * (1 + erf(z / math.sqrt(2))) / 2,
                "gelu_tanh": lambda: z
                / 2
                * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
                "silu": lambda: z / (1 + np.exp(-alpha * z)),
                "sigmoid": lambda: 1 / (1 + np.exp(-z)),
                "tanh": lambda: np.tanh(z),
            }[function]()

    if gate_value is None:
        return f(up)
    g = np.minimum(gate_value, limit)
    return f(g) * (np.clip(up, -limit, limit) + beta)


class FFN:
    """(F4)."""

    def __init__(self, up, down, gate=None, biases=(None, None, None), **act):
        self.up, self.down, self.gate = up, down, gate
        self.up_bias, self.gate_bias, self.down_bias = biases
        self.activation = act
        self.count, self.out_size = len(up), down.shape[1]

    def __call__(self, e, x):
        def project(weights, bias, v):
            return weights[e] @ v + (0 if bias is None else bias[e])

        u = project(self.up, self.up_bias, x)
        g = None if self.gate is None else project(self.gate, self.gate_bias, x)
        return project(self.down, self.down_bias, activation(gate_value=g, up=u, **self.activation))


class Zero:
    """(Z1)."""

    def __init__(self, count, out_size):
        self.count, self.out_size = count, out_size

    def __call__(self, e, x):
        return np.zeros(self.out_size)


class Copy:
    """(Y2)."""

    def __init__(self, count, size):
        self.count, self.out_size = count, size

    def __call__(self, e, x):
        return x


class Constant:
    """(K3)."""

    def __init__(self, vectors, mix=None):
        self.vectors, self.mix = vectors, mix
        self.count, self.out_size = vectors.shape

    def __call__(self, e, x):
        if self.mix is None:
            return self.vectors[e]
        a, b = softmax(self.mix[e] @ x)
        return a * x + b * self.vectors[e]


class Region:
    """(R4), for a function of one row."""

    def __init__(self, count, out_size, function):
        self.count, self.out_size, self.function = count, out_size, function

    def __call__(self, e, x):
        return self.function(e, x)


def experts(rows, row_experts, sets):
    """(E7)."""
    flat = [(s, e) for s in sets for e in range(s.count)]
    out = np.zeros((len(rows), sets[0].out_size))
    for r, (row, expert) in enumerate(zip(rows, row_experts)):
        chosen, e = flat[expert]
        out[r] = chosen(e, row)
    return out


def combine(rows, pairs, weights, tokens, copy=None, constant=None):
    """(C4), and (C8) for copy = (scale, input) and constant = (coefficients,
    vectors)."""
    y = np.zeros((tokens, rows.shape[1]))
    for r in sorted(range(len(pairs)), key=lambda r: pairs[r][2]):
        _, token, slot = pairs[r]
        y[token] += weights[slot] * rows[r]
    for t in range(tokens):
        if copy and copy[0][t] != 0:
            y[t] += copy[0][t] * copy[1][t]
        if constant:
            for factor, vector in zip(constant[0][t], constant[1]):
                if factor != 0:
                    y[t] += factor * vector
    return y


def project(x, weights):
    """(H6)."""
    return np.concatenate([x @ matrix.T for matrix in weights], axis=1)


def remap_ids(ids, table):
    """(M2)."""
    return np.array([[table[i] if 0 <= i < len(table) else -1 for i in row] for row in ids]).reshape(ids.shape)


def mix(sums, logits, starts, copies=None):
    """(X4): scale and coefficients."""
    scale = np.zeros(len(sums)) if copies is None else copies.copy()
    shared = sums.copy()
    for t in range(len(sums)):
        for i, p in enumerate(starts):
            if p < 0:
                continue
            a, b = softmax(logits[t, p : p + 2]) if sums[t, i] != 0 else (0.0, 0.0)
            scale[t] += sums[t, i] * a
            shared[t, i] = sums[t, i] * b
    return scale, shared


def coefficients(weights, ids, table, columns):
    """(U4)."""
    sums = np.zeros((len(ids), columns))
    for (t, j), i in np.ndenumerate(ids):
        if 0 <= i < len(table) and table[i] >= 0:
            sums[t, table[i]] += weights[t, j]
    return sums
