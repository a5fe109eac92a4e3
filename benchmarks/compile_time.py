#!/usr/bin/env python3
"""Time what it takes to compile each model of a corpus.

The corpus is a folder of CASE/model.onnx with CASE/test_data_set_0, which
moe-run is called on twice: without its cache, and with a cache that has the
model. The difference in CPU time is that of compiling; on a busy machine it is
the only number that can be compared.

  benchmarks/compile_time.py MODELS
  benchmarks/compile_time.py MODELS --filter qwen --tools build/release/bin

Prints a line per model, the slowest last: seconds of CPU to compile, seconds
from start to end with and without compiling, the greatest memory in MB, and
the size of the object code in KB. With --limit the status says whether every
model compiled within that many seconds of CPU.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measure(command, cache):
    """CPU seconds, wall seconds and peak MB of a command."""
    environment = dict(os.environ, MOE_CACHE_DIR=cache)
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path, help="the corpus")
    parser.add_argument("--tools", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--filter", default="", help="only cases with this in the name")
    parser.add_argument("--limit", type=float, help="CPU seconds allowed per model")
    args = parser.parse_args()

    rows = []
    for model in sorted(args.models.glob("*/model.onnx")):
        data = model.parent / "test_data_set_0"
        if args.filter not in model.parent.name or not data.is_dir():
            continue
        command = [str(args.tools / "moe-run"), str(model), "--test-data", str(data)]
        with tempfile.TemporaryDirectory() as cache:
            cold_cpu, cold_wall, memory = measure(command, cache)
            warm_cpu, warm_wall, _ = measure(command, cache)
            size = sum(file.stat().st_size for file in Path(cache).iterdir())
        rows.append(
            (cold_cpu - warm_cpu, cold_wall, warm_wall, memory, size / 1024, model.parent.name)
        )
    print(f"{'CPU':>7} {'cold':>7} {'warm':>7} {'MB':>6} {'KB':>6}")
    for cpu, cold, warm, memory, size, name in sorted(rows):
        print(f"{cpu:7.2f} {cold:7.2f} {warm:7.2f} {memory:6.0f} {size:6.0f}  {name}")
    total = sum(row[0] for row in rows)
    print(f"{total:7.2f} s of CPU for {len(rows)} models")
    slow = [row for row in rows if args.limit is not None and row[0] > args.limit]
    return 1 if slow or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
