"""Elementary functions at about 120 points each, from mpmath with 300 bits: [x, value, value's rounding error]."""
import json
import sys

import numpy as np
from mpmath import mp, mpf, cos, erf, erfc, erfinv, exp, expm1, log, log1p, power, sin, tanh

mp.prec = 300
rng = np.random.RandomState(7)


def spread(low, high, n):
    return rng.uniform(low, high, n).tolist()


def powers(low, high, n, signs=(1,)):
    return [float(rng.choice(signs) * rng.uniform(1, 2) * 2.0 ** rng.randint(low, high)) for _ in range(n)]


CASES = {
    "exp": (exp, spread(-745, 709.7, 80) + powers(-60, 6, 40, (1, -1)) + [0.0, 1.0, 709.782712893384, -745.1]),
    "expm1": (expm1, spread(-45, 709, 40) + spread(-2, 2, 40) + powers(-60, 5, 40, (1, -1))),
    "log": (log, powers(-1022, 1023, 60) + spread(0.5, 2, 60) + [5e-324, 1e-310, 1 - 2**-53, 1 + 2**-52]),
    "log1p": (log1p, powers(-60, 1000, 40) + spread(-0.999, 1.5, 60) + powers(-60, -1, 20, (-1,)) + [-1 + 2**-53]),
    "sin": (sin, spread(-10, 10, 60) + powers(-30, 20, 32, (1, -1)) + powers(20, 1023, 24, (1, -1)) + [6381956970095103.0 * 2.0**797, 3.141592653589793, 1e22]),
    "cos": (cos, spread(-10, 10, 60) + powers(-30, 20, 32, (1, -1)) + powers(20, 1023, 24, (1, -1)) + [6381956970095103.0 * 2.0**797, 1.5707963267948966, 1e22]),
    "tanh": (tanh, spread(-3, 3, 60) + spread(-25, 25, 20) + powers(-60, 1, 40, (1, -1))),
    "erf": (erf, spread(-6, 6, 80) + powers(-60, 2, 40, (1, -1))),
    "erfc": (erfc, spread(2, 26.5, 60)),
    "erfInv": (erfinv, spread(-1, 1, 80) + [float(s * (1 - 2.0**-k)) for k in range(2, 54, 3) for s in (1, -1)] + powers(-40, -1, 20)),
}
POW = [(float(x), float(y)) for x, y in zip(powers(-4, 4, 60), spread(-5, 5, 60))]
POW += [(0.9, float(n)) for n in range(1, 60)] + [(0.999, float(n)) for n in range(50, 15000, 600)]
POW += [(float(x), float(700 * rng.uniform(0.9, 1) / abs(np.log(x)))) for x in powers(-8, 8, 24)]
POW += [(-2.5, 3.0), (-2.5, 4.0), (-0.5, -7.0), (1e-310, 0.5), (1e-310, -0.9), (4.0, 0.5), (10.0, -5.0), (10.0, 300.0)]


def pair(value):
    high = float(value)
    return [high, float("%.2g" % float(value - mpf(high)))]


out = {name: [[x, *pair(f(mpf(x)))] for x in points] for name, (f, points) in CASES.items()}
out["pow"] = [[x, y, *pair(power(mpf(x), mpf(y)))] for x, y in POW]
with open(sys.argv[1], "w") as file:
    rows = [f'"{name}": [\n' + ",\n".join(json.dumps(r) for r in rows) + "\n]" for name, rows in out.items()]
    file.write("{\n" + ",\n".join(rows) + "\n}\n")
