"""Writes the arrays and tensors of the moe-run tests to a folder."""

import os
import shutil
import sys

import numpy as np

folder = sys.argv[1]


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytearray([value]))


def write_pb(name, label, data_type, array):
    """A TensorProto, by hand: the test needs no onnx package."""
    raw = array.tobytes()
    out = b"".join(b"\x08" + varint(d) for d in array.shape)
    out += b"\x10" + varint(data_type)
    out += b"\x42" + varint(len(label)) + label.encode()
    out += b"\x4a" + varint(len(raw)) + raw
    with open(f"{folder}/{name}", "wb") as file:
        file.write(out)


x = np.arange(6, dtype=np.float32).reshape(2, 3)
w = np.array([[1, 0, 2], [0, 1, 1], [3, 1, 0]], dtype=np.float32)
y = x @ w
np.save(f"{folder}/x.npy", x)
np.save(f"{folder}/w.npy", np.asfortranarray(w))
np.save(f"{folder}/x64.npy", x.astype(np.float64))
np.save(f"{folder}/x-wide.npy", np.zeros((2, 4), np.float32))
np.save(f"{folder}/strings.npy", np.array(["a", "b"]))
np.save(f"{folder}/big-endian.npy", x.astype(">f4"))
npy = open(f"{folder}/x.npy", "rb").read()
open(f"{folder}/short.npy", "wb").write(npy[:-1])
open(f"{folder}/header.npy", "wb").write(npy.replace(b"'shape'", b"'ships'"))
open(f"{folder}/huge.npy", "wb").write(npy.replace(b"(2, 3), }", b"(2,3999999999999999999), }").replace(b" " * 18, b"", 1))
open(f"{folder}/text.pb", "w").write("this is not a tensor")
write_pb("input_0.pb", "x", 1, x)
write_pb("input_1.pb", "", 1, w)
write_pb("output_0.pb", "y", 1, y)
write_pb("unnamed.pb", "", 1, y)
open(f"{folder}/empty.npy", "w").close()
for name, files in {
    "unreadable": {"input_0": "text", "output_0": "output_0"},
    "surplus": {f"input_{i}": "input_1" for i in range(3)} | {"output_0": "output_0"},
    "surplus-output": {f"{a}_{i}": f"{a}_{i}" for a, i in (("input", 0), ("input", 1), ("output", 0))}
    | {"output_1": "unnamed"},
}.items():
    os.makedirs(f"{folder}/{name}", exist_ok=True)
    for target, source in files.items():
        shutil.copy(f"{folder}/{source}.pb", f"{folder}/{name}/{target}.pb")
# bf16 1.5, -2 and the tensor of a wrong answer
write_pb("bf16.pb", "x", 16, np.array([0x3FC0, 0xC000], np.uint16))
