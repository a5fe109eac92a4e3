"""Whole models: tokens, norms, layers, residuals; their inputs, and what raising should find."""

from dataclasses import dataclass, field

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper

from . import forms
from .dispatch import form_switch
from .experts import make_experts
from .graph import NUMPY, TYPES, Graph
from .router import make_gates, make_logits, make_picks, make_routing

# A form, how many experts may be chosen, and whether their weights must stand in one tensor.
FORMS = {
    "F1": (forms.form_unrolled, False),
    "F2": (forms.form_batched, True),
    "F3": (forms.form_grouped, False),
    "F4": (forms.form_dense, True),
    "F5": (forms.form_masked, False),
    "F6": (forms.form_token_gather, True),
    "F7": (forms.form_contrib, True),
    "F8": (form_switch, True),
}


OTHER_SIZES = (
    {"tokens": 1, "batch": 1, "seq": 1},
    {"tokens": 3, "batch": 3, "seq": 2},
    {"tokens": 0, "batch": 2, "seq": 0},
)


class NoClearInputs(Exception):
    """No inputs were found for which rounding cannot change what is chosen."""


@dataclass
class Layer:
    """Its form and experts, how many are chosen (None: all that have a weight), the activation."""

    form: str
    experts: int
    k: int
    activation: str


@dataclass
class Case:
    """A model, its sets of inputs with ONNX Runtime's outputs, the tolerance, and what raising should find.

    `outside` is the number of products that belong to no expert, `stays` counts other nodes of layers that stay for a
    reason; `words` describe the model to people.
    """

    seed: int
    model: onnx.ModelProto = None
    data: list = field(default_factory=list)
    rtol: float = 0
    atol: float = 0
    layers: list = field(default_factory=list)
    outside: int = 0
    stays: dict = field(default_factory=dict)
    words: list = field(default_factory=list)

    def describe(self):
        return " ".join(str(word) for word in self.words)


def make_norm(g, x, hidden):
    """A norm of rows: LayerNormalization, or the root of the mean square taken apart."""
    scale = g.weight(g.rng.uniform(0.5, 1.5, hidden))
    if g.opset >= 17 and g.flip():
        return g.node("LayerNormalization", x, scale, axis=-1)
    square = g.mul(x, x) if g.flip() else g.node("Pow", x, g.real(2))
    mean = g.reduce("ReduceMean", square, -1, keep=True)
    root = g.node("Sqrt", g.add(mean, g.real(1e-3)))
    return g.mul(g.div(x, root), scale)


def make_shared(g, x, hidden, words):
    """Experts that every token has, with a gate of their own or none."""
    words.append("shared")
    experts = make_experts(g, 1, hidden, g.pick(4, 8, 12), False)
    rows = experts.apply_one(x, 0)
    if g.flip():
        words.append("gated")
        gate = g.node("Sigmoid", g.linear(x, g.rng.standard_normal((1, hidden)), inside=False))
        rows = g.mul(rows, gate)
    return rows


def make_other(g, hidden):
    """An expert that is no network, from rows and weights to weighted rows: nothing, the rows, or a constant."""
    kind = g.pick("zero", "copy", "constant", "mixed")
    vector = g.weight(g.rng.standard_normal(hidden)) if kind in ("constant", "mixed") else None

    def apply(x, column):
        if kind == "zero":
            return None
        if kind == "copy":
            return g.mul(x, column)
        if kind == "constant":
            return g.mul(column, vector)
        both = g.node("Softmax", g.linear(x, g.rng.standard_normal((2, hidden))), axis=-1)
        first, second = g.split(both, [1, 1], -1)
        return g.mul(g.add(g.mul(first, x), g.mul(second, vector)), column)

    return kind, apply


def make_layer(g, x, hidden, form, case):
    """A layer for rows x[T, H]: its rows."""
    make, together = FORMS[form]
    count = g.pick(1, 2, 3, 4, 4, 6, 8)
    k = min(count, g.pick(1, 2, 2, 3, 4, 8))
    if form == "F8":
        k = min(k, 4)
    g.ordered = form == "F8"
    inner = g.pick(4, 6, 10, 16)
    experts = make_experts(g, count, hidden, inner, together or g.flip(0.4))
    if form == "F7":
        fit_contrib(experts)
    words = [form, f"E{count}", f"k{k}", experts.activation]
    words += ["gated", experts.fused or "split"] if experts.gate is not None else []
    words += ["biased"] if experts.up_bias is not None else []
    words += ["stacked"] if experts.stacked else ["separate"]
    others = []
    if form == "F7":
        logits = make_logits(g, x, hidden, count)
        g.clear.append((logits, k))
        rows = forms.form_contrib(g, x, experts, logits, k, g.flip())
    else:
        if form == "F5" and g.flip(0.2):
            kinds, others = zip(*[make_other(g, hidden) for _ in range(g.pick(1, 2))])
            words += kinds
        if form in ("F1", "F4", "F5") and g.flip(0.1):
            routing = make_gates(g, x, hidden, count + len(others))
            k = None
            words.append("table")
        elif form == "F8" and k == 2 and g.dtype == "f32" and g.flip(0.4):
            routing = make_picks(g, x, hidden, count)
            words.append("pair")
        else:
            routing = make_routing(g, x, hidden, count + len(others), k)
        extra = [others] if others else [g.pick(1, 2, 3, 5)] if form == "F8" else []
        rows = make(g, x, experts, routing, hidden, *extra)
    if g.flip(0.2):
        outside, products = g.outside, g.count_products()
        rows = g.add(rows, make_shared(g, x, hidden, words))
        if form == "F7":
            # Beside the contributed operator a shared expert stays as it is.
            g.outside = outside + g.count_products() - products
    case.layers.append(Layer(form, count + len(others), k, experts.activation))
    case.words += words
    return rows


