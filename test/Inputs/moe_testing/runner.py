"""Runs cases through moe-run and compares the results."""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

from .module import build_module


def moe_run(text, inputs, outputs, arguments):
    """Runs @main of a module; returns its `outputs` results."""
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.mlir")
        with open(model, "w") as file:
            file.write(text)
        command = ["moe-run", model, "--output-dir", folder, *arguments]
        for name, array in inputs.items():
            path = os.path.join(folder, name + ".npy")
            np.save(path, array)
            command += ["--input", f"{name}={path}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            kept = os.path.join(tempfile.gettempdir(), "moe-failed.mlir")
            with open(kept, "w") as file:
                file.write(text)
            raise RuntimeError(f"{done.stderr.strip()}\n(module kept as {kept})")
        return [
            np.load(os.path.join(folder, f"y{i}.npy")) for i in range(outputs)
        ]


def compare(case, number, actual):
    """A sentence about the first difference of one result, or None."""
    _, kind, expected, rtol, atol = case.results[number]
    where = f"{case.name}, result {number} ({kind})"
    if actual.shape != expected.shape:
        return f"{where}: shape {actual.shape}, not {expected.shape}"
    if np.issubdtype(expected.dtype, np.integer):
        wrong = actual != expected
    else:
        actual = actual.astype(np.float64)
        with np.errstate(all="ignore"):
            near = np.abs(actual - expected) <= atol + rtol * np.abs(expected)
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        wrong = ~(near | same)
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (
        f"{where}: at {list(at)} {actual[at]}, not {expected[at]}"
        f" ({int(wrong.sum())} of {wrong.size} wrong)"
    )


def run_cases(cases, arguments, batch=24, run=moe_run):
    """Runs all cases, `batch` in a process; returns what went wrong."""
    failures = []
    for start in range(0, len(cases), batch):
        part = cases[start : start + batch]
        text, inputs = build_module(part)
        outputs = sum(len(case.results) for case in part)
        try:
            actual = iter(run(text, inputs, outputs, arguments))
        except RuntimeError as error:
            failures.append(f"{part[0].name} to {part[-1].name}: {error}")
            continue
        for case in part:
            for number in range(len(case.results)):
                failures.append(compare(case, number, next(actual)))
    return [failure for failure in failures if failure]


def main(make_cases, run=moe_run):
    """The command line of a test: makes the cases and runs them."""
    parser = argparse.ArgumentParser(description=make_cases.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="run cases whose name holds this")
    parser.add_argument("--print", action="store_true", help="print the module")
    parser.add_argument("--batch", type=int, default=24)
    options, arguments = parser.parse_known_args()
    cases = [c for c in make_cases(options.seed) if options.only in c.name]
    if options.print:
        print(build_module(cases)[0])
        return
    failures = run_cases(cases, arguments, options.batch, run)
    for failure in failures:
        print(failure)
    print(f"{len(cases)} cases, {len(failures)} failures")
    sys.exit(1 if failures or not cases else 0)
