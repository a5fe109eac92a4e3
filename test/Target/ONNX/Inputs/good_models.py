"""Small models that the importer must accept, by name."""

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper
from onnx.helper import (make_function, make_graph, make_node, make_opsetid,
                         make_tensor, make_tensor_type_proto,
                         make_tensor_value_info, make_value_info)

F = TensorProto.FLOAT
MODELS = {}


def model(function):
    """Registers a maker under its name."""
    MODELS[function.__name__] = function
    return function


def finish(nodes, inputs, outputs, initializers=(), opset=18, functions=(),
           domains=(), ir_version=10, **graph):
    made = helper.make_model(
        make_graph(nodes, "g", inputs, outputs, list(initializers), **graph),
        opset_imports=[make_opsetid("", opset),
                       *(make_opsetid(d, 1) for d in domains)],
        functions=list(functions))
    made.ir_version = ir_version
    return made


def value(name, shape=(4,), dtype=F):
    return make_tensor_value_info(name, dtype, shape)


def floats(name, count, scale=0.25):
    return make_tensor(name, F, [count], [scale * i for i in range(count)])


def raw(name, dtype, dims, data):
    return TensorProto(name=name, data_type=dtype, dims=dims, raw_data=data)


@model
def basic():
    clip = make_node("Clip", ["x", "", "max"], ["y"], name="clip",
                     doc_string="bounded above")
    made = finish([clip], [value("x", ("batch", 8, None))],
                  [value("y", ("batch", 8, None))],
                  [make_tensor("max", F, [], [6.0])])
    made.producer_name, made.producer_version = "tests", "1"
    made.doc_string, made.model_version, made.domain = "a model", 3, "org.tests"
    helper.set_model_props(made, {"author": "nobody"})
    return made


@model
def absent_types():
    """No type for an inner value, none for the input, no rank for the output."""
    return finish([make_node("Relu", ["x"], ["t"]), make_node("Neg", ["t"], ["y"])],
                  [ValueInfoProto(name="x")], [value("y", None)])


@model
def defaults():
    """Initializers that are inputs, too."""
    return finish([make_node("Add", ["x", "w"], ["y"])],
                  [value("x"), value("w")], [value("y")], [floats("w", 4)],
                  ir_version=3)


@model
def unsorted():
    return finish([make_node("Neg", ["t"], ["y"]), make_node("Abs", ["x"], ["t"])],
                  [value("x")], [value("y")])


@model
def left_out_output():
    return finish([make_node("TopK", ["x", "k"], ["", "i"])], [value("x")],
                  [value("i", (2,), TensorProto.INT64)],
                  [make_tensor("k", TensorProto.INT64, [1], [2])])


@model
def attributes():
    """Every kind of attribute that the standard knows."""
    sparse = helper.make_sparse_tensor(
        make_tensor("v", F, [2], [1.0, 2.0]),
        make_tensor("i", TensorProto.INT64, [2], [0, 5]), [2, 3])
    nodes = [
        make_node("Constant", [], ["f"], value_float=0.5),
        make_node("Constant", [], ["i"], value_int=7),
        make_node("Constant", [], ["s"], value_string="text"),
        make_node("Constant", [], ["fs"], value_floats=[0.5, 1.5]),
        make_node("Constant", [], ["is"], value_ints=[1, 2]),
        make_node("Constant", [], ["ss"], value_strings=["a", "b"]),
        make_node("Constant", [], ["t"], value=floats("", 3)),
        make_node("Constant", [], ["sp"], sparse_value=sparse),
        make_node("Optional", [], ["o"], type=make_tensor_type_proto(F, [2])),
    ]
    outputs = [make_value_info(
        "o", helper.make_optional_type_proto(make_tensor_type_proto(F, [2])))]
    return finish(nodes, [], outputs)


