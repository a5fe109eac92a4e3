"""Models compiled and called from Python.

REQUIRES: python-package, numpy, onnx
RUN: %python %s %moe_src_root/examples/swiglu-moe-layer
"""

import gc
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import moe_mlir

example = Path(sys.argv[1])


def read(name):
    tensor = onnx.TensorProto()
    tensor.ParseFromString((example / "test_data_set_0" / name).read_bytes())
    return numpy_helper.to_array(tensor)


x, expected = read("input_0.pb"), read("output_0.pb")


def expect_error(message, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except moe_mlir.Error as error:
        assert str(error) == message, f"expected: {message}\n     got: {error}"
        return
    raise AssertionError("no error: " + message)


def check(y):
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


# By name, by position, from rows that are not dense; results outlive later calls.
model = moe_mlir.compile(example / "model.onnx")
assert model.entry == "main"
assert [spec.name for spec in model.inputs] == ["hidden_states"]
assert model.inputs[0].shape == ("batch", "seq", 64)
assert model.outputs[0].type == "f32" and not model.inputs[0].has_default
assert repr(model) == (
    "<moe_mlir.Model (hidden_states: batchxseqx64xf32) -> (output: batchxseqx64xf32)>"
)
first = model(hidden_states=x)["output"]
check(first)
second = model(x[:1, :3] * 2)["output"]
assert second.shape == (1, 3, 64) and not np.shares_memory(first, second)
check(first)
check(model(np.asfortranarray(x))["output"])
view = first[0]
del first, model
gc.collect()
np.testing.assert_allclose(view, expected[0], rtol=1e-4, atol=1e-5)

# Weights inside, as bytes and as a ModelProto; text of MLIR.
proto = onnx.load(example / "model.onnx")
check(moe_mlir.compile(proto)(x)["output"])
check(moe_mlir.compile(proto.SerializeToString())(x)["output"])
text = b"""
onnxir.weight @w = dense<2.0> : tensor<1xf32>
func.func @scale(%x: tensor<?xf32> {onnxir.name = "x.y"},
    %w: tensor<1xf32> {onnxir.name = "w", onnxir.default = @w})
    -> (tensor<?xf32> {onnxir.name = "z"}) {
  %z = onnxir.node "Mul"(%x, %w) : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}
"""
scale = moe_mlir.compile(text, keep_defaults=True)
assert scale.inputs[1].has_default and scale.inputs[0].shape == (None,)
ones = np.ones(2, np.float32)
assert scale(**{"x.y": ones})["z"].tolist() == [2, 2]
assert scale(ones, w=np.float32([3]))["z"].tolist() == [3, 3]


def single(element, op="Identity"):
    """y = op(x), of one element type."""
    graph = helper.make_graph(
        [helper.make_node(op, ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", element, ["n"])],
        [helper.make_tensor_value_info("y", element, ["n"])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


# Every element type that NumPy or ml_dtypes has.
for element in (
    TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16,
    TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
    TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64,
    TensorProto.BOOL,
):
    dtype = helper.tensor_dtype_to_np_dtype(element)
    array = np.array([0, 1, 1, 0, 3], np.float32).astype(dtype)
    y = moe_mlir.compile(single(element))(array)["y"]
    assert y.dtype == dtype, (y.dtype, dtype)
    assert y.tobytes() == array.tobytes(), (dtype, y)

# Several threads at once, each with sizes of its own.
model = moe_mlir.compile(example / "model.onnx", profile=True)
problems = []


def work(count):
    part = np.ascontiguousarray(x[:, :count])
    wanted = model(part)["output"].copy()
    for _ in range(30):
        if not np.array_equal(model(part)["output"], wanted):
            problems.append(count)


threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 5, 24)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not problems
phases = model.profile()
experts = [phase for phase in phases if phase.kind == "moe.experts"]
assert len(experts) == 1 and experts[0].count == 4 * 31, phases
assert experts[0].planned_rows == 31 * 2 * 2 * (1 + 2 + 5 + 24)
assert experts[0].computed_rows == experts[0].planned_rows
assert all(phase.seconds >= 0 for phase in phases)
moe_mlir.set_num_threads(1)
assert moe_mlir.get_num_threads() == 1
check(model(x)["output"])
moe_mlir.set_num_threads(0)

# Passes on text, and ONNX to ONNX.
assert "arith" not in moe_mlir.opt(
    "func.func @f(%a: i32) { %0 = arith.addi %a, %a : i32\n return }",
    "builtin.module(canonicalize)",
)
with tempfile.TemporaryDirectory() as folder:
    source, target = Path(folder, "in.onnx"), Path(folder, "out.onnx")
    onnx.save(proto, source)
    moe_mlir.optimize_onnx(source, target, "standard")
    written = onnx.load(target)
    assert not any(node.op_type == "MoE" for node in written.graph.node)
    check(moe_mlir.compile(target)(x)["output"])
    expect_error(
        f"{folder}/gone/out.onnx: No such file or directory",
        moe_mlir.optimize_onnx, source, Path(folder, "gone", "out.onnx"),
    )
    expect_error(
        f"{folder}/gone.onnx: No such file or directory",
        moe_mlir.optimize_onnx, Path(folder, "gone.onnx"), target,
    )
    assert sorted(p.name for p in Path(folder).iterdir()) == ["in.onnx", "out.onnx"]

expect_error("there is no input 'y', only 'hidden_states'", model, y=x)
expect_error("input 'hidden_states' is given twice", model, x, hidden_states=x)
expect_error("2 inputs given, the model has 1", model, x, x)
expect_error("input 'hidden_states' is missing", model)
expect_error(
    "input 'hidden_states' has elements of another type than the f32 that the model "
    "expects", model, x.astype(np.float64),
)
expect_error(
    "input 'hidden_states' is 2x24x63xf32, the model expects ?x?x64xf32",
    model, x[:, :, :63],
)
expect_error("nowhere.onnx: No such file or directory", moe_mlir.compile, "nowhere.onnx")
expect_error("model: y: Identity: operands of type 'tensor<?xf8E4M3FN>' are not supported",
             moe_mlir.compile, single(TensorProto.FLOAT8E4M3FN))
expect_error("target 'tpu' is not supported, only 'cpu'", moe_mlir.compile, b"", "tpu")
expect_error(
    "pipeline 'slow' is not optimized, unfused or reference",
    moe_mlir.compile, b"", pipeline="slow",
)
expect_error(
    "without: moe-optimize has no pass 'moe-fuse'",
    moe_mlir.compile, b"", without=["moe-fuse"],
)
expect_error("mcpu: unknown processor 'abacus'", moe_mlir.compile, b"", mcpu="abacus")
expect_error("module:1:1: custom op 'x' is unknown (tried 'builtin.x' as well)",
             moe_mlir.opt, "x", "cse")
expect_error(
    "target 'npu' is not standard, ort-cpu or ort-cuda",
    moe_mlir.optimize_onnx, "a", "b", "npu",
)
