"""scikit-learn's and torch's metrics for metrics/metrics.test.ts. Inputs are written too: they are small."""
import json
import sys
import warnings

import numpy as np
import torch
from sklearn import metrics as m

warnings.simplefilter("ignore")
rng = np.random.RandomState(4)
out = {"labels": [], "ranking": [], "multiclass": [], "topK": [], "regression": [], "perplexity": []}


def report(target, predicted, zero, labels):
    result = {}
    for average in ["micro", "macro", "weighted"]:
        p, r, f, _ = m.precision_recall_fscore_support(target, predicted, average=average, zero_division=zero, labels=labels)
        result[average] = {"precision": float(p), "recall": float(r), "f1": float(f)}
    p, r, f, s = m.precision_recall_fscore_support(target, predicted, average=None, zero_division=zero, labels=labels)
    used = labels if labels is not None else np.unique(np.concatenate([target, predicted])).tolist()
    result["perClass"] = [{"label": int(l), "support": int(d), "precision": float(a), "recall": float(b), "f1": float(c)} for l, a, b, c, d in zip(used, p, r, f, s)]
    return result


for classes, n, used in [(2, 40, [0, 1]), (5, 60, [0, 1, 2, 3, 4]), (6, 50, [0, 2, 3, 5]), (4, 1, [2]), (3, 30, [0, 1])]:
    target = rng.choice(used, n)
    predicted = np.where(rng.uniform(size=n) < 0.6, target, rng.choice(used, n))
    if classes == 5:
        predicted[predicted == 4] = 0
    all_labels = list(range(classes))
    jaccard = m.jaccard_score(target, predicted, average=None, labels=all_labels)
    present = [c for c in all_labels if c in target or c in predicted]
    out["labels"].append({
        "numClasses": classes, "target": target.tolist(), "predicted": predicted.tolist(),
        "accuracy": m.accuracy_score(target, predicted), "matrix": m.confusion_matrix(target, predicted, labels=all_labels).tolist(),
        "iou": [float(jaccard[c]) if c in present else None for c in all_labels], "meanIou": float(np.mean([jaccard[c] for c in present])),
        "occurring": report(target, predicted, 0, None), "all0": report(target, predicted, 0, all_labels), "all1": report(target, predicted, 1, all_labels),
    })
for n, step in [(10, None), (200, None), (200, 0.1), (50, 1.0), (3, None)]:
    target = rng.randint(0, 2, n)
    target[:2] = [0, 1]
    scores = rng.normal(size=n) + target
    if step:
        scores = np.round(scores / step) * step
    out["ranking"].append({"target": target.tolist(), "scores": scores.tolist(), "rocAuc": m.roc_auc_score(target, scores), "averagePrecision": m.average_precision_score(target, scores)})
for n, classes, step in [(60, 3, 0), (80, 5, 0.05)]:
    target = rng.randint(0, classes, n)
    target[:classes] = range(classes)
    scores = rng.uniform(size=(n, classes)) + 0.5 * np.eye(classes)[target]
    if step:
        scores = np.round(scores / step) * step + 1e-3
    normal = scores / scores.sum(1, keepdims=True)
    hot = np.eye(classes)[target]
    out["multiclass"].append({"numClasses": classes, "target": target.tolist(), "scores": normal.reshape(-1).tolist(), **{
        average: {"rocAuc": m.roc_auc_score(target, normal, multi_class="ovr", average=average), "averagePrecision": m.average_precision_score(hot, normal, average=average)}
        for average in ["macro", "weighted"]}})
for n, classes in [(40, 4), (30, 10)]:
    target = rng.randint(0, classes, n)
    scores = rng.normal(size=(n, classes))
    out["topK"].append({"numClasses": classes, "target": target.tolist(), "scores": scores.reshape(-1).tolist(),
                        "accuracy": [m.top_k_accuracy_score(target, scores, k=k, labels=range(classes)) for k in range(1, classes + 1)]})
for target, predicted in [(rng.normal(size=30), rng.normal(size=30)), (rng.normal(size=50) * 100, None), (np.full(5, 2.0), np.full(5, 2.0)), (np.full(5, 2.0), np.arange(5.0))]:
    predicted = target + rng.normal(size=len(target)) if predicted is None else predicted
    out["regression"].append({"target": target.tolist(), "predicted": predicted.tolist(), "mse": m.mean_squared_error(target, predicted), "mae": m.mean_absolute_error(target, predicted), "r2": m.r2_score(target, predicted)})
for n, classes, scale in [(20, 6, 1), (10, 3, 50)]:
    logits = torch.from_numpy(rng.normal(size=(n, classes)) * scale)
    target = torch.from_numpy(rng.randint(0, classes, n))
    target[3] = -100
    loss = torch.nn.functional.cross_entropy(logits, target)
    out["perplexity"].append({"numClasses": classes, "target": target.tolist(), "logits": logits.reshape(-1).tolist(), "perplexity": loss.exp().item()})
with open(sys.argv[1], "w") as file:
    file.write("{\n" + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in out.items()) + "\n}\n")
