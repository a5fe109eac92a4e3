# REQUIRES: onnx
# RUN: mkdir -p %t && %python %s %t moe-opt moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} nodes: 24 layers of 64 experts, 0 of their nodes left
# CHECK: compiled and run within 60 s of CPU and 3 GB
"""A model of 24 layers with 64 unrolled experts each, over 30,000 nodes, is raised and compiled in a time that nothing quadratic would keep.

Usage: onnx-raise-large.py WORKDIR MOE_OPT MOE_RUN
"""

import os
import resource
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Weights of more than 1 KiB are arguments of the compiled code.
LAYERS, EXPERTS, SLOTS, HIDDEN, INNER = 24, 64, 4, 32, 16
# Raising takes about two seconds, compiling ten; wall time is that of a machine
# that may do other things.
SECONDS, GIGABYTES, WALL_SECONDS = 60, 3, 600


class Graph:
    """Nodes and initializers of a graph in the making."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.nodes, self.initializers, self.constants = [], [], {}
        self.values = 0

    def constant(self, value, dtype=np.int64):
        array = np.array(value, dtype)
        key = (array.tobytes(), array.shape, str(array.dtype))
        if key not in self.constants:
            self.constants[key] = f"c{len(self.constants)}"
            self.initializers.append(numpy_helper.from_array(array, self.constants[key]))
        return self.constants[key]

    def weight(self, name, *shape):
        array = (self.rng.standard_normal(shape) * 0.2).astype(np.float32)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def node(self, operator, *inputs, outputs=1, **attributes):
        names = [f"v{self.values + i}" for i in range(outputs)]
        self.values += outputs
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names[0] if outputs == 1 else names


def add_layer(g, x, layer):
    """A layer whose experts each gather their tokens and add their rows."""
    one = g.constant([1])
    logits = g.node("MatMul", x, g.weight(f"router{layer}", HIDDEN, EXPERTS))
    scores = g.node("Softmax", logits, axis=-1)
    values, ids = g.node("TopK", scores, g.constant([SLOTS]), outputs=2)
    weights = g.node("Div", values, g.node("ReduceSum", values, g.constant([-1])))
    marks = g.node("OneHot", ids, g.constant(EXPERTS), g.constant([0, 1]))
    marks = g.node("Transpose", marks, perm=[2, 1, 0])
    total = g.node("Mul", x, g.constant(0, np.float32))
    for expert in range(EXPERTS):
        mask = g.node("Squeeze", g.node("Gather", marks, g.constant([expert])), g.constant([0]))
        slot, token = g.node("Split", g.node("NonZero", mask), g.constant([1, 1]), outputs=2)
        slot = g.node("Squeeze", slot, g.constant([0]))
        token = g.node("Squeeze", token, g.constant([0]))
        rows = g.node("Gather", x, token)
        gate = g.node("MatMul", rows, g.weight(f"gate{layer}.{expert}", HIDDEN, INNER))
        up = g.node("MatMul", rows, g.weight(f"up{layer}.{expert}", HIDDEN, INNER))
        inner = g.node("Mul", g.node("Mul", gate, g.node("Sigmoid", gate)), up)
        rows = g.node("MatMul", inner, g.weight(f"down{layer}.{expert}", INNER, HIDDEN))
        position = g.node("Unsqueeze", token, one)
        place = g.node("Concat", position, g.node("Unsqueeze", slot, one), axis=1)
        weight = g.node("Unsqueeze", g.node("GatherND", weights, place), one)
        total = g.node("ScatterND", total, position, g.node("Mul", rows, weight), reduction="add")
    return g.node("Add", x, total)


def main():
    folder, moe_opt, moe_run = sys.argv[1:4]
    g = Graph()
    x = "x"
    for layer in range(LAYERS):
        x = add_layer(g, x, layer)
    shape = ["tokens", HIDDEN]
    graph = helper.make_graph(
        g.nodes,
        "large",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, shape)],
        g.initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    path = os.path.join(folder, "large.onnx")
    onnx.save(model, path)
    done = subprocess.run(
        [moe_opt, path, "--convert-onnx-to-moe"], capture_output=True, text=True, timeout=WALL_SECONDS, check=True
    )
    layers = done.stdout.count("moe.combine ")
    experts = done.stdout.count(f"-> !moe.plan<{EXPERTS}>") == LAYERS
    left = done.stdout.count('"ScatterND"') + done.stdout.count('"NonZero"')
    print(f"{len(g.nodes)} nodes: {layers} layers of {EXPERTS if experts else '?'} experts, {left} of their nodes left")
    subprocess.run(
        [moe_run, path, "--no-cache", "--random-inputs", "--dim", "tokens=5"],
        stdout=subprocess.DEVNULL,
        timeout=WALL_SECONDS,
        check=True,
    )
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, gigabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
    kept = seconds < SECONDS and gigabytes < GIGABYTES
    limits = f"{SECONDS} s of CPU and {GIGABYTES} GB"
    print(f"compiled and run within {limits}" if kept else f"took {seconds:.1f} s and {gigabytes:.2f} GB")


if __name__ == "__main__":
    main()
