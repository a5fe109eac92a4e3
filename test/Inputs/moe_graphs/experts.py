"""Feed-forward experts: how their weights are stored, and how rows go through them."""

from dataclasses import dataclass

import numpy as np

# What moe.ffn_experts calls them; the second may stand alone or before a product.
ACTIVATIONS = ("relu", "silu", "gelu", "gelu_tanh", "relu2", "tanh", "sigmoid", "identity", "quick_gelu", "swiglu")


def make_activation(g, name, x):
    """One activation, as an operator or taken apart."""
    if name == "identity":
        return x
    if name == "relu":
        return g.node("Relu", x)
    if name == "relu2":
        x = g.node("Relu", x)
        return g.mul(x, x) if g.flip() else g.node("Pow", x, g.real(2))
    if name in ("tanh", "sigmoid"):
        return g.node(name.capitalize(), x)
    if name == "silu":
        return make_sigmoid_unit(g, x, 1)
    if name == "quick_gelu":
        return make_sigmoid_unit(g, x, 1.702)
    if name == "gelu":
        return make_gelu(g, x)
    return make_gelu_tanh(g, x)


def make_sigmoid_unit(g, x, alpha):
    """x·σ(alpha·x)."""
    inner = x if alpha == 1 else g.mul(x, g.real(alpha))
    if g.flip(0.15):
        one = g.real(1)
        return g.node("Div", x, g.add(one, g.node("Exp", g.node("Neg", inner))))
    return g.mul(x, g.node("Sigmoid", inner))


def make_gelu(g, x):
    """x·Φ(x), whose half may stand anywhere."""
    if g.opset >= 20 and g.flip():
        return g.node("Gelu", x)
    inner = g.div(x, g.real(np.sqrt(2.0))) if g.flip() else g.mul(x, g.real(np.sqrt(0.5)))
    phi = g.add(g.node("Erf", inner), g.real(1))
    where = g.pick("x", "phi", "both")
    if where == "x":
        return g.mul(g.mul(x, g.real(0.5)), phi)
    if where == "phi":
        return g.mul(x, g.mul(phi, g.real(0.5)))
    return g.mul(g.mul(x, phi), g.real(0.5))


def make_gelu_tanh(g, x):
    """x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))."""
    if g.opset >= 20 and g.flip():
        return g.node("Gelu", x, approximate="tanh")
    cube = g.node("Pow", x, g.real(3)) if g.flip() else g.mul(g.mul(x, x), x)
    inner = g.mul(g.add(x, g.mul(cube, g.real(0.044715))), g.real(np.sqrt(2 / np.pi)))
    phi = g.add(g.node("Tanh", inner), g.real(1))
    if g.flip():
        return g.mul(g.mul(x, g.real(0.5)), phi)
    return g.mul(x, g.mul(phi, g.real(0.5)))


def clip(g, x, low, high):
    """Clip, or Min and Max."""
    dtype = np.float16 if g.dtype == "f16" else np.float32
    if g.flip(0.6):
        bound = ["" if v is None else g.tensor(np.array(v, dtype)) for v in (low, high)]
        return g.node("Clip", x, *bound)
    if high is not None:
        x = g.node("Min", x, g.real(high))
    return x if low is None else g.node("Max", x, g.real(low))


