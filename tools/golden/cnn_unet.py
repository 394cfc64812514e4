"""Records the segmentation models of packages/cnn: logits, gradients and a run of training steps, from seeds.

The U-Nets are written from Ronneberger et al. 2015 and from the names of the usual checkpoints; FCN is torchvision's.
"""
import json
import os

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.segmentation.fcn import _fcn_resnet

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "../../packages/cnn/src")


class DoubleConv(nn.Module):
    def __init__(self, i, o, mid=None):
        super().__init__()
        mid = mid or o
        block = [nn.Conv2d(i, mid, 3, padding=1, bias=False), nn.BatchNorm2d(mid), nn.ReLU()]
        block += [nn.Conv2d(mid, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
        self.double_conv = nn.Sequential(*block)

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(i, o))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, i, o, bilinear):
        super().__init__()
        if bilinear:
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        else:
            self.up = nn.ConvTranspose2d(i, i // 2, 2, stride=2)
        self.conv = DoubleConv(i, o, i // 2 if bilinear else None)

    def forward(self, x, across):
        y = self.up(x)
        h, w = across.shape[2] - y.shape[2], across.shape[3] - y.shape[3]
        y = F.pad(y, [w // 2, w - w // 2, h // 2, h - h // 2])
        return self.conv(torch.cat([across, y], 1))


class OutConv(nn.Module):
    def __init__(self, i, classes):
        super().__init__()
        self.conv = nn.Conv2d(i, classes, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, classes, channels=3, width=64, bilinear=False):
        super().__init__()
        a, b, c, d, e = [width * f for f in (1, 2, 4, 8, 16)]
        half = 2 if bilinear else 1
        self.inc = DoubleConv(channels, a)
        self.down1, self.down2, self.down3 = Down(a, b), Down(b, c), Down(c, d)
        self.down4 = Down(d, e // half)
        self.up1, self.up2 = Up(e, d // half, bilinear), Up(d, c // half, bilinear)
        self.up3, self.up4 = Up(c, b // half, bilinear), Up(b, a, bilinear)
        self.outc = OutConv(a, classes)

    def forward(self, x):
        steps = [self.inc(x)]
        for down in (self.down1, self.down2, self.down3, self.down4):
            steps.append(down(steps[-1]))
        y = steps.pop()
        for up in (self.up1, self.up2, self.up3, self.up4):
            y = up(y, steps.pop())
        return self.outc(y)


ENCODER = [[64, 32], [64, 32], [128, 64, 32], [128, 64, 32], [256, 128, 64, 32], [128, 64, 32]]
DECODER = [256, 128, 64, 32]


class DrivingUNet(nn.Module):
    def __init__(self, classes, channels=3):
        super().__init__()
        inputs = [channels] + [s[-1] for s in ENCODER]
        self.encoder = nn.ModuleList(self.stack(i, s) for i, s in zip(inputs, ENCODER))
        self.bottleneck = self.stack(32, DECODER)
        self.decoder = nn.ModuleList(self.stack(64, DECODER) for _ in ENCODER)
        self.head = self.conv(32, classes, 1)

    def conv(self, i, o, k):
        c = nn.Conv2d(i, o, k, padding=k // 2)
        nn.init.xavier_uniform_(c.weight)
        nn.init.zeros_(c.bias)
        return c

    def stack(self, i, widths):
        pairs = zip([i] + widths, widths)
        return nn.Sequential(*[m for a, b in pairs for m in (self.conv(a, b, 3), nn.ReLU())])

    def forward(self, x):
        h, w = x.shape[2:]
        y = F.pad(x, [0, -w % 64, 0, -h % 64])
        steps = []
        for stack in self.encoder:
            steps.append(stack(y))
            y = F.max_pool2d(steps[-1], 2)
        y = self.bottleneck(y)
        for stack in self.decoder:
            y = stack(torch.cat([F.interpolate(y, scale_factor=2), steps.pop()], 1))
        return self.head(y)[:, :, :h, :w]


def small_fcn():
    """torchvision's fcn_resnet50 with one narrow block in each stage."""
    body = ResNet(Bottleneck, [1, 1, 1, 1], width_per_group=16, replace_stride_with_dilation=[False, True, True])
    return _fcn_resnet(body, 4, True)


def floats(t, digits=9):
    return [float(f"{v:.{digits}g}") for v in t.detach().double().reshape(-1).tolist()]


def sketch(g):
    """Enough to tell a gradient from another: its norm, and its first, middle and last element."""
    flat = g.reshape(-1)
    return floats(torch.stack([flat.norm(), flat[0], flat[flat.numel() // 2], flat[-1]]))


def record(build, shape, classes, steps=0, every=1, lr=1e-2):
    """One case: inputs and labels are drawn after the model, from the same seed."""
    torch.manual_seed(0)
    model = build()
    x = torch.rand(shape)
    target = torch.randint(classes, (shape[0], *shape[2:]))
    case = {"shape": shape, "every": every, "parameters": sum(p.numel() for p in model.parameters())}
    with torch.no_grad():
        case["logits"] = floats(outputs(model.eval(), x)[0].reshape(-1)[::every])
    model.train()
    loss_of(model, x, target).backward()
    case["gradients"] = {k: sketch(p.grad) for k, p in model.named_parameters()}
    if steps == 0:
        return case
    optimizer = torch.optim.Adam(model.parameters(), lr)
    case["losses"] = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model, x, target)
        loss.backward()
        optimizer.step()
        case["losses"].append(float(f"{loss.item():.7g}"))
    return case


def outputs(model, x):
    y = model(x)
    return (y,) if torch.is_tensor(y) else tuple(y.values())


def loss_of(model, x, target):
    """Cross-entropy where label 0 does not count, plus half of that of a second head."""
    losses = [F.cross_entropy(y, target, ignore_index=0) for y in outputs(model, x)]
    return losses[0] + 0.5 * sum(losses[1:])


def write(path, cases):
    path = os.path.join(SOURCES, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        json.dump(cases, out, separators=(",", ":"))
        out.write("\n")
    size = os.path.getsize(path)
    print(os.path.basename(path), size)
    assert size <= 64 * 1024, "a golden file holds at most 64 KB"


if __name__ == "__main__":
    torch.set_num_threads(1)
    unets = {
        "transposed": record(lambda: UNet(3, width=4), [2, 3, 34, 50], 3, steps=8, every=7),
        "bilinear": record(lambda: UNet(3, channels=1, width=4, bilinear=True), [2, 1, 32, 48], 3, steps=8, every=7),
    }
    write("unet/__golden__/unet.json", unets)
    driving = record(lambda: DrivingUNet(5), [1, 3, 48, 64], 5, steps=4, every=11, lr=1e-4)
    write("driving-unet/__golden__/driving-unet.json", driving)
    write("fcn/__golden__/fcn.json", record(small_fcn, [2, 3, 72, 88], 4, steps=4, every=47, lr=1e-3))
