"""Compiled models as Python objects."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

try:
    from . import _compiler
except ImportError as problem:  # pragma: no cover
    raise ImportError(
        "the compiled half of moe_mlir is missing or does not load here; "
        "`pip install .` builds it"
    ) from problem

Error = _compiler.Error

#: Types that travel as unsigned integers because NumPy has no name for them, and
#: what ml_dtypes and PyTorch call them.
_NAMED = {
    "bf16": ("bfloat16", "bfloat16"),
    "f8E4M3FN": ("float8_e4m3fn", "float8_e4m3fn"),
    "f8E4M3FNUZ": ("float8_e4m3fnuz", "float8_e4m3fnuz"),
    "f8E5M2": ("float8_e5m2", "float8_e5m2"),
    "f8E5M2FNUZ": ("float8_e5m2fnuz", "float8_e5m2fnuz"),
    "f8E8M0FNU": ("float8_e8m0fnu", "float8_e8m0fnu"),
}


@dataclass(frozen=True)
class TensorSpec:
    """What a model says of an input or an output."""

    name: str
    #: As MLIR spells it: "f32", "bf16", "i64", …
    type: str
    #: A number; or where a size varies, its name, None if it has none.
    shape: tuple[int | str | None, ...]
    #: Whether the model has a value for an input that is not given.
    has_default: bool


@dataclass(frozen=True)
class Phase:
    """Time in one operation of a model, in all calls so far."""

    node: str
    #: "moe.experts", "MatMul", …
    kind: str
    seconds: float
    count: int
    #: Of a layer's experts: rows of the plan, and rows that experts with matrices
    #: compute; None elsewhere.
    planned_rows: int | None
    computed_rows: int | None


def _make_spec(described: tuple) -> TensorSpec:
    name, element, dims, names, has_default = described
    shape = tuple(
        dim if dim >= 0 else (label or None)
        for dim, label in zip(dims, names, strict=True)
    )
    return TensorSpec(name, element, shape, has_default)


def _is_torch(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "torch"


def _to_array(value: Any, spec: TensorSpec) -> Any:
    """What the compiled half takes: a dense array on the CPU."""
    if _is_torch(value):
        tensor = value.detach()
        if tensor.device.type != "cpu":
            raise Error(
                f"input '{spec.name}' is on {tensor.device}, the model runs on the CPU"
            )
        if spec.type in _NAMED and str(tensor.dtype) == "torch." + _NAMED[spec.type][1]:
            import torch

            word = torch.uint16 if tensor.element_size() == 2 else torch.uint8
            tensor = tensor.contiguous().view(word)
        return tensor.contiguous().numpy()
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    if spec.type in _NAMED and array.dtype.name == _NAMED[spec.type][0]:
        array = np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}")
    # ascontiguousarray would give a scalar a dimension.
    return array if array.flags.c_contiguous else np.array(array, order="C")


def _from_array(array: np.ndarray, spec: TensorSpec, torch_wanted: bool) -> Any:
    named = _NAMED.get(spec.type)
    if torch_wanted:
        import torch

        tensor = torch.from_numpy(array)
        return tensor.view(getattr(torch, named[1])) if named else tensor
    if named:
        import ml_dtypes

        return array.view(getattr(ml_dtypes, named[0]))
    return array


class Model:
    """A compiled model with its weights.

    Any number of threads may call it at the same time; the interpreter's lock is
    released meanwhile.
    """

    def __init__(self, compiled: Any, source: Any = None):
        self._compiled = compiled
        # The file that the weights are mapped from, if it is ours.
        self._source = source
        self.entry: str = compiled.entry
        self.inputs: list[TensorSpec] = [_make_spec(s) for s in compiled.inputs]
        self.outputs: list[TensorSpec] = [_make_spec(s) for s in compiled.outputs]

    def __repr__(self) -> str:
        def show(specs: list[TensorSpec]) -> str:
            return ", ".join(
                f"{s.name}: {'x'.join(map(str, s.shape + (s.type,)))}" for s in specs
            )

        return f"<moe_mlir.Model ({show(self.inputs)}) -> ({show(self.outputs)})>"

    def __call__(self, *args: Any, **inputs: Any) -> dict[str, Any]:
        """Runs the model on inputs by position or by name, and gives its outputs by
        name.

        Inputs are NumPy arrays, PyTorch tensors on the CPU, or what NumPy makes an
        array of; their element types must be the model's, and dense ones are used
        where they are. Outputs are PyTorch tensors if an input is one, else NumPy
        arrays (of ml_dtypes' types where NumPy has none); they are views of memory
        that the model takes back when they are gone.
        """
        if len(args) > len(self.inputs):
            raise Error(f"{len(args)} inputs given, the model has {len(self.inputs)}")
        given = dict(zip((spec.name for spec in self.inputs), args, strict=False))
        for name, value in inputs.items():
            if name in given:
                raise Error(f"input '{name}' is given twice")
            given[name] = value
        unknown = given.keys() - {spec.name for spec in self.inputs}
        if unknown:
            names = ", ".join(f"'{spec.name}'" for spec in self.inputs)
            raise Error(f"there is no input '{min(unknown)}', only {names}")
        arrays = [
            _to_array(given[spec.name], spec) if spec.name in given else None
            for spec in self.inputs
        ]
        results = self._compiled.run(arrays)
        torch_wanted = any(map(_is_torch, given.values()))
        return {
            spec.name: _from_array(array, spec, torch_wanted)
            for spec, array in zip(self.outputs, results, strict=True)
        }

    def profile(self) -> list[Phase]:
        """Where the time of the calls went, in the order of the model. Empty unless
        the model was compiled with `profile=True`."""
        return [Phase(*phase) for phase in self._compiled.profile()]


def _write_temporary(data: bytes) -> Any:
    """A named file that holds `data`, and is gone with the object."""
    file = tempfile.NamedTemporaryFile(prefix="moe-mlir-", suffix=".model")
    file.write(data)
    file.flush()
    return file


def compile(
    model: str | os.PathLike[str] | bytes | Any,
    target: str = "cpu",
    *,
    entry: str = "",
    mcpu: str = "host",
    pipeline: str = "optimized",
    without: Sequence[str] = (),
    keep_defaults: bool = False,
    round_activations: bool = False,
    profile: bool = False,
    cache: bool = True,
) -> Model:
    """Compiles and loads a model.

    model: the path of an ONNX model, of an MLIR module (text or bytecode) or of a
      library of moe-compile; or the bytes of a model or module; or an object with
      `SerializeToString`, such as `onnx.ModelProto`. Weights in files are found
      beside the path; a model given as bytes must hold its own.
    target: "cpu".
    entry: which function; "" is the only one, or main.
    mcpu: the processor to compile for, by LLVM's name.
    pipeline: "optimized", "unfused" (kernels for each step of a layer on its own) or
      "reference" (by the operations' definitions).
    without: names of passes of moe-optimize to leave out.
    keep_defaults: let calls give inputs for which the model has a value.
    round_activations: round activations to 8 bits where they meet integer weights
      and the processor has VNNI; faster, and not exact.
    profile: measure the time of each operation; see `Model.profile`.
    cache: keep compiled code in $MOE_CACHE_DIR (default: ~/.cache/moe-mlir).
    """
    if target != "cpu":
        raise Error(f"target '{target}' is not supported, only 'cpu'")
    if pipeline not in ("optimized", "unfused", "reference"):
        raise Error(f"pipeline '{pipeline}' is not optimized, unfused or reference")
    source = None
    if hasattr(model, "SerializeToString"):
        model = model.SerializeToString()
    if isinstance(model, bytes | bytearray | memoryview):
        source = _write_temporary(bytes(model))
        path = source.name
        cache = False
    else:
        path = os.fspath(model)
    try:
        compiled = _compiler.compile(
            path,
            entry,
            mcpu,
            pipeline,
            list(without),
            keep_defaults,
            round_activations,
            profile,
            cache,
        )
    except Error as error:
        if source is None:
            raise
        # The caller knows no file.
        raise Error(str(error).replace(path, "model")) from None
    return Model(compiled, source)


def opt(text: str, pipeline: str) -> str:
    """The MLIR module `text` after a pipeline, for example "moe-optimize" or
    "builtin.module(moe-fuse-dispatch,canonicalize)", as text."""
    prefix = "builtin.module("
    if pipeline.startswith(prefix) and pipeline.endswith(")"):
        pipeline = pipeline[len(prefix) : -1]
    return _compiler.opt(text, pipeline)


def optimize_onnx(
    path_in: str | os.PathLike[str],
    path_out: str | os.PathLike[str],
    target: str = "ort-cpu",
) -> None:
    """Writes an ONNX model whose MoE layers are written anew: as operators that a
    target of ONNX Runtime has kernels for ("ort-cpu", "ort-cuda"), or as "standard"
    ones. The rest stays as it is, and files of weights stay where they are."""
    if target not in ("standard", "ort-cpu", "ort-cuda"):
        raise Error(f"target '{target}' is not standard, ort-cpu or ort-cuda")
    _compiler.optimize_onnx(os.fspath(path_in), os.fspath(path_out), target)


def set_num_threads(n: int) -> None:
    """How many threads a call uses, the caller among them; 0 means
    $MOE_NUM_THREADS, else the CPUs that this process may run on."""
    _compiler.set_num_threads(n)


def get_num_threads() -> int:
    """How many threads a call uses."""
    return _compiler.get_num_threads()
