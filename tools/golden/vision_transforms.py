"""Golden outputs of torchvision's transforms on tensors: the functional forms, and the random ones under a seed."""
import numpy as np
import torch
import torchvision.transforms as T
import torchvision.transforms.functional as F
from torchvision.transforms import InterpolationMode as M
from vision_common import draws, write

H, W = 17, 22
byte = torch.tensor((draws(1, H, W, 3) * 256).astype(np.uint8)).permute(2, 0, 1)
real = torch.tensor(draws(2, H, W, 3)).permute(2, 0, 1)
# Smooth, so that a sample's place matters less than its value: nearest samples of noise would hide nothing else.
y, x = np.mgrid[0:H, 0:W]
smooth = torch.tensor(np.stack([x * 9 + y * 2, 255 - x * 5 - y * 6, (x * y) % 256], 0).clip(0, 255).astype(np.uint8))
out = {}


def record(name, picture):
    out[name] = picture.permute(1, 2, 0)


for mode in (M.BILINEAR, M.BICUBIC):
    for aa in (True, False):
        for h, w in ((9, 8), (23, 30)):
            record(f"resize {mode.value} {int(aa)} {h}", F.resize(byte, [h, w], mode, antialias=aa))
record("resize float", F.resize(real, [9, 8], M.BILINEAR, antialias=True))
record("resize nearest", F.resize(byte, [9, 30], M.NEAREST))
record("resize nearest-exact", torch.nn.functional.interpolate(byte[None].float(), (9, 30), mode="nearest-exact")[0].to(torch.uint8))
for mode in ("constant", "edge", "reflect", "symmetric"):
    record(f"pad {mode}", F.pad(byte, [3, 1, 2, 4], 7 if mode == "constant" else 0, mode))
record("crop", F.crop(byte, -3, 5, 10, 30))
record("center", F.center_crop(byte, [9, 25]))
for mode in (M.NEAREST, M.BILINEAR):
    record(f"affine {mode.value}", F.affine(smooth, 33, [3, -2], 0.8, [10, -5], mode, fill=[9.0, 8.0, 7.0], center=[4, 6]))
    record(f"rotate {mode.value}", F.rotate(smooth, 25.0, mode))
    record(f"rotate expand {mode.value}", F.rotate(smooth, 25.0, mode, expand=True, fill=[1.0, 2.0, 3.0]))
    record(f"perspective {mode.value}", F.perspective(smooth, [[0, 0], [21, 0], [21, 16], [0, 16]],
                                                      [[2, 1], [18, 3], [20, 15], [1, 12]], mode, fill=[5.0, 5.0, 5.0]))
write("transforms", "geometry", out)

out = {}
for name, p in (("byte", byte), ("float", real)):
    record(f"{name} brightness", F.adjust_brightness(p, 1.7))
    record(f"{name} contrast", F.adjust_contrast(p, 0.6))
    record(f"{name} saturation", F.adjust_saturation(p, 1.8))
    record(f"{name} hue", F.adjust_hue(p, 0.23))
    record(f"{name} gamma", F.adjust_gamma(p, 2.2, 1.1))
    record(f"{name} sharpness", F.adjust_sharpness(p, 1.9))
    record(f"{name} grey", F.rgb_to_grayscale(p, 3))
    record(f"{name} autocontrast", F.autocontrast(p * 0.5 if name == "float" else p // 2 + 20))
    record(f"{name} blur", F.gaussian_blur(p, [5, 3], [1.3, 0.6]))
    record(f"{name} invert", F.invert(p))
record("byte posterize", F.posterize(byte, 3))
record("byte solarize", F.solarize(byte, 120.0))
record("byte equalize", F.equalize(byte // 2 + 20))
wide = torch.arange(256 * 5, dtype=torch.int32).remainder(251).to(torch.uint8).reshape(1, 20, 64)
record("wide equalize", F.equalize(wide))
write("transforms", "color", {k: v for k, v in out.items() if not k.startswith("float")})
write("transforms", "color-float", {k: v for k, v in out.items() if k.startswith("float")})

out = {}
cases = {
    "crop": T.RandomCrop((9, 11), padding=2, pad_if_needed=True),
    "resized": T.RandomResizedCrop((12, 10), antialias=True),
    "flip": T.Compose([T.RandomHorizontalFlip(), T.RandomVerticalFlip()]),
    "jitter": T.ColorJitter(0.4, 0.5, 0.6, 0.2),
    "blur": T.GaussianBlur(3),
    "erase": T.RandomErasing(0.9, value=(10, 20, 30)),
    "rotation": T.RandomRotation(40, M.BILINEAR),
    "affine": T.RandomAffine(20, (0.2, 0.3), (0.7, 1.3), (-10, 10, -5, 5), M.BILINEAR),
    "perspective": T.RandomPerspective(0.6, 0.9),
    "grayscale": T.RandomGrayscale(0.5),
}
for name, transform in cases.items():
    for seed in (0, 1, 2):
        torch.manual_seed(seed)
        record(f"{name} {seed}", transform(smooth))
for seed in range(12):
    torch.manual_seed(seed)
    record(f"augment {seed}", T.RandAugment(3, 13, fill=[11.0] * 3)(smooth))
write("transforms", "random", out)
