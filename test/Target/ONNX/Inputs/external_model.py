"""Writes model.onnx with a weight inside and one in sub/data, and huge.onnx,
which refers to more than a model can hold: `external_model.py FOLDER`."""

import pathlib
import sys

import numpy as np
from good_models import F, finish, raw, value
from onnx import TensorProto, helper

folder = pathlib.Path(sys.argv[1])
(folder / "sub").mkdir(exist_ok=True)


def external(name, location, offset, count):
    tensor = TensorProto(name=name, data_type=F, dims=[count], data_location=1)
    for key, entry in (("location", location), ("offset", offset),
                       ("length", 4 * count)):
        tensor.external_data.add(key=key, value=str(entry))
    return tensor


def write(name, weights, count):
    sums = [helper.make_node("Add", ["x", w.name], [f"y{i}"])
            for i, w in enumerate(weights)]
    model = finish(sums, [value("x", (count,))],
                   [value(f"y{i}", (count,)) for i in range(len(sums))], weights)
    (folder / name).write_bytes(model.SerializeToString())


numbers = np.arange(512, dtype=np.float32)
(folder / "sub" / "data").write_bytes(bytes(4096) + numbers.tobytes())
write("model.onnx", [external("beside", "sub/data", 4096, 512),
                     raw("inside", F, [512], (numbers + 1).tobytes())], 512)
with open(folder / "zeros", "wb") as file:
    file.truncate(1_200_000_000)
write("huge.onnx", [external(name, "zeros", 0, 300_000_000) for name in "ab"],
      300_000_000)
