"""Random ONNX graphs with mixture-of-experts layers, in every form that exporters write."""

from .graph import PRODUCTS
from .model import NoClearInputs, make_case

__all__ = ["PRODUCTS", "NoClearInputs", "make_case"]
