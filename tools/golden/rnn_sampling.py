"""Filters of logits and seeded draws: logits U(-3, 3) under the seed, then torch.multinomial from the same stream."""
import torch

from rnn_common import numbers, write


def filtered(logits, temperature, top_k, top_p):
    logits = logits / temperature
    if top_k is not None:
        logits[logits < logits.topk(top_k).values[-1]] = float("-inf")
    p, order = logits.softmax(0).sort(descending=True, stable=True)
    keep = p.cumsum(0) - p < top_p
    logits[order[~keep]] = float("-inf")
    return logits.softmax(0)


cases = []
for seed, (temperature, top_k, top_p) in enumerate([(1, None, 1), (0.7, None, 1), (1, 5, 1), (1, None, 0.8), (1.3, 20, 0.9), (0.5, 1, 0.1)]):
    torch.manual_seed(seed)
    logits = torch.empty(40).uniform_(-3, 3)
    p = filtered(logits, temperature, top_k, top_p)
    drawn = [int(torch.multinomial(p, 1)) for _ in range(30)]
    cases.append({"seed": seed, "options": {"temperature": temperature, "topK": top_k, "topP": top_p}, "p": numbers(p), "drawn": drawn})
write("decode/__golden__/sampling.json", cases)
