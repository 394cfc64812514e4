"""PyTorch's layers for nn/*.test.ts: state at construction under a seed, one forward and backward pass."""
import json
import os

import torch
from torch import nn

from core_common import SOURCES, numbers


class Layers:
    def __init__(self):
        self.cases = []

    def add(self, name, args, build, shapes, call=None, literals=None, evaluate=False, steps=1):
        """Builds under a seed, then draws inputs (None: the next literal), runs, draws dy, runs backward."""
        seed = len(self.cases)
        torch.manual_seed(seed)
        layer = build()
        state = {k: {"shape": list(v.shape), "values": numbers(v)} for k, v in layer.state_dict().items()}
        if evaluate:
            layer.eval()
        case = {"layer": name, "args": args, "seed": seed, "evaluate": evaluate, "shapes": shapes, "literals": literals or [], "state": state, "steps": []}
        for _ in range(steps):
            layer.zero_grad()
            rest = iter(literals or [])
            xs = [torch.tensor(next(rest)) if s is None else torch.empty(s).uniform_(-1, 1).requires_grad_() for s in shapes]
            y = (call or (lambda m, *x: m(*x)))(layer, *xs)
            ys = [t for t in (y if isinstance(y, tuple) else (y,)) if t is not None]
            dys = [torch.empty(t.shape).uniform_(-1, 1) for t in ys]
            torch.autograd.backward(ys, dys)
            case["steps"].append({
                "outputs": [{"shape": list(t.shape), "values": numbers(t)} for t in ys],
                "inputGrads": [None if not x.is_floating_point() or x.grad is None else numbers(x.grad) for x in xs],
                "grads": {k: None if p.grad is None else numbers(p.grad) for k, p in layer.named_parameters()},
                "buffers": {k: numbers(b) for k, b in layer.named_buffers()},
            })
        self.cases.append(case)

    def write(self, path):
        path = os.path.join(SOURCES, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            json.dump(self.cases, out, separators=(",", ":"))
            out.write("\n")
        print(os.path.basename(path), os.path.getsize(path))


basic = Layers()
basic.add("Linear", [3, 2], lambda: nn.Linear(3, 2), [[4, 3]])
basic.add("Linear", [3, 2, {"bias": False}], lambda: nn.Linear(3, 2, bias=False), [[2, 2, 3]])
basic.add("Linear", [5, 4], lambda: nn.Linear(5, 4), [[5]])
basic.add("Bilinear", [3, 4, 2], lambda: nn.Bilinear(3, 4, 2), [[5, 3], [5, 4]])
basic.add("Bilinear", [3, 4, 2, {"bias": False}], lambda: nn.Bilinear(3, 4, 2, bias=False), [[2, 3, 3], [2, 3, 4]])
basic.add("Identity", [], lambda: nn.Identity(), [[2, 3]])
basic.add("Conv1d", [2, 4, 3, {"stride": 2, "padding": 1}], lambda: nn.Conv1d(2, 4, 3, stride=2, padding=1), [[2, 2, 7]])
basic.add("Conv2d", [3, 8, 3], lambda: nn.Conv2d(3, 8, 3), [[2, 3, 5, 5]])
basic.add("Conv2d", [4, 6, [3, 2], {"groups": 2, "dilation": 2, "bias": False}], lambda: nn.Conv2d(4, 6, (3, 2), groups=2, dilation=2, bias=False), [[1, 4, 6, 6]])
basic.add("Conv2d", [2, 3, 3, {"padding": "same"}], lambda: nn.Conv2d(2, 3, 3, padding="same"), [[2, 5, 5]])
basic.add("Conv3d", [1, 2, 2], lambda: nn.Conv3d(1, 2, 2), [[1, 1, 3, 3, 3]])
basic.add("ConvTranspose1d", [2, 3, 4, {"stride": 2}], lambda: nn.ConvTranspose1d(2, 3, 4, stride=2), [[1, 2, 5]])
basic.add("ConvTranspose2d", [3, 2, 3, {"stride": 2, "padding": 1, "outputPadding": 1}], lambda: nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=1), [[1, 3, 4, 4]])
basic.add("ConvTranspose2d", [4, 6, 3, {"groups": 2, "bias": False}], lambda: nn.ConvTranspose2d(4, 6, 3, groups=2, bias=False), [[1, 4, 3, 3]])
basic.add("ConvTranspose3d", [2, 1, 2], lambda: nn.ConvTranspose3d(2, 1, 2), [[1, 2, 2, 2, 2]])
for d, shape in [(1, [1, 2, 8]), (2, [1, 2, 7, 6]), (3, [1, 2, 4, 5, 4])]:
    basic.add(f"MaxPool{d}d", [3, {"stride": 2, "padding": 1}], lambda: getattr(nn, f"MaxPool{d}d")(3, 2, 1), [shape])
    basic.add(f"AvgPool{d}d", [2, {"ceilMode": True}], lambda: getattr(nn, f"AvgPool{d}d")(2, ceil_mode=True), [shape])
    basic.add(f"AdaptiveAvgPool{d}d", [2], lambda: getattr(nn, f"AdaptiveAvgPool{d}d")(2), [shape])
    basic.add(f"AdaptiveMaxPool{d}d", [2], lambda: getattr(nn, f"AdaptiveMaxPool{d}d")(2), [shape])
