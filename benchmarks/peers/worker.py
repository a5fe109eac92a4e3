"""One peer in one process, driven by lines of JSON."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from . import ggml, moe_run, onnx_runtime, openvino_plugin, pytorch  # noqa: F401
from .case import Case, Skip
from .registry import PEERS

DRIVER = str(Path(__file__).resolve().parent.parent / "cpu_peers.py")


def serve(name, spec):
    out = os.fdopen(os.dup(1), "w", buffering=1)       # replies; whatever libraries print goes to stderr
    os.dup2(2, 1)
    p = PEERS[name]
    case = Case(spec["shape"], spec["dir"], spec["threads"])
    obj, xs = p["cls"](case, spec, **p["kw"]), {}
    for line in sys.stdin:
        m, t0 = json.loads(line), time.perf_counter()
        try:
            if m["cmd"] == "load":
                obj.load()
                r = dict(load_s=time.perf_counter() - t0)
            elif m["cmd"] == "check":
                T = m["T"]
                xs[T] = [obj.prep(x) for x in case.inputs(T)]
                y = np.array(obj.out(obj.run(xs[T][0])), np.float64)
                ref = np.load(case.dir / f"ref{T}.npy")
                e = np.abs(y - ref).max(1) / np.abs(ref).max(1)
                if not np.isfinite(e).all():
                    raise RuntimeError("output is not finite")
                t1 = time.perf_counter()
                obj.timed(xs[T][0]) if hasattr(obj, "timed") else obj.run(xs[T][1])
                r = dict(err_max=float(e.max()), err_med=float(np.median(e)),
                         rel_l2=float(np.linalg.norm(y - ref) / np.linalg.norm(ref)),
                         warm_ms=(time.perf_counter() - t1) * 1e3)
            elif m["cmd"] == "time":
                pool, ms = xs[m["T"]], []
                if hasattr(obj, "timed"):  # a program that times itself
                    m["n"] = 1
                for j in range(m["n"]):
                    x = pool[(m["at"] + j) % len(pool)]
                    if hasattr(obj, "timed"):
                        ms.append(obj.timed(x))
                        continue
                    t1 = time.perf_counter()
                    obj.run(x)
                    ms.append((time.perf_counter() - t1) * 1e3)
                r = dict(ms=ms)
        except Skip as ex:
            r = dict(skip=str(ex))
        except ImportError as ex:
            r = dict(skip=f"not installed: {ex}")
        except Exception as ex:
            r = dict(error=f"{type(ex).__name__}: {str(ex)[:400]}")
        out.write(json.dumps(r) + "\n")


class Worker:
    def __init__(self, name, spec, log):
        self.name = name
        env = dict(os.environ, OMP_NUM_THREADS=str(spec["threads"]), MKL_NUM_THREADS=str(spec["threads"]),
                   OPENBLAS_NUM_THREADS=str(spec["threads"]))
        self.p = subprocess.Popen([sys.executable, DRIVER, "--worker", name, json.dumps(spec)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=env)

    def ask(self, **m):
        try:
            self.p.stdin.write(json.dumps(m) + "\n")
            self.p.stdin.flush()
            line = self.p.stdout.readline()
        except BrokenPipeError:
            line = ""
        return json.loads(line) if line else dict(error=f"process ended ({self.p.poll()})")

    def close(self):
        try:
            self.p.stdin.close()
            self.p.wait(20)
        except Exception:
            self.p.kill()
