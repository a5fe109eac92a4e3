"""ggml: the graph of llama.cpp, through its shared libraries."""
import ctypes
from pathlib import Path

import numpy as np

from .case import Skip
from .registry import Peer, peer

GGML_TYPES = {"f32": (0, 1, 4), "bf16": (30, 1, 2), "f16": (1, 1, 2), "q4_0": (2, 32, 18),
              "q8_0": (8, 32, 34), "q4_K": (12, 256, 144)}      # enum, block, bytes a block


@peer("ggml-f32", "fp32", ty="f32")
@peer("ggml-bf16", "bf16", ty="bf16")
@peer("ggml-q8_0", "int8", ty="q8_0")
@peer("ggml-q4_0-repack", "int4", ty="q4_0", repack=True)
@peer("ggml-q4_K-repack", "int4", ty="q4_K", repack=True)
class Ggml(Peer):
    """llama.cpp's MoE graph: ggml_mul_mat_id for gate, up and down."""
    def load(self):
        d = self.opts.get("ggml_dir")
        if not d:
            raise Skip("no --ggml-dir")
        c, P = self.c, ctypes.c_void_p
        L = {n: ctypes.CDLL(str(Path(d) / f"libggml{n}.so"), ctypes.RTLD_GLOBAL) for n in ("-base", "-cpu")}

        class Init(ctypes.Structure):
            _fields_ = [("size", ctypes.c_size_t), ("buf", P), ("no_alloc", ctypes.c_bool)]

        def f(name, res, *args):
            for lib in L.values():
                if hasattr(lib, name):
                    fn = getattr(lib, name)
                    fn.restype, fn.argtypes = res, args
                    return fn
            raise Skip(f"{name} not in the ggml libraries")
        i32, i64, sz = ctypes.c_int, ctypes.c_int64, ctypes.c_size_t
        init = f("ggml_init", P, Init)
        t2 = f("ggml_new_tensor_2d", P, P, i32, i64, i64)
        t3 = f("ggml_new_tensor_3d", P, P, i32, i64, i64, i64)
        f("ggml_cpu_init", None)()
        self.back = f("ggml_backend_cpu_init", P)()
        f("ggml_backend_cpu_set_n_threads", None, P, i32)(self.back, c.threads)
        cpu = f("ggml_backend_cpu_buffer_type", P)()
        alloc = f("ggml_backend_alloc_ctx_tensors_from_buft", P, P, P)
        self.set = f("ggml_backend_tensor_set", None, P, P, sz, sz)
        self.get = f("ggml_backend_tensor_get", None, P, P, sz, sz)
        quant = f("ggml_quantize_chunk", sz, i32, P, P, i64, i64, i64, P)
        ty, blk, bpb = GGML_TYPES[self.kw["ty"]]
        buft = cpu
        if self.kw.get("repack"):
            reg = f("ggml_backend_cpu_reg", P)()
            fp = f("ggml_backend_reg_get_proc_address", P, P, ctypes.c_char_p)(reg, b"ggml_backend_dev_get_extra_bufts")
            dev = f("ggml_backend_reg_dev_get", P, P, sz)(reg, 0)
            lst = ctypes.CFUNCTYPE(ctypes.POINTER(P), P)(fp)(dev)
            nm, i, buft = f("ggml_backend_buft_name", ctypes.c_char_p, P), 0, None
            while lst[i]:
                if b"REPACK" in nm(lst[i]):
                    buft = lst[i]
                i += 1
            if not buft:
                raise Skip("no repack buffer type in this ggml")
        self.wctx = init(Init(1 << 20, None, True))
        rctx = init(Init(1 << 20, None, True))
        self.W = {}
        for n in ("gate", "up", "down"):
            E, N, K = c.shape(n)
            if K % blk:
                raise Skip(f"K={K} is no multiple of ggml block {blk}")
            self.W[n] = t3(self.wctx, ty, K, N, E)
        self.r = t2(rctx, 0, c.H, c.E)
        if not alloc(self.wctx, buft) or not alloc(rctx, cpu):
            raise Skip("ggml allocation failed")
        for n, t in self.W.items():
            E, N, K = c.shape(n)
            src, row = c.w(n), K // blk * bpb
            buf = np.empty((E, N, row), np.uint8)
            self.c.map_experts(lambda e: quant(ty, np.ascontiguousarray(src[e]).ctypes.data,
                                               buf[e].ctypes.data, 0, N, K, None)
                               if ty else buf[e].__setitem__(..., np.array(src[e]).view(np.uint8)))
            self.set(t, buf.ctypes.data, 0, buf.nbytes)
        r = c.router()
        self.set(self.r, r.ctypes.data, 0, r.nbytes)
        fn = {n: f("ggml_" + n, P, P, P, P) for n in ("mul_mat", "mul", "add", "div", "get_rows", "swiglu_split")}
        mmid = f("ggml_mul_mat_id", P, P, P, P, P)
        topk = f("ggml_argsort_top_k", P, P, P, i32)
        sm, sr = f("ggml_soft_max", P, P, P), f("ggml_sum_rows", P, P, P)
        r2 = f("ggml_reshape_2d", P, P, P, i64, i64)
        r3 = f("ggml_reshape_3d", P, P, P, i64, i64, i64)
        v2 = f("ggml_view_2d", P, P, P, i64, i64, sz, sz)
        new_graph, expand = f("ggml_new_graph", P, P), f("ggml_build_forward_expand", None, P, P)
        gal_new, gal = f("ggml_gallocr_new", P, P), f("ggml_gallocr_alloc_graph", ctypes.c_bool, P, P)
        s_in, s_out = f("ggml_set_input", None, P), f("ggml_set_output", None, P)
        self.compute = f("ggml_backend_graph_compute", i32, P, P)
        self.graphs = {}

        def graph(T):
            cx = init(Init(1 << 22, None, True))
            x = t2(cx, 0, c.H, T)
            s_in(x)
            p = sm(cx, fn["mul_mat"](cx, self.r, x))
            ids = topk(cx, p, c.k)
            w = r2(cx, fn["get_rows"](cx, r3(cx, p, 1, c.E, T), ids), c.k, T)
            w = r3(cx, fn["div"](cx, w, sr(cx, w)), 1, c.k, T)
            x3 = r3(cx, x, c.H, 1, T)
            h = fn["swiglu_split"](cx, mmid(cx, self.W["gate"], x3, ids), mmid(cx, self.W["up"], x3, ids))
            d = fn["mul"](cx, mmid(cx, self.W["down"], h, ids), w)
            y = None
            for i in range(c.k):
                v = v2(cx, d, c.H, T, c.H * c.k * 4, i * c.H * 4)
                y = v if y is None else fn["add"](cx, y, v)
            s_out(y)
            gr = new_graph(cx)
            expand(gr, y)
            ga = gal_new(cpu)
            if not gal(ga, gr):
                raise Skip("ggml graph allocation failed")
            return x, y, gr
        self.make = graph

    def prep(self, x):
        T = x.shape[0]
        if T not in self.graphs:
            self.graphs[T] = self.make(T) + (np.empty((T, self.c.H), np.float32),)
        return np.ascontiguousarray(x)

    def run(self, x):
        gx, gy, gr, y = self.graphs[x.shape[0]]
        self.set(gx, x.ctypes.data, 0, x.nbytes)
        if self.compute(self.back, gr):
            raise RuntimeError("ggml compute failed")
        self.get(gy, y.ctypes.data, 0, y.nbytes)
        return y

    def out(self, y):
        return y
