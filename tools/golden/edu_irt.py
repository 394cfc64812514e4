"""Item response theory in NumPy and SciPy for packages/edu-recsys/src/irt: probabilities, information, EAP, and direct
maximisation of the marginal likelihood (no EM) over the same grid of ability."""
import json
import os

import numpy as np
from scipy.optimize import minimize

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packages/edu-recsys/src/irt/__golden__/irt.json")
theta = np.linspace(-6, 6, 61)
weight = np.exp(-0.5 * theta**2)
weight /= weight.sum()
rng = np.random.RandomState(7)


def prob(t, a, b, c):
    return c + (1 - c) / (1 + np.exp(-a * (t - b)))


def marginal(rows, a, b, c):
    p = prob(theta[:, None], a, b, c)
    like = np.where(rows[:, None, :] == 1, p, np.where(rows[:, None, :] == 0, 1 - p, 1.0)).prod(2)
    return np.log(like @ weight).sum()


points = []
for _ in range(12):
    a, b, c, t = rng.uniform(0.3, 2.5), rng.uniform(-3, 3), rng.choice([0, rng.uniform(0, 0.4)]), rng.uniform(-4, 4)
    p = prob(t, a, b, c)
    points.append({"item": {"a": a, "b": b, "c": c}, "theta": t, "p": p, "information": a**2 * (p - c) ** 2 * (1 - p) / ((1 - c) ** 2 * p)})

eap = []
for n in [1, 5, 20]:
    items = np.stack([rng.uniform(0.5, 2, n), rng.uniform(-2, 2, n), rng.uniform(0, 0.3, n)], 1)
    marks = rng.choice([1, 0, -1], n, p=[0.5, 0.4, 0.1])
    p = prob(theta[:, None], *items.T)
    post = np.where(marks == 1, p, np.where(marks == 0, 1 - p, 1.0)).prod(1) * weight
    post /= post.sum()
    mean = (post * theta).sum()
    eap.append({"items": items.tolist(), "marks": marks.tolist(), "theta": mean, "sd": float(np.sqrt((post * (theta - mean) ** 2).sum()))})

def fit(rows, model):
    """Slopes, intercepts and guessing chances of the highest marginal likelihood (with a beta prior of the last)."""
    J = rows.shape[1]
    patterns, counts = np.unique(rows, axis=0, return_counts=True)
    right, wrong = (patterns == 1).astype(float), (patterns == 0).astype(float)

    def unpack(x):
        slope = np.full(J, x[0]) if model == 1 else x[:J]
        return slope, x[1:] if model == 1 else x[J : 2 * J], x[2 * J :] if model == 3 else np.zeros(J)

    def loss(x):
        slope, d, c = unpack(x)
        s = 1 / (1 + np.exp(-(slope * theta[:, None] + d)))
        p = np.clip(c + (1 - c) * s, 1e-12, 1 - 1e-12)
        like = np.exp(right @ np.log(p).T + wrong @ np.log(1 - p).T) * weight
        total = like.sum(1)
        post = like / total[:, None] * counts[:, None]
        dp = (post.T @ right) / p - (post.T @ wrong) / (1 - p)
        inner = dp * (1 - c) * s * (1 - s)
        value, grads = counts @ np.log(total), [(inner * theta[:, None]).sum(0), inner.sum(0)]
        if model == 1:
            grads[0] = grads[0].sum(keepdims=True)
        if model == 3:
            value += (4 * np.log(c) + 16 * np.log(1 - c)).sum()
            grads.append((dp * (1 - s)).sum(0) + 4 / c - 16 / (1 - c))
        return -value, -np.concatenate(grads)

    n = 1 if model == 1 else J
    x = np.concatenate([np.ones(n), np.zeros(J), np.full(J if model == 3 else 0, 0.2)])
    bounds = [(0.01, 20)] * n + [(-20, 20)] * J + [(1e-3, 0.9)] * (J if model == 3 else 0)
    for _ in range(3):  # restarts forget a poor estimate of the curvature
        x = minimize(loss, x, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-16, "gtol": 1e-9, "maxiter": 5000, "maxcor": 50}).x
    return unpack(x)


N, J = 500, 8
fits = []
for model in [1, 2, 3]:
    a = np.full(J, 10.0)
    while a.max() > 3:  # few learners may fit an item best by a step function, which has no slope to compare
        true_a, true_b = rng.uniform(0.8, 1.8, J), rng.uniform(-1.5, 1.5, J)
        p = prob(rng.normal(size=N)[:, None], true_a, true_b, 0.2 if model == 3 else 0)
        rows = (rng.uniform(size=(N, J)) < p).astype(int)
        rows[rng.uniform(size=rows.shape) < 0.05] = -1
        a, d, c = fit(rows, model)
        print(model, a.round(3), c.round(3), marginal(rows, a, -d / a, c))
    fits.append({"parameters": model, "rows": ["".join("x01"[v + 1] for v in row) for row in rows], "a": a.tolist(), "b": (-d / a).tolist(), "c": c.tolist(), "logLikelihood": marginal(rows, a, -d / a, c)})
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w") as file:
    json.dump({"points": points, "eap": eap, "fits": fits}, file)
    file.write("\n")
