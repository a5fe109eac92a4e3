"""Runs moe-run as the ERROR lines of a test say: `arguments | message`."""

import subprocess
import sys

import numpy as np

test, inputs, scratch = sys.argv[1:4]
np.save(f"{scratch}/n.npy", np.array([1 << 61], np.int64))
names = {"s": inputs, "t": scratch, "m": f"{inputs}/matmul.mlir"}
failures = count = 0
for line in open(test):
    if not line.startswith("// ERROR:"):
        continue
    arguments, message = line.removeprefix("// ERROR:").format(**names).split("|", 1)
    expected = "moe-run: " + message.strip()
    ran = subprocess.run(
        ["moe-run", "--no-cache", *arguments.split()],
        capture_output=True, text=True, timeout=60,
    )
    got = ran.stderr.strip("\n")
    matches = got.startswith(expected[:-1]) if expected.endswith("*") else got == expected
    count += 1
    if ran.returncode != 2 or not matches or "\n" in got or ran.stdout:
        failures += 1
        print(f"moe-run {arguments}\n  expected: {expected}\n"
              f"  got {ran.returncode}: {got}{ran.stdout}", file=sys.stderr)
print(f"{count} errors, {failures} failures")
sys.exit(failures != 0 or count == 0)
