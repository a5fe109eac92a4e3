"""Well-formed files with models that make no sense."""

from onnx import AttributeProto, TensorProto, helper
from onnx.helper import (make_function, make_graph, make_node, make_opsetid,
                         make_tensor, make_tensor_value_info)

F = TensorProto.FLOAT
MODELS = {}


def finish(nodes=None, initializers=(), inputs=("x",), outputs=("y",), opset=18,
           functions=(), **graph):
    if nodes is None:
        nodes = [make_node("Neg", ["x"], ["y"])]
    made = helper.make_model(
        make_graph(nodes, "g",
                   [i if not isinstance(i, str) else value(i) for i in inputs],
                   [value(o) for o in outputs], list(initializers), **graph),
        opset_imports=[make_opsetid("", opset), make_opsetid("local", 1)],
        functions=list(functions))
    made.ir_version = 8
    return made


def value(name, dtype=F, shape=(4,)):
    return make_tensor_value_info(name, dtype, shape)


def add(name, *args, change=None, **kwargs):
    def make(home):
        made = finish(*args, **kwargs)
        if change:
            change(made)
        return made
    MODELS[name] = make


def node(op="Neg", inputs=("x",), outputs=("y",), **kwargs):
    return make_node(op, list(inputs), list(outputs), **kwargs)


def tensor(name="w", dtype=F, dims=(2,), **kwargs):
    return TensorProto(name=name, data_type=dtype, dims=dims, **kwargs)


def weight(case, **kwargs):
    add(case, initializers=[tensor(**kwargs)])


# The model
add("old_ir", change=lambda m: setattr(m, "ir_version", 2))
add("new_ir", change=lambda m: setattr(m, "ir_version", 15))
add("opset_zero", opset=0)
add("two_opsets", change=lambda m: m.opset_import.append(make_opsetid("", 17)))

# Inputs and types
add("unnamed_input", inputs=["x", ""])
add("same_inputs", inputs=["x", "x"])
add("unknown_type", inputs=["x", value("z", 99)])
add("negative_size", inputs=["x", value("z", F, (-2,))])
add("huge_type", inputs=["x", value("z", F, (1 << 40, 1 << 40))])


def map_key(made):
    made.graph.input[0].type.map_type.key_type = 77
    made.graph.input[0].type.map_type.value_type.tensor_type.elem_type = F


add("map_key", change=map_key)

# Nodes
add("no_operator", [node(op="")])
add("undefined", [node(inputs=["nowhere"])])
add("undefined_output", outputs=["y", "z"])
add("twice", [node(), node()])
add("input_again", [node(outputs=["x"])])
add("cycle", [node("Add", ["x", "b"], ["a"], name="first"),
              node("Neg", ["a"], ["b"], name="second"), node(inputs=["b"])])
add("subgraph_capture",
    [node("If", ["x"], then_branch=make_graph(
        [node(inputs=["gone"], outputs=["t"])], "t", [], [value("t")]),
        else_branch=make_graph([], "e", [], [value("x")]))])
add("subgraph_output",
    [node("If", ["x"], then_branch=make_graph([], "t", [], [value("gone")]),
          else_branch=make_graph([], "e", [], [value("x")]))])

# Attributes


def bad_kind():
    made = finish([node(a=1)]).SerializeToString()
    # The type of attribute `a`: field 20.
    return made.replace(b"\xa0\x01\x02", b"\xa0\x01\x63")


def attribute(name, *attributes, op="Neg"):
    made = node(op)
    for fields in attributes:
        made.attribute.append(AttributeProto(**fields))
    add(name, [made])


attribute("unnamed_attribute", dict(type=2, i=1))
attribute("same_attributes", dict(name="a", type=2), dict(name="a", type=2))
attribute("untyped_attribute", dict(name="a"))
MODELS["attribute_kind"] = lambda home: bad_kind()
attribute("no_tensor", dict(name="a", type=4))
attribute("no_graph", dict(name="a", type=5))
attribute("outer_reference", dict(name="a", type=2, ref_attr_name="b"))

# Tensors
weight("unnamed_weight", name="")
weight("unknown_data", dtype=0)
weight("negative_dim", dims=[-1])
weight("huge_dims", dims=[1 << 40, 1 << 40])
weight("raw_short", raw_data=b"1234567")
weight("no_data")
weight("typed_short", float_data=[1.0])
weight("int_short", dtype=TensorProto.INT32, int32_data=[1, 2, 3])
weight("int4_short", dtype=TensorProto.INT4, dims=[5], int32_data=[1, 2])
weight("segment", segment=TensorProto.Segment(begin=0, end=1), float_data=[1, 2])
weight("raw_strings", dtype=TensorProto.STRING, raw_data=b"ab")
weight("few_strings", dtype=TensorProto.STRING, string_data=[b"a"])
add("same_weights", initializers=[tensor(float_data=[1, 2])] * 2)
add("weight_type", initializers=[tensor(name="x", float_data=[1, 2])])
add("default_twice",
    initializers=[tensor(name="x", dims=[4], float_data=[1, 2, 3, 4])] * 2)
add("constant_tensor", [node("Constant", [], value=tensor("", raw_data=b"123"))])


def sparse(name, values, indices, dims=(4,), index_dims=None, **kwargs):
    made = helper.make_sparse_tensor(
        tensor(kwargs.get("tensor_name", "s"), F, kwargs.get("value_dims", [len(values)]),
               float_data=values),
        tensor("", TensorProto.INT64, index_dims or [len(indices)],
               int64_data=indices), list(dims))
    add(name, sparse_initializer=[made])


sparse("sparse_unnamed", [1.0], [0], tensor_name="")
sparse("sparse_values", [1.0], [0], value_dims=[1, 1])
sparse("sparse_indices", [1.0, 2.0], [0])
sparse("sparse_range", [1.0], [4])
sparse("sparse_coordinate", [1.0], [0, 9], dims=(2, 2), index_dims=[1, 2])
sparse("sparse_scalar", [1.0], [0], dims=())

# Functions


def function(name, *functions):
    add(name, functions=functions)


def body(name="F", **kwargs):
    made = make_function("local", "F", ["a"], ["b"], [node(inputs=["a"], outputs=["b"])],
                         [make_opsetid("", 18)], **kwargs)
    made.name = name
    return made


function("unnamed_function", body(""))
function("same_functions", body(), body())
function("unnamed_parameter", body(attribute_protos=[AttributeProto(type=2, i=1)]))
function("parameter_twice",
         body(attributes=["p"], attribute_protos=[helper.make_attribute("p", 1)]))
function("default_graph", body(attribute_protos=[helper.make_attribute(
    "p", make_graph([], "g", [], []))]))
