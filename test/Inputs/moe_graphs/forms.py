"""The forms in which exporters write the experts of a layer, from routing to rows."""

import numpy as np
from onnx import numpy_helper

def scatter_add(g, x, total, tokens, rows):
    """total[tokens[i]] += rows[i], where no token comes twice; `tokens` has rank 1."""
    if not g.scatters_add:
        # Rows in zeros, which are added.
        zeros = g.zeros_like(x)
        return g.add(total, g.node("ScatterND", zeros, g.unsqueeze(tokens, 1, [-1, 1]), rows))
    if g.flip(0.6):
        return g.node("ScatterND", total, g.unsqueeze(tokens, 1, [-1, 1]), rows, reduction="add")
    places = g.node("Expand", g.unsqueeze(tokens, 1, [-1, 1]), g.node("Shape", rows))
    return g.node("ScatterElements", total, places, rows, axis=0, reduction="add")


def one_hot(g, ids, experts):
    """Marks[T, k, E] of what each slot chose, of type bool or of any type: [value, is bool]."""
    if g.flip():
        values = g.tensor(np.array([0, 1], g.pick(np.int64, np.float32)))
        depth = g.pick(g.int, g.ints)(experts)
        return g.node("OneHot", ids, depth, values, axis=g.pick(-1, 2)), False
    numbers = g.ints(*range(experts)) if g.flip() else g.arange(g.ints(experts))
    if g.flip():
        numbers = g.reshape(numbers, [1, 1, experts])
    return g.node("Equal", *swap(g, g.unsqueeze(ids, 2), numbers)), True


def swap(g, a, b):
    return (a, b) if g.flip() else (b, a)


def dense_gates(g, routing):
    """Weights[T, E]: 0 where an expert was not chosen."""
    if routing.gates:
        return routing.gates
    ids, weights, experts = routing.ids, routing.weights, routing.experts
    if g.flip():
        shape = g.node("Concat", g.dim(ids, 0), g.ints(experts), axis=0)
        base = g.zeros(shape) if g.flip() or g.dtype != "f32" else g.zeros_like(routing.logits)
        return g.node("ScatterElements", base, ids, weights, axis=g.pick(1, -1))
    marks, is_bool = one_hot(g, ids, experts)
    weights = g.unsqueeze(weights, 2, [-1, routing.k, 1])
    if is_bool and g.flip():
        picked = g.node("Where", marks, weights, g.real(0))
        return g.sum(picked, 1, keep=False)
    marks = g.cast(marks, g.dtype)
    if g.flip(0.3):
        row = g.reshape(weights, [-1, 1, routing.k])
        return g.squeeze(g.node("MatMul", row, marks), 1)
    return g.sum(g.mul(marks, weights), 1, keep=False)


def form_unrolled(g, x, experts, routing, hidden):
    """F1: each expert gathers its tokens and adds its rows to them."""
    if routing.gates or g.flip(0.15):
        return unrolled_by_gates(g, x, experts, dense_gates(g, routing), hidden)
    marks = None
    if g.flip(0.7):
        marks, is_bool = one_hot(g, routing.ids, experts.count)
        perm = g.pick([2, 1, 0], [2, 0, 1])
        marks = g.transpose(g.to_int(marks) if is_bool and g.flip() else marks, *perm)
        slot_first = perm == [2, 1, 0]
    total = g.zeros_like(x)
    apart = g.flip(0.1)
    parts = []
    experts.prepare()
    spelling = g.spelling()
    for expert in range(experts.count):
        g.begin(spelling)
        if marks:
            mask = g.node("Gather", marks, g.pick(g.int, g.ints)(expert))
            # Gather by a tensor of rank 1 keeps the axis.
            mask = g.reshape(mask, [routing.k, -1] if slot_first else [-1, routing.k])
        else:
            slot_first = g.flip(0.3)
            ids = g.transpose(routing.ids, 1, 0) if slot_first else routing.ids
            mask = g.node("Equal", ids, g.int(expert))
        tokens, slots = places(g, mask, slot_first)
        rows = experts.apply_one(g.node("Gather", x, tokens, axis=0), expert)
        rows = g.mul(rows, weights_at(g, routing, tokens, slots))
        if apart:
            parts.append(scatter_add(g, x, g.zeros_like(x), tokens, rows))
        else:
            total = scatter_add(g, x, total, tokens, rows)
    return g.sum_all(parts) if apart else total


