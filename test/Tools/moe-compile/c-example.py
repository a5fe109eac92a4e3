"""The C example, linked with a compiled model, computes what ONNX Runtime did.

The program runs from another folder, with no library but the system's.

UNSUPPORTED: asan
REQUIRES: numpy, onnx
RUN: rm -rf %t && mkdir %t
RUN: moe-compile %moe_src_root/examples/swiglu-moe-layer/model.onnx -o %t/model.so --embed-weights
RUN: %host_cc -std=c99 -Wall -Wextra -Werror %moe_src_root/examples/compiled-model/run_model.c -I%moe_src_root/runtime/include -o %t/run_model %t/model.so -Wl,-rpath,%t
RUN: %python %s %moe_src_root/examples/swiglu-moe-layer %t
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

example, scratch = map(Path, sys.argv[1:3])


def read(name):
    tensor = onnx.TensorProto()
    tensor.ParseFromString((example / "test_data_set_0" / name).read_bytes())
    return numpy_helper.to_array(tensor)


def run(sizes, data):
    return subprocess.run(
        [scratch / "run_model", sizes],
        input=data,
        capture_output=True,
        cwd="/",
        env={"LD_BIND_NOW": "1"},
    )


x, expected = read("input_0.pb"), read("output_0.pb")
done = run(",".join(map(str, x.shape)), x.tobytes())
assert done.returncode == 0, done.stderr
assert done.stderr.startswith(b"runs code for "), done.stderr
y = np.frombuffer(done.stdout, np.float32).reshape(expected.shape)
np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)

needed = subprocess.run(
    ["readelf", "-d", scratch / "model.so"], capture_output=True, text=True, check=True
)
libraries = [line for line in needed.stdout.splitlines() if "(NEEDED)" in line]
assert libraries and not any("LLVM" in l or "MLIR" in l or "stdc++" in l for l in libraries)

wrong = run("2,24,63", x.tobytes())
assert wrong.returncode == 1
assert wrong.stderr.decode().splitlines()[1:] == [
    "run_model: input 'hidden_states' is 2x24x63xf32, the model expects ?x?x64xf32"
], wrong.stderr
