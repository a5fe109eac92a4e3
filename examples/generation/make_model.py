#!/usr/bin/env python3
"""Writes the example: a small decoder with a key/value cache, as ONNX.

Two layers of GroupQueryAttention with rotary embedding and of an MoE with SwiGLU
experts, written with the operators and names of the onnxruntime-genai builder.
Weights are random and seeded: a second run writes the same bytes.

usage: make_model.py FILE
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

VOCABULARY, HIDDEN, LAYERS = 96, 32, 2
HEADS, KV_HEADS, HEAD_SIZE = 4, 2, 16
EXPERTS, TOP_K, INTER = 8, 2, 24
MAX_LENGTH = 256


class Graph:
    """Nodes and initializers in the making."""

    def __init__(self, rng):
        self.rng, self.nodes, self.initializers = rng, [], []

    def weight(self, name, array):
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def random(self, name, *shape, scale=None):
        scale = shape[-2] ** -0.5 if scale is None else scale
        values = self.rng.standard_normal(shape, dtype=np.float32)
        return self.weight(name, values * np.float32(scale))

    def node(self, op, name, inputs, outputs=None, domain="", **attributes):
        outputs = outputs or [name]
        self.nodes.append(
            helper.make_node(op, inputs, outputs, name=name, domain=domain, **attributes)
        )
        return outputs[0]

    def norm(self, name, x):
        scale = self.weight(name + ".weight", np.ones(HIDDEN, np.float32))
        return self.node(
            "SimplifiedLayerNormalization", name, [x, scale], axis=-1, epsilon=1e-6
        )

    def project(self, name, x, inputs, outputs):
        return self.node("MatMul", name, [x, self.random(name + ".weight", inputs, outputs)])


def add_lengths(graph):
    """What GroupQueryAttention wants to know of the attention mask."""
    axis = graph.weight("one", np.array([1], np.int64))
    total = graph.node("ReduceSum", "mask.sum", ["attention_mask", axis], keepdims=0)
    last = graph.node("Sub", "mask.last", [total, axis])
    graph.node("Cast", "seqlens_k", [last], to=TensorProto.INT32)
    shape = graph.node("Shape", "mask.shape", ["attention_mask"])
    index = graph.weight("index", np.array(1, np.int64))
    length = graph.node("Gather", "mask.length", [shape, index], axis=0)
    graph.node("Cast", "total_sequence_length", [length], to=TensorProto.INT32)
    angles = np.outer(
        np.arange(MAX_LENGTH), 10000.0 ** -(np.arange(0, HEAD_SIZE, 2) / HEAD_SIZE)
    ).astype(np.float32)
    graph.weight("cos_cache", np.cos(angles))
    graph.weight("sin_cache", np.sin(angles))


def add_layer(graph, i, x):
    def name(part):
        return f"model.layers.{i}.{part}"

    normed = graph.norm(name("input_layernorm"), x)
    width = HEADS * HEAD_SIZE
    q = graph.project(name("attn.q_proj"), normed, HIDDEN, width)
    k = graph.project(name("attn.k_proj"), normed, HIDDEN, KV_HEADS * HEAD_SIZE)
    v = graph.project(name("attn.v_proj"), normed, HIDDEN, KV_HEADS * HEAD_SIZE)
    past = [f"past_key_values.{i}.{part}" for part in ("key", "value")]
    present = [f"present.{i}.{part}" for part in ("key", "value")]
    attended = graph.node(
        "GroupQueryAttention",
        name("attn"),
        [q, k, v, *past, "seqlens_k", "total_sequence_length", "cos_cache", "sin_cache"],
        [name("attn.output"), *present],
        domain="com.microsoft",
        num_heads=HEADS,
        kv_num_heads=KV_HEADS,
        do_rotary=1,
    )
    output = graph.project(name("attn.o_proj"), attended, width, HIDDEN)
    x = graph.node("Add", name("attn.residual"), [x, output])

    normed = graph.norm(name("post_attention_layernorm"), x)
    logits = graph.project(name("moe.router"), normed, HIDDEN, EXPERTS)
    rows = graph.weight(name("moe.rows"), np.array([-1, EXPERTS], np.int64))
    logits = graph.node("Reshape", name("moe.router.rows"), [logits, rows])
    fc1 = graph.random(
        name("moe.experts.fc1.weight"), EXPERTS, 2 * INTER, HIDDEN, scale=HIDDEN**-0.5
    )
    fc2 = graph.random(
        name("moe.experts.fc2.weight"), EXPERTS, HIDDEN, INTER, scale=INTER**-0.5
    )
    mixed = graph.node(
        "MoE",
        name("moe"),
        [normed, logits, fc1, "", fc2],
        domain="com.microsoft",
        k=TOP_K,
        normalize_routing_weights=1,
        activation_type="swiglu",
        swiglu_fusion=1,
    )
    return graph.node("Add", name("moe.residual"), [x, mixed])


def make_model():
    graph = Graph(np.random.default_rng(seed=7))
    add_lengths(graph)
    table = graph.random("model.embed_tokens.weight", VOCABULARY, HIDDEN, scale=1.0)
    x = graph.node("Gather", "model.embed_tokens", [table, "input_ids"], axis=0)
    for i in range(LAYERS):
        x = add_layer(graph, i, x)
    head = graph.random("lm_head.weight", HIDDEN, VOCABULARY)
    graph.node("MatMul", "lm_head", [graph.norm("model.norm", x), head], ["logits"])

    def info(name, kind, *shape):
        return helper.make_tensor_value_info(name, kind, shape)

    def cache(prefix, length):
        return [
            info(
                f"{prefix}.{i}.{part}",
                TensorProto.FLOAT,
                *("batch", KV_HEADS, length, HEAD_SIZE),
            )
            for i in range(LAYERS)
            for part in ("key", "value")
        ]

    inputs = [
        info("input_ids", TensorProto.INT64, "batch", "sequence"),
        info("attention_mask", TensorProto.INT64, "batch", "total"),
        *cache("past_key_values", "past"),
    ]
    outputs = [
        info("logits", TensorProto.FLOAT, "batch", "sequence", VOCABULARY),
        *cache("present", "total"),
    ]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(
        helper.make_graph(graph.nodes, "decoder", inputs, outputs, graph.initializers),
        opset_imports=opsets,
        ir_version=10,
        producer_name="make_model.py",
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    onnx.save_model(make_model(), sys.argv[1])
