#!/usr/bin/env python3
"""Time a MoE++ layer as the share of zero-computation experts grows.

A layer of FFN experts (SwiGLU, f32) and zero-computation ones (zero, copy and
mixed constants, MoE++, arXiv:2410.07348), top-2, against the vanilla layer with
the same FFN experts alone. Router logits are an input, drawn so that the wanted
share of all choices falls on zero-computation experts. For each share:

  ratio   time of the vanilla layer / time of this one: the throughput ratio
  bound   the same of the roofline floors, max(FLOPs at the measured peak, bytes
          at the measured bandwidth): what folding can give
  kept    ratio / bound

FLOPs are those of the rows of FFN experts, of the mixing logits of chosen constants,
and of the sums over slots, copies and vectors; bytes those of the touched weights,
the tokens, the logits and the result.

  benchmarks/zero_computation.py                     8+4 experts, hidden 768
  benchmarks/zero_computation.py --experts 16 --zero 4 --hidden 1536 --inter 4096
  benchmarks/zero_computation.py --unfolded          the same layer without the
                                                     pass that folds, too

Layers take turns, round by round; the least time of each counts. Prints a line
per share, and last, a line of JSON.
"""
import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def write_weights(folder, experts, hidden, inter, rng):
    """weights.bin and its parts: name, shape, offset, bytes."""
    parts, offset = [], 0
    shapes = [("gate", (experts, inter, hidden)), ("up", (experts, inter, hidden)), ("down", (experts, hidden, inter)),
              ("vectors", (2, hidden)), ("mix", (2, 2, hidden))]
    with open(folder / "weights.bin", "wb") as file:
        for name, shape in shapes:
            for _ in range(shape[0]):
                part = rng.standard_normal(shape[1:], dtype=np.float32) / np.float32(math.sqrt(shape[-1]))
                file.write(part.tobytes())
            size = int(np.prod(shape)) * 4
            parts.append((name, shape, offset, size))
            offset += size
    return parts


def write_layer(folder, name, parts, experts, zero, hidden, inter):
    """A module with `zero` zero-computation experts: copies, zeros, two mixed constants."""
    total = sum(size for *_, size in parts)
    lines = [f'module attributes {{onnxir.base_dir = "{folder}", onnxir.files = {{weights.bin = {total} : i64}}}} {{']
    for part, shape, offset, size in parts:
        kind = f"tensor<{'x'.join(map(str, shape))}xf32>"
        lines.append(f'  onnxir.weight @{part} from "weights.bin"[{offset}, {size}] : {kind}')
    slots, row = experts + zero, f"tensor<?x{hidden}xf32>"
    lines += [
        f'  func.func @main(%x: {row} {{onnxir.name = "x"}}, %z: tensor<?x{slots}xf32> {{onnxir.name = "logits"}})',
        f'      -> ({row} {{onnxir.name = "y"}}) {{',
    ]
    for part, shape, *_ in parts:
        dims = "x".join(map(str, shape))
        lines.append(f"    %{part} = onnxir.get_weight @{part} : tensor<{dims}xf32>")
        lines.append(f"    %w{part} = moe.weights %{part} : tensor<{dims}xf32> -> !moe.weights<{dims}, f32>")
    first, second = f"{experts}x{inter}x{hidden}", f"{experts}x{hidden}x{inter}"
    kinds = [f"!moe.experts<{experts}, {hidden} -> {hidden}>"]
    lines.append(
        f"    %ffn = moe.ffn_experts up(%wup : !moe.weights<{first}, f32>) gate(%wgate : !moe.weights<{first}, f32>) "
        f"down(%wdown : !moe.weights<{second}, f32>) activation<silu> : {kinds[0]}"
    )
    sets = ["%ffn"]
    if zero:
        for kind, count in (("zero", 1), ("copy", zero - 3)):
            kinds.append(f"!moe.experts<{count}, {hidden} -> {hidden}>")
            lines.append(f"    %{kind} = moe.{kind}_experts : {kinds[-1]}")
            sets.append(f"%{kind}")
        kinds.append(f"!moe.experts<2, {hidden} -> {hidden}>")
        lines.append(
            f"    %constant = moe.constant_experts %wvectors mix(%wmix : !moe.weights<2x2x{hidden}, f32>) : "
            f"!moe.weights<2x{hidden}, f32> -> {kinds[-1]}"
        )
        sets.append("%constant")
    lines += [
        "    %w, %ids = moe.gate %z score<softmax> select<top_k, k = 2> normalize<sum> : "
        f"tensor<?x{slots}xf32> -> tensor<?x2xf32>, tensor<?x2xi32>",
        f"    %p = moe.plan %ids : tensor<?x2xi32> -> !moe.plan<{slots}>",
        f"    %rows = moe.dispatch %x, %p : {row}, !moe.plan<{slots}> -> {row}",
        f"    %o = moe.experts %rows, %p, ({', '.join(sets)}) : {row}, !moe.plan<{slots}>, {', '.join(kinds)} -> {row}",
        f"    %y = moe.combine %o, %p, %w : {row}, !moe.plan<{slots}>, tensor<?x2xf32> -> {row}",
        f"    return %y : {row}",
        "  }",
        "}",
    ]
    path = folder / f"{name}.mlir"
    path.write_text("\n".join(lines) + "\n")
    return path


