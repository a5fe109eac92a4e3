"""Imports each model of a folder, exports it and compares:
`export_roundtrip.py FOLDER OUT`."""

import pathlib
import subprocess
import sys

from compare_models import differences, load

folder, out = map(pathlib.Path, sys.argv[1:])
same = 0
models = sorted(folder.glob("*.onnx"))
for path in models:
    text = subprocess.run(["moe-opt", path], check=True, capture_output=True).stdout
    written = out / path.name
    subprocess.run(["moe-translate", "--export-onnx", "-o", written],
                   input=text, check=True)
    lines = differences(load(path), load(written))
    same += not lines
    for line in lines:
        print(f"{path.name}: {line}")
print(f"{same} of {len(models)} models are the same after a round trip")
