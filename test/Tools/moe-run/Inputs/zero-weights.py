"""Writes model.mlir into a folder: a layer whose down projection, in a file, holds
one value everywhere. Usage: zero-weights.py FOLDER VALUE"""

import sys
from pathlib import Path

import numpy as np

folder, value = Path(sys.argv[1]).resolve(), float(sys.argv[2])
(folder / "weights.bin").write_bytes(np.full((1, 2, 2), value, np.float32).tobytes())
(folder / "model.mlir").write_text(f'''
module attributes {{onnxir.base_dir = "{folder}", onnxir.files = {{weights.bin = 16 : i64}}}} {{
  onnxir.weight @down from "weights.bin"[0, 16] : tensor<1x2x2xf32>
  func.func @main() -> (tensor<1x2xf32> {{onnxir.name = "y"}}) {{
    %x = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
    %w = arith.constant dense<1.0> : tensor<1x1xf32>
    %ids = arith.constant dense<0> : tensor<1x1xi32>
    %u = arith.constant dense<[[[1.0, 0.0], [0.0, 1.0]]]> : tensor<1x2x2xf32>
    %d = onnxir.get_weight @down : tensor<1x2x2xf32>
    %up = moe.weights %u : tensor<1x2x2xf32> -> !moe.weights<1x2x2, f32>
    %down = moe.weights %d : tensor<1x2x2xf32> -> !moe.weights<1x2x2, f32>
    %e = moe.ffn_experts up(%up : !moe.weights<1x2x2, f32>)
        down(%down : !moe.weights<1x2x2, f32>) activation<relu> : !moe.experts<1, 2 -> 2>
    %p = moe.plan %ids : tensor<1x1xi32> -> !moe.plan<1>
    %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<1x1xf32>)
        : tensor<1x2xf32>, !moe.plan<1>, !moe.experts<1, 2 -> 2> -> tensor<1x2xf32>
    return %y : tensor<1x2xf32>
  }}
}}
''')
