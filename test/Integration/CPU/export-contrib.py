# REQUIRES: numpy, onnx, onnxruntime
# RUN: %python %s | FileCheck %s
# CHECK: {{^[0-9]+}} layers, 0 failures
"""Layers as com.microsoft MoE and QMoE: ONNX Runtime's kernels give what standard operators give.

The layers vary in how weights stand: gate and up apart, in alternating rows or one after the other, stacked or an expert
each, transposed, quantised in blocks or by row, with biases or without."""

import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

E, K, H, I, T = 4, 2, 32, 16, 9
rng = np.random.default_rng(5)


class Module:
    """The text of a function, and the values of its arguments."""

    def __init__(self):
        self.arguments, self.lines = {}, []

    def argument(self, array, element="f32"):
        name = f"a{len(self.arguments)}"
        kind = "x".join(map(str, array.shape)) + "x" + element
        self.arguments[name] = (f"tensor<{kind}>", array)
        return f"%{name}", f"tensor<{kind}>"

    def emit(self, text):
        self.lines.append(f"%v{len(self.lines)} = {text}")
        return f"%v{len(self.lines) - 1}"


def floats(*shape):
    return (rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)


def matrix(m, out, size, way, offset=0, step=1, source=None):
    """Weights ExoutxK that stand in some way; returns the value and its type."""
    kind = f"!moe.weights<{E}x{out}x{size}, f32>"
    if way == "each":
        parts = [m.argument(floats(out, size)) for _ in range(E)]
        names, kinds = zip(*parts)
        return m.emit(f"moe.weights {', '.join(names)} : {', '.join(kinds)} -> {kind}"), kind
    if way == "transposed":
        name, source_kind = m.argument(floats(E, size, out))
        return m.emit(f"moe.weights {name} layout<transposed = true> : {source_kind} -> {kind}"), kind
    name, source_kind = source or m.argument(floats(E, out, size))
    layout = f"layout<offset = {offset}, step = {step}> "
    return m.emit(f"moe.weights {name} {layout}: {source_kind} -> {kind}"), kind


def codes(m, out, size, bits, block, offset=0, step=1, source=None, zeros=False):
    """Quantised weights."""
    kind = f"!moe.weights<{E}x{out}x{size}, ui{bits}>"
    if source is None:
        source = make_codes(m, out, size, bits, block, zeros)
    (name, source_kind), (scales, scale_kind), zero = source
    zero_text = f"zeros({zero[0]} : {zero[1]}) " if zero else ""
    point = "" if zero else f"zero_point({1 << (bits - 1)}) "
    blocks = f"block({block}) " if block else ""
    return m.emit(f"moe.weights {name} scales({scales} : {scale_kind}) {zero_text}layout<offset = {offset}, step = {step}> "
                  f"{blocks}{point}: {source_kind} -> {kind}"), kind


