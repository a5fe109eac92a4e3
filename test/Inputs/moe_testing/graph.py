"""ONNX graphs under construction."""

import numpy as np
from onnx import helper, numpy_helper


class Graph:
    """Nodes and initializers; calling it adds a node and gives the names of its outputs, or of the one that it has.

    Inputs that are no names become initializers.
    """

    def __init__(self):
        self.nodes, self.initializers = [], []

    def __call__(self, op, *inputs, outputs=1, **attributes):
        names = self.add(op, self.name_inputs(inputs), outputs, **attributes)
        return names[0] if outputs == 1 else names

    def name_inputs(self, inputs):
        return [i if isinstance(i, str) else self.constant(i) for i in inputs]

    def add(self, op, inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names

    def constant(self, value):
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return name
