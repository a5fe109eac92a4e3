"""A graph in the making, whose spelling of the same thing varies at random."""

import collections

import numpy as np
from onnx import TensorProto, helper, numpy_helper

TYPES = {"i64": TensorProto.INT64, "f32": TensorProto.FLOAT, "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16, "f64": TensorProto.DOUBLE}
NUMPY = {"f32": np.float32, "f16": np.float16, "f64": np.float64}
PRODUCTS = ("MatMul", "Gemm", "Einsum")


class Graph:
    """Nodes and initializers. Every choice is drawn from `rng`, so a seed always gives the same graph.

    `outside` counts the products that belong to no expert: routers, and the gates of shared experts. `stays` counts
    nodes of a router that no gate computes alike. `clear` lists (value, k): choices which rounding must not turn round.
    """

    def __init__(self, rng, opset, dtype):
        self.rng, self.opset, self.dtype = rng, opset, dtype
        self.nodes, self.initializers, self.clear = [], [], []
        self.values = self.outside = 0
        self.stays = collections.Counter()
        # Whether the order of choices matters, which TopK gives only if it sorts.
        self.ordered = False
        # What a graph does once it tends to do everywhere.
        self.noise = self.pick(0.0, 0.0, 0.05, 0.2)
        self.inline = self.pick(0.0, 0.0, 0.5, 1.0)
        # How weights are stored that are computed with in f32.
        self.storage = self.pick(*["f32"] * 12, "f16", "f16", "bf16", "bf16", "i8", "u8", "codes", "blocks")
        # Whether slots may hold no expert, by ids of −1.
        self.ragged = False
        self.rounds = dtype != "f32"
        # ONNX Runtime's scatters cannot add in f16.
        self.scatters_add = opset >= 16 and dtype != "f16"

    def flip(self, chance=0.5):
        return bool(self.rng.random() < chance)

    def pick(self, *options):
        return options[int(self.rng.integers(len(options)))]

    def spelling(self, always=False):
        """Where draws stand now: what is begun there again is spelled alike. None where parts may differ."""
        return self.rng.bit_generator.state if always or self.flip(0.8) else None

    def begin(self, spelling):
        if spelling:
            self.rng.bit_generator.state = spelling

    def count_products(self):
        return sum(node.op_type in PRODUCTS for node in self.nodes)

    def name(self):
        self.values += 1
        return f"v{self.values}"

    def node(self, operator, *inputs, outputs=1, domain="", **attributes):
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, name=f"n{len(self.nodes)}", domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def tensor(self, array, name=None):
        """An initializer, or a Constant node."""
        if self.flip(self.inline):
            return self.node("Constant", value=numpy_helper.from_array(array))
        self.initializers.append(numpy_helper.from_array(array, name or self.name()))
        return self.initializers[-1].name

    def ints(self, *values):
        """A tensor of integers, of rank 1."""
        return self.tensor(np.array(values, np.int64))

    def int(self, value):
        return self.tensor(np.array(value, np.int64))

    def real(self, value, dtype=None):
        """A constant number, of rank 0 or 1."""
        array = np.array(value, NUMPY[dtype or self.dtype])
        return self.tensor(array.reshape(self.pick((), (1,))))

    def weight(self, array, out=0):
        """A weight in the type of the graph, or stored in another one and widened. `out` is its axis of outputs."""
        if self.dtype != "f32" or self.storage == "f32":
            return self.tensor(array.astype(NUMPY[self.dtype]))
        if self.storage == "f16":
            return self.cast(self.tensor(array.astype(np.float16)), "f32")
        if self.storage == "bf16":
            bits = (array.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
            return self.cast(self.proto(TensorProto.BFLOAT16, array.shape, bits.tobytes()), "f32")
        if array.ndim < 2:
            return self.tensor(array.astype(np.float32))
        return self.quantised(array, out)

    def proto(self, kind, shape, data):
        """An initializer of a type that NumPy does not have."""
        self.initializers.append(helper.make_tensor(self.name(), kind, shape, data, raw=True))
        return self.initializers[-1].name

    def quantised(self, array, out):
        """Codes of a matrix, or of a stack of them, times their scales: one for the whole, or for each output."""
        signed = self.storage != "u8" and self.flip()
        zero = 0 if signed else 128
        whole = self.flip(0.4) or array.ndim > 2
        greatest = np.abs(array).max() if whole else np.abs(array).max(axis=1 - out, keepdims=True)
        scale = np.maximum(greatest, 1e-3) / 127
        codes = np.clip(np.round(array / scale) + zero, zero - 128, zero + 127).astype(np.int8 if signed else np.uint8)
        scale = np.asarray(scale, np.float32)
        if self.storage == "blocks" and self.opset >= 21 and out == 0 and array.ndim == 2 and array.shape[-1] % 2 == 0:
            return self.blocks_of_four_bits(array)
        if self.storage == "codes":
            values = self.cast(self.tensor(codes), "f32")
            if zero or self.flip():
                values = self.node("Sub", values, self.real(zero))
            return self.mul(values, self.tensor(scale))
        attributes = {} if whole else {"axis": out}
        zeros = [self.tensor(np.full(scale.reshape(-1).shape if not whole else (), zero, codes.dtype))] if zero or self.flip() else []
        return self.node("DequantizeLinear", self.tensor(codes), self.tensor(scale.reshape(-1) if not whole else scale), *zeros, **attributes)

    def blocks_of_four_bits(self, array):
        """Codes of four bits, a scale for each block of two along the last axis."""
        blocks = array.reshape(*array.shape[:-1], -1, 2)
        scale = np.maximum(np.abs(blocks).max(axis=-1), 1e-3) / 7
        codes = np.clip(np.round(blocks / scale[..., None]), -8, 7).astype(np.int64).reshape(-1) & 15
        codes = np.append(codes, np.zeros(codes.size % 2, np.int64))
        data = (codes[0::2] | codes[1::2] << 4).astype(np.uint8).tobytes()
        packed = self.proto(TensorProto.INT4, array.shape, data)
        return self.node("DequantizeLinear", packed, self.tensor(scale.astype(np.float32)), axis=-1, block_size=2)

    # What changes nothing.

    def spice(self, value, real=False):
        """The value, perhaps behind nodes that do nothing; `real`: it is known to be no integer."""
        while self.flip(self.noise):
            kind = self.pick("Identity", "Reshape", "Dropout" if real else "Identity")
            if kind == "Reshape":
                value = self.node("Reshape", value, self.node("Shape", value))
            else:
                value = self.node(kind, value)
        return value

    def cast(self, value, dtype):
        return self.node("Cast", value, to=TYPES.get(dtype, dtype))

    def to_int(self, value):
        return self.node("Cast", value, to=TensorProto.INT64)

    # Operators with more than one spelling.

    def add(self, a, b):
        a, b = (a, b) if self.flip() else (b, a)
        return self.spice(self.node("Sum" if self.flip(0.05) else "Add", a, b), real=True)

    def mul(self, a, b):
        a, b = (a, b) if self.flip() else (b, a)
        return self.spice(self.node("Mul", a, b), real=True)

    def div(self, a, b):
        if self.flip(0.15):
            return self.mul(a, self.node("Reciprocal", b))
        return self.spice(self.node("Div", a, b), real=True)

    def sum_all(self, values):
        """All values, added in a chain, as a tree, or at once."""
        if len(values) > 1 and self.flip(0.15):
            return self.node("Sum", *values)
        tree = self.flip(0.2)
        values = list(values)
        while len(values) > 1:
            first, second = values.pop(0), values.pop(0)
            total = self.add(first, second)
            values = values + [total] if tree else [total] + values
        return values[0]

    def unsqueeze(self, value, axis, shape=None):
        """`shape`, where it is given, is what Reshape may be given in its place."""
        if shape is not None and self.flip(0.3):
            return self.reshape(value, shape)
        return self.spice(self.node("Unsqueeze", value, self.ints(axis)))

    def squeeze(self, value, axis, shape=None):
        if shape is not None and self.flip(0.3):
            return self.reshape(value, shape)
        if axis >= 0 and self.flip(0.1):
            return self.node("Gather", value, self.int(0), axis=axis)
        return self.node("Squeeze", value, self.ints(axis))

    def reshape(self, value, shape):
        return self.spice(self.node("Reshape", value, self.ints(*shape)))

    def transpose(self, value, *perm):
        return self.spice(self.node("Transpose", value, perm=perm))

    def reduce(self, kind, value, axis, keep):
        """ReduceSum has its axes as an input from operator set 13 on, the others from 18 on."""
        if kind == "ReduceSum" or self.opset >= 18:
            return self.node(kind, value, self.ints(axis), keepdims=int(keep))
        return self.node(kind, value, axes=[axis], keepdims=int(keep))

    def sum(self, value, axis, keep):
        return self.spice(self.reduce("ReduceSum", value, axis, keep))

    def slice(self, value, start, end, axis, step=None):
        steps = [self.ints(step)] if step else []
        return self.node("Slice", value, self.ints(start), self.ints(end), self.ints(axis), *steps)

    def split(self, value, sizes, axis):
        """Split in parts, or a Slice for each."""
        if self.flip(0.3):
            starts = np.cumsum([0] + list(sizes))
            # The last end may lie far beyond.
            ends = list(starts[1:-1]) + [self.pick(int(starts[-1]), 2**31 - 1, 2**63 - 1)]
            return [self.slice(value, int(a), int(b), axis) for a, b in zip(starts, ends)]
        if len(sizes) == 1:
            return [value]
        if len(set(sizes)) == 1 and self.flip():
            attributes = {"num_outputs": len(sizes)} if self.opset >= 18 else {}
            return self.node("Split", value, outputs=len(sizes), axis=axis, **attributes)
        return self.node("Split", value, self.ints(*sizes), outputs=len(sizes), axis=axis)

    def dim(self, value, axis):
        """One size of a value, as a tensor of rank 1."""
        if self.opset >= 15 and self.flip():
            return self.node("Shape", value, start=axis, end=axis + 1)
        shape = self.node("Shape", value)
        if self.flip():
            return self.slice(shape, axis, axis + 1, 0)
        return self.node("Unsqueeze", self.node("Gather", shape, self.int(axis)), self.ints(0))

    def arange(self, count):
        """0, 1, … of as many elements as `count`, a tensor of rank 1, says."""
        return self.node("Range", self.int(0), self.squeeze(count, 0), self.int(1))

    def zeros(self, shape):
        """Zeros of the shape that a tensor holds."""
        if self.flip():
            value = numpy_helper.from_array(np.zeros(1, NUMPY[self.dtype]))
            return self.node("ConstantOfShape", shape, value=value)
        return self.node("Expand", self.real(0), shape)

    def zeros_like(self, value):
        if self.flip(0.3):
            return self.mul(value, self.real(0))
        return self.zeros(self.node("Shape", value))

    def product(self, x, matrix, inside=True):
        """x·matrix."""
        self.outside += not inside
        return self.spice(self.node("MatMul", x, matrix), real=True)

    def linear(self, x, array, bias=None, inside=True):
        """x·arrayᵀ + bias for rows x and array[out, in], in one of the ways that this is written."""
        self.outside += not inside
        way = self.pick("MatMul", "MatMul", "Transpose", "Gemm")
        bias = None if bias is None else self.weight(bias)
        if way == "Gemm":
            transposed = self.flip()
            matrix = self.weight(array if transposed else array.T, out=int(not transposed))
            rest = [] if bias is None or self.flip(0.2) else [bias]
            bias = None if rest else bias
            out = self.node("Gemm", x, matrix, *rest, transB=int(transposed))
        elif way == "Transpose":
            out = self.node("MatMul", x, self.node("Transpose", self.weight(array), perm=[1, 0]))
        else:
            out = self.node("MatMul", x, self.weight(array.T, out=1))
        return self.spice(out, real=True) if bias is None else self.add(out, bias)