def make_codes(m, out, size, bits, block, zeros=False):
    packed = size * bits // 8
    weights = m.argument(rng.integers(0, 256, (E, out, packed), dtype=np.uint8), "ui8")
    blocks = size // block if block else 1
    shape = (E, out, blocks) if block else (E, out)
    scales = m.argument((rng.uniform(0.5, 1.5, shape) / (1 << bits) / 4).astype(np.float32))
    zero = None
    if zeros and block:
        zero = m.argument(rng.integers(0, 256, (E, out, -(-blocks * bits // 8)), dtype=np.uint8), "ui8")
    return weights, scales, zero


def build(gated, way, bits, block, bias, zeros):
    m = Module()
    x, x_kind = m.argument(floats(T, H))
    logits, logits_kind = m.argument(floats(T, E) * 3)
    # Alternating rows are halves of one tensor, and so are successive ones.
    halves = {"alternating": ((0, 2), (1, 2)), "successive": ((0, 1), (I, 1))}.get(way)
    make = matrix if not bits else lambda m, out, size, way, offset=0, step=1, source=None: codes(
        m, out, size, bits, block, offset, step, source, zeros)
    source = None
    if halves:
        source = m.argument(floats(E, 2 * I, H)) if not bits else make_codes(m, 2 * I, H, bits, block, zeros)
    gate_half, up_half = halves or ((0, 1), (0, 1))
    up, up_kind = make(m, I, H, way, *up_half, source)
    gate = gate_bias = None
    if gated:
        gate, gate_kind = make(m, I, H, way, *gate_half, source)
    down, down_kind = make(m, H, I, way if way in ("each", "transposed") else "")
    def biased(name, kind, size, wanted=True):
        if not bias or not wanted:
            return f"{name} : {kind}"
        tensor, tensor_kind = m.argument(floats(E, size))
        vector = f"!moe.weights<{E}x{size}, f32>"
        value = m.emit(f"moe.weights {tensor} : {tensor_kind} -> {vector}")
        return f"{name} bias {value} : {kind}, {vector}"
    # One bias of two: the other is zero.
    up_text, down_text = biased(up, up_kind, I), biased(down, down_kind, H)
    gate_text = f" gate({gate} : {gate_kind})" if gated else ""
    activation = "silu, alpha = 1.5, beta = 0.5, limit = 2.0" if gated else "relu"
    experts = m.emit(f"moe.ffn_experts up({up_text}){gate_text} down({down_text}) activation<{activation}> "
                     f": !moe.experts<{E}, {H} -> {H}>")
    arguments = ", ".join(f"%{name}: {kind}" for name, (kind, _) in m.arguments.items())
    body = "\n  ".join(m.lines)
    return m, f"""func.func @main({arguments}) -> tensor<{T}x{H}xf32> {{
  %w, %ids = moe.gate {logits} score<softmax> select<top_k, k = {K}, tie = higher> normalize<sum> : {logits_kind} -> tensor<{T}x{K}xf32>, tensor<{T}x{K}xi32>
  {body}
  %p = moe.plan %ids : tensor<{T}x{K}xi32> -> !moe.plan<{E}>
  %y = moe.experts {x}, %p, ({experts}) gather combine(%w : tensor<{T}x{K}xf32>) : {x_kind}, !moe.plan<{E}>, !moe.experts<{E}, {H} -> {H}> -> tensor<{T}x{H}xf32>
  return %y : tensor<{T}x{H}xf32>
}}
"""


def run(module, text, target):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        nodes = subprocess.run(["moe-opt", f"--convert-moe-to-onnx=export-target={target}"], input=text,
                               capture_output=True, text=True)
        if nodes.returncode or nodes.stderr:
            raise RuntimeError(nodes.stderr[:500])
        subprocess.run(["moe-translate", "--export-onnx", "-o", path], input=nodes.stdout, check=True, text=True)
        model = onnx.load(path)
        contrib = any(node.domain == "com.microsoft" for node in model.graph.node)
        if contrib == (target == "standard"):
            raise RuntimeError("written as " + ", ".join(node.op_type for node in model.graph.node))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        names = [i.name for i in session.get_inputs()]
        arrays = [array for _, array in module.arguments.values()]
        return session.run(None, dict(zip(names, arrays)))[0]


WAYS = [("", 0, 0), ("alternating", 0, 0), ("successive", 0, 0), ("each", 0, 0), ("transposed", 0, 0)]
WAYS += [(way, bits, block) for way in ("", "alternating", "successive") for bits, block in ((4, 16), (4, 0), (8, 0))]
layers = failures = 0
for (way, bits, block), gated, bias, zeros in itertools.product(WAYS, (True, False), (True, False), (False, True)):
    # Halves belong to gated experts; zero points to blocks.
    if (way in ("alternating", "successive") and not gated) or (zeros and not block):
        continue
    layers += 1
    module, text = build(gated, way, bits, block, bias, zeros)
    try:
        got, want = run(module, text, "ort-cpu"), run(module, text, "standard")
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)
    except Exception as error:
        failures += 1
        print(f"{way or 'plain'} bits {bits} block {block} gated {gated} bias {bias} zeros {zeros}: {str(error)[:400]}")
print(f"{layers} layers, {failures} failures")
sys.exit(1 if failures or not layers else 0)
