"""torch.nn.functional.embedding_bag on bags of one size, values and gradients, of one stream of uniform draws."""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(0)
weight = (torch.rand(9, 5) * 2 - 1).requires_grad_()
share = torch.rand(4, 6).requires_grad_()
index = (torch.rand(4, 6) * 9).long()
out = {}
for name, kw in (("mean", {"mode": "mean"}), ("sum", {"mode": "sum"}), ("weighted", {"mode": "sum", "per_sample_weights": share})):
    weight.grad = share.grad = None
    y = F.embedding_bag(index, weight, **kw)
    (y * torch.arange(20.0).reshape(4, 5)).sum().backward()
    out[name] = {"y": y.flatten().tolist(), "dWeight": weight.grad.flatten().tolist()}
    if share.grad is not None:
        out[name]["dShare"] = share.grad.flatten().tolist()
path = pathlib.Path(__file__).resolve().parents[2] / "packages/core/src/ops/__golden__/embedding-bag.json"
path.write_text(json.dumps({"name": "embeddingBag", "cases": out}) + "\n")
print(len(path.read_text()), "bytes")
