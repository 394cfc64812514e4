"""scikit-learn's logistic regression on performance factors, for packages/edu-recsys/src/pfa."""
import json
import os

import numpy as np
from sklearn.linear_model import LogisticRegression

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packages/edu-recsys/src/pfa/__golden__/pfa.json")
rng = np.random.RandomState(5)
K, cases = 4, []
for ridge in [1.0, 0.1, 10.0]:
    answers, X, y = [], [], []
    for learner in range(12):
        counts = np.zeros((K, 2))
        for _ in range(15):
            skills = rng.choice(K, rng.choice([1, 2]), replace=False)
            row = np.zeros((K, 3))
            for k in skills:
                row[k] = [1, *counts[k]]
            right = int(rng.uniform() < 1 / (1 + np.exp(0.8 - 0.3 * counts[skills, 0].sum())))
            counts[skills, 1 - right] += 1
            answers.append([learner, skills.tolist(), right])
            X.append(row.reshape(-1))
            y.append(right)
    fit = LogisticRegression(C=1 / ridge, fit_intercept=False, solver="newton-cg", tol=1e-12, max_iter=10000).fit(np.array(X), y)
    cases.append({"ridge": ridge, "answers": answers, "weights": fit.coef_.reshape(K, 3).tolist(), "predictions": fit.predict_proba(np.array(X))[:, 1].tolist()})
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w") as file:
    json.dump(cases, file)
    file.write("\n")
