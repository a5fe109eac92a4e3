"""Layers of experts as MLIR, compiled into one folder of kernels with a plan of many functions."""

import dataclasses
import json
import os
import subprocess


@dataclasses.dataclass
class Layer:
    """What a layer is; `tokens` None leaves their number open."""

    name: str
    hidden: int
    inter: int
    experts: int
    k: int
    tokens: int | None = None
    element: str = "bf16"
    weights: str | None = None
    gated: bool = True
    interleaved: bool = True
    biases: bool = False
    activation: str = "silu"
    score: str = "softmax"
    normalize: str | None = "sum"
    groups: tuple | None = None
    scale: float = 1.0
    # Codes of quantised weights (ui8, ui4, ui2) and how many inputs share a scale; 0: all.
    codes: str = ""
    block: int = 0
    options: str = ""

    @property
    def bits(self):
        return int(self.codes[2:]) if self.codes else 0

    def arguments(self):
        """Name, shape (None for tokens) and element of each argument."""
        storage = self.weights or self.element
        e, i, h = self.experts, self.inter, self.hidden
        result = [("x", (None, h), self.element), ("logits", (None, e), "f32")]
        if self.gated and self.interleaved:
            result.append(("gate_up", (e, 2 * i, h), storage))
        else:
            result += [("gate", (e, i, h), storage)] * self.gated + [("up", (e, i, h), storage)]
        result.append(("down", (e, h, i), storage))
        if self.codes:
            matrices = [a for a in result if len(a[1]) == 3]
            result = result[:2]
            for name, (count, out, inner), _ in matrices:
                blocks = -(-inner // (self.block or inner))
                result.append((name, (count, out, inner * self.bits // 8), "ui8"))
                result.append((f"{name}_scales", (count, out, blocks), "f32"))
        if self.biases:
            result += [("gate_bias", (e, i), storage)] * self.gated
            result += [("up_bias", (e, i), storage), ("down_bias", (e, h), storage)]
        return result

    def mlir(self):
        t = "?" if self.tokens is None else str(self.tokens)
        e, i, h, k = self.experts, self.inter, self.hidden, self.k
        storage = self.weights or self.element

        def tensor(shape, element):
            return "tensor<" + "x".join(t if n is None else str(n) for n in shape) + f"x{element}>"

        kinds = {name: tensor(shape, el) for name, shape, el in self.arguments()}
        signature = ", ".join(f"%{name}: {kind}" for name, kind in kinds.items())
        lines = []

        def weights(name, source, shape, layout=""):
            own = self.codes if self.codes and len(shape) == 3 else storage
            kind = "!moe.weights<" + "x".join(map(str, shape)) + f", {own}>"
            if own == self.codes:
                scales = f"{source}_scales"
                layout = f" scales(%{scales} : {kinds[scales]}){layout} block({self.block})"
                layout += f" zero_point({1 << (self.bits - 1)})"
            lines.append(f"%w_{name} = moe.weights %{source}{layout} : {kinds[source]} -> {kind}")
            return kind

        def part(name, shape):
            layout, source = "", name
            if self.gated and self.interleaved and name in ("gate", "up"):
                source = "gate_up"
                layout = " layout<step = 2>" if name == "gate" else " layout<offset = 1, step = 2>"
            kind = weights(name, source, shape, layout)
            if not self.biases:
                return f"{name}(%w_{name} : {kind})"
            bias = weights(f"{name}_bias", f"{name}_bias", shape[:2])
            return f"{name}(%w_{name} bias %w_{name}_bias : {kind}, {bias})"

        parts = [part("up", (e, i, h))]
        if self.gated:
            parts.append(part("gate", (e, i, h)))
        parts.append(part("down", (e, h, i)))
        gate = f"score<{self.score}>"
        if self.groups:
            gate += f" groups<count = {self.groups[0]}, keep = {self.groups[1]}, by = top2_sum>"
        gate += f" select<top_k, k = {k}>"
        gate += f" normalize<{self.normalize}>" if self.normalize else ""
        gate += f" scale({self.scale})" if self.scale != 1.0 else ""
        body = "\n  ".join(lines)
        return f"""func.func @{self.name}({signature}) -> {kinds["x"]} {{
  %w, %ids = moe.gate %logits {gate}
    : {kinds["logits"]} -> tensor<{t}x{k}xf32>, tensor<{t}x{k}xi32>
  %plan = moe.plan %ids : tensor<{t}x{k}xi32> -> !moe.plan<{e}>
  {body}
  %set = moe.ffn_experts {" ".join(parts)} activation<{self.activation}>
    : !moe.experts<{e}, {h} -> {h}>
  %y = moe.experts %x, %plan, (%set) gather combine(%w : tensor<{t}x{k}xf32>)
    : {kinds["x"]}, !moe.plan<{e}>, !moe.experts<{e}, {h} -> {h}> -> {kinds["x"]}
  return %y : {kinds["x"]}
}}
"""


def translate(layer):
    """The launch plan of one layer."""
    options = f'="{layer.options}"' if layer.options else ""
    passes = [f"--convert-moe-to-triton{options.replace(chr(34), '')}", "--canonicalize", "--cse"]
    opt = subprocess.run(["moe-opt", *passes], input=layer.mlir(), capture_output=True, text=True)
    if opt.returncode:
        raise RuntimeError(f"{layer.name}: {opt.stderr.strip()}")
    plan = subprocess.run(
        ["moe-translate", "--moe-to-launch-plan"], input=opt.stdout, capture_output=True, text=True
    )
    if plan.returncode:
        raise RuntimeError(f"{layer.name}: {plan.stderr.strip()}")
    return json.loads(plan.stdout)


def compile_layers(layers, folder, arch):
    """Compiles layers into `folder`: plan.json, layers.json and a cubin per kernel."""
    from moe_mlir.triton import compile_plan

    whole = {"version": 1, "triton": "3.9", "kernels": [], "functions": []}
    known = set()
    for layer in layers:
        plan = translate(layer)
        whole["functions"] += plan["functions"]
        for kernel in plan["kernels"]:
            if kernel["name"] not in known:
                known.add(kernel["name"])
                whole["kernels"].append(kernel)
    compile_plan(whole, folder, arch)
    with open(os.path.join(folder, "layers.json"), "w") as file:
        json.dump([dataclasses.asdict(layer) for layer in layers], file)


def load_layers(folder):
    with open(os.path.join(folder, "layers.json")) as file:
        layers = [Layer(**fields) for fields in json.load(file)]
    for layer in layers:
        layer.groups = tuple(layer.groups) if layer.groups else None
    return layers
