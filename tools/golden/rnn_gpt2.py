"""A checkpoint in the form of the published GPT-2 files, random and small, and its logits.

Names without a prefix, matrices [in, out] (y = x W + b), the causal masks beside the weights, no head of its own. The
network is written from Radford et al. 2019 and Vaswani et al. 2017 on such matrices directly, not from our model.
"""
import json
import math
import os
import struct

import torch

from rnn_common import SOURCES, numbers, write

V, T, L, HEADS, E = 40, 12, 2, 4, 16


def draw(*shape, std=0.3):
    return torch.randn(shape) * std


def block(i):
    matrices = {"attn.c_attn": (E, 3 * E), "attn.c_proj": (E, E), "mlp.c_fc": (E, 4 * E), "mlp.c_proj": (4 * E, E)}
    part = {}
    for norm in ("ln_1", "ln_2"):
        part[f"{norm}.weight"] = 1 + draw(E)
        part[f"{norm}.bias"] = draw(E)
    for name, shape in matrices.items():
        part[f"{name}.weight"] = draw(*shape)
        part[f"{name}.bias"] = draw(shape[1])
    part["attn.bias"] = torch.ones(T, T).tril()[None, None]
    part["attn.masked_bias"] = torch.tensor(-1e4)
    return {f"h.{i}.{name}": x for name, x in part.items()}


def norm(x, w):
    x = x - x.mean(-1, keepdim=True)
    return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * w("weight") + w("bias")


def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def logits(file, tokens):
    file = {name: x.double() for name, x in file.items()}
    N, S = tokens.shape
    x = file["wte.weight"][tokens] + file["wpe.weight"][:S]
    for i in range(L):
        def at(part):
            return lambda name: file[f"h.{i}.{part}.{name}"]

        def product(part, x):
            return x @ at(part)("weight") + at(part)("bias")

        q, k, v = [p.reshape(N, S, HEADS, E // HEADS).transpose(1, 2) for p in product("attn.c_attn", norm(x, at("ln_1"))).split(E, 2)]
        scores = q @ k.transpose(2, 3) / math.sqrt(E // HEADS)
        look = file[f"h.{i}.attn.bias"][:, :, :S, :S].bool()
        p = torch.where(look, scores, torch.tensor(-1e4, dtype=torch.float64)).softmax(-1)
        x = x + product("attn.c_proj", (p @ v).transpose(1, 2).reshape(N, S, E))
        x = x + product("mlp.c_proj", gelu(product("mlp.c_fc", norm(x, at("ln_2")))))
    x = norm(x, lambda name: file[f"ln_f.{name}"])
    return x @ file["wte.weight"].T


def save(path, tensors):
    """safetensors: the length of the header, the header, the values."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, x in tensors.items():
        size = 4 * x.numel()
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = os.path.join(SOURCES, path)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for x in tensors.values():
            out.write(x.contiguous().numpy().astype("<f4").tobytes())
    print(os.path.basename(path), os.path.getsize(path))


torch.manual_seed(0)
file = {"wte.weight": draw(V, E), "wpe.weight": draw(T, E)}
for i in range(L):
    file |= block(i)
file |= {"ln_f.weight": 1 + draw(E), "ln_f.bias": draw(E)}
save("gpt/__golden__/gpt2.safetensors", file)
tokens = torch.randint(V, (2, 9))
write("gpt/__golden__/gpt2.json", {"tokens": tokens.tolist(), "logits": numbers(logits(file, tokens))})
