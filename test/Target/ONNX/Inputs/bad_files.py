"""Files that are no ONNX models, or break off: bytes of protobuf by hand."""

MODELS = {}


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def tag(number, wire):
    return varint(number << 3 | wire)


def sub(number, *parts):
    body = b"".join(parts)
    return tag(number, 2) + varint(len(body)) + body


def integer(number, value):
    return tag(number, 0) + varint(value)


VERSION = integer(1, 8)


def file(name, *parts):
    MODELS[name] = lambda home: b"".join(parts)


def graph(name, *parts):
    file(name, VERSION, sub(7, *parts))


def tensor(name, *parts):
    graph(name, sub(5, sub(8, b"w"), *parts))


file("empty")
file("text", b"module {\n  func.func @main() { return }\n}\n")
file("zip", b"PK\x03\x04" + bytes(30))
file("cut_tag", VERSION, b"\x80")
file("field_zero", VERSION, b"\x00\x00")
file("cut_varint", VERSION, tag(5, 0), b"\xff")
file("cut_bytes", VERSION, tag(7, 2), varint(100), b"ab")
file("cut_fixed", VERSION, tag(31, 5), b"\x00")
file("long_varint", VERSION, tag(5, 0), b"\xff" * 10)
file("wire_type", VERSION, tag(5, 6))
file("open_group", VERSION, tag(31, 3), integer(1, 1))
file("other_group", VERSION, tag(31, 3), tag(32, 4))
file("end_group", VERSION, tag(31, 4))
file("deep_groups", VERSION, tag(31, 3) * 200, tag(31, 4) * 200)
file("wrong_wire", VERSION, tag(7, 0), b"\x01")
file("two_graphs", VERSION, sub(7), sub(7))
file("no_graph", VERSION)
tensor("packed_cut", sub(1, b"\x80"))
tensor("enumerator", integer(2, 1 << 40))
tensor("location", integer(14, 7))
tensor("cut_value", integer(1, 1), integer(2, 6), sub(5, b"\x01\x80"))
tensor("typed_wire", tag(4, 0), b"\x01")
graph("floats", sub(1, sub(5, sub(1, b"a"), sub(7, b"abc"))))


def nest(depth):
    """A graph in an attribute of a node of a graph …"""
    body = b""
    for _ in range(depth):
        body = sub(1, sub(4, b"If"), sub(5, sub(1, b"body"), sub(6, body)))
    return body


graph("deep_graphs", nest(50))
