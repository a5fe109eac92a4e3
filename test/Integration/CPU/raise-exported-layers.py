# REQUIRES: numpy, ml_dtypes, onnx
# RUN: %python %s --sample=3 | FileCheck %s
# CHECK: {{^[1-9][0-9]*}} layers came back, 0 did not
"""Layers that were written as standard ONNX operators are raised to the same operations again.

The cases are those of layers.py. What stands for a layer has to be one moe.combine, with as many experts of each kind
and the same activations, and its gate has to say the same; no product, choice, NonZero or scatter of it may be left."""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

import onnx

from moe_testing.module import build_module
from moe_testing.written import gates, load_cases

# What is not raised. No matcher follows experts that choose their tokens, nor codes of four bits that are taken out of
# bytes by arithmetic. An inner width of 1 leaves no product to see.
OTHERS = re.compile(r"shape_(1x1|7x5)$|_choice$|_ui4$")
LEFTOVERS = ("MatMul", "Gemm", "Einsum", "NonZero", "ScatterND", "TopK", "ArgMax", "CumSum", "Softmax")


def run(command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def experts(text):
    """How many experts of each kind and activation a module has."""
    sets = re.findall(r"= moe\.(\w+)_experts(.*)!moe\.experts<(\d+),", text)
    count = collections.Counter()
    for kind, rest, number in sets:
        activation = re.search(r"activation<[^>]*>", rest.replace(".0,", ",").replace(".0>", ">"))
        count[kind, activation and activation[0]] += int(number)
    return count


def check(case, folder):
    """None where the layer has no form in ONNX, else what is wrong with what came back."""
    text = build_module([case])[0]
    text = text[: text.index("func.func @main(")]
    text = re.sub(r"func\.func private @\w+\(", "func.func @main(", text)
    path = os.path.join(folder, "model.onnx")
    nodes = run(["moe-opt", "--convert-moe-to-onnx=export-target=standard"], text)
    if nodes is None or run(["moe-translate", "--export-onnx", "-o", path], nodes) is None:
        return None
    # Inputs of one number of rows, which types cannot say.
    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        for dim in value.type.tensor_type.shape.dim:
            if not dim.HasField("dim_value"):
                dim.dim_param = "tokens"
    onnx.save(model, path)
    raised = run(["moe-opt", path, "--onnxir-inline-functions", "--convert-onnx-to-moe"])
    if raised is None:
        return "not read"
    # Of a fused layer the combine stands on its experts.
    if raised.count(" = moe.combine ") != len(re.findall(r" = moe\.combine | combine\(", text)):
        return "not raised"
    left = [name for name in LEFTOVERS if f'onnxir.node "{name}"' in raised]
    if left:
        return f"left: {', '.join(left)}"
    found, wanted = experts(raised), experts(text)
    if "moe.gate" not in raised:
        # Ids that are given do not say how many experts there are behind the last one that does something.
        del found["zero", None], wanted["zero", None]
    if found != wanted:
        return f"{dict(found)} for {dict(wanted)}"
    if gates(raised) != gates(text):
        return f"{gates(raised)} for {gates(text)}"
    return ""


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--only", default="", help="check cases whose name holds this")
parser.add_argument("--sample", type=int, default=1, help="check one case of so many")
options = parser.parse_args()

back, wrong = 0, 0
cases = [case for case in load_cases("layers", options.seed) if options.only in case.name and not OTHERS.search(case.name)]
for case in cases[:: options.sample]:
    with tempfile.TemporaryDirectory() as folder:
        problem = check(case, folder)
    if problem:
        print(f"{case.name}: {problem}")
    back += problem == ""
    wrong += bool(problem)
print(f"{back} layers came back, {wrong} did not")
sys.exit(1 if wrong or not back else 0)
