"""Records R-CNN and Fast R-CNN (packages/cnn/src/rcnn) from torchvision's parts, weights and images from seed 0: raw
outputs, losses, every gradient, steps of SGD, and what is found after them. Every region that the overlaps admit is
trained, so no sample is drawn:
    cnn_rcnn.py
R-CNN is put together from roi_align, box_iou, BoxCoder and nms; Fast R-CNN is GeneralizedRCNNTransform, a trunk in the
manner of VGG and RoIHeads, with roi_pool as in the paper and with MultiScaleRoIAlign.
"""
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign, batched_nms, box_iou, clip_boxes_to_image, roi_align, roi_pool

import cnn_faster_rcnn as common

common.FOLDER = common.FOLDER.parents[1] / "rcnn" / "__golden__"

CLASSES, SIDE, FEATURES, BINS, STEPS = 3, 12, 24, 4, 20
PROPOSALS = [
    [[4, 4, 30, 30], [8, 10, 28, 33], [20, 5, 60, 39], [0, 0, 10, 10], [33, 20, 47, 36], [2, 2, 61, 38]],
    [[1, 3, 40, 25], [10, 10, 50, 50], [30, 30, 46, 58], [25, 28, 48, 60], [5, 40, 20, 55]],
]
OBJECTS = [[[6, 8, 29, 32], [24, 4, 58, 40]], [[28, 30, 47, 59]]]
LABELS = [[1, 2], [2]]
SIZES = [[40, 62], [60, 52]]
coder = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))


def boxes_of(lists):
    return [torch.tensor(own, dtype=torch.float) for own in lists]


class Rcnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(6 * 36, FEATURES), nn.Tanh()
        )
        self.svm = nn.Linear(FEATURES, CLASSES - 1)
        self.bbox_pred = nn.Linear(FEATURES, 4 * CLASSES)

    def raw(self, images, regions):
        squares = [roi_align(x[None], [r], SIDE, sampling_ratio=2, aligned=True) for x, r in zip(images, regions)]
        seen = self.features(torch.cat(squares))
        return self.svm(seen), self.bbox_pred(seen)

    def losses(self, images):
        chosen = [training_regions(*own) for own in zip(boxes_of(PROPOSALS), boxes_of(OBJECTS), map(torch.tensor, LABELS))]
        margins, codes = self.raw(images, [c[0] for c in chosen])
        classes = torch.cat([c[1] for c in chosen])
        sides = 2 * F.one_hot(classes, CLASSES)[:, 1:].float() - 1
        classifier = (1 - sides * margins).clamp(min=0).sum() / len(classes)
        own = classes > 0
        found = codes.reshape(len(classes), CLASSES, 4)[own, classes[own]]
        box = F.smooth_l1_loss(found, torch.cat([c[2] for c in chosen]), beta=1 / 9, reduction="sum") / len(classes)
        return classifier, box

    def find(self, images):
        """Margins above the threshold, each class by itself: non-maximum suppression at 0.3, best first."""
        regions = boxes_of(PROPOSALS)
        margins, codes = self.raw(images, regions)
        found, start = [], 0
        for own, size in zip(regions, SIZES):
            end = start + len(own)
            boxes = clip_boxes_to_image(coder.decode(codes[start:end], [own]), size)
            rows, columns = torch.where(margins[start:end] > -0.9)
            scores = margins[start:end][rows, columns]
            boxes = boxes[rows, columns + 1]
            keep = batched_nms(boxes, scores, columns + 1, 0.3)
            found.append({"boxes": boxes[keep], "scores": scores[keep], "labels": columns[keep] + 1})
            start = end
        return found


def training_regions(proposals, objects, labels):
    """Half an object or more makes its class, less than three tenths the background; between them a region is left out."""
    every = torch.cat([proposals, objects])
    overlap, which = box_iou(objects, every).max(0)
    classes = torch.where(overlap >= 0.5, labels[which], torch.where(overlap < 0.3, 0, -1))
    keep = classes >= 0
    boxes, classes, which = every[keep], classes[keep], which[keep]
    own = classes > 0
    return boxes, classes, coder.encode_single(objects[which[own]], boxes[own])


