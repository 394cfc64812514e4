"""Golden outputs of torchvision's nms and batched_nms; soft-NMS and weighted box fusion from their formulas."""
import numpy as np
import torch
import torchvision.ops as ops
from vision_common import ODD, boxes, draws, write

ODD = torch.tensor(ODD)

out = {}
for name, n, size, side, threshold in [("sparse", 300, 1000, 40, 0.5), ("clustered", 700, 100, 80, 0.5),
                                       ("dense", 400, 30, 60, 0.7), ("third", 200, 4, 4, 1 / 3), ("zero", 60, 100, 60, 0.0)]:
    b = torch.tensor(boxes(40 + n, n, size, side))
    if name == "third":
        b = b.round()
    s = torch.tensor((draws(41 + n, n) * 50).round() / 50)  # many ties
    out[name] = ops.nms(b, s, threshold).to(torch.int32)
    labels = torch.tensor((draws(42 + n, n) * 3).astype(np.int64))
    out[f"{name} batched"] = ops.batched_nms(b, s, labels, threshold).to(torch.int32)
big = torch.tensor(boxes(50, 1500, 300, 60))
score = torch.tensor((draws(51, 1500) * 200).round() / 200)
kept = ops.batched_nms(big, score, torch.tensor((draws(52, 1500) * 5).astype(np.int64)), 0.4).sort()[0]
# Above 1,000 boxes torchvision sorts the survivors unstably: same boxes, ties in no defined order. Ours keep theirs.
out["big batched"] = kept[score[kept].sort(descending=True, stable=True)[1]].to(torch.int32)
odd_scores = torch.arange(len(ODD)).float().flip(0)
odd_scores[3] = float("nan")
for t in (0.0, 0.5, 1.0, -0.5):
    out[f"odd {t}"] = ops.nms(ODD, odd_scores, t).to(torch.int32)
    out[f"odd reversed {t}"] = ops.nms(ODD.flip(0), odd_scores, t).to(torch.int32)


def iou(p, q):
    w, h = min(p[2], q[2]) - max(p[0], q[0]), min(p[3], q[3]) - max(p[1], q[1])
    i = max(w, 0) * max(h, 0)
    return i / ((p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - i)


def soft(b, s, method):
    s, keep, kept = s.astype(np.float64).copy(), [], []
    alive = list(range(len(s)))
    while alive:
        i = max(alive, key=lambda k: s[k])
        keep.append(i)
        kept.append(s[i])
        alive.remove(i)
        for k in alive:
            o = iou(b[i], b[k])
            s[k] *= np.exp(-o * o / 0.5) if method == "gaussian" else (1 - o if o > 0.3 else 1)
        alive = [k for k in alive if s[k] > 0.001]
    return np.array(keep, np.int32), np.array(kept)


b, s = boxes(60, 40, 60, 60).astype(np.float64), draws(61, 40)
for method in ("gaussian", "linear"):
    out[f"soft {method}"], out[f"soft {method} scores"] = soft(b, s, method)


def fuse(models, weights, threshold):
    rows = [(s * w, l, b) for (bs, ss, ls), w in zip(models, weights) for b, s, l in zip(bs, ss, ls)]
    rows.sort(key=lambda r: -r[0])
    clusters = []
    for s, l, b in rows:
        scored = [(iou(c["box"], b), k) for k, c in enumerate(clusters) if c["label"] == l]
        best = max(scored, key=lambda t: (t[0], -t[1]), default=(0, -1))
        if best[0] > threshold:
            c = clusters[best[1]]
        else:
            c = {"label": l, "rows": []}
            clusters.append(c)
        c["rows"].append((s, b))
        c["box"] = np.average([r[1] for r in c["rows"]], axis=0, weights=[r[0] for r in c["rows"]])
    total = sum(weights)
    for c in clusters:
        c["score"] = np.mean([r[0] for r in c["rows"]]) * min(total, len(c["rows"])) / total
    clusters.sort(key=lambda c: -c["score"])
    return clusters


base = boxes(70, 12, 100, 40).astype(np.float64) + [0, 0, 10, 10]
models = []
for k in range(3):
    noisy = (base + (draws(71 + k, 12, 4) - np.float32(0.5)) * np.float32(6)).astype(np.float32).astype(np.float64)
    models.append((noisy, draws(75 + k, 12).astype(np.float64), (draws(79, 12) * 2).astype(int)))
fused = fuse(models, [1, 2, 1], 0.55)
out["fused boxes"] = np.array([c["box"] for c in fused])
out["fused scores"] = np.array([c["score"] for c in fused])
out["fused labels"] = np.array([c["label"] for c in fused], np.int32)
write("nms", "nms", out)
