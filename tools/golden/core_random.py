"""PyTorch's and NumPy's draws for random/*.test.ts. Long exact fills are kept as SHA-256 of their bytes."""
import hashlib
import json
import math
import os
import sys

import numpy as np
import torch
from torch import nn

F32, F64, I64 = torch.float32, torch.float64, torch.int64


def numbers(t):
    t = t.detach()
    if t.dtype == F32:
        return [float(str(x)) for x in t.numpy().reshape(-1)]
    return t.reshape(-1).tolist()


def sha(t):
    return hashlib.sha256(t.detach().numpy().tobytes()).hexdigest()


def after(seed, draw):
    torch.manual_seed(seed)
    return draw()


def uniform(n, a, b, dtype=F32):
    return torch.empty(n, dtype=dtype).uniform_(a, b)


out = {}
out["uniform"] = [
    {"seed": seed, "n": n, "from": a, "to": b, "f64": dtype == F64, "head": numbers(t[:4]), "sha": sha(t)}
    for seed, n, a, b, dtype in [
        (0, 100000, 0, 1, F32), (0, 100000, -0.1, 0.1, F32), (2**32 + 7, 1000, -3.7, 11.3, F32),
        (2**53 - 1, 1000, 5, 6, F32), (1, 50000, -1 / 3, 1 / 3, F32), (0, 20000, -3.7, 11.3, F64), (3, 1000, 0, 1, F64),
    ]
    for t in [after(seed, lambda: uniform(n, a, b, dtype))]
]
out["negativeSeed"] = {"seed": -5, "values": numbers(after(-5, lambda: torch.rand(3)))}
out["bigSeed"] = {"seed": str(2**64 - 5), "values": numbers(after(2**64 - 5, lambda: torch.rand(3)))}

torch.manual_seed(11)
out["normal"] = {"seed": 11, "series": [
    {"n": n, "mean": mean, "std": std, "values": numbers(torch.empty(n).normal_(mean, std))}
    for n, mean, std in [(1, 0, 1), (3, 0, 1), (15, 2, 0.5), (16, 0, 1), (17, 0, 1), (24, -1, 3), (1, 0, 1), (31, 0, 0.02), (32, 0, 1), (100, 0, 1)]
]}
torch.manual_seed(12)
out["normal64"] = {"seed": 12, "series": [
    {"n": n, "mean": mean, "std": std, "values": numbers(torch.empty(n, dtype=F64).normal_(mean, std))}
    for n, mean, std in [(3, 0, 1), (16, 0, 1), (19, 1, 2), (2, 0, 1)]
]}
big = after(5, lambda: torch.randn(200000))
out["normalMoments"] = {"seed": 5, "n": 200000, "mean": big.double().mean().item(), "std": big.double().std().item(), "tail": numbers(big[-8:])}

torch.manual_seed(21)
out["integers"] = {"seed": 21, "small": torch.randint(5, 17, (40,)).tolist(), "negative": torch.randint(-100, 100, (20,)).tolist(),
                   "wide": torch.randint(0, 2**40, (10,)).tolist(), "one": torch.randint(0, 1, (3,)).tolist(),
                   "edge": torch.randint(0, 2**32, (5,)).tolist(), "rand": numbers(torch.rand(2)),
                   "int64": [str(torch.empty((), dtype=I64).random_().item()) for _ in range(5)]}
torch.manual_seed(22)
out["randperm"] = {"seed": 22, "cases": [{"n": n, "order": torch.randperm(n).tolist()} for n in [0, 1, 2, 10, 100]],
                   "long": {"n": 60000, "sha": sha(torch.randperm(60000).int())}}
torch.manual_seed(23)
p32 = torch.linspace(0, 1, 50)
out["bernoulli"] = {"seed": 23, "scalar": torch.empty(50).bernoulli_(0.3).int().tolist(),
                    "p32": torch.bernoulli(p32).int().tolist(), "p64": torch.bernoulli(p32.double()).int().tolist(),
                    "dropout": nn.functional.dropout(torch.ones(50), 0.4).ne(0).int().tolist(),
                    "sha": sha(torch.empty(100000).bernoulli_(0.5).byte())}
torch.manual_seed(24)
out["exponential"] = {"seed": 24, "f32": numbers(torch.empty(30).exponential_(2.5)), "f64": numbers(torch.empty(10, dtype=F64).exponential_())}

p = torch.tensor([0.1, 2.0, 0.0, 3.5, 0.7, 1.2])
torch.manual_seed(25)
out["multinomial"] = {"seed": 25, "weights": numbers(p), "cases": [
    {"count": count, "replacement": replacement, "drawn": torch.multinomial(p, count, replacement).tolist()}
    for count, replacement in [(1, False), (1, True), (3, False), (5, False), (50, True), (1, False)]
]}
torch.manual_seed(26)
out["truncNormal"] = {"seed": 26, "cases": [
    {"n": n, "mean": mean, "std": std, "a": a, "b": b, "values": numbers(nn.init.trunc_normal_(torch.empty(n), mean, std, a, b))}
    for n, mean, std, a, b in [(50, 0, 0.02, -2, 2), (50, 0, 1, -2, 2), (30, 1, 2, -1, 1.5), (20, 0, 0.1, -0.2, 0.2)]
]}

