"""PyTorch's side of the bench, one thread. Each line on stdin is a request as JSON, answered by a line of JSON on stdout.

{"spec": workload, "seconds": s, "clock": "wall" or "cpu"} gives {"times": [ms, ...], "digest": [values spread over the result, or losses]};
with "memory": true it makes five calls and gives {"peakMemoryMb": number} instead. The first line out is the version."""
import json
import math
import os
import resource
import sys
import time

# torch.set_num_threads does not reach OpenBLAS, which reads this when numpy or torch first load it.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)

DIGEST_LENGTH = 64
LOSS_STEPS = 3


def seed_of(name):
    """FNV-1a, as in values.mjs."""
    value = 0x811C9DC5
    for letter in name.encode():
        value = (value ^ letter) * 0x01000193 & 0xFFFFFFFF
    return value


def values(shape, seed, scale=1.0, offset=0.0):
    """The numbers of values.mjs."""
    count = math.prod(shape)
    x = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x21F0AAAD)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x735A2D97)
    x ^= x >> np.uint32(15)
    data = ((x >> np.uint32(8)) / 0x1000000 - 0.5) * scale + offset
    return torch.from_numpy(data.astype(np.float32)).reshape(shape)


DEVIATION = math.sqrt(12)


def parameter(name, shape, rule="he"):
    shape = tuple(shape)
    if not isinstance(rule, str):
        return values(shape, seed_of(name), 2 * rule)
    if len(shape) > 1:
        scale = 0.02 if rule == "gan" else math.sqrt(2 / math.prod(shape[1:]))
        return values(shape, seed_of(name), DEVIATION * scale)
    if name.endswith("running_var"):
        return values(shape, seed_of(name), 1, 1)
    if name.endswith("weight"):
        return values(shape, seed_of(name), 0.02 * DEVIATION if rule == "gan" else 0.5, 1)
    return values(shape, seed_of(name), 0.2)


def fill(module, rule, prefix="", buffers=False):
    """Gives every parameter (and, if asked, every running average) its starting value by its name."""
    named = list(module.named_parameters())
    if buffers:
        named += [(name, b) for name, b in module.named_buffers() if "running" in name]
    with torch.no_grad():
        for name, tensor in named:
            tensor.copy_(parameter(prefix + name, tensor.shape, rule))
    return module


def learner(optimizer, loss_of):
    def step():
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def train_cnn(spec):
    layers, channels, size = [], spec["image"][0], spec["image"][1]
    features = None
    for i, layer in enumerate(spec["layers"]):
        if layer[0] == "conv":
            layers += [nn.Conv2d(channels, layer[1], layer[2], padding=layer[2] // 2), nn.ReLU()]
            channels = layer[1]
        elif layer[0] == "pool":
            layers.append(nn.MaxPool2d(2))
            size //= 2
        else:
            if features is None:
                layers.append(nn.Flatten())
                features = channels * size * size
            layers.append(nn.Linear(features, layer[1]))
            features = layer[1]
            if i < len(spec["layers"]) - 1:
                layers.append(nn.ReLU())
    net = fill(nn.Sequential(*layers), "he")
    x, target = values((spec["batch"], *spec["image"]), 1), torch.arange(spec["batch"]) % 10
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return learner(optimizer, lambda: F.cross_entropy(net(x), target))


class CharLstm(nn.Module):
    def __init__(self, vocabulary, hidden, layers):
        super().__init__()
        self.lstm, self.head = nn.LSTM(vocabulary, hidden, layers), nn.Linear(hidden, vocabulary)

    def forward(self, x):
        return self.head(self.lstm(x)[0])


def train_char_lstm(spec):
    steps, batch, vocabulary, hidden = (spec[key] for key in ("steps", "batch", "vocabulary", "hidden"))
    net = fill(CharLstm(vocabulary, hidden, spec["numLayers"]), 1 / math.sqrt(hidden))
    tokens = torch.arange(steps * batch) * 7 % vocabulary
    x = F.one_hot(tokens.reshape(steps, batch), vocabulary).float()
    target = (tokens + 1) % vocabulary
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return learner(optimizer, lambda: F.cross_entropy(net(x).reshape(-1, vocabulary), target))


def dcgan_nets(channels, width, latent):
    up = lambda a, b, stride, padding: nn.ConvTranspose2d(a, b, 4, stride, padding, bias=False)
    w4, w2 = 4 * width, 2 * width
    g = nn.Sequential(
        up(latent, w4, 1, 0), nn.BatchNorm2d(w4), nn.ReLU(), up(w4, w2, 2, 1), nn.BatchNorm2d(w2), nn.ReLU(),
        up(w2, width, 2, 1), nn.BatchNorm2d(width), nn.ReLU(), up(width, channels, 2, 1), nn.Tanh())
    d = nn.Sequential(
        nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, w2, 4, 2, 1), nn.BatchNorm2d(w2),
        nn.LeakyReLU(0.2), nn.Conv2d(w2, w4, 4, 2, 1), nn.BatchNorm2d(w4), nn.LeakyReLU(0.2), nn.Conv2d(w4, 1, 4),
        nn.Flatten(), nn.Sigmoid())
    return g, d


def train_dcgan(spec):
    batch, latent = spec["batch"], spec["latent"]
    g, d = dcgan_nets(spec["channels"], spec["width"], latent)
    fill(g, "gan", "generator.")
    fill(d, "gan", "discriminator.")
    real = values((batch, spec["channels"], spec["size"], spec["size"]), seed_of("real"), 2)
    draws = torch.Generator().manual_seed(7)
    optimizers = [torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (d, g)]
    one, none = torch.ones(batch, 1), torch.zeros(batch, 1)

    def step():
        fake = g(torch.randn(batch, latent, 1, 1, generator=draws))
        judged = F.binary_cross_entropy(d(real), one) + F.binary_cross_entropy(d(fake.detach()), none)
        optimizers[0].zero_grad()
        judged.backward()
        optimizers[0].step()
        painted = F.binary_cross_entropy(d(fake), one)
        optimizers[1].zero_grad()
        painted.backward()
        optimizers[1].step()
        return judged.item() + painted.item()

    return step


def net(spec):
    if spec["net"] == "smallcnn":
        model = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1568, 10))
        shape = (1, 1, 28, 28)
    else:
        import torchvision.models as models

        make = {"resnet18": models.resnet18, "mobilenetV2": models.mobilenet_v2, "vgg11": models.vgg11}[spec["net"]]
        model = make(**({"init_weights": False} if spec["net"] == "vgg11" else {}))
        shape = (1, 3, 224, 224)
    fill(model, "he", buffers=True).eval()
    x = values(shape, 1)
    return lambda: model(x)


