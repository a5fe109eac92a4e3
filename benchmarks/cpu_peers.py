#!/usr/bin/env python3
"""Time one MoE layer on a CPU through moe-run and through the peers a user would pick.

The layer: router (softmax, top-k, renormalise), SwiGLU experts, combine. Every
peer gets the same random weights and the same inputs, runs in a process of its
own with the same number of threads, and is checked against a float64 reference.

  benchmarks/cpu_peers.py --list                           names of the peers
  benchmarks/cpu_peers.py --shapes olmoe --tokens 1 16     two cases
  benchmarks/cpu_peers.py --peers '.*(fp32|bf16)' --out r  some; r.json, r.md
  benchmarks/cpu_peers.py --prepare --workdir d            writes weights only

Peers are loaded in batches that fit --budget-gib. Within a batch the rounds are
interleaved, the caches are emptied by a large read before each visit, calls in
a row take different inputs, and the least and the median time over all rounds
count. The floor of a case is the greater of 6 · tokens · top-k · hidden · inter
operations at the peak of the weights' type, and of the bytes of the experts
that tokens chose at the read bandwidth; both limits are what `moe-bench
--ceilings` measures before and after.

Needs numpy and onnx; each peer its package (onnxruntime, torch, openvino,
ml_dtypes), ggml the folder of libggml-base.so and libggml-cpu.so (--ggml-dir).
What is absent is left out, with the reason.
"""
import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from peers.case import BYTES, SHAPES, TOLERANCE, Case
from peers.registry import PEERS
from peers.worker import Worker, serve

BIN = Path(__file__).resolve().parent.parent / "build/release/bin"


class Ceilings:
    """The machine's limits: the best of all measurements, and what empties the caches."""

    def __init__(self, args):
        self.command = [args.moe_bench, "--ceilings", "--json", f"--threads={args.threads}", "--rounds=3"]
        self.best = {"ops_per_s": {}, "bytes_per_s": 0}
        self.buffer = np.ones(512 << 17, np.float64)
        self.measure()

    def measure(self):
        report = json.loads(subprocess.run(self.command, check=True, capture_output=True, text=True).stdout)
        for limits in report["ceilings"]:
            for kind, value in limits["ops_per_s"].items():
                self.best["ops_per_s"][kind] = max(value, self.best["ops_per_s"].get(kind, 0))
            self.best["bytes_per_s"] = max(limits["bytes_per_s"], self.best["bytes_per_s"])

    def flush(self):
        self.buffer.sum()

    def floor_ms(self, row):
        peaks = self.best["ops_per_s"]
        kinds = {"fp32": ["f32"], "bf16": ["f32", "bf16"]}.get(row["dtype"], list(peaks))
        peak = max(peaks[kind] for kind in kinds if kind in peaks)
        return 1e3 * max(row["flops"] / peak, row["bytes"] / self.best["bytes_per_s"])


def load_batch(todo, case, args, log, skipped):
    """Starts peers from the front of `todo` as long as they fit the memory."""
    batch, used = [], 0.0
    while todo:
        peer = PEERS[todo[0]]
        need = peer["copies"] * case.elems() * BYTES[peer["dtype"]] / 2**30 + 0.4
        if batch and used + need > args.budget_gib:
            break
        spec = dict(shape=case.name, dir=str(case.dir), threads=args.threads, ggml_dir=args.ggml_dir, moe_run=args.moe_run)
        worker = Worker(todo.pop(0), spec, log)
        reply = worker.ask(cmd="load")
        if "load_s" not in reply:
            why = reply.get("skip") or reply.get("error")
            print(f"  without {worker.name}: {why}", flush=True)
            skipped.append(dict(shape=case.name, peer=worker.name, why=why))
            worker.close()
            continue
        used += need
        batch.append(worker)
    return batch


def check(worker, case, tokens, skipped):
    """The first call, against the reference; a row of results without times."""
    peer = PEERS[worker.name]
    if peer["tokens"] and tokens not in peer["tokens"]:
        return None
    reply = worker.ask(cmd="check", T=tokens)
    if "err_max" not in reply:
        why = reply.get("skip") or reply.get("error")
        print(f"  without {worker.name}, {tokens} tokens: {why}", flush=True)
        skipped.append(dict(shape=case.name, peer=worker.name, tokens=tokens, why=why))
        return None
    error = reply["err_med"] if peer["low_router"] else reply["err_max"]
    weights = 3 * case.H * case.I
    return dict(
        shape=case.name, tokens=tokens, peer=worker.name, dtype=peer["dtype"],
        right=bool(error < TOLERANCE[peer["dtype"]]), flops=2 * weights * tokens * case.k,
        bytes=case.touched(tokens) * weights * BYTES[peer["dtype"]], calls=max(1, min(8, int(100 / reply["warm_ms"]))),
        samples=[], **reply)


