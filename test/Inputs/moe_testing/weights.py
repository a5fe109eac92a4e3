"""Random expert weights in every storage type and layout."""

import ml_dtypes
import numpy as np

REALS = {
    "f64": np.float64,
    "f32": np.float32,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
}
SMALL_FLOATS = {
    "f8E4M3FN": ml_dtypes.float8_e4m3fn,
    "f8E5M2": ml_dtypes.float8_e5m2,
    "f8E4M3": ml_dtypes.float8_e4m3,
    "f8E3M4": ml_dtypes.float8_e3m4,
    "f8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "f8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "f8E4M3B11FNUZ": ml_dtypes.float8_e4m3b11fnuz,
    "f8E8M0FNU": ml_dtypes.float8_e8m0fnu,
    "f4E2M1FN": ml_dtypes.float4_e2m1fn,
}
INTEGERS = ["i8", "ui8", "i4", "ui4", "i2", "ui2"]
STORAGES = [*REALS, *SMALL_FLOATS, *INTEGERS]


def bits_of(storage):
    if storage in REALS:
        return np.dtype(REALS[storage]).itemsize * 8
    return 4 if storage == "f4E2M1FN" else int(storage.lstrip("ui")) if storage in INTEGERS else 8


def code_values(codes, storage):
    """The numbers that codes 0 … 2^bits − 1 stand for."""
    if storage in SMALL_FLOATS:
        kind = SMALL_FLOATS[storage]
        return codes.astype(np.uint8).view(kind).astype(np.float64)
    bits = bits_of(storage)
    values = codes.astype(np.float64)
    if storage.startswith("i"):
        values = np.where(codes >= 1 << (bits - 1), values - (1 << bits), values)
    return values


def random_codes(rng, shape, storage):
    """Codes of finite values of moderate size."""
    codes = np.arange(1 << bits_of(storage))
    values = code_values(codes, storage)
    if storage in SMALL_FLOATS:
        magnitude = np.abs(values)
        codes = codes[np.isfinite(values) & (magnitude <= 4) & (magnitude >= 2**-6)]
    return rng.choice(codes, size=shape)


def pack(codes, bits):
    """Packs the last dimension into bytes, the first element lowest."""
    if bits == 8:
        return codes.astype(np.uint8)
    count = 8 // bits
    pad = -codes.shape[-1] % count
    codes = np.pad(codes, [(0, 0)] * (codes.ndim - 1) + [(0, pad)])
    codes = codes.reshape(*codes.shape[:-1], -1, count)
    shifts = np.arange(count) * bits
    return (codes << shifts).sum(axis=-1).astype(np.uint8)


