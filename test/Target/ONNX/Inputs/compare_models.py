"""Says where two ONNX models differ in meaning: `differences(a, b)`. What the
exporter is free to choose is no difference: the field that holds a tensor's
elements, the order of nodes and of metadata, explicit domains "ai.onnx", inputs
left out at the end, value infos that repeat what the model says elsewhere."""

import onnx
from onnx import numpy_helper


def load(path):
    """The model with the bytes of its external data."""
    return onnx.load(path)


def tensor(t):
    if t.data_type == onnx.TensorProto.STRING:
        data = list(t.string_data)
    elif t.data_location == onnx.TensorProto.EXTERNAL:
        data = {e.key: e.value for e in t.external_data}
    else:
        data = t.raw_data if t.HasField("raw_data") else get_bytes(t)
    return t.data_type, list(t.dims), data


def get_bytes(t):
    """The elements as raw_data holds them."""
    # Sub-byte and 8-bit elements stand in int32_data as raw_data has them.
    small = {"FLOAT8", "FLOAT6", "FLOAT4", "UINT4", "INT4", "UINT2", "INT2"}
    name = onnx.TensorProto.DataType.Name(t.data_type)
    if name.startswith("FLOAT6"):
        bits = sum((v & 63) << (6 * i) for i, v in enumerate(t.int32_data))
        return bits.to_bytes((6 * len(t.int32_data) + 7) // 8, "little")
    if any(name.startswith(s) for s in small):
        return bytes(v & 255 for v in t.int32_data)
    return numpy_helper.to_array(t).tobytes()


def sparse(s):
    dims = list(s.dims)
    indices = numpy_helper.to_array(s.indices)
    if indices.ndim == 1:
        import numpy as np
        indices = np.stack(np.unravel_index(indices, dims), axis=-1)
    return tensor(s.values), indices.tolist(), dims


def metadata(props):
    return {p.key: p.value for p in props}


def info(v):
    kind = v.type.SerializeToString(deterministic=True) if v.HasField("type") else b""
    return v.name, kind, v.doc_string, metadata(v.metadata_props)


def attribute(a):
    A = onnx.AttributeProto
    if a.ref_attr_name:
        return a.type, "ref", a.ref_attr_name
    values = {A.FLOAT: lambda: a.f, A.INT: lambda: a.i, A.STRING: lambda: a.s,
              A.TENSOR: lambda: tensor(a.t), A.GRAPH: lambda: graph(a.g),
              A.FLOATS: lambda: list(a.floats), A.INTS: lambda: list(a.ints),
              A.STRINGS: lambda: list(a.strings),
              A.TENSORS: lambda: [tensor(t) for t in a.tensors],
              A.GRAPHS: lambda: [graph(g) for g in a.graphs],
              A.TYPE_PROTO: lambda: a.tp.SerializeToString(deterministic=True),
              A.SPARSE_TENSOR: lambda: sparse(a.sparse_tensor)}
    return a.type, values[a.type]()


def node(n):
    inputs = list(n.input)
    while inputs and not inputs[-1]:
        inputs.pop()
    domain = "" if n.domain == "ai.onnx" else n.domain
    return (domain, n.op_type, n.overload, n.name, inputs, list(n.output),
            {a.name: attribute(a) for a in n.attribute}, n.doc_string,
            metadata(n.metadata_props))


def nodes(list_of_nodes):
    return sorted((node(n) for n in list_of_nodes), key=lambda n: (n[5], n[:4]))


def graph(g):
    made = {o for n in g.node for o in n.output}
    outer = {v.name for v in [*g.input, *g.output]}
    return {"nodes": nodes(g.node), "name": g.name, "doc": g.doc_string,
            "initializers": {t.name: tensor(t) for t in g.initializer},
            "sparse": {s.values.name: sparse(s) for s in g.sparse_initializer},
            "inputs": [info(v) for v in g.input],
            "outputs": [info(v) for v in g.output],
            "values": {v.name: info(v) for v in g.value_info
                       if v.name in made - outer},
            "metadata": metadata(g.metadata_props)}


def opsets(imports):
    return {i.domain if i.domain != "ai.onnx" else "": i.version for i in imports}


def function(f):
    return {"inputs": list(f.input), "outputs": list(f.output),
            "parameters": list(f.attribute),
            "defaults": {a.name: attribute(a) for a in f.attribute_proto},
            "nodes": nodes(f.node), "doc": f.doc_string,
            "opsets": opsets(f.opset_import),
            "values": {v.name: info(v) for v in f.value_info},
            "metadata": metadata(f.metadata_props)}


def model(m):
    return {"ir_version": m.ir_version, "producer": m.producer_name,
            "producer_version": m.producer_version, "domain": m.domain,
            "version": m.model_version, "doc": m.doc_string,
            "opsets": opsets(m.opset_import), "graph": graph(m.graph),
            "metadata": metadata(m.metadata_props),
            "functions": {(f.domain, f.name, f.overload): function(f)
                          for f in m.functions}}


def differences(a, b, where=""):
    """One line for each part of the models, or of what they are made of, that
    is not equal."""
    if isinstance(a, onnx.ModelProto):
        a, b = model(a), model(b)
    if isinstance(a, dict) and isinstance(b, dict):
        keys = {**a, **b}
        return [line for key in keys
                for line in differences(a.get(key), b.get(key), f"{where}/{key}")]
    if type(a) in (list, tuple) and type(a) == type(b) and len(a) == len(b):
        return [line for i, (x, y) in enumerate(zip(a, b))
                for line in differences(x, y, f"{where}/{i}")]
    return [] if a == b or a != a and b != b else [f"{where}: {str(a)[:80]} | {str(b)[:80]}"]
