#!/usr/bin/env python3
"""Write lib/Dialect/ONNXIR/IR/OnnxSchemas.inc: what each version of each
operator takes.

The standard domains come from the onnx package, with all their history;
com.microsoft, and the operators that ONNX Runtime puts into the standard
domain, from the onnxruntime package. Both are in the environment that
scripts/setup.sh makes:

    .venv/bin/python scripts/gen-onnx-schemas.py

A row is: domain, name, first version, least and greatest number of inputs (-1:
any), whether each input is single (s), optional (o) or variadic (v), least and
greatest number of outputs, whether the version removes the operator, and its
attributes as `name:kind`, with `!` where required. Kinds: float f, int i,
string s, tensor t, graph g, sparse tensor x, type p; capital for lists.
"""

import argparse
import pathlib

import onnx
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

KINDS = {
    "FLOAT": "f", "INT": "i", "STRING": "s", "TENSOR": "t", "GRAPH": "g",
    "SPARSE_TENSOR": "x", "TYPE_PROTO": "p", "FLOATS": "F", "INTS": "I",
    "STRINGS": "S", "TENSORS": "T", "GRAPHS": "G", "SPARSE_TENSORS": "X",
    "TYPE_PROTOS": "P",
}
OPTIONS = {"Single": "s", "Optional": "o", "Variadic": "v"}
UNBOUNDED = 1 << 30

HEADER = """\
//===- OnnxSchemas.inc - Operators of ONNX and ONNX Runtime ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Written by scripts/gen-onnx-schemas.py from onnx {onnx} and
// onnxruntime {ort}, sorted by domain, name, version. Do not edit.
//
//===----------------------------------------------------------------------===//

// clang-format off
"""


def last_word(enum):
    return str(enum).rsplit(".", 1)[-1]


def row(schema):
    def bound(count):
        return -1 if count >= UNBOUNDED else count

    inputs = "".join(OPTIONS[last_word(i.option)] for i in schema.inputs)
    attributes = " ".join(
        f"{name}:{KINDS[last_word(a.type)]}{'!' if a.required else ''}"
        for name, a in sorted(schema.attributes.items()))
    return (schema.domain, schema.name, schema.since_version,
            f'{{"{schema.domain}", "{schema.name}", {schema.since_version}, '
            f'{schema.min_input}, {bound(schema.max_input)}, "{inputs}", '
            f"{schema.min_output}, {bound(schema.max_output)}, "
            f'{str(schema.deprecated).lower()}, "{attributes}"}},\n')


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "-o", "--output", type=pathlib.Path,
        default=root / "lib/Dialect/ONNXIR/IR/OnnxSchemas.inc")
    args = parser.parse_args()

    standard = onnx.defs.get_all_schemas_with_history()
    names = {(s.domain, s.name) for s in standard}
    extra = [s for s in get_all_operator_schema()
             if s.domain in ("", "com.microsoft")
             and (s.domain, s.name) not in names]
    rows = {r[:3]: r[3] for r in map(row, [*extra, *standard])}
    args.output.write_text(
        HEADER.format(onnx=onnx.__version__, ort=onnxruntime.__version__)
        + "".join(rows[key] for key in sorted(rows))
        + "// clang-format on\n")


if __name__ == "__main__":
    main()
