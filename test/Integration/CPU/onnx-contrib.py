# REQUIRES: onnx, onnxruntime
# RUN: %python %s %t moe-run | FileCheck %s
# CHECK: {{^[0-9]+}} cases, 0 failures
"""Contributed operators of ONNX Runtime, compared with ONNX Runtime.

Usage: onnx-contrib.py WORKDIR MOE_RUN [PATTERN]: all cases, or those whose name PATTERN is found in.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

CASES = {}
# Nodes that compute the same, for cases that ONNX Runtime's CPU kernels refuse.
REFERENCES = {}
WEIGHTS = ("weight", "cos_cache", "sin_cache", "gamma", "beta", "bias", "scale")
rng = np.random.default_rng(0)


def case(name, op, inputs, outputs, constants=(), opset=21, domain="com.microsoft", **attributes):
    """Adds a node. `inputs`: arrays by name, None where left out; `constants`: those that are initializers."""
    CASES[name] = (op, inputs, outputs, constants, opset, domain, attributes)


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def codes(*shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def angles(length, half):
    angle = np.outer(np.arange(length), 1.0 / 100.0 ** (np.arange(half) / half))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def group_query(name, batch, new, past, heads=4, kv=2, size=16, packed=False, sinks=False, lengths=None, **attributes):
    """A prompt where `past` is 0, else new positions behind that many; `lengths`: valid ones, all by default."""
    total = past + new
    inputs = {"query": normal(batch, new, (heads + 2 * kv if packed else heads) * size)}
    for slot in ("key", "value"):
        inputs[slot] = None if packed else normal(batch, new, kv * size)
    for slot in ("past_key", "past_value"):
        inputs[slot] = normal(batch, kv, past, size)
    inputs["seqlens_k"] = np.array(lengths or [total] * batch, np.int32) - 1
    inputs["total_sequence_length"] = np.array(total, np.int32)
    if attributes.get("do_rotary"):
        inputs["cos_cache"], inputs["sin_cache"] = angles(32, size // 2)
    if sinks:
        inputs |= {"cos_cache": inputs.get("cos_cache"), "sin_cache": inputs.get("sin_cache"), "position_ids": None}
        inputs |= {"attention_bias": None, "head_sink": normal(heads)}
    outputs = ["output", "present_key", "present_value"]
    case("gqa_" + name, "GroupQueryAttention", inputs, outputs, num_heads=heads, kv_num_heads=kv, **attributes)


group_query("prompt", 2, 5, 0)
group_query("step", 2, 1, 6)
group_query("chunk", 1, 3, 4)
group_query("packed", 2, 5, 0, packed=True, do_rotary=1)
group_query("packed_step", 1, 1, 6, packed=True, do_rotary=1)
group_query("interleaved", 2, 4, 0, do_rotary=1, rotary_interleaved=1)
group_query("softcap", 2, 5, 0, softcap=2.0)
group_query("window", 1, 9, 0, local_window_size=3)
group_query("window_step", 1, 1, 9, local_window_size=3, do_rotary=1)
group_query("sinks", 2, 5, 0, sinks=True, scale=0.3)
group_query("smooth", 2, 5, 0, smooth_softmax=1)
group_query("ragged_step", 2, 1, 6, lengths=[4, 7], do_rotary=1)


def group_query_norms(name, heads=4, kv=2, size=16, **attributes):
    """Query and key are normalised head by head first, which ONNX Runtime does on GPUs only."""
    group_query(name, 2, 5, 0, do_rotary=1, **attributes)
    op, inputs, outputs, *rest = CASES["gqa_" + name]
    inputs |= {key: None for key in ("position_ids", "attention_bias", "head_sink", "k_scale", "v_scale")}
    inputs |= {"q_norm_weight": normal(size), "k_norm_weight": normal(size)}
    nodes = []
    for slot, count in (("query", heads), ("key", kv)):
        for shape, dims in (("heads", [0, 0, count, size]), ("flat", [0, 0, count * size])):
            nodes.append(helper.make_node("Constant", [], [f"{slot}_{shape}"], value_ints=dims))
        nodes.append(helper.make_node("Reshape", [slot, f"{slot}_heads"], [f"{slot}_split"]))
        epsilon = attributes.get(f"{slot[0]}_norm_epsilon", 1e-6)
        operands = [f"{slot}_split", f"{slot[0]}_norm_weight"]
        nodes.append(
            helper.make_node("SimplifiedLayerNormalization", operands, [f"{slot}_normal"], axis=-1, epsilon=epsilon)
        )
        nodes.append(helper.make_node("Reshape", [f"{slot}_normal", f"{slot}_flat"], [f"{slot}_in"]))
    slots = ["query_in", "key_in", *list(inputs)[2:9]]
    plain = {"num_heads": heads, "kv_num_heads": kv, "do_rotary": 1}
    nodes.append(helper.make_node(op, slots, outputs, domain="com.microsoft", **plain))
    REFERENCES["gqa_" + name] = nodes


group_query_norms("norms")
group_query_norms("norms_epsilon", q_norm_epsilon=0.5, k_norm_epsilon=0.25)


def multi_head(name, batch, new, keys, past=0, heads=4, size=8, bias=False, added=None, padding=None, **attributes):
    hidden = heads * size
    inputs = {"query": normal(batch, new, hidden)}
    inputs |= {"key": normal(batch, keys, hidden), "value": normal(batch, keys, hidden)}
    inputs["bias"] = normal(3 * hidden) if bias else None
    inputs["key_padding_mask"] = padding
    inputs["attention_bias"] = None if added is None else normal(*added)
    outputs = ["output"]
    if past:
        inputs |= {"past_key": normal(batch, heads, past, size), "past_value": normal(batch, heads, past, size)}
        outputs += ["present_key", "present_value"]
    case("mha_" + name, "MultiHeadAttention", inputs, outputs, num_heads=heads, **attributes)


multi_head("plain", 2, 5, 5)
multi_head("cross", 2, 3, 7)
multi_head("bias", 2, 5, 5, bias=True)
multi_head("added", 2, 5, 5, added=(2, 1, 5, 5))
multi_head("added_heads", 2, 5, 5, added=(1, 4, 5, 5))
multi_head("padding", 2, 5, 5, padding=np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32))
multi_head("causal", 2, 5, 5, unidirectional=1)
multi_head("past", 2, 2, 2, past=4)

for name, shape, ids, attributes in [
    ("rank3", (2, 5, 32), np.arange(10).reshape(2, 5), {"num_heads": 4}),
    ("rank4", (2, 4, 5, 8), np.arange(10).reshape(2, 5), {}),
    ("offset", (2, 5, 32), np.array([3]), {"num_heads": 4}),
    ("interleaved", (2, 5, 32), np.arange(10).reshape(2, 5), {"interleaved": 1, "num_heads": 4}),
    ("partial", (2, 5, 64), np.arange(10).reshape(2, 5), {"rotary_embedding_dim": 8, "num_heads": 4}),
]:
    cosine, sine = angles(16, 4)
    inputs = {"input": normal(*shape), "position_ids": ids, "cos_cache": cosine, "sin_cache": sine}
    case("rotary_" + name, "RotaryEmbedding", inputs, ["output"], **attributes)

for bits in (4, 8):
    for zeros in ("none", "packed") if bits == 8 else ("none", "packed", "float"):
        k, n, block = 48, 5, 16
        point = {"none": None, "packed": codes(n, -(-k // block * bits // 8)), "float": normal(n, k // block)}[zeros]
        inputs = {"A": normal(2, 3, k), "B": codes(n, k // block, block * bits // 8), "scales": normal(n, k // block)}
        inputs["zero_points"] = point
        case(
            f"matmul_{bits}_bits_zeros_{zeros}",
            "MatMulNBits",
            inputs,
            ["Y"],
            constants=("B", "scales", "zero_points"),
            K=k,
            N=n,
            bits=bits,
            block_size=block,
        )

for bits in (4, 8):
    for zeros in (False, True):
        data = codes(10, 32 * bits // 8)
        inputs = {"data": data, "indices": rng.integers(0, 10, (2, 3)), "scales": normal(10, 2)}
        inputs["zero_points"] = codes(10, 2 * bits // 8) if zeros else None
        case(
            f"gather_{bits}_bits{'_zeros' if zeros else ''}",
            "GatherBlockQuantized",
            inputs,
            ["output"],
            constants=("data", "scales", "zero_points"),
            bits=bits,
            block_size=16,
        )

for op in ("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"):
    for extra in (False, True):
        inputs = {"input": normal(2, 3, 8), "skip": normal(2, 3, 8), "gamma": normal(8)}
        if op == "SkipLayerNormalization":
            inputs["beta"] = normal(8)
        if extra:
            inputs["bias"] = normal(8)
        outputs = ["output", "", "", "sum"] if extra else ["output"]
        case(f"{op}{'_bias' if extra else ''}", op, inputs, outputs, epsilon=1e-5)
inputs = {"input": normal(2, 3, 8), "scale": normal(8)}
case("simplified", "SimplifiedLayerNormalization", inputs, ["output"], domain="", epsilon=1e-5)
case("quick_gelu", "QuickGelu", {"X": normal(3, 4)}, ["Y"])
case("gated_add", "GatedAdd", {"X": normal(2, 3, 8), "Y": normal(2, 3, 8), "gate": normal(2, 3, 1)}, ["output"])
for name, attributes in (("plain", {}), ("silu", {"activation": "silu"}), ("dilated", {"dilation": 2})):
    state = 2 * attributes.get("dilation", 1)
    inputs = {"input": normal(2, 6, 5), "weight": normal(6, 1, 3), "bias": normal(6), "past": normal(2, 6, state)}
    case("conv_" + name, "CausalConvWithState", inputs, ["output", "present"], **attributes)
case("fast_gelu", "FastGelu", {"X": normal(3, 4)}, ["Y"])
case("fast_gelu_bias", "FastGelu", {"X": normal(3, 4), "bias": normal(4)}, ["Y"])
case("bias_gelu", "BiasGelu", {"A": normal(3, 4), "B": normal(4)}, ["C"])

for rule in ("linear", "gated", "delta", "gated_delta"):
    inputs = {"query": normal(2, 5, 16), "key": normal(2, 5, 8) / 3, "value": normal(2, 5, 6)}
    inputs["past_state"] = normal(2, 2, 4, 3)
    inputs["decay"] = -np.abs(normal(2, 5, 2)) if "gated" in rule else None
    inputs["beta"] = np.abs(normal(2, 5, 2)) / 4 if "delta" in rule else None
    heads = {"q_num_heads": 4, "kv_num_heads": 2}
    case("linear_attention_" + rule, "LinearAttention", inputs, ["output", "state"], update_rule=rule, **heads)

signed = rng.integers(-128, 128, (8, 5), np.int8)
inputs = {"A": normal(2, 3, 8), "B": signed, "b_scale": np.float32(0.1), "b_zero_point": np.int8(3), "bias": normal(5)}
inputs = {key: np.asarray(value) for key, value in inputs.items()}
case("dynamic_product", "DynamicQuantizeMatMul", inputs, ["Y"])
inputs |= {"b_scale": np.abs(normal(5)), "b_zero_point": rng.integers(-9, 9, 5, np.int8)}
case("dynamic_product_columns", "DynamicQuantizeMatMul", inputs, ["Y"], constants=("B", "b_zero_point"))
inputs = {"A": codes(2, 3, 8), "B": signed, "a_scale": np.float32(0.2), "b_scale": np.float32(0.1)}
inputs |= {"a_zero_point": np.uint8(7), "b_zero_point": np.int8(3), "bias": normal(5)}
inputs = {key: np.asarray(value) for key, value in inputs.items()}
case("product_to_float", "MatMulIntegerToFloat", inputs, ["Y"])
for kind in ("int4", "uint4"):
    dtype = helper.tensor_dtype_to_np_dtype(getattr(onnx.TensorProto, kind.upper()))
    low = -8 if kind == "int4" else 0
    # More than the importer holds in the IR, and less.
    for name, rows in (("large", 64), ("small", 3)):
        quarter = rng.integers(low, low + 16, (rows, 33)).astype(dtype)
        inputs = {"x": quarter, "scale": np.abs(normal(rows, 3)) + 0.1, "zero": quarter[:, :3]}
        fixed = ("x", "zero")
        case(f"dequantize_{kind}_{name}", "DequantizeLinear", inputs, ["y"], fixed, domain="", axis=1, block_size=11)
inputs = {"x": normal(3, 4), "scale": np.abs(normal(4)) + 0.1, "zero": codes(4)}
case("quantize", "QuantizeLinear", inputs, ["y"], axis=1)
inputs = {"x": codes(3, 4), "scale": np.abs(normal(4)) + 0.1, "zero": codes(4)}
case("dequantize", "DequantizeLinear", inputs, ["y"], axis=1)


def write_case(name, folder):
    """The model, its inputs and what ONNX Runtime gives for them. Sizes of inputs are open."""
    op, inputs, outputs, constants, opset, domain, attributes = CASES[name]
    slots = ["" if value is None else key for key, value in inputs.items()]
    while slots and not slots[-1]:
        slots.pop()
    node = helper.make_node(op, slots, outputs, name=name, domain=domain, **attributes)
    given = {key: value for key, value in inputs.items() if value is not None}
    fed = {key: value for key, value in given.items() if key not in constants}

    def info(key, value):
        # Sizes of weights, heads and hidden sizes are known in real models.
        known = range(value.ndim) if key in WEIGHTS else (value.ndim - 1,) if 1 < value.ndim < 4 else (1, 3)
        shape = [size if i in known else f"{key}_{i}" for i, size in enumerate(value.shape)]
        return helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(value.dtype), shape)

    graph = helper.make_graph(
        [node],
        name,
        [info(key, value) for key, value in fed.items()],
        [onnx.ValueInfoProto(name=key) for key in outputs if key],
        [numpy_helper.from_array(given[key], key) for key in constants if key in given],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    reference = onnx.ModelProto()
    reference.CopyFrom(model)
    if name in REFERENCES:
        del reference.graph.node[:]
        reference.graph.node.extend(REFERENCES[name])
    session = ort.InferenceSession(reference.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [key for key in outputs if key]
    values = session.run(names, fed)
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data, exist_ok=True)
    for i, (key, value) in enumerate(fed.items()):
        onnx.save_tensor(numpy_helper.from_array(value, key), os.path.join(data, f"input_{i}.pb"))
    for i, (key, value) in enumerate(zip(names, values)):
        onnx.save_tensor(numpy_helper.from_array(value, key), os.path.join(data, f"output_{i}.pb"))
    path = os.path.join(folder, "model.onnx")
    onnx.save(model, path)
    return path, data


def run_case(name, workdir, moe_run):
    """What went wrong, or None."""
    try:
        path, data = write_case(name, os.path.join(workdir, name))
    except Exception as error:
        return f"ONNX Runtime: {error}"
    command = [moe_run, path, "--test-data", data, "--rtol", "1e-4", "--atol", "1e-5"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if result.returncode == 0:
        return None
    lines = (result.stderr.strip() or result.stdout.strip() or "no output").splitlines()
    return f"exit code {result.returncode}: {lines[-1]}"


def main():
    workdir, moe_run = sys.argv[1:3]
    pattern = sys.argv[3] if len(sys.argv) > 3 else ""
    names = [name for name in CASES if re.search(pattern, name)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = list(pool.map(lambda name: run_case(name, workdir, moe_run), names))
    failures = [(name, problem) for name, problem in zip(names, problems) if problem]
    for name, problem in failures:
        print(f"{name}: {problem}")
    print(f"{len(names)} cases, {len(failures)} failures")


main()
