"""Assignments of scipy.optimize.linear_sum_assignment: 700 random and 300 tied matrices, one after another."""
import numpy as np
from scipy.optimize import linear_sum_assignment
from vision_common import draws, write

sizes = (draws(1, 1000, 2) * 12).astype(int) + 1
rows = []
for k, (n, m) in enumerate(sizes):
    cost = draws(2 + k, n, m).astype(np.float64) * 10 - 5
    if k >= 700:
        cost = np.floor(cost / 3)
    if k % 10 == 5:
        cost[cost > 1] = np.inf
    column = np.full(n, -1, np.int8)
    try:
        i, j = linear_sum_assignment(cost, maximize=k % 10 == 3)
        column[i] = j
    except ValueError:
        column[:] = -2
    rows.append(column)
write("track", "assignment", {"columns": np.concatenate(rows).astype(np.int32).astype(np.uint8)})
