"""OpenVINO's CPU plugin."""
import numpy as np

from .registry import Peer, peer


@peer("ov-tiled-fp32", "fp32", copies=2.2, hint="f32")
@peer("ov-tiled-bf16", "bf16", copies=2.2, hint="bf16", low_router=True)
@peer("ov-tiled-int8", "int8", copies=1.2, hint="f32", bits=8)
@peer("ov-tiled-int4-g32", "int4", copies=1, hint="f32", bits=4)
class OpenVino(Peer):
    """all experts on a tiled input: the form whose experts the plugin rewrites to gathered matmuls."""
    def load(self):
        import openvino as ov
        import openvino.opset13 as op
        from openvino.utils.node_factory import NodeFactory
        swish = lambda v: NodeFactory("opset13").create("Swish", [v.output(0)])   # one input: the form that fuses
        c, bits = self.c, self.kw.get("bits")
        keep = self.keep = []

        def i64(*v):
            return op.constant(np.array(v, np.int64))

        def weight(n):
            if not bits:
                a = np.array(c.w(n))
                keep.append(a)
                return op.constant(a, shared_memory=True)
            E, N, K = c.shape(n)
            code, sc = c.quant(n, bits, 32 if bits == 4 else 0)
            if bits == 8:
                q = op.constant((np.array(code) ^ 0x80).view(np.int8))
                s = op.constant(np.array(sc, np.float16))
                return op.convert(op.multiply(op.convert(q, "f16"), s), "f32")
            a = np.array(code) ^ 0x88                       # offset-8 nibbles -> two's complement
            keep.append(a)
            ten = ov.Tensor(a, ov.Shape([E, N, K // 32, 32]), ov.Type.i4)
            q = op.constant(ten)
            s = op.constant(np.array(sc, np.float16)[..., None])
            return op.convert(op.reshape(op.multiply(op.convert(q, "f16"), s), i64(E, N, K), False), "f32")

        x = op.parameter([-1, -1, c.H], ov.Type.f32, name="x")
        flat = op.reshape(x, i64(-1, c.H), False)
        xt = op.reshape(op.tile(flat, i64(c.E, 1)), i64(c.E, -1, c.H), False)
        g = op.matmul(xt, weight("gate"), False, True)
        u = op.matmul(xt, weight("up"), False, True)
        d = op.matmul(op.multiply(swish(g), u), weight("down"), False, True)
        p = op.softmax(op.matmul(flat, op.constant(c.router()), False, True), 1)
        tk = op.topk(p, op.constant(np.int64(c.k)), -1, "max", "value", "i64")
        w = op.divide(tk.output(0), op.reduce_sum(tk.output(0), i64(-1), True))
        rows = op.gather(op.shape_of(tk.output(1)), i64(0), op.constant(np.int64(0)))
        zero = op.broadcast(op.constant(np.zeros(1, np.float32)), op.concat([rows, i64(c.E)], 0))
        sc = op.scatter_elements_update(zero, tk.output(1), w, i64(1))
        rw = op.reshape(op.transpose(sc, i64(1, 0)), op.concat([i64(c.E), rows, i64(-1)], 0), True)
        hid = op.gather(op.shape_of(x), i64(2), op.constant(np.int64(0)))
        dr = op.reshape(d, op.concat([i64(c.E), rows, i64(-1), hid], 0), True)
        y = op.reduce_sum(op.multiply(dr, op.unsqueeze(rw, i64(3))), i64(0), False)
        y = op.reshape(y, i64(0, c.H), True)
        core = ov.Core()
        cfg = {"INFERENCE_NUM_THREADS": c.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
               "INFERENCE_PRECISION_HINT": self.kw["hint"]}
        self.m = core.compile_model(ov.Model([y], [x]), "CPU", cfg)
        self.req = self.m.create_infer_request()
        keep.clear()

    def prep(self, x):
        return np.ascontiguousarray(x[:, None, :])

    def run(self, x):
        return self.req.infer([x], share_inputs=True, share_outputs=True)[0]

    def out(self, y):
        return np.array(y).reshape(-1, self.c.H)
