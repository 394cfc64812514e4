"""The recipe of examples/cifar-torch-net.ts in PyTorch: its first losses for the test of packages/cnn, and with
--epochs its test accuracy. The images are those of the example, in its order.
    cnn_cifar_curve.py CIFAR_FOLDER OUT.json
    cnn_cifar_curve.py CIFAR_FOLDER --epochs 10
"""
import io
import json
import os
import sys

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from cnn_classifiers import CifarTorchNet

STEPS = 20


def pack(folder, name, limit=None):
    labels = np.fromfile(os.path.join(folder, name + ".labels.u8"), np.uint8)[:limit]
    offsets = np.fromfile(os.path.join(folder, name + ".offsets.u32le"), "<u4")
    with open(os.path.join(folder, name + ".jpegs.bin"), "rb") as file:
        files = file.read()
    rows = [Image.open(io.BytesIO(files[offsets[i] : offsets[i + 1]])).convert("RGB") for i in range(len(labels))]
    return np.stack([np.asarray(row).transpose(2, 0, 1) for row in rows]), labels


def lossless(folder):
    sheets = [Image.open(os.path.join(folder, f"convnetjs_cifar10_batch_{i}.png")).convert("RGB") for i in range(4)]
    images = np.concatenate([np.asarray(s).reshape(1000, 32, 32, 3).transpose(0, 3, 1, 2) for s in sheets])
    return images, np.fromfile(os.path.join(folder, "convnetjs_batches_0-3.labels.u8"), np.uint8)


def dataset(parts):
    x = torch.from_numpy(np.concatenate([p[0] for p in parts])).float().div(255)
    y = torch.from_numpy(np.concatenate([p[1] for p in parts]).astype(np.int64))
    return TensorDataset(x.sub(0.5).div(0.5), y)


def steps(model, data, optimizer):
    model.train()
    for x, y in DataLoader(data, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        optimizer.step()
        yield loss.item()


def test(model, data):
    model.eval()
    loss = right = 0
    with torch.no_grad():
        for x, y in DataLoader(data, batch_size=100):
            out = model(x)
            loss += F.nll_loss(out, y, reduction="sum").item()
            right += (out.argmax(1) == y).sum().item()
    return loss / len(data), right / len(data)


def full(folder, epochs):
    train = dataset([pack(folder, "jpeg_train"), pack(folder, "jpeg_train_2"), lossless(folder)])
    held_out = dataset([pack(folder, "jpeg_test_a")])
    torch.manual_seed(0)
    model = CifarTorchNet()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for epoch in range(epochs):
        losses = list(steps(model, train, optimizer))
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, test %.4f, accuracy %.4f" % test(model, held_out), flush=True)


def curve(folder, target):
    """On the first 2,000 images of the first pack, so that the test reads little."""
    data = dataset([pack(folder, "jpeg_train", 2000)])
    torch.manual_seed(0)
    model = CifarTorchNet()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    losses = [round(loss, 7) for loss, _ in zip(steps(model, data, optimizer), range(STEPS))]
    with open(target, "w") as file:
        json.dump({"seed": 0, "images": 2000, "losses": losses}, file)
        file.write("\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[2] == "--epochs":
        full(sys.argv[1], int(sys.argv[3]))
    else:
        curve(*sys.argv[1:])
