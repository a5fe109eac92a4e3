# REQUIRES: triton
# RUN: rm -rf %t && mkdir -p %t
# RUN: %python %s %t 80 | FileCheck %s --check-prefixes=CHECK,SM80
# RUN: %python %s %t 89 | FileCheck %s --check-prefixes=CHECK,SM89
# RUN: %python %s %t 90 | FileCheck %s --check-prefixes=CHECK,SM90
# RUN: %python %s %t 100 | FileCheck %s --check-prefixes=CHECK,SM100
"""What the Triton package makes of kernels, without a GPU: matrix instructions, copies, spills.

Few tokens use tiles of 16 rows, whose products run on warps; many use 128 rows and, where there
are any, warpgroups; persistent programs the bulk copy engine as well."""

# CHECK: few moe_plan: spills 0, scratch 0
# SM80: few moe_gemm1: spills 0, scratch 0, mma.sync, cp.async
# SM80: few moe_gemm2: spills 0, scratch 0, mma.sync, cp.async
# SM89: few moe_gemm1: spills 0, scratch 0, mma.sync, cp.async
# SM89: few moe_gemm2: spills 0, scratch 0, mma.sync, cp.async
# SM90: few moe_gemm1: spills 0, scratch 0, mma.sync, cp.async, griddepcontrol
# SM90: few moe_gemm2: spills 0, scratch 0, mma.sync, cp.async, griddepcontrol
# SM100: few moe_gemm1: spills 0, scratch 0, mma.sync, cp.async, griddepcontrol
# SM100: few moe_gemm2: spills 0, scratch 0, mma.sync, cp.async, griddepcontrol
# CHECK: few moe_combine: spills 0, scratch 0
# CHECK: many moe_count: spills 0, scratch 0
# CHECK: many moe_sum: spills 0, scratch 0
# CHECK: many moe_scatter: spills 0, scratch 0
# SM80: many moe_gemm1: spills 0, scratch 0, mma.sync, cp.async
# SM80: many moe_gemm2: spills 0, scratch 0, mma.sync, cp.async
# SM89: many moe_gemm1: spills 0, scratch 0, mma.sync, cp.async
# SM89: many moe_gemm2: spills 0, scratch 0, mma.sync, cp.async
# SM90: many moe_gemm1: spills 0, scratch 128, wgmma.mma_async, cp.async, cp.async.bulk.tensor, griddepcontrol
# SM90: many moe_gemm2: spills 0, scratch 256, wgmma.mma_async, cp.async.bulk.tensor, griddepcontrol
# SM100: many moe_gemm1: spills 0, scratch 128, tcgen05.mma, cp.async, cp.async.bulk.tensor, griddepcontrol
# SM100: many moe_gemm2: spills 0, scratch 256, tcgen05.mma, cp.async.bulk.tensor, griddepcontrol
# CHECK: many moe_combine: spills 0, scratch 0
# CHECK: one moe_vector1: spills 0, scratch 0
# CHECK: one moe_vector2: spills 0, scratch 0
# The descriptor of the weights takes 128 bytes, that of the hidden rows as many.
# SM90: persistent moe_gemm1: spills 0, scratch 128, wgmma.mma_async, cp.async, cp.async.bulk.tensor, griddepcontrol
# SM90: persistent moe_gemm2: spills 0, scratch 256, wgmma.mma_async, cp.async.bulk.tensor, griddepcontrol
# SM100: persistent moe_gemm1: spills 0, scratch 128, tcgen05.mma, cp.async, cp.async.bulk.tensor, griddepcontrol
# SM100: persistent moe_gemm2: spills 0, scratch 256, tcgen05.mma, cp.async.bulk.tensor, griddepcontrol
# CHECK: Triton finds its own cache entry: True

import json
import os
import re
import subprocess
import sys

from cuda_testing.layers import Layer, translate
from moe_mlir.triton import compile_kernel, compile_plan

INSTRUCTIONS = ["mma.sync", "wgmma.mma_async", "tcgen05.mma", "cp.async", "cp.async.bulk.tensor",
                "griddepcontrol"]
PATTERNS = {"cp.async": r"cp\.async\.c[ag]\."}


def spills(folder, name, arch):
    """Bytes that ptxas says it spills."""
    import triton.backends.nvidia

    binary = "ptxas-blackwell" if arch >= 90 else "ptxas"  # The latter ends at PTX 8.8.
    path = os.path.join(os.path.dirname(triton.backends.nvidia.__file__), "bin", binary)
    target = f"sm_{arch}{'a' if arch >= 90 else ''}"
    done = subprocess.run(
        [path, "-v", f"--gpu-name={target}", f"{folder}/{name}.ptx", "-o", os.devnull],
        capture_output=True, text=True, check=True,
    )
    return sum(map(int, re.findall(r"(\d+) bytes spill", done.stderr)))


def main(folder, arch):
    layers = [("few", 8, ""), ("many", 4096, ""), ("one", 1, "")]
    if arch >= 90:
        blocks = "256,64,8,3,8,1"
        layers.append(("persistent", 4096, f"rows=128 tile1={blocks} tile2={blocks}"))
    for label, tokens, options in layers:
        layer = Layer(label, 512, 256, 8, 2, tokens=tokens, options=f"capability={arch} {options}")
        plan = translate(layer)
        target = f"{folder}/{arch}_{label}"
        text = {k["name"]: k for k in json.loads(json.dumps(plan["kernels"]))}
        compile_plan(plan, target, arch)
        for kernel in plan["kernels"]:
            name = kernel["name"]
            with open(f"{target}/{name}.ptx") as file:
                ptx = file.read()
            found = [i for i in INSTRUCTIONS if re.search(PATTERNS.get(i, re.escape(i)), ptx)]
            assert os.path.getsize(f"{target}/{name}.cubin") > 0
            print(", ".join([f"{label} {name.rpartition('_')[0]}: spills {spills(target, name, arch)}",
                             f"scratch {kernel['scratch']}", *found]))
    # The same text again is the same entry of Triton's cache.
    compiled = compile_kernel(target, text[name], arch)
    with open(f"{target}/{name}.json") as file:
        print("Triton finds its own cache entry:", json.load(file)["hash"] == compiled.hash)


main(sys.argv[1], int(sys.argv[2]))
