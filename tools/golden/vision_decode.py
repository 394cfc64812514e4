"""Golden outputs of torchvision's post-processing; YOLO from its formulas; segmentation from torch and SciPy."""
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
import torchvision.models.detection._utils as utils
import torchvision.ops as ops
from scipy import ndimage
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork
from torchvision.models.detection.ssd import SSD
from vision_common import boxes, draws, write

out = {}


def t(seed, *shape, scale=1.0, shift=0.0):
    return torch.tensor(draws(seed, *shape) * np.float32(scale) - np.float32(shift))


def record(name, d):
    out[f"{name} boxes"], out[f"{name} scores"] = d["boxes"], d["scores"]
    if "labels" in d:
        out[f"{name} labels"] = d["labels"].int()


head = utils.BoxCoder((10.0, 10.0, 5.0, 5.0))
plain = utils.BoxCoder((1.0, 1.0, 1.0, 1.0))
A, C, size = 150, 6, (110, 130)
anchors = torch.tensor(boxes(1, A))
ssd = SimpleNamespace(box_coder=head, score_thresh=0.15, topk_candidates=40, nms_thresh=0.45, detections_per_img=60)
record("ssd", SSD.postprocess_detections(ssd, {
    "bbox_regression": t(2, 1, A, 4, scale=4, shift=2), "cls_logits": t(3, 1, A, C, scale=6)}, [anchors], [size])[0])

retina = SimpleNamespace(box_coder=plain, score_thresh=0.5, topk_candidates=70, nms_thresh=0.5, detections_per_img=50)
parts = [(0, 100), (100, 50)]
record("retina", RetinaNet.postprocess_detections(retina, {
    "cls_logits": [t(4, 1, A, C, scale=8, shift=6)[:, s:s + n] for s, n in parts],
    "bbox_regression": [t(5, 1, A, 4, scale=1, shift=0.5)[:, s:s + n] for s, n in parts]},
    [[anchors[s:s + n] for s, n in parts]], [size])[0])

rpn = SimpleNamespace(min_size=1e-3, score_thresh=0.3, nms_thresh=0.6, pre_nms_top_n=lambda: 60, post_nms_top_n=lambda: 40)
rpn._get_top_n_idx = lambda o, n: RegionProposalNetwork._get_top_n_idx(rpn, o, n)
proposals = plain.decode(t(6, A, 4, scale=1, shift=0.5), [anchors]).reshape(1, A, 4)
b, s = RegionProposalNetwork.filter_proposals(rpn, proposals, t(7, 1, A, scale=6, shift=3), [size], [100, 50])
record("rpn", {"boxes": b[0], "scores": s[0]})

heads = SimpleNamespace(box_coder=head, score_thresh=0.05, nms_thresh=0.5, detections_per_img=45)
b, s, l = RoIHeads.postprocess_detections(heads, t(8, A, C, scale=7), t(9, A, C * 4, scale=6, shift=3), [anchors], [size])
record("head", {"boxes": b[0], "scores": s[0], "labels": l[0]})


# --- YOLO ------------------------------------------------------------------------------------------------------------
def finish(rows, classes):
    rows = [r for r in rows if r[4] > 0.25]
    cx, cy, w, h, score, label = (torch.tensor(np.array(c)) for c in zip(*rows))
    xyxy = torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 1).float()
    keep = ops.batched_nms(xyxy, score.float(), label.long(), 0.45)[:300]
    return {"boxes": xyxy[keep], "scores": score[keep].float(), "labels": label[keep].int()}


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


levels = [(6, 8, 16, [(30, 20), (10, 50)]), (3, 4, 32, [(90, 60), (40, 120)])]
for version in (3, 5):
    rows = []
    for k, (h, w, stride, sides) in enumerate(levels):
        x = draws(20 + k, len(sides), 5 + 3, h, w) * np.float32(6) - np.float32(3)
        for a, (aw, ah) in enumerate(sides):
            gy, gx = np.meshgrid(np.arange(h), np.arange(w), indexing="ij")
            tx, ty, tw, th = x[a, :4]
            if version == 3:
                cx, cy = (sigmoid(tx) + gx) * stride, (sigmoid(ty) + gy) * stride
                bw, bh = np.exp(tw.astype(np.float64)) * aw, np.exp(th.astype(np.float64)) * ah
            else:
                cx, cy = (2 * sigmoid(tx) - 0.5 + gx) * stride, (2 * sigmoid(ty) - 0.5 + gy) * stride
                bw, bh = (2 * sigmoid(tw)) ** 2 * aw, (2 * sigmoid(th)) ** 2 * ah
            score = sigmoid(x[a, 4]) * sigmoid(x[a, 5:]).max(0)
            rows += list(zip(*(v.ravel() for v in (cx, cy, bw, bh, score, x[a, 5:].argmax(0)))))
    record(f"yolo{version}", finish(rows, 3))

y8 = draws(30, 4 + 3, 60)
y8[:2] *= 100
y8[2:4] *= 40
record("yolo8", finish([(*c[:4], c[4:].max(), c[4:].argmax()) for c in y8.T.astype(np.float64)], 3))

rows = []
for k, (h, w, stride, _) in enumerate(levels):
    dist = (draws(40 + k, 4, 8, h, w) * np.float32(6)).astype(np.float64)
    cls = draws(42 + k, 3, h, w) * np.float32(8) - np.float32(5)
    p = np.exp(dist) / np.exp(dist).sum(1, keepdims=True)
    d = (p * np.arange(8)[None, :, None, None]).sum(1) * stride
    gy, gx = np.meshgrid((np.arange(h) + 0.5) * stride, (np.arange(w) + 0.5) * stride, indexing="ij")
    x1, y1, x2, y2 = gx - d[0], gy - d[1], gx + d[2], gy + d[3]
    score, label = sigmoid(cls).max(0), cls.argmax(0)
    rows += list(zip(*(v.ravel() for v in ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, score, label))))
record("dfl", finish(rows, 3))
write("decode", "detectors", out)

# --- segmentation ----------------------------------------------------------------------------------------------------
logits = t(50, 1, 5, 7, 9)
seg = {"same": logits.argmax(1).int(), "up": F.interpolate(logits, (20, 33), mode="bilinear").argmax(1).int(),
       "down": F.interpolate(logits, (4, 5), mode="bilinear").argmax(1).int()}
mask = draws(51, 30, 40) > np.float32(0.55)
for c, structure in ((4, None), (8, np.ones((3, 3)))):
    seg[f"labels {c}"], n = ndimage.label(mask, structure)
    seg[f"areas {c}"] = ndimage.sum(mask, seg[f"labels {c}"], range(1, n + 1)).astype(np.int32)
    seg[f"centroids {c}"] = np.array(ndimage.center_of_mass(mask, seg[f"labels {c}"], range(1, n + 1)))[:, ::-1].copy()
    seg[f"boxes {c}"] = np.array([[s[1].start, s[0].start, s[1].stop, s[0].stop]
                                  for s in ndimage.find_objects(seg[f"labels {c}"])], np.int32)
write("decode", "segmentation", seg)
