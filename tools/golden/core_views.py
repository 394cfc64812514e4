"""Views, copies and matrix products of packages/core/src/ops, from PyTorch."""
import torch
import torch.nn.functional as F
from core_cases import i, write, x

T = torch
B = (2, 3, 4)
write("ops/__golden__/views.json", {
    "reshape": ([x(*B)], lambda a: a.reshape(4, -1)), "reshape turned": ([x(*B)], lambda a: a.permute(2, 0, 1).reshape(6, 4)),
    "permute": ([x(*B)], lambda a: a.permute(2, 0, 1)), "transpose": ([x(*B)], lambda a: a.transpose(-2, -1)), "transpose 0": ([x(*B)], lambda a: a.transpose(0, 2)),
    "slice": ([x(3, 9)], lambda a: a[:, 1:8:3]), "slice back": ([x(3, 9)], lambda a: a[:, 1:8].flip(1)[:, ::2]), "select": ([x(*B)], lambda a: a.select(1, -1)),
    "expand": ([x(2, 1, 4)], lambda a: a.expand(3, 2, 5, 4)), "squeeze": ([x(2, 1, 3, 1)], T.squeeze), "squeeze 1": ([x(2, 1, 3, 1)], lambda a: a.squeeze(1)),
    "unsqueeze": ([x(2, 3)], lambda a: a.unsqueeze(1)), "unsqueeze -1": ([x(2, 3)], lambda a: a.unsqueeze(-1)), "flatten": ([x(2, 3, 4)], T.flatten), "flatten 1": ([x(2, 3, 4, 2)], lambda a: a.flatten(1, 2)),
    "clone": ([x(*B)], T.clone), "contiguous": ([x(*B)], lambda a: a.transpose(0, 2).contiguous()),
    "cast i32": ([x(*B, low=-9, high=9)], lambda a: a.int()), "cast bool": ([i(*B, low=-1)], lambda a: a.bool()), "cast u8": ([x(*B, low=0, high=255)], lambda a: a.byte()),
    "cast f32": ([i(*B, low=-9, high=9)], lambda a: a.float()), "cast u8 f32": ([i(*B, high=256, dtype="u8")], lambda a: a.float()), "cast bool i32": ([i(*B, dtype="bool")], lambda a: a.int()),
    "addInPlace": ([x(*B, grad=False), x(*B, grad=False)], lambda a, b: a.add_(b, alpha=0.5)), "copyInto": ([x(*B, grad=False), x(4, grad=False)], lambda a, b: (a[:, 1].copy_(b), a)[1]), "fill": ([x(*B, grad=False)], lambda a: (a[:, :, 2].fill_(3), a)[1]),
})
write("ops/__golden__/matmul.json", {
    "matmul": ([x(3, 4), x(4, 5)], T.matmul), "matmul vectors": ([x(4), x(4)], T.matmul), "matmul row": ([x(4), x(4, 5)], T.matmul), "matmul column": ([x(2, 3, 4), x(4)], T.matmul),
    "matmul tall": ([x(2, 3, 4), x(4, 5)], T.matmul), "matmul batch": ([x(2, 3, 4), x(2, 4, 2)], T.matmul), "matmul broadcast": ([x(2, 1, 3, 4), x(5, 4, 2)], T.matmul),
    "matmul turned": ([x(4, 3), x(5, 4)], lambda a, b: T.matmul(a.t(), b.t())), "matmul wide": ([x(17, 33), x(33, 19)], T.matmul), "matmul long row": ([x(2, 4), x(3, 4, 5)], T.matmul),
    "linear": ([x(3, 4), x(5, 4), x(5)], F.linear), "linear batch": ([x(2, 3, 4), x(5, 4), x(5)], F.linear), "linear vector": ([x(4), x(5, 4)], F.linear), "linear plain": ([x(3, 4), x(5, 4)], F.linear),
})
