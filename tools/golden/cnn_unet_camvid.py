"""The recipe of examples/unet-camvid.ts in PyTorch, with the same draws: python3 cnn_unet_camvid.py [epochs] [steps].

U-Net with batch norm, transposed convolutions and base width 16; rows 2 to 177 of the 240x180 pictures, normalised by
the training set's channels; Adam with one cycle to 3e-3, batches of 8, horizontal flips, 15 epochs. Prints the loss of
each epoch, then mean IoU and pixel accuracy on the validation pictures.
"""
import glob
import os
import sys
import time

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader

from cnn_unet import UNet

CLASSES, UNLABELLED = 11, 11
DATA = os.environ.get("LANEWISE_DATA", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/data"))


def pictures(split):
    names = sorted(glob.glob(os.path.join(DATA, "camvid", split, "*.jpg")))
    x = np.stack([np.asarray(Image.open(n)) for n in names])[:, 2:178]
    y = np.stack([np.asarray(Image.open(n[:-3] + "label.png")) for n in names])[:, 2:178]
    return torch.tensor(x).permute(0, 3, 1, 2).float(), torch.tensor(y).long()


def flipped(x, y):
    mirror = torch.rand(len(x)) < 0.5
    x[mirror], y[mirror] = x[mirror].flip(3), y[mirror].flip(2)
    return x, y


def scores(model, x, y):
    counts = torch.zeros(CLASSES, CLASSES)
    model.eval()
    with torch.no_grad():
        for a, b in zip(x.split(4), y.split(4)):
            found = model(a).argmax(1)
            known = b != UNLABELLED
            counts += torch.bincount(b[known] * CLASSES + found[known], minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    right = counts.diag()
    union = counts.sum(0) + counts.sum(1) - right
    return (right / union)[union > 0].mean().item(), (right.sum() / counts.sum()).item()


def main(epochs=15, steps=None):
    torch.set_num_threads(int(os.environ.get("THREADS", "1")))
    x, y = pictures("train")
    mean = x.mean((0, 2, 3), keepdim=True)
    std = (x.double() - mean).square().mean((0, 2, 3), keepdim=True).sqrt().float()
    x = (x - mean) / std
    torch.manual_seed(0)
    model = UNet(CLASSES, width=16)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    loader = DataLoader(torch.utils.data.TensorDataset(x, y), 8, shuffle=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * len(loader))
    for epoch in range(epochs):
        start, total, seen = time.time(), 0.0, 0
        model.train()
        for step, (a, b) in enumerate(loader):
            a, b = flipped(a, b)
            loss = F.cross_entropy(model(a), b, ignore_index=UNLABELLED)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total, seen = total + loss.item() * len(a), seen + len(a)
            if steps:
                print(f"step {step + 1}: loss {loss.item():.6f}, {time.time() - start:.1f} s", flush=True)
            if steps == step + 1:
                return
        print(f"epoch {epoch + 1}: loss {total / seen:.4f}, {time.time() - start:.1f} s", flush=True)
    v, w = pictures("val")
    print("mean IoU %.4f, pixel accuracy %.4f" % scores(model, (v - mean) / std, w))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
