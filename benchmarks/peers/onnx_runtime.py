"""ONNX Runtime: its MoE operators, and the graph that exporters write."""
import os
from pathlib import Path

import numpy as np

from .registry import Peer, peer


class Graph:
    """A thin builder over onnx.helper; weights live outside the model file."""
    def __init__(self, c):
        import onnx
        self.o, self.c, self.nodes, self.inits, self.n = onnx, c, [], [], 0

    def op(self, kind, *ins, n_out=1, domain="", **attrs):
        outs = [f"{kind}{self.n}_{i}" for i in range(n_out)]
        self.n += 1
        self.nodes.append(self.o.helper.make_node(kind, ins, outs, domain=domain, **attrs))
        return outs[0] if n_out == 1 else outs

    def const(self, a):
        name = f"c{len(self.inits)}"
        self.inits.append(self.o.numpy_helper.from_array(np.array(a, order="C"), name))
        return name

    def ext(self, path, dtype, shape, offset=0):
        tp = self.o.TensorProto
        t = tp(name=f"w{len(self.inits)}", dims=shape, data_location=tp.EXTERNAL,
               data_type=self.o.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
        n = int(np.prod(shape)) * np.dtype(dtype).itemsize
        for k, v in (("location", Path(path).name), ("offset", str(offset)), ("length", str(n))):
            t.external_data.add(key=k, value=v)
        self.inits.append(t)
        return t.name

    def save(self, out, path, T="T", dtype=np.float32):
        h = self.o.helper
        et = h.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.nodes.append(h.make_node("Identity", [out], ["y"]))
        g = h.make_graph(self.nodes, "moe", [h.make_tensor_value_info("x", et, [T, self.c.H])],
                         [h.make_tensor_value_info("y", et, [T, self.c.H])], self.inits)
        m = h.make_model(g, opset_imports=[h.make_opsetid("", 18), h.make_opsetid("com.microsoft", 1)])
        m.ir_version = 9
        Path(path).write_bytes(m.SerializeToString())


def interleave(a, b):
    """rows of a and b alternating: [E,I,...] x2 -> [E,2I,...]"""
    return np.stack([a, b], axis=2).reshape(a.shape[0], 2 * a.shape[1], *a.shape[2:])


class Ort(Peer):
    dtype = np.float32

    def load(self):
        import onnxruntime as ort
        path = self.c.dir / f"ort-{os.getpid()}.onnx"
        self.build(path)
        so = ort.SessionOptions()
        so.intra_op_num_threads, so.inter_op_num_threads = self.c.threads, 1
        so.log_severity_level = 3
        self.s = ort.InferenceSession(str(path), so, providers=["CPUExecutionProvider"])

    def prep(self, x):
        return x.astype(self.dtype)

    def run(self, x):
        return self.s.run(None, {"x": x})[0]

    def out(self, y):
        return y

    def logits(self, g):
        return g.op("MatMul", "x", g.const(self.c.router().T.astype(self.dtype)))

    def topk(self, g):
        p = g.op("Softmax", self.logits(g), axis=-1)
        v, i = g.op("TopK", p, g.const(np.array([self.c.k])), n_out=2, axis=-1)
        return g.op("Div", v, g.op("ReduceSum", v, g.const(np.array([-1])), keepdims=1)), i

    def silu_mul(self, g, a, b):
        return g.op("Mul", g.op("Mul", a, g.op("Sigmoid", a)), b)


@peer("ort-moe-fp32", "fp32", copies=2)
class OrtMoE(Ort):
    def build(self, path):
        c, g = self.c, Graph(self.c)
        f = c.dir / "fc1.bin"
        if not f.exists():
            interleave(c.w("gate"), c.w("up")).tofile(f)
        fc1 = g.ext(f, np.float32, (c.E, 2 * c.I, c.H))
        fc2 = g.ext(c.path("down"), np.float32, c.shape("down"))
        y = g.op("MoE", "x", self.logits(g), fc1, "", fc2, domain="com.microsoft", k=c.k, normalize_routing_weights=1,
                 activation_type="swiglu", swiglu_fusion=1, activation_alpha=1.0, activation_beta=0.0)
        g.save(y, path)


@peer("ort-qmoe-int4-b32", "int4", copies=0.5, bits=4, block=32)
@peer("ort-qmoe-int4-b32-acc4", "int4", copies=0.5, bits=4, block=32, acc=4)
@peer("ort-qmoe-int8-b32", "int8", copies=0.8, bits=8, block=32)
class OrtQMoE(Ort):
    def build(self, path):
        c, g, bits, blk = self.c, Graph(self.c), self.kw["bits"], self.kw["block"]
        (gc, gs), (uc, us), (dc, ds) = (c.quant(n, bits, blk) for n in ("gate", "up", "down"))
        ins = []
        for nm, a in (("fc1", interleave(gc, uc)), ("fc1s", interleave(gs, us)), ("fc2", dc), ("fc2s", ds)):
            f = c.dir / f"{nm}.q{bits}b{blk}.bin"
            if not f.exists():
                np.ascontiguousarray(a).tofile(f)
            ins.append(g.ext(f, a.dtype, a.shape))
        at = dict(k=c.k, normalize_routing_weights=1, activation_type="swiglu", swiglu_fusion=1,
                  activation_alpha=1.0, activation_beta=0.0, expert_weight_bits=bits, weights_prepacked=0)
        at["block_size"] = blk
        if "acc" in self.kw:
            at["accuracy_level"] = self.kw["acc"]
        y = g.op("QMoE", "x", self.logits(g), ins[0], ins[1], "", ins[2], ins[3],
                 domain="com.microsoft", **at)
        g.save(y, path)


@peer("ort-unrolled-fp32", "fp32", copies=2)
@peer("ort-unrolled-int4-acc4", "int4", copies=1, bits=4, acc=4)
@peer("ort-unrolled-int8-acc4", "int8", copies=1.5, bits=8, acc=4)
class OrtUnrolled(Ort):
    """transformers' eager loop as exported: every expert, NonZero / Gather / ScatterND(add)."""
    def build(self, path):
        c, g, bits = self.c, Graph(self.c), self.kw.get("bits")
        w, idx = self.topk(g)
        one = g.const(np.array([1]))
        acc = g.op("Mul", "x", g.const(np.float32(0)))
        if bits:
            files = {}
            for n in ("gate", "up", "down"):
                q = c.quant(n, bits, 32)
                for part, a in zip(("code", "scale"), q):
                    f = c.dir / f"{n}.{part}.q{bits}b32.bin"
                    if not f.exists():
                        np.ascontiguousarray(a).tofile(f)
                    files[n, part] = f, a

        def linear(x, n, e):
            N, K = c.shape(n)[1:]
            if not bits:
                return g.op("Gemm", x, g.ext(c.path(n), np.float32, (N, K), e * N * K * 4), transB=1)
            ins = []
            for part, shp in (("code", (N, K // 32, 32 * bits // 8)), ("scale", (N * K // 32,))):
                f, a = files[n, part]
                ins.append(g.ext(f, a.dtype, shp, e * int(np.prod(shp)) * a.dtype.itemsize))
            return g.op("MatMulNBits", x, *ins, domain="com.microsoft", K=K, N=N, bits=bits,
                        block_size=32, accuracy_level=self.kw["acc"])
        for e in range(c.E):
            nz = g.op("NonZero", g.op("Equal", idx, g.const(np.int64(e))))
            tok = g.op("Gather", nz, g.const(np.int64(0)), axis=0)
            cur = g.op("Gather", "x", tok, axis=0)
            h = self.silu_mul(g, linear(cur, "gate", e), linear(cur, "up", e))
            ws = g.op("Unsqueeze", g.op("GatherND", w, g.op("Transpose", nz, perm=[1, 0])), one)
            d = g.op("Mul", linear(h, "down", e), ws)
            acc = g.op("ScatterND", acc, g.op("Unsqueeze", tok, one), d, reduction="add")
        g.save(acc, path)
