"""The pendulum by SciPy: exact periods, and damped motion at tight tolerances."""
import json
import os

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import ellipkm1

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, "../../packages/edu-recsys/src/lab/__golden__/pendulum.json")

periods = []
for length, gravity, angle in [(1, 9.81, 0.01), (1, 9.81, 1), (0.5, 3.7, 2), (2, 24.8, 3), (0.1, 1.62, 3.1), (1, 9.81, -0.7)]:
    period = 4 * np.sqrt(length / gravity) * ellipkm1(np.cos(angle / 2) ** 2)
    periods.append({"lengthM": length, "gravity": gravity, "angleRad": angle, "period": float(period)})

motions = []
for length, gravity, angle, damping in [(1, 9.81, 1.2, 0.0), (0.7, 3.7, 2.5, 0.3), (1.5, 24.8, -0.4, 2.0)]:
    times = np.linspace(0, 10, 21)
    f = lambda t, s: [s[1], -gravity / length * np.sin(s[0]) - damping * s[1]]
    s = solve_ivp(f, (0, 10), [angle, 0], "DOP853", times, rtol=1e-13, atol=1e-14).y
    motions.append({"lengthM": length, "gravity": gravity, "angleRad": angle, "damping": damping, "angle": s[0].tolist(), "velocity": s[1].tolist()})

os.makedirs(os.path.dirname(FILE), exist_ok=True)
with open(FILE, "w") as out:
    json.dump({"periods": periods, "motions": motions}, out, separators=(",", ":"))
    out.write("\n")
print(os.path.getsize(FILE))