class MaxPool(nn.Module):
    output_size = (BINS, BINS)

    def forward(self, features, boxes, image_shapes):
        return roi_pool(features["0"], boxes, BINS, spatial_scale=1 / 4)


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
        )

    def forward(self, x):
        return {"0": self.body(x)}


class FastRcnn(nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.transform = GeneralizedRCNNTransform(48, 80, [0.4, 0.5, 0.6], [0.2, 0.3, 0.4], size_divisible=16)
        self.backbone = Trunk()
        head = TwoMLPHead(6 * BINS * BINS, FEATURES)
        # Room for every region; thresholds that keep some of the detections.
        self.roi_heads = RoIHeads(pool, head, FastRCNNPredictor(FEATURES, CLASSES), 0.5, 0.5, 64, 0.5, None, 0.2, 0.5, 100)

    def prepare(self, images):
        targets = [{"boxes": b, "labels": torch.tensor(l)} for b, l in zip(boxes_of(OBJECTS), LABELS)]
        batch, targets = self.transform(images, targets)
        _, proposals = self.transform(images, [{"boxes": b} for b in boxes_of(PROPOSALS)])
        return batch, self.backbone(batch.tensors), [p["boxes"] for p in proposals], targets

    def raw(self, images, regions):
        batch, features, proposals, _ = self.prepare(images)
        return self.roi_heads.box_predictor(self.roi_heads.box_head(self.roi_heads.box_roi_pool(features, proposals, batch.image_sizes)))

    def losses(self, images):
        batch, features, proposals, targets = self.prepare(images)
        losses = self.roi_heads(features, proposals, batch.image_sizes, targets)[1]
        return losses["loss_classifier"], losses["loss_box_reg"]

    def find(self, images):
        batch, features, proposals, _ = self.prepare(images)
        found = self.roi_heads(features, proposals, batch.image_sizes)[0]
        return self.transform.postprocess(found, batch.image_sizes, SIZES)


def set_apart(model):
    """First scores are all but equal; larger weights set them apart, so that no order hangs on a rounding."""
    with torch.no_grad():
        model.roi_heads.box_predictor.cls_score.weight *= 4
        model.roi_heads.box_head.fc6.weight *= 4


def record(name, build, lr, prepare=lambda model: None):
    torch.manual_seed(0)
    model = build()
    images = [torch.rand(3, h, w) for h, w in SIZES]
    prepare(model)
    out = {}
    with torch.no_grad():
        out["scores"], out["codes"] = model.raw(images, boxes_of(PROPOSALS))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    curve = []
    for step in range(STEPS):
        losses = model.losses(images)
        optimizer.zero_grad()
        sum(losses).backward()
        if step == 0:
            out.update({f"gradient {key}": p.grad.clone() for key, p in model.named_parameters()})
        optimizer.step()
        if step == 0:
            out.update({f"stepped {key}": p.detach().clone() for key, p in model.named_parameters() if p.numel() < 2000})
        curve.append([l.item() for l in losses])
    out["losses"] = torch.tensor(curve)
    model.eval()
    with torch.no_grad():
        for i, found in enumerate(model.find(images)):
            out.update({f"found {key} {i}": value for key, value in found.items()})
            gap = torch.sort(found["scores"]).values.diff().min().item()
            print(name, i, found["labels"].tolist(), [round(s, 3) for s in found["scores"].tolist()], "smallest gap", gap)
    print(name, curve[0], curve[-1])
    common.write(name, out)


if __name__ == "__main__":
    record("rcnn", Rcnn, 0.05)
    record("fast-rcnn-max", lambda: FastRcnn(MaxPool()), 0.02, set_apart)
    record("fast-rcnn-align", lambda: FastRcnn(MultiScaleRoIAlign(["0"], BINS, 2)), 0.02, set_apart)
