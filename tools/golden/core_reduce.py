"""Reductions, scans and the softmax family of packages/core/src/ops, from PyTorch."""
import torch
from core_cases import i, write, x

T = torch
B = (2, 3, 4)
whole = [i(*B, low=-2, high=3)]
write("ops/__golden__/reduce.json", {
    "sum": ([x(*B)], T.sum), "sum 1": ([x(*B)], lambda a: a.sum(1)), "sum 0 2 keep": ([x(*B)], lambda a: a.sum((0, 2), keepdim=True)),
    "sum i32": (whole, lambda a: a.sum(1)), "sum u8": ([i(*B, high=256, dtype="u8")], lambda a: a.sum(2)), "sum bool": ([i(*B, dtype="bool")], lambda a: a.sum(0)),
    "mean": ([x(*B)], T.mean), "mean 0 2": ([x(*B)], lambda a: a.mean((0, 2))),
    "amax": ([x(*B)], T.amax), "amax 1": ([x(*B)], lambda a: a.amax(1)), "amax 0 2 ties": ([x(*B, low=-2, high=2)], lambda a: a.clamp(-1, 1).amax((0, 2), keepdim=True)),
    "amin 1": ([x(*B)], lambda a: a.amin(1)), "amax i32": (whole, lambda a: a.amax(1)), "amin i32": (whole, lambda a: a.amin((0, 2))), "amax u8": ([i(*B, high=256, dtype="u8")], lambda a: a.amax(1)),
    "prod": ([x(*B)], T.prod), "prod 1": ([x(*B)], lambda a: a.prod(1)), "prod zeros": ([x(2, 5, low=-2, high=2)], lambda a: (a.clamp(min=0)).prod(1)),
    "prod one zero": ([x(2, 5)], lambda a: (a * T.tensor([1.0, 1, 0, 1, 1])).prod(1)), "prod i32": (whole, lambda a: a.prod(1)),
    "variance": ([x(*B)], T.var), "variance 1": ([x(*B)], lambda a: a.var(1)), "variance 0 2": ([x(*B)], lambda a: a.var((0, 2), unbiased=False, keepdim=True)),
    "std": ([x(*B)], T.std), "std flat": ([x(3, 2)], lambda a: (a * 0).std(1)), "std 1": ([x(*B)], lambda a: a.std(1, unbiased=False)),
    "norm": ([x(*B)], T.norm), "norm 1": ([x(*B)], lambda a: T.linalg.vector_norm(a, 1, (0, 2))), "norm 2": ([x(*B)], lambda a: T.linalg.vector_norm(a, 2, 1, keepdim=True)),
    "norm 3": ([x(*B)], lambda a: T.linalg.vector_norm(a, 3, (1, 2))), "norm inf": ([x(*B)], lambda a: T.linalg.vector_norm(a, float("inf"), 1)),
    "norm -inf": ([x(*B)], lambda a: T.linalg.vector_norm(a, -float("inf"), 1)), "norm 0": ([x(*B, grad=False)], lambda a: T.linalg.vector_norm(a.clamp(min=0), 0, 1)),
    "norm zero": ([x(3, 2)], lambda a: T.linalg.vector_norm(a * 0, 2, 1)),
    "logSumExp": ([x(*B, low=-9, high=9)], lambda a: T.logsumexp(a, (0, 1, 2))), "logSumExp 1": ([x(*B, low=-90, high=90)], lambda a: T.logsumexp(a, 1)), "logSumExp 0 2": ([x(*B)], lambda a: T.logsumexp(a, (0, 2), keepdim=True)),
    "all": ([i(*B, high=5)], lambda a: T.all(a.bool())), "all 1": ([i(*B, high=5)], lambda a: T.all(a.bool(), 1)), "any 2": ([i(*B)], lambda a: T.any(a.bool(), 2)),
    "countNonzero": (whole, T.count_nonzero), "countNonzero 1": (whole, lambda a: T.count_nonzero(a, 1)),
    "nansum": ([x(*B)], lambda a: T.nansum((a - 0.2).sqrt(), 1)), "nanmean": ([x(3, 8)], lambda a: T.nanmean((a + 0.4).sqrt(), 1)),
    "cumsum 0": ([x(*B)], lambda a: a.cumsum(0)), "cumsum 1": ([x(*B)], lambda a: a.cumsum(1)), "cumsum -1": ([x(*B)], lambda a: a.cumsum(-1)), "cumsum i32": (whole, lambda a: a.cumsum(1)),
    "cumprod 1": ([x(2, 7)], lambda a: a.cumprod(1)), "cumprod 0": ([x(*B)], lambda a: a.cumprod(0)), "cumprod zeros": ([x(2, 7, low=-1, high=3)], lambda a: a.clamp(min=0).cumprod(1)),
    "argmax": ([x(*B, grad=False)], T.argmax), "argmax 1": ([x(*B, grad=False)], lambda a: a.argmax(1)), "argmin 0 keep": ([x(*B, grad=False)], lambda a: a.argmin(0, keepdim=True)),
    "argmin -1": ([x(*B, grad=False)], lambda a: a.argmin(-1)),
    "max": ([x(*B)], T.max), "max 1": ([x(*B)], lambda a: a.max(1)), "min 2 keep": ([x(*B)], lambda a: a.min(2, keepdim=True)), "min": ([x(*B)], T.min),
})
w = dict(low=-20, high=20)
write("ops/__golden__/softmax.json", {
    "softmax": ([x(3, 5, **w)], lambda a: T.softmax(a, -1)), "softmax 1": ([x(2, 5, 3)], lambda a: T.softmax(a, 1)), "softmax 0": ([x(5, 2, 2)], lambda a: T.softmax(a, 0)),
    "logSoftmax": ([x(3, 5, **w)], lambda a: T.log_softmax(a, -1)), "logSoftmax 1": ([x(2, 5, 3)], lambda a: T.log_softmax(a, 1)), "logSoftmax 0": ([x(5, 2, 2)], lambda a: T.log_softmax(a, 0)),
    "softmin": ([x(3, 5)], lambda a: T.nn.functional.softmin(a, -1)),
})
