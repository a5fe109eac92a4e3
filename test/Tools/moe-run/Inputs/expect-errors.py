"""Runs a tool as the ERROR lines of a test say: `arguments | message`."""

import argparse
import subprocess
import sys

import numpy as np

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("test")
parser.add_argument("inputs")
parser.add_argument("scratch")
parser.add_argument("--tool", default="moe-run")
args = parser.parse_args()
test, inputs, scratch, tool = args.test, args.inputs, args.scratch, args.tool
command, status = ([tool, "--no-cache"], 2) if tool == "moe-run" else ([tool], 1)
np.save(f"{scratch}/n.npy", np.array([1 << 61], np.int64))
names = {"s": inputs, "t": scratch, "m": f"{inputs}/matmul.mlir"}
failures = count = 0
for line in open(test):
    if not line.startswith("// ERROR:"):
        continue
    arguments, message = line.removeprefix("// ERROR:").format(**names).split("|", 1)
    expected = f"{tool}: " + message.strip()
    ran = subprocess.run(
        [*command, *arguments.split()],
        capture_output=True, text=True, timeout=60,
    )
    got = ran.stderr.strip("\n")
    matches = got.startswith(expected[:-1]) if expected.endswith("*") else got == expected
    count += 1
    if ran.returncode != status or not matches or "\n" in got or ran.stdout:
        failures += 1
        print(f"{tool} {arguments}\n  expected: {expected}\n"
              f"  got {ran.returncode}: {got}{ran.stdout}", file=sys.stderr)
print(f"{count} errors, {failures} failures")
sys.exit(failures != 0 or count == 0)
