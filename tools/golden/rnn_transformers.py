"""Records the GPT and the BERT of packages/rnn: logits, gradients and training steps, from seeds.

Both networks are written from the papers with PyTorch's own layers; names are those of the models' state.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

from rnn_common import numbers, write


class Norm(nn.Module):
    def __init__(self, size, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


class Attention(nn.Module):
    def __init__(self, E, heads, bias):
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(E, 3 * E, bias)
        self.c_proj = nn.Linear(E, E, bias)

    def forward(self, x):
        N, T, E = x.shape
        q, k, v = [t.reshape(N, T, self.heads, -1).transpose(1, 2) for t in self.c_attn(x).split(E, 2)]
        scores = q @ k.transpose(2, 3) / math.sqrt(E // self.heads)
        scores = scores.masked_fill(torch.ones(T, T).triu(1).bool(), -math.inf)
        return self.c_proj((scores.softmax(3) @ v).transpose(1, 2).reshape(N, T, E))


class Mlp(nn.Module):
    def __init__(self, E, bias):
        super().__init__()
        self.c_fc = nn.Linear(E, 4 * E, bias)
        self.c_proj = nn.Linear(4 * E, E, bias)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, E, heads, bias):
        super().__init__()
        self.ln_1 = Norm(E, bias)
        self.attn = Attention(E, heads, bias)
        self.ln_2 = Norm(E, bias)
        self.mlp = Mlp(E, bias)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, V, T, layers, heads, E, bias):
        super().__init__()
        self.wte = nn.Embedding(V, E)
        self.wpe = nn.Embedding(T, E)
        self.h = nn.ModuleList(Block(E, heads, bias) for _ in range(layers))
        self.ln_f = Norm(E, bias)

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.h:
            x = block(x)
        return self.ln_f(x)


class Gpt(nn.Module):
    def __init__(self, V, T, layers, heads, E, bias=True):
        super().__init__()
        self.transformer = Transformer(V, T, layers, heads, E, bias)
        for m in self.modules():
            if isinstance(m, (nn.Linear, nn.Embedding)):
                nn.init.normal_(m.weight, std=0.02)
            if isinstance(m, nn.Linear) and bias:
                nn.init.zeros_(m.bias)
        for name, p in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers))

    def forward(self, tokens):
        return self.transformer(tokens) @ self.transformer.wte.weight.T


def initialise(module):
    for m in module.modules():
        if isinstance(m, (nn.Linear, nn.Embedding)):
            nn.init.normal_(m.weight, std=0.02)
        if isinstance(m, nn.Linear):
            nn.init.zeros_(m.bias)
        if isinstance(m, nn.MultiheadAttention):
            nn.init.normal_(m.in_proj_weight, std=0.02)


class Embeddings(nn.Module):
    def __init__(self, V, T, E):
        super().__init__()
        self.word_embeddings = nn.Embedding(V, E)
        self.position_embeddings = nn.Embedding(T, E)
        self.token_type_embeddings = nn.Embedding(2, E)
        self.LayerNorm = nn.LayerNorm(E, 1e-12)

    def forward(self, tokens, kinds):
        x = self.word_embeddings(tokens) + self.token_type_embeddings(kinds)
        return self.LayerNorm(x + self.position_embeddings(torch.arange(tokens.shape[1])))


class Bert(nn.Module):
    def __init__(self, V, T, layers, heads, E):
        super().__init__()
        self.embeddings = Embeddings(V, T, E)
        layer = nn.TransformerEncoderLayer(E, heads, 4 * E, 0.0, "gelu", 1e-12, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        # PyTorch 1.13 visits the output projection of the attention as a Linear too, as we do.
        initialise(self)

    def forward(self, tokens, kinds):
        return self.encoder(self.embeddings(tokens, kinds), src_key_padding_mask=tokens == 0)


class MaskedLm(nn.Module):
    def __init__(self, bert, V, E):
        super().__init__()
        self.bert = bert
        self.dense = nn.Linear(E, E)
        self.LayerNorm = nn.LayerNorm(E, 1e-12)
        self.bias = nn.Parameter(torch.zeros(V))
        initialise(self.dense)

    def forward(self, tokens, kinds):
        x = self.LayerNorm(F.gelu(self.dense(self.bert(tokens, kinds))))
        return x @ self.bert.embeddings.word_embeddings.weight.T + self.bias


class Classifier(nn.Module):
    def __init__(self, bert, E, classes):
        super().__init__()
        self.bert = bert
        self.pooler = nn.Linear(E, E)
        self.classifier = nn.Linear(E, classes)
        initialise(self.pooler)
        initialise(self.classifier)

    def forward(self, tokens, kinds):
        return self.classifier(torch.tanh(self.pooler(self.bert(tokens, kinds)[:, 0])))


def sketch(g):
    """Enough to tell a gradient from another: its norm, and its first, middle and last element."""
    flat = g.reshape(-1)
    return numbers(torch.stack([flat.norm(), flat[0], flat[flat.numel() // 2], flat[-1]]))


def record(model, inputs, target, steps, lr):
    y = model(*inputs)
    case = {"logits": numbers(y), "shape": list(y.shape)}
    optimizer = torch.optim.Adam(model.parameters(), lr)
    case["losses"] = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(*inputs).flatten(0, -2), target.flatten(), ignore_index=-100)
        loss.backward()
        if step == 0:
            case["gradients"] = {name: sketch(p.grad) for name, p in model.named_parameters()}
        optimizer.step()
        case["losses"].append(loss.item())
    return case


def gpt_case(bias):
    torch.manual_seed(0)
    model = Gpt(11, 8, 2, 2, 8, bias)
    text = torch.randint(11, (3, 9))
    return record(model, [text[:, :-1]], text[:, 1:], 10, 1e-2)


def bert_case(classes=None):
    torch.manual_seed(0)
    model = Bert(11, 8, 2, 2, 8)
    model = MaskedLm(model, 11, 8) if classes is None else Classifier(model, 8, classes)
    tokens = torch.randint(1, 11, (3, 6))
    tokens[1, 4:] = 0
    kinds = (torch.arange(6) > 2).long().expand(3, 6)
    target = torch.where(tokens > 4, tokens, -100) if classes is None else torch.tensor([0, 2, 1])
    case = record(model, [tokens, kinds], target, 10, 1e-2)
    return case


if __name__ == "__main__":
    write("gpt/__golden__/gpt.json", {"bias": gpt_case(True), "plain": gpt_case(False)})
    write("bert/__golden__/bert.json", {"masked": bert_case(), "classes": bert_case(3)})
