"""Pictures of every kind through PIL and torchvision's preparation, for classifier/pictures.test.ts:
    cnn_pictures.py
Bytes follow from their index, so that only results are stored.
"""
import json
import os

import numpy as np
from PIL import Image
from torchvision.transforms import functional as F

from cnn_unet import SOURCES, floats

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
# Channels, height, width; side to resize to, side to cut out.
CASES = [
    (1, 14, 9, 8, 7), (2, 14, 9, 8, 7), (3, 14, 9, 8, 7), (4, 14, 9, 8, 7),
    (3, 1, 1, 8, 7), (4, 3, 2, 8, 7), (1, 2, 3, 8, 7), (3, 1, 200, 8, 7), (2, 90, 2, 8, 7), (3, 5, 6, 4, 7),
]


def picture(channels, height, width):
    data = (np.arange(height * width * channels) * 37 + 11) % 251
    data = data.astype(np.uint8).reshape(height, width, channels)
    return Image.fromarray(data[:, :, 0] if channels == 1 else data, MODES[channels])


out = []
for channels, height, width, size, crop in CASES:
    x = F.to_tensor(picture(channels, height, width).convert("RGB"))
    x = F.center_crop(F.resize(x, [size], antialias=True), [crop])
    x = F.normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    out.append({"channels": channels, "height": height, "width": width, "resizeSize": size, "cropSize": crop,
                "shape": list(x.shape), "values": floats(x, 7)})
path = os.path.join(SOURCES, "classifier/__golden__/pictures.json")
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
print(len(out), os.path.getsize(path))
