"""The equations of Keras, ONNX and TensorFlow's BasicLSTMCell on weights in their own layouts: outputs of two layers.

Formulas: Keras' LSTMCell and GRUCell, ONNX's LSTM and GRU, each GRU in both of its forms, BasicLSTMCell.
Weights are U(-0.8, 0.8) draws in the order in which the test draws them.
"""
import numpy as np
import torch

from rnn_common import numbers, write

T, IN, H = 4, 3, 5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def draw(*shape):
    return torch.empty(shape).uniform_(-0.8, 0.8).numpy().astype(np.float64)


def run(step, x, states, reverse=False):
    ys = [None] * len(x)
    for t in range(len(x)) if not reverse else reversed(range(len(x))):
        states = step(x[t], *states)
        ys[t] = states[0]
    return np.stack(ys)


def keras_lstm(w, r, b):
    def step(x, h, c):
        i, f, g, o = np.split(x @ w + h @ r + b, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    return step


def keras_gru(w, r, b):
    def step(x, h):
        xz, xr, xh = np.split(x @ w + b[0], 3)
        hz, hr, hh = np.split(h @ r + b[1], 3)
        z = sigmoid(xz + hz)
        return (z * h + (1 - z) * np.tanh(xh + sigmoid(xr + hr) * hh),)
    return step


def keras_gru_before(w, r, b):
    """reset_after=False."""
    rz, rr, rh = np.split(r, 3, 1)

    def step(x, h):
        xz, xr, xh = np.split(x @ w + b, 3)
        z = sigmoid(xz + h @ rz)
        return (z * h + (1 - z) * np.tanh(xh + (sigmoid(xr + h @ rr) * h) @ rh),)
    return step


def keras_rnn(w, r, b):
    return lambda x, h: (np.tanh(x @ w + h @ r + b),)


def onnx_lstm(w, r, b):
    def step(x, h, c):
        i, o, f, g = np.split(w @ x + r @ h + b[: 4 * H] + b[4 * H :], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    return step


def onnx_gru(w, r, b):
    def step(x, h):
        xz, xr, xh = np.split(w @ x + b[: 3 * H], 3)
        hz, hr, hh = np.split(r @ h + b[3 * H :], 3)
        z = sigmoid(xz + hz)
        return ((1 - z) * np.tanh(xh + sigmoid(xr + hr) * hh) + z * h,)
    return step


def onnx_gru_before(w, r, b):
    """linear_before_reset=0."""
    (rz, rr, rh), (bz, br, bh) = np.split(r, 3), np.split(b[3 * H :], 3)

    def step(x, h):
        xz, xr, xh = np.split(w @ x + b[: 3 * H], 3)
        z = sigmoid(xz + rz @ h + bz)
        return ((1 - z) * np.tanh(xh + rh @ (sigmoid(xr + rr @ h + br) * h) + bh) + z * h,)
    return step


def basic_lstm(w, b):
    def step(x, h, c):
        i, j, f, o = np.split(np.concatenate([x, h]) @ w + b, 4)
        c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
        return np.tanh(c) * sigmoid(o), c
    return step


def zeros(count):
    return [np.zeros(H)] * count


def case(name, y):
    return {"name": name, "y": numbers(torch.from_numpy(y))}


def start(seed):
    torch.manual_seed(seed)
    return draw(T, IN)


cases = []
for name, cell, gates, states, bias in [("keras LSTM", keras_lstm, 4, 2, (4 * H,)), ("keras GRU", keras_gru, 3, 1, (2, 3 * H)), ("keras RNN", keras_rnn, 1, 1, (H,))]:
    y = start(len(cases))
    for size in (IN, H):
        y = run(cell(draw(size, gates * H), draw(H, gates * H), draw(*bias)), y, zeros(states))
    cases.append(case(name, y))
y = start(len(cases))
both = []
for reverse in (False, True):
    both.append(run(keras_lstm(draw(IN, 4 * H), draw(H, 4 * H), draw(4 * H)), y, zeros(2), reverse))
cases.append(case("keras bidirectional LSTM", np.concatenate(both, 1)))
for name, cell, gates, states in [("onnx LSTM", onnx_lstm, 4, 2), ("onnx GRU", onnx_gru, 3, 1)]:
    y = start(len(cases))
    W, R, B = draw(2, gates * H, IN), draw(2, gates * H, H), draw(2, 2 * gates * H)
    y = np.concatenate([run(cell(W[d], R[d], B[d]), y, zeros(states), d == 1) for d in (0, 1)], 1)
    cases.append(case(name, y))
y = start(len(cases))
for size in (IN, H):
    y = run(basic_lstm(draw(size + H, 4 * H), draw(4 * H)), y, zeros(2))
cases.append(case("tensorFlow LSTM", y))
y = start(len(cases))
for size in (IN, H):
    y = run(keras_gru_before(draw(size, 3 * H), draw(H, 3 * H), draw(3 * H)), y, zeros(1))
cases.append(case("keras GRU, reset_after false", y))
y = start(len(cases))
W, R, B = draw(2, 3 * H, IN), draw(2, 3 * H, H), draw(2, 6 * H)
y = np.concatenate([run(onnx_gru_before(W[d], R[d], B[d]), y, zeros(1), d == 1) for d in (0, 1)], 1)
cases.append(case("onnx GRU, linear_before_reset 0", y))
write("weights/__golden__/dialects.json", cases)
