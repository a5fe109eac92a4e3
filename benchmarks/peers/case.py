"""A layer on disk: weights and inputs that every peer maps, and a float64 reference."""
import concurrent.futures
import math
from pathlib import Path

import numpy as np

SHAPES = {  # hidden, inter, experts, top-k; "/n": sizes divided so that it fits
    "olmoe": (2048, 1024, 64, 8),
    "qwen3-30b": (2048, 768, 128, 8),
    "deepseek-v2-lite": (2048, 1408, 64, 6),
    "gpt-oss/2": (1440, 1440, 32, 4),
    "mixtral/4": (2048, 7168, 8, 2),
}
# Bytes of a weight, with a scale of 16 bits for each 32 codes.
BYTES = {"fp32": 4.0, "bf16": 2.0, "int8": 8.5 / 8, "int4": 4.5 / 8}
# Greatest error of a row, relative to its greatest element, that counts as right.
TOLERANCE = {"fp32": 2e-4, "bf16": 4e-2, "int8": 4e-2, "int4": 4e-1}
# How many inputs a case rotates through; otherwise 2.
POOL = {1: 8, 16: 3}


class Skip(Exception):
    """A peer that cannot run a case, with the reason."""


def trunc(a):
    """Makes f32 numbers bf16 can hold."""
    a.view(np.uint32)[...] &= 0xFFFF0000
    return a


class Case:
    def __init__(self, name, d, threads):
        self.name, self.dir, self.threads = name, Path(d), threads
        self.H, self.I, self.E, self.k = SHAPES[name]

    def shape(self, w):
        return (self.E, self.H, self.I) if w == "down" else (self.E, self.I, self.H)

    def path(self, w):
        return self.dir / f"{w}.bin"

    def w(self, name):
        return np.memmap(self.path(name), np.float32, "r", shape=self.shape(name))

    def router(self):
        return np.fromfile(self.path("router"), np.float32).reshape(self.E, self.H)

    def inputs(self, T):
        return np.load(self.dir / f"x{T}.npy")

    def elems(self):
        return 3 * self.E * self.H * self.I

    def map_experts(self, fn):
        with concurrent.futures.ThreadPoolExecutor(self.threads) as ex:
            return list(ex.map(fn, range(self.E)))

    def prepare(self, tokens):
        """Writes what is not there yet."""
        weights = self.dir / "weights-done"
        if not weights.exists():
            self.generate()
            weights.touch()
        missing = [T for T in tokens if not (self.dir / f"ref{T}.npy").exists()]
        if missing:
            self.draw_inputs(missing)
            self.reference(missing)

    def generate(self, seed=0):
        """bf16-representable float32 weights and inputs, so that bf16 peers round activations only."""
        self.dir.mkdir(parents=True, exist_ok=True)
        for j, name in enumerate(("gate", "up", "down")):
            out = np.memmap(self.path(name), np.float32, "w+", shape=self.shape(name))
            s = np.float32(1 / math.sqrt(out.shape[2]))

            def fill(e):
                out[e] = trunc(np.random.default_rng((seed, j, e)).standard_normal(
                    out.shape[1:], dtype=np.float32) * s)
            self.map_experts(fill)
        rng = np.random.default_rng((seed, 99))
        (rng.standard_normal((self.E, self.H), dtype=np.float32)
         * np.float32(1 / math.sqrt(self.H))).tofile(self.path("router"))

    def draw_inputs(self, tokens, seed=0):
        for T in tokens:
            rng = np.random.default_rng((seed, 100, T))
            x = rng.standard_normal((POOL.get(T, 2), T, self.H), dtype=np.float32)
            np.save(self.dir / f"x{T}.npy", trunc(x))

    def route(self, x):
        """float64 routing: weights [T,k], expert ids [T,k]."""
        l = x.astype(np.float64) @ self.router().astype(np.float64).T
        p = np.exp(l - l.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        idx = np.argsort(-p, axis=1, kind="stable")[:, :self.k]
        w = np.take_along_axis(p, idx, 1)
        return w / w.sum(1, keepdims=True), idx

    def reference(self, tokens):
        """One pass over the experts for the first input of every T, in float64."""
        x = np.concatenate([self.inputs(T)[0] for T in tokens]).astype(np.float64)
        w, idx = self.route(x)
        y = np.zeros_like(x)
        g_, u_, d_ = self.w("gate"), self.w("up"), self.w("down")
        for e in range(self.E):
            t, s = np.nonzero(idx == e)
            if not len(t):
                continue
            d = d_[e].astype(np.float64)
            g = x[t] @ g_[e].astype(np.float64).T
            h = g / (1 + np.exp(-g)) * (x[t] @ u_[e].astype(np.float64).T)
            y[t] += (h @ d.T) * w[t, s, None]
        at = 0
        for T in tokens:
            np.save(self.dir / f"ref{T}.npy", y[at:at + T])
            at += T

    def touched(self, T):
        return float(np.mean([len(np.unique(self.route(x)[1])) for x in self.inputs(T)]))

    # --- symmetric integer quantisation along K, codes stored with offset 2^(bits-1) ---------
    def quant(self, name, bits, block):
        """codes uint8 [E,N,K/pack] (low nibble first), scales float32 [E,N,K/block] (block 0: row)."""
        pc, ps = (self.dir / f"{name}.q{bits}b{block}{s}.npy" for s in ("", ".scale"))
        if not pc.exists():
            W = self.w(name)
            E, N, K = W.shape
            b = block or K
            if K % b:
                raise Skip(f"{K} inputs are no multiple of a block of {b}")
            code = np.empty((E, N, K * bits // 8), np.uint8)
            sc = np.empty((E, N, K // b), np.float32)
            qmax, off = 2 ** (bits - 1) - 1, 2 ** (bits - 1)

            def one(e):
                v = W[e].reshape(N, K // b, b)
                s = np.maximum(np.abs(v).max(2) / np.float32(qmax), np.float32(1e-12))
                q = np.rint(v * (1 / s)[:, :, None])
                np.clip(q, -off, qmax, out=q)
                q = (q + off).astype(np.uint8).reshape(N, K)
                sc[e] = s
                code[e] = q if bits == 8 else q[:, 0::2] | (q[:, 1::2] << 4)
            self.map_experts(one)
            np.save(pc, code)
            np.save(ps, sc)
        return np.load(pc, mmap_mode="r"), np.load(ps, mmap_mode="r")
