"""torchvision's transforms for images/images.test.ts.
    core_images.py OUT.json
"""
import json
import sys
import warnings

import torch
from torchvision import transforms as V
from torchvision.transforms import functional as F
from torchvision.transforms import InterpolationMode as M

warnings.simplefilter("ignore")


def image(seed, c, h, w):
    torch.manual_seed(seed)
    return torch.rand(c, h, w)


bl, bc, nn = M.BILINEAR, M.BICUBIC, M.NEAREST
FIXED = {
    "resize 5": lambda x: F.resize(x, [5], bl, antialias=True), "resize 13 plain": lambda x: F.resize(x, [13], bl, antialias=False),
    "resize pair bicubic": lambda x: F.resize(x, [6, 15], bc, antialias=True), "resize nearest": lambda x: F.resize(x, [4], nn),
    "resize max": lambda x: F.resize(x, [8], bl, max_size=9, antialias=True),
    "centerCrop 4": lambda x: F.center_crop(x, [4]), "centerCrop pair": lambda x: F.center_crop(x, [5, 8]), "centerCrop larger": lambda x: F.center_crop(x, [14, 5]), "centerCrop huge": lambda x: F.center_crop(x, [12, 18]),
    "crop": lambda x: F.crop(x, 2, -1, 4, 5), "horizontalFlip": F.hflip, "verticalFlip": F.vflip,
    "pad 1": lambda x: F.pad(x, [1]), "pad 2": lambda x: F.pad(x, [1, 2], fill=0.5), "pad 4": lambda x: F.pad(x, [1, 2, 3, 0], padding_mode="reflect"),
    "rotate 30": lambda x: F.rotate(x, 30), "rotate -40 bilinear": lambda x: F.rotate(x, -40, bl), "rotate 90 expand": lambda x: F.rotate(x, 90, expand=True),
    "rotate 20 expand": lambda x: F.rotate(x, 20, bl, expand=True), "rotate 20 fill": lambda x: F.rotate(x, 20, fill=[0.7]),
    "normalize": lambda x: F.normalize(x, [0.1, 0.2, 0.3], [0.5, 2, 1]), "grayscale": lambda x: F.rgb_to_grayscale(x),
    "adjustBrightness": lambda x: F.adjust_brightness(x, 1.7), "adjustContrast": lambda x: F.adjust_contrast(x, 0.4), "adjustSaturation": lambda x: F.adjust_saturation(x, 1.9), "adjustHue": lambda x: F.adjust_hue(x, -0.23),
}
RANDOM = {
    "randomCrop": V.RandomCrop(5), "randomCrop padding": V.RandomCrop(9, padding=2),
    "randomResizedCrop": V.RandomResizedCrop(6, antialias=True), "randomResizedCrop narrow": V.RandomResizedCrop((4, 5), scale=(0.9, 1), ratio=(2, 3), antialias=False),
    "randomHorizontalFlip": V.RandomHorizontalFlip(), "randomVerticalFlip": V.RandomVerticalFlip(0.3), "randomRotation": V.RandomRotation(40),
    "colorJitter": V.ColorJitter(0.4, 0.3, (0.5, 2), 0.2), "colorJitter contrast": V.ColorJitter(contrast=0.9),
}


def case(name, y):
    return {"name": name, "shape": list(y.shape), "values": [round(float(v), 5) for v in y.contiguous().numpy().reshape(-1)]}


out = {"fixed": [case(name, f(image(1, 3, 6, 7))) for name, f in FIXED.items()], "random": []}
for name, f in RANDOM.items():
    for seed in (3, 4):
        x = image(2, 3, 6, 7)
        torch.manual_seed(seed)
        out["random"].append(case(name, f(x)) | {"seed": seed, "next": torch.randint(1 << 30, (1,)).item()})
json.dump(out, open(sys.argv[1], "w"))