torch.manual_seed(31)
CASES = [
    ("kaimingUniform", [4, 3, 3, 3], {"a": math.sqrt(5)}, lambda t: nn.init.kaiming_uniform_(t, a=math.sqrt(5))),
    ("kaimingUniform", [6, 5], {"mode": "fanOut", "nonlinearity": "relu"}, lambda t: nn.init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu")),
    ("kaimingNormal", [4, 3, 3, 3], {"mode": "fanOut", "nonlinearity": "relu"}, lambda t: nn.init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu")),
    ("kaimingNormal", [2, 3], {}, lambda t: nn.init.kaiming_normal_(t)),
    ("xavierUniform", [7, 5], {"gain": 5 / 3}, lambda t: nn.init.xavier_uniform_(t, gain=5 / 3)),
    ("xavierNormal", [3, 2, 5], {}, lambda t: nn.init.xavier_normal_(t)),
    ("orthogonal", [5, 5], {}, lambda t: nn.init.orthogonal_(t)),
    ("orthogonal", [7, 4], {"gain": 2}, lambda t: nn.init.orthogonal_(t, 2)),
    ("orthogonal", [3, 2, 5], {}, lambda t: nn.init.orthogonal_(t)),
    ("sparse", [10, 6], {"sparsity": 0.33, "std": 0.5}, lambda t: nn.init.sparse_(t, 0.33, 0.5)),
    ("eye", [3, 4], {}, lambda t: nn.init.eye_(t)),
    ("dirac", [4, 3, 3], {}, lambda t: nn.init.dirac_(t)),
    ("dirac", [6, 2, 2, 3], {"groups": 2}, lambda t: nn.init.dirac_(t, 2)),
    ("dirac", [4, 2, 3, 3, 3], {"groups": 4}, lambda t: nn.init.dirac_(t, 4)),
    ("uniform", [9], {"from": -2, "to": 3}, lambda t: nn.init.uniform_(t, -2, 3)),
    ("normal", [5], {"mean": 1, "std": 0.1}, lambda t: nn.init.normal_(t, 1, 0.1)),
]
CUT = 0.8796256610342398
for name, variance in [("glorotNormal", lambda i, o: 2 / (i + o)), ("lecunNormal", lambda i, o: 1 / i), ("heNormal", lambda i, o: 2 / i)]:
    std = math.sqrt(variance(5, 8)) / CUT
    CASES.append((name, [8, 5], {}, lambda t, std=std: nn.init.trunc_normal_(t, 0, std, -2 * std, 2 * std)))
for name, variance in [("glorotUniform", lambda i, o: 2 / (i + o)), ("lecunUniform", lambda i, o: 1 / i), ("heUniform", lambda i, o: 2 / i)]:
    bound = math.sqrt(3 * variance(5, 8))
    CASES.append((name, [8, 5], {}, lambda t, bound=bound: nn.init.uniform_(t, -bound, bound)))
out["init"] = {"seed": 31, "cases": [{"name": name, "shape": shape, "options": options, "values": numbers(fill(torch.empty(shape)))} for name, shape, options, fill in CASES]}
out["gains"] = {"linear": 1, "sigmoid": 1, "tanh": nn.init.calculate_gain("tanh"), "relu": nn.init.calculate_gain("relu"),
                "leakyRelu": nn.init.calculate_gain("leaky_relu"), "selu": nn.init.calculate_gain("selu")}
torch.manual_seed(0)
conv, linear = nn.Conv2d(3, 8, 3), nn.Linear(10, 5)
out["layers"] = {"conv": sha(conv.weight), "convBias": sha(conv.bias), "linear": sha(linear.weight), "linearBias": sha(linear.bias)}

torch.manual_seed(41)
torch.randn(3), torch.rand(1000)
state = torch.get_rng_state()
out["state"] = {"seed": 41, "sha": sha(state), "next": numbers(torch.randn(4)) + numbers(torch.rand(3))}
torch.manual_seed(42)
generator = torch.Generator()
epochs = []
for _ in range(2):
    torch.empty((), dtype=I64).random_()
    generator.manual_seed(torch.empty((), dtype=I64).random_().item())
    epochs.append(torch.randperm(10, generator=generator).tolist())
loader = torch.utils.data.DataLoader(range(10), batch_size=10, shuffle=True)
torch.manual_seed(42)
assert epochs == [[int(i) for i in batch] for _ in range(2) for batch in loader]
out["loader"] = {"seed": 42, "epochs": epochs}

r = np.random.RandomState(2020)
out["numpy"] = {"seed": 2020, "permutation": r.permutation(50).tolist(), "choice": r.choice(100, 10, replace=False).tolist(),
                "replace": r.choice(1000, 10).tolist(), "randint": [int(r.randint(1)), int(r.randint(7)), int(r.randint(2**31))],
                "random": r.random_sample(3).tolist(), "sha": hashlib.sha256(r.permutation(5000).astype(np.int32).tobytes()).hexdigest()}

with open(sys.argv[1], "w") as file:
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in out.items()) + "\n}\n")
