# REQUIRES: numpy
# RUN: moe-bench --hidden=64 --inter=48 --experts=6 --top-k=2 --tokens=1,9 --dtype=f32,f16,bf16,int8,int4 \
# RUN:   --block=16 --threads=1,2 --rounds=2 --json > %t.uniform
# RUN: moe-bench --hidden=64 --inter=48 --experts=6 --top-k=2 --tokens=50 --skew=one --warm --rounds=3 --json > %t.one
# RUN: moe-bench --hidden=64 --inter=48 --experts=6 --top-k=2 --tokens=50 --skew=zipf --block=0 --dtype=int8 --rounds=1 --round-activations --json > %t.zipf
# RUN: %python %s %t.uniform %t.one %t.zipf
# RUN: moe-bench --hidden=64 --inter=48 --experts=6 --top-k=2 --tokens=1,9 --threads=1 --rounds=1 2>%t.err | FileCheck %s
# RUN: count 0 < %t.err
# CHECK: 1 thread: {{.*}}f32 {{[1-9][0-9]*}} Gop/s, {{.*}}read {{[0-9.]+}} GB/s
# CHECK: hidden 64, inter 48, experts 6, top-k 2, routing uniform
# CHECK: type
# CHECK-NEXT: f32 {{.*}} 1 1 2
# CHECK-NEXT: f32 {{.*}} 1 9 6
"""The figures of moe-bench follow from each other."""

import itertools
import json
import math
import sys

uniform, one, zipf = (json.load(open(path)) for path in sys.argv[1:])


def near(a, b):
    assert math.isclose(a, b, rel_tol=1e-9), (a, b)


def expert_bytes(dtype, block):
    bits = {"f32": 32, "f16": 16, "bf16": 16, "int8": 8, "int4": 4}[dtype]
    scales = lambda size: 2 * (size // block if block else 1) if bits <= 8 else 0
    return 2 * 48 * (64 * bits / 8 + scales(64)) + 64 * (48 * bits / 8 + scales(48))


def check(report):
    limits = {(c["mcpu"], c["threads"]): c for c in report["ceilings"]}
    for row in report["results"]:
        ceiling = limits[row["mcpu"], row["threads"]]
        kinds = {"bf16": ("f32", "bf16"), "int8": ("f32", "bf16", "int8"),
                 "int4": ("f32", "bf16", "int8")}.get(row["dtype"], ("f32",))
        peaks = ceiling["ops_per_s"]
        peak = max(peaks[kind] for kind in kinds if kind in peaks)
        seconds = row["min_ms"] / 1e3
        flops = 6 * 64 * 48 * 2 * row["tokens"]
        moved = row["experts_touched"] * expert_bytes(row["dtype"], report["layer"]["block"])
        near(row["ops_per_s"], flops / seconds)
        near(row["bytes_per_s"], moved / seconds)
        near(row["s_mfu"], flops / seconds / peak)
        near(row["s_mbu"], moved / seconds / ceiling["bytes_per_s"])
        near(row["floor_ms"], 1e3 * max(flops / peak, moved / ceiling["bytes_per_s"]))
        near(row["share_of_floor"], row["floor_ms"] / row["min_ms"])
        assert 0 < row["min_ms"] <= row["median_ms"]
    return report["results"]


cases = [(r["threads"], r["dtype"], r["tokens"]) for r in check(uniform)]
assert cases == list(itertools.product((1, 2), ("f32", "f16", "bf16", "int8", "int4"), (1, 9))), cases
# A token goes to two experts, nine in all likelihood to each of six.
assert all(r["experts_touched"] == (2 if r["tokens"] == 1 else 6) for r in uniform["results"])
assert all(r["runs"] == 2 for r in uniform["results"])
assert [r["experts_touched"] for r in check(one)] == [2]
assert one["layer"]["warm"] and one["results"][0]["runs"] == 3
assert [r["experts_touched"] for r in check(zipf)] == [6]
assert zipf["layer"]["round_activations"] and not one["layer"]["round_activations"]
