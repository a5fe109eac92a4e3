"""A layer in PyTorch, in the precision of its operands' type."""

import torch

TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def random_arguments(layer, tokens, generator, device="cuda"):
    """Tensors by name; scaled so that results are about 1."""
    result = {}
    for name, shape, element in layer.arguments():
        shape = [tokens if n is None else n for n in shape]
        if element == "ui8":
            result[name] = torch.randint(0, 256, shape, device=device, generator=generator,
                                         dtype=torch.uint8)
            continue
        array = torch.randn(shape, device=device, generator=generator, dtype=torch.float32)
        if len(shape) == 3:
            array *= shape[-1] ** -0.5
        if "bias" in name:
            array *= 0.1
        if "scales" in name:
            # Codes spread over their range make weights of about 1 over the root of the inputs.
            inner = layer.hidden if name != "down_scales" else layer.inter
            array = (0.5 + torch.rand(shape, device=device, generator=generator)) * inner**-0.5
            array *= 4 / (1 << layer.bits)
        result[name] = array.to(TYPES[element])
    return result


ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": torch.relu,
    "relu2": lambda z: torch.relu(z) ** 2,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "silu": torch.nn.functional.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def route(layer, logits):
    """Weights and ids of each token."""
    z = logits.double()
    p = {"softmax": lambda: z.softmax(-1), "sigmoid": lambda: z.sigmoid(),
         "identity": lambda: z}[layer.score]()
    choice = p
    if layer.groups:
        count, keep = layer.groups
        parts = p.view(len(p), count, layer.experts // count)
        kept = parts.topk(2, -1).values.sum(-1).topk(keep, -1).indices
        mask = torch.zeros(len(p), count, device=p.device).scatter_(1, kept, 1).bool()
        choice = torch.where(mask[..., None], parts, -torch.inf).reshape(p.shape)
    ids = choice.topk(layer.k, -1).indices
    w = p.gather(1, ids)
    if layer.normalize == "sum":
        w = w / w.sum(-1, keepdim=True)
    elif layer.normalize == "softmax":
        w = w.softmax(-1)
    return w * layer.scale, ids


def dequantised(layer, arguments, name, expert):
    """A matrix of an expert as numbers."""
    source = arguments[name][expert]
    if not layer.codes:
        return source
    shifts = range(0, 8, layer.bits)
    codes = torch.stack([source.int() >> s & (1 << layer.bits) - 1 for s in shifts], -1).flatten(1)
    scales = arguments[f"{name}_scales"][expert].double()
    scales = scales.repeat_interleave(-(-codes.shape[1] // scales.shape[1]), 1)[:, : codes.shape[1]]
    return (codes.double() - (1 << layer.bits - 1)) * scales


def reference(layer, arguments, rows=None):
    """The layer in float64 for some tokens, or all."""
    x, logits = arguments["x"], arguments["logits"]
    if rows is not None:
        x, logits = x[rows], logits[rows]
    w, ids = route(layer, logits)
    y = torch.zeros(len(x), layer.hidden, dtype=torch.float64, device=x.device)
    act = ACTIVATIONS[layer.activation]
    for e in ids.unique().tolist():
        token, slot = (ids == e).nonzero(as_tuple=True)
        row = x[token].double()

        def project(name, source):
            u = row @ source.double().T
            if layer.biases:
                u = u + arguments[f"{name}_bias"][e].double()
            return u

        if layer.gated and layer.interleaved:
            both = dequantised(layer, arguments, "gate_up", e)
            gate, up = both[0::2], both[1::2]
        else:
            gate = dequantised(layer, arguments, "gate", e) if layer.gated else None
            up = dequantised(layer, arguments, "up", e)
        u = project("up", up)
        h = act(project("gate", gate)) * u if layer.gated else act(u)
        out = h @ dequantised(layer, arguments, "down", e).double().T
        if layer.biases:
            out = out + arguments["down_bias"][e].double()
        y.index_add_(0, token, out * w[token, slot, None])
    return y


# Of the norm of a row: what rounding to the type may cost.
TOLERANCE = {"f32": 2e-5, "f16": 3e-3, "bf16": 2e-2}


def error(result, expected):
    """The greatest relative error of a row; infinite where one is no number."""
    if result.numel() == 0:
        return 0.0
    difference = (result.double() - expected).norm(dim=1)
    relative = (difference / expected.norm(dim=1).clamp_min(1e-9)).max().item()
    return relative if torch.isfinite(result).all() else float("inf")
