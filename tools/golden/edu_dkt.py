"""Deep knowledge tracing on the ASSISTments 2009 (updated) split in PyTorch: the run that examples/dkt.ts is held against.

python3 tools/golden/edu_dkt.py DATA/edu/dkvmn/assist2009_updated [--valid] [--hidden 64] [--embedding 64] [--epochs 6]
--valid trains on train1 and scores valid1, to choose settings; without it, train and test.
"""
import argparse
import gzip
import os
import time

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--valid", action="store_true")
parser.add_argument("--hidden", type=int, default=64)
parser.add_argument("--embedding", type=int, default=64)
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--cut", type=int, default=200)
parser.add_argument("--lr", type=float, default=5e-3)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
torch.set_num_threads(1)
SKILLS = 110


def read(name):
    with gzip.open(os.path.join(args.folder, f"assist2009_updated_{name}.csv.gz"), "rt") as file:
        lines = file.read().splitlines()
    numbers = lambda line: np.array([int(x) for x in line.split(",") if x != ""])
    return [(numbers(lines[i + 1]) - 1, numbers(lines[i + 2])) for i in range(0, len(lines) - 2, 3)]


def batches(sequences, cut):
    """Pieces of at most `cut` answers, sorted by length, so that a batch pads little; pieces of one answer teach nothing."""
    pieces = [(s[i : i + cut], c[i : i + cut]) for s, c in sequences for i in range(0, len(s), cut) if len(s) - i >= 2]
    pieces.sort(key=lambda piece: len(piece[0]))
    result = []
    for i in range(0, len(pieces), args.batch):
        group = pieces[i : i + args.batch]
        T = max(len(s) for s, _ in group) - 1
        code = np.zeros((len(group), T), dtype=np.int64)
        skill, right, mask = code.copy(), np.zeros((len(group), T), dtype=np.float32), np.zeros((len(group), T), dtype=np.float32)
        for n, (s, c) in enumerate(group):
            t = len(s) - 1
            code[n, :t] = s[:-1] + SKILLS * c[:-1]
            skill[n, :t], right[n, :t], mask[n, :t] = s[1:], c[1:], 1
        result.append([torch.from_numpy(x) for x in (code, skill, right, mask)])
    return result


class Dkt(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(2 * SKILLS, args.embedding)
        self.lstm = nn.LSTM(args.embedding, args.hidden, batch_first=True)
        self.output = nn.Linear(args.hidden, SKILLS)

    def forward(self, code):
        return self.output(self.lstm(self.embedding(code))[0])


def logits(model, code, skill):
    return model(code).gather(2, skill.unsqueeze(2)).squeeze(2)


def score(model, data):
    scores, targets = [], []
    with torch.no_grad():
        for code, skill, right, mask in data:
            keep = mask > 0
            scores.append(torch.sigmoid(logits(model, code, skill))[keep].numpy())
            targets.append(right[keep].numpy())
    scores, targets = np.concatenate(scores), np.concatenate(targets)
    return roc_auc_score(targets, scores), ((scores >= 0.5) == targets).mean(), len(targets)


torch.manual_seed(args.seed)
model = Dkt()
train = batches(read("train1" if args.valid else "train"), args.cut)
test = batches(read("valid1" if args.valid else "test"), 10**9)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
print(sum(p.numel() for p in model.parameters()), "parameters", len(train), "batches", flush=True)
for epoch in range(args.epochs):
    start, total, count, first = time.process_time(), 0.0, 0.0, []
    for i in torch.randperm(len(train)).tolist():
        code, skill, right, mask = train[i]
        losses = nn.functional.binary_cross_entropy_with_logits(logits(model, code, skill), right, reduction="none") * mask
        loss = losses.sum() / mask.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first.append(loss.item())
        total, count = total + losses.sum().item(), count + mask.sum().item()
    seconds = time.process_time() - start
    auc, accuracy, n = score(model, test)
    print(f"epoch {epoch + 1} loss {total / count:.4f} auc {auc:.4f} accuracy {accuracy:.4f} of {n} first {[round(x, 4) for x in first[:3]]} {seconds:.1f} s", flush=True)
