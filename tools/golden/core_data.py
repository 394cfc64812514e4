"""PyTorch's batches, splits and random tensors for data/*.test.ts and random/tensors.test.ts.
    core_data.py DATA.json RANDOM.json
"""
import json
import sys

import torch
from torch.utils.data import DataLoader, TensorDataset, random_split

data = TensorDataset(torch.arange(11))


def batches(loader):
    return [b[0].tolist() for b in loader]


loaders = []
for options in [
    dict(batchSize=4), dict(batchSize=4, dropLast=True), dict(batchSize=3, shuffle=True), dict(batchSize=4, shuffle=True, dropLast=True),
    dict(batchSize=4, shuffle=True, own=5), dict(batchSize=11, shuffle=True, own=5), dict(batchSize=4, own=5),
]:
    torch.manual_seed(7)
    generator = torch.Generator().manual_seed(options["own"]) if "own" in options else None
    loader = DataLoader(data, options["batchSize"], options.get("shuffle", False), drop_last=options.get("dropLast", False), generator=generator)
    epochs = [batches(loader) for _ in range(3)]
    after = torch.rand(1).item()
    loaders.append({"options": options, "epochs": epochs, "after": after})

splits = []
for lengths in [[8, 3], [0.5, 0.5], [0.34, 0.33, 0.33], [0, 11]]:
    torch.manual_seed(3)
    splits.append({"lengths": lengths, "parts": [[data[i][0].item() for i in part.indices] for part in random_split(data, lengths)]})
json.dump({"loaders": loaders, "splits": splits}, open(sys.argv[1], "w"))


def numbers(t):
    return t.flatten().tolist()


torch.manual_seed(4)
weights = torch.tensor([[0.1, 0.2, 0.3, 0.4], [1.0, 0.0, 5.0, 2.0]])
json.dump({
    "rand": numbers(torch.rand(2, 3)), "randn": numbers(torch.randn(3)), "randn big": numbers(torch.randn(4, 5)),
    "uniform": numbers(torch.empty(4).uniform_(-3, 2)), "normal": numbers(torch.normal(2.0, 0.5, (3,))),
    "randint": numbers(torch.randint(-5, 9, (2, 4))), "randperm": numbers(torch.randperm(9)),
    "bernoulli": numbers(torch.bernoulli(torch.linspace(0, 1, 12).reshape(3, 4))),
    "multinomial": numbers(torch.multinomial(weights, 3)), "multinomial one": numbers(torch.multinomial(weights[0], 1)),
    "multinomial replacement": numbers(torch.multinomial(weights, 6, replacement=True)),
}, open(sys.argv[2], "w"))
