"""Golden outputs of torchvision's anchor generators, box coder, matchers and sampler."""
import torch
import torchvision.models.detection._utils as utils
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD
from torchvision.ops import box_iou
from vision_common import ODD, boxes, draws, write


def run(generator, height, width, grids):
    images = ImageList(torch.zeros(1, 3, height, width), [(height, width)])
    return generator(images, [torch.zeros(1, 1, *g) for g in grids])[0]


grids = [(5, 7), (3, 4)]
out = {
    "anchors": run(AnchorGenerator(((32, 45), (64.5,)), ((0.5, 1.0, 2.0), (0.3, 3.1))), 83, 112, grids),
    "default": run(DefaultBoxGenerator([[2], [2, 3]]), 83, 112, grids),
    "default set": run(DefaultBoxGenerator([[2], [2, 3]], scales=[0.07, 0.9, 1.3], steps=[16, 32], clip=False), 80, 112, grids),
}
a, b = torch.tensor(boxes(1, 10)), torch.tensor(boxes(2, 10))
for name, weights in (("plain", (1.0, 1.0, 1.0, 1.0)), ("head", (10.0, 10.0, 5.0, 5.0))):
    coder = utils.BoxCoder(weights)
    out[f"encode {name}"] = coder.encode_single(a, b)
    codes = torch.tensor(draws(3, 10, 8) * 20 - 10)
    out[f"decode {name}"] = coder.decode_single(codes, b)
out["encode odd"] = utils.BoxCoder((1.0, 1.0, 1.0, 1.0)).encode_single(torch.tensor(ODD), a[:1].repeat(len(ODD), 1))

iou = box_iou(torch.tensor(boxes(4, 6, 60, 60)), torch.tensor(boxes(5, 80, 60, 60)))
iou[2, 7] = iou[2, 9] = iou[2].max()  # ties
iou[1, 3] = float("nan")
out["ties"] = utils.Matcher(0.7, 0.3, True)(iou.clone()).int()
out["none"] = utils.Matcher(0.5, 0.5, False)(iou.clone()).int()
out["best"] = utils.SSDMatcher(0.5)(iou.clone()).int()

labels = torch.tensor((draws(6, 200) * 4).astype("int32") - 1).float()
for count in (16, 128):
    torch.manual_seed(5)
    p, n = utils.BalancedPositiveNegativeSampler(count, 0.25)([labels])
    out[f"positive {count}"], out[f"negative {count}"] = torch.where(p[0])[0].int(), torch.where(n[0])[0].int()

# Hard negative mining shows in the classification loss of SSD.
ssd = SSD.__new__(SSD)
torch.nn.Module.__init__(ssd)
ssd.neg_to_pos_ratio, ssd.box_coder = 3, utils.BoxCoder((10.0, 10.0, 5.0, 5.0))
logits = torch.tensor(draws(7, 1, 60, 2) * 4)
matched = torch.tensor(draws(8, 60) < 0.12).long() - 1
some = torch.tensor(boxes(9, 60))
target = {"boxes": some[:1], "labels": torch.tensor([1])}
losses = ssd.compute_loss([target], {"bbox_regression": torch.zeros(1, 60, 4), "cls_logits": logits}, [some], [matched])
out["hardest"] = losses["classification"].reshape(1)
write("anchors", "anchors", out)
