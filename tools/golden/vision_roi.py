"""Golden outputs and gradients of torchvision's RoI ops."""
import numpy as np
import torch
import torchvision.ops as ops
from torchvision.ops.poolers import LevelMapper, MultiScaleRoIAlign
from vision_common import boxes, draws, write

rois = np.concatenate([np.array([[0], [1], [0], [1], [1]], np.float32), boxes(1, 5, 30, 25) - np.float32(4)], 1)
edge = np.array([[0, 5, 5, 5, 5], [1, 9, 9, 3, 2], [0, -60, -60, -50, -50], [1, -8, -8, 60, 60], [0, 2.5, 3.5, 4.5, 5.5],
                 [1, 0, 0, 32, 24], [0, 31, 23, 40, 40]], np.float32)
rois = torch.tensor(np.concatenate([rois, edge]))
x = torch.tensor(draws(2, 2, 4, 12, 16) * 2 - 1)
ps = torch.tensor(draws(3, 2, 12, 12, 16) * 2 - 1)
out = {}


def record(name, op, features, *args, **kw):
    f = features.clone().requires_grad_()
    y = op(f, rois, *args, **kw)
    out[name] = y
    w = torch.tensor(draws(4, *y.shape))
    (y.nan_to_num() * w).sum().backward()
    out[name + " dx"] = f.grad


for aligned in (False, True):
    for ratio in (-1, 2):
        record(f"align {int(aligned)} {ratio}", ops.roi_align, x, (3, 2), 0.5, ratio, aligned)
record("pool", ops.roi_pool, x, (3, 2), 0.5)
record("ps align -1", ops.ps_roi_align, ps, (3, 2), 0.5, -1)
record("ps align 2", ops.ps_roi_align, ps, (3, 2), 0.5, 2)
record("ps pool", ops.ps_roi_pool, ps, (3, 2), 0.5)
for name in ("align 0 2 dx", "align 1 2 dx", "ps align -1 dx"):
    del out[name]
write("roi", "roi", {k: v for k, v in out.items() if not k.startswith("ps")})
write("roi", "position-sensitive", {k: v for k, v in out.items() if k.startswith("ps")})

sides = torch.tensor([1, 28, 55.9, 56, 111, 111.99999, 112, 112.00001, 223.99998, 224, 447.9999, 448, 900, 5000, 0.0])
square = torch.stack([torch.zeros_like(sides), torch.zeros_like(sides), sides, sides], 1)
inverted = torch.tensor([[10.0, 10, 5, 20]])
multi = {"sides": LevelMapper(2, 5)([square]).int(), "inverted": LevelMapper(2, 5)([inverted]).int()}
levels = {str(k): torch.tensor(draws(10 + k, 2, 3, 32 >> k, 40 >> k) * 2 - 1) for k in range(4)}
per_image = [torch.tensor(boxes(20, 6, 60, 100)), torch.tensor(boxes(21, 5, 20, 40))]
pool = MultiScaleRoIAlign(["0", "1", "2", "3"], 3, 2, canonical_scale=64, canonical_level=3)
for v in levels.values():
    v.requires_grad_()
y = pool(levels, per_image, [(128, 160), (120, 150)])
multi["y"] = y
(y * torch.tensor(draws(22, *y.shape))).sum().backward()
for k, v in levels.items():
    multi[f"dx {k}"] = v.grad
write("roi", "multi-scale", multi)
