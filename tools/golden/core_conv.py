"""PyTorch's convolutions for ops/conv.test.ts and ops/conv-transpose.test.ts."""
from torch.nn import functional as F

from core_common import Recorder

conv, transposed = Recorder(), Recorder()


def forward(dim, x, w, bias, **options):
    names = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    args = {k: options.get(k, v) for k, v in names.items()}
    f = getattr(F, f"conv{dim}d")
    conv.add(f"conv{dim}d", [x, w, [w[0]] if bias else None], options, lambda x, w, b: f(x, w, b, **args))


def backward(dim, x, w, bias, **options):
    names = {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "dilation": 1}
    camel = {"output_padding": "outputPadding"}
    args = {k: options.get(camel.get(k, k), v) for k, v in names.items()}
    f = getattr(F, f"conv_transpose{dim}d")
    channels = w[1] * args["groups"]
    transposed.add(f"convTranspose{dim}d", [x, w, [channels] if bias else None], options, lambda x, w, b: f(x, w, b, **args))


forward(2, [2, 3, 5, 6], [4, 3, 3, 3], True)
forward(2, [2, 3, 5, 6], [4, 3, 3, 2], True, stride=[2, 1], padding=[1, 2])
forward(2, [1, 4, 7, 7], [6, 2, 3, 3], True, groups=2, padding=1, stride=2)
forward(2, [2, 4, 6, 5], [4, 1, 3, 3], False, groups=4, padding=1)
forward(2, [1, 3, 5, 5], [6, 1, 3, 3], True, groups=3, stride=2)
forward(2, [1, 2, 9, 8], [3, 2, 3, 3], False, dilation=[2, 3], padding=2)
forward(2, [2, 3, 4, 4], [5, 3, 1, 1], True)
forward(2, [1, 1, 8, 8], [8, 1, 5, 5], True, padding=2)
forward(2, [1, 2, 5, 5], [2, 2, 2, 4], True, padding="same")
forward(2, [1, 2, 5, 5], [2, 2, 3, 2], True, padding="same", dilation=2)
forward(2, [1, 2, 5, 5], [2, 2, 3, 3], True, padding="valid")
forward(2, [3, 5, 6], [4, 3, 3, 3], True, padding=1)
forward(2, [1, 2, 4, 4], [3, 2, 4, 4], True)
forward(1, [2, 3, 9], [4, 3, 3], True, stride=2, padding=1)
forward(1, [1, 4, 10], [4, 2, 3], False, groups=2, dilation=3)
forward(1, [1, 2, 6], [2, 2, 4], True, padding="same")
forward(3, [1, 2, 4, 5, 4], [3, 2, 2, 3, 3], True, padding=[0, 1, 1])
forward(3, [2, 2, 4, 4, 4], [4, 1, 2, 2, 2], True, stride=2, groups=2, padding=1)
conv.write("ops/__golden__/conv.json")

backward(2, [2, 3, 4, 5], [3, 4, 3, 3], True)
backward(2, [1, 3, 4, 4], [3, 2, 3, 3], True, stride=2, padding=1, outputPadding=1)
backward(2, [1, 3, 3, 4], [3, 2, 4, 4], False, stride=2, padding=1)
backward(2, [1, 4, 3, 3], [4, 3, 3, 2], True, groups=2, stride=[2, 3], outputPadding=[1, 0])
backward(2, [1, 2, 3, 3], [2, 2, 3, 3], True, dilation=2, padding=1)
backward(2, [1, 2, 3, 3], [2, 2, 2, 2], True, dilation=3, outputPadding=2)
backward(2, [1, 4, 3, 3], [4, 1, 3, 3], True, groups=4, stride=2, padding=1)
backward(1, [2, 3, 5], [3, 2, 4], True, stride=3, padding=1, outputPadding=2)
backward(3, [1, 2, 2, 3, 2], [2, 3, 2, 2, 3], True, stride=[1, 2, 1])
transposed.write("ops/__golden__/conv-transpose.json")
