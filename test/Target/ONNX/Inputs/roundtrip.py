"""Imports each model of a folder and reads the text and the bytecode of the
module back: `roundtrip.py MOE_OPT FOLDER`."""

import pathlib
import subprocess
import sys

tool, folder = sys.argv[1:]


def run(*arguments, data=None):
    return subprocess.run([tool, *arguments], input=data, check=True,
                          capture_output=True).stdout


same = 0
models = sorted(pathlib.Path(folder).glob("*.onnx"))
for model in models:
    text = run(model)
    again = run(data=text)
    bytecode = run("--emit-bytecode", model)
    if text == again == run(data=bytecode):
        same += 1
    else:
        print(f"{model.name} differs")
print(f"{same} of {len(models)} models are the same after a round trip")
