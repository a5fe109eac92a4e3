"""Runs moe-opt on each model of a module that it must refuse, and prints what
it says: `refuse.py MOE_OPT FOLDER MODULE`."""

import importlib
import pathlib
import subprocess
import sys

tool, folder, module = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
for name, make in importlib.import_module(module).MODELS.items():
    # A folder each: some bring files of their own.
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    path = home / "model.onnx"
    made = make(home)
    path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
    ran = subprocess.run([tool, path], capture_output=True, text=True, timeout=60)
    lines = ran.stderr.splitlines()
    prefix = f"moe-opt: {path}: "
    if ran.returncode != 1 or len(lines) != 1 or not lines[0].startswith(prefix):
        print(f"{name} FAILED: exit code {ran.returncode}, {lines}")
    else:
        print(f"{name}: {lines[0][len(prefix):]}")