@model
def value_types():
    def info(name, proto):
        return make_value_info(name, proto)
    tensor = make_tensor_type_proto(F, [2])
    inputs = [info("seq", helper.make_sequence_type_proto(tensor)),
              info("opt", helper.make_optional_type_proto(tensor)),
              info("map", helper.make_map_type_proto(TensorProto.INT64, tensor)),
              info("sparse", helper.make_sparse_tensor_type_proto(F, [2, 3])),
              info("strings", make_tensor_type_proto(TensorProto.STRING, ["n"]))]
    return finish([make_node("Identity", ["strings"], ["y"])], inputs,
                  [value("y", ("n",), TensorProto.STRING)])


@model
def element_types():
    """A tensor of each element type, in its typed field or as raw data."""
    T = TensorProto
    i32 = [(T.UINT8, 255), (T.INT8, -2), (T.UINT16, 65535), (T.INT16, -3),
           (T.INT32, -4), (T.BOOL, 1), (T.FLOAT16, 0x3C00), (T.BFLOAT16, 0x3F80),
           (T.FLOAT8E4M3FN, 0x38), (T.FLOAT8E4M3FNUZ, 0x40), (T.FLOAT8E5M2, 0x3C),
           (T.FLOAT8E5M2FNUZ, 0x40), (T.FLOAT8E8M0, 127), (T.FLOAT6E2M3, 8),
           (T.FLOAT6E3M2, 12)]
    tensors = [T(name=f"t{dtype}", data_type=dtype, dims=[2], int32_data=[v, 0])
               for dtype, v in i32]
    # Three elements in two bytes, low nibble first; five in two, low pair first.
    for dtype in (T.UINT4, T.INT4, T.FLOAT4E2M1):
        tensors.append(T(name=f"t{dtype}", data_type=dtype, dims=[3],
                         int32_data=[0xF2, 0x01]))
        tensors.append(raw(f"r{dtype}", dtype, [3], b"\xf2\x01"))
    for dtype in (T.UINT2, T.INT2):
        tensors.append(T(name=f"t{dtype}", data_type=dtype, dims=[5],
                         int32_data=[0b11100100, 0b01]))
    tensors += [
        T(name="t7", data_type=T.INT64, dims=[2], int64_data=[-(1 << 40), 5]),
        T(name="t12", data_type=T.UINT32, dims=[1], uint64_data=[4294967295]),
        T(name="t13", data_type=T.UINT64, dims=[1], uint64_data=[(1 << 64) - 1]),
        T(name="t11", data_type=T.DOUBLE, dims=[2], double_data=[0.5, -1.5]),
        T(name="t14", data_type=T.COMPLEX64, dims=[1], float_data=[1.0, -2.0]),
        T(name="t15", data_type=T.COMPLEX128, dims=[1], double_data=[1.0, -2.0]),
        T(name="t8", data_type=T.STRING, dims=[2], string_data=[b"a", b"\xff\""]),
        raw("r27", T.FLOAT6E2M3, [4], bytes.fromhex("088220")),
        raw("r10", T.FLOAT16, [2], np.float16([1, -2]).tobytes()),
        raw("splat", F, [2, 2], np.full(4, 3, np.float32).tobytes()),
        raw("empty", F, [0, 3], b""),
        raw("large", F, [16, 32], np.arange(512, dtype=np.float32).tobytes()),
    ]
    return finish([make_node("Identity", ["splat"], ["y"])], [],
                  [value("y", (2, 2))], tensors)


@model
def sparse_weights():
    """Positions as coordinates and as row-major offsets."""
    def sparse(name, indices, dims):
        return helper.make_sparse_tensor(
            make_tensor(name, F, [2], [1.0, 2.0]),
            make_tensor("", TensorProto.INT64, dims,
                        np.array(indices).flatten()), [2, 3])
    return finish([make_node("Add", ["a", "b"], ["y"])], [], [value("y", (2, 3))],
                  sparse_initializer=[sparse("a", [[0, 1], [1, 2]], [2, 2]),
                                      sparse("b", [1, 5], [2])])