basic.add("LPPool1d", [2, {"p": 2}], lambda: nn.LPPool1d(2, 2), [[1, 2, 8]])
basic.add("LPPool2d", [[2, 3], {"p": 2}], lambda: nn.LPPool2d(2, (2, 3)), [[1, 2, 4, 6]])
basic.add("Flatten", [], lambda: nn.Flatten(), [[2, 3, 4]])
basic.add("Flatten", [0, 1], lambda: nn.Flatten(0, 1), [[2, 3, 4]])
basic.add("Unflatten", [1, [2, -1]], lambda: nn.Unflatten(1, (2, -1)), [[2, 6, 2]])
for name in ["ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Sigmoid", "LogSigmoid", "Hardsigmoid", "Hardswish", "Softsign", "Tanh", "Tanhshrink"]:
    basic.add(name, [], lambda: getattr(nn, name)(), [[2, 5]])
basic.add("LeakyReLU", [0.2], lambda: nn.LeakyReLU(0.2), [[2, 5]])
basic.add("ELU", [0.7], lambda: nn.ELU(0.7), [[2, 5]])
basic.add("CELU", [0.7], lambda: nn.CELU(0.7), [[2, 5]])
basic.add("Hardshrink", [0.3], lambda: nn.Hardshrink(0.3), [[2, 5]])
basic.add("Softshrink", [0.3], lambda: nn.Softshrink(0.3), [[2, 5]])
basic.add("GLU", [], lambda: nn.GLU(), [[2, 6]])
basic.add("Hardtanh", [-0.5, 0.4], lambda: nn.Hardtanh(-0.5, 0.4), [[2, 5]])
basic.add("Threshold", [0.1, 3], lambda: nn.Threshold(0.1, 3), [[2, 5]])
basic.add("GELU", [], lambda: nn.GELU(), [[2, 5]])
basic.add("GELU", [{"approximate": "tanh"}], lambda: nn.GELU(approximate="tanh"), [[2, 5]])
basic.add("Softplus", [{"beta": 2}], lambda: nn.Softplus(2), [[2, 5]])
basic.add("PReLU", [{"numParameters": 3, "init": 0.1}], lambda: nn.PReLU(3, 0.1), [[2, 3, 4]])
basic.write("nn/__golden__/basic.json")

norms = Layers()
for d, shape in [(1, [4, 3]), (1, [2, 3, 4]), (2, [2, 3, 3, 2]), (3, [2, 2, 2, 2, 2])]:
    bn = getattr(nn, f"BatchNorm{d}d")
    norms.add(f"BatchNorm{d}d", [shape[1]], lambda: bn(shape[1]), [shape], steps=3)
    norms.add(f"BatchNorm{d}d", [shape[1], {"momentum": None, "affine": False, "eps": 1e-3}], lambda: bn(shape[1], 1e-3, None, False), [shape], steps=3)
    norms.add(f"BatchNorm{d}d", [shape[1], {"trackRunningStats": False}], lambda: bn(shape[1], track_running_stats=False), [shape], evaluate=True)
    norms.add(f"BatchNorm{d}d", [shape[1]], lambda: bn(shape[1]), [shape], evaluate=True)
for d, shape in [(1, [2, 3, 4]), (2, [2, 3, 3, 2]), (3, [2, 2, 2, 2, 2])]:
    inorm = getattr(nn, f"InstanceNorm{d}d")
    norms.add(f"InstanceNorm{d}d", [shape[1]], lambda: inorm(shape[1]), [shape])
    norms.add(f"InstanceNorm{d}d", [shape[1], {"affine": True, "trackRunningStats": True}], lambda: inorm(shape[1], affine=True, track_running_stats=True), [shape], steps=2)
    norms.add(f"InstanceNorm{d}d", [shape[1], {"trackRunningStats": True}], lambda: inorm(shape[1], track_running_stats=True), [shape], evaluate=True)