@dataclass
class Experts:
    """Weights up[E, I, H], gate[E, I, H]?, down[E, H, I], biases of each, and how files hold them.

    fused: up and gate are one matrix: "" (two), "gate_up", "up_gate", "interleaved".
    stacked: all experts in one initializer. transposed: matrices are stored [in, out].
    """

    g: object
    count: int
    hidden: int
    inner: int
    activation: str
    up: np.ndarray
    gate: np.ndarray
    down: np.ndarray
    up_bias: np.ndarray
    gate_bias: np.ndarray
    down_bias: np.ndarray
    fused: str
    stacked: bool
    transposed: bool

    def __post_init__(self):
        self.stored = {}

    def arrays(self, name):
        """Matrix[E, out, in] and bias[E, out] of one projection."""
        if name != "fused":
            return getattr(self, name), getattr(self, name + "_bias")
        order = (self.up, self.gate) if self.fused == "up_gate" else (self.gate, self.up)
        bias = (self.up_bias, self.gate_bias) if self.fused == "up_gate" else (self.gate_bias, self.up_bias)

        def join(a, b):
            if a is None:
                return None
            if self.fused == "interleaved":
                return np.stack([a, b], axis=2).reshape(a.shape[0], -1, *a.shape[2:])
            return np.concatenate([a, b], axis=1)

        return join(*order), join(*bias)

    def stack(self, name, bias=False):
        """The initializer of all experts' matrices, or biases, of a projection."""
        key = (name, bias)
        if key not in self.stored:
            matrix, vector = self.arrays(name)
            array = vector if bias else matrix.transpose(0, 2, 1) if self.transposed else matrix
            self.stored[key] = self.g.weight(array)
        return self.stored[key]

    def has_bias(self, name):
        return self.arrays(name)[1] is not None

    def prepare(self):
        """Makes what experts share, so that they can be spelled alike."""
        names = ["fused" if self.fused else "up", "down"]
        names += ["gate"] if self.gate is not None and not self.fused else []
        for name in names if self.stacked else []:
            for bias in (False, True) if self.has_bias(name) else (False,):
                stack = self.stack(name, bias)
                if self.g.flip(0.15):
                    self.stored[name, bias, "parts"] = self.g.split(stack, [1] * self.count, 0)

    def one(self, name, expert):
        """The matrix and bias of one expert, taken out of the stack."""
        out = []
        for bias in (False, True):
            if bias and not self.has_bias(name):
                return out + [None]
            key = (name, bias, "parts")
            stack = self.stack(name, bias)
            if key in self.stored:
                part = self.stored[key][expert]
            elif self.g.flip():
                out.append(self.g.node("Gather", stack, self.g.int(expert)))
                continue
            else:
                part = self.g.slice(stack, expert, expert + 1, 0)
            out.append(self.g.squeeze(part, 0))
        return out

    def inner_rows(self, project):
        """Activated rows; project(name) is a projection of the rows, and the axis of its features."""
        g = self.g
        if self.gate is None:
            return make_activation(g, self.activation, project("up")[0])
        if self.fused:
            gate, up = self.halves(*project("fused"))
        elif g.flip():
            gate, up = project("gate")[0], project("up")[0]
        else:
            up, gate = project("up")[0], project("gate")[0]
        if self.activation == "swiglu":
            limit = g.pick(None, 1.0)
            alpha, beta = g.pick((1.702, 1.0), (1.0, 0.0), (1.0, 1.0))
            if limit:
                gate, up = clip(g, gate, None, limit), clip(g, up, -limit, limit)
            gate = make_sigmoid_unit(g, gate, alpha)
            return g.mul(gate, g.add(up, g.real(beta)) if beta else up)
        return g.mul(make_activation(g, self.activation, gate), up)

    def halves(self, value, axis):
        """Gate and up of a fused projection, whose features are on `axis` (negative)."""
        g, n = self.g, self.inner
        if self.fused != "interleaved":
            first, second = g.split(value, [n, n], axis)
            return (second, first) if self.fused == "up_gate" else (first, second)
        if axis != -1 or g.flip():
            end = g.pick(2 * n, 2**31 - 1, 2**63 - 1)
            return g.slice(value, 0, end, axis, 2), g.slice(value, 1, end, axis, 2)
        shape = g.node("Concat", g.slice(g.node("Shape", value), 0, -1, 0), g.ints(n, 2), axis=0)
        pairs = g.node("Reshape", value, shape)
        if g.flip():
            return g.node("Gather", pairs, g.int(0), axis=-1), g.node("Gather", pairs, g.int(1), axis=-1)
        first, second = g.split(pairs, [1, 1], -1)
        return g.squeeze(first, -1), g.squeeze(second, -1)

    def apply_one(self, x, expert):
        """Rows[n, H] of one expert for rows x[n, H]."""
        g = self.g

        def project(rows, name):
            matrix, bias = self.arrays(name)
            if not self.stacked:
                return g.linear(rows, matrix[expert], None if bias is None else bias[expert])
            matrix, bias = self.one(name, expert)
            if g.flip(0.2):
                rest = [] if bias is None else [bias]
                return g.node("Gemm", rows, matrix, *rest, transB=int(not self.transposed))
            if not self.transposed:
                matrix = g.node("Transpose", matrix, perm=[1, 0])
            rows = g.product(rows, matrix)
            return rows if bias is None else g.add(rows, bias)

        return project(self.inner_rows(lambda name: (project(x, name), -1)), "down")

    def apply_gathered(self, x, ids):
        """Rows[P, H] for rows x[P, H], each through the expert that ids[P] names."""
        g = self.g
        column = g.flip()

        def project(rows, name):
            matrix = g.node("Gather", self.stack(name), ids)
            if column:
                # [P, out, in] · [P, in, 1]
                if self.transposed:
                    matrix = g.transpose(matrix, 0, 2, 1)
                rows = g.squeeze(g.product(matrix, g.unsqueeze(rows, 2)), 2)
            else:
                if not self.transposed:
                    matrix = g.transpose(matrix, 0, 2, 1)
                rows = g.squeeze(g.product(g.unsqueeze(rows, 1), matrix), 1)
            if self.has_bias(name):
                rows = g.add(rows, g.node("Gather", self.stack(name, bias=True), ids))
            return rows

        return project(self.inner_rows(lambda name: (project(x, name), -1)), "down")

    def apply_tokens(self, x, ids):
        """Rows[T, k, H, 1] for columns x[T, 1, H, 1], through the experts ids[T, k]: columns all the way."""
        g = self.g

        def project(columns, name):
            matrix = g.node("Gather", self.stack(name), ids, axis=0)
            if self.transposed:
                matrix = g.transpose(matrix, 0, 1, 3, 2)
            columns = g.product(matrix, columns)
            if self.has_bias(name):
                bias = g.node("Gather", self.stack(name, bias=True), ids)
                columns = g.add(columns, g.unsqueeze(bias, 3))
            return columns

        return project(self.inner_rows(lambda name: (project(x, name), -2)), "down")

    def apply_all(self, x, einsum):
        """Rows[E, T, H] of all experts for rows x[E or 1, T, H]; with `einsum` for x[T, H]."""
        g = self.g

        def project(rows, name, first):
            matrix = self.stack(name)
            if einsum:
                left = "th" if first else "eth"
                rows = g.node("Einsum", rows, matrix, equation=f"{left},{'ehi' if self.transposed else 'eih'}->eti")
            else:
                if not self.transposed:
                    matrix = g.transpose(matrix, 0, 2, 1)
                rows = g.product(rows, matrix)
            if self.has_bias(name):
                bias = self.stack(name, bias=True)
                rows = g.add(rows, g.unsqueeze(bias, 1))
            return rows

        return project(self.inner_rows(lambda name: (project(x, name, True), -1)), "down", False)


def make_experts(g, count, hidden, inner, stacked):
    """Experts of a random kind."""

    def normal(*shape):
        return g.rng.standard_normal(shape) * 1.2 / np.sqrt(shape[-1])

    def bias(size):
        return g.rng.standard_normal((count, size)) * 0.3 if biased else None

    gated, biased = g.flip(0.65), g.flip(0.35)
    names = ACTIVATIONS if gated else ACTIVATIONS[:-1]
    activation = g.pick(*names, "silu", "silu", "gelu", "swiglu" if gated else "relu")
    return Experts(
        g,
        count,
        hidden,
        inner,
        activation,
        normal(count, inner, hidden),
        normal(count, inner, hidden) if gated else None,
        normal(count, hidden, inner),
        bias(inner),
        bias(inner) if gated else None,
        bias(hidden),
        g.pick("", "gate_up", "gate_up", "up_gate", "interleaved") if gated else "",
        stacked,
        g.flip(),
    )
