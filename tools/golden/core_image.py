"""PyTorch's resizing, sampling and rearranging for ops/{interpolate,grid-sample,unfold,pixel-shuffle}.test.ts."""
import torch
from torch.nn import functional as F

from core_common import Recorder

resize, sample, columns, shuffle = Recorder(), Recorder(), Recorder(), Recorder()
CAMEL = {"scaleFactor": "scale_factor", "alignCorners": "align_corners", "recomputeScaleFactor": "recompute_scale_factor"}


def interpolate(shape, **options):
    args = {CAMEL.get(k, k): v for k, v in options.items()}
    resize.add("interpolate", [shape], options, lambda x: F.interpolate(x, **args))


for mode, shape in [("linear", [2, 2, 5]), ("bilinear", [1, 2, 4, 5]), ("trilinear", [1, 1, 3, 2, 4]), ("bicubic", [1, 2, 4, 5])]:
    n = len(shape) - 2
    for align in [False, True]:
        interpolate(shape, size=[7] * n, mode=mode, alignCorners=align)
        interpolate(shape, size=[3] * n, mode=mode, alignCorners=align)
        interpolate(shape, scaleFactor=1.7, mode=mode, alignCorners=align)
        interpolate(shape, scaleFactor=1.7, mode=mode, alignCorners=align, recomputeScaleFactor=True)
    interpolate(shape, size=1, mode=mode, alignCorners=True)
for mode in ["nearest", "nearest-exact", "area"]:
    for shape in [[2, 2, 5], [1, 2, 4, 5], [1, 1, 3, 2, 4]]:
        n = len(shape) - 2
        interpolate(shape, size=[7] * n, mode=mode)
        interpolate(shape, size=[2] * n, mode=mode)
        interpolate(shape, scaleFactor=[2, 1.5, 2.3][:n], mode=mode)
for mode in ["bilinear", "bicubic"]:
    for align in [False, True]:
        interpolate([1, 1, 9, 8], size=[3, 4], mode=mode, antialias=True, alignCorners=align)
        interpolate([1, 1, 5, 4], size=[7, 9], mode=mode, antialias=True, alignCorners=align)
    interpolate([1, 1, 9, 8], scaleFactor=0.4, mode=mode, antialias=True)
resize.write("ops/__golden__/interpolate.json")

for mode in ["bilinear", "nearest", "bicubic"]:
    for padding in ["zeros", "border", "reflection"]:
        for align in [False, True]:
            sample.add("gridSample", [[2, 2, 4, 5], [2, 3, 3, 2]], {"mode": mode, "paddingMode": padding, "alignCorners": align},
                       lambda x, g: F.grid_sample(x, g * 1.4, mode, padding, align))
for mode in ["bilinear", "nearest"]:
    for padding in ["zeros", "border", "reflection"]:
        for align in [False, True]:
            sample.add("gridSample", [[2, 2, 3, 4, 5], [2, 2, 3, 2, 3]], {"mode": mode, "paddingMode": padding, "alignCorners": align},
                       lambda x, g: F.grid_sample(x, g * 1.4, mode, padding, align))
for size, theta in [([2, 1, 3, 4], [2, 2, 3]), ([1, 1, 1, 2], [1, 2, 3]), ([1, 2, 2, 3, 4], [1, 3, 4])]:
    for align in [False, True]:
        sample.add("affineGrid", [theta], {"size": size, "alignCorners": align}, lambda t: F.affine_grid(t, size, align))
sample.write("ops/__golden__/grid-sample.json")


def unfold(shape, kernel, **options):
    columns.add("unfold", [shape], {"kernelSize": kernel, **options}, lambda x: F.unfold(x, kernel, **options))


def fold(shape, size, kernel, **options):
    columns.add("fold", [shape], {"outputSize": size, "kernelSize": kernel, **options}, lambda x: F.fold(x, size, kernel, **options))


unfold([2, 2, 4, 5], [2, 3])
unfold([1, 2, 5, 5], 3, padding=1, stride=2)
unfold([1, 1, 6, 7], 2, dilation=[2, 3], padding=[1, 0])
unfold([2, 4, 4], 2, stride=2)
fold([2, 12, 12], [4, 5], [2, 2])
fold([1, 18, 9], [5, 5], 3, padding=1, stride=2)
fold([8, 4], [4, 4], 2, stride=2)
columns.write("ops/__golden__/unfold.json")

shuffle.add("pixelShuffle", [[2, 8, 2, 3]], {"factor": 2}, lambda x: F.pixel_shuffle(x, 2))
shuffle.add("pixelShuffle", [[9, 2, 1]], {"factor": 3}, lambda x: F.pixel_shuffle(x, 3))
shuffle.add("pixelUnshuffle", [[2, 2, 4, 6]], {"factor": 2}, lambda x: F.pixel_unshuffle(x, 2))
shuffle.add("pixelUnshuffle", [[1, 2, 2, 3, 6]], {"factor": 3}, lambda x: F.pixel_unshuffle(x, 3))
shuffle.add("channelShuffle", [[2, 6, 2, 2]], {"factor": 3}, lambda x: torch.channel_shuffle(x, 3), grads=False)
shuffle.write("ops/__golden__/pixel-shuffle.json")
