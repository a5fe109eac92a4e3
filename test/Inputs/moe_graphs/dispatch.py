"""F8: tensors that say which place of which expert a token has, those beyond the capacity being dropped."""

import numpy as np


def slots_of(g, routing):
    """Ids[T] and weights[T, 1] of each slot."""
    if routing.picks:
        return [(g.squeeze(ids, 1, [-1]), weights) for ids, weights in routing.picks]
    if routing.k == 1:
        return [(g.squeeze(routing.ids, 1, [-1]), routing.weights)]
    ids = g.split(routing.ids, [1] * routing.k, 1)
    weights = g.split(routing.weights, [1] * routing.k, 1)
    return [(g.squeeze(i, 1, [-1]), w) for i, w in zip(ids, weights)]


def make_marks(g, ids, experts, as_float):
    """Marks[T, E] of the chosen experts, integers or of the graph's type."""
    if g.flip(0.7):
        values = g.tensor(np.array([0, 1], np.float32 if as_float else np.int64))
        marks = g.node("OneHot", ids, g.int(experts), values, axis=-1)
        return g.cast(marks, g.dtype) if as_float and g.dtype != "f32" else marks
    marks = g.node("Equal", g.unsqueeze(ids, 1, [-1, 1]), g.ints(*range(experts)))
    return g.cast(marks, g.dtype if as_float else "i64")


def count_before(g, marks, earlier, number):
    """How many tokens[T, E] chose each expert before, counting all of the earlier slots."""
    if g.flip(0.3):
        counts = g.node("CumSum", marks, g.int(0), exclusive=1)
    else:
        counts = g.node("Sub", g.node("CumSum", marks, g.int(0)), number(1))
    for other in earlier:
        counts = g.node("Add", counts, g.sum(other, 0, keep=True))
    return counts


def place_slot(g, marks, earlier, capacity, as_float):
    """Dispatch[T, E, C] of one slot."""
    number = g.real if as_float else g.int
    depth = g.tensor(np.array([0, 1], np.float32))

    def hot(value):
        return g.cast(g.node("OneHot", g.to_int(value) if as_float else value, g.int(capacity), depth, axis=-1), g.dtype)

    def real(value):
        return value if as_float else g.cast(value, g.dtype)

    def below(value):
        if g.flip(0.3):
            return g.node("LessOrEqual" if g.opset >= 16 or not as_float else "LessOrEqual", value, number(capacity - 1))
        return g.node("Less", value, number(capacity)) if g.flip() else g.node("Greater", number(capacity), value)

    counts = count_before(g, marks, earlier, number)
    way = g.pick("place", "place", "kept", "table")
    if way == "table":
        # A place for each expert, of which the token's own is looked at.
        places = hot(counts)
        return g.mul(places, g.unsqueeze(real(marks), 2))
    if way == "kept":
        # Marks of experts that have a place left.
        kept = g.cast(below(counts), g.dtype if as_float else "i64")
        marks = g.node("Mul", marks, kept)
        place = g.sum(g.node("Mul", counts, marks), 1, keep=False)
        return g.mul(g.unsqueeze(real(marks), 2), g.unsqueeze(hot(place), 1))
    place = g.sum(g.node("Mul", counts, marks), 1, keep=False)
    places = hot(place)
    if g.flip():
        clamped = g.node("Min", place, number(capacity - 1)) if g.flip() else place
        keep = g.cast(below(place), g.dtype)
        places = g.mul(hot(clamped), g.unsqueeze(keep, 1, [-1, 1]))
    return g.mul(g.unsqueeze(real(marks), 2), g.unsqueeze(places, 1))


def form_switch(g, x, experts, routing, hidden, capacity):
    """Switch Transformers with one choice, GShard with several."""
    count = experts.count
    # Opset 13 has no CumSum of small floats in ONNX Runtime.
    as_float = g.dtype == "f32" and g.flip()
    slots = slots_of(g, routing)
    marks = [make_marks(g, ids, count, as_float) for ids, _ in slots]
    spelling = g.spelling(always=len(slots) > 1 and g.flip(0.8))
    sent = []
    for j in range(len(slots)):
        g.begin(spelling)
        sent.append(place_slot(g, marks[j], marks[:j], capacity, as_float))
    late = len(slots) == 1 and g.flip(0.3)
    if not late:
        returned = g.sum_all([g.mul(d, g.unsqueeze(w, 2, [-1, 1, 1])) for d, (_, w) in zip(sent, slots)])
    dispatch = g.sum_all(sent)
    if late:
        returned = dispatch
    elif g.flip(0.3):
        # Wherever there is a weight.
        there = g.node("Cast", returned, to=9) if g.flip() else g.node("Greater", returned, g.real(0))
        dispatch = g.cast(there, g.dtype)

    def flat(value):
        return g.reshape(value, [-1, count * capacity])

    if g.flip():
        inputs = g.node("Einsum", dispatch, x, equation="tec,th->ech")
    else:
        inputs = g.node("MatMul", g.transpose(flat(dispatch), 1, 0), x)
        inputs = g.reshape(inputs, [count, capacity, hidden])
    rows = experts.apply_all(inputs, False)
    if g.flip():
        rows = g.node("Einsum", returned, rows, equation="tec,ech->th")
    else:
        rows = g.node("MatMul", flat(returned), g.reshape(rows, [count * capacity, hidden]))
    return g.mul(rows, slots[0][1]) if late else rows
