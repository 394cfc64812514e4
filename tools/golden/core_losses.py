"""PyTorch's losses for losses/*.test.ts, with the gradients of a drawn projection."""
import torch as T
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from core_cases import i, write, x

N, C = 6, 5
P = dict(low=0.01, high=0.99)
rows = [x(N, C, low=-4, high=4), i(N, high=C)]
W = x(C, low=0.1, high=2, grad=False)
planes = [x(2, C, 3, 4, low=-4, high=4), i(2, 3, 4, high=C)]
ce = F.cross_entropy
table = {}
for reduction in ("mean", "sum", "none"):
    table[f"crossEntropy {reduction}"] = (rows, lambda a, t, r=reduction: ce(a, t, reduction=r))
    table[f"crossEntropy weight {reduction}"] = (rows + [W], lambda a, t, w, r=reduction: ce(a, t, w, reduction=r))
    table[f"crossEntropy smooth weight ignore {reduction}"] = (rows + [W], lambda a, t, w, r=reduction: ce(a, t, w, reduction=r, label_smoothing=0.2, ignore_index=2))
    table[f"crossEntropy planes {reduction}"] = (planes, lambda a, t, r=reduction: ce(a, t, reduction=r, ignore_index=1))
    table[f"crossEntropy soft {reduction}"] = ([rows[0], x(N, C, **P)], lambda a, t, r=reduction: ce(a, t, reduction=r))
    table[f"crossEntropy soft smooth weight {reduction}"] = ([rows[0], x(N, C, **P), W], lambda a, t, w, r=reduction: ce(a, t, w, reduction=r, label_smoothing=0.3))
    table[f"nllLoss weight ignore {reduction}"] = (rows + [W], lambda a, t, w, r=reduction: F.nll_loss(a, t, w, reduction=r, ignore_index=0))
    table[f"nllLoss planes {reduction}"] = (planes, lambda a, t, r=reduction: F.nll_loss(a, t, reduction=r))
table |= {
    "crossEntropy smooth": (rows, lambda a, t: ce(a, t, label_smoothing=0.1)),
    "crossEntropy one": ([x(C), i(high=C)], ce),
    "crossEntropy soft planes": ([x(2, C, 3), x(2, C, 3, **P)], ce),
}
write("losses/__golden__/cross-entropy.json", table)

a, b = x(3, 4, low=-3, high=3), x(3, 4, low=-3, high=3)
p, t = x(3, 4, **P), x(3, 4, **P)
w = x(4, low=0.1, high=2, grad=False)


def signs(y):
    return y * 2 - 1


def dice(y, m):
    over = (2, 3)
    return 1 - (2 * (y * m).sum(over) + 1) / (y.sum(over) + m.sum(over) + 1)


