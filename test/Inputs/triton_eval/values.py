"""Types and constants of kernels as NumPy arrays."""

import re

import ml_dtypes
import numpy as np

DTYPES = {
    "i1": np.bool_,
    "i8": np.int8,
    "ui8": np.uint8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "index": np.int64,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
}


class Pointers:
    """A pointer, or an array of them: places in one buffer."""

    def __init__(self, buffer, places):
        self.buffer, self.places = buffer, places

    def map(self, function):
        return Pointers(self.buffer, function(self.places))


def shape_of(kind):
    """Sizes and element of the text of a type."""
    found = re.fullmatch(r"tensor<((?:\d+x)*)(.*)>", kind)
    if not found:
        return (), kind
    return tuple(int(n) for n in found[1].split("x")[:-1]), found[2]


def dtype_of(kind):
    return DTYPES[shape_of(kind)[1]]


def number(text, dtype):
    if text in ("true", "false"):
        return dtype(text == "true")
    if text.startswith("0x"):
        bits = int(text, 16)
        size = np.dtype(dtype).itemsize
        return np.frombuffer(bits.to_bytes(size, "little"), dtype)[0]
    if np.issubdtype(dtype, np.integer):
        return dtype(int(text))
    return dtype(float(text))


def constant(text):
    """The value of the text of a typed attribute."""
    if text in ("true", "false"):
        return np.bool_(text == "true")
    value, _, kind = text.rpartition(" : ")
    shape, element = shape_of(kind.strip())
    dtype = DTYPES[element]
    value = value.strip()
    splat = re.fullmatch(r"dense<(.*)>", value)
    if not splat:
        return number(value, dtype)
    return np.full(shape, number(splat[1], dtype))
