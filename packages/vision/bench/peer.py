"""Answers each line, the name of a run, with its milliseconds of processor time and its result: torchvision's nms and
roi_align on one thread, on the inputs of inputs.mjs."""
import math
import sys
import time

import numpy as np
import torch
import torchvision.ops as ops

torch.set_num_threads(1)


def draws(seed, n):
    out = np.empty(n, np.float32)
    state = (seed * 2654435761 + 12345) % 2**32
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) * 2.0**-24
    return out


def nms_input(kind, n):
    d = draws(n + len(kind), 5 * n).astype(np.float64).reshape(n, 5)
    i = np.arange(n)
    side = math.ceil(math.sqrt(n))
    if kind == "sparse":
        x, y = d[:, 0] * 4000, d[:, 1] * 4000
    elif kind == "clustered":
        x, y = (i % 100 % 10) * 200 + d[:, 0] * 20, (i % 100 // 10) * 200 + d[:, 1] * 20
    else:
        x, y = (i % side) * 40.0, (i // side) * 40.0
    w, h = (60 + d[:, 2] * 20, 60 + d[:, 3] * 20) if kind == "clustered" else (10 + d[:, 2] * 25, 10 + d[:, 3] * 25)
    return torch.tensor(np.stack([x, y, x + w, y + h], 1).astype(np.float32)), torch.tensor(d[:, 4].astype(np.float32))


def roi_input():
    x = torch.tensor(draws(1, 256 * 50 * 50)).reshape(1, 256, 50, 50)
    d = draws(2, 4 * 512).reshape(512, 4)
    rois = np.stack([0 * d[:, 0], d[:, 0] * 500, d[:, 1] * 500, d[:, 0] * 500 + 40 + d[:, 2] * 250, d[:, 1] * 500 + 40 + d[:, 3] * 250], 1)
    return x, torch.tensor(rois.astype(np.float32))


def nms_run(kind, n):
    b, s = nms_input(kind, n)
    return lambda: ops.nms(b, s, 0.5).numel()


runs = {f"nms {kind} {n}": nms_run(kind, n) for kind in ("sparse", "clustered", "all kept") for n in (1000, 10000)}
x, rois = roi_input()
ones = torch.ones(512, 256, 7, 7)
leaf = x.clone().requires_grad_()
pooled = ops.roi_align(leaf, rois, 7, 1 / 16, 2, True)
runs["roi forward"] = lambda: ops.roi_align(x, rois, 7, 1 / 16, 2, True) is None
runs["roi backward"] = lambda: torch.autograd.grad(pooled, leaf, ones, retain_graph=True) is None
for line in sys.stdin:
    start = time.process_time()
    result = runs[line.strip()]()
    print((time.process_time() - start) * 1000, int(result), flush=True)
