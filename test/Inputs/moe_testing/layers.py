"""Random gates, experts and whole layers, with their results in NumPy."""

import math

import numpy as np

from . import semantics
from .weights import REALS, Weights

# What rounding to a type, and sums in its compute type, may cost.
TOLERANCE = {"f64": 1e-11, "f32": 2e-5, "f16": 2e-3, "bf16": 1.6e-2}


def real_tensor(case, array, element, dynamic=()):
    """An input of float type `element`; its name, type, and exact values."""
    exact = array.astype(REALS[element])
    stored = exact.astype(np.float32) if element == "bf16" else exact
    name, kind = case.input(np.ascontiguousarray(stored), dynamic)
    name, kind = case.cast(name, kind, element)
    return name, kind, exact.astype(np.float64)


def index_tensor(case, array, dynamic=()):
    name, kind = case.input(array.astype(np.int32), dynamic)
    return name, kind


def rows_type(element, width, rows="?"):
    return f"tensor<{rows}x{width}x{element}>"


def real(value):
    """A floating-point literal, which in MLIR has a point."""
    text = repr(float(value))
    return text if "." in text or "inf" in text else text.replace("e", ".0e")


def attribute(fields):
    """The text of a struct attribute's parameters."""

    def spell(value):
        return real(value) if isinstance(value, float) else str(value)

    return ", ".join(f"{name} = {spell(value)}" for name, value in fields.items())


class Gate:
    """A moe.gate of a case. `routing` holds keyword arguments of
    semantics.gate that are not tensors. `logits` are their values if they are
    not to be drawn, `product` then a value of the case that has these. A bias,
    then a constant, is -inf for experts in `dead`."""

    def __init__(self, case, rng, tokens, experts, element="f32", dynamic=True,
                 grid=None, result=None, logits=None, product=None, dead=(), **routing):
        self.case = case
        dims = (0,) if dynamic else ()
        tensors = {name: routing.pop(name, False) for name in ("bias", "state", "values")}
        select = routing["select"]
        k, shared = select["k"], routing.get("shared", 0)
        coefficients = routing.pop("shared_weights", False)
        for attempt in range(100):
            z = rng.standard_normal((tokens, experts)) * 1.5 if logits is None else logits
            # A coarse grid makes exact ties.
            z = z if grid is None else np.round(z / grid) * grid
            arrays = {"logits": z}
            if tensors["bias"]:
                arrays["bias"] = np.round(rng.standard_normal(experts) * 4) / 16
                arrays["bias"][list(dead)] = -np.inf
            if tensors["state"]:
                arrays["state"] = np.round(rng.standard_normal(z.shape) * 2) / 4
            if tensors["values"]:
                arrays["values"] = rng.standard_normal(z.shape)
            if coefficients:
                arrays["shared_weights"] = rng.uniform(0, 1, (tokens, shared))
            exact = {
                name: a.astype(REALS[element]).astype(np.float64)
                for name, a in arrays.items()
            }
            ids = {}
            if select["mode"] == "given":
                ids["given"] = rng.integers(-1, experts, (tokens, k))
            if select["mode"] == "table":
                ids["table"] = rng.integers(-1, experts, (7, k))
                ids["given"] = rng.integers(-1, 8, tokens)
            margins = semantics.Margins()
            self.weights, self.ids = semantics.gate(
                **exact, **ids, **routing, margins=margins
            )
            if margins.smallest > 1e-4:
                break
        else:
            raise ValueError(f"{case.name}: no clear choice found")

        text, kinds = "", {}
        for name in ("logits", "bias", "state", "values", "shared_weights"):
            if name not in arrays:
                continue
            own = dims if name != "bias" else ()
            if name == "logits" and product:
                kinds[name] = product
                continue
            if name == "bias" and dead:
                kinds[name] = case.constant(arrays[name].astype(REALS[element]), element)
                text += f" bias({kinds[name][0]} : {kinds[name][1]})"
                continue
            kinds[name] = real_tensor(case, arrays[name], element, own)[:2]
            if name not in ("logits", "shared_weights"):
                text += f" {name}({kinds[name][0]} : {kinds[name][1]})"
        if "given" in ids:
            name, kind = index_tensor(case, ids["given"], dims)
            text += f" ids({name} : {kind})"
        if "table" in ids:
            name, kind = index_tensor(case, ids["table"])
            text += f" table({name} : {kind})"
        text += self.attributes(routing, kinds.get("shared_weights"))
        choice = select["mode"] == "expert_choice"
        rows = experts if choice else "?" if dynamic else tokens
        self.element = result or element
        self.kind = rows_type(self.element, k + shared, rows)
        self.ids_kind = rows_type("i32", k + shared, rows)
        self.name = case.fresh()
        self.ids_name = case.fresh()
        case.lines.append(
            f"{self.name}, {self.ids_name} = moe.gate {kinds['logits'][0]}{text} : "
            f"{kinds['logits'][1]} -> {self.kind}, {self.ids_kind}"
        )

    @staticmethod
    def attributes(routing, shared_weights):
        function = routing.get("score_function", "identity")
        temperature = routing.get("temperature", 1.0)
        extra = f", temperature = {real(temperature)}" if temperature != 1.0 else ""
        text = f" score<{function}{extra}>"
        if routing.get("groups"):
            text += f" groups<{attribute(routing['groups'])}>"
        select = dict(routing["select"])
        text += f" select<{select.pop('mode')}, {attribute(select)}>"
        if routing.get("capacity"):
            text += f" capacity<{attribute(routing['capacity'])}>"
        if routing.get("normalization"):
            epsilon = routing.get("epsilon", 0.0)
            extra = f", epsilon = {real(epsilon)}" if epsilon else ""
            floor = routing.get("floor", 0.0)
            extra += f", floor = {real(floor)}" if floor else ""
            text += f" normalize<{routing['normalization']}{extra}>"
        if routing.get("scale", 1.0) != 1.0:
            text += f" scale({real(routing['scale'])})"
        if routing.get("drop_below") is not None:
            text += f" drop_below({real(routing['drop_below'])})"
        if routing.get("shared"):
            text += f" shared({routing['shared']}"
            if shared_weights:
                text += f", {shared_weights[0]} : {shared_weights[1]}"
            text += ")"
        return text

    def add_results(self):
        tolerance = TOLERANCE[self.element]
        self.case.result(self.name, self.kind, self.weights, tolerance, tolerance)
        self.case.result(self.ids_name, self.ids_kind, self.ids)