norms.add("InstanceNorm2d", [3], lambda: nn.InstanceNorm2d(3), [[3, 4, 2]])
norms.add("LayerNorm", [6], lambda: nn.LayerNorm(6), [[4, 6]])
norms.add("LayerNorm", [[3, 4], {"affine": False, "eps": 0.01}], lambda: nn.LayerNorm((3, 4), 0.01, False), [[2, 3, 4]])
norms.add("GroupNorm", [2, 6], lambda: nn.GroupNorm(2, 6), [[2, 6, 3]])
norms.add("GroupNorm", [3, 6, {"affine": False}], lambda: nn.GroupNorm(3, 6, affine=False), [[2, 6, 2, 2]])
norms.add("LocalResponseNorm", [3], lambda: nn.LocalResponseNorm(3), [[2, 5, 4]])
norms.write("nn/__golden__/norm.json")

recurrent = Layers()


def sequence(m, x, *states):
    """All outputs in one tuple: y, then the last states."""
    y, last = m(x) if not states else m(x, states if len(states) > 1 else states[0])
    return (y, *last) if isinstance(last, tuple) else (y, last)


def packed(lengths, batch_first):
    def call(m, x):
        p = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        y, last = m(p)
        y = nn.utils.rnn.pad_packed_sequence(y, batch_first, total_length=x.shape[1 if batch_first else 0])[0]
        return (y, *last) if isinstance(last, tuple) else (y, last)
    return call


def reset_first(x, h, w_ih, w_hh, b_ih, b_hh):
    """A step of the GRU of Cho et al. 2014, equations 5 to 8, with PyTorch's order of gates and its roles of z and 1 - z."""
    xr, xz, xn = nn.functional.linear(x, w_ih, b_ih).chunk(3, -1)
    (ur, uz, un), (br, bz, bn) = w_hh.chunk(3), b_hh.chunk(3) if b_hh is not None else [torch.zeros(())] * 3
    r, z = torch.sigmoid(xr + h @ ur.T + br), torch.sigmoid(xz + h @ uz.T + bz)
    return (1 - z) * torch.tanh(xn + (r * h) @ un.T + bn) + z * h