class Weights:
    """A moe.weights operation of a case, and the values it holds."""

    def __init__(self, case, rng, shape, storage, **options):
        self.case, self.rng, self.storage = case, rng, storage
        self.shape = shape
        self.options = options
        self.kind = "!moe.weights<" + "x".join(map(str, shape)) + f", {storage}>"
        self.build()

    def option(self, name, default):
        return self.options.get(name, default)

    def declare(self, array, element):
        """Adds a tensor, or one per expert, to the case; names and types."""
        parts = [array] if self.stacked else list(array)
        named = []
        for part in parts:
            own = {"f64": "float64", "f32": "float32", "f16": "float16"}
            as_input = element in own or element in ("i8", "ui8")
            if as_input and not self.option("constant", False):
                dtype = own.get(element, "uint8" if element == "ui8" else "int8")
                part = part.view(dtype) if part.itemsize == 1 else part.astype(dtype)
                named.append(self.case.input(np.ascontiguousarray(part)))
            else:
                named.append(self.case.constant(np.ascontiguousarray(part), element))
        return ", ".join(n for n, _ in named), ", ".join(k for _, k in named)

    def build(self):
        rng, shape, storage = self.rng, self.shape, self.storage
        # (W14): experts of the sources, of which there are more.
        self.selection = self.option("experts", None)
        experts = shape[0] if self.selection is None else max(self.selection) + 2
        out = shape[1]
        self.source_experts = experts
        matrix = len(shape) == 3
        inner = shape[2] if matrix else 1
        self.stacked = self.option("stacked", True)
        offset, step = self.option("offset", 0), self.option("step", 1)
        transposed = self.option("transposed", False)
        bits = bits_of(storage)
        count = max(1, 8 // bits)
        rows = offset + step * (out - 1) + 1 + self.option("extra", 0)
        if bits < 8 and (transposed or not matrix):
            rows = -(-rows // count) * count
        logical = (experts, rows, inner)

        if storage in REALS:
            scale = self.option("scale", 1.0 / np.sqrt(inner))
            source = (rng.standard_normal(logical) * scale).astype(REALS[storage])
            values, element = source.astype(np.float64), storage
        else:
            source = random_codes(rng, logical, storage)
            values = code_values(source, storage)
            element = self.option("element_of_source", "ui8")
        text = ""
        values, scale_text, block = self.build_scales(values, rows, inner)
        self.values = values[:, offset : offset + step * out : step][:, :out]
        if self.selection is not None:
            self.values = self.values[self.selection]
        if not matrix:
            self.values = self.values[..., 0]
            source = source[..., 0]
        elif transposed:
            source = source.swapaxes(1, 2)
        if storage not in REALS:
            source = pack(source, bits)
        names, kinds = self.declare(source, element)
        if (offset, step, transposed) != (0, 1, False):
            fields = []
            if offset:
                fields.append(f"offset = {offset}")
            if step != 1:
                fields.append(f"step = {step}")
            if transposed:
                fields.append("transposed = true")
            text = f" layout<{', '.join(fields)}>"
        if self.selection is not None:
            scale_text = (scale_text[0], f"{scale_text[1]} experts{list(self.selection)}")
        self.name = self.case.emit(
            f"moe.weights {names}{scale_text[0]}{text}{scale_text[1]} : "
            f"{kinds} -> {self.kind}"
        )

    def build_scales(self, values, rows, inner):
        """Applies scales and zero points to `values`; their text."""
        rng, storage = self.rng, self.storage
        scale_type = self.option("scale_type", "f32")
        if storage in REALS or (storage in SMALL_FLOATS and not scale_type):
            return values, ("", ""), 0
        block = self.option("block", 0)
        size = min(block, inner) if block else inner
        blocks = -(-inner // size)
        experts = self.source_experts
        flat = blocks == 1 and self.option("flat_scales", True)
        spread = 8.0 if storage in INTEGERS and bits_of(storage) < 8 else 64.0
        spread = spread if storage in INTEGERS else 2.0
        scales = rng.uniform(0.5, 1.5, (experts, rows, blocks)) / spread / np.sqrt(inner)
        scales *= rng.choice([-1.0, 1.0, 1.0], scales.shape)
        if scale_type == "f8E8M0FNU":
            kind = ml_dtypes.float8_e8m0fnu
            scales = np.abs(scales).astype(np.float32)
        else:
            kind = {**REALS, **SMALL_FLOATS}[scale_type]
        stored = scales.astype(kind)
        per_element = np.repeat(stored.astype(np.float64), size, axis=2)[..., :inner]
        zero_text, zero_point = "", ""
        if storage in INTEGERS:
            bits = bits_of(storage)
            mode = self.option("zeros", "none")
            if mode == "point":
                point = int(code_values(random_codes(rng, (1,), storage), storage)[0])
                values = values - point
                zero_point = f" zero_point({point})"
            elif mode == "tensor":
                codes = random_codes(rng, (experts, rows, blocks), storage)
                zeros = code_values(codes, storage)
                values = values - np.repeat(zeros, size, axis=2)[..., :inner]
                codes = codes[..., 0] if flat else codes
                names, kinds = self.declare(pack(codes, bits), self.option("element_of_source", "ui8"))
                zero_text = f" zeros({names} : {kinds})"
        names, kinds = self.declare(stored[..., 0] if flat else stored, scale_type)
        block_text = f" block({block})" if block else ""
        return (
            values * per_element,
            (f" scales({names} : {kinds}){zero_text}", f"{block_text}{zero_point}"),
            block,
        )