def ffn_set(case, rng, count, size, inter, out=None, storage="f32", gated=True,
            biases=False, bias_storage="f32", act=None, **options):
    """Feed-forward experts: name, type, meaning."""
    act = dict(act or {"function": "silu" if gated else "relu"})
    out = out or size
    up = Weights(case, rng, (count, inter, size), storage, **options)
    gate = Weights(case, rng, (count, inter, size), storage, **options) if gated else None
    down = Weights(case, rng, (count, out, inter), storage, **options)

    def bias(width, wanted=True):
        if not biases or not wanted:
            return None
        own = {name: options[name] for name in ("experts", "constant") if name in options}
        return Weights(case, rng, (count, width), bias_storage, scale=0.3, **own)

    parts = [bias(inter), bias(inter, gated), bias(out)]

    def spell(word, weights, own):
        kinds = weights.kind + (f", {own.kind}" if own else "")
        return f"{word}({weights.name}{f' bias {own.name}' if own else ''} : {kinds})"

    text = spell("up", up, parts[0])
    if gated:
        text += " " + spell("gate", gate, parts[1])
    text += " " + spell("down", down, parts[2])
    function = act.pop("function")
    extra = f", {attribute(act)}" if act else ""
    kind = f"!moe.experts<{count}, {size} -> {out}>"
    name = case.emit(f"moe.ffn_experts {text} activation<{function}{extra}> : {kind}")
    meaning = semantics.FFN(
        up.values,
        down.values,
        gate.values if gated else None,
        tuple(p.values if p else None for p in parts),
        function=function,
        **act,
    )
    return name, kind, meaning


