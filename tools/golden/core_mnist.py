"""PyTorch's loss curve on MNIST for train/mnist.test.ts: the net of the demo, seed 0, Adam 1e-3, batches of 64, 50 steps.
    core_mnist.py MNIST_FOLDER OUT.json
"""
import gzip
import json
import os
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

folder, target = sys.argv[1:3]


def idx(name, start):
    with gzip.open(os.path.join(folder, name)) as file:
        return np.frombuffer(file.read(), np.uint8, offset=start)


images = torch.from_numpy(idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).copy()).float().div(255)
labels = torch.from_numpy(idx("train-labels-idx1-ubyte.gz", 8).astype(np.int64))

torch.set_num_threads(1)
torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Linear(1024, 10),
)
assert sum(p.numel() for p in model.parameters()) == 3274634
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
losses = []
for x, y in DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(round(loss.item(), 7))
    if len(losses) == 50:
        break
first = next(iter(DataLoader(TensorDataset(labels), batch_size=8)))[0].tolist()
with open(target, "w") as file:
    json.dump({"seed": 0, "firstLabels": first, "losses": losses}, file)
    file.write("\n")
