"""moe-run on the very ONNX files that ONNX Runtime gets."""
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from .case import Skip
from .onnx_runtime import Graph, OrtMoE, OrtQMoE, interleave
from .registry import Peer, peer


class MoeRun(Peer):
    """This project's program on the very ONNX file that ONNX Runtime's MoE operator gets. It is started anew for every
    visit and times itself: `moe-run MODEL --input x=F --threads N --time 5 --cold` prints a line {"min_ms": ...}."""
    source, options = OrtMoE, []

    def load(self):
        if not self.opts.get("moe_run"):
            raise Skip("no --moe-run")
        builder = self.source(self.c, self.opts, **self.kw)
        self.path = self.c.dir / f"moe-run-{os.getpid()}.onnx"
        builder.build(self.path)
        self.dir = Path(tempfile.mkdtemp(dir=self.c.dir))

    def prep(self, x):
        f = self.dir / f"x{len(list(self.dir.iterdir()))}.npy"
        np.save(f, x.astype(np.float32))
        return f

    def call(self, x, *more):
        r = subprocess.run([self.opts["moe_run"], str(self.path), "--input", f"x={x}", "--threads", str(self.c.threads),
                            *self.options, *more],
                           capture_output=True, text=True)
        if r.returncode:
            raise RuntimeError(r.stderr.strip()[:300])
        return r.stdout

    def run(self, x):
        self.call(x, "--output-dir", str(self.dir / "out"))
        return np.load(self.dir / "out" / "y.npy")

    def out(self, y):
        return y

    def timed(self, x):
        lines = [l for l in self.call(x, "--time", "5", "--cold").splitlines() if l.startswith("{")]
        return json.loads(lines[-1])["min_ms"]


@peer("moe-run-fp32", "fp32", copies=2)
class MoeRunF32(MoeRun):
    pass


class OrtMoEBf16(OrtMoE):
    """The operator with bf16 weights and activations between casts; ONNX Runtime has no CPU kernel for it, so this only builds the file."""
    def build(self, path):
        c, g, to = self.c, Graph(self.c), self.bf16
        import ml_dtypes
        bf = ml_dtypes.bfloat16
        f1, f2 = c.dir / "fc1.bf16.bin", c.dir / "down.bf16.bin"
        if not f1.exists():
            interleave(c.w("gate"), c.w("up")).astype(bf).tofile(f1)
            c.w("down").astype(bf).tofile(f2)
        fc1, fc2 = g.ext(f1, bf, (c.E, 2 * c.I, c.H)), g.ext(f2, bf, c.shape("down"))
        x, l = (g.op("Cast", v, to=to) for v in ("x", self.logits(g)))
        y = g.op("MoE", x, l, fc1, "", fc2, domain="com.microsoft", k=c.k, normalize_routing_weights=1, activation_type="swiglu",
                 swiglu_fusion=1, activation_alpha=1.0, activation_beta=0.0)
        g.save(g.op("Cast", y, to=1), path)

    bf16 = 16                                     # TensorProto.BFLOAT16


@peer("moe-run-bf16", "bf16", copies=1, low_router=True)
class MoeRunBf16(MoeRun):
    source = OrtMoEBf16


@peer("moe-run-int4-b32", "int4", copies=1, bits=4, block=32)
@peer("moe-run-int8-b32", "int8", copies=1.5, bits=8, block=32)
class MoeRunQuantised(MoeRun):
    source = OrtQMoE


@peer("moe-run-int4-b32-round", "int4", copies=1, bits=4, block=32)
@peer("moe-run-int8-b32-round", "int8", copies=1.5, bits=8, block=32)
class MoeRunRounded(MoeRunQuantised):
    options = ["--round-activations"]
