# REQUIRES: triton, torch, cuda
# RUN: %python %s prepare %t
# RUN: %python %s run %t | FileCheck %s
# CHECK: {{^[0-9]+}} layers, 0 failures
"""Random layers on a GPU: every regime, degenerate routings, sizes that fit no tile.

`prepare` compiles and needs no GPU; `run` needs one, and PyTorch."""

import random
import sys

from cuda_testing.layers import Layer, compile_layers, load_layers


def make_layers():
    draw = random.Random(7)
    layers = [
        Layer("plain", 64, 48, 8, 2),
        Layer("odd", 200, 136, 13, 3, biases=True),
        Layer("f32", 96, 80, 6, 2, element="f32", biases=True, interleaved=False),
        Layer("f16", 72, 40, 5, 4, element="f16", activation="gelu", gated=False),
        Layer("mixed", 64, 64, 4, 1, element="bf16", weights="f32", activation="gelu_tanh"),
        Layer("grouped", 128, 64, 64, 8, score="sigmoid", groups=(8, 4), scale=2.5),
        Layer("many", 64, 32, 512, 16, normalize="softmax", score="identity"),
        Layer("one", 256, 128, 1, 1),
        Layer("int4", 256, 128, 12, 2, codes="ui4", block=32, biases=True),
        Layer("int8", 96, 80, 6, 3, element="f32", codes="ui8", block=16, interleaved=False),
        Layer("int2", 128, 64, 5, 1, element="f16", codes="ui2", gated=False),
    ]
    for number in range(6):
        e = draw.choice([2, 3, 7, 16, 60, 128])
        layers.append(
            Layer(
                f"random_{number}",
                8 * draw.randint(1, 80),
                8 * draw.randint(1, 60),
                e,
                draw.randint(1, min(e, 10)),
                element=draw.choice(["bf16", "f16", "f32"]),
                gated=draw.random() < 0.7,
                interleaved=draw.random() < 0.5,
                biases=draw.random() < 0.5,
                activation=draw.choice(["silu", "relu", "relu2", "gelu", "tanh", "sigmoid"]),
                score=draw.choice(["softmax", "sigmoid"]),
                normalize=draw.choice([None, "sum"]),
            )
        )
    return layers


def run(folder):
    import torch

    from cuda_testing.reference import TOLERANCE, error, random_arguments, reference
    from moe_mlir.triton import Layer as Compiled

    generator = torch.Generator("cuda").manual_seed(3)
    failures = runs = 0
    layers = load_layers(folder)
    for layer in layers:
        compiled = Compiled(folder, layer.name)
        made = random_arguments(layer, 1, generator)
        compiled.init(list(made.values()), torch.cuda.current_stream().cuda_stream)
        counts = [0, 1, 2, 5, 16, 63, 64, 65, 300, 1025]
        if layer.name in ("plain", "many"):
            counts += [5000, 200000]
        for tokens in counts:
            fresh = random_arguments(layer, tokens, generator)
            arguments = {**made, "x": fresh["x"], "logits": fresh["logits"]}
            if tokens == 300 and layer.normalize != "softmax":
                arguments["logits"][:, : layer.k] += 30  # All tokens to the same experts.
            binding = compiled.bind(list(arguments.values()))
            y = torch.full_like(arguments["x"], torch.nan)
            binding.run(list(arguments.values()), [y], torch.cuda.current_stream().cuda_stream)
            torch.cuda.synchronize()
            rows = None
            if tokens > 2000:
                rows = torch.randperm(tokens, device="cuda", generator=generator)[:500]
            expected = reference(layer, arguments, rows)
            got = error(y if rows is None else y[rows], expected)
            again = torch.full_like(y, torch.nan)
            if tokens:
                binding.capture(list(arguments.values()), [again])
                binding.replay(torch.cuda.current_stream().cuda_stream)
                torch.cuda.synchronize()
            same = torch.equal(y, again)
            runs += 1
            tolerance = TOLERANCE[layer.element]
            if got > tolerance or not same:
                failures += 1
                print(f"{layer}: {tokens} tokens: error {got:.1e}, replay equal: {same}")
    print(f"{runs} runs of {len(layers)} layers, {failures} failures")
    print(f"{len(layers)} layers, {failures} failures")
    return 1 if failures else 0


if sys.argv[1] == "prepare":
    compile_layers(make_layers(), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 90)
else:
    sys.exit(run(sys.argv[2]))
