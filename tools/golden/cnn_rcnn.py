"""Records R-CNN (packages/cnn/src/rcnn) from torchvision's parts: roi_align, box_iou, BoxCoder, nms. Margins and losses,
gradients, and steps of SGD, from seed 0. Every region that the overlaps admit is trained, so no sample is drawn:
    cnn_rcnn.py
"""
import json
import os

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import batched_nms, box_iou, clip_boxes_to_image, roi_align

from cnn_unet import SOURCES, floats

CLASSES, SIDE, FEATURES = 3, 12, 24
THRESHOLD = -0.9
PROPOSALS = [
    [[4, 4, 30, 30], [8, 10, 28, 33], [20, 5, 60, 39], [0, 0, 10, 10], [33, 20, 47, 36], [2, 2, 61, 38]],
    [[1, 3, 40, 25], [10, 10, 50, 50], [30, 30, 46, 58], [25, 28, 48, 60], [5, 40, 20, 55]],
]
OBJECTS = [[[6, 8, 29, 32], [24, 4, 58, 40]], [[28, 30, 47, 59]]]
LABELS = [[1, 2], [2]]
SIZES = [[40, 62], [60, 52]]
coder = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))


class Rcnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(6 * 36, FEATURES), nn.Tanh()
        )
        self.svm = nn.Linear(FEATURES, CLASSES - 1)
        self.bbox_pred = nn.Linear(FEATURES, 4 * CLASSES)

    def forward(self, images, regions):
        squares = [roi_align(x[None], [r], SIDE, sampling_ratio=2, aligned=True) for x, r in zip(images, regions)]
        seen = self.features(torch.cat(squares))
        return self.svm(seen), self.bbox_pred(seen)


def training_regions(proposals, objects, labels):
    """Half an object or more makes its class, less than three tenths the background; between them a region is left out."""
    every = torch.cat([proposals, objects])
    overlap, which = box_iou(objects, every).max(0)
    classes = torch.where(overlap >= 0.5, labels[which], torch.where(overlap < 0.3, 0, -1))
    # An object's best regions count, whatever they overlap, only in a matcher that allows low quality: not here.
    keep = classes >= 0
    boxes, classes, which = every[keep], classes[keep], which[keep]
    own = classes > 0
    return boxes, classes, coder.encode_single(objects[which[own]], boxes[own])


def losses(model, images):
    chosen = [
        training_regions(torch.tensor(p, dtype=torch.float), torch.tensor(o, dtype=torch.float), torch.tensor(l))
        for p, o, l in zip(PROPOSALS, OBJECTS, LABELS)
    ]
    margins, codes = model(images, [c[0] for c in chosen])
    classes = torch.cat([c[1] for c in chosen])
    sides = 2 * F.one_hot(classes, CLASSES)[:, 1:].float() - 1
    classifier = (1 - sides * margins).clamp(min=0).sum() / len(classes)
    own = classes > 0
    found = codes.reshape(len(classes), CLASSES, 4)[own, classes[own]]
    box = F.smooth_l1_loss(found, torch.cat([c[2] for c in chosen]), beta=1 / 9, reduction="sum") / len(classes)
    return classifier, box


def detections(model, images):
    """Margins above the threshold, each class by itself: non-maximum suppression at 0.3, best first."""
    regions = [torch.tensor(p, dtype=torch.float) for p in PROPOSALS]
    with torch.no_grad():
        margins, codes = model(images, regions)
    found, start = [], 0
    for own, size in zip(regions, SIZES):
        end = start + len(own)
        boxes = clip_boxes_to_image(coder.decode(codes[start:end], [own]), size)
        rows, columns = torch.where(margins[start:end] > THRESHOLD)
        scores = margins[start:end][rows, columns]
        boxes = boxes[rows, columns + 1]
        keep = batched_nms(boxes, scores, columns + 1, 0.3)
        found.append({"boxes": floats(boxes[keep]), "scores": floats(scores[keep]), "labels": (columns[keep] + 1).tolist()})
        start = end
    return found


torch.manual_seed(0)
model = Rcnn()
images = [torch.rand(3, h, w) for h, w in SIZES]
classifier, box = losses(model, images)
(classifier + box).backward()
record = {
    "sizes": SIZES,
    "proposals": PROPOSALS,
    "objects": OBJECTS,
    "labels": LABELS,
    "classifier": classifier.item(),
    "boxReg": box.item(),
    "gradients": {name: floats(p.grad) for name, p in model.named_parameters() if not name.startswith("features.3.weight")},
}
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
record["steps"] = []
for _ in range(20):
    optimizer.zero_grad()
    total = sum(losses(model, images))
    total.backward()
    optimizer.step()
    record["steps"].append(total.item())
record["weights"] = {name: floats(p) for name, p in model.named_parameters() if name.startswith(("svm", "bbox_pred.bias"))}
record["detections"] = detections(model, images)
path = os.path.join(SOURCES, "rcnn/__golden__/rcnn.json")
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, "w") as file:
    json.dump(record, file, separators=(",", ":"))
    file.write("\n")
print(record["steps"][0], record["steps"][-1], [len(d["labels"]) for d in record["detections"]], os.path.getsize(path))