def draw_logits(tokens, experts, zero, share, rng):
    """Logits of which the wanted share of the two greatest are of zero-computation experts."""
    logits = rng.standard_normal((tokens, experts + zero)).astype(np.float32)
    slots = np.zeros(2 * tokens, bool)
    slots[: round(2 * tokens * share)] = True
    rng.shuffle(slots)
    for token, chosen in enumerate(slots.reshape(tokens, 2)):
        of_zero = int(chosen.sum())
        picks = list(experts + rng.choice(zero, of_zero, replace=False)) if of_zero else []
        picks += list(rng.choice(experts, 2 - of_zero, replace=False))
        logits[token, picks] += 20
    return logits


def floor_ms(logits, args, ceilings):
    """The roofline floor of a layer that chooses the two greatest logits."""
    hidden, inter, experts = args.hidden, args.inter, args.experts
    tokens, slots = logits.shape
    ids = np.argsort(-logits, axis=1)[:, :2]
    rows, constants = np.sum(ids < experts), np.sum(ids >= slots - 2) if slots > experts else 0
    copies = np.sum(np.any(ids > experts, axis=1))
    flops = 6 * rows * hidden * inter + 2 * (rows + copies + 3 * constants) * hidden
    touched = len(np.unique(ids[ids < experts]))
    size = 4 * (touched * 3 * hidden * inter + tokens * (2 * hidden + slots))
    return 1e3 * max(flops / ceilings["flops"], size / ceilings["bytes"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experts", type=int, default=8, help="FFN experts")
    parser.add_argument("--zero", type=int, default=4, help="zero-computation experts, 4 at least")
    parser.add_argument("--hidden", type=int, default=768)
    parser.add_argument("--inter", type=int, default=2048)
    parser.add_argument("--tokens", type=int, nargs="+", default=[512, 4096])
    parser.add_argument("--shares", type=float, nargs="+", default=[0, 0.25, 0.5, 0.75])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=3, help="calls in a round")
    parser.add_argument("--unfolded", action="store_true", help="also without folding")
    parser.add_argument("--tools", type=Path, default=ROOT / "build/release/bin")
    args = parser.parse_args()
    if args.zero < 4 or any(not 0 <= share <= 1 for share in args.shares):
        parser.error("--zero must be at least 4, shares from 0 to 1")

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        parts = write_weights(folder, args.experts, args.hidden, args.inter, rng)
        vanilla = write_layer(folder, "vanilla", parts, args.experts, 0, args.hidden, args.inter)
        layer = write_layer(folder, "layer", parts, args.experts, args.zero, args.hidden, args.inter)
        measured = json.loads(subprocess.run(
            [args.tools / "moe-bench", "--ceilings", "--json", f"--threads={args.threads}"],
            check=True, capture_output=True, text=True).stdout)
        ceilings = read_ceilings(measured)
        report = []
        for tokens in args.tokens:
            np.save(folder / "x.npy", rng.standard_normal((tokens, args.hidden), dtype=np.float32))
            cases = {"vanilla": (vanilla, draw_logits(tokens, args.experts, 0, 0, rng), [])}
            for share in args.shares:
                logits = draw_logits(tokens, args.experts, args.zero, share, rng)
                cases[share] = (layer, logits, [])
                if args.unfolded:
                    cases[f"{share} unfolded"] = (layer, logits, ["--without=moe-fold-zero-computation-experts"])
            best = {name: math.inf for name in cases}
            for number in range(args.rounds):
                for name, (model, logits, options) in cases.items():
                    np.save(folder / "logits.npy", logits)
                    lines = subprocess.run(
                        [args.tools / "moe-run", model, "--input", f"x={folder}/x.npy", "--input",
                         f"logits={folder}/logits.npy", "--threads", str(args.threads), "--time", str(args.calls),
                         *options], check=True, capture_output=True, text=True).stdout.splitlines()
                    best[name] = min(best[name], json.loads(lines[-1])["min_ms"])
                print(f"{tokens} tokens, round {number + 1}/{args.rounds}", file=sys.stderr)
            whole = floor_ms(cases["vanilla"][1], args, ceilings)
            for name, milliseconds in best.items():
                floor = floor_ms(cases[name][1], args, ceilings)
                line = {"tokens": tokens, "share": name, "ms": round(milliseconds, 2),
                        "floor": round(floor / milliseconds, 3), "ratio": round(best["vanilla"] / milliseconds, 3)}
                line["bound"] = round(whole / floor, 3)
                line["kept"] = round(best["vanilla"] / milliseconds * floor / whole, 3)
                report.append(line)
                print("  ".join(f"{key} {value}" for key, value in line.items()))
        print(json.dumps({"ceilings": ceilings, "cases": report}))


def read_ceilings(measured):
    """FLOP/s and bytes/s of moe-bench's measurement."""
    ceilings = measured["ceilings"][0]
    return {"flops": ceilings["ops_per_s"]["f32"], "bytes": ceilings["bytes_per_s"]}


if __name__ == "__main__":
    main()
