"""PyTorch's optimizers for optim/optim.test.ts: two parameters, twelve steps with gradients that depend on them.
    core_optim.py OUT.json
"""
import json
import sys

import numpy as np
import torch

SHAPES = [(3, 5), (7,)]
STEPS = 12


def start(k):
    torch.manual_seed(k)
    return torch.empty(SHAPES[k]).uniform_(-1, 1)


def noise(step, k):
    torch.manual_seed(100 + 10 * step + k)
    return torch.empty(SHAPES[k]).uniform_(-1, 1)


def gradient(p, step, k):
    return p.detach() * 0.5 + noise(step, k)


class Lion:
    """Algorithm 2 of Chen et al. 2023."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        self.params, self.lr, self.betas, self.wd = params, lr, betas, weight_decay
        self.m = [np.zeros(p.shape) for p in params]

    def step(self):
        b1, b2 = self.betas
        for i, p in enumerate(self.params):
            g = p.grad.numpy().astype(np.float64)
            x = p.detach().numpy().astype(np.float64)
            x = x - self.lr * (np.sign(b1 * self.m[i] + (1 - b1) * g) + self.wd * x)
            self.m[i] = b2 * self.m[i] + (1 - b2) * g
            p.data = torch.from_numpy(x.astype(np.float32))


CASES = [
    ("sgd", torch.optim.SGD, dict(lr=0.1)),
    ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    ("sgd", torch.optim.SGD, dict(lr=0.05, momentum=0.9, dampening=0.3, weight_decay=0.1)),
    ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01)),
    ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.5, maximize=True)),
    ("adam", torch.optim.Adam, dict(lr=0.01)),
    ("adam", torch.optim.Adam, dict(lr=0.02, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1)),
    ("adam", torch.optim.Adam, dict(lr=0.02, amsgrad=True)),
    ("adam", torch.optim.Adam, dict(lr=0.02, maximize=True, weight_decay=0.1)),
    ("adamw", torch.optim.AdamW, dict(lr=0.01)),
    ("adamw", torch.optim.AdamW, dict(lr=0.05, weight_decay=0.3, amsgrad=True)),
    ("adamw", torch.optim.AdamW, dict(lr=0.05, weight_decay=0.3, maximize=True)),
    ("rmsprop", torch.optim.RMSprop, dict(lr=0.01)),
    ("rmsprop", torch.optim.RMSprop, dict(lr=0.01, alpha=0.9, eps=1e-4, weight_decay=0.1, momentum=0.7)),
    ("rmsprop", torch.optim.RMSprop, dict(lr=0.01, centered=True)),
    ("rmsprop", torch.optim.RMSprop, dict(lr=0.01, centered=True, momentum=0.9)),
    ("adagrad", torch.optim.Adagrad, dict(lr=0.1)),
    ("adagrad", torch.optim.Adagrad, dict(lr=0.1, lr_decay=0.1, weight_decay=0.2, initial_accumulator_value=0.5, eps=1e-4)),
    ("adadelta", torch.optim.Adadelta, dict()),
    ("adadelta", torch.optim.Adadelta, dict(lr=0.5, rho=0.8, eps=1e-3, weight_decay=0.1)),
    ("lion", Lion, dict(lr=0.01)),
    ("lion", Lion, dict(lr=0.02, betas=(0.8, 0.9), weight_decay=0.5)),
]


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


out = []
for name, make, options in CASES:
    params = [torch.nn.Parameter(start(k)) for k in range(2)]
    optimizer = make(params, **options)
    for step in range(STEPS):
        for k, p in enumerate(params):
            p.grad = gradient(p, step, k)
        optimizer.step()
    case = {"name": name, "options": {camel(k): v for k, v in options.items()}, "values": [p.detach().flatten().tolist() for p in params]}
    if name != "lion":
        state = optimizer.state_dict()["state"]
        case["state"] = sorted(k for k, v in state.get(0, {}).items() if v is not None)
    out.append(case)

torch.manual_seed(0)
clips = []
for norm, p in [(1.0, 2), (100.0, 2), (0.5, 1), (0.3, float("inf")), (1.0, 3)]:
    params = [torch.nn.Parameter(start(k)) for k in range(2)]
    for k, q in enumerate(params):
        q.grad = noise(0, k)
    total = torch.nn.utils.clip_grad_norm_(params, norm, norm_type=p)
    clips.append({"maxNorm": norm, "normType": p if p != float("inf") else "inf", "total": total.item(), "values": [q.grad.flatten().tolist() for q in params]})

model = torch.nn.Linear(5, 3)
average = torch.optim.swa_utils.AveragedModel(model, avg_fn=lambda a, p, n: 0.9 * a + 0.1 * p)
with torch.no_grad():
    model.weight.copy_(start(0))
    average.update_parameters(model)
    for step in range(4):
        model.weight.add_(noise(step, 0))
        average.update_parameters(model)
ema = average.module.weight.flatten().tolist()

json.dump({"steps": STEPS, "optimizers": out, "clips": clips, "ema": ema}, open(sys.argv[1], "w"))
