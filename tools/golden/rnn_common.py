"""What the golden scripts of packages/rnn share."""
import json
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "../../packages/rnn/src")

torch.set_num_threads(1)


def numbers(t):
    """The shortest decimals that give the same f32 values."""
    return [float(str(x)) for x in t.detach().to(torch.float32).numpy().reshape(-1)]


def write(path, value):
    path = os.path.join(SOURCES, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        json.dump(value, out, separators=(",", ":"))
        out.write("\n")
    print(os.path.basename(path), os.path.getsize(path))
