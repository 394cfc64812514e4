"""Joining, padding, indexing, sorting, products and dropout of packages/core/src/ops, from PyTorch."""
import torch
import torch.nn.functional as F
from core_cases import i, write, x

T = torch
B = (2, 3, 4)
write("ops/__golden__/shaping.json", {
    "concat 0": ([x(2, 3), x(1, 3), x(0, 3)], lambda *a: T.cat(a)), "concat 1": ([x(2, 3, 2), x(2, 1, 2)], lambda *a: T.cat(a, 1)),
    "concat mixed": ([x(2, 3), i(2, 2, high=9)], lambda *a: T.cat(a, 1)), "stack": ([x(2, 3), x(2, 3)], lambda *a: T.stack(a, 1)),
    "split": ([x(7, 2)], lambda a: T.split(a, 3)), "split sizes": ([x(2, 7)], lambda a: T.split(a, [1, 4, 2], 1)), "chunk": ([x(7, 2)], lambda a: T.chunk(a, 3)), "unbind": ([x(*B)], lambda a: T.unbind(a, 1)),
    "pad": ([x(*B)], lambda a: F.pad(a, [1, 2, 0, 3], value=0.5)), "pad i32": ([i(2, 3)], lambda a: F.pad(a, [1, 2], value=7)), "pad crop": ([x(*B)], lambda a: F.pad(a, [-1, 2, 1, -2])),
    "pad reflect": ([x(1, 2, 4, 5)], lambda a: F.pad(a, [2, 1, 3, 2], mode="reflect")), "pad replicate": ([x(1, 2, 4, 5)], lambda a: F.pad(a, [2, 1, 3, 6], mode="replicate")),
    "pad circular": ([x(1, 2, 4, 5)], lambda a: F.pad(a, [2, 5, 3, 2], mode="circular")), "pad reflect 1": ([x(2, 5)], lambda a: F.pad(a, [0, 4], mode="reflect")),
    "pad reflect 3": ([x(1, 2, 3, 3, 3)], lambda a: F.pad(a, [1, 2, 2, 1, 1, 0], mode="reflect")),
    "flip": ([x(*B)], lambda a: T.flip(a, (0, 2))), "roll": ([x(*B)], lambda a: T.roll(a, 5)), "roll axes": ([x(*B)], lambda a: T.roll(a, (1, -2), (0, 2))),
    "tile": ([x(2, 3)], lambda a: T.tile(a, (2,))), "tile 3": ([x(3)], lambda a: T.tile(a, (2, 1, 2))), "repeat": ([x(2, 3)], lambda a: a.repeat(2, 3)),
    "repeatInterleave": ([x(2, 3)], lambda a: T.repeat_interleave(a, 2)), "repeatInterleave 1": ([x(2, 3)], lambda a: T.repeat_interleave(a, T.tensor([0, 3, 1]), 1)),
    "tril": ([x(2, 4, 3)], T.tril), "tril -1": ([x(4, 4)], lambda a: T.tril(a, -1)), "triu 1": ([x(2, 3, 5)], lambda a: T.triu(a, 1)), "triu i32": ([i(3, 3, high=9)], lambda a: T.triu(a, -1)),
    "diagonal": ([x(3, 4, 2)], T.diagonal), "diagonal 1": ([x(3, 4, 2)], lambda a: T.diagonal(a, 1, 2, 1)), "diagonal -2": ([x(4, 3)], lambda a: T.diagonal(a, -2)), "diag": ([x(3)], lambda a: T.diag(a, 1)), "diag 2": ([x(3, 2)], lambda a: T.diag(a, -1)),
    "meshgrid": ([x(3), x(2)], lambda a, b: T.meshgrid(a, b, indexing="ij")), "meshgrid xy": ([x(3), x(2), x(4)], lambda *a: T.meshgrid(*a, indexing="xy")),
})
write("ops/__golden__/indexing.json", {
    "gather 0": ([x(4, 3), i(2, 3, high=4)], lambda a, k: T.gather(a, 0, k)), "gather 1": ([x(2, 5, 3), i(2, 7, 3, high=5)], lambda a, k: T.gather(a, 1, k)), "gather less": ([x(4, 5, 3), i(2, 7, 2, high=5)], lambda a, k: T.gather(a, 1, k)),
    "scatter": ([x(4, 3), x(2, 3)], lambda a, s: a.scatter(0, T.tensor([[0, 3, 1], [2, 0, 0]]), s)), "scatter less": ([x(3, 4), x(2, 4, grad=False)], lambda a, s: a.scatter(1, T.tensor([[0, 3], [2, 1]]), s)), "scatter value": ([x(3, 4)], lambda a: a.scatter(1, T.tensor([[0, 3], [2, 1], [1, 1]]), 5.0)),
    "scatterAdd": ([x(4, 3), i(5, 3, high=4), x(5, 3)], lambda a, k, s: a.scatter_add(0, k, s)), "scatterAdd less": ([x(3, 4), i(2, 5, high=4), x(3, 6, grad=False)], lambda a, k, s: a.scatter_add(1, k, s)),
    "indexSelect 0": ([x(4, 3), i(6, high=4)], lambda a, k: T.index_select(a, 0, k)), "indexSelect 1": ([x(2, 5, 3), i(3, high=5)], lambda a, k: T.index_select(a, 1, k)),
    "indexAdd": ([x(4, 3), i(6, high=4), x(6, 3)], lambda a, k, s: a.index_add(0, k, s)), "take": ([x(4, 3), i(2, 5, low=-12, high=12)], T.take),
    "embedding": ([i(2, 4, high=5), x(5, 3)], F.embedding), "embedding padding": ([i(2, 4, high=5), x(5, 3)], lambda k, w: F.embedding(k, w, padding_idx=-3)),
    "maskedFill": ([x(*B), i(3, 1, dtype="bool")], lambda a, m: a.masked_fill(m, 9)), "maskedSelect": ([x(*B), i(3, 1, dtype="bool")], T.masked_select),
    "nonzero": ([i(*B, high=3)], T.nonzero), "oneHot": ([i(2, 3, high=4)], lambda k: F.one_hot(k, 5)),
    "sort": ([x(3, 7)], lambda a: T.sort(a, stable=True)), "sort 0": ([x(5, 3)], lambda a: T.sort(a, stable=True, dim=0, descending=True)),
    "sort i32": ([i(3, 9, low=-4, high=4)], lambda a: T.sort(a, stable=True)), "sort u8": ([i(3, 9, high=5, dtype="u8")], lambda a: T.sort(a, stable=True, descending=True)),
    "argsort": ([x(3, 7, grad=False)], lambda a: T.argsort(a, descending=True)), "topk": ([x(3, 9)], lambda a: T.topk(a, 4)), "topk smallest": ([x(6, 3)], lambda a: T.topk(a, 2, 0, False)),
    "unique": ([i(3, 5, low=-3, high=3)], lambda a: T.unique(a, return_inverse=True, return_counts=True)),
    "searchsorted": ([i(12, low=-9, high=9), i(2, 5, low=-9, high=9)], lambda a, v: T.searchsorted(a.sort().values, v)), "searchsorted right": ([i(12, low=-9, high=9), i(2, 5, low=-9, high=9)], lambda a, v: T.searchsorted(a.sort().values, v, right=True)),
    "searchsorted rows": ([x(2, 7, grad=False), x(2, 5, grad=False)], lambda a, v: T.searchsorted(a.sort().values, v)), "bucketize": ([x(2, 5, grad=False)], lambda v: T.bucketize(v, T.tensor([-0.5, 0.0, 0.5]))),
    "at number": ([x(4, 3, 5)], lambda a: a[2]), "at ranges": ([x(4, 3, 5)], lambda a: a[1:, ..., :-1:2]), "at null": ([x(4, 3, 5)], lambda a: a[:, None, -1]),
    "at index": ([x(4, 3, 5), i(2, 2, low=-4, high=4)], lambda a, k: a[k]), "at two": ([x(4, 3, 5), i(2, 1, high=3), i(3, low=-5, high=5)], lambda a, k, m: a[:, k, m]),
    "at apart": ([x(4, 3, 5), i(2, high=4), i(2, high=5)], lambda a, k, m: a[k, :, m]), "at number apart": ([x(4, 3, 5), i(2, high=3)], lambda a, k: a[..., k, 1]),
    "at far apart": ([x(2, 4, 3, 5), i(2, high=4), i(2, high=5)], lambda a, k, m: a[:, k, :, m]),
    "at mask": ([x(4, 3, 5), i(4, 3, dtype="bool")], lambda a, m: a[m]), "at mask late": ([x(4, 3, 5), i(3, dtype="bool")], lambda a, m: a[1:3, m]),
    "at range index": ([x(4, 3, 5), i(3, high=4)], lambda a, k: a[k, 1:, None]),
})
P = T.einsum
write("ops/__golden__/products.json", {
    "dot": ([x(5), x(5)], T.dot), "outer": ([x(3), x(4)], T.outer), "bmm": ([x(2, 3, 4), x(2, 4, 2)], T.bmm), "addmm": ([x(4), x(3, 2), x(2, 4)], lambda c, a, b: T.addmm(c, a, b, beta=0.5, alpha=2)),
    "tensordot": ([x(2, 3, 4), x(3, 4, 5)], T.tensordot), "tensordot 0": ([x(2), x(3)], lambda a, b: T.tensordot(a, b, 0)), "tensordot axes": ([x(2, 3, 4), x(4, 5, 2)], lambda a, b: T.tensordot(a, b, ([0, 2], [2, 0]))),
    "cdist": ([x(3, 4), x(5, 4)], T.cdist), "cdist 1": ([x(2, 3, 4), x(2, 5, 4)], lambda a, b: T.cdist(a, b, 1)), "cdist same": ([x(3, 4)], lambda a: T.cdist(a, a * 1, compute_mode="donot_use_mm_for_euclid_dist")), "cov": ([x(3, 6)], T.cov),
    "einsum ij,jk->ik": ([x(2, 3), x(3, 4)], lambda *a: P("ij,jk->ik", *a)), "einsum ij,jk": ([x(2, 3), x(3, 4)], lambda *a: P("ij,jk", *a)), "einsum bij,bkj->bik": ([x(2, 3, 4), x(2, 5, 4)], lambda *a: P("bij,bkj->bik", *a)),
    "einsum ii->i": ([x(3, 3)], lambda a: P("ii->i", a)), "einsum ii": ([x(3, 3)], lambda a: P("ii", a)), "einsum ijj->ji": ([x(2, 3, 3)], lambda a: P("ijj->ji", a)), "einsum ij->": ([x(2, 3)], lambda a: P("ij->", a)), "einsum ij->ji": ([x(2, 3)], lambda a: P("ij->ji", a)),
    "einsum i,j->ij": ([x(2), x(3)], lambda *a: P("i,j->ij", *a)), "einsum i,i": ([x(3), x(3)], lambda *a: P("i,i", *a)), "einsum ij,ij->ij": ([x(2, 3), x(2, 3)], lambda *a: P("ij,ij->ij", *a)), "einsum ij,ij->j": ([x(2, 3), x(2, 3)], lambda *a: P("ij,ij->j", *a)),
    "einsum bhqd,bhkd->bhqk": ([x(2, 2, 3, 4), x(2, 2, 5, 4)], lambda *a: P("bhqd,bhkd->bhqk", *a)), "einsum nchw,cd->ndhw": ([x(2, 3, 2, 2), x(3, 4)], lambda *a: P("nchw,cd->ndhw", *a)),
    "einsum ...ij,...jk->...ik": ([x(2, 1, 3, 4), x(5, 4, 2)], lambda *a: P("...ij,...jk->...ik", *a)), "einsum i...,i...": ([x(2, 3), x(2, 4, 3)], lambda *a: P("i...,i...", *a)), "einsum ...->...": ([x(2, 3)], lambda a: P("...->...", a)),
    "einsum ij,jk,kl->il": ([x(2, 3), x(3, 4), x(4, 2)], lambda *a: P("ij,jk,kl->il", *a)), "einsum ab,bc,cd->a": ([x(2, 3), x(3, 4), x(4, 2)], lambda *a: P("ab,bc,cd->a", *a)), "einsum ia,ja,ka->ijk": ([x(2, 3), x(2, 3), x(2, 3)], lambda *a: P("ia,ja,ka->ijk", *a)),
})
N = (4, 3, 5)
write("ops/__golden__/dropout.json", {
    "dropout": ([x(*N)], F.dropout), "dropout 0.1": ([x(30, 50)], lambda a: F.dropout(a, 0.1)), "dropout 1": ([x(*N)], lambda a: F.dropout(a, 1.0)), "dropout 0": ([x(*N)], lambda a: F.dropout(a, 0.0)), "dropout idle": ([x(*N)], lambda a: F.dropout(a, 0.5, training=False)),
    "dropout1d 0.3": ([x(*N)], lambda a: F.dropout1d(a, 0.3)), "dropout1d one": ([x(8, 5)], lambda a: F.dropout1d(a, 0.5)), "dropout2d 0.4": ([x(3, 5, 2, 2)], lambda a: F.dropout2d(a, 0.4)), "dropout2d flat": ([x(*N)], lambda a: F.dropout2d(a, 0.5)),
    "dropout3d 0.6": ([x(3, 5, 2, 2, 1)], lambda a: F.dropout3d(a, 0.6)), "dropout3d one": ([x(6, 2, 2, 1)], lambda a: F.dropout3d(a, 0.5)),
    "alphaDropout": ([x(*N)], lambda a: F.alpha_dropout(a, 0.5, True)), "alphaDropout 0.2": ([x(*N)], lambda a: F.alpha_dropout(a, 0.2, True)), "alphaDropout 1": ([x(*N)], lambda a: F.alpha_dropout(a, 1.0, True)),
    "after": ([x(3)], lambda a: (a * 0 + F.dropout(T.ones(7), 0.5).sum() + T.rand(3))),
})
