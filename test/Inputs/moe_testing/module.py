"""Builds MLIR text for test cases, many of them in one module."""

import numpy as np

MLIR_TYPES = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f16",
    "int32": "i32",
    "int64": "i64",
    "int8": "i8",
    "uint8": "ui8",
}


def tensor_type(shape, element, dynamic=()):
    sizes = ["?" if i in dynamic else str(n) for i, n in enumerate(shape)]
    return "tensor<" + "x".join(sizes + [element]) + ">"


class Case:
    """One function of a test module, its inputs and what it must give."""

    def __init__(self, name):
        self.name = name
        self.lines = []
        self.inputs = []
        self.results = []
        self.counter = 0

    def fresh(self):
        self.counter += 1
        return f"%v{self.counter}"

    def emit(self, text):
        """Adds an operation with one result and returns the result's name."""
        name = self.fresh()
        self.lines.append(f"{name} = {text}")
        return name

    def input(self, array, dynamic=()):
        """Adds an argument; returns its name and type."""
        kind = tensor_type(array.shape, MLIR_TYPES[array.dtype.name], dynamic)
        name = f"%arg{len(self.inputs)}"
        self.inputs.append((array, kind))
        return name, kind

    def constant(self, array, element):
        """Adds a constant of any element type out of the array's bytes."""
        kind = tensor_type(array.shape, element)
        data = array.tobytes().hex()
        return self.emit(f'arith.constant dense<"0x{data}"> : {kind}'), kind

    def cast(self, value, kind, element):
        """Converts the floats of a tensor to another type."""
        source = kind[kind.rindex("x") + 1 : -1] if "x" in kind else ""
        if source == element:
            return value, kind
        target = kind[: kind.rindex("x") + 1] + element + ">"
        widths = {"f64": 64, "f32": 32, "f16": 16, "bf16": 16}
        op = "extf" if widths[element] > widths[source] else "truncf"
        return self.emit(f"arith.{op} {value} : {kind} to {target}"), target

    def result(self, value, kind, expected, rtol=0.0, atol=0.0):
        """Adds a result; `expected` is an array of float64 or integers."""
        if "bf16" in kind:
            value, kind = self.cast(value, kind, "f32")
        self.results.append((value, kind, expected, rtol, atol))

    def function(self):
        args = ", ".join(f"%arg{i}: {kind}" for i, (_, kind) in enumerate(self.inputs))
        values = ", ".join(value for value, *_ in self.results)
        kinds = ", ".join(kind for _, kind, *_ in self.results)
        body = "\n".join("  " + line for line in self.lines)
        return (
            f"func.func private @{self.name}({args}) -> ({kinds}) {{\n{body}\n"
            f"  return {values} : {kinds}\n}}\n"
        )


def build_module(cases):
    """One module whose @main calls every case: text and inputs by name."""
    text, args, inputs, calls, results, outputs = [], [], {}, [], [], []
    for number, case in enumerate(cases):
        text.append(case.function())
        names = []
        for array, kind in case.inputs:
            name = f"x{len(inputs)}"
            inputs[name] = array
            args.append(f'%{name}: {kind} {{onnxir.name = "{name}"}}')
            names.append((f"%{name}", kind))
        kinds = [kind for _, kind, *_ in case.results]
        count = "" if len(kinds) == 1 else f":{len(kinds)}"
        operands = ", ".join(name for name, _ in names)
        operand_kinds = ", ".join(kind for _, kind in names)
        calls.append(
            f"  %r{number}{count} = call @{case.name}({operands}) : "
            f"({operand_kinds}) -> ({', '.join(kinds)})"
        )
        for i, kind in enumerate(kinds):
            results.append(f"%r{number}" + ("" if len(kinds) == 1 else f"#{i}"))
            outputs.append(kind)
    declared = ", ".join(
        f'{kind} {{onnxir.name = "y{i}"}}' for i, kind in enumerate(outputs)
    )
    text.append(
        f"func.func @main({', '.join(args)}) -> ({declared}) {{\n"
        + "\n".join(calls)
        + f"\n  return {', '.join(results)} : {', '.join(outputs)}\n}}\n"
    )
    return "\n".join(text), inputs
