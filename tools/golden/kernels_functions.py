"""Values of six functions at 14 numbers of each f32 exponent and sign, from mpmath with 300 bits, as little-endian f64.

python3 tools/golden/kernels_functions.py packages/kernels-wasm/src/__golden__
"""
import struct
import sys

from mpmath import mp, mpf, erf, erfc, exp, inf, log, ninf, sqrt, tanh

mp.prec = 300
PER_EXPONENT = 14
FIXED = [0, 1, 0x400000, 0x7FFFFF]


def numbers():
    """The same numbers as `everyExponent` in functions.test.ts: bit patterns by sign and exponent, then mantissa."""
    for i in range(512 * PER_EXPONENT):
        exponent, k = divmod(i, PER_EXPONENT)
        mantissa = FIXED[k] if k < len(FIXED) else (i * 2654435761) & 0x7FFFFF
        yield struct.unpack("<f", struct.pack("<I", (exponent << 23) | mantissa))[0]


def sigmoid(x):
    return 1 / (1 + exp(-x))


def logarithm(x):
    return mpf("nan") if x < 0 else log(x) if x > 0 else ninf


def gelu(x):
    return mpf(0) if x == ninf else x if x == inf else x * erfc(-x / sqrt(2)) / 2


FUNCTIONS = {"exp": exp, "log": logarithm, "sigmoid": sigmoid, "tanh": tanh, "erf": erf, "gelu": gelu}

LIMITS = {
    "exp": {inf: inf, ninf: mpf(0)},
    "sigmoid": {inf: mpf(1), ninf: mpf(0)},
    "tanh": {inf: mpf(1), ninf: mpf(-1)},
    "erf": {inf: mpf(1), ninf: mpf(-1)},
}


def value(name, x):
    if x != x:
        return float("nan")
    known = LIMITS.get(name, {}).get(mpf(x))
    if known is not None:
        return float(known)
    # Far out the exact value is 0 or infinite in f64, and mpmath would take its time.
    if name in ("exp", "sigmoid") and abs(x) > 1e4:
        return (float("inf") if name == "exp" else 1.0) if x > 0 else 0.0
    if name == "gelu" and abs(x) > 1e4:
        return max(x, 0.0)
    return float(FUNCTIONS[name](mpf(x)))


for name in FUNCTIONS:
    with open(f"{sys.argv[1]}/{name}.f64", "wb") as file:
        for x in numbers():
            file.write(struct.pack("<d", value(name, x)))
