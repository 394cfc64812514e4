"""Milliseconds of a training step of torchvision's Faster R-CNN in the sizes of examples/faster-rcnn.ts, on one thread."""
import time

import torch
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from cnn_faster_rcnn import Narrow

torch.set_num_threads(1)
torch.manual_seed(0)
width, channels, size, batch = 16, 32, 128, 8
names = {f"layer{k + 1}": str(k) for k in range(4)}
backbone = BackboneWithFPN(Narrow(width), names, [width * 2**k for k in range(4)], channels)
model = FasterRCNN(
    backbone, None, min_size=96, max_size=128,
    rpn_anchor_generator=AnchorGenerator(((12,), (20,), (32,), (48,), (72,)), ((0.5, 1.0, 2.0),) * 5),
    rpn_pre_nms_top_n_train=200, rpn_post_nms_top_n_train=150, rpn_batch_size_per_image=64, box_batch_size_per_image=48,
    box_roi_pool=MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2, canonical_scale=96),
    box_head=TwoMLPHead(channels * 49, size), box_predictor=FastRCNNPredictor(size, 5))
print(sum(p.numel() for p in model.parameters()), "parameters")
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
images = [torch.rand(3, 96, 128) for _ in range(batch)]
targets = [{"boxes": torch.tensor([[10.0, 40, 50, 66], [70, 30, 82, 64], [90, 50, 104, 90]]), "labels": torch.tensor([1, 3, 4])}] * batch
best = float("inf")
for _ in range(25):
    start = time.perf_counter()
    losses = model(images, targets)
    optimizer.zero_grad()
    sum(losses.values()).backward()
    optimizer.step()
    best = min(best, time.perf_counter() - start)
print(f"{1000 * best:.1f} ms a step of {batch} images, the quickest of 25")