@model
def subgraphs():
    """A Loop with an If inside; both capture values from outside."""
    one = make_graph([make_node("Add", ["state", "w"], ["then_y"])], "then", [],
                     [value("then_y")], [floats("w", 4)])
    other = make_graph([make_node("Sub", ["state", "x"], ["else_y"])], "else", [],
                       [value("else_y")])
    body = make_graph(
        [make_node("If", ["cond_in"], ["next"], then_branch=one, else_branch=other),
         make_node("Identity", ["cond_in"], ["cond_out"])], "body",
        [value("iter", (), TensorProto.INT64), value("cond_in", (), TensorProto.BOOL),
         value("state")],
        [value("cond_out", (), TensorProto.BOOL), value("next")])
    return finish([make_node("Loop", ["n", "", "x"], ["y"], body=body, name="loop")],
                  [value("n", (), TensorProto.INT64), value("x")], [value("y")],
                  [floats("w", 4)])


@model
def functions():
    """Attribute parameters, defaults, overloads, calls inside functions."""
    scale = make_node("LeakyRelu", ["a"], ["b"], name="leaky")
    ref = scale.attribute.add()
    ref.name, ref.ref_attr_name, ref.type = "alpha", "slope", 1
    leaky = make_function("local", "Leaky", ["a"], ["b"], [scale],
                          [make_opsetid("", 16)],
                          attribute_protos=[helper.make_attribute("slope", 0.25)])
    call = make_node("Leaky", ["a"], ["t"], domain="local", name="inner")
    slope = call.attribute.add()
    slope.name, slope.ref_attr_name, slope.type = "slope", "to", 1
    twice = make_function(
        "local", "Twice", ["a", "bound"], ["c"],
        [call, make_node("Clip", ["t", "", "bound"], ["c"])],
        [make_opsetid("", 18), make_opsetid("local", 1)], ["to"],
        overload="v2", doc_string="leaky, then clipped")
    nodes = [make_node("Leaky", ["x"], ["t"], domain="local", name="first"),
             make_node("Twice", ["t"], ["y"], domain="local", overload="v2", to=0.5)]
    return finish(nodes, [value("x")], [value("y")], functions=[leaky, twice],
                  domains=["local"])


@model
def moe():
    """One com.microsoft MoE layer."""
    experts, hidden, inter = 4, 8, 16
    weights = [make_tensor("fc1", F, [experts, inter, hidden],
                           np.arange(experts * inter * hidden) / 1000),
               make_tensor("fc2", F, [experts, hidden, inter],
                           np.arange(experts * inter * hidden) / 1000)]
    node = make_node("MoE", ["x", "router", "fc1", "", "fc2"], ["y"], name="moe",
                     domain="com.microsoft", k=2, activation_type="silu")
    return finish([node], [value("x", ("tokens", hidden)),
                           value("router", ("tokens", experts))],
                  [value("y", ("tokens", hidden))], weights,
                  domains=["com.microsoft"])


@model
def many_namesakes():
    """Initializers whose symbols would collide."""
    then = make_graph([make_node("Identity", ["w"], ["a"])], "then", [], [value("a")],
                      [floats("w", 4)])
    other = make_graph([make_node("Identity", ["main"], ["b"])], "else", [],
                       [value("b")], [floats("w_0", 4)])
    return finish([make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)],
                  [value("c", (), TensorProto.BOOL)], [value("y")],
                  [floats("w", 4), floats("main", 4)])


@model
def descriptions():
    """What graphs, sub-graphs and inputs say about themselves."""
    body = make_graph([make_node("Relu", ["part"], ["out"])], "body",
                      [value("part", ("n",))], [value("out", ("n",))],
                      doc_string="one part")
    scan = make_node("Scan", ["x"], ["y"], body=body, num_scan_inputs=1)
    made = finish([scan], [value("x", (4, "n"))], [value("y", (4, "n"))],
                  doc_string="a graph")
    made.graph.metadata_props.add(key="purpose", value="tests")
    made.graph.input[0].doc_string = "rows"
    made.graph.node[0].metadata_props.add(key="from", value="nowhere")
    return made
