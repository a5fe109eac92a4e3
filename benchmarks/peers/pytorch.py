"""PyTorch: the experts as the transformers package runs them."""
import numpy as np

from .registry import Peer, peer


class Torch(Peer):
    def load(self):
        import torch
        self.t = torch
        torch.set_num_threads(self.c.threads)
        torch.set_grad_enabled(False)
        c, self.dt = self.c, getattr(torch, self.kw.get("dt", "float32"))
        self.gu = torch.empty(c.E, 2 * c.I, c.H, dtype=self.dt)
        self.d = torch.empty(c.E, c.H, c.I, dtype=self.dt)
        g, u, d = c.w("gate"), c.w("up"), c.w("down")
        for e in range(c.E):
            self.gu[e, :c.I] = torch.from_numpy(np.array(g[e]))
            self.gu[e, c.I:] = torch.from_numpy(np.array(u[e]))
            self.d[e] = torch.from_numpy(np.array(d[e]))
        self.r = torch.from_numpy(c.router())

    def prep(self, x):
        return self.t.from_numpy(x).to(self.dt)

    def run(self, x):
        return self.forward(x)

    def out(self, y):
        return y.float().numpy()

    def route(self, x):                       # in float32 whatever the weights are
        p = self.t.softmax(x.float() @ self.r.T, -1)
        w, i = self.t.topk(p, self.c.k, -1)
        return (w / w.sum(-1, keepdim=True)).to(x.dtype), i


@peer("torch-eager-fp32", "fp32")
@peer("torch-eager-bf16", "bf16", dt="bfloat16")
class TorchEager(Torch):
    """transformers' eager experts: a loop over the experts that were hit."""
    def forward(self, x):
        t, F = self.t, self.t.nn.functional
        w, idx = self.route(x)
        out = t.zeros_like(x)
        mask = F.one_hot(idx, self.c.E).permute(2, 1, 0)
        for e in (mask.sum((-1, -2)) > 0).nonzero():
            e = e[0]
            slot, tok = t.where(mask[e])
            g, u = F.linear(x[tok], self.gu[e]).chunk(2, -1)
            h = F.linear(F.silu(g) * u, self.d[e]) * w[tok, slot, None]
            out.index_add_(0, tok, h.to(out.dtype))
        return out


@peer("torch-grouped-fp32", "fp32")
@peer("torch-grouped-bf16", "bf16", dt="bfloat16")
class TorchGrouped(Torch):
    """sort the rows by expert, torch grouped_mm twice, weight, add back."""
    def forward(self, x):
        t, F, k = self.t, self.t.nn.functional, self.c.k
        w, idx = self.route(x)
        flat = idx.reshape(-1)
        order = t.argsort(flat)
        offs = t.cumsum(t.bincount(flat, minlength=self.c.E), 0).to(t.int32)
        tok = order // k
        mm = getattr(F, "grouped_mm", None) or t._grouped_mm
        g, u = mm(x[tok], self.gu.transpose(-2, -1), offs=offs).chunk(2, -1)
        y = mm(F.silu(g) * u, self.d.transpose(-2, -1), offs=offs) * w.reshape(-1)[order, None]
        return t.zeros_like(x).index_add_(0, tok, y.to(x.dtype))
