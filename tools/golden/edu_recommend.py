"""Recommenders' equations in NumPy, and scikit-learn's figures: packages/edu-recsys/src/recommend/__golden__/recommend.json."""
import json
import os

import numpy as np
import torch
from scipy.stats import bootstrap
from sklearn.metrics import average_precision_score, mean_squared_error, ndcg_score
from sklearn.metrics.pairwise import cosine_similarity

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "../../packages/edu-recsys/src")
USERS, ITEMS, FACTORS = 7, 9, 4


def numbers(x, digits=9):
    return [float(f"{v:.{digits}g}") for v in np.asarray(x, dtype=np.float64).reshape(-1)]


def ratings():
    rng = np.random.RandomState(7)
    cells = np.argwhere(rng.rand(USERS, ITEMS) < 0.55)
    cells = cells[rng.permutation(len(cells))]
    return cells[:, 0], cells[:, 1], rng.randint(1, 6, len(cells)).astype(np.float64)


def als_row(Y, items, values, dialect, alpha, reg):
    """One row's normal equations."""
    x = alpha * np.abs(values)
    weight = 1 + x if dialect == "spark" else x
    liked = values > 0
    ridge = reg * liked.sum() if dialect == "spark" else reg
    A = Y.T @ Y + (Y[items].T * (weight - 1)) @ Y[items] + ridge * np.eye(Y.shape[1])
    return np.linalg.solve(A, Y[items].T @ (weight * liked))


def als_loss(X, Y, R, dialect, alpha, reg):
    """Over all cells, written out."""
    x = alpha * np.abs(R)
    C = np.where(R != 0, 1 + x if dialect == "spark" else x, 1.0)
    P = (R > 0).astype(float)
    counts = [(R > 0).sum(1), (R > 0).sum(0)] if dialect == "spark" else [np.ones(USERS), np.ones(ITEMS)]
    penalty = reg * ((counts[0] * (X**2).sum(1)).sum() + (counts[1] * (Y**2).sum(1)).sum())
    return (C * (P - X @ Y.T) ** 2).sum() + penalty


def als(dialect, dislike):
    user, item, value = ratings()
    value = value.copy()
    if dislike:
        value[::5] *= -1
    R = np.zeros((USERS, ITEMS))
    R[user, item] = value
    alpha, reg = 2.0, 0.1
    torch.manual_seed(3)
    X = torch.empty(USERS * FACTORS).uniform_(0, 0.01).numpy().reshape(USERS, FACTORS).astype(np.float64)
    Y = torch.empty(ITEMS * FACTORS).uniform_(0, 0.01).numpy().reshape(ITEMS, FACTORS).astype(np.float64)
    f32 = lambda a: a.astype(np.float32).astype(np.float64)
    for _ in range(2):
        X = f32(np.array([als_row(Y, np.flatnonzero(R[u]), R[u][R[u] != 0], dialect, alpha, reg) for u in range(USERS)]))
        Y = f32(np.array([als_row(X, np.flatnonzero(R[:, i]), R[:, i][R[:, i] != 0], dialect, alpha, reg) for i in range(ITEMS)]))
    fold = als_row(Y, np.array([1, 4, 6]), np.array([3.0, 1.0, -2.0]), dialect, alpha, reg)
    return {
        "dialect": dialect, "dislike": dislike, "alpha": alpha, "regularization": reg, "seed": 3, "factors": FACTORS,
        "value": numbers(value), "userFactors": numbers(X), "itemFactors": numbers(Y),
        "loss": als_loss(X, Y, R, dialect, alpha, reg) / USERS, "fold": numbers(fold),
    }


def bpr():
    torch.manual_seed(5)
    width, bound, lr, reg = FACTORS + 1, 0.5 / FACTORS, 0.1, 0.02
    P = torch.empty(USERS * width).uniform_(-bound, bound).numpy().reshape(USERS, width).astype(np.float64)
    Q = torch.empty(ITEMS * width).uniform_(-bound, bound).numpy().reshape(ITEMS, width).astype(np.float64)
    P[:, -1], Q[:, -1] = 1, 0
    rng = np.random.RandomState(1)
    triples = [[int(rng.randint(USERS)), *map(int, rng.choice(ITEMS, 2, replace=False))] for _ in range(60)]
    for u, i, j in triples:
        p, qi, qj = P[u].copy(), Q[i].copy(), Q[j].copy()
        z = 1 / (1 + np.exp(p @ (qi - qj)))
        P[u, :-1] += (lr * (z * (qi - qj) - reg * p))[:-1]
        Q[i] += lr * (z * p - reg * qi)
        Q[j] += lr * (-z * p - reg * qj)
    return {"seed": 5, "lr": lr, "regularization": reg, "factors": FACTORS, "triples": triples, "userFactors": numbers(P), "itemFactors": numbers(Q)}


