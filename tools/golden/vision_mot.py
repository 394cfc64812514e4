"""HOTA, IDF1 and CLEAR-MOT of generated sequences, straight from the papers' definitions: sets of true positives, and
for HOTA the sets TPA, FNA and FPA of every true positive."""
import numpy as np
from scipy.optimize import linear_sum_assignment
from vision_common import draws, write


def sequence(seed, frames=25, objects=5):
    """Ground truth that moves on lines, and tracks with noise, gaps, swaps and clutter. Also in mot.test.ts."""
    d = draws(seed, objects, 6)
    n = draws(seed + 1, frames, objects, 4)
    truth, found = [], []
    for f in range(frames):
        g, t = {}, {}
        for k in range(objects):
            x, y = d[k, 0] * 100 + f * (d[k, 2] * 4 - 2), d[k, 1] * 100 + f * (d[k, 3] * 4 - 2)
            w, h = 10 + d[k, 4] * 20, 10 + d[k, 5] * 20
            if f >= k:
                g[k] = (x, y, x + w, y + h)
            if n[f, k, 0] > 0.2:
                dx, dy = (n[f, k, 1] - 0.5) * 12, (n[f, k, 2] - 0.5) * 12
                track = (k + 1) % objects if f > 12 and k < 2 else k
                t[100 + track + (10 if n[f, k, 3] > 0.85 else 0)] = (x + dx, y + dy, x + dx + w, y + dy + h)
        truth.append(g)
        found.append(t)
    return truth, found


def iou(p, q):
    w, h = min(p[2], q[2]) - max(p[0], q[0]), min(p[3], q[3]) - max(p[1], q[1])
    i = max(w, 0) * max(h, 0)
    return i / ((p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - i)


def hota(truth, found):
    gts = sorted({k for g in truth for k in g})
    trs = sorted({k for t in found for k in t})
    shared = {}
    for g, t in zip(truth, found):
        s = {(a, b): iou(g[a], t[b]) for a in g for b in t}
        for a in g:
            for b in t:
                union = sum(s[a, x] for x in t) + sum(s[x, b] for x in g) - s[a, b]
                shared[a, b] = shared.get((a, b), 0) + (s[a, b] / union if union > 1e-15 else 0)
    length = {k: sum(k in g for g in truth) for k in gts}, {k: sum(k in t for t in found) for k in trs}
    fit = {(a, b): v / (length[0][a] + length[1][b] - v) for (a, b), v in shared.items()}
    rows = []
    for alpha in np.arange(0.05, 0.99, 0.05):
        tps = []
        for f, (g, t) in enumerate(zip(truth, found)):
            if not g or not t:
                continue
            a, b = sorted(g), sorted(t)
            m = np.array([[iou(g[x], t[y]) * fit[x, y] for y in b] for x in a])
            for i, j in zip(*linear_sum_assignment(-m)):
                if iou(g[a[i]], t[b[j]]) >= alpha - 2.2e-16:
                    tps.append((a[i], b[j], iou(g[a[i]], t[b[j]])))
        n_gt, n_tr = sum(map(len, truth)), sum(map(len, found))
        det = len(tps) / (n_gt + n_tr - len(tps))
        ass = 0.0
        for a, b, _ in tps:
            tpa = sum(x == a and y == b for x, y, _ in tps)
            fna, fpa = length[0][a] - tpa, length[1][b] - tpa
            ass += tpa / (tpa + fna + fpa)
        ass /= max(1, len(tps))
        loc = np.mean([s for *_, s in tps]) if tps else 1.0
        rows.append((np.sqrt(det * ass), det, ass, loc))
    return np.array(rows)


def idf1(truth, found):
    gts = sorted({k for g in truth for k in g})
    trs = sorted({k for t in found for k in t})
    m = np.array([[sum(a in g and b in t and iou(g[a], t[b]) >= 0.5 for g, t in zip(truth, found)) for b in trs] for a in gts])
    i, j = linear_sum_assignment(-m)
    return m[i, j].sum(), sum(map(len, found)), sum(map(len, truth))


def clear(truth, found):
    last, before = {}, {}
    fp = fn = sw = 0
    for g, t in zip(truth, found):
        pairs = {a: b for a, b in before.items() if a in g and b in t and iou(g[a], t[b]) >= 0.5}
        a, b = [x for x in sorted(g) if x not in pairs], [y for y in sorted(t) if y not in pairs.values()]
        if a and b:
            m = np.array([[iou(g[x], t[y]) if iou(g[x], t[y]) >= 0.5 else 0 for y in b] for x in a])
            pairs.update({a[i]: b[j] for i, j in zip(*linear_sum_assignment(-m)) if m[i, j] > 0})
        sw += sum(x in last and last[x] != y for x, y in pairs.items())
        last.update(pairs)
        before = pairs
        fp, fn = fp + len(t) - len(pairs), fn + len(g) - len(pairs)
    return fp, fn, sw


out = {}
for seed in (1, 11, 21):
    truth, found = sequence(seed)
    out[f"hota {seed}"] = hota(truth, found)
    out[f"id {seed}"] = np.array(idf1(truth, found), np.int32)
    out[f"clear {seed}"] = np.array(clear(truth, found), np.int32)
    print(seed, out[f"hota {seed}"].mean(0), out[f"id {seed}"], out[f"clear {seed}"])
write("metrics", "mot", out)
