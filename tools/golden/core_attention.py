"""Scaled dot-product attention by its formula in PyTorch, for ops/attention.test.ts."""
import math

import torch

from core_common import Recorder

r = Recorder()


def attention(q, k, v, mask=None, causal=False, scale=None):
    scores = q @ k.transpose(-2, -1) * (scale or 1 / math.sqrt(q.shape[-1]))
    if mask is not None:
        scores = scores + mask
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -math.inf)
    return scores.softmax(-1) @ v


r.add("scaledDotProductAttention", [[2, 3, 4], [2, 5, 4], [2, 5, 3]], {}, attention)
r.add("scaledDotProductAttention", [[2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 4], [3, 5]], {}, attention)
r.add("scaledDotProductAttention", [[2, 3, 4], [2, 3, 4], [2, 3, 4]], {"isCausal": True, "scale": 0.3}, lambda q, k, v: attention(q, k, v, None, True, 0.3))
r.write("ops/__golden__/attention.json")