def fit_contrib(experts):
    """The contributed operator knows some activations only, and gate and up interleaved."""
    if experts.gate is not None:
        experts.fused, experts.activation = "interleaved", "swiglu"
    elif experts.activation not in ("relu", "silu", "gelu_tanh", "identity"):
        experts.activation = "gelu_tanh"
    experts.transposed = False


def make_inputs(rng, shape, sizes, dtype):
    shape = [sizes.get(n, n) for n in shape]
    return {"x": rng.standard_normal(shape).astype(NUMPY[dtype])}


def is_clear(values, k, margin):
    """Whether the k greatest of each row stand apart from the others."""
    if values.shape[-1] <= k or values.size == 0:
        return True
    ordered = -np.sort(-values.astype(np.float64), axis=-1)
    first, second = ordered[..., k - 1], ordered[..., k]
    return bool(np.all(first - second > margin * np.maximum(np.abs(first), 1e-2)))


def session(model, extra=()):
    model = onnx.ModelProto.FromString(model.SerializeToString())
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in extra)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(g, model, shape, case, size_sets):
    """Draws inputs without near ties, and stores ONNX Runtime's outputs for them."""
    runner = session(model, [value for value, _ in g.clear])
    margin = 2e-2 if g.rounds else 1e-3
    for sizes in size_sets:
        for _ in range(100):
            inputs = make_inputs(g.rng, shape, sizes, g.input_dtype)
            y, *choices = runner.run(None, inputs)
            if all(is_clear(value, k, margin) for value, (_, k) in zip(choices, g.clear)):
                break
        else:
            raise NoClearInputs()
        case.data.append((inputs, {"y": y}))
    # Sums of at most 16 × 4 terms of size 1 or so, in another order; one rounding to a small float more or less.
    scale = max([1.0] + [float(np.abs(y["y"].astype(np.float64)).max()) for _, y in case.data if y["y"].size])
    case.rtol, case.atol = (2e-2, 2e-2 * scale) if g.rounds else (1e-4, 2e-5 * scale)


def make_case(seed, form=None):
    """The case of a seed; `form` only where it is one of F1 … F8."""
    rng = np.random.default_rng(seed)
    opset = int(rng.integers(13, 24))
    g = Graph(rng, opset, "f16" if rng.random() < 0.12 else "f32")
    case = Case(seed)
    hidden = g.pick(4, 8, 12, 16)
    shape = g.pick(["tokens", hidden], ["batch", "seq", hidden], [2, 3, hidden], [5, hidden], [1, "seq", hidden])
    names = list(FORMS)
    forms_of = [form or g.pick(*names) for _ in range(2 if g.flip(0.15) else 1)]
    case.words = [f"opset{opset}", g.dtype, "x".join(map(str, shape))]
    g.input_dtype = "f32" if g.dtype == "f16" and g.flip(0.3) else g.dtype
    x = "x" if g.input_dtype == g.dtype else g.cast("x", g.dtype)
    rows = g.reshape(x, [-1, hidden]) if len(shape) == 3 else x
    for layer_form in forms_of:
        before = rows
        inner = make_norm(g, rows, hidden) if g.flip(0.3) else rows
        rows = make_layer(g, inner, hidden, layer_form, case)
        if g.flip(0.3):
            rows = g.add(before, rows)
    if len(shape) == 3:
        # A size of 0 stands for itself.
        attributes = {"allowzero": 1} if opset >= 14 else {}
        rows = g.node("Reshape", rows, g.node("Shape", x), **attributes)
    rows = rows if g.input_dtype == g.dtype else g.cast(rows, g.input_dtype)
    g.nodes.append(helper.make_node("Identity", [rows], ["y"], name="out"))
    kind = TYPES[g.input_dtype]
    graph = helper.make_graph(
        g.nodes,
        f"seed{seed}",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, shape)],
        g.initializers,
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    case.model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    symbolic = any(isinstance(n, str) for n in shape)
    size_sets = [{"tokens": 7, "batch": 2, "seq": 4}]
    if symbolic:
        size_sets.append(g.pick(*OTHER_SIZES))
        if opset < 14 or any(node.op_type in ("MoE", "Einsum") for node in g.nodes):
            # Reshape cannot say 0; or ONNX Runtime's kernels divide by the number of tokens.
            size_sets[-1] = OTHER_SIZES[0]
    run(g, case.model, shape, case, size_sets)
    case.outside, case.stays = g.outside, g.stays
    return case
