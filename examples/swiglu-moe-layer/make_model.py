#!/usr/bin/env python3
"""Writes the example: one Mixture-of-Experts layer as ONNX, with test data.

The layer is that of a small decoder in the style of gpt-oss: a router MatMul,
the operator com.microsoft.MoE with interleaved clamped SwiGLU and biases, and
the residual Add. Weights go to model.onnx.data; ONNX Runtime computes the
expected output. Everything is seeded: a second run writes the same bytes.

usage: make_model.py [FOLDER]    (default: this script's own)
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HIDDEN, INTER, EXPERTS, TOP_K = 64, 96, 8, 2
BATCH, SEQ = 2, 24


def make_weights(rng):
    """The initializers by name; scaled so that activations stay near 1."""

    def normal(*shape, scale):
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(scale)

    return {
        "router.weight": normal(HIDDEN, EXPERTS, scale=HIDDEN**-0.5),
        "fc1.weight": normal(EXPERTS, 2 * INTER, HIDDEN, scale=HIDDEN**-0.5),
        "fc1.bias": normal(EXPERTS, 2 * INTER, scale=0.1),
        "fc2.weight": normal(EXPERTS, HIDDEN, INTER, scale=INTER**-0.5),
        "fc2.bias": normal(EXPERTS, HIDDEN, scale=0.1),
    }


def make_model(weights):
    """hidden_states [batch, seq, HIDDEN] to output of the same shape."""
    shape = ["batch", "seq", HIDDEN]
    nodes = [
        helper.make_node(
            "Reshape", ["hidden_states", "rows.shape"], ["rows"], name="flatten"
        ),
        helper.make_node("MatMul", ["rows", "router.weight"], ["logits"], name="router"),
        helper.make_node(
            "MoE",
            ["hidden_states", "logits", *list(weights)[1:]],
            ["mixed"],
            name="experts",
            domain="com.microsoft",
            k=TOP_K,
            normalize_routing_weights=1,
            activation_type="swiglu",
            swiglu_fusion=1,
            activation_alpha=1.702,
            activation_beta=1.0,
            swiglu_limit=7.0,
        ),
        helper.make_node("Add", ["hidden_states", "mixed"], ["output"], name="residual"),
    ]
    initializers = [numpy_helper.from_array(w, name) for name, w in weights.items()]
    initializers.append(
        numpy_helper.from_array(np.array([-1, HIDDEN], np.int64), "rows.shape")
    )
    graph = helper.make_graph(
        nodes,
        "swiglu_moe_layer",
        [helper.make_tensor_value_info("hidden_states", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        initializers,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(
        graph, opset_imports=opsets, ir_version=10, producer_name="make_model.py"
    )


def write_tensor(path, name, array):
    path.write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    rng = np.random.default_rng(seed=20)
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx.data").unlink(missing_ok=True)

    path = folder / "model.onnx"
    onnx.save_model(
        make_model(make_weights(rng)),
        path,
        save_as_external_data=True,
        location="model.onnx.data",
        size_threshold=1024,
    )
    hidden_states = rng.standard_normal((BATCH, SEQ, HIDDEN), dtype=np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"hidden_states": hidden_states})
    write_tensor(data / "input_0.pb", "hidden_states", hidden_states)
    write_tensor(data / "output_0.pb", "output", output)


if __name__ == "__main__":
    main()
