# A library with a sanitizer cannot be loaded into a Python without.
# UNSUPPORTED: asan
# RUN: %python %s %t | FileCheck %s
"""What the CUDA runtime says, in one line, where there is no GPU or a plan is broken."""

import copy
import json
import os
import sys

from moe_mlir.triton import Error, Layer

os.environ["MOE_LIBCUDA"] = "/nowhere/libcuda.so.1"
KERNEL = {"name": "k", "num_warps": 4, "shared": 0, "binary": "k.cubin", "capability": 90}
LAUNCH = {"launch": "k", "grid": ["(d0+7)/8"], "arguments": [{"argument": 0}, {"i32": "d0"}, {"buffer": 0}]}
PLAN = {
    "kernels": [KERNEL],
    "functions": [
        {
            "name": "f",
            "arguments": [{"element": "f32", "shape": [None, 4]}],
            "results": [{"element": "f32", "shape": ["d0", 4], "buffer": 0}],
            "sizes": [{"argument": 0, "dim": 0}],
            "buffers": [{"bytes": "d0*4*4", "result": 0}],
            "init": [],
            "steps": [{"cases": [{"if": ["d0", "ule", "8"], "steps": [LAUNCH]}, {"steps": []}]}],
        }
    ],
}


def load(folder, plan, function=""):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "plan.json"), "w") as file:
        file.write(plan if isinstance(plan, str) else json.dumps(plan))
    try:
        Layer(folder, function)
    except Error as error:
        print(error)


def broken(change):
    plan = copy.deepcopy(PLAN)
    change(plan, plan["functions"][0], plan["functions"][0]["steps"][0]["cases"][0]["steps"][0])
    return plan


folder = sys.argv[1]
try:
    Layer(os.path.join(folder, "missing"))
except Error as error:
    print(error)
# CHECK: missing/plan.json: cannot be read
load(folder, PLAN)
# CHECK-NEXT: there is no CUDA driver: /nowhere/libcuda.so.1 cannot be loaded
load(folder, "{")
# CHECK-NEXT: plan.json: the launch plan is not JSON
load(folder, {})
# CHECK-NEXT: plan.json: the launch plan is malformed: no kernels or no functions
load(folder, PLAN, "g")
# CHECK-NEXT: plan.json: the launch plan has no function g
load(folder, broken(lambda plan, f, step: plan["functions"].append(f)))
# CHECK-NEXT: plan.json: the launch plan has several functions; name one
load(folder, broken(lambda plan, f, step: plan["kernels"][0].pop("shared")))
# CHECK-NEXT: plan.json: the launch plan is malformed: no shared
load(folder, broken(lambda plan, f, step: plan["kernels"][0].update(binary="../k")))
# CHECK-NEXT: plan.json: the launch plan is malformed: kernel k
load(folder, broken(lambda plan, f, step: f["sizes"][0].update(dim=2)))
# CHECK-NEXT: plan.json: the launch plan is malformed: a size of no argument
load(folder, broken(lambda plan, f, step: f["buffers"][0].update(bytes="d1*4")))
# CHECK-NEXT: plan.json: the launch plan is malformed: an expression that is none
load(folder, broken(lambda plan, f, step: f["buffers"][0].update(bytes="(" * 99 + "1" + ")" * 99)))
# CHECK-NEXT: plan.json: the launch plan is malformed: an expression that is none
load(folder, broken(lambda plan, f, step: f["buffers"][0].update(result=1)))
# CHECK-NEXT: plan.json: the launch plan is malformed: a buffer of no result
load(folder, broken(lambda plan, f, step: step.update(launch="l")))
# CHECK-NEXT: plan.json: the launch plan is malformed: there is no kernel l
load(folder, broken(lambda plan, f, step: step.update(grid=[])))
# CHECK-NEXT: plan.json: the launch plan is malformed: a grid of no dimension, or of many
load(folder, broken(lambda plan, f, step: step["arguments"].append({"buffer": 7})))
# CHECK-NEXT: plan.json: the launch plan is malformed: a parameter that is none
load(folder, broken(lambda plan, f, step: f["steps"][0]["cases"][0].update({"if": ["d0", "sgt", "1"]})))
# CHECK-NEXT: plan.json: the launch plan is malformed: a condition that is none
print("done")
# CHECK-NEXT: done
