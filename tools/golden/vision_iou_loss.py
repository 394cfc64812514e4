"""Golden values and gradients of torchvision's IoU losses."""
import torch
import torchvision.ops as ops
from torchvision.ops._utils import _loss_inter_union
from vision_common import ODD, boxes, draws, write

a = torch.tensor(boxes(1, 12, 60, 60))
b = torch.tensor(boxes(2, 12, 60, 60))
b[3] = a[3]  # the same box: ties everywhere
b[4] = a[4] + 500  # far apart
b[5, :2], b[5, 2:] = a[5, 2:], a[5, 2:] + 10  # touching corners
# Every odd box with the next, the one after that, and itself.
odd_a, odd_b = torch.tensor(ODD).repeat(3, 1), torch.cat([torch.tensor(ODD).roll(-k, 0) for k in (1, 2, 0)])


def iou_loss(x, y, reduction="none", eps=1e-7):
    shared, union = _loss_inter_union(x, y)
    loss = 1 - shared / (union + eps)
    return {"none": lambda v: v, "mean": torch.mean, "sum": torch.sum}[reduction](loss)


out = {}
for name, loss in (("iou", iou_loss), ("giou", ops.generalized_box_iou_loss), ("diou", ops.distance_box_iou_loss), ("ciou", ops.complete_box_iou_loss)):
    x, y = a.clone().requires_grad_(), b.clone().requires_grad_()
    value = loss(x, y)
    (value * torch.tensor(draws(3, 12))).sum().backward()
    out[name], out[f"{name} da"], out[f"{name} db"] = value, x.grad, y.grad
    out[f"{name} mean"] = loss(a, b, reduction="mean").reshape(1)
    out[f"{name} sum"] = loss(a, b, reduction="sum").reshape(1)
    out[f"{name} eps"] = loss(a, b, eps=1e-2)
    x, y = odd_a.clone().requires_grad_(), odd_b.clone().requires_grad_()
    value = loss(x, y)
    value.sum().backward()
    out[f"odd {name}"], out[f"odd {name} da"], out[f"odd {name} db"] = value, x.grad, y.grad
write("boxes", "iou-loss", out)
