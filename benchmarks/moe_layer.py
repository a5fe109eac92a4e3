#!/usr/bin/env python3
"""Time one MoE layer through moe-run and through ONNX Runtime's MoE operator.

Both run the same ONNX file: router MatMul, com.microsoft.MoE with SwiGLU
experts, f32, random weights. Rounds are interleaved, each round takes the
minimum of several calls, and the ratio is that of the minima over all rounds.

  benchmarks/moe_layer.py                     hidden 2048, inter 1024, 64
                                              experts, top 8, 512 tokens
  benchmarks/moe_layer.py --tokens 16 --rounds 5 --threads 2

Prints one line per round and, last, a line of JSON: times in milliseconds,
GFLOP/s, the ratio onnxruntime / moe-run (above 1: moe-run is faster), and the
greatest difference of the two outputs relative to the greatest output.
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
import onnxruntime as ort
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parent.parent


def write_model(folder, hidden, inter, experts, top_k, rng):
    """Writes model.onnx with its weights in model.onnx.data."""
    shapes = {
        "router": (hidden, experts),
        "fc1": (experts, 2 * inter, hidden),
        "fc2": (experts, hidden, inter),
    }
    tensors = []
    with open(folder / "model.onnx.data", "wb") as data:
        for name, shape in shapes.items():
            fan_in = shape[0] if name == "router" else shape[2]
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
            tensor.data_location = TensorProto.EXTERNAL
            offset = data.tell()
            rows = shape[0]
            for _ in range(rows):
                part = rng.standard_normal(shape[1:], dtype=np.float32)
                data.write((part / np.float32(math.sqrt(fan_in))).tobytes())
            for key, value in (
                ("location", "model.onnx.data"),
                ("offset", str(offset)),
                ("length", str(data.tell() - offset)),
            ):
                tensor.external_data.add(key=key, value=value)
            tensors.append(tensor)
    nodes = [
        helper.make_node("MatMul", ["x", "router"], ["logits"]),
        helper.make_node(
            "MoE",
            ["x", "logits", "fc1", "", "fc2"],
            ["y"],
            domain="com.microsoft",
            k=top_k,
            normalize_routing_weights=1,
            activation_type="swiglu",
            swiglu_fusion=1,
            activation_alpha=1.0,
            activation_beta=0.0,
        ),
    ]
    value = lambda name: helper.make_tensor_value_info(
        name, TensorProto.FLOAT, ["tokens", hidden]
    )
    graph = helper.make_graph(nodes, "layer", [value("x")], [value("y")], tensors)
    model = helper.make_model(
        graph,
        ir_version=9,
        opset_imports=[
            helper.make_opsetid("", 18),
            helper.make_opsetid("com.microsoft", 1),
        ],
    )
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--inter", type=int, default=1024)
    parser.add_argument("--experts", type=int, default=64)
    parser.add_argument("--top-k", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--calls", type=int, default=4, help="calls in a round")
    parser.add_argument("--mcpu", help="processor that moe-run compiles for")
    parser.add_argument("--moe-run", default=str(ROOT / "build/release/bin/moe-run"))
    parser.add_argument("--workdir", help="keep the model here and reuse it")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(args.workdir or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(0)
        x = rng.standard_normal((args.tokens, args.hidden), dtype=np.float32)
        np.save(folder / "x.npy", x)
        if not (folder / "model.onnx").exists():
            write_model(
                folder, args.hidden, args.inter, args.experts, args.top_k, rng
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = args.threads
        session = ort.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        command = [args.moe_run, str(folder / "model.onnx")]
        command += ["--input", f"x={folder / 'x.npy'}"]
        command += ["--threads", str(args.threads)]
        if args.mcpu:
            command += [f"--mcpu={args.mcpu}"]

        want = session.run(None, {"x": x})[0]
        subprocess.run(command + ["--output-dir", str(folder)], check=True)
        got = np.load(folder / "y.npy")
        error = float(np.abs(got - want).max() / np.abs(want).max())

        best = {"onnxruntime": math.inf, "moe-run": math.inf}
        for i in range(args.rounds):
            for _ in range(args.calls):
                start = time.perf_counter()
                session.run(None, {"x": x})
                elapsed = 1e3 * (time.perf_counter() - start)
                best["onnxruntime"] = min(best["onnxruntime"], elapsed)
            lines = subprocess.run(
                command + ["--time", str(args.calls)],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.splitlines()
            best["moe-run"] = min(best["moe-run"], json.loads(lines[-1])["min_ms"])
            print(f"round {i + 1}/{args.rounds}: {best}", file=sys.stderr)

        flops = 6 * args.tokens * args.top_k * args.hidden * args.inter
        print(
            json.dumps(
                {
                    "onnxruntime_ms": round(best["onnxruntime"], 3),
                    "moe_run_ms": round(best["moe-run"], 3),
                    "moe_run_gflops": round(flops / best["moe-run"] / 1e6, 1),
                    "ratio": round(best["onnxruntime"] / best["moe-run"], 3),
                    "relative_error": error,
                }
            )
        )


if __name__ == "__main__":
    main()
