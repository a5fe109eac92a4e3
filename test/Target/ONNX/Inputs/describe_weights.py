"""Says where the initializers of a model stand: `describe_weights.py FILE`."""

import os
import sys

import onnx
from onnx import numpy_helper

path = sys.argv[1]
for tensor in onnx.load(path, load_external_data=False).graph.initializer:
    where = " ".join(f"{e.key}={e.value}" for e in tensor.external_data) or "inline"
    array = numpy_helper.to_array(tensor, os.path.dirname(path))
    print(f"{tensor.name}: {where} sum={array.sum()}")
