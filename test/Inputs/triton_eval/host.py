"""Runs the function that launches kernels."""

import subprocess

import numpy as np

from .kernel import Program, run_kernel
from .parser import parse
from .values import DTYPES, number


def sizes_of(kind):
    """The dimensions of the text of a tensor type, `?` among them."""
    return kind[len("tensor<") : -1].split("x")[:-1]


def dtype_of_tensor(kind):
    return DTYPES[kind[len("tensor<") : -1].rpartition("x")[2]]


def tensor_constant(text):
    """A tensor constant written as bytes or as one number."""
    value, _, kind = text.rpartition(" : ")
    shape = tuple(int(n) for n in sizes_of(kind))
    dtype = np.dtype(dtype_of_tensor(kind))
    inside = value.strip()[len("dense<") : -1]
    if inside.startswith('"0x'):
        buffer = np.frombuffer(bytes.fromhex(inside[3:-1]), dtype).copy()
    else:
        buffer = np.full(int(np.prod(shape)), number(inside, dtype.type))
    if len(buffer) == 1:
        buffer = np.full(int(np.prod(shape)), buffer[0])
    return buffer, shape


class Host(Program):
    """Tensors are pairs of a flat buffer and a shape."""

    def __init__(self, symbols):
        super().__init__((), (), {})
        self.symbols = symbols
        self.launched = []

    def tensor_dim(self, op, tensor, index):
        return [np.int64(tensor[1][int(index)])]

    def tensor_empty(self, op, *sizes):
        sizes = iter(sizes)
        kind = op.result_types[0]
        inside = sizes_of(kind)
        shape = tuple(int(next(sizes)) if n == "?" else int(n) for n in inside)
        dtype = np.dtype(dtype_of_tensor(kind))
        count = int(np.prod(shape))
        # What nobody writes should be seen: a NaN, or a number far off.
        buffer = np.full(count * dtype.itemsize, 0xFF, np.uint8).view(dtype)
        if np.issubdtype(dtype, np.integer):
            buffer.view(np.uint8)[:] = 0x55
        return [(buffer, shape)]

    def tensor_cast(self, op, tensor):
        return [tensor]

    def arith_constant(self, op):
        if not op.result_types[0].startswith("tensor"):
            return super().arith_constant(op)
        return [tensor_constant(op.attributes["value"])]

    def convert(self, op, value):
        if not isinstance(value, tuple):
            return super().convert(op, value)
        return [(value[0].astype(dtype_of_tensor(op.result_types[0])), value[1])]

    arith_extf = arith_truncf = arith_index_cast = convert

    def func_call(self, op, *operands):
        callee = self.symbols[op.attributes["callee"].lstrip("@")]
        outer, self.values = self.values, {}
        results = self.run(callee.regions[0], operands)
        self.values = outer
        return results

    def moe_launch(self, op, *operands):
        text = op.attributes["operandSegmentSizes"]
        sizes = [int(n) for n in text[text.index(":") + 1 : -1].split(",")]
        grid = [int(n) for n in operands[: sizes[0]]]
        inputs = operands[sizes[0] : sizes[0] + sizes[1]]
        # Operands keep their values: a launch writes what are its results.
        outputs = [(a[0].copy(), a[1]) for a in operands[sizes[0] + sizes[1] :]]
        name = op.attributes["kernel"].lstrip("@")
        self.launched.append(name)
        arguments = [a[0] if isinstance(a, tuple) else a for a in [*inputs, *outputs]]
        run_kernel(self.symbols[name], grid, arguments)
        return outputs


def read_module(text, *passes):
    """The functions and kernels of a module after passes, by name."""
    done = subprocess.run(
        ["moe-opt", "--mlir-print-op-generic", *passes],
        input=text, capture_output=True, text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    module = parse(done.stdout)
    return {
        op.attributes["sym_name"].strip('"'): op
        for op in module.regions[0].operations
        if "sym_name" in op.attributes
    }


def run_function(symbols, name, arrays):
    """Calls a function; returns its results and the names of kernels launched."""
    host = Host(symbols)
    arguments = [(np.ascontiguousarray(a).reshape(-1), a.shape) for a in arrays]
    results = host.run(symbols[name].regions[0], arguments)
    return [buffer.reshape(shape) for buffer, shape in results], host.launched


PASSES = ["--moe-fuse-dispatch", "--moe-fuse-combine", "--convert-moe-to-triton",
          "--canonicalize", "--cse"]


def triton_eval(text, inputs, outputs, arguments):
    """For moe_testing.runner: compiles @main for Triton and evaluates it."""
    symbols = read_module(text, *(arguments or PASSES))
    results, _ = run_function(symbols, "main", inputs.values())
    return results