def places(g, mask, slot_first):
    """Tokens and slots of rank 1 where a mask of rank 2 is set."""
    found = g.node("NonZero", mask)
    way = g.pick("split", "gather", "transpose")
    if way == "gather":
        pair = [g.node("Gather", found, g.int(i)) for i in (0, 1)]
    elif way == "split":
        pair = [g.squeeze(part, 0) for part in g.split(found, [1, 1], 0)]
    else:
        found = g.transpose(found, 1, 0)
        pair = [g.squeeze(part, 1) for part in g.split(found, [1, 1], 1)]
    return (pair[1], pair[0]) if slot_first else (pair[0], pair[1])


def weights_at(g, routing, tokens, slots):
    """Weights[n, 1] of pairs of token and slot."""
    if g.flip():
        index = g.node("Concat", g.unsqueeze(tokens, 1), g.unsqueeze(slots, 1), axis=g.pick(1, -1))
        return g.unsqueeze(g.node("GatherND", routing.weights, index), 1, [-1, 1])
    flat = g.reshape(routing.weights, [-1])
    place = g.node("Add", g.node("Mul", tokens, g.int(routing.k)), slots)
    return g.unsqueeze(g.node("Gather", flat, place), 1, [-1, 1])


def unrolled_by_gates(g, x, experts, gates, hidden):
    """F1 of a table of weights: an expert's tokens are those with a weight above 0."""
    total = g.zeros_like(x)
    experts.prepare()
    spelling = g.spelling()
    for expert in range(experts.count):
        g.begin(spelling)
        column = g.node("Gather", gates, g.int(expert), axis=1)
        mask = column if g.flip(0.3) else g.node("Greater", column, g.real(0))
        tokens = g.node("NonZero", mask)
        tokens = g.squeeze(tokens, 0) if g.flip() else g.reshape(tokens, [-1])
        rows = experts.apply_one(g.node("Gather", x, tokens), expert)
        weights = g.unsqueeze(g.node("Gather", column, tokens), 1, [-1, 1])
        total = scatter_add(g, x, total, tokens, g.mul(rows, weights))
    return total


def repeat_tokens(g, x, k, hidden):
    """Rows[T·k, H]: each token k times."""
    if g.flip():
        count = g.dim(x, 0)
        tokens = g.unsqueeze(g.arange(count), 1, [-1, 1])
        tokens = g.node("Expand", tokens, g.node("Concat", count, g.ints(k), axis=0))
        tokens = g.reshape(tokens, [-1])
        return g.node("Gather", x, tokens), tokens
    rows = g.unsqueeze(x, 1, [-1, 1, hidden])
    if g.flip():
        rows = g.node("Tile", rows, g.ints(1, k, 1))
    else:
        rows = g.node("Expand", rows, g.ints(1, k, 1))
    return g.reshape(rows, [-1, hidden]), None


def add_slots(g, rows, x, k, hidden, tokens):
    """Rows[T·k, H] of all slots added up for each token."""
    if tokens and g.scatters_add and g.flip():
        zeros = g.zeros_like(x)
        return g.node("ScatterND", zeros, g.unsqueeze(tokens, 1, [-1, 1]), rows, reduction="add")
    return g.sum(g.reshape(rows, [-1, k, hidden]), 1, keep=False)


def form_batched(g, x, experts, routing, hidden):
    """F2: every pair of token and slot gathers its expert's weights."""
    rows, tokens = repeat_tokens(g, x, routing.k, hidden)
    rows = experts.apply_gathered(rows, g.reshape(routing.ids, [-1]))
    if g.flip(0.3):
        # The weights act on what has its slots as an axis again.
        rows = g.reshape(rows, [-1, routing.k, hidden])
        if g.flip():
            row = g.reshape(routing.weights, [-1, 1, routing.k])
            return g.squeeze(g.node("MatMul", row, rows), 1)
        return g.sum(g.mul(rows, g.unsqueeze(routing.weights, 2)), 1, keep=False)
    rows = g.mul(rows, g.reshape(routing.weights, [-1, 1]))
    return add_slots(g, rows, x, routing.k, hidden, tokens)


