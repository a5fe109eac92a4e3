#!/usr/bin/env python3
"""Generates tokens with a decoder that has a key/value cache, by moe-run.

The model has the inputs input_ids and attention_mask, optionally position_ids,
and past_key_values.N.key and .value for each layer; its outputs are logits and
present.N.key and .value. The first call takes the whole prompt and an empty
cache, each further one a token and the cache that the call before returned.
moe-run compiles the model in the first call, for any lengths; later ones take
the code from its cache.

usage: generate.py [--moe-run FILE] [--count N] [--prompt "1 2 3"] MODEL
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx

ROOT = Path(__file__).resolve().parent.parent.parent
BUILT = ROOT / "build" / "release" / "bin" / "moe-run"


def make_empty_cache(graph):
    """The past of a prompt, by the names of the inputs."""
    cache = {}
    for value in graph.input:
        if value.name.startswith("past_key_values."):
            _, heads, _, size = value.type.tensor_type.shape.dim
            cache[value.name] = np.zeros(
                (1, heads.dim_value, 0, size.dim_value), np.float32
            )
    return cache


def call(moe_run, model, inputs, folder):
    """The outputs of a call, by name."""
    command = [moe_run, model, "--output-dir", folder / "out"]
    for name, array in inputs.items():
        np.save(folder / f"{name}.npy", array)
        command += ["--input", f"{name}={folder / name}.npy"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {path.stem: np.load(path) for path in (folder / "out").glob("*.npy")}


def generate(moe_run, model, prompt, count):
    """Yields the tokens with the greatest logits, one after the other."""
    graph = onnx.load(model, load_external_data=False).graph
    names = {value.name for value in graph.input}
    cache = make_empty_cache(graph)
    tokens, length = np.array([prompt], np.int64), 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            positions = np.arange(length, length + tokens.shape[1])[None]
            length += tokens.shape[1]
            inputs = {
                "input_ids": tokens,
                "attention_mask": np.ones((1, length), np.int64),
                "position_ids": positions,
                **cache,
            }
            inputs = {name: inputs[name] for name in inputs if name in names}
            outputs = call(moe_run, model, inputs, Path(folder))
            token = int(outputs["logits"][0, -1].argmax())
            yield token
            tokens = np.array([[token]], np.int64)
            cache = {
                name: outputs[name.replace("past_key_values", "present")]
                for name in cache
            }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--moe-run", type=Path, default=BUILT)
    parser.add_argument("--count", type=int, default=16, help="tokens to generate")
    parser.add_argument("--prompt", default="1 2 3 4", help="numbers of tokens")
    args = parser.parse_args()
    prompt = [int(token) for token in args.prompt.split()]
    for token in generate(args.moe_run, args.model, prompt, args.count):
        print(token, end=" ", flush=True)
    print()


if __name__ == "__main__":
    main()