def lstm(spec):
    model = fill(nn.LSTM(spec["inputs"], spec["hidden"]), 1 / math.sqrt(spec["hidden"]))
    x = values((spec["steps"], spec["batch"], spec["inputs"]), 1)
    return lambda: model(x)[0]


def batch_norm(spec):
    mean, variance, bias, weight = (values((spec["input"][1],), seed).abs() for seed in (3, 4, 5, 6))
    x = values(spec["input"], 1)
    return lambda: F.batch_norm(x, mean, variance, weight, bias)


def conv(spec):
    x, w = values(spec["input"], 1), values(spec["weight"], 2)
    if spec["kind"] == "convTranspose2d":
        return lambda: F.conv_transpose2d(x, w, stride=spec["stride"], padding=spec["padding"])
    return lambda: F.conv2d(x, w, stride=spec["stride"], padding=int(spec["padding"]), groups=spec["groups"])


def elementary(spec):
    x, other = values(spec["input"], 1), values(spec["input"], 2)
    return {
        "add": lambda: x + other,
        "relu": lambda: torch.relu(x),
        "exp": lambda: torch.exp(x),
        "tanh": lambda: torch.tanh(x),
        "sigmoid": lambda: torch.sigmoid(x),
        "softmax": lambda: torch.softmax(x, -1),
        "sum": lambda: torch.sum(x, spec.get("axis", 0)),
        "transpose": lambda: x.t().contiguous(),
        "maxPool2d": lambda: F.max_pool2d(x, 2),
    }[spec["kind"]]


def matmul(spec):
    a, b = values(spec["a"], 1), values(spec["b"], 2)
    return lambda: torch.matmul(a, b)


KINDS = {
    "matmul": matmul,
    "conv2d": conv,
    "convTranspose2d": conv,
    "batchNorm": batch_norm,
    "net": net,
    "lstm": lstm,
    "trainCnn": train_cnn,
    "trainCharLstm": train_char_lstm,
    "trainDcgan": train_dcgan,
}


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def milliseconds(run, calls, clock):
    start = clock()
    for _ in range(calls):
        run()
    return (clock() - start) * 1000 / calls


def measure(run, seconds, clock):
    once = min(milliseconds(run, 1, clock) for _ in range(3))
    calls, times, spent = max(1, round(2 / once)), [], 0.0
    while len(times) < 3 or (spent < seconds * 1000 and len(times) < 200):
        times.append(milliseconds(run, calls, clock))
        spent += times[-1] * calls
    return times


def digest(result):
    flat = result.detach().flatten()
    if len(flat) <= DIGEST_LENGTH:
        return flat.tolist()
    return [flat[i * len(flat) // DIGEST_LENGTH].item() for i in range(DIGEST_LENGTH)]


prepared = {}


def answer(request):
    """A workload is kept ready until another one is asked for."""
    spec = request["spec"]
    trains = spec["kind"].startswith("train")
    with torch.set_grad_enabled(trains):
        if spec["id"] not in prepared:
            prepared.clear()
            run = KINDS.get(spec["kind"], elementary)(spec)
            first = [run() for _ in range(LOSS_STEPS)] if trains else digest(run())
            prepared[spec["id"]] = (run, first)
        run, first = prepared[spec["id"]]
        if request.get("memory"):
            for _ in range(5):
                run()
            return {"peakMemoryMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        return {"times": measure(run, request["seconds"], CLOCKS[request.get("clock", "wall")]), "digest": first}


def main():
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


main()
