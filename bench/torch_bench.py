"""PyTorch's side of the bench, one thread. Reads {workloads, seconds} as JSON on stdin, prints rows as JSON.

With "memory": true it runs five training steps of one workload and prints its peak memory instead."""
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def values(*shape):
    return torch.rand(*shape) - 0.5


def training_step(spec):
    layers, channels, size = [], spec["image"][0], spec["image"][1]
    features = None
    for i, layer in enumerate(spec["layers"]):
        if layer[0] == "conv":
            layers += [torch.nn.Conv2d(channels, layer[1], layer[2], padding=layer[2] // 2), torch.nn.ReLU()]
            channels = layer[1]
        elif layer[0] == "pool":
            layers.append(torch.nn.MaxPool2d(2))
            size //= 2
        else:
            if features is None:
                layers.append(torch.nn.Flatten())
                features = channels * size * size
            layers.append(torch.nn.Linear(features, layer[1]))
            features = layer[1]
            if i < len(spec["layers"]) - 1:
                layers.append(torch.nn.ReLU())
    net = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, target = values(spec["batch"], *spec["image"]), torch.arange(spec["batch"]) % 10

    def step():
        loss = F.cross_entropy(net(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def computation(spec):
    kind = spec["kind"]
    if kind == "train":
        return training_step(spec)
    if kind == "matmul":
        a, b = values(*spec["a"]), values(*spec["b"])
        return lambda: torch.matmul(a, b)
    x = values(*spec["input"])
    if kind == "conv2d":
        w = values(*spec["weight"])
        return lambda: F.conv2d(x, w, stride=spec["stride"], padding=int(spec["padding"]), groups=spec["groups"])
    if kind == "batchNorm":
        mean, variance, weight, bias = (values(spec["input"][1]).abs() for _ in range(4))
        return lambda: F.batch_norm(x, mean, variance, weight, bias)
    other = values(*spec["input"])
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
    }[kind]


def milliseconds(run, calls):
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) * 1000 / calls


def measure(run, seconds):
    once = min(milliseconds(run, 1) for _ in range(3))
    calls, times, spent = max(1, round(2 / once)), [], 0.0
    while len(times) < 5 or (spent < seconds * 1000 and len(times) < 200):
        times.append(milliseconds(run, calls))
        spent += times[-1] * calls
    times.sort()
    return times[0], times[len(times) // 2]


def main():
    request = json.load(sys.stdin)
    rows = []
    for spec in request["workloads"]:
        run = computation(spec)
        if request.get("memory"):
            for _ in range(5):
                run()
            print(json.dumps({"peakMemoryMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
            return
        with torch.set_grad_enabled(spec["kind"] == "train"):
            low, median = measure(run, request["seconds"])
        rows.append({"workload": spec["id"], "impl": "torch", "msMin": low, "msMedian": median})
    print(json.dumps({"version": torch.__version__, "rows": rows}))


main()