def measure(batch, case, tokens, args, ceilings, skipped):
    rows = {worker.name: row for worker in batch if (row := check(worker, case, tokens, skipped))}
    for i in range(args.rounds):
        for worker in batch:
            row = rows.get(worker.name)
            if not row or (i and row["warm_ms"] > args.slow_ms and not hasattr(PEERS[worker.name]["cls"], "timed")):
                continue
            ceilings.flush()
            row["samples"] += worker.ask(cmd="time", T=tokens, n=row["calls"], at=i * row["calls"]).get("ms", [])
    for row in rows.values():
        if row["samples"]:
            row.update(min_ms=min(row["samples"]), median_ms=statistics.median(row["samples"]))
            print(f"  {tokens:4} tokens {row['peer']:24} {row['min_ms']:9.2f} ms, median {row['median_ms']:9.2f}, error "
                  f"{row['err_max']:.1e}{'' if row['right'] else ' WRONG'}", flush=True)
    return [row for row in rows.values() if row["samples"]]


def markdown(report):
    """A table for each case, and our time against the best peer's for each type."""
    lines = []
    for shape, tokens in dict.fromkeys((r["shape"], r["tokens"]) for r in report["rows"]):
        rows = [r for r in report["rows"] if (r["shape"], r["tokens"]) == (shape, tokens)]
        lines += [f"## {shape}, {tokens} tokens", "", "| peer | weights | min ms | median ms | Gop/s | floor | max error | |",
                  "|---|---|--:|--:|--:|--:|--:|---|"]
        for r in sorted(rows, key=lambda r: (list(BYTES).index(r["dtype"]), r["min_ms"])):
            lines.append(f"| {r['peer']} | {r['dtype']} | {r['min_ms']:.2f} | {r['median_ms']:.2f} | "
                         f"{r['flops'] / r['min_ms'] / 1e6:.0f} | {100 * r['floor_ms'] / r['min_ms']:.0f} % | "
                         f"{r['err_max']:.1e} | {'' if r['right'] else 'wrong'} |")
        lines.append("")
    return "\n".join(lines)


def run(args):
    folder = Path(args.workdir or tempfile.mkdtemp(prefix="cpu-peers-"))
    names = [n for n in PEERS if re.fullmatch(args.peers, n)]
    out = Path(args.out)
    report = dict(threads=args.threads, rows=[], skipped=[])
    if args.append and out.with_suffix(".json").exists():
        report = json.loads(out.with_suffix(".json").read_text())
    ceilings = None if args.prepare else Ceilings(args)
    try:
        for shape in args.shapes:
            case = Case(shape, folder / shape.replace("/", "_"), args.threads)
            start = time.time()
            case.prepare(args.tokens)
            print(f"{shape}: weights and references in {time.time() - start:.0f} s", flush=True)
            todo = [] if args.prepare else list(names)
            while todo:
                with open(out.with_suffix(".log"), "a") as log:
                    batch = load_batch(todo, case, args, log, report["skipped"])
                    rows = [row for tokens in args.tokens for row in measure(batch, case, tokens, args, ceilings, report["skipped"])]
                    for worker in batch:
                        worker.close()
                ceilings.measure()
                for row in rows:
                    row["floor_ms"] = ceilings.floor_ms(row)
                fresh = {(r["shape"], r["tokens"], r["peer"]) for r in rows}
                report["rows"] = [r for r in report["rows"] if (r["shape"], r["tokens"], r["peer"]) not in fresh] + rows
                report["ceilings"] = ceilings.best
                out.with_suffix(".json").write_text(json.dumps(report, indent=1))
                out.with_suffix(".md").write_text(markdown(report))
    finally:
        if not args.workdir:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--tokens", nargs="+", type=int, default=[1, 16, 128, 512, 2048])
    parser.add_argument("--peers", default=".*", help="regular expression over whole names")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slow-ms", type=float, default=1500, help="a peer slower than this gets one round")
    parser.add_argument("--budget-gib", type=float, default=9, help="memory for the peers of one batch")
    parser.add_argument("--workdir", help="keep weights and references here and use them again")
    parser.add_argument("--prepare", action="store_true", help="write weights and references only")
    parser.add_argument("--ggml-dir", help="folder of libggml-base.so and libggml-cpu.so")
    parser.add_argument("--moe-run", default=str(BIN / "moe-run"))
    parser.add_argument("--moe-bench", default=str(BIN / "moe-bench"))
    parser.add_argument("--out", default="cpu-peers", help="name of results, without .json and .md")
    parser.add_argument("--append", action="store_true", help="add to the results that are there")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        serve(args.worker[0], json.loads(args.worker[1]))
    elif args.list:
        print("\n".join(f"{name:<28} {peer['dtype']}" for name, peer in PEERS.items()))
    else:
        run(args)


if __name__ == "__main__":
    sys.exit(main())
