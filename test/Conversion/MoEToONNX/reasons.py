# RUN: %python %s | FileCheck %s
# CHECK: {{^[0-9]+}} layers, 0 failures
"""Why layers are not written as MoE or QMoE, or why not at all: variations of one layer, with the reason of each."""

import subprocess
import sys

# What a layer is made of. The weights are those of feed-forward experts without a gate.
USUAL = {
    "gate": "score<softmax> select<top_k, k = 1, tie = higher>", "operands": "", "shared": 0, "out": 8, "type": "f32",
    "weights": """%u = moe.weights %w1 : tensor<4x6x8xf32> -> !moe.weights<4x6x8, f32>
  %d = moe.weights %w2 : tensor<4x8x6xf32> -> !moe.weights<4x8x6, f32>""",
    "u": "!moe.weights<4x6x8, f32>", "d": "!moe.weights<4x8x6, f32>", "gated": "", "activation": "relu",
    "arguments": "%w1: tensor<4x6x8xf32>, %w2: tensor<4x8x6xf32>", "extra": "", "result": "f32",
}


def quantised(bits="ui4", block="block(16) ", zero="zero_point(8)", source="ui8", layout="", down="", zeros="", scale="f32"):
    packed = 32 * int(bits[-1]) // 8
    stored = f"4x32x{packed}x{source}"
    blocks = 2 if block else 1
    scales = f"4x32x{blocks}x{scale}"
    return {
        "weights": f"""%u = moe.weights %w1 scales(%s : tensor<{scales}>) {zeros}{layout}{block}{zero} : tensor<{stored}> -> !moe.weights<4x32x32, {bits}>
  %d = moe.weights %w2 scales(%s : tensor<{scales}>) {down or zeros + block + zero} : tensor<{stored}> -> !moe.weights<4x32x32, {bits}>""",
        "u": f"!moe.weights<4x32x32, {bits}>", "d": f"!moe.weights<4x32x32, {bits}>", "hidden": 32, "out": 32,
        "gate": "score<softmax> select<top_k, k = 1, tie = higher> normalize<sum>",
        "arguments": f"%w1: tensor<{stored}>, %w2: tensor<{stored}>, %s: tensor<{scales}>, %z: tensor<4x16xui8>",
    }


def gated(**more):
    return {"gated": "gate(%u : !moe.weights<4x6x8, f32>) ", "activation": "silu", **more}


def gate(text, **more):
    return {"gate": text, **more}


TOP = "select<top_k, k = 1, tie = higher>"
# Target, variation, the end of the remark; None where there is none.
LAYERS = [
    ("ort-cpu", {}, None),
    ("standard", {}, None),
    ("ort-cpu", gate(f"score<sigmoid> {TOP}"), "MoE scores by softmax"),
    ("ort-cpu", gate(f"score<softmax, temperature = 2.0> {TOP}"), "MoE's routing has no temperature"),
    ("ort-cpu", gate("score<softmax> select<threshold, k = 1, threshold = 0.5>"), "MoE chooses by top_k"),
    ("ort-cpu", gate("score<softmax> select<top_k, k = 1>"), "the kernel chooses the other one of equal experts; ignore-ties accepts that"),
    ("ort-cpu ignore-ties=true", gate("score<softmax> select<top_k, k = 1>"), None),
    ("ort-cuda", gate("score<softmax> select<top_k, k = 1>"), None),
    ("ort-cpu", gate(f"score<softmax> {TOP} scale(2.0)"), "MoE does not scale its routing weights"),
    ("ort-cpu", gate(f"score<softmax> {TOP} drop_below(0.1)"), "MoE drops no experts"),
    ("ort-cpu", gate(f"score<softmax> {TOP} normalize<sum, epsilon = 0.1>"), "MoE divides by the sum of weights alone"),
    ("ort-cpu", gate(f"score<softmax> {TOP}", operands="bias(%b : tensor<4xf32>) "),
     "MoE's routing has no bias, state, groups, capacity or shared experts"),
    ("ort-cpu", gate(f"score<identity> {TOP}", operands="values(%l : tensor<?x4xf32>) "), "MoE has no input for routing weights"),
    ("ort-cuda", gate("score<identity> select<top_k, k = 1>", operands="values(%l : tensor<?x4xf32>) "), "the kernel reads no routing weights"),
    ("ort-cuda", gate("score<identity> select<sparse_mixer, k = 2, jitter = 0.01>", k=2),
     "the kernel's sparse mixer has a jitter of 0.01 and 8 or 16 experts"),
    ("ort-cpu", {"copy": True}, "MoE has one set of experts"),
    ("ort-cpu", {"type": "f64", "result": "f64"}, "the kernel does not take the tokens' type"),
    ("ort-cpu", {"type": "f16", "result": "f16"}, "the weights are of another type than the tokens"),
    ("ort-cpu", {"given": True}, "ids and weights do not come from one moe.gate"),
    ("ort-cpu", {"activation": "tanh"}, "the kernel has no such activation"),
    ("ort-cpu", gated(), None),
    ("ort-cpu", gated(activation="gelu"), "the kernel has no such gated activation"),
    ("ort-cpu", gated(activation="gelu_tanh"), "the kernel has no such gated activation"),
    ("ort-cuda ignore-ties=true", gated(activation="gelu_tanh"), None),
    ("ort-cpu", {"out": 16, "d": "!moe.weights<4x16x6, f32>", "arguments": "%w1: tensor<4x6x8xf32>, %w2: tensor<4x16x6xf32>",
                 "weights": USUAL["weights"].replace("4x8x6", "4x16x6")}, "MoE's experts give rows of the size that they take"),
    ("ort-cpu", {"weights": """%a = moe.weights %w1 : tensor<4x6x8xf32> -> !moe.weights<4x6x8, f32>
  %m = moe.weights %m0 : tensor<4x6x2xf32> -> !moe.weights<4x6x2, f32>
  %n = moe.weights %n0 : tensor<4x2x8xf32> -> !moe.weights<4x2x8, f32>
  %u = moe.low_rank_weights %a, %m, %n : !moe.weights<4x6x8, f32>, !moe.weights<4x6x2, f32>, !moe.weights<4x2x8, f32> -> !moe.weights<4x6x8, f32>
  %d = moe.weights %w2 : tensor<4x8x6xf32> -> !moe.weights<4x8x6, f32>""",
                 "arguments": USUAL["arguments"] + ", %m0: tensor<4x6x2xf32>, %n0: tensor<4x2x8xf32>"}, "low-rank weights are not those of MoE"),
    ("ort-cpu", quantised(), None),
    ("ort-cpu", {**quantised(), **gate(f"score<softmax> {TOP}")}, "QMoE on the CPU always renormalises"),
    ("ort-cpu", {**quantised(), **gate(f"score<identity> {TOP}", operands="values(%l : tensor<?x4xf32>) ")},
     "QMoE drops experts of weights of 1e-8 and less"),
    ("ort-cpu", {**quantised(), **gate(f"score<softmax> {TOP} drop_below(1.0e-8)", operands="values(%l : tensor<?x4xf32>) ")},
     "QMoE takes routing weights as they are, or over their sum"),
    ("ort-cpu", quantised(bits="i4", source="i8", zero=""), "QMoE holds unsigned codes in ui8"),
    ("ort-cpu", quantised(zero="zero_point(3)"), "QMoE's codes stand around the middle of their range"),
]


