# REQUIRES: numpy, ml_dtypes
# RUN: %python %s --sample=3 | FileCheck %s
# CHECK: {{^[1-9][0-9]*}} gates came back, 0 did not
"""Gates that were written as standard ONNX operators are read back as the same gates.

The cases are those of gate.py, each kind of gate once. Of an attribute that says nothing, such as a limit to all groups,
nothing is left in the nodes; see make_expected."""

import argparse
import re
import subprocess
import sys

from moe_testing.module import build_module
from moe_testing.written import gates, load_cases

# Experts that choose are read by another pattern, which does not know the padding of the nodes.
OTHERS = re.compile("expert_choice")


def run(text, *passes):
    done = subprocess.run(["moe-opt", *passes], input=text, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.splitlines()[0])
    return done.stdout


def make_expected(gate):
    """`gate` as its nodes can be read: without what changes nothing."""
    gate = gate.replace(" normalize<none>", "")
    # All groups are kept.
    gate = re.sub(r" groups<count = (\d+), keep = \1[^>]*>", "", gate)
    # A state that is no product of a matrix is added to the logits.
    gate = gate.replace("state(%) ", "")
    # Where weights are values of their own, scores are what is chosen by.
    return re.sub(r"(values\(%\)) score<\w+>", r"\1 score<identity>", gate)


def read_back(text):
    """The gate that is read from the nodes of a function's only gate, or what is said instead."""
    # The ids first, as the pass wants them.
    text = re.sub(r"return (%\S+), (%\S+) : (\S+), (\S+)", r"return \2, \1 : \4, \3", text)
    text = re.sub(r"-> \((tensor<[^>]*>), (tensor<[^>]*>)\) \{", r"-> (\2, \1) {", text)
    nodes = run(text.replace("func private @", "func @"), "--convert-moe-to-onnx=export-target=standard", "--onnxir-infer-types")
    done = subprocess.run(
        ["moe-opt", "--test-moe-match-routing", "--canonicalize"], input=nodes, capture_output=True, text=True
    )
    found = gates(done.stdout)
    return found[0] if len(found) == 1 else " ".join(done.stderr.split())


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--sample", type=int, default=1, help="check one gate of so many")
options = parser.parse_args()

texts = {}
for case in load_cases("gate", options.seed):
    text = build_module([case])[0]
    text = run(text[: text.index("func.func @main(")])
    for gate in gates(text):
        texts.setdefault(gate, text)
back = wrong = 0
for gate, text in list(texts.items())[:: options.sample]:
    if len(gates(text)) != 1 or OTHERS.search(gate):
        continue
    found = read_back(text)
    if found == make_expected(gate):
        back += 1
    else:
        wrong += 1
        print(f"{gate}: {found}")
print(f"{back} gates came back, {wrong} did not")
sys.exit(1 if wrong or not back else 0)
