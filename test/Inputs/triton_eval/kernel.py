"""Runs a kernel, one program of its grid after the other.

Sums and products of floats are computed in the type that the IR names, products of
matrices in f64 and rounded once: their order is not what is tested here. Reads and writes
outside of a buffer are errors, as are two programs that write different values to one
place: on a device both run at once.
"""

import itertools
import math

import numpy as np

from .values import DTYPES, Pointers, constant, dtype_of, shape_of

ERF = np.vectorize(math.erf, otypes=[np.float64])


def integer(text):
    return int(text.split(":")[0])


def nan_min(x, y):
    return np.minimum(x, y)


BINARY = {
    "arith.addi": np.add,
    "arith.addf": np.add,
    "arith.subi": np.subtract,
    "arith.subf": np.subtract,
    "arith.muli": np.multiply,
    "arith.mulf": np.multiply,
    "arith.divf": np.divide,
    "arith.andi": np.bitwise_and,
    "arith.ori": np.bitwise_or,
    "arith.xori": np.bitwise_xor,
    # Of numbers that are not negative.
    "arith.shrui": np.right_shift,
    "arith.maxsi": np.maximum,
    "arith.minsi": np.minimum,
    "arith.maxui": np.maximum,
    "arith.minui": np.minimum,
    "arith.maximumf": np.maximum,
    "arith.minimumf": np.minimum,
}

UNARY = {
    "math.exp": np.exp,
    "math.absf": np.abs,
    "math.sqrt": np.sqrt,
    "math.erf": lambda x: ERF(x).astype(x.dtype),
    "arith.negf": np.negative,
}

# Predicates by their numbers in the generic form.
ORDERS = [np.less, np.less_equal, np.greater, np.greater_equal]
# The unsigned ones compare sizes, which are not negative.
INTEGERS = [np.equal, np.not_equal, *ORDERS, *ORDERS]
FLOATS = {
    1: np.equal,
    2: np.greater,
    3: np.greater_equal,
    4: np.less,
    5: np.less_equal,
    14: lambda x, y: np.isnan(x) | np.isnan(y),
}


class Race(Exception):
    pass