def build(variation):
    v = {**USUAL, "hidden": 8, "k": 1, **variation}
    x, y = f"tensor<?x{v['hidden']}x{v['type']}>", f"tensor<?x{v['out']}x{v['result']}>"
    w, ids = f"tensor<?x{v['k']}xf32>", f"tensor<?x{v['k']}xi32>"
    kind = f"!moe.experts<4, {v['hidden']} -> {v['out']}>"
    count, sets, kinds, copy = 4, "%e", kind, ""
    if v.get("copy"):
        count, sets, kinds = 5, "%e, %c", f"{kind}, !moe.experts<1, 8 -> 8>"
        copy = "%c = moe.copy_experts : !moe.experts<1, 8 -> 8>"
    if v.get("given"):
        head, more = "", f", %w: {w}, %ids: {ids}"
    else:
        head = f"%w, %ids = moe.gate %l {v['operands']}{v['gate']} : tensor<?x4xf32> -> {w}, {ids}"
        more = ""
    if v.get("copy"):
        head = head.replace("tensor<?x4xf32>", "tensor<?x5xf32>")
    logits = "tensor<?x5xf32>" if v.get("copy") else "tensor<?x4xf32>"
    return f"""func.func @main(%x: {x}, %l: {logits}, %b: tensor<4xf32>, {v['arguments']}{more}) -> {y} {{
  {head}
  {v['weights']}
  %p = moe.plan %ids : {ids} -> !moe.plan<{count}>
  {copy}
  %e = moe.ffn_experts up(%u : {v['u']}) {v['gated']}down(%d : {v['d']}) activation<{v['activation']}> : {kind}
  %y = moe.experts %x, %p, ({sets}) gather combine(%w : {w}) : {x}, !moe.plan<{count}>, {kinds} -> {y}
  return %y : {y}
}}
"""


failures = layers = 0
for target, variation, reason in LAYERS:
    layers += 1
    done = subprocess.run(["moe-opt", f"--convert-moe-to-onnx=export-target={target}"], input=build(variation),
                          capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if "remark:" in line or "error:" in line]
    wanted = [] if reason is None else ["moe.experts: written as standard operators: " + reason]
    contrib = '"com.microsoft"' in done.stdout
    mixer = "sparse_mixer" in variation.get("gate", "")
    right = [line.split(": remark: ")[-1] for line in lines if "error:" not in line] == wanted
    right &= mixer or done.returncode == 0 and contrib == (reason is None and target != "standard")
    if not right:
        failures += 1
        print(f"{target} {variation}: not {reason}: {done.stderr[:2000]}{done.stdout[-200:]}")
print(f"{layers} layers, {failures} failures")
sys.exit(1 if failures else 0)
