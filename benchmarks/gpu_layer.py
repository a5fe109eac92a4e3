"""Times layers of experts on a GPU, whole, by replay of a CUDA graph, against peers in the same run.

    python benchmarks/gpu_layer.py prepare FOLDER [--arch 90] [--candidates]   # needs no GPU
    python benchmarks/gpu_layer.py run FOLDER [--peers PATH] [--json FILE]

Router logits are given; choice of experts, sort, both products, activation and weighted sum are timed. Before each
replay 256 MB are read, so that weights come from memory. `--candidates` compiles other tiles as well, and `run` then
prints the best of them beside the model's choice. Peer: triton_kernels (pure Python), found below PATH."""

import argparse
import dataclasses
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "Inputs"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))

from cuda_testing.layers import Layer, compile_layers, load_layers  # noqa: E402

SHAPES = {  # hidden, inter, experts, k
    "mixtral": (4096, 14336, 8, 2),
    "qwen3": (2048, 768, 128, 8),
    "olmoe": (2048, 1024, 64, 8),
    "gptoss": (2880, 2880, 32, 4),
    "deepseek": (7168, 2048, 256, 8),
}
TOKENS = [1, 16, 64, 256, 1024, 4096, 8192, 32768]


def tile(columns, depth, warps, stages, group, persistent=0):
    return f"{columns},{depth},{warps},{stages},{group},{persistent}"


def candidates(rows_per_expert):
    """Tiles worth measuring around a number of rows per expert: rows and options of a tile."""
    small = [(16, tile(c, d, w, s, 1)) for c, d, w, s in (
        (64, 128, 4, 5), (64, 256, 4, 3), (128, 128, 4, 3), (128, 128, 4, 4), (128, 128, 8, 4), (256, 64, 8, 4))]
    middle = [(r, tile(c, d, w, s, g)) for r, c, d, w, s, g in (
        (32, 128, 128, 4, 3, 1), (32, 128, 128, 8, 4, 1), (32, 128, 64, 4, 5, 1), (64, 256, 64, 8, 4, 1))]
    large = [(r, tile(c, d, w, s, g, p)) for r, c, d, w, s, g, p in (
        (128, 256, 64, 8, 4, 8, 1), (128, 256, 64, 8, 3, 8, 1), (128, 256, 64, 8, 4, 16, 1), (128, 256, 64, 8, 4, 8, 0),
        (64, 256, 64, 8, 4, 8, 1), (64, 256, 64, 4, 4, 8, 1))]
    if rows_per_expert <= 6:
        return small
    if rows_per_expert <= 24:
        return small[2:4] + middle
    if rows_per_expert <= 96:
        return middle + large[:3]
    return large


def make_layers(shapes, tokens, with_candidates, codes="", block=0):
    layers = []
    for name in shapes:
        layers.append(Layer(f"{name}_any", *SHAPES[name], codes=codes, block=block))
        for t in tokens if with_candidates else []:
            _, _, experts, k = SHAPES[name]
            for number, (rows, options) in enumerate(candidates(t * k / experts)):
                if t == 1:
                    continue
                text = f"rows={rows} tile1={options} tile2={options}"
                layers.append(Layer(f"{name}_{t}_{number}", *SHAPES[name], tokens=t, options=text))
    return layers


def flush(state={}):
    import torch

    if not state:
        state["x"] = torch.ones(64 << 20, device="cuda")
    return state["x"].sum()


