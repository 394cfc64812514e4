"""Faster R-CNN of torchvision in small: weights and images from seeds, outputs, losses and gradients to JSON."""
import base64
import json
import pathlib

import numpy as np
import torch
from torch import nn
from torchvision.models.detection import FasterRCNN, fasterrcnn_resnet50_fpn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.rpn import RPNHead
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.ops import FrozenBatchNorm2d

torch.set_num_threads(1)
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "packages" / "cnn" / "src" / "faster-rcnn" / "__golden__"
DTYPES = {torch.float32: ("f32", "<f4"), torch.int64: ("i32", "<i4")}


class Narrow(ResNet):
    """ResNet-18 whose first stage has `width` channels; modules and draws in torchvision's order."""

    def __init__(self, width):
        nn.Module.__init__(self)
        self._norm_layer, self.inplanes, self.dilation, self.groups, self.base_width = nn.BatchNorm2d, width, 1, 1, 64
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for k, stride in enumerate((1, 2, 2, 2)):
            setattr(self, f"layer{k + 1}", self._make_layer(BasicBlock, width * 2**k, 2, stride=stride))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width, 1000)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")


def small_model(rpn_batch, box_batch):
    torch.manual_seed(0)
    width, channels, size = 8, 8, 16
    names = {f"layer{k + 1}": str(k) for k in range(4)}
    backbone = BackboneWithFPN(Narrow(width), names, [width * 2**k for k in range(4)], channels)
    anchors = AnchorGenerator(((8,), (16,), (32,), (64,), (128,)), ((0.5, 1.0, 2.0),) * 5)
    model = FasterRCNN(
        backbone, None, min_size=64, max_size=80, rpn_anchor_generator=anchors,
        rpn_head=RPNHead(channels, 3),
        rpn_pre_nms_top_n_train=40, rpn_pre_nms_top_n_test=30, rpn_post_nms_top_n_train=30, rpn_post_nms_top_n_test=20,
        rpn_batch_size_per_image=rpn_batch, box_batch_size_per_image=box_batch,
        box_head=TwoMLPHead(channels * 49, size), box_predictor=FastRCNNPredictor(size, 4), box_score_thresh=0.2)
    # First scores are all but equal; larger weights set them apart, so that no order hangs on a rounding.
    with torch.no_grad():
        model.rpn.head.cls_logits.weight *= 100
        model.rpn.head.bbox_pred.weight *= 10
        model.roi_heads.box_predictor.cls_score.weight *= 2
    return model


def data():
    images = [torch.rand(3, 50, 70), torch.rand(3, 60, 40)]
    boxes = [[[5, 5, 30, 40], [30, 10, 66, 34], [40, 20, 50, 44]], [[4, 8, 30, 50]]]
    labels = [[1, 2, 3], [2]]
    targets = [{"boxes": torch.tensor(b, dtype=torch.float32), "labels": torch.tensor(l)} for b, l in zip(boxes, labels)]
    return images, targets


def pack(x):
    x = torch.as_tensor(x).detach().contiguous()
    name, stored = DTYPES[x.dtype]
    return {"dtype": name, "shape": list(x.shape), "data": base64.b64encode(x.numpy().astype(stored).tobytes()).decode()}


def write(name, arrays):
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps({key: pack(value) for key, value in arrays.items()}, indent=0) + "\n"
    (FOLDER / f"{name}.json").write_text(text)
    print(f"{name}.json: {len(text)} bytes, {len(arrays)} arrays")
    assert len(text) <= 64 * 1024