def sort_ids(g, ids):
    """The order of pairs by expert: TopK of the ids, whose ties keep their order."""
    size = g.dim(ids, 0)
    _, order = g.node("TopK", ids, size, outputs=2, axis=g.pick(0, -1), largest=0, sorted=1)
    return order


def count_pairs(g, ids, experts):
    """How many pairs each expert has."""
    numbers = g.ints(*range(experts))
    way = g.pick("equal", "onehot", "scatter" if g.opset >= 16 else "equal")
    if way == "equal":
        marks = g.node("Equal", *swap(g, g.unsqueeze(ids, 1, [-1, 1]), g.unsqueeze(numbers, 0, [1, -1])))
        return g.sum(g.to_int(marks), 0, keep=False)
    if way == "onehot":
        marks = g.node("OneHot", ids, g.int(experts), g.tensor(np.array([0, 1], np.int64)), axis=-1)
        return g.sum(marks, 0, keep=False)
    ones = g.node("Expand", g.int(1), g.node("Shape", ids))
    zeros = g.tensor(np.zeros(experts, np.int64))
    return g.node("ScatterElements", zeros, ids, ones, axis=0, reduction="add")


def form_grouped(g, x, experts, routing, hidden):
    """F3: pairs sorted by expert, a product for each group of them."""
    k = routing.k
    ids = g.reshape(routing.ids, [-1])
    order = sort_ids(g, ids)
    counts = count_pairs(g, ids, experts.count)
    if g.flip():
        tokens = g.node("Div", order, g.int(k))
        rows = g.node("Gather", x, tokens)
    else:
        rows = g.node("Gather", repeat_tokens(g, x, k, hidden)[0], order)
    weights = g.unsqueeze(g.node("Gather", g.reshape(routing.weights, [-1]), order), 1, [-1, 1])
    early = g.flip()
    if g.flip():
        groups = g.node("Split", rows, counts, outputs=experts.count, axis=0) if experts.count > 1 else [rows]
    else:
        ends = g.node("CumSum", counts, g.int(0))
        starts = g.node("Sub", ends, counts)
        groups = []
        spelling = g.spelling(always=True)
        for expert in range(experts.count):
            g.begin(spelling)
            start = g.slice(starts, expert, expert + 1, 0)
            end = g.slice(ends, expert, expert + 1, 0)
            groups.append(g.node("Slice", rows, start, end, g.ints(0)))
    experts.prepare()
    spelling = g.spelling(always=True)
    for expert in range(experts.count):
        g.begin(spelling)
        groups[expert] = experts.apply_one(groups[expert], expert)
    rows = g.node("Concat", *groups, axis=0)
    if early:
        rows = g.mul(rows, weights)
    if early and g.scatters_add and g.flip():
        tokens = g.node("Div", order, g.int(k))
        return g.node("ScatterND", g.zeros_like(x), g.unsqueeze(tokens, 1, [-1, 1]), rows, reduction="add")
    if g.flip():
        _, inverse = g.node("TopK", order, g.dim(order, 0), outputs=2, axis=0, largest=0)
    else:
        size = g.dim(order, 0)
        zeros = g.node("ConstantOfShape", size, value=numpy_helper.from_array(np.zeros(1, np.int64)))
        inverse = g.node("ScatterElements", zeros, order, g.arange(size), axis=0)
    rows = g.reshape(g.node("Gather", rows, inverse), [-1, k, hidden])
    if not early:
        rows = g.mul(rows, g.unsqueeze(routing.weights, 2, [-1, k, 1]))
    return g.sum(rows, 1, keep=False)


