"""The calls of op-steps.mjs in PyTorch, one thread. Reads {id, seconds, group, clock} as JSON on stdin, prints the
milliseconds of each call as JSON."""
import json
import os
import sys
import time

# torch.set_num_threads does not reach OpenBLAS, which reads this when torch first loads it.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)


def leaf(*shape):
    return (torch.rand(shape) - 0.5).requires_grad_()


def forward(leaves, f):
    def step():
        with torch.no_grad():
            f()

    return step


def both(leaves, f):
    dy = []

    def step():
        y = f()
        if not dy:
            dy.append(torch.ones_like(y))
        y.backward(dy[0])
        for x in leaves:
            x.grad = None

    return step


def unary(f):
    x = leaf(1 << 20)
    return both([x], lambda: f(x))


def classes(count, most):
    return torch.arange(count) * 7 % most


def attention(wrap, causal):
    q, k, v = (leaf(8, 4, 128, 32) for _ in range(3))
    mask = torch.full((128, 128), float("-inf")).triu(1)

    def attend():
        scores = q @ k.transpose(-1, -2) / 32**0.5
        return (scores + mask if causal else scores).softmax(-1) @ v

    return wrap([q, k, v], attend)


def update(optimizer, count, size):
    params = [leaf(size) for _ in range(count)]
    for p in params:
        p.grad = torch.rand(size)
    return optimizer(params).step


def normed(shape, affine, f):
    x, weight, bias = leaf(*shape), leaf(*affine), leaf(*affine)
    return both([x, weight, bias], lambda: f(x, weight, bias))


def batch_norm():
    x, layer = leaf(32, 64, 28, 28), nn.BatchNorm2d(64)
    return both([x, layer.weight, layer.bias], lambda: layer(x))


def softmax():
    x = leaf(64, 128, 512)
    return both([x], lambda: x.softmax(-1))


def images(f):
    x = leaf(32, 32, 28, 28)
    return both([x], lambda: f(x))


def entropy(n, c):
    x, t = leaf(n, c), classes(n, c)
    return both([x], lambda: F.cross_entropy(x, t))


def embedding():
    weight, t = leaf(5000, 128), classes(4096, 5000)
    return both([weight], lambda: F.embedding(t, weight))


def clip():
    params = [leaf(50000) for _ in range(20)]
    for p in params:
        p.grad = torch.rand(50000)
    return lambda: nn.utils.clip_grad_norm_(params, 1)


sgd = lambda params: torch.optim.SGD(params, lr=1e-3, momentum=0.9)
adam = lambda params: torch.optim.Adam(params, lr=1e-3)
adamw = lambda params: torch.optim.AdamW(params, lr=1e-3)

steps = {
    "attention_forward": lambda: attention(forward, False),
    "attention_causal_forward": lambda: attention(forward, True),
    "attention": lambda: attention(both, False),
    "attention_causal": lambda: attention(both, True),
    "layer_norm": lambda: normed((32, 128, 256), (256,), lambda x, w, b: F.layer_norm(x, (256,), w, b)),
    "group_norm": lambda: normed((32, 64, 28, 28), (64,), lambda x, w, b: F.group_norm(x, 8, w, b)),
    "batch_norm": batch_norm,
    "softmax": softmax,
    "max_pool_2": lambda: images(lambda x: F.max_pool2d(x, 2)),
    "max_pool_3_stride_2": lambda: images(lambda x: F.max_pool2d(x, 3, 2, 1)),
    "avg_pool_2": lambda: images(lambda x: F.avg_pool2d(x, 2)),
    "cross_entropy_512x1000": lambda: entropy(512, 1000),
    "cross_entropy_64x10": lambda: entropy(64, 10),
    "embedding": embedding,
    "relu": lambda: unary(torch.relu),
    "sigmoid": lambda: unary(torch.sigmoid),
    "tanh": lambda: unary(torch.tanh),
    "silu": lambda: unary(F.silu),
    "gelu": lambda: unary(F.gelu),
    "softplus": lambda: unary(F.softplus),
    "dropout": lambda: unary(lambda x: F.dropout(x, 0.5)),
    "sgd_20x50000": lambda: update(sgd, 20, 50000),
    "adam_20x50000": lambda: update(adam, 20, 50000),
    "adamw_20x50000": lambda: update(adamw, 20, 50000),
    "adam_60x1000": lambda: update(adam, 60, 1000),
    "clip_grad_norm_20x50000": clip,
}

request = json.load(sys.stdin)
step = steps[request["id"]]()
for _ in range(20):
    step()
clock = time.process_time if request.get("clock") == "cpu" else time.perf_counter
times, end = [], time.perf_counter() + request["seconds"]
while time.perf_counter() < end or len(times) < 3:
    start = clock()
    for _ in range(request["group"]):
        step()
    times.append((clock() - start) * 1e3 / request["group"])
print(json.dumps(times))