class ResetFirstGRU(nn.GRU):
    """PyTorch's parameters and draws, another cell; time first, [T, N, in]."""

    def forward(self, x, h0=None, lengths=None):
        directions = 2 if self.bidirectional else 1
        T, N, _ = x.shape
        lengths = torch.tensor([T] * N if lengths is None else lengths)
        last = []
        for layer in range(self.num_layers):
            outs = []
            for d in range(directions):
                suffix = f"l{layer}" + ("_reverse" if d else "")
                part = [getattr(self, f"{kind}_{suffix}", None) for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                h = torch.zeros(N, self.hidden_size) if h0 is None else h0[len(last)]
                ys = [None] * T
                for t in reversed(range(T)) if d else range(T):
                    active = (t < lengths)[:, None]
                    h = torch.where(active, reset_first(x[t], h, *part), h)
                    ys[t] = torch.where(active, h, torch.zeros(()))
                outs.append(torch.stack(ys))
                last.append(h)
            x = torch.cat(outs, -1)
        return x, torch.stack(last)


class ResetFirstGRUCell(nn.GRUCell):
    def forward(self, x, h=None):
        h = torch.zeros(*x.shape[:-1], self.hidden_size) if h is None else h
        return reset_first(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


for name, kind in [("RNN", nn.RNN), ("GRU", nn.GRU), ("LSTM", nn.LSTM)]:
    n = 2 if name == "LSTM" else 1
    recurrent.add(name, [3, 5], lambda: kind(3, 5), [[4, 2, 3]], sequence)
    recurrent.add(name, [3, 4, {"bias": False}], lambda: kind(3, 4, bias=False), [[4, 3]], sequence)
    recurrent.add(name, [3, 2, {"numLayers": 2, "bidirectional": True, "batchFirst": True}], lambda: kind(3, 2, 2, batch_first=True, bidirectional=True), [[2, 4, 3]] + [[4, 2, 2]] * n, sequence)
    recurrent.add(name, [2, 3, {"numLayers": 3, "dropout": 0.4}], lambda: kind(2, 3, 3, dropout=0.4), [[4, 2, 2]] + [[3, 2, 3]] * n, sequence)
    recurrent.add(name + " lengths", [2, 3, {"numLayers": 2, "bidirectional": True}], lambda: kind(2, 3, 2, bidirectional=True), [[5, 3, 2]], packed([5, 2, 3], False))
    recurrent.add(name, [18, 17], lambda: kind(18, 17), [[2, 3, 18]], sequence) if name == "GRU" else None
    cell = getattr(nn, name + "Cell")
    recurrent.add(name + "Cell", [3, 4], lambda: cell(3, 4), [[2, 3]] + [[2, 4]] * n, lambda m, x, *s: m(x, s if len(s) > 1 else s[0]))
    recurrent.add(name + "Cell", [3, 4, {"bias": False}], lambda: cell(3, 4, bias=False), [[3]], None)
recurrent.add("RNN", [3, 4, {"nonlinearity": "relu"}], lambda: nn.RNN(3, 4, nonlinearity="relu"), [[4, 2, 3]], sequence)
recurrent.add("RNNCell", [3, 4, {"nonlinearity": "relu"}], lambda: nn.RNNCell(3, 4, nonlinearity="relu"), [[2, 3]])
recurrent.add("LSTM", [3, 4, {"projSize": 2, "numLayers": 2, "bidirectional": True}], lambda: nn.LSTM(3, 4, 2, proj_size=2, bidirectional=True), [[3, 2, 3]], sequence)
recurrent.add("GRU", [3, 5, {"resetAfter": False}], lambda: ResetFirstGRU(3, 5), [[4, 2, 3], [1, 2, 5]], lambda m, x, h: m(x, h))
recurrent.add("GRU", [3, 2, {"resetAfter": False, "numLayers": 2, "bias": False}], lambda: ResetFirstGRU(3, 2, 2, bias=False), [[4, 2, 3]])
recurrent.add("GRU lengths", [2, 3, {"resetAfter": False, "numLayers": 2, "bidirectional": True}], lambda: ResetFirstGRU(2, 3, 2, bidirectional=True), [[5, 3, 2]], lambda m, x: m(x, None, [5, 2, 3]))
recurrent.add("GRUCell", [3, 4, {"resetAfter": False}], lambda: ResetFirstGRUCell(3, 4), [[2, 3], [2, 4]])
recurrent.add("GRUCell", [3, 4, {"resetAfter": False, "bias": False}], lambda: ResetFirstGRUCell(3, 4, bias=False), [[3]])
recurrent.add("LSTM", [3, 4, {"projSize": 2, "bidirectional": True}], lambda: nn.LSTM(3, 4, proj_size=2, bidirectional=True), [[5, 3, 3], [2, 3, 2], [2, 3, 4]], sequence)
recurrent.add("LSTM lengths", [2, 5, {"projSize": 3, "numLayers": 2, "bidirectional": True, "bias": False}], lambda: nn.LSTM(2, 5, 2, proj_size=3, bidirectional=True, bias=False), [[5, 3, 2]], packed([5, 2, 3], False))


def packed_with_states(m, x, h, c):
    y, last = m(nn.utils.rnn.pack_padded_sequence(x, [5, 2, 3], enforce_sorted=False), (h, c))
    return (nn.utils.rnn.pad_packed_sequence(y, total_length=5)[0], *last)


recurrent.add("LSTM lengths", [2, 4, {"projSize": 3, "bidirectional": True}], lambda: nn.LSTM(2, 4, proj_size=3, bidirectional=True), [[5, 3, 2], [2, 3, 3], [2, 3, 4]], packed_with_states)
recurrent.write("nn/__golden__/recurrent.json")

various = Layers()
various.add("Dropout", [0.3], lambda: nn.Dropout(0.3), [[4, 5]], steps=2)
various.add("Dropout", [0.3], lambda: nn.Dropout(0.3), [[4, 5]], evaluate=True)
various.add("Dropout1d", [0.4], lambda: nn.Dropout1d(0.4), [[3, 4, 2]])
various.add("Dropout2d", [0.4], lambda: nn.Dropout2d(0.4), [[3, 4, 2, 2]])
various.add("Dropout3d", [0.4], lambda: nn.Dropout3d(0.4), [[3, 4, 1, 2, 2]])
various.add("AlphaDropout", [0.3], lambda: nn.AlphaDropout(0.3), [[4, 5]])
various.add("Embedding", [7, 4], lambda: nn.Embedding(7, 4), [None], literals=[[[1, 2, 6], [0, 1, 1]]])
various.add("Embedding", [7, 4, {"paddingIdx": 1}], lambda: nn.Embedding(7, 4, 1), [None], literals=[[[1, 2, 6], [0, 1, 1]]])
various.add("Embedding", [10, 8, {"paddingIdx": -1}], lambda: nn.Embedding(10, 8, -1), [None], literals=[[3, 9]])
for name in ["Softmax", "LogSoftmax", "Softmin"]:
    various.add(name, [1], lambda: getattr(nn, name)(1), [[2, 5, 3]])
various.add("Softmax2d", [], lambda: nn.Softmax2d(), [[2, 3, 2, 2]])
various.add("ZeroPad2d", [[1, 2, 0, -1]], lambda: nn.ZeroPad2d((1, 2, 0, -1)), [[1, 2, 3, 3]])
for d, shape, p in [(1, [2, 2, 4], [2, 1]), (2, [1, 2, 3, 4], [2, 1, 0, 2]), (3, [1, 1, 3, 3, 3], [1, 2, 0, 1, 2, 1])]:
    various.add(f"ConstantPad{d}d", [p, 3.5], lambda: getattr(nn, f"ConstantPad{d}d")(tuple(p), 3.5), [shape])
    various.add(f"ReflectionPad{d}d", [p], lambda: getattr(nn, f"ReflectionPad{d}d")(tuple(p)), [shape])
    various.add(f"ReplicationPad{d}d", [1], lambda: getattr(nn, f"ReplicationPad{d}d")(1), [shape[1:]])
for mode in ["reflect", "replicate", "circular"]:
    various.add("Conv2d", [2, 3, [3, 4], {"padding": [1, 2], "paddingMode": mode}], lambda: nn.Conv2d(2, 3, (3, 4), padding=(1, 2), padding_mode=mode), [[1, 2, 4, 5]])
various.add("Conv1d", [2, 3, 4, {"padding": "same", "paddingMode": "circular"}], lambda: nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular"), [[2, 2, 6]])
various.add("Upsample", [{"scaleFactor": 2}], lambda: nn.Upsample(scale_factor=2), [[1, 2, 3, 2]])
various.add("Upsample", [{"size": [5, 4], "mode": "bilinear", "alignCorners": True}], lambda: nn.Upsample((5, 4), mode="bilinear", align_corners=True), [[1, 2, 3, 2]])
various.add("UpsamplingNearest2d", [{"scaleFactor": 2}], lambda: nn.UpsamplingNearest2d(scale_factor=2), [[1, 2, 3, 2]])
various.add("UpsamplingBilinear2d", [{"size": 5}], lambda: nn.UpsamplingBilinear2d(size=5), [[1, 2, 3, 2]])
various.add("PixelShuffle", [2], lambda: nn.PixelShuffle(2), [[1, 8, 2, 3]])
various.add("PixelUnshuffle", [2], lambda: nn.PixelUnshuffle(2), [[1, 2, 4, 6]])
various.add("Unfold", [2, {"stride": 2}], lambda: nn.Unfold(2, stride=2), [[1, 2, 4, 4]])
various.add("Fold", [[4, 4], 3, {"padding": 1}], lambda: nn.Fold((4, 4), 3, padding=1), [[1, 18, 16]])
various.add("Embedding", [7, 4, {"maxNorm": 1.5}], lambda: nn.Embedding(7, 4, max_norm=1.5), [None], literals=[[[1, 2, 6], [0, 1, 1]]])
various.add("Embedding", [7, 4, {"maxNorm": 2, "normType": 1, "paddingIdx": 1}], lambda: nn.Embedding(7, 4, 1, 2.0, 1.0), [None], literals=[[[1, 2, 6], [0, 1, 1]]], steps=2)
various.add("Embedding", [7, 4, {"scaleGradByFreq": True, "paddingIdx": 2}], lambda: nn.Embedding(7, 4, 2, scale_grad_by_freq=True), [None], literals=[[[1, 2, 6, 6], [2, 1, 1, 5]]])
various.write("nn/__golden__/various.json")

attention = Layers()


def mha(m, *x, **k):
    y, w = m(*x, **k)
    return (y,) if w is None else (y, w)


def self_mha(m, x):
    return mha(m, x, x, x)


attention.add("MultiheadAttention", [8, 2], lambda: nn.MultiheadAttention(8, 2), [[3, 2, 8], [5, 2, 8], [5, 2, 8]], mha)
attention.add("MultiheadAttention", [4, 1, {"bias": False, "batchFirst": True}], lambda: nn.MultiheadAttention(4, 1, bias=False, batch_first=True), [[2, 3, 4], [2, 5, 4], [2, 5, 4]], mha)
attention.add("MultiheadAttention", [6, 3, {"kdim": 5, "vdim": 4}], lambda: nn.MultiheadAttention(6, 3, kdim=5, vdim=4), [[3, 2, 6], [4, 2, 5], [4, 2, 4]], mha)
attention.add("MultiheadAttention", [4, 2, {"dropout": 0.3}], lambda: nn.MultiheadAttention(4, 2, dropout=0.3), [[3, 2, 4], [5, 2, 4], [5, 2, 4]], mha)
attention.add("MultiheadAttention", [4, 2], lambda: nn.MultiheadAttention(4, 2), [[3, 4], [5, 4], [5, 4]], mha)
attention.add("MultiheadAttention all heads", [4, 2], lambda: nn.MultiheadAttention(4, 2), [[3, 2, 4], [5, 2, 4], [5, 2, 4]], lambda m, *x: mha(m, *x, average_attn_weights=False))
attention.add("MultiheadAttention no weights", [4, 2], lambda: nn.MultiheadAttention(4, 2), [[3, 2, 4], [5, 2, 4], [5, 2, 4]], lambda m, *x: mha(m, *x, need_weights=False))
causal = torch.ones(3, 3, dtype=torch.bool).triu(1)
padding = torch.tensor([[False, False, False], [False, False, True]])
attention.add("MultiheadAttention masks", [4, 2], lambda: nn.MultiheadAttention(4, 2), [[3, 2, 4]] * 3, lambda m, *x: mha(m, *x, key_padding_mask=padding, attn_mask=causal))
attention.add("MultiheadAttention float mask", [4, 2], lambda: nn.MultiheadAttention(4, 2), [[3, 2, 4]] * 3, lambda m, *x: mha(m, *x, attn_mask=causal * -2.5))
for name, options, k in [("", {}, {}), ("", {"normFirst": True, "activation": "gelu", "batchFirst": True}, {"norm_first": True, "activation": "gelu", "batch_first": True}), ("", {"dropout": 0}, {"dropout": 0.0})]:
    attention.add("TransformerEncoderLayer", [4, 2, {"dimFeedforward": 6, **options}], lambda: nn.TransformerEncoderLayer(4, 2, 6, **k), [[3, 2, 4]])
attention.add("TransformerEncoderLayer masks", [4, 2, {"dimFeedforward": 6}], lambda: nn.TransformerEncoderLayer(4, 2, 6), [[3, 2, 4]], lambda m, x: m(x, src_mask=causal, src_key_padding_mask=padding))
attention.add("TransformerEncoder", [4, 2, {"dimFeedforward": 6, "dropout": 0}], lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, 0.0), 2, nn.LayerNorm(4)), [[3, 2, 4]])
attention.write("nn/__golden__/attention.json")

split = Layers()
wn, sn = nn.utils.weight_norm, nn.utils.spectral_norm
split.add("weightNorm Linear", [3, 2], lambda: wn(nn.Linear(3, 2)), [[4, 3]], steps=2)
split.add("weightNorm Conv2d", [2, 3, 3, {"axis": 1}], lambda: wn(nn.Conv2d(2, 3, 3), dim=1), [[1, 2, 4, 4]])
split.add("weightNorm Linear", [3, 2, {"axis": None}], lambda: wn(nn.Linear(3, 2), dim=None), [[4, 3]])
split.add("spectralNorm Linear", [4, 3], lambda: sn(nn.Linear(4, 3)), [[2, 4]], steps=3)
split.add("spectralNorm Conv2d", [2, 5, 3, {"iterations": 3}], lambda: sn(nn.Conv2d(2, 5, 3), n_power_iterations=3), [[1, 2, 4, 4]], steps=2)
split.add("spectralNorm ConvTranspose2d", [3, 2, 2], lambda: sn(nn.ConvTranspose2d(3, 2, 2)), [[1, 3, 2, 2]], steps=2)
split.write("nn/__golden__/reparametrize.json")