def form_dense(g, x, experts, routing, hidden):
    """F4: all experts on all tokens, then the weights."""
    gates = dense_gates(g, routing)
    einsum = g.flip(0.25)
    if einsum:
        rows = experts.apply_all(x, True)
    else:
        tokens = g.unsqueeze(x, 0, [1, -1, hidden])
        way = g.pick("broadcast", "expand", "tile")
        if way == "expand":
            tokens = g.node("Expand", tokens, g.ints(experts.count, 1, 1))
        elif way == "tile":
            tokens = g.node("Tile", x, g.ints(experts.count, 1))
            tokens = g.reshape(tokens, [experts.count, -1, hidden])
        rows = experts.apply_all(tokens, False)
    if g.flip(0.25):
        return g.node("Einsum", *[gates, rows], equation="te,eth->th")
    if g.flip(0.25):
        # A row of weights times the experts' rows, for each token.
        rows = g.transpose(rows, 1, 0, 2)
        return g.squeeze(g.node("MatMul", g.unsqueeze(gates, 1, [-1, 1, experts.count]), rows), 1)
    column = g.unsqueeze(g.transpose(gates, 1, 0), 2, [experts.count, -1, 1])
    return g.sum(g.mul(rows, column), 0, keep=False)


def column_of(g, routing, expert, table):
    """Weights[T, 1] of one expert: a column of the table, or a sum over the slots that chose it."""
    if table:
        way = g.pick("slice", "gather")
        if way == "slice":
            return g.slice(table, expert, expert + 1, 1)
        return g.unsqueeze(g.node("Gather", table, g.int(expert), axis=1), 1, [-1, 1])
    mask = g.node("Equal", *swap(g, routing.ids, g.int(expert)))
    if g.flip():
        picked = g.node("Where", mask, routing.weights, g.real(0))
    else:
        picked = g.mul(g.cast(mask, g.dtype), routing.weights)
    return g.sum(picked, g.pick(1, -1), keep=True)


def form_masked(g, x, experts, routing, hidden, others=()):
    """F5: each expert on all tokens, times its weights. `others`: experts of other kinds, from x and weights to rows."""
    table = dense_gates(g, routing) if routing.gates or g.flip(0.4) else ""
    if table and g.flip(0.3):
        columns = g.split(table, [1] * routing.experts, 1)
    else:
        columns = [column_of(g, routing, expert, table) for expert in range(routing.experts)]
    terms = []
    experts.prepare()
    spelling = g.spelling()
    for expert, column in enumerate(columns):
        g.begin(spelling)
        if expert < experts.count:
            terms.append(g.mul(experts.apply_one(x, expert), column))
        else:
            term = others[expert - experts.count](x, column)
            terms += [term] if term else []
    if g.flip(0.2):
        terms.insert(0, g.zeros_like(x))
    return g.sum_all(terms)


def form_token_gather(g, x, experts, routing, hidden):
    """F6: each token gathers the weights of all its experts."""
    column = g.reshape(x, [-1, 1, hidden, 1])
    rows = experts.apply_tokens(column, routing.ids)
    if g.flip():
        rows = g.squeeze(rows, 3)
        return g.sum(g.mul(rows, g.unsqueeze(routing.weights, 2, [-1, routing.k, 1])), 1, keep=False)
    weights = g.reshape(routing.weights, [-1, routing.k, 1, 1])
    return g.squeeze(g.sum(g.mul(rows, weights), 1, keep=False), 2)


def form_contrib(g, x, experts, logits, k, normalise):
    """F7: one node of com.microsoft."""
    fused = experts.gate is not None
    matrix, bias = experts.arrays("fused" if fused else "up")
    inputs = [x, logits, g.weight(matrix), "" if bias is None else g.weight(bias)]
    matrix, bias = experts.arrays("down")
    inputs += [g.weight(matrix), "" if bias is None else g.weight(bias)]
    attributes = {"activation_type": "swiglu" if fused else {"gelu_tanh": "gelu"}.get(experts.activation, experts.activation)}
    if fused:
        attributes |= {"swiglu_fusion": 1, "activation_alpha": 1.0, "activation_beta": g.pick(0.0, 1.0)}
        attributes |= {"swiglu_limit": 1.0} if g.flip() else {}
    while not inputs[-1]:
        inputs.pop()
    return g.node("MoE", *inputs, domain="com.microsoft", k=k, normalize_routing_weights=int(normalise), **attributes)