S = i(4, high=2)
R = [x(4, 3), x(4, 3)]
write("losses/__golden__/losses.json", {
    "mseLoss": ([a, b], F.mse_loss), "mseLoss none": ([a, b], lambda u, v: F.mse_loss(u, v, reduction="none")), "mseLoss sum": ([a, b], lambda u, v: F.mse_loss(u, v, reduction="sum")),
    "l1Loss": ([a, b], F.l1_loss), "smoothL1Loss": ([a, b], F.smooth_l1_loss), "smoothL1Loss beta": ([a, b], lambda u, v: F.smooth_l1_loss(u, v, beta=0.4)), "smoothL1Loss 0": ([a, b], lambda u, v: F.smooth_l1_loss(u, v, beta=0)),
    "huberLoss": ([a, b], F.huber_loss), "huberLoss delta": ([a, b], lambda u, v: F.huber_loss(u, v, delta=2.5, reduction="none")),
    "bceLoss": ([p, t], F.binary_cross_entropy), "bceLoss weight": ([p, t, w], lambda u, v, k: F.binary_cross_entropy(u, v, k, reduction="none")),
    "bceWithLogits": ([a, t], F.binary_cross_entropy_with_logits), "bceWithLogits weights": ([a, t, w, w], lambda u, v, k, q: F.binary_cross_entropy_with_logits(u, v, k, pos_weight=q, reduction="sum")),
    "focalLoss": ([a, i(3, 4)], lambda u, v: sigmoid_focal_loss(u, v.float(), reduction="mean")), "focalLoss options": ([a, i(3, 4)], lambda u, v: sigmoid_focal_loss(u, v.float(), alpha=-1, gamma=1.5)),
    "diceLoss": ([x(2, 3, 4, 2, **P), i(2, 3, 4, 2)], lambda u, v: dice(u, v.float()).mean()), "diceLoss none": ([x(2, 3, 4, 2, **P), i(2, 3, 4, 2)], lambda u, v: dice(u, v.float())),
    "hingeLoss": ([a, i(3, 4)], lambda u, v: (1 - u * signs(v)).clamp(min=0).mean()), "hingeLoss squared": ([a, i(3, 4)], lambda u, v: (0.5 - u * signs(v)).clamp(min=0).square().sum()),
    "softMarginLoss": ([a, i(3, 4)], lambda u, v: F.soft_margin_loss(u, signs(v).float())),
    "marginRankingLoss": ([x(4), x(4), S], lambda u, v, y: F.margin_ranking_loss(u, v, signs(y), margin=0.3)), "marginRankingLoss none": ([x(4), x(4), S], lambda u, v, y: F.margin_ranking_loss(u, v, signs(y), reduction="none")),
    "hingeEmbeddingLoss": ([x(4, low=0, high=2), S], lambda u, y: F.hinge_embedding_loss(u, signs(y))), "hingeEmbeddingLoss none": ([x(4, low=0, high=2), S], lambda u, y: F.hinge_embedding_loss(u, signs(y), margin=1.5, reduction="none")),
    "cosineEmbeddingLoss": (R + [S], lambda u, v, y: F.cosine_embedding_loss(u, v, signs(y), margin=-0.2)), "cosineEmbeddingLoss none": (R + [S], lambda u, v, y: F.cosine_embedding_loss(u, v, signs(y), reduction="none")),
    "pairwiseDistance": (R, F.pairwise_distance), "pairwiseDistance 1": (R, lambda u, v: F.pairwise_distance(u, v, p=1)), "pairwiseDistance 3": (R, lambda u, v: F.pairwise_distance(u, v, p=3, eps=1e-3)),
    "tripletMarginLoss": (R + [x(4, 3)], F.triplet_margin_loss), "tripletMarginLoss swap": (R + [x(4, 3)], lambda u, v, z: F.triplet_margin_loss(u, v, z, margin=0.4, swap=True, reduction="none")),
    "multiMarginLoss": ([x(4, 5), i(4, high=5)], F.multi_margin_loss), "multiMarginLoss options": ([x(4, 5), i(4, high=5), x(5, low=0.1, high=2, grad=False)], lambda u, y, k: F.multi_margin_loss(u, y, p=2, margin=0.7, weight=k, reduction="none")),
    "klDiv": ([a, t], F.kl_div), "klDiv batchMean": ([a, t], lambda u, v: F.kl_div(u, v, reduction="batchmean")), "klDiv log": ([a, b], lambda u, v: F.kl_div(u, v, reduction="sum", log_target=True)),
    "poissonNllLoss": ([a, x(3, 4, low=0, high=9, grad=False)], F.poisson_nll_loss), "poissonNllLoss full": ([x(3, 4, low=0.1, high=3), x(3, 4, low=0, high=9, grad=False)], lambda u, v: F.poisson_nll_loss(u, v, log_input=False, full=True, reduction="none")),
    "gaussianNllLoss": ([a, b, x(3, 4, low=0.1, high=2)], F.gaussian_nll_loss), "gaussianNllLoss full": ([a, b, x(3, 1, low=0.1, high=2)], lambda u, v, s: F.gaussian_nll_loss(u, v, s, full=True, eps=0.5, reduction="sum")),
})


def ctc(**options):
    return lambda z, t: F.ctc_loss(F.log_softmax(z, 2), t, **options)


Z = x(7, 3, 5, low=-2, high=2)
L = i(3, 3, low=1, high=5)
write("losses/__golden__/ctc.json", {
    "mean": ([Z, L], ctc(input_lengths=(7, 7, 7), target_lengths=(3, 3, 3))),
    "none": ([Z, L], ctc(input_lengths=(7, 7, 7), target_lengths=(3, 3, 3), reduction="none")),
    "sum lengths": ([Z, L], ctc(input_lengths=(7, 5, 6), target_lengths=(3, 0, 2), reduction="sum")),
    "mean lengths": ([Z, L], ctc(input_lengths=(7, 5, 6), target_lengths=(3, 0, 2))),
    "none blank": ([Z, i(3, 3, low=0, high=4)], ctc(input_lengths=(7, 7, 7), target_lengths=(3, 2, 1), reduction="none", blank=4)),
    "none row": ([Z, i(6, low=1, high=5)], ctc(input_lengths=(7, 7, 7), target_lengths=(3, 2, 1), reduction="none")),
    "none infinity": ([Z, L], ctc(input_lengths=(7, 2, 7), target_lengths=(3, 3, 3), reduction="none", zero_infinity=True)),
})
