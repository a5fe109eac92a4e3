"""Imports a model of 10 GB and measures what that takes: `large_model.py MOE_OPT
FOLDER`. The data are a hole in a sparse file."""

import os
import pathlib
import resource
import subprocess
import sys

from onnx import TensorProto
from good_models import finish, value
from onnx.helper import make_node

tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
COUNT, ROWS, COLUMNS = 160, 4096, 4096
size = ROWS * COLUMNS * 4
data = folder / "large.data"
with open(data, "wb") as file:
    file.truncate(COUNT * size)

weights, nodes, last = [], [], "x"
for i in range(COUNT):
    weight = TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT,
                         dims=[ROWS, COLUMNS], data_location=TensorProto.EXTERNAL)
    for key, entry in dict(location=data.name, offset=i * size, length=size).items():
        weight.external_data.add(key=key, value=str(entry))
    weights.append(weight)
    nodes.append(make_node("MatMul", [last, f"w{i}"], [f"t{i}"]))
    last = f"t{i}"
model = folder / "large.onnx"
model.write_bytes(finish(nodes, [value("x", ("n", ROWS))], [value(last, ("n", COLUMNS))],
                         weights).SerializeToString())

text = subprocess.run([tool, model], check=True, capture_output=True, text=True).stdout
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
os.remove(data)
print("weights:", text.count("onnxir.weight @"))
print("resident memory:", "below 150 MB" if megabytes < 150 else f"{megabytes} MB")
print("processor time:", "below 1 s" if seconds < 1 else f"{seconds} s")
print(f"{seconds:.2f} s, {megabytes:.0f} MB", file=sys.stderr)
