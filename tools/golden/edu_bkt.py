"""Baum-Welch for Bayesian knowledge tracing in NumPy, in logarithm-free matrix form, for packages/edu-recsys/src/bkt.

States: 0 not mastered, 1 mastered. Inputs come from a linear congruential stream that the test repeats.
"""
import json
import os

import numpy as np

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packages/edu-recsys/src/bkt/__golden__/bkt.json")
NAMES = ["prior", "learn", "forget", "guess", "slip"]


def stream(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2147483648
        yield seed / 2147483648


def draw(seed, learners, length):
    """Answers of learners: None for every tenth or so."""
    u = stream(seed)
    result = []
    for _ in range(learners):
        known, row = next(u) < 0.3, []
        for _ in range(length):
            right = next(u) < (0.85 if known else 0.25)
            row.append(None if next(u) < 0.1 else bool(right))
            known = (next(u) < 0.95) if known else (next(u) < 0.2)
        result.append(row)
    return result


def em(sequences, p, fixed, iterations):
    for _ in range(iterations):
        start = np.array([1 - p["prior"], p["prior"]])
        A = np.array([[1 - p["learn"], p["learn"]], [p["forget"], 1 - p["forget"]]])
        taken, possible, loglik = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.0), 0.0
        for row in sequences:
            B = np.array([[1, 1] if x is None else [p["guess"], 1 - p["slip"]] if x else [1 - p["guess"], p["slip"]] for x in row])
            T = len(row)
            alpha, beta, scale = np.zeros((T, 2)), np.ones((T, 2)), np.zeros(T)
            for t in range(T):
                alpha[t] = (start if t == 0 else alpha[t - 1] @ A) * B[t]
                scale[t] = alpha[t].sum()
                alpha[t] /= scale[t]
            for t in range(T - 2, -1, -1):
                beta[t] = A @ (B[t + 1] * beta[t + 1]) / scale[t + 1]
            gamma = alpha * beta
            xi = sum(alpha[t][:, None] * A * (B[t + 1] * beta[t + 1])[None] / scale[t + 1] for t in range(T - 1))
            loglik += np.log(scale).sum()
            taken["prior"] += gamma[0, 1]
            possible["prior"] += 1
            taken["learn"] += xi[0, 1]
            possible["learn"] += xi[0].sum()
            taken["forget"] += xi[1, 0]
            possible["forget"] += xi[1].sum()
            for t, x in enumerate(row):
                if x is None:
                    continue
                possible["guess"] += gamma[t, 0]
                possible["slip"] += gamma[t, 1]
                taken["guess" if x else "slip"] += gamma[t, 0 if x else 1]
        before = dict(p)
        p = {name: fixed.get(name, taken[name] / possible[name]) for name in NAMES}
    return before, loglik


cases = []
for seed, learners, length, fixed in [(1, 8, 12, {"forget": 0.0}), (2, 20, 7, {}), (3, 5, 30, {"forget": 0.0, "guess": 0.2}), (4, 1, 2, {})]:
    start = {"prior": 0.4, "learn": 0.15, "forget": fixed.get("forget", 0.1), "guess": fixed.get("guess", 0.3), "slip": 0.15}
    for iterations in [1, 2, 10]:
        parameters, loglik = em(draw(seed, learners, length), start, fixed, iterations)
        cases.append({"seed": seed, "learners": learners, "length": length, "fixed": fixed, "start": start, "iterations": iterations, "parameters": parameters, "logLikelihood": loglik})
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w") as file:
    json.dump(cases, file, indent=0)
    file.write("\n")
