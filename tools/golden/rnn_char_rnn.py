"""The recipe of examples/char-rnn.ts in PyTorch.

With no argument: the losses of 12 steps on a short generated text, for the test of packages/rnn/src/char-rnn.
With the path of tinyshakespeare.txt: the whole run, or the first STEPS of it, with losses and milliseconds per step.
    /usr/bin/python3 tools/golden/rnn_char_rnn.py PATH [STEPS]
"""
import sys
import time

import torch
from torch import nn

from rnn_common import write


class CharRnn(nn.Module):
    def __init__(self, vocabulary, hidden=128):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.rnn = nn.LSTM(hidden, hidden, num_layers=2)
        self.decoder = nn.Linear(hidden, vocabulary)

    def forward(self, x, states):
        y, states = self.rnn(self.embedding(x), states)
        return self.decoder(y), states


def windows(codes, n, t):
    length = len(codes) // n
    for w in range((length - 1) // t):
        part = torch.stack([codes[i * length + w * t : i * length + w * t + t + 1] for i in range(n)], 1)
        yield part[:-1], part[1:]


def loss_of(model, x, y, states):
    logits, states = model(x, states)
    return nn.functional.cross_entropy(logits.reshape(x.numel(), -1), y.reshape(-1)), tuple(s.detach() for s in states)


def train(model, optimizer, codes, n, t, limit=None):
    states = None
    for step, (x, y) in enumerate(windows(codes, n, t)):
        if step == limit:
            return
        loss, states = loss_of(model, x, y, states)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        yield float(loss)


def evaluate(model, codes, n, t):
    states, losses = None, []
    with torch.no_grad():
        for x, y in windows(codes, n, t):
            loss, states = loss_of(model, x, y, states)
            losses.append(float(loss))
    return sum(losses) / len(losses)


def small():
    torch.manual_seed(0)
    model = CharRnn(20, 32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    codes = torch.tensor([(i * i * 7 + i // 3) % 20 for i in range(2000)])
    write("char-rnn/__golden__/curve.json", list(train(model, optimizer, codes, 8, 20, 12)))


def whole(path, limit):
    text = open(path).read()
    ids = {c: i for i, c in enumerate(sorted(set(text)))}
    codes = torch.tensor([ids[c] for c in text])
    cut = int(0.9 * len(codes))
    torch.manual_seed(0)
    model = CharRnn(len(ids))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    times = []
    for epoch in range(1 if limit else 3):
        start = time.perf_counter()
        for step, loss in enumerate(train(model, optimizer, codes[:cut], 50, 50, limit)):
            times.append(time.perf_counter() - start)
            start = time.perf_counter()
            if limit or step % 100 == 0:
                print(f"epoch {epoch + 1} step {step + 1}: loss {loss:.6f}, {1000 * times[-1]:.1f} ms", flush=True)
        if not limit:
            print(f"validation {evaluate(model, codes[cut:], 50, 50):.4f}", flush=True)
    print(f"smallest {1000 * min(times):.1f} ms, mean {1000 * sum(times) / len(times):.1f} ms a step")


if len(sys.argv) > 1:
    whole(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
else:
    small()
