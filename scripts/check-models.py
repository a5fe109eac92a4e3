#!/usr/bin/env python3
"""Runs a corpus of ONNX models through moe-run and compares.

The corpus is a folder with index.json (per case: form, part, data_sets, rtol,
atol), CASE/model.onnx, CASE/test_data_set_K, and bad/ with an index.json of its
own (per file: file, expect). Every case must match all of its data sets; of
bad/, what must be rejected is rejected by moe-run (status 2) and moe-opt
(non-zero) with one line that names the file, within 5 s, and what must be
accepted is read. Of every case with moe_layers,
whatever its form, convert-onnx-to-moe must raise as many layers, with the
experts, choices and activations that the index gives, and without experts given
as regions; shared experts that the index speaks of are slots of the gates, and no
product of an expert is left.

Prints a line per failure, then "N passed, N failed"; the status says the same.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
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


def compile_model(tools, folder, scratch, seconds):
    """Compiles a case ahead of time; how that ended."""
    model, library = folder / "model.onnx", scratch / "model.so"
    library.unlink(missing_ok=True)
    options = ["-o", library, "--embed-weights"]
    return run([tools / "moe-compile", model, *options], seconds)


def check_case(tools, folder, case, seconds, scratch):
    """Yields a line for each data set whose outputs are off. With `scratch`, the
    model runs as a library that is compiled there."""
    model = folder / "model.onnx"
    if scratch:
        done = compile_model(tools, folder, scratch, seconds)
        if done is None or done.returncode != 0:
            yield f"{folder}: {describe(done)}"
            return
        model = scratch / "model.so"
    for number in range(case["data_sets"]):
        data = folder / f"test_data_set_{number}"
        done = run(
            [
                tools / "moe-run",
                model,
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


def get_activations(text):
    """How moe.ffn_experts spells what the index calls an activation; None where
    that is not known."""
    names = {
        "relu": ["relu"],
        "silu": ["silu"],
        "erf gelu": ["gelu"],
        "gelu": ["gelu", "gelu_tanh"],
        "identity": ["identity"],
        "swiglu": ["silu"],
        "gpt-oss swiglu": ["silu, alpha = 1.702, beta = 1, limit = 7"],
    }
    return names.get(text.split(":")[0].split(" (")[0])


def check_raised(tool, folder, case, seconds):
    """Yields a line for each thing that was not raised as the index says."""
    model = folder / "model.onnx"
    done = run([tool, model, "--onnxir-bind-defaults", "--convert-onnx-to-moe"], seconds)
    if done is None or done.returncode != 0:
        yield f"{model}: {describe(done)}"
        return
    text = done.stdout
    layers = text.count("moe.combine ")
    if layers != case["moe_layers"]:
        yield f"{model}: {layers} layers raised of {case['moe_layers']}"
        return
    # A gate's shared experts are counted with the plan's.
    plans = {int(count) for count in re.findall(r"-> !moe\.plan<(\d+)>", text)}
    shared = {int(count) for count in re.findall(r" shared\((\d+)", text)} or {0}
    experts = {count - extra for count in plans for extra in shared | {0}}
    if case["experts"] not in experts:
        yield f"{model}: {plans} experts of {case['experts']}"
    choices = {int(k) for k in re.findall(r"select<\w+, k = (\d+)", text)}
    if isinstance(case["top_k"], int) and choices and choices != {case["top_k"]}:
        yield f"{model}: chooses {choices} of {case['top_k']}"
    if choices == set():
        yield f"{model}: the router was not recognised"
    wanted = get_activations(case["activation"])
    found = set(re.findall(r"activation<(.*?)>", text))
    # The index says nothing of parameters but for gpt-oss.
    functions = {name.split(",")[0] for name in found}
    if wanted and not (found <= set(wanted) or functions <= set(wanted)):
        yield f"{model}: activations {found} for {case['activation']}"
    if "moe.region_experts" in text:
        yield f"{model}: experts given as regions"
    special = case.get("special", "")
    has_shared = "shared expert" in special or "residual MoE" in special
    gates = text.count(" shared(")
    if has_shared and gates != layers:
        yield f"{model}: {gates} gates of {layers} with slots of shared experts"
    for name in get_expert_products(text):
        yield f"{model}: {name} of an expert is left outside"


def get_expert_products(text):
    """The names of products that a producer's names or scopes say are those of
    experts; of one column they are coefficients of shared experts."""
    pattern = r'onnxir\.node "(?:MatMul|Gemm|Einsum|MatMulNBits)".* name "([^"]*)"'
    for line in text.splitlines():
        found = re.search(pattern, line)
        if found and "expert" in line and not re.search(r"-> tensor<(?:.*x)?1x\w+>$", line):
            yield found[1]


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
    parser.add_argument(
        "--compiled", action="store_true",
        help="run the cases as libraries of moe-compile, and check nothing else",
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        results = check(args, Path(scratch) if args.compiled else None)

    for failures in results.values():
        for line in failures:
            print(line)
    failed = sum(bool(failures) for failures in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


def check(args, scratch):
    """The lines of each failure by case."""
    results = {}
    index = json.loads((args.models / "index.json").read_text())
    for name, case in index.items():
        if args.filter in name:
            folder = args.models / name
            seconds = 60 * args.slow
            results[name] = list(
                check_case(args.tools, folder, case, seconds, scratch)
            )
        if scratch:
            continue
        if "moe_layers" in case and args.filter in name:
            results["raised/" + name] = list(
                check_raised(
                    args.tools / "moe-opt", args.models / name, case, 60 * args.slow
                )
            )
    if scratch:
        return results
    bad = args.models / "bad"
    index = json.loads((bad / "index.json").read_text())
    for name, entry in index.items():
        if args.filter in name:
            seconds = REJECT_SECONDS * args.slow
            path = bad / entry["file"]
            results["bad/" + name] = list(check_bad(args.tools, path, entry, seconds))
    return results


if __name__ == "__main__":
    sys.exit(main())
