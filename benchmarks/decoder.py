#!/usr/bin/env python3
"""Time a random MoE decoder through moe-run and through ONNX Runtime.

The graph is that of gpt-oss as ONNX Runtime GenAI's builder writes it: norms,
grouped query attention with rotary embedding and a key/value cache, a router
and experts (MoE or QMoE) in each layer; weights are random. Both programs run
the same file: a prompt without a cache, and one token behind it.

  benchmarks/decoder.py                      a billion parameters, f32
  benchmarks/decoder.py --bits 4             int4 in blocks of 32
  benchmarks/decoder.py --layers 2 --workdir d --rounds 2

Rounds are interleaved, and minima over all rounds count. Prints, last, a line
of JSON: milliseconds, the ratio onnxruntime / moe-run (above 1: moe-run is
faster), and the greatest difference of the logits relative to the greatest.
"""
import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent


class Builder:
    """Nodes and weights of a decoder; weights go to a file as they are made."""

    def __init__(self, args, data):
        self.args, self.data, self.nodes, self.tensors = args, data, [], []
        self.rng = np.random.default_rng(0)

    def op(self, kind, inputs, outputs=None, domain="com.microsoft", **attributes):
        outputs = outputs or [f"v{len(self.nodes)}"]
        self.nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def small(self, array):
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, shape, dtype, parts):
        """An external tensor of `shape` from an iterator of its parts."""
        name = f"w{len(self.tensors)}"
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
        self.data.write(b"\0" * (-self.data.tell() % 64))
        offset = self.data.tell()
        for part in parts:
            self.data.write(np.ascontiguousarray(part, dtype).tobytes())
        for key, value in (("location", "model.onnx.data"), ("offset", offset), ("length", self.data.tell() - offset)):
            tensor.external_data.add(key=key, value=str(value))
        self.tensors.append(tensor)
        return name

    def matrices(self, count, out, depth, layout):
        """`count` matrices: their tensors as MoE, QMoE, MatMul or MatMulNBits take them."""
        bits, block = self.args.bits, 32
        bound = 1 / math.sqrt(depth)
        if bits == 32:
            shape = (depth, out) if layout == "matmul" else (count, out, depth)
            return [self.weight(shape, np.float32, (bound * self.rng.standard_normal(shape[-2:], np.float32) for _ in range(count)))]
        blocks = depth // block
        codes = (out, blocks, block * bits // 8) if layout == "matmul" else (count, out, depth * bits // 8)
        scales = (out, blocks) if layout == "matmul" else (count, out, blocks)
        scale = bound * math.sqrt(12) / (1 << bits)
        size = out * depth * bits // 8
        return [
            self.weight(codes, np.uint8, (self.rng.integers(0, 256, size, np.uint8) for _ in range(count))),
            self.weight(scales, np.float32, (scale * self.rng.uniform(0.8, 1.2, (out, blocks)) for _ in range(count))),
        ]

    def linear(self, x, out, depth):
        operands = self.matrices(1, out, depth, "matmul")
        if self.args.bits == 32:
            return self.op("MatMul", [x, *operands], domain="")
        return self.op("MatMulNBits", [x, *operands], K=depth, N=out, bits=self.args.bits, block_size=32,
                       accuracy_level=self.args.accuracy_level)

    def experts(self, x, router):
        a = self.args
        first = self.matrices(a.experts, 2 * a.inter, a.hidden, "experts")
        second = self.matrices(a.experts, a.hidden, a.inter, "experts")
        common = dict(k=a.top_k, normalize_routing_weights=1, activation_type="swiglu", swiglu_fusion=1, swiglu_limit=7.0,
                      activation_alpha=1.702, activation_beta=1.0)
        if a.bits == 32:
            return self.op("MoE", [x, router, *first, "", *second], **common)
        return self.op("QMoE", [x, router, *first, "", *second], expert_weight_bits=a.bits, block_size=32, **common)


def write_model(folder, args):
    heads, groups, size = args.heads, args.kv_heads, args.head_size
    with open(folder / "model.onnx.data", "wb") as data:
        b = Builder(args, data)
        one = b.small(np.array([1], np.int64))
        lengths = b.op("Cast", [b.op("Sub", [b.op("ReduceSum", ["attention_mask", one], domain="", keepdims=0), one], domain="")],
                       domain="", to=TensorProto.INT32)
        total = b.op("Gather", [b.op("Shape", ["attention_mask"], domain=""), b.small(np.array(1, np.int64))], domain="", axis=0)
        total = b.op("Cast", [total], domain="", to=TensorProto.INT32)
        angles = np.outer(np.arange(1024), 1 / 10000 ** (np.arange(size // 2) / (size // 2)))
        cos, sin = b.small(np.cos(angles).astype(np.float32)), b.small(np.sin(angles).astype(np.float32))
        ones = b.small(np.ones(args.hidden, np.float32))
        table = b.weight((args.vocabulary, args.hidden), np.float32,
                         [b.rng.standard_normal((args.vocabulary, args.hidden), np.float32)])
        residual = b.op("Gather", [table, "input_ids"], domain="")
        x = b.op("SimplifiedLayerNormalization", [residual, ones], domain="", epsilon=1e-5, axis=-1, stash_type=1)
        caches = []

        def skip_norm(residual, y, i):
            outputs = [f"n{i}", "", "", f"r{i}"]
            b.op("SkipSimplifiedLayerNormalization", [residual, y, ones], outputs, epsilon=1e-5)
            return outputs[3], outputs[0]

        for layer in range(args.layers):
            qkv = b.linear(x, (heads + 2 * groups) * size, args.hidden)
            attended = f"attended{layer}"
            b.op("GroupQueryAttention",
                 [qkv, "", "", f"past.{layer}.key", f"past.{layer}.value", lengths, total, cos, sin],
                 [attended, f"present.{layer}.key", f"present.{layer}.value"],
                 num_heads=heads, kv_num_heads=groups, do_rotary=1, rotary_interleaved=0, scale=1 / math.sqrt(size))
            residual, x = skip_norm(residual, b.linear(attended, args.hidden, heads * size), 2 * layer)
            router = b.op("Reshape", [b.linear(x, args.experts, args.hidden), b.small(np.array([-1, args.experts], np.int64))], domain="")
            residual, x = skip_norm(residual, b.experts(x, router), 2 * layer + 1)
            caches += [f"{layer}.key", f"{layer}.value"]
        logits = b.linear(x, args.vocabulary, args.hidden)
        b.op("Identity", [logits], ["logits"], domain="")

    def value(name, kind, shape):
        return helper.make_tensor_value_info(name, kind, shape)

    def cache(name, length):
        return value(name, TensorProto.FLOAT, [1, groups, length, size])

    graph = helper.make_graph(
        b.nodes, "decoder",
        [value("input_ids", TensorProto.INT64, [1, "tokens"]), value("attention_mask", TensorProto.INT64, [1, "total"]),
         *(cache(f"past.{name}", "past") for name in caches)],
        [value("logits", TensorProto.FLOAT, [1, "tokens", args.vocabulary]), *(cache(f"present.{name}", "total") for name in caches)],
        b.tensors)
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)])
    onnx.save(model, folder / "model.onnx")
    parameters = sum(math.prod(t.dims) * (8 // args.bits if t.data_type == TensorProto.UINT8 else 1) for t in b.tensors)
    print(f"{parameters / 1e9:.2f} billion parameters", file=sys.stderr)


def make_inputs(folder, args, tokens, past):
    """Inputs as arrays, and their files for moe-run."""
    rng = np.random.default_rng(past)
    feed = {"input_ids": rng.integers(0, args.vocabulary, (1, tokens)), "attention_mask": np.ones((1, past + tokens), np.int64)}
    for layer in range(args.layers):
        for part in ("key", "value"):
            feed[f"past.{layer}.{part}"] = rng.standard_normal((1, args.kv_heads, past, args.head_size), np.float32)
    options = []
    for name, array in feed.items():
        path = folder / f"{name}-{past}.npy"
        np.save(path, array)
        options += ["--input", f"{name}={path}"]
    return feed, options


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("layers", 16), ("hidden", 1024), ("inter", 1280), ("experts", 16), ("top-k", 4), ("heads", 16),
                          ("kv-heads", 4), ("head-size", 64), ("vocabulary", 8192), ("prompt", 128), ("threads", 2), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--bits", type=int, choices=(4, 8, 32), default=32)
    parser.add_argument("--accuracy-level", type=int, default=4, help="of MatMulNBits: 4 lets it round activations to 8 bits")
    parser.add_argument("--moe-run", default=str(ROOT / "build/release/bin/moe-run"))
    parser.add_argument("--options", nargs="*", default=[], help="more options of moe-run, without their dashes")
    parser.add_argument("--workdir", help="keep the model here and use it again")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(args.workdir or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "model.onnx").exists():
            write_model(folder, args)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = args.threads
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        command = [args.moe_run, str(folder / "model.onnx"), "--threads", str(args.threads), *(f"--{o}" for o in args.options)]
        report = {}
        for phase, tokens, past in (("prefill", args.prompt, 0), ("decode", 1, args.prompt)):
            feed, given = make_inputs(folder, args, tokens, past)
            want = session.run(["logits"], feed)[0]
            subprocess.run([*command, *given, "--output-dir", str(folder)], check=True, capture_output=True)
            got = np.load(folder / "logits.npy")
            calls = 3 if tokens > 1 else 20
            best = {"onnxruntime": math.inf, "moe_run": math.inf}
            for _ in range(args.rounds):
                for _ in range(calls):
                    start = time.perf_counter()
                    session.run(None, feed)
                    best["onnxruntime"] = min(best["onnxruntime"], 1e3 * (time.perf_counter() - start))
                lines = subprocess.run([*command, *given, "--time", str(calls)], check=True, capture_output=True, text=True).stdout
                best["moe_run"] = min(best["moe_run"], json.loads(lines.splitlines()[-1])["min_ms"])
                print(phase, best, file=sys.stderr, flush=True)
            report[phase] = {f"{name}_ms": round(ms, 3) for name, ms in best.items()} | {
                "ratio": round(best["onnxruntime"] / best["moe_run"], 3),
                "difference": float(np.abs(got - want).max() / np.abs(want).max())}
        print(json.dumps(report))


if __name__ == "__main__":
    main()
