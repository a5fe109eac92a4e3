"""PyTorch tensors go in and come out without copies.

REQUIRES: python-package, numpy, torch, onnx
RUN: %python %s
"""

import onnx
import torch
from onnx import TensorProto, helper

import moe_mlir


def doubled(element):
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", element, ["n", "m"])],
        [helper.make_tensor_value_info("y", element, ["n", "m"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    onnx.checker.check_model(model)
    return moe_mlir.compile(model)


for element, dtype in (
    (TensorProto.FLOAT, torch.float32),
    (TensorProto.BFLOAT16, torch.bfloat16),
    (TensorProto.FLOAT16, torch.float16),
    (TensorProto.INT64, torch.int64),
):
    x = torch.arange(6).reshape(2, 3).to(dtype)
    y = doubled(element)(x)["y"]
    assert y.dtype == dtype and torch.equal(y, x + x), (y, x)
    transposed = doubled(element)(x.T)["y"]
    assert torch.equal(transposed, x.T + x.T)
weight = torch.ones(2, 3, requires_grad=True)
assert doubled(TensorProto.FLOAT)(x=weight)["y"].sum() == 12