def low_rank_set(case, rng, count, size, inter, rank, common=True, **options):
    """Feed-forward experts over a common matrix and low-rank differences."""

    def weights(out, inner):
        base = Weights(case, rng, (1 if common else count, out, inner), "f32")
        u = Weights(case, rng, (count, out, rank), "f32", **options)
        v = Weights(case, rng, (count, rank, inner), "f32", **options)
        kind = f"!moe.weights<{count}x{out}x{inner}, f32>"
        name = case.emit(
            f"moe.low_rank_weights {base.name}, {u.name}, {v.name} : "
            f"{base.kind}, {u.kind}, {v.kind} -> {kind}"
        )
        return name, kind, base.values + u.values @ v.values

    up, down = weights(inter, size), weights(size, inter)
    kind = f"!moe.experts<{count}, {size} -> {size}>"
    name = case.emit(
        f"moe.ffn_experts up({up[0]} : {up[1]}) down({down[0]} : {down[1]}) "
        f"activation<gelu> : {kind}"
    )
    return name, kind, semantics.FFN(up[2], down[2], function="gelu")


def simple_set(case, kind_of, count, size, out=None):
    """Zero or copy experts."""
    out = out or size
    kind = f"!moe.experts<{count}, {size} -> {out}>"
    name = case.emit(f"moe.{kind_of}_experts : {kind}")
    make = semantics.Zero if kind_of == "zero" else semantics.Copy
    return name, kind, make(count, out)


def constant_set(case, rng, count, size, mixed, storage="f32"):
    vectors = Weights(case, rng, (count, size), storage)
    mix = Weights(case, rng, (count, 2, size), storage) if mixed else None
    kind = f"!moe.experts<{count}, {size} -> {size}>"
    text = f" mix({mix.name} : {mix.kind})" if mixed else ""
    name = case.emit(
        f"moe.constant_experts {vectors.name}{text} : {vectors.kind} -> {kind}"
    )
    return name, kind, semantics.Constant(vectors.values, mix.values if mixed else None)


def region_set(case, count, size, element="f32"):
    """Experts whose region scales each row by its expert's number, plus 1."""
    kind = f"!moe.experts<{count}, {size} -> {size}>"
    rows = rows_type(element, size)
    name = case.emit(f"""moe.region_experts : {kind} {{
    ^bb0(%e: index, %rows: {rows}):
      %one = arith.constant 1 : index
      %n = arith.addi %e, %one : index
      %i = arith.index_cast %n : index to i32
      %f = arith.sitofp %i : i32 to {element}
      %out = linalg.map ins(%rows : {rows}) outs(%rows : {rows})
        (%v: {element}, %o: {element}) {{
          %p = arith.mulf %v, %f : {element}
          linalg.yield %p : {element}
        }}
      moe.yield %out : {rows}
    }}""")
    return name, kind, semantics.Region(count, size, lambda e, x: (e + 1) * x)


# Options of gated activations that move and bound their operands.
LIMITED_ACTIVATIONS = (
    {"alpha": 1.702, "beta": 1.0, "limit": 0.5},
    {"beta": 0.25},
    {"alpha": -0.5, "limit": 7.0},
)


def affine_terms(case, rng, values, element, copies, constants):
    """Copy and constant terms for tokens like `values`: text, and what semantics.combine
    takes. What the factor 0 of the last token would multiply is infinite."""
    (tokens, size), text, copy, constant = values.shape, "", None, None
    if copies:
        scale, copied = rng.uniform(0.1, 1, tokens), values.copy()
        scale[-1], copied[-1] = 0, np.inf
        y, y_kind, copied = real_tensor(case, copied, element, (0,))
        s, s_kind, scale = real_tensor(case, scale, "f32", (0,))
        text += f" copy({s}, {y} : {s_kind}, {y_kind})"
        copy = (scale, copied)
    if constants:
        vectors = Weights(case, rng, (constants, size), "f16")
        factors = rng.uniform(0, 1, (tokens, constants))
        c, c_kind, factors = real_tensor(case, factors, "f32", (0,))
        text += f" constant({c}, {vectors.name} : {c_kind}, {vectors.kind})"
        constant = (factors, vectors.values)
    return text, copy, constant


def combined(values, ids, weights, meaning, copy, constant):
    """What one set of experts makes of tokens, summed with its terms."""
    pairs = semantics.plan(ids, meaning.count)
    made = semantics.experts(values[[t for _, t, _ in pairs]], [e for e, _, _ in pairs], [meaning])
    return semantics.combine(made, pairs, weights, len(values), copy, constant)


