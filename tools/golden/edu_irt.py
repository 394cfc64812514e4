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

N, J = 500, 8
true_a, true_b, true_c = rng.uniform(0.8, 1.8, J), rng.uniform(-1.5, 1.5, J), np.full(J, 0.2)
ability = rng.normal(size=N)
fits = []
for model in [1, 2, 3]:
    rows = (rng.uniform(size=(N, J)) < prob(ability[:, None], true_a, true_b, true_c if model == 3 else 0)).astype(int)
    rows[rng.uniform(size=rows.shape) < 0.05] = -1

    def unpack(x):
        if model == 1:
            return np.full(J, x[0]), x[1:], np.zeros(J)
        return x[:J], x[J : 2 * J], x[2 * J :] if model == 3 else np.zeros(J)

    def loss(x):
        a, d, c = unpack(x)
        value = marginal(rows, a, -d / a, c)
        if model == 3:
            value += (4 * np.log(c) + 16 * np.log(1 - c)).sum()
        return -value

    x0 = np.concatenate([np.ones(1 if model == 1 else J), np.zeros(J), np.full(J, 0.2) if model == 3 else []])
    bounds = [(0.01, 20)] * (1 if model == 1 else J) + [(-20, 20)] * J + ([(1e-3, 0.9)] * J if model == 3 else [])
    found = minimize(loss, x0, method="L-BFGS-B", jac="3-point", bounds=bounds, options={"ftol": 1e-16, "gtol": 1e-7, "maxiter": 5000, "maxfun": 10**6})
    for _ in range(1):  # restarts forget a poor estimate of the curvature
        found = minimize(loss, found.x, method="L-BFGS-B", jac="3-point", bounds=bounds, options={"ftol": 1e-16, "gtol": 1e-7, "maxiter": 5000, "maxfun": 10**6})
    a, d, c = unpack(found.x)
    fits.append({"parameters": model, "rows": ["".join("x01"[v + 1] for v in row) for row in rows], "a": a.tolist(), "b": (-d / a).tolist(), "c": c.tolist(), "logLikelihood": marginal(rows, a, -d / a, c), "objective": -found.fun})
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w") as file:
    json.dump({"points": points, "eap": eap, "fits": fits}, file)
    file.write("\n")
