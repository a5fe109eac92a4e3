"""A graph compiler for Mixture-of-Experts operators.

    import moe_mlir
    model = moe_mlir.compile("model.onnx")
    outputs = model(x=array)

`compile` takes an ONNX model or an MLIR module and gives a `Model`, which is called
with NumPy arrays or PyTorch tensors. `opt` runs passes on MLIR text, and
`optimize_onnx` rewrites an ONNX model. Whatever goes wrong is an `Error` with one
line of text.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import (
        Error,
        Model,
        Phase,
        TensorSpec,
        compile,
        get_num_threads,
        opt,
        optimize_onnx,
        set_num_threads,
    )

__all__ = [
    "Error",
    "Model",
    "Phase",
    "TensorSpec",
    "compile",
    "get_num_threads",
    "opt",
    "optimize_onnx",
    "set_num_threads",
]


def __getattr__(name: str) -> Any:
    # `moe_mlir.triton` serves machines that have no compiled half.
    if name in __all__:
        from . import model

        return getattr(model, name)
    raise AttributeError(f"module 'moe_mlir' has no attribute '{name}'")
