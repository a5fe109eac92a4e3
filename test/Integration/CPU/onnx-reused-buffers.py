# REQUIRES: onnx
# RUN: mkdir -p %t && %python %s %t
# RUN: moe-run %t/model.onnx --test-data %t/test_data_set_0 --no-cache | FileCheck %s
# CHECK: y: {{.*}}: ok
"""A tensor that two matrix products read keeps its buffer until the second has read it."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
rng = np.random.default_rng(0)
x = rng.standard_normal((5, 16)).astype(np.float32)
w1, w2 = (rng.standard_normal((16, 16)).astype(np.float32) for _ in range(2))
doubled = x + x
first = np.maximum(doubled @ w1, 0)
y = first * (doubled @ w2)

value = helper.make_tensor_value_info
nodes = [
    helper.make_node("Add", ["x", "x"], ["doubled"]),
    helper.make_node("MatMul", ["doubled", "w1"], ["m1"]),
    helper.make_node("Relu", ["m1"], ["first"]),
    helper.make_node("MatMul", ["doubled", "w2"], ["m2"]),
    helper.make_node("Mul", ["first", "m2"], ["y"]),
]
graph = helper.make_graph(
    nodes,
    "reuse",
    [value("x", TensorProto.FLOAT, ["n", 16])],
    [value("y", TensorProto.FLOAT, ["n", 16])],
    [numpy_helper.from_array(w1, "w1"), numpy_helper.from_array(w2, "w2")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
onnx.save(model, os.path.join(folder, "model.onnx"))
data = os.path.join(folder, "test_data_set_0")
os.makedirs(data, exist_ok=True)
onnx.save_tensor(numpy_helper.from_array(x, "x"), os.path.join(data, "input_0.pb"))
onnx.save_tensor(numpy_helper.from_array(y, "y"), os.path.join(data, "output_0.pb"))
