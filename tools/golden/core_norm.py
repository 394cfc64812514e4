"""PyTorch's normalisations for ops/*-norm.test.ts. Running statistics are checked through the layers."""
import torch
from torch.nn import functional as F

from core_common import Recorder

r = Recorder()


def batch(shape, affine, eps=1e-5):
    c = [shape[1]] if affine else None
    r.add("batchNorm", [shape, c, c], {"training": True, "eps": eps}, lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0.1, eps))


for shape in [[4, 3], [2, 3, 5], [2, 3, 4, 5], [1, 2, 3, 2, 4], [3, 17, 2, 2]]:
    batch(shape, True)
batch([2, 3, 4, 5], False, 1e-3)
for shape in [[4, 3], [2, 3, 4, 5]]:
    c = [shape[1]]
    stats = (torch.linspace(-1, 1, c[0]), torch.linspace(0.5, 2, c[0]))
    r.add("batchNormEval", [shape, c, c], {}, lambda x, w, b: F.batch_norm(x, *stats, w, b))
    r.add("batchNormEval", [shape, None, None], {}, lambda x, w, b: F.batch_norm(x, *stats))
for shape, n in [([4, 6], 1), ([2, 3, 7], 1), ([2, 3, 4, 5], 2), ([5, 33], 1)]:
    s = shape[-n:]
    r.add("layerNorm", [shape, s, s], {"normalizedShape": s}, lambda x, w, b: F.layer_norm(x, s, w, b))
    r.add("layerNorm", [shape, None, None], {"normalizedShape": s, "eps": 1e-3}, lambda x, w, b: F.layer_norm(x, s, eps=1e-3))
    axes = tuple(range(-n, 0))
    eps = torch.finfo(torch.float32).eps
    r.add("rmsNorm", [shape, s], {"normalizedShape": s}, lambda x, w: x * torch.rsqrt(x.pow(2).mean(axes, keepdim=True) + eps) * w)
for shape, g in [([4, 6], 2), ([2, 4, 5], 4), ([2, 6, 3, 4], 3), ([1, 4, 2, 3, 2], 1), ([2, 17, 2, 2], 17)]:
    c = [shape[1]]
    r.add("groupNorm", [shape, c, c], {"groups": g}, lambda x, w, b: F.group_norm(x, g, w, b))
r.add("groupNorm", [[2, 4, 3, 3], None, None], {"groups": 2, "eps": 0.1}, lambda x, w, b: F.group_norm(x, 2, eps=0.1))
for shape in [[2, 3, 5], [2, 3, 4, 5], [1, 2, 3, 2, 4]]:
    c = [shape[1]]
    r.add("instanceNorm", [shape, c, c], {}, lambda x, w, b: F.instance_norm(x, None, None, w, b))
for shape in [[2, 5, 4], [1, 6, 3, 4], [1, 4, 2, 3, 2]]:
    for size, options in [(3, {}), (2, {"alpha": 0.5, "beta": 1.5, "k": 2}), (5, {"alpha": 1.0})]:
        r.add("localResponseNorm", [shape], {"size": size, **options}, lambda x: F.local_response_norm(x, size, **options))
r.write("ops/__golden__/norm.json")
