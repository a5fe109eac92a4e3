#!/usr/bin/env python3
"""Raises the MoE layers of a corpus of ONNX models, exports the models again and
runs what was written in ONNX Runtime.

The corpus is that of scripts/check-models.py. A case passes if ONNX Runtime
reproduces the stored outputs of all its data sets within the case's tolerances.
With --unchanged nothing is raised, and the models are compared field by field
instead. Prints a line per failure, then "N passed, N failed".
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "Target" / "ONNX" / "Inputs"))
from compare_models import differences  # noqa: E402

def read_tensors(folder, kind):
    """The tensors of a data set by name, in order."""
    tensors = {}
    for number in range(len(list(folder.glob(f"{kind}_*.pb")))):
        tensor = onnx.load_tensor(str(folder / f"{kind}_{number}.pb"))
        tensors[tensor.name] = numpy_helper.to_array(tensor)
    return tensors


def export(tools, model, target, written):
    """Why `model` could not be written to `written`; None where it was."""
    command = [tools / "moe-opt", "--allow-unregistered-onnx", model]
    if target:
        command.append("--convert-onnx-to-moe")
        command.append("--convert-moe-to-onnx=export-target=" + target)
    done = subprocess.run(command, capture_output=True)
    if done.returncode == 0:
        done = subprocess.run(
            [
                tools / "moe-translate",
                "--export-onnx",
                "--export-external-data=embed",
                "-o",
                written,
            ],
            input=done.stdout,
            capture_output=True,
        )
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"status {done.returncode}"


def run(written, folder, case):
    """Why ONNX Runtime does not reproduce the outputs; None where it does."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(
            str(written), options, providers=["CPUExecutionProvider"]
        )
        for data in sorted(folder.glob("test_data_set_*")):
            inputs = read_tensors(data, "input")
            wanted = read_tensors(data, "output")
            outputs = session.run(list(wanted), inputs)
            for (name, want), got in zip(wanted.items(), outputs):
                if want.shape != got.shape or want.dtype != got.dtype:
                    return f"{name}: {got.dtype}{got.shape} is not {want.dtype}{want.shape}"
                np.testing.assert_allclose(
                    got.astype(np.float64),
                    want.astype(np.float64),
                    rtol=case["rtol"],
                    atol=max(case["atol"], case.get("ort_atol", 0)),
                    err_msg=f"{data.name} {name}",
                )
    except Exception as error:  # Whatever the runtime throws is the answer.
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return None


def check(args, name, case, out):
    """Why a case fails; None where it passes. Also what layers became."""
    model, written = args.models / name / "model.onnx", Path(out) / "model.onnx"
    why = export(args.tools, model, args.target, written)
    if why:
        return why, {}
    made = onnx.load(written)
    if not args.target:
        lines = differences(onnx.load(model), made)
        return (lines[0] if lines else None), {}
    counts = {}
    for node in made.graph.node:
        if node.op_type in ("MoE", "QMoE"):
            counts[node.op_type] = counts.get(node.op_type, 0) + 1
    return run(written, args.models / name, case), counts


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", type=Path, help="the corpus")
    parser.add_argument("--tools", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--filter", default="", help="only cases with this in the name")
    parser.add_argument("--form", default="", help="only cases of this form")
    parser.add_argument(
        "--target", default="ort-cpu", choices=["ort-cpu", "ort-cuda", "standard"]
    )
    parser.add_argument(
        "--unchanged", action="store_const", const="", dest="target",
        help="raise nothing, compare field by field",
    )
    parser.add_argument("--verbose", action="store_true", help="a line per case")
    args = parser.parse_args()

    passed = failed = 0
    for name, case in json.loads((args.models / "index.json").read_text()).items():
        if args.filter not in name or args.form not in case["form"]:
            continue
        with tempfile.TemporaryDirectory() as out:
            why, counts = check(args, name, case, out)
        passed += why is None
        failed += why is not None
        if why:
            print(f"{name}: {why}")
        elif args.verbose:
            print(f"{name}: passed {counts or ''}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
