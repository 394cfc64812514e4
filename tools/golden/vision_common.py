"""Shared by the vision_*.py scripts: seeded inputs that the tests draw again, and the golden file's format."""
import base64
import json
import pathlib

import numpy as np

VISION = pathlib.Path(__file__).resolve().parents[2] / "packages" / "vision" / "src"


def draws(seed, *shape):
    """Uniform float32 in [0, 1): a 32-bit linear congruential generator, upper 24 bits. Also in testing/golden.ts."""
    n = int(np.prod(shape))
    out = np.empty(n, np.float32)
    state = (seed * 2654435761 + 12345) % 2**32
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) * 2.0**-24
    return out.reshape(shape)


def boxes(seed, n, size=100.0, side=60.0):
    """xyxy boxes with corners in [0, size) and sides in [0, side); also in testing/golden.ts."""
    d = draws(seed, n, 4)
    x1 = d[:, 0] * np.float32(size)
    y1 = d[:, 1] * np.float32(size)
    return np.stack([x1, y1, x1 + d[:, 2] * np.float32(side), y1 + d[:, 3] * np.float32(side)], 1).astype(np.float32)


nan, inf = float("nan"), float("inf")
# Degenerate, inverted, NaN and infinite boxes; also in testing/golden.ts.
ODD = np.array(
    [[0, 0, 10, 10], [0, 0, 10, 10], [5, 5, 5, 9], [5, 5, 5, 5], [10, 10, 0, 0], [8, 0, 2, 10], [nan, 0, 4, 4],
     [0, 0, nan, 4], [-inf, 0, inf, 10], [0, 0, inf, inf], [-5, -5, 5, 5], [0, 0, 1e20, 1e20], [0, 0, 1e-30, 1e-30]],
    np.float32,
)


NAMES = {"float32": "f32", "float64": "f64", "int32": "i32", "int64": "i32", "uint8": "u8", "bool": "u8"}
STORED = {"f32": "<f4", "f64": "<f8", "i32": "<i4", "u8": "u1"}


def pack(x):
    if hasattr(x, "detach"):
        x = x.detach().contiguous().numpy()
    x = np.asarray(x)
    dtype = NAMES[str(x.dtype)]
    data = np.ascontiguousarray(x).astype(STORED[dtype]).tobytes()
    return {"dtype": dtype, "shape": list(x.shape), "data": base64.b64encode(data).decode()}


def write(folder, name, arrays):
    path = VISION / folder / "__golden__" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps({key: pack(value) for key, value in arrays.items()}, indent=0) + "\n"
    path.write_text(text)
    print(f"{path.name}: {len(text)} bytes, {len(arrays)} arrays")
    assert len(text) <= 64 * 1024, "a golden file holds at most 64 KB"
