"""Elementwise ops of packages/core/src/ops, from PyTorch."""
import torch
import torch.nn.functional as F
from core_cases import i, write, x

T = torch
S = (3, 7)
write("ops/__golden__/unary.json", {
    "neg": ([x(*S)], T.neg), "abs": ([x(*S)], T.abs), "sign": ([x(*S)], T.sign), "square": ([x(*S)], T.square),
    "sqrt": ([x(*S, low=0.1, high=4)], T.sqrt), "rsqrt": ([x(*S, low=0.1, high=4)], T.rsqrt),
    "reciprocal": ([x(*S, low=0.2, high=3)], T.reciprocal),
    "exp": ([x(*S, low=-5, high=5)], T.exp), "expm1": ([x(*S)], T.expm1), "log": ([x(*S, low=0.1, high=9)], T.log),
    "log1p": ([x(*S, low=-0.9, high=3)], T.log1p), "log2": ([x(*S, low=0.1, high=9)], T.log2),
    "log10": ([x(*S, low=0.1, high=2000)], T.log10),
    "sin": ([x(*S, low=-9, high=9)], T.sin), "cos": ([x(*S, low=-9, high=9)], T.cos), "tan": ([x(*S)], T.tan),
    "asin": ([x(*S, low=-0.95, high=0.95)], T.asin), "acos": ([x(*S, low=-0.95, high=0.95)], T.acos), "atan": ([x(*S, low=-4, high=4)], T.atan),
    "sinh": ([x(*S, low=-3, high=3)], T.sinh), "cosh": ([x(*S, low=-3, high=3)], T.cosh), "tanh": ([x(*S, low=-3, high=3)], T.tanh),
    "asinh": ([x(*S, low=-3, high=3)], T.asinh), "acosh": ([x(*S, low=1.1, high=4)], T.acosh), "atanh": ([x(*S, low=-0.9, high=0.9)], T.atanh),
    "erf": ([x(*S, low=-3, high=3)], T.erf),
    "floor": ([x(*S, low=-5, high=5)], T.floor), "ceil": ([x(*S, low=-5, high=5)], T.ceil), "round": ([x(*S, low=-5, high=5)], T.round),
    "trunc": ([x(*S, low=-5, high=5)], T.trunc), "frac": ([x(*S, low=-5, high=5)], T.frac),
    "isNan": ([x(*S, grad=False)], lambda a: T.isnan(a.sqrt())), "isInf": ([i(*S, low=-1)], lambda a: T.isinf(1 / a)),
    "isFinite": ([i(*S, low=-1)], lambda a: T.isfinite(1 / a)),
})
A = (4, 6)
w = dict(low=-8, high=8)
write("ops/__golden__/activations.json", {
    "sigmoid": ([x(*A, **w)], T.sigmoid), "logSigmoid": ([x(*A, **w)], F.logsigmoid), "hardsigmoid": ([x(*A, **w)], F.hardsigmoid),
    "relu": ([x(*A)], F.relu), "relu6": ([x(*A, **w)], F.relu6), "leakyRelu": ([x(*A)], F.leaky_relu),
    "leakyRelu 0.3": ([x(*A)], lambda a: F.leaky_relu(a, 0.3)),
    "prelu": ([x(2, 3, 4), x(3)], F.prelu), "prelu one": ([x(2, 3), x(1)], F.prelu),
    "hardtanh": ([x(*A, **w)], F.hardtanh), "hardtanh 2": ([x(*A, **w)], lambda a: F.hardtanh(a, -2, 5)),
    "elu": ([x(*A, **w)], F.elu), "elu 0.7": ([x(*A, **w)], lambda a: F.elu(a, 0.7)), "selu": ([x(*A, **w)], F.selu),
    "celu": ([x(*A, **w)], F.celu), "celu 0.5": ([x(*A, **w)], lambda a: F.celu(a, 0.5)),
    "gelu": ([x(*A, **w)], F.gelu), "gelu tanh": ([x(*A, **w)], lambda a: F.gelu(a, approximate="tanh")),
    "silu": ([x(*A, **w)], F.silu), "mish": ([x(*A, **w)], F.mish), "hardswish": ([x(*A, **w)], F.hardswish),
    "softplus": ([x(*A, low=-30, high=30)], F.softplus), "softplus 2": ([x(*A, **w)], lambda a: F.softplus(a, 2, 5)),
    "softsign": ([x(*A, **w)], F.softsign), "hardshrink": ([x(*A)], F.hardshrink), "softshrink": ([x(*A)], F.softshrink),
    "tanhshrink": ([x(*A)], F.tanhshrink), "threshold": ([x(*A)], lambda a: F.threshold(a, 0.2, -3)),
    "glu": ([x(*A)], F.glu), "glu 0": ([x(*A)], lambda a: F.glu(a, 0)),
})
B = (2, 3, 4)
write("ops/__golden__/binary.json", {
    "add": ([x(*B), x(3, 1)], T.add), "sub": ([x(*B), x(4)], T.sub), "mul": ([x(*B), x(3, 1)], T.mul), "div": ([x(*B), x(3, 1, low=0.5, high=2)], T.div),
    "pow": ([x(*B, low=0.1, high=3), x(3, 1, low=-2, high=3)], T.pow), "pow 3": ([x(*B)], lambda a: a ** 3), "2 pow": ([x(*B)], lambda a: 2 ** a),
    "maximum": ([x(*B), x(4)], T.maximum), "minimum": ([x(*B), x(4)], T.minimum),
    "maximum tie": ([i(*B, low=0, high=2), x(*B)], lambda a, b: T.maximum(a * 1.0, (b > 0).float() * b / b)),
    "remainder": ([x(*B, low=-9, high=9), x(4, low=1, high=3)], T.remainder), "fmod": ([x(*B, low=-9, high=9), x(4, low=1, high=3)], T.fmod),
    "atan2": ([x(*B), x(3, 1)], T.atan2), "floorDivide": ([x(*B, low=-9, high=9, grad=False), x(4, low=1, high=3, grad=False)], T.floor_divide),
    "floorDivide i32": ([i(*B, low=-9, high=9), i(4, low=1, high=4)], T.floor_divide),
    "remainder i32": ([i(*B, low=-9, high=9), i(4, low=-3, high=0)], T.remainder),
    "add u8": ([i(*B, low=0, high=256, dtype="u8"), i(4, low=0, high=256, dtype="u8")], T.add),
    "maximum u8": ([i(*B, low=0, high=256, dtype="u8"), i(4, low=0, high=256, dtype="u8")], T.maximum),
    "mul i32": ([i(*B, low=-9, high=9), i(4, low=-9, high=9)], T.mul),
    "eq": ([i(*B, high=3), i(4, high=3)], T.eq), "ne": ([i(*B, high=3, dtype="u8"), i(4, high=3, dtype="u8")], T.ne), "eq bool": ([i(*B, dtype="bool"), i(4, dtype="bool")], T.eq),
    "lt": ([x(*B), x(4)], T.lt), "le": ([x(*B), x(4)], T.le), "gt": ([x(*B), x(4)], T.gt), "ge": ([x(*B), x(4)], T.ge),
    "logicalAnd": ([i(*B, high=3), i(4)], T.logical_and), "logicalOr": ([i(*B), i(4)], T.logical_or), "logicalXor": ([i(*B), i(4)], T.logical_xor), "logicalNot": ([i(*B, high=3)], T.logical_not),
    "bitwiseAnd": ([i(*B, low=-99, high=99), i(4, low=-99, high=99)], T.bitwise_and), "bitwiseOr": ([i(*B, low=-99, high=99), i(4, low=-99, high=99)], T.bitwise_or),
    "bitwiseXor": ([i(*B, low=-99, high=99), i(4, low=-99, high=99)], T.bitwise_xor), "bitwiseNot": ([i(*B, low=-99, high=99)], T.bitwise_not), "bitwiseNot bool": ([i(*B, dtype="bool")], T.bitwise_not),
    "bitwiseLeftShift": ([i(*B, low=-99, high=99), i(4, low=0, high=9)], T.bitwise_left_shift), "bitwiseRightShift": ([i(*B, low=-99, high=99), i(4, low=0, high=9)], T.bitwise_right_shift),
    "where": ([i(3, 1, dtype="bool"), x(*B), x(4)], T.where), "where u8": ([i(*B, dtype="bool"), i(4, high=9, dtype="u8"), i(1, high=9, dtype="u8")], T.where),
    "clip": ([x(*B)], lambda a: T.clamp(a, -0.5, 0.4)), "clamp max": ([x(*B)], lambda a: T.clamp(a, max=0.4)),
    "clip tensors": ([x(*B), x(3, 1, low=-0.5, high=0.5), x(4, low=-0.5, high=0.5)], T.clamp),
    "clip min tensor": ([x(*B), x(3, 1, low=-0.5, high=0.5)], lambda a, m: T.clamp(a, min=m)),
    "nanToNum": ([i(*B, low=-1)], lambda a: T.nan_to_num(T.stack([1.0 / a, 0.0 * (1.0 / a)]), 7, 8, -9)),
    "lerp": ([x(*B), x(3, 1)], lambda a, b: T.lerp(a, b, 0.3)), "lerp 0.8": ([x(*B), x(*B)], lambda a, b: T.lerp(a, b, 0.8)),
    "lerp tensor": ([x(*B), x(*B), x(4)], T.lerp),
})
