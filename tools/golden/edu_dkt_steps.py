"""Three SGD steps of a small DKT in PyTorch for packages/edu-recsys/src/dkt: losses, logits, gradients and weights."""
import json
import os

import torch
from torch import nn

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packages/edu-recsys/src/dkt/__golden__/dkt.json")
K, E, H, T = 3, 4, 5, 6
skills = [[[0], [1, 2], [2], [0], [1], [0, 2]], [[2], [2], [1], [0, 1]]]
right = [[1, 0, 1, 1, 0, 1], [0, 1, 1, 0]]
torch.manual_seed(0)
embedding, lstm, output = nn.Embedding(2 * K, E), nn.LSTM(E, H, batch_first=True), nn.Linear(H, K)
parameters = {"embedding.weight": embedding.weight, **{f"sequence.rnn.{k}": v for k, v in lstm.named_parameters()}, **{f"sequence.decoder.{k}": v for k, v in output.named_parameters()}}


def loss_of(record):
    total, count = 0, 0
    for s, r in zip(skills, right):
        x = torch.stack([embedding(torch.tensor([k + K * c for k in own])).mean(0) for own, c in zip(s[:-1], r[:-1])])
        y = output(lstm(x.unsqueeze(0))[0])[0]
        logits = torch.stack([y[t, s[t + 1]].mean() for t in range(len(s) - 1)])
        record.append(logits.tolist())
        total = total + nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(r[1:], dtype=torch.float32), reduction="sum")
        count += len(logits)
    return total / count


sgd = torch.optim.SGD(parameters.values(), lr=0.5)
steps = []
for _ in range(3):
    logits = []
    loss = loss_of(logits)
    sgd.zero_grad()
    loss.backward()
    steps.append({"loss": loss.item(), "logits": logits, "grads": {k: v.grad.reshape(-1).tolist() for k, v in parameters.items()}})
    sgd.step()
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w") as file:
    json.dump({"skills": skills, "right": right, "steps": steps, "weights": {k: v.reshape(-1).tolist() for k, v in parameters.items()}}, file)
    file.write("\n")
