#!/usr/bin/env python3
"""Random MoE graphs: raised, run, and compared with ONNX Runtime.

Each seed is a model of one or two layers in one of the forms that exporters
write (test/Inputs/moe_graphs). Checked are

- that convert-onnx-to-moe finds its layers, with their experts, choices and
  activations, and leaves no product, choice or scatter of theirs behind;
- that moe-run gives the outputs of ONNX Runtime (without graph optimisations)
  within rtol 1e-4 and atol 2e-5 times the greatest output: sums of at most 64
  terms in another order. Models that round to f16 or bf16 have 2e-2 for both: a
  few roundings to 8 or 11 bits that may fall differently.

Inputs are drawn again until rounding cannot change what is chosen; seeds for
which there are none (all tokens equal, say) are left out.

A graph that is not raised as it should be, but runs and gives the right
numbers, is counted apart: --allow-unraised says how many of these are no
failure. Prints a line per graph that did not pass, then the seeds and "N
passed, N unraised, N failed". Their models stay in the folder of --keep.
"""

import argparse
import collections
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "test" / "Inputs"))

import onnx  # noqa: E402
from moe_graphs import PRODUCTS, NoClearInputs, make_case  # noqa: E402
from onnx import numpy_helper  # noqa: E402

SECONDS = 120
# Of a layer, none of these may be left.
LEFTOVERS = ("TopK", "ScatterND", "ScatterElements", "NonZero", "OneHot", "CumSum")
SPELLED = {"quick_gelu": "silu, alpha = 1.702", "swiglu": "silu"}


def write_case(case, folder):
    """The model and its data sets, in the layout of ONNX's backend tests."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(case.model, folder / "model.onnx")
    (folder / "about.txt").write_text(case.describe() + "\n")
    for number, tensors in enumerate(case.data):
        data = folder / f"test_data_set_{number}"
        data.mkdir(exist_ok=True)
        for kind, values in zip(("input", "output"), tensors):
            for i, (name, array) in enumerate(values.items()):
                onnx.save_tensor(numpy_helper.from_array(array, name), data / f"{kind}_{i}.pb")


def run(command):
    """Output and None, or None and what went wrong."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None, "took too long"
    if done.returncode == 0:
        return done.stdout, None
    lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
    return None, f"status {done.returncode}: {lines[-1]}"


def check_raised(text, case):
    """Yields what was not raised as expected."""
    layers = text.count(" = moe.combine ")
    if any(layer.experts == 1 for layer in case.layers):
        # One expert is a dense network times a number for each token: to see a layer there, or none, is equally right.
        return
    if layers != len(case.layers):
        yield f"{layers} of {len(case.layers)} layers raised"
        return
    plans = re.findall(r"moe\.plan (\S+) .*-> !moe\.plan<(\d+)>", text)
    sizes = sorted(int(n) for _, n in plans)
    gates = re.findall(r", (\S+) = moe\.gate .* shared\((\d+)", text)
    extra = sum(int(n) for ids, n in gates if ids in [of for of, _ in plans])
    if sum(sizes) - extra != sum(layer.experts for layer in case.layers):
        yield f"{sizes} experts for {[layer.experts for layer in case.layers]}"
    chosen = sorted(int(k) for k in re.findall(r"select<top_k, k = (\d+)", text))
    wanted = sorted(layer.k for layer in case.layers if layer.k)
    if chosen != wanted:
        yield f"{chosen} chosen for {wanted}"
    found = re.findall(r"activation<(.*?)>", text)
    for layer in case.layers:
        name = SPELLED.get(layer.activation, layer.activation)
        if not any((kind + ",").startswith(name) for kind in found):
            yield f"activations {found} for {name}"
    if "moe.region_experts" in text:
        yield "experts given as regions"
    count = collections.Counter(re.findall(r'onnxir\.node "(\w+)"', text))
    products = sum(count[name] for name in PRODUCTS)
    if products > case.outside:
        yield f"{products} products left, not {case.outside}"
    left = [f"{count[name]} {name}" for name in LEFTOVERS if count[name] > case.stays[name]]
    if left:
        yield f"left: {', '.join(left)}"


def check(seed, tools, keep, form, every):
    """What went wrong with a seed, and whether only raising did; None if nothing.

    "skipped" is the first where there are no clear inputs.
    """
    try:
        case = make_case(seed, form)
    except NoClearInputs:
        return "skipped", False
    except Exception as error:
        return f"no case: {str(error).splitlines()[0]}", False
    folder = keep / f"seed{seed}"
    write_case(case, folder)
    model = folder / "model.onnx"
    text, problem = run([tools / "moe-opt", model, "--convert-onnx-to-moe"])
    unraised = [] if problem else list(check_raised(text, case))
    problems = [f"moe-opt: {problem}"] if problem else []
    if seed % every == 0:
        data = [word for i in range(len(case.data)) for word in ("--test-data", folder / f"test_data_set_{i}")]
        _, problem = run([tools / "moe-run", model, "--threads", 2, "--rtol", case.rtol, "--atol", case.atol, *data])
        problems += [f"moe-run: {problem}"] if problem else []
    if not problems and not unraised:
        shutil.rmtree(folder)
        return None
    return f"{'; '.join(problems + unraised)} ({case.describe()})", not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int, nargs="?", default=0, help="the first seed")
    parser.add_argument("count", type=int, nargs="?", default=1000, help="how many")
    parser.add_argument("--tools", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--form", choices=[f"F{i}" for i in range(1, 9)], help="only this form")
    parser.add_argument("--run-every", type=int, default=1, help="run every Nth seed; the others are raised only")
    parser.add_argument("--allow-unraised", type=int, default=0, help="how many graphs need not be raised")
    parser.add_argument("--keep", type=Path, help="a folder for models that fail")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    keep = args.keep or Path(tempfile.mkdtemp(prefix="moe-graphs-"))
    failed, unraised, skipped = [], [], 0
    seeds = range(args.first, args.first + args.count)
    job = partial(check, tools=args.tools.resolve(), keep=keep, form=args.form, every=args.run_every)
    with ProcessPoolExecutor(args.jobs) as pool:
        for seed, result in zip(seeds, pool.map(job, seeds)):
            problem, only_raising = result or (None, False)
            if problem == "skipped":
                skipped += 1
            elif problem:
                (unraised if only_raising else failed).append(seed)
                print(f"seed {seed}: {problem}", flush=True)
    for name, list_of in (("unraised", unraised), ("failed", failed)):
        if list_of:
            print(f"{name}: {' '.join(map(str, list_of))} (models in {keep})")
    passed = len(seeds) - len(failed) - len(unraised) - skipped
    print(f"{passed} passed, {len(unraised)} unraised, {len(failed)} failed")
    return 1 if failed or len(unraised) > args.allow_unraised else 0


if __name__ == "__main__":
    sys.exit(main())
