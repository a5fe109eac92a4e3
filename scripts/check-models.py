#!/usr/bin/env python3
"""Runs a corpus of ONNX models through moe-run and compares.

The corpus is a folder with index.json (per case: form, part, data_sets, rtol,
atol), CASE/model.onnx, CASE/test_data_set_K, and bad/ with an index.json of its
own (per file: file, expect). Cases of the contrib operators that are a single
layer must match every data set; of bad/, what must be rejected is rejected by
moe-run (status 2) and moe-opt (non-zero) with one line that names the file,
within 5 s, and what must be accepted is read.

Prints a line per failure, then "N passed, N failed"; the status says the same.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

REJECT_SECONDS = 5


def run(command, seconds):
    """The finished command, or None where it took longer."""
    try:
        return subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return None


def describe(done):
    """How a command ended, in one line."""
    if done is None:
        return "took too long"
    lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
    return f"status {done.returncode}: {lines[-1]}"


def is_layer(case):
    """Whether a case is one layer or operator, rather than a decoder."""
    return case["form"] == "F7" and case["part"] in ("single op", "moe block")


def check_case(tools, folder, case, seconds):
    """Yields a line for each data set whose outputs are off."""
    for number in range(case["data_sets"]):
        data = folder / f"test_data_set_{number}"
        done = run(
            [
                tools / "moe-run",
                folder / "model.onnx",
                "--test-data",
                data,
                "--rtol",
                case["rtol"],
                "--atol",
                case["atol"],
            ],
            seconds,
        )
        if done is None or done.returncode != 0:
            yield f"{data}: {describe(done)}"


def check_rejected(tool, path, accepts_status, seconds):
    """Why `tool` did not refuse the file as it should; None where it did."""
    done = run([tool, path], seconds)
    if done is None or not accepts_status(done.returncode):
        return f"{tool.name} {path}: not refused: {describe(done)}"
    lines = done.stderr.strip().splitlines()
    if len(lines) != 1 or path.name not in lines[0]:
        return f"{tool.name} {path}: not one line with its name: {lines[:3]}"
    return None


def check_bad(tools, path, entry, seconds):
    """Yields a line for each tool that treats a file of bad/ wrongly."""
    if entry["expect"] == "reject":
        checks = [
            ("moe-run", lambda status: status == 2),
            ("moe-opt", lambda status: status > 0),
        ]
        for tool, accepts_status in checks:
            why = check_rejected(tools / tool, path, accepts_status, seconds)
            if why:
                yield why
        return
    done = run([tools / "moe-opt", path], seconds)
    crashed = done is None or done.returncode < 0
    if crashed or (entry["expect"] == "accept" and done.returncode != 0):
        yield f"moe-opt {path}: {describe(done)}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path, help="the corpus")
    parser.add_argument("--tools", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--filter", default="", help="only cases with this in the name")
    parser.add_argument(
        "--slow", type=int, default=1, help="factor on all time limits (sanitizers)"
    )
    args = parser.parse_args()

    results = {}
    index = json.loads((args.models / "index.json").read_text())
    for name, case in index.items():
        if is_layer(case) and args.filter in name:
            folder = args.models / name
            seconds = 60 * args.slow
            results[name] = list(check_case(args.tools, folder, case, seconds))
    bad = args.models / "bad"
    index = json.loads((bad / "index.json").read_text())
    for name, entry in index.items():
        if args.filter in name:
            seconds = REJECT_SECONDS * args.slow
            path = bad / entry["file"]
            results["bad/" + name] = list(check_bad(args.tools, path, entry, seconds))

    for failures in results.values():
        for line in failures:
            print(line)
    failed = sum(bool(failures) for failures in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