def evaluation():
    model = small_model(4000, 512)
    images, _ = data()
    model.eval()
    out = {}
    model.rpn.register_forward_hook(lambda m, x, y: out.update({f"proposals {i}": b for i, b in enumerate(y[0])}))
    model.rpn.head.register_forward_hook(lambda m, x, y: out.update({"objectness 1": y[0][1], "shifts 1": y[1][1]}))
    model.backbone.register_forward_hook(lambda m, x, y: out.update({f"features {i}": f for i, f in enumerate(list(y.values())[1:], 1)}))
    model.roi_heads.box_predictor.register_forward_hook(lambda m, x, y: out.update({"logits": y[0], "boxes": y[1]}))
    with torch.no_grad():
        for i, found in enumerate(model(images)):
            out.update({f"found {name} {i}": value for name, value in found.items()})
            print("detections", i, len(found["scores"]), found["scores"][:4].tolist())
    gaps = [torch.sort(out[f"found scores {i}"]).values.diff().min().item() for i in range(2)]
    print("smallest gaps of scores", gaps)
    write("evaluation", out)


def training():
    """Three steps of SGD. In `all` every anchor and region is trained; in `some` draws choose them."""
    out = {}
    for name, rpn_batch, box_batch in [("all", 4000, 512), ("some", 24, 12)]:
        model = small_model(rpn_batch, box_batch)
        images, targets = data()
        model.train()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9, weight_decay=5e-4)
        curve = []
        for step in range(3):
            losses = model(images, targets)
            curve.append([losses[k].item() for k in ("loss_classifier", "loss_box_reg", "loss_objectness", "loss_rpn_box_reg")])
            optimizer.zero_grad()
            sum(losses.values()).backward()
            if step == 0:
                norms = [p.grad.norm().item() for p in model.parameters()]
                out[f"{name} gradient norms"] = torch.tensor(norms)
                named = dict(model.named_parameters())
                for key in ("backbone.body.conv1.weight", "backbone.fpn.inner_blocks.2.0.weight",
                            "rpn.head.cls_logits.weight", "rpn.head.bbox_pred.weight",
                            "roi_heads.box_head.fc7.weight", "roi_heads.box_predictor.bbox_pred.weight"):
                    if name == "all":
                        out[f"gradient {key}"] = named[key].grad.clone()
            optimizer.step()
        out[f"{name} losses"] = torch.tensor(curve)
        print(name, curve)
    write("training", out)


def transform():
    torch.manual_seed(1)
    t = GeneralizedRCNNTransform([40, 48, 56], 80, [0.4, 0.5, 0.6], [0.2, 0.3, 0.4], size_divisible=16)
    images = [torch.rand(3, 20, 30), torch.rand(3, 61, 33), torch.rand(3, 24, 90)]
    targets = [{"boxes": torch.tensor([[1.0, 2.0, 15.5, 18.25]])} for _ in images]
    out = {}
    t.train()
    for phase in ("train", "test"):
        batch, resized = t(images, targets)
        flat = batch.tensors[:, :, ::3, ::5]
        out.update({phase: flat, f"{phase} shape": torch.tensor(batch.tensors.shape),
                    f"{phase} sizes": torch.tensor(batch.image_sizes), f"{phase} boxes": torch.cat([r["boxes"] for r in resized])})
        t.eval()
    norm = FrozenBatchNorm2d(3, eps=1e-5)
    for buffer, low in [(norm.weight, -1), (norm.bias, -1), (norm.running_mean, -1), (norm.running_var, 0.5)]:
        buffer.copy_(torch.empty(3).uniform_(low, 2))
    out["frozen"] = norm(torch.rand(2, 3, 2, 3))
    write("transform", out)


FIRST = ["backbone.body.layer4.2.conv3.weight", "backbone.fpn.inner_blocks.3.0.weight", "backbone.fpn.layer_blocks.0.0.weight",
         "rpn.head.bbox_pred.weight", "roi_heads.box_head.fc6.weight", "roi_heads.box_predictor.bbox_pred.bias"]


def draws():
    """The first numbers of some weights of the full model, and what the generator gives after all its draws."""
    torch.manual_seed(0)
    named = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    write("draws", {**{name: named[name].flatten()[:4] for name in FIRST}, "after": torch.rand(4)})


if __name__ == "__main__":
    evaluation()
    training()
    transform()
    draws()