def time_replay(replay, count):
    """Median of milliseconds, each after the cache was filled with other data."""
    import torch

    for _ in range(2):
        replay()
    begin = [torch.cuda.Event(True) for _ in range(count)]
    end = [torch.cuda.Event(True) for _ in range(count)]
    for b, e in zip(begin, end):
        flush()
        b.record()
        replay()
        e.record()
    torch.cuda.synchronize()
    return sorted(b.elapsed_time(e) for b, e in zip(begin, end))[count // 2]


def ceilings():
    """TFLOP/s of a bf16 product, TB/s of reading."""
    import torch

    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    b = torch.randn_like(a)
    r = torch.ones(1 << 30, device="cuda")
    product = time_replay(lambda: a @ b, 9)
    read = time_replay(lambda: r.sum(), 9)
    return 2 * 8192**3 / product / 1e9, r.numel() * 4 / read / 1e9


class TritonKernels:
    """The peer: its own routing, products and reduction."""

    name = "triton_kernels"

    def __init__(self, layer, made):
        import triton
        import triton.language as tl
        import triton_kernels.matmul_ogs as products
        import triton_kernels.routing as routing
        from peer_swiglu import swiglu

        self.products, self.routing, self.k = products, routing, layer.k
        self.up = made["gate_up"].transpose(1, 2)
        self.down = made["down"].transpose(1, 2)
        specs = products.FnSpecs("swiglu", swiglu, ("alpha", "limit"))
        self.act = products.FusedActivation(specs, (1.0, None), 2)
        self.choices = [None, None]

    def constraints(self, rows_per_expert):
        m = rows_per_expert
        blocks = [16, 32] if m <= 16 else [32, 64] if m <= 64 else [64, 128]
        fixed = [dict(), dict(is_persistent=True), dict(is_persistent=False, split_k=1)]
        return fixed + [dict(block_m=b, is_persistent=p, split_k=1) for b in blocks
                        for p in (True, False)]

    def multiply(self, choice, *arguments, **options):
        from triton_kernels.matmul_ogs_details import opt_flags

        opt_flags.reset_opt_flags_constraints()
        if choice:
            opt_flags.update_opt_flags_constraints(choice)
        try:
            return self.products.matmul_ogs(*arguments, **options)
        finally:
            opt_flags.reset_opt_flags_constraints()

    def __call__(self, x, logits):
        config = self.products.PrecisionConfig
        data, gather, scatter = self.routing.routing(logits, self.k)
        h = self.multiply(self.choices[0], x, self.up, None, data, gather_indx=gather,
                          precision_config=config(), fused_activation=self.act)
        return self.multiply(self.choices[1], h, self.down, None, data, scatter_indx=scatter,
                             precision_config=config(), gammas=data.gate_scal)


def graph_of(function):
    import torch

    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        function()
        function()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = function()
    return graph, out


def tune_peer(peer, x, logits, rows_per_expert):
    for slot in (0, 1):
        best = None
        for choice in peer.constraints(rows_per_expert):
            peer.choices[slot] = choice
            try:
                graph, _ = graph_of(lambda: peer(x, logits))
                ms = time_replay(graph.replay, 5)
            except Exception:
                continue
            if best is None or ms < best[0]:
                best = ms, choice
        peer.choices[slot] = best[1]


def profile(layer, arguments, x, name, tokens, options=""):
    """Prints the microseconds of each kernel."""
    import torch
    from torch.profiler import ProfilerActivity

    binding = layer.bind(list(arguments.values()))
    y = torch.empty_like(x)
    stream = torch.cuda.current_stream().cuda_stream
    binding.run(list(arguments.values()), [y], stream)
    torch.cuda.synchronize()
    with torch.profiler.profile(activities=[ProfilerActivity.CUDA]) as trace:
        for _ in range(6):
            flush()
            binding.run(list(arguments.values()), [y], stream)
        torch.cuda.synchronize()
    times = {e.key.rpartition("_")[0]: e.self_device_time_total / e.count
             for e in trace.key_averages() if e.key.startswith("moe_")}
    text = " ".join(f"{kernel[4:]} {us:.1f}" for kernel, us in times.items())
    print(f"{name} T={tokens} {options.split(' tile2')[0]}: {text}", flush=True)


def weight_bytes(layer):
    """Of the matrices of an expert."""
    each = layer.bits / 8 + 4 / layer.block if layer.codes else 2
    return 3 * layer.hidden * layer.inter * each


def run(options):
    import torch

    from cuda_testing.reference import error, random_arguments, reference
    from moe_mlir.triton import Layer as Compiled

    if options.peers:
        sys.path.insert(0, options.peers)
    tflops, tbs = ceilings()
    print(f"{torch.cuda.get_device_name()}: bf16 product {tflops:.0f} TFLOP/s, read {tbs:.2f} TB/s", flush=True)
    layers = load_layers(options.folder)
    rows = []
    stream = torch.cuda.current_stream().cuda_stream
    for name in options.shapes:
        hidden, inter, experts, k = SHAPES[name]
        own = next(l for l in layers if l.name == f"{name}_any")
        generator = torch.Generator("cuda").manual_seed(1)
        made = random_arguments(own, 1, generator)
        peer = None
        if options.peers and not own.codes:
            try:
                peer = TritonKernels(own, made)
            except Exception as problem:
                print("no peer:", repr(problem)[:200], flush=True)
        general = Compiled(options.folder, own.name)
        general.init(list(made.values()), stream)
        for tokens in options.tokens:
            x = torch.randn(tokens, hidden, device="cuda", dtype=torch.bfloat16, generator=generator)
            logits = torch.randn(tokens, experts, device="cuda", generator=generator)
            arguments = {**made, "x": x, "logits": logits}
            sample = torch.randperm(tokens, device="cuda", generator=generator)[:32]
            want = reference(own, arguments, sample)
            touched = logits.topk(k, -1).indices.unique().numel()
            floor = max(6e-9 * tokens * k * hidden * inter / tflops,
                        1e-9 * (weight_bytes(own) * touched + 4 * tokens * hidden) / tbs)
            count = 15 if floor < 4 else 7

            def measure(layer):
                binding = layer.bind(list(arguments.values()))
                y = torch.full_like(x, torch.nan)
                binding.capture(list(arguments.values()), [y])
                binding.replay(stream)
                torch.cuda.synchronize()
                wrong = error(y[sample], want)
                return time_replay(lambda: binding.replay(stream), count), wrong

            if options.profile:
                profile(general, arguments, x, name, tokens)
                for layer in layers:
                    if layer.name.startswith(f"{name}_{tokens}_"):
                        compiled = Compiled(options.folder, layer.name)
                        compiled.init(list(made.values()), stream)
                        profile(compiled, arguments, x, name, tokens, layer.options)
                continue
            ms, wrong = measure(general)
            row = dict(shape=name, tokens=tokens, ms=ms, error=wrong, floor_ms=floor, percent=100 * floor / ms)
            found = []
            for layer in layers:
                if not layer.name.startswith(f"{name}_{tokens}_"):
                    continue
                try:
                    compiled = Compiled(options.folder, layer.name)
                    compiled.init(list(made.values()), stream)
                    found.append((*measure(compiled), layer.options))
                except Exception as problem:
                    print(layer.name, repr(problem)[:150], flush=True)
            found.sort()
            row["candidates"] = found
            text = ""
            if found:
                text += f"  best {found[0][0]:8.4f} {found[0][2].split(' tile2')[0]}"
            if peer:
                try:
                    tune_peer(peer, x, logits, tokens * k / experts)
                    graph, out = graph_of(lambda: peer(x, logits))
                    graph.replay()
                    row["peer_ms"] = time_replay(graph.replay, count)
                    text += f"  peer {row['peer_ms']:8.4f} ({100 * floor / row['peer_ms']:.0f} %, error {error(out[sample], want):.0e})"
                    del graph, out
                except Exception as problem:
                    text += "  peer " + repr(problem)[:100]
            print(f"{name:9s} T={tokens:5d} hit {touched:3d} {ms:8.4f} ms {row['percent']:5.1f} % of floor"
                  f" {6e-9 * tokens * k * hidden * inter / ms:6.1f} TFLOP/s error {wrong:.0e}{text}", flush=True)
            rows.append(row)
            if options.json:
                with open(options.json, "w") as file:
                    json.dump(rows, file)
            del x, logits, arguments, want
            torch.cuda.empty_cache()
        del made, peer, general
        torch.cuda.empty_cache()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["prepare", "run"])
    parser.add_argument("folder")
    parser.add_argument("--arch", type=int, default=90)
    parser.add_argument("--candidates", action="store_true")
    parser.add_argument("--codes", default="", help="quantise weights: ui8, ui4 or ui2")
    parser.add_argument("--block", type=int, default=32, help="inputs that share a scale")
    parser.add_argument("--peers", default="")
    parser.add_argument("--profile", action="store_true", help="print times of kernels instead")
    parser.add_argument("--json", default="")
    parser.add_argument("--shapes", type=lambda s: s.split(","), default=list(SHAPES))
    parser.add_argument("--tokens", type=lambda s: list(map(int, s.split(","))), default=TOKENS)
    options = parser.parse_args()
    if options.command == "run":
        return run(options)
    layers = make_layers(options.shapes, options.tokens, options.candidates, options.codes,
                         options.block)
    compile_layers(layers, options.folder, options.arch)


if __name__ == "__main__":
    main()