def apply_experts(case, rng, sets, ids, ids_name, ids_kind, weights, weight_name,
                  weight_kind, size, element="f32", form="plain", tokens=None,
                  dynamic=True, x=None):
    """Plan, dispatch, experts and combine over `sets`; adds the result.
    `form` is plain, gather, combine or fused; `tokens` is given for a plan by
    expert choice; `x` is the input (name, type, values) if it is not drawn."""
    count = sum(meaning.count for _, _, meaning in sets)
    out = sets[0][2].out_size
    total = len(ids) if tokens is None else tokens
    x, x_kind, values = x or real_tensor(
        case, rng.standard_normal((total, size)), element, (0,) if dynamic else ()
    )
    owner = "" if tokens is None else ", expert_choice"
    plan_kind = f"!moe.plan<{count}{owner}>"
    text = ""
    if tokens is not None:
        zero = case.emit("arith.constant 0 : index")
        text = f" tokens({case.emit(f'tensor.dim {x}, {zero} : {x_kind}')})"
    plan = case.emit(f"moe.plan {ids_name}{text} : {ids_kind} -> {plan_kind}")
    rows, rows_kind = x, x_kind
    if form in ("plain", "combine"):
        rows_kind = rows_type(element, size)
        rows = case.emit(f"moe.dispatch {x}, {plan} : {x_kind}, {plan_kind} -> {rows_kind}")
    names = ", ".join(name for name, _, _ in sets)
    kinds = ", ".join(kind for _, kind, _ in sets)
    text = " gather" if form in ("gather", "fused") else ""
    y_kind = rows_type(element, out, "?" if dynamic else total)
    out_kind = rows_type(element, out)
    if form in ("combine", "fused"):
        text += f" combine({weight_name} : {weight_kind})"
        out_kind = y_kind
    y = case.emit(
        f"moe.experts {rows}, {plan}, ({names}){text} : {rows_kind}, {plan_kind}, "
        f"{kinds} -> {out_kind}"
    )
    if form in ("plain", "gather"):
        y = case.emit(
            f"moe.combine {y}, {plan}, {weight_name} : {out_kind}, {plan_kind}, "
            f"{weight_kind} -> {y_kind}"
        )
    pairs = semantics.plan(ids, count, tokens)
    meanings = [meaning for _, _, meaning in sets]
    made = semantics.experts(
        values[[token for _, token, _ in pairs]] if pairs else np.zeros((0, size)),
        [expert for expert, _, _ in pairs],
        meanings,
    )
    expected = semantics.combine(made, pairs, weights, total)
    tolerance = TOLERANCE[element]
    size_of = max(1.0, float(np.nanmax(np.abs(expected), initial=0.0)))
    if not math.isfinite(size_of):
        size_of = 1.0
    case.result(y, y_kind, expected, tolerance, tolerance * size_of)


def given_layer(case, rng, sets, tokens, k, size, element="f32", form="plain",
                absent=0.2, dynamic=True, ids=None):
    """A layer whose ids and weights are inputs."""
    count = sum(meaning.count for _, _, meaning in sets)
    if ids is None:
        ids = rng.integers(0, count, (tokens, k))
        ids = np.where(rng.uniform(size=ids.shape) < absent, -1, ids)
    dims = (0,) if dynamic else ()
    ids_name, ids_kind = index_tensor(case, ids, dims)
    name, kind, weights = real_tensor(case, rng.uniform(0.1, 1, ids.shape), element, dims)
    apply_experts(case, rng, sets, ids, ids_name, ids_kind, weights, name, kind, size,
                  element, form, dynamic=dynamic)


def routed_layer(case, rng, sets, gate, size, element="f32", form="plain", tokens=None,
                 dynamic=True, x=None):
    """A layer behind a moe.gate."""
    rounded = gate.weights.astype(REALS[gate.element]).astype(np.float64)
    apply_experts(case, rng, sets, gate.ids, gate.ids_name, gate.ids_kind, rounded,
                  gate.name, gate.kind, size, element, form, tokens, dynamic, x)
