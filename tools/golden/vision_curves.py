"""Golden curves from scikit-learn, and segmentation and calibration scores from their formulas."""
import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_curve
from vision_common import draws, write

score = np.round(draws(1, 200).astype(np.float64) * 40) / 40
label = (draws(2, 200) + score / 2 > 0.9).astype(int)
p, r, t = precision_recall_curve(label, score)
out = {"precision": p, "recall": r, "threshold": t}

target = (draws(3, 500) * 6).astype(int)  # class 5 is outside of the five classes
target[::17] = 255
found = np.where(draws(4, 500) > np.float32(0.4), target % 4, (draws(5, 500) * 4).astype(int))
inside = target < 5
m = confusion_matrix(target[inside], found[inside], labels=range(5)).astype(float)
d = np.diag(m)
with np.errstate(invalid="ignore"):
    out["iou"] = d / (m.sum(0) + m.sum(1) - d)
    out["dice"] = 2 * d / (m.sum(0) + m.sum(1))
    out["accuracy"] = d / m.sum(1)
out["matrix"] = m
out["pixel"] = np.array([d.sum() / m.sum(), np.nansum(m.sum(1) * out["iou"]) / m.sum()])

conf = draws(6, 300).astype(np.float64)
conf[::10] = np.round(conf[::10] * 15) / 15
hit = draws(7, 300) < conf * 0.8
edges = np.arange(16) / 15
ece, gaps = 0.0, []
for lo, hi in zip(edges[:-1], edges[1:]):
    inside = (conf > lo) & (conf <= hi) if lo > 0 else conf <= hi
    if inside.any():
        gaps.append(abs(hit[inside].mean() - conf[inside].mean()))
        ece += gaps[-1] * inside.mean()
out["calibration"] = np.array([ece, max(gaps)])
write("metrics", "curves", out)
