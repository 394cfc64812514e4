"""Inception Score, FID and KID with NumPy and SciPy for packages/gan/src/metrics/metrics.test.ts."""
import json
import os

import numpy as np
import torch
from scipy import linalg

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packages/gan/src/__golden__/metrics.json")


def draw(seed, n, d, low, high):
    torch.manual_seed(seed)
    return torch.empty(n, d).uniform_(low, high).double().numpy()


def fid(a, b):
    """By the general matrix root, as clean-fid does."""
    s, t = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    shift = a.mean(0) - b.mean(0)
    return float(shift.dot(shift) + np.trace(s) + np.trace(t) - 2 * np.trace(np.real(linalg.sqrtm(s.dot(t)))))


def inception_score(logits, splits, seed):
    logits = logits[np.random.RandomState(seed).permutation(len(logits))]
    logs = logits - np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True)) - logits.max(1, keepdims=True)
    scores = []
    for i in range(splits):
        part = logs[i * len(logs) // splits:(i + 1) * len(logs) // splits]
        marginal = np.exp(part).mean(0, keepdims=True)
        scores.append(np.exp((np.exp(part) * (part - np.log(marginal))).sum(1).mean()))
    return [float(np.mean(scores)), float(np.std(scores))]


def kid(a, b, subsets, size, seed):
    random = np.random.RandomState(seed)
    values = []
    for _ in range(subsets):
        x = a[random.choice(len(a), size, replace=False)]
        y = b[random.choice(len(b), size, replace=False)]
        k = lambda p, q: (p @ q.T / a.shape[1] + 1) ** 3
        xx, yy, xy = k(x, x), k(y, y), k(x, y)
        same = xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)
        values.append(same / (size * (size - 1)) - 2 * xy.sum() / size ** 2)
    return [float(np.mean(values)), float(np.std(values))]


cases = {"fid": [], "inceptionScore": [], "kid": [], "sqrtm": []}
for seed, (n, m, d) in enumerate([(50, 60, 1), (40, 70, 3), (300, 200, 24), (500, 400, 84), (40, 50, 64)]):
    a, b = draw(2 * seed, n, d, -1, 1), draw(2 * seed + 1, m, d, -0.5, 2)
    cases["fid"].append({"seed": 2 * seed, "shape": [n, m, d], "value": fid(a, b)})
for seed, (n, c, splits) in enumerate([(100, 10, 10), (57, 3, 4), (20, 1000, 1)]):
    cases["inceptionScore"].append({"seed": seed, "shape": [n, c], "splits": splits, "value": inception_score(draw(seed, n, c, -6, 6), splits, 2020)})
for seed, (n, m, d, subsets, size) in enumerate([(50, 60, 4, 10, 20), (100, 100, 32, 3, 100)]):
    a, b = draw(2 * seed, n, d, -1, 1), draw(2 * seed + 1, m, d, -0.5, 2)
    cases["kid"].append({"seed": 2 * seed, "shape": [n, m, d], "subsets": subsets, "subsetSize": size, "value": kid(a, b, subsets, size, 2020)})
for seed, n in enumerate([1, 2, 5, 40, 128]):
    # Two covariances of standard shape: A = X X^T / n.
    x, y = draw(50 + 2 * seed, n, n, -1, 1), draw(51 + 2 * seed, n, n, -1, 1)
    a, b = x @ x.T / n, y @ y.T / n
    cases["sqrtm"].append({"seed": 50 + 2 * seed, "n": n, "trace": float(np.trace(np.real(linalg.sqrtm(a @ b)))), "eigenvalues": sorted(float(v) for v in linalg.eigvalsh(a))[-4:]})
with open(OUT, "w") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
print(os.path.getsize(OUT))
