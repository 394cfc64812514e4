"""Shared by the core_*.py scripts: runs functions on seeded draws and records outputs and gradients as JSON.

The tests draw the same inputs (packages/core/src/testing/cases.ts), so that only results are stored.
"""
import json
import math
import pathlib

import torch

CORE = pathlib.Path(__file__).resolve().parents[2] / "packages" / "core" / "src"


def x(*shape, low=-1, high=1, grad=True):
    return {"shape": list(shape), "low": low, "high": high} | ({} if grad else {"grad": False})


def i(*shape, low=0, high=2, dtype="i32"):
    return {"shape": list(shape), "dtype": dtype, "low": low, "high": high}


def draw(spec):
    if "dtype" not in spec:
        t = torch.empty(spec["shape"]).uniform_(spec["low"], spec["high"])
        return t.requires_grad_(spec.get("grad", True))
    t = torch.randint(spec["low"], spec["high"], spec["shape"])
    return {"i32": t, "u8": t.byte(), "bool": t.bool()}[spec["dtype"]]


def number(v):
    return v if math.isfinite(v) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(v)]


def numbers(t):
    t = t.detach()
    if t.dtype == torch.float32:
        return [number(float(str(v))) for v in t.contiguous().numpy().reshape(-1)]
    return [int(v) for v in t.reshape(-1).tolist()]


def run(name, seed, inputs, f):
    torch.manual_seed(seed)
    xs = [draw(spec) for spec in inputs]
    ys = f(*xs)
    ys = [ys] if torch.is_tensor(ys) else list(ys)
    floats = [y for y in ys if y.is_floating_point()]
    dys = [torch.empty(y.shape).uniform_(-1, 1) for y in floats]
    pairs = [(y, dy) for y, dy in zip(floats, dys) if y.requires_grad]
    if pairs:
        torch.autograd.backward([y for y, _ in pairs], [dy for _, dy in pairs])
    grads = [numbers(t.grad) if t.is_floating_point() and t.grad is not None else None for t in xs]
    return {"name": name, "seed": seed, "inputs": inputs, "shapes": [list(y.shape) for y in ys],
            "y": [numbers(y) for y in ys], "dx": grads}


def write(path, table):
    """table: name -> (inputs, function); the seed of a case is its place."""
    cases = [run(name, seed, inputs, f) for seed, (name, (inputs, f)) in enumerate(table.items())]
    path = CORE / path
    path.parent.mkdir(exist_ok=True)
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
