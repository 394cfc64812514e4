"""Records calls of PyTorch for packages/core: inputs from seeds, outputs and gradients as JSON."""
import json
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "../../packages/core/src")


def numbers(t):
    return [float(str(x)) for x in t.detach().to(torch.float32).numpy().reshape(-1)]


class Recorder:
    """Collects cases; see testing/golden.ts for what a case means."""

    def __init__(self):
        self.cases = []

    def add(self, op, shapes, options, f, grads=True, low=-1.0, high=1.0):
        seed = len(self.cases)
        torch.manual_seed(seed)
        xs = [None if s is None else torch.empty(s).uniform_(low, high).requires_grad_(grads) for s in shapes]
        y = f(*xs)
        case = {"op": op, "seed": seed, "shapes": shapes, "options": options, "range": [low, high], "shape": list(y.shape), "y": numbers(y)}
        if grads:
            y.backward(torch.empty(y.shape).uniform_(-1, 1))
            case["grads"] = [None if x is None else numbers(x.grad) for x in xs]
        self.cases.append(case)

    def write(self, path):
        path = os.path.join(SOURCES, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            json.dump(self.cases, out, separators=(",", ":"))
            out.write("\n")
        print(os.path.basename(path), os.path.getsize(path))
