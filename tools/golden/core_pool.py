"""PyTorch's pools for ops/pool.test.ts and ops/adaptive-pool.test.ts."""
import torch
from torch.nn import functional as F

from core_common import Recorder

pools, adaptive = Recorder(), Recorder()
CAMEL = {"ceilMode": "ceil_mode", "countIncludePad": "count_include_pad", "divisorOverride": "divisor_override"}


def pool(name, torch_name, dim, shape, kernel, **options):
    args = {CAMEL.get(k, k): v for k, v in options.items()}
    f = getattr(F, f"{torch_name}{dim}d")
    pools.add(f"{name}{dim}d", [shape], {"kernelSize": kernel, **options}, lambda x: f(x, kernel, **args))


for dim, shape in [(1, [2, 3, 9]), (2, [2, 3, 7, 6]), (3, [1, 2, 5, 4, 5])]:
    pool("maxPool", "max_pool", dim, shape, 2)
    pool("maxPool", "max_pool", dim, shape, 3, stride=2, padding=1)
    pool("maxPool", "max_pool", dim, shape, 2, stride=2, padding=1, ceilMode=True)
    pool("maxPool", "max_pool", dim, shape, 3, stride=2, ceilMode=True)
    pool("maxPool", "max_pool", dim, shape, 2, stride=1, dilation=2)
    pool("avgPool", "avg_pool", dim, shape, 2)
    pool("avgPool", "avg_pool", dim, shape, 3, stride=2, padding=1)
    pool("avgPool", "avg_pool", dim, shape, 3, stride=2, padding=1, ceilMode=True)
    pool("avgPool", "avg_pool", dim, shape, 3, stride=2, padding=1, countIncludePad=False, ceilMode=True)
    if dim > 1:
        pool("avgPool", "avg_pool", dim, shape, 2, divisorOverride=3)
pool("maxPool", "max_pool", 2, [3, 6, 7], [3, 2], stride=[1, 2], padding=[1, 0])
for dim, shape in [(1, [2, 2, 8]), (2, [1, 2, 5, 6])]:
    pools.add(f"lpPool{dim}d", [shape], {"kernelSize": 2, "p": 3}, lambda x: getattr(F, f"lp_pool{dim}d")(x, 3, 2), low=0.5, high=2.0)
    pools.add(f"lpPool{dim}d", [shape], {"kernelSize": 3, "p": 2, "stride": 2, "ceilMode": True}, lambda x: getattr(F, f"lp_pool{dim}d")(x, 2, 3, 2, True))


def indices(shape, kernel, **options):
    args = {CAMEL.get(k, k): v for k, v in options.items()}
    f = getattr(F, f"max_pool{len(shape) - 2}d")
    pools.add("maxPoolWithIndices", [shape], {"kernelSize": kernel, **options}, lambda x: f(x, kernel, return_indices=True, **args)[1], grads=False)


def unpool(shape, kernel, **options):
    dim = len(shape) - 2
    args = {CAMEL.get(k, k): v for k, v in options.items() if k != "outputSize"}
    size = options.get("outputSize")

    def f(x):
        y, index = getattr(F, f"max_pool{dim}d")(x, kernel, return_indices=True, **args)
        return getattr(F, f"max_unpool{dim}d")(y, index, kernel, output_size=size, **args)

    pools.add("maxUnpool", [shape], {"kernelSize": kernel, **options}, f)


indices([1, 2, 9], 3, stride=2, padding=1)
indices([2, 2, 5, 6], 2, ceilMode=True)
indices([1, 1, 4, 4, 5], 2, stride=1)
unpool([1, 2, 8], 2)
unpool([1, 2, 6, 4], 2)
unpool([1, 2, 5, 5], 2, outputSize=[5, 5])
unpool([1, 1, 4, 4, 4], 2)
pools.write("ops/__golden__/pool.json")


def adapt(kind, dim, shape, size):
    f = getattr(F, f"adaptive_{kind.lower()}_pool{dim}d")
    adaptive.add(f"adaptive{kind}Pool{dim}d", [shape], {"size": size}, lambda x: f(x, size))


for kind in ["Avg", "Max"]:
    for size in [1, 3, 7, 9]:
        adapt(kind, 1, [2, 3, 7], size)
    for size in [1, [2, 3], [3, None], [8, 5]]:
        adapt(kind, 2, [2, 2, 7, 5], size)
    adapt(kind, 2, [2, 4, 6], [3, 4])
    for size in [1, [2, 3, 2]]:
        adapt(kind, 3, [1, 2, 5, 4, 3], size)
adaptive.add("adaptiveMaxPoolWithIndices", [[1, 2, 5, 6]], {"size": [2, 4]}, lambda x: F.adaptive_max_pool2d(x, [2, 4], return_indices=True)[1], grads=False)
adaptive.write("ops/__golden__/adaptive-pool.json")
