"""PyTorch's learning rate sequences for schedules/schedules.test.ts.
    core_schedules.py OUT.json
"""
import json
import sys
import warnings

import torch
from torch.optim import lr_scheduler as S

warnings.simplefilter("ignore")
STEPS = 30
METRICS = [1.0, 0.9, 0.9, 0.95, 0.91, 0.89, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.88999, 0.88998, 0.9, 0.9, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]


def optimizer(kind):
    params = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": [params[0]]}, {"params": [params[1]], "lr": 0.2}]
    if kind == "adam":
        return torch.optim.Adam(groups, lr=0.1)
    return torch.optim.SGD(groups, lr=0.1, momentum=0.9)


CASES = [
    ("stepLr", dict(stepSize=7, gamma=0.5), lambda o: S.StepLR(o, 7, 0.5)),
    ("stepLr", dict(stepSize=4), lambda o: S.StepLR(o, 4)),
    ("multiStepLr", dict(milestones=[3, 8, 8, 20], gamma=0.3), lambda o: S.MultiStepLR(o, [3, 8, 8, 20], 0.3)),
    ("exponentialLr", dict(gamma=0.93), lambda o: S.ExponentialLR(o, 0.93)),
    ("constantLr", dict(factor=0.25, totalIters=6), lambda o: S.ConstantLR(o, 0.25, 6)),
    ("linearWarmup", dict(startFactor=0.1, totalIters=8), lambda o: S.LinearLR(o, 0.1, 1.0, 8)),
    ("linearWarmup", dict(startFactor=0.5, endFactor=0.2, totalIters=20), lambda o: S.LinearLR(o, 0.5, 0.2, 20)),
    ("cosineAnnealingLr", dict(tMax=12, etaMin=0.01), lambda o: S.CosineAnnealingLR(o, 12, 0.01)),
    ("cosineAnnealingLr", dict(tMax=30), lambda o: S.CosineAnnealingLR(o, 30)),
    ("cosineWarmRestarts", dict(t0=5), lambda o: S.CosineAnnealingWarmRestarts(o, 5)),
    ("cosineWarmRestarts", dict(t0=4, tMult=2, etaMin=0.001), lambda o: S.CosineAnnealingWarmRestarts(o, 4, 2, 0.001)),
    ("oneCycleLr", dict(maxLr=0.5, totalSteps=31), lambda o: S.OneCycleLR(o, 0.5, 31)),
    ("oneCycleLr", dict(maxLr=0.5, totalSteps=31, pctStart=0.4, annealStrategy="linear", divFactor=10, finalDivFactor=100), lambda o: S.OneCycleLR(o, 0.5, 31, pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100)),
    ("oneCycleLr", dict(maxLr=0.5, totalSteps=31, threePhase=True, baseMomentum=0.8, maxMomentum=0.99), lambda o: S.OneCycleLR(o, 0.5, 31, three_phase=True, base_momentum=0.8, max_momentum=0.99)),
    ("oneCycleLr adam", dict(maxLr=[0.5, 0.3], totalSteps=31), lambda o: S.OneCycleLR(o, [0.5, 0.3], 31)),
    ("oneCycleLr", dict(maxLr=0.5, totalSteps=31, cycleMomentum=False), lambda o: S.OneCycleLR(o, 0.5, 31, cycle_momentum=False)),
    ("polynomialLr", dict(totalIters=10), lambda o: S.PolynomialLR(o, 10)),
    ("polynomialLr", dict(totalIters=25, power=2.5), lambda o: S.PolynomialLR(o, 25, 2.5)),
    ("lambdaLr", dict(name="inverse"), lambda o: S.LambdaLR(o, lambda n: 1 / (n + 1))),
    ("lambdaLr", dict(name="both"), lambda o: S.LambdaLR(o, [lambda n: 1 / (n + 1), lambda n: 0.5 * n])),
    ("sequential", dict(milestones=[5]), lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 5), S.ExponentialLR(o, 0.9)], [5])),
    ("sequential", dict(milestones=[4, 12]), lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.5, 100), S.CosineAnnealingLR(o, 10), S.StepLR(o, 5, 0.5)], [4, 12])),
    ("reduceLrOnPlateau", dict(patience=2), lambda o: S.ReduceLROnPlateau(o, patience=2)),
    ("reduceLrOnPlateau", dict(factor=0.5, patience=1, threshold=0.05, cooldown=3, minLr=[0.02, 0.001]), lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0.05, cooldown=3, min_lr=[0.02, 0.001])),
    ("reduceLrOnPlateau", dict(mode="max", thresholdMode="abs", threshold=0.01, patience=0, factor=0.7), lambda o: S.ReduceLROnPlateau(o, mode="max", threshold_mode="abs", threshold=0.01, patience=0, factor=0.7)),
]

out = []
for name, options, make in CASES:
    kind = "adam" if "adam" in name else "sgd"
    o = optimizer(kind)
    schedule = make(o)
    rows = []
    for step in range(STEPS + 1):
        g = o.param_groups
        momentum = [x["betas"][0] if kind == "adam" else x["momentum"] for x in g]
        rows.append([x["lr"] for x in g] + momentum)
        if step < STEPS:
            o.step()
            schedule.step(METRICS[step]) if name == "reduceLrOnPlateau" else schedule.step()
    out.append({"name": name.split(" ")[0], "kind": kind, "options": options, "rows": rows})
json.dump({"metrics": METRICS, "cases": out}, open(sys.argv[1], "w"))
