# REQUIRES: numpy, onnx, onnxruntime
# RUN: %python %moe_src_root/examples/generation/make_model.py %t.onnx
# RUN: %python %moe_src_root/examples/generation/generate.py --moe-run moe-run %t.onnx --count 8 > %t.tokens
# RUN: %python %s %t.onnx %t.tokens | FileCheck %s
# CHECK: 8 tokens are those of ONNX Runtime
"""The example's tokens against those that ONNX Runtime generates without a cache."""

import sys

import numpy as np
import onnxruntime

model, written = sys.argv[1:]
got = [int(token) for token in open(written).read().split()]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
tokens = [1, 2, 3, 4]
for _ in got:
    inputs = {
        "input_ids": np.array([tokens], np.int64),
        "attention_mask": np.ones((1, len(tokens)), np.int64),
    }
    for value in session.get_inputs():
        if value.name.startswith("past_key_values."):
            inputs[value.name] = np.zeros((1, value.shape[1], 0, value.shape[3]), np.float32)
    (logits,) = session.run(["logits"], inputs)
    tokens.append(int(logits[0, -1].argmax()))
assert got == tokens[4:], f"{got} are not {tokens[4:]}"
print(len(got), "tokens are those of ONNX Runtime")
