"""Writes models for the tests: `make_model.py NAME FILE`, or `make_model.py all
FOLDER` for all of them."""

import os
import sys

from good_models import MODELS

name, path = sys.argv[1:]
if name == "all":
    os.makedirs(path, exist_ok=True)
    for name, make in MODELS.items():
        with open(os.path.join(path, name + ".onnx"), "wb") as file:
            file.write(make().SerializeToString())
else:
    with open(path, "wb") as file:
        file.write(MODELS[name]().SerializeToString())