class Program:
    def __init__(self, place, grid, writes):
        self.place, self.grid, self.writes = place, grid, writes
        self.values = {}

    def run(self, block, arguments):
        """Runs a block; returns the operands of its last operation."""
        self.values.update(zip(block.arguments, arguments))
        for op in block.operations:
            operands = [self.values[name] for name in op.operands]
            if op.name in TERMINATORS:
                return operands
            results = self.step(op, operands)
            self.values.update(zip(op.results, results))
        return []

    def step(self, op, operands):
        if op.name in BINARY:
            return [BINARY[op.name](*operands)]
        if op.name in UNARY:
            return [UNARY[op.name](*operands).astype(dtype_of(op.result_types[0]))]
        return getattr(self, op.name.replace(".", "_"))(op, *operands)

    # arith

    def arith_constant(self, op):
        return [constant(op.attributes["value"])]

    def arith_divsi(self, op, x, y):
        # What is not negative: kernels divide nothing else.
        if np.any(np.less(x, 0)) or np.any(np.less_equal(y, 0)):
            raise ValueError("division of a negative number")
        return [np.floor_divide(x, y)]

    arith_divui = arith_divsi

    def arith_remsi(self, op, x, y):
        if np.any(np.less(x, 0)) or np.any(np.less_equal(y, 0)):
            raise ValueError("remainder of a negative number")
        return [np.remainder(x, y)]

    def arith_cmpi(self, op, x, y):
        return [INTEGERS[integer(op.attributes["predicate"])](x, y)]

    def arith_cmpf(self, op, x, y):
        return [FLOATS[integer(op.attributes["predicate"])](x, y)]

    def arith_select(self, op, condition, x, y):
        if isinstance(x, Pointers):
            return [Pointers(x.buffer, np.where(condition, x.places, y.places))]
        return [np.where(condition, x, y)[()]]

    def convert(self, op, x):
        return [x.astype(dtype_of(op.result_types[0]))]

    arith_extsi = arith_extui = arith_trunci = arith_sitofp = convert
    arith_extf = arith_truncf = arith_index_cast = convert

    # scf

    def scf_for(self, op, low, high, step, *carried):
        carried = list(carried)
        block = op.regions[0]
        for i in range(int(low), int(high), int(step)):
            carried = self.run(block, [type(low)(i), *carried])
        return carried

    def scf_if(self, op, condition):
        taken = op.regions[0] if condition else (op.regions[1:] or [None])[0]
        return self.run(taken, []) if taken else []

    # tt

    def tt_get_program_id(self, op):
        return [np.int32(self.place[integer(op.attributes["axis"])])]

    def tt_get_num_programs(self, op):
        return [np.int32(self.grid[integer(op.attributes["axis"])])]

    def tt_make_range(self, op):
        low, high = (integer(op.attributes[n]) for n in ("start", "end"))
        return [np.arange(low, high, dtype=np.int32)]

    @staticmethod
    def reshaped(x, function):
        return x.map(function) if isinstance(x, Pointers) else function(x)

    def tt_splat(self, op, x):
        shape, _ = shape_of(op.result_types[0])
        return [self.reshaped(x, lambda a: np.full(shape, a))]

    def tt_broadcast(self, op, x):
        shape, _ = shape_of(op.result_types[0])
        return [self.reshaped(x, lambda a: np.broadcast_to(a, shape))]

    def tt_expand_dims(self, op, x):
        axis = integer(op.attributes["axis"])
        return [self.reshaped(x, lambda a: np.expand_dims(a, axis))]

    def tt_reshape(self, op, x):
        shape, _ = shape_of(op.result_types[0])
        return [x.reshape(shape)]

    def tt_trans(self, op, x):
        return [x.T]

    def tt_split(self, op, x):
        return [x[..., 0], x[..., 1]]

    def tt_join(self, op, x, y):
        return [np.stack([x, y], axis=-1)]

    def tt_bitcast(self, op, x):
        return [np.asarray(x).view(dtype_of(op.result_types[0]))[()]]

    def tt_addptr(self, op, pointer, offset):
        return [pointer.map(lambda places: places + np.int64(1) * offset)]

    def tt_load(self, op, pointer, mask=None, other=None):
        places = np.asarray(pointer.places)
        used = np.ones(places.shape, bool) if mask is None else np.asarray(mask)
        self.check(pointer, places[used], "reads")
        value = pointer.buffer[np.where(used, places, 0)] if len(pointer.buffer) else other
        return [np.where(used, value, 0 if other is None else other)
                .astype(pointer.buffer.dtype)[()]]

    def tt_store(self, op, pointer, value, mask=None):
        places = np.asarray(pointer.places)
        used = np.ones(places.shape, bool) if mask is None else np.asarray(mask)
        value = np.broadcast_to(value, places.shape)[used]
        places = places[used]
        self.check(pointer, places, "writes")
        written = self.writes.setdefault(id(pointer.buffer), {})
        for place, bits in zip(places.tolist(), value.view(f"u{value.itemsize}").tolist()):
            by, before = written.get(place, (self.place, bits))
            if by != self.place and before != bits:
                raise Race(f"programs {by} and {self.place} write {place}")
            written[place] = (self.place, bits)
        pointer.buffer[places] = value
        return []

    @staticmethod
    def check(pointer, places, does):
        if places.size and (places.min() < 0 or places.max() >= len(pointer.buffer)):
            raise IndexError(
                f"a program {does} {places.min()} … {places.max()} of a buffer of "
                f"{len(pointer.buffer)} elements"
            )

    def tt_grid_dependency_wait(self, op):
        return []

    tt_grid_dependency_launch_dependents = tt_grid_dependency_wait

    def tt_make_tensor_descriptor(self, op, base, *operands):
        rank = len(operands) // 2
        shape = tuple(int(n) for n in operands[:rank])
        if tuple(operands[rank:]) != (shape[1], 1) or shape[1] * base.buffer.itemsize % 16:
            raise ValueError("a descriptor of rows that are not of 16 bytes or not dense")
        return [(base.buffer, shape)]

    def tt_descriptor_load(self, op, descriptor, row, column):
        buffer, shape = descriptor
        block, _ = shape_of(op.result_types[0])
        rows, columns = (at + np.arange(n) for at, n in zip((row, column), block))
        inside = np.logical_and.outer(rows < shape[0], columns < shape[1])
        places = np.where(inside, rows[:, None] * shape[1] + columns, 0)
        self.check(Pointers(buffer, 0), places[inside], "reads")
        return [np.where(inside, buffer[places], 0).astype(buffer.dtype)]

    def tt_histogram(self, op, x, mask=None):
        shape, _ = shape_of(op.result_types[0])
        x = x if mask is None else x[mask]
        if x.size and (x.min() < 0 or x.max() >= shape[0]):
            raise IndexError(f"{x.min()} … {x.max()} in a histogram of {shape[0]}")
        return [np.bincount(x, minlength=shape[0]).astype(np.int32)]

    def tt_gather(self, op, x, indices):
        if np.any(indices < 0):
            raise IndexError("a negative index")
        return [np.take_along_axis(x, indices, integer(op.attributes["axis"]))]

    def tt_dot(self, op, a, b, c):
        with np.errstate(all="ignore"):
            product = a.astype(np.float64) @ b.astype(np.float64)
            return [(c.astype(np.float64) + product).astype(c.dtype)]

    def combine(self, op, x, accumulate):
        """By the one operation that the region holds."""
        axis = integer(op.attributes["axis"])
        inner = op.regions[0].operations[0].name
        ufunc = BINARY[inner]
        dtype = x.dtype if inner != "arith.addf" else np.float64
        with np.errstate(all="ignore"):
            run = ufunc.accumulate if accumulate else ufunc.reduce
            return [run(x.astype(dtype), axis=axis).astype(x.dtype)]

    def tt_reduce(self, op, x):
        return self.combine(op, x, False)

    def tt_scan(self, op, x):
        return self.combine(op, x, True)


TERMINATORS = {
    "func.return",
    "scf.yield",
    "tt.return",
    "tt.reduce.return",
    "tt.scan.return",
}


def run_kernel(function, grid, arguments):
    """Runs a tt.func; arrays among `arguments` are what pointers point to."""
    grid = tuple(grid) + (1,) * (3 - len(grid))
    body = function.regions[0]
    values = [
        Pointers(a, np.int64(0)) if isinstance(a, np.ndarray) and a.ndim else a
        for a in arguments
    ]
    writes = {}
    for place in itertools.product(*(range(n) for n in reversed(grid))):
        with np.errstate(all="ignore"):
            Program(place[::-1], grid, writes).run(body, values)