def biased_mf():
    user, item, value = ratings()
    lr, decay, reg, bias_reg, std = 0.02, 0.9, 0.05, 0.03, 0.1
    torch.manual_seed(11)
    P = torch.empty(USERS * FACTORS).normal_(0, std).numpy().reshape(USERS, FACTORS).astype(np.float64)
    Q = torch.empty(ITEMS * FACTORS).normal_(0, std).numpy().reshape(ITEMS, FACTORS).astype(np.float64)
    bu, bi, mean, rmses = np.zeros(USERS), np.zeros(ITEMS), value.mean(), []
    for epoch in range(3):
        rate, squares = lr * decay**epoch, 0.0
        for n in torch.randperm(len(value)).tolist():
            u, i = user[n], item[n]
            e = value[n] - (mean + bu[u] + bi[i] + P[u] @ Q[i])
            squares += e * e
            bu[u] += rate * (e - bias_reg * bu[u])
            bi[i] += rate * (e - bias_reg * bi[i])
            P[u], Q[i] = P[u] + rate * (e * Q[i] - reg * P[u]), Q[i] + rate * (e * P[u] - reg * Q[i])
        rmses.append(float(np.sqrt(squares / len(value))))
    predicted = np.clip(mean + bu[user] + bi[item] + (P[user] * Q[item]).sum(1), value.min(), value.max())
    return {
        "seed": 11, "factors": FACTORS, "lr": lr, "decay": decay, "regularization": reg, "biasRegularization": bias_reg, "std": std,
        "userFactors": numbers(P), "itemFactors": numbers(Q), "userBias": numbers(bu), "itemBias": numbers(bi), "passes": rmses,
        "rmse": float(mean_squared_error(value, predicted, squared=False)),
    }


def knn():
    user, item, value = ratings()
    R = np.zeros((USERS, ITEMS))
    R[user, item] = value
    similar = cosine_similarity(R.T)
    np.fill_diagonal(similar, 0)
    shrunk = R.T @ R / (np.linalg.norm(R, axis=0)[:, None] * np.linalg.norm(R, axis=0)[None] + 10)
    np.fill_diagonal(shrunk, 0)
    kept = np.where(shrunk >= np.sort(shrunk, 1)[:, -3:-2], shrunk, 0)
    return {"cosine": numbers(similar), "scores": numbers(R @ kept, 7)}


def ndcg():
    rng = np.random.RandomState(2)
    cases = []
    for k in [None, 3, 5, 1]:
        scores, gains = rng.randint(0, 5, 12).astype(float), rng.randint(0, 4, 12).astype(float)
        cases.append({"k": k, "scores": scores.tolist(), "gains": gains.tolist(), "ndcg": float(ndcg_score([gains], [scores], k=k))})
    return cases


def lists():
    """Figures of one list without ties; average precision over the whole list is scikit-learn's."""
    rng = np.random.RandomState(4)
    cases = []
    for k, relevant in [(10, 3), (5, 8), (3, 1), (10, 10)]:
        ranked, wanted = rng.permutation(10), rng.choice(10, relevant, replace=False)
        hit = np.isin(ranked, wanted)
        top, ideal = hit[:k], min(k, relevant)
        gains = 1 / np.log2(np.arange(2, k + 2))
        at = np.arange(1, k + 1)
        cases.append({
            "k": k, "ranked": ranked.tolist(), "relevant": wanted.tolist(),
            "precision": top.sum() / k, "recall": top.sum() / relevant, "hitRate": float(top.any()),
            "ndcg": float((gains[: len(top)] * top).sum() / gains[:ideal].sum()),
            "averagePrecision": float((top * np.cumsum(top) / at[: len(top)]).sum() / ideal),
            "reciprocalRank": float(1 / (1 + np.argmax(top))) if top.any() else 0.0,
            "sklearnAveragePrecision": float(average_precision_score(hit, -np.arange(10))),
            "sklearnNdcg": float(ndcg_score([hit.astype(float)], [-np.arange(10.0)], k=k)),
        })
    return cases


def intervals():
    values = np.random.RandomState(9).gamma(2.0, 0.1, 80)
    ci = bootstrap((values,), np.mean, n_resamples=20000, method="percentile", random_state=0).confidence_interval
    return {"values": numbers(values), "low": float(ci.low), "high": float(ci.high), "standardError": float(values.std(ddof=1) / np.sqrt(80))}


def write(path, data):
    path = os.path.join(SOURCES, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        json.dump(data, out, separators=(",", ":"))
        out.write("\n")
    print(os.path.basename(path), os.path.getsize(path))


user, item, value = ratings()
write("recommend/__golden__/recommend.json", {
    "ratings": {"users": USERS, "items": ITEMS, "user": user.tolist(), "item": item.tolist(), "value": value.tolist()},
    "als": [als("implicit", False), als("implicit", True), als("spark", False), als("spark", True)],
    "bpr": bpr(), "biasedMf": biased_mf(), "knn": knn(), "ndcg": ndcg(), "lists": lists(),
})
write("policy/__golden__/bootstrap.json", intervals())
