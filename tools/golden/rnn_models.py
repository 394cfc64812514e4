"""Models of packages/rnn in PyTorch: seeded weights, outputs, gradients, and outputs after one step of SGD."""
import torch
from torch import nn

from rnn_common import numbers, write

CELLS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}


def tokens(count, rows, columns, step):
    return torch.tensor([(step * i + 3) % count for i in range(rows * columns)]).reshape(rows, columns)


def record(parameters, forward, loss_of):
    """Output and gradients, then the output after a step of SGD with rate 0.5."""
    y = forward()
    loss = loss_of(y)
    loss.backward()
    grads = {name: numbers(p.grad) for name, p in parameters.items()}
    torch.optim.SGD(parameters.values(), lr=0.5).step()
    return {"y": numbers(y), "loss": float(loss), "grads": grads, "after": numbers(forward())}


def named(modules):
    return {f"{prefix}.{name}": p for prefix, m in modules.items() for name, p in m.named_parameters()}


def sequence_models():
    cases = []
    for cell in CELLS:
        torch.manual_seed(len(cases))
        embedding = nn.Embedding(11, 6)
        rnn = CELLS[cell](6, 8, num_layers=2)
        decoder = nn.Linear(8, 11)
        x = tokens(11, 5, 3, 7)
        case = record(named({"embedding": embedding, "rnn": rnn, "decoder": decoder}), lambda: decoder(rnn(embedding(x))[0]), lambda y: nn.functional.cross_entropy(y.reshape(-1, 11), x.reshape(-1)))
        cases.append({"cell": cell, **case})
    torch.manual_seed(9)
    lstm = nn.LSTM(4, 5, batch_first=True)
    decoder = nn.Linear(5, 2)
    x = torch.empty(3, 6, 4).uniform_(-1, 1)
    lengths = [6, 2, 4]

    def ragged():
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
        return decoder(y)

    cases.append({"cell": "lengths", "x": numbers(x), **record(named({"rnn": lstm, "decoder": decoder}), ragged, lambda y: (y * y).mean())})
    write("sequence-model/__golden__/models.json", cases)


def encoder_decoder():
    torch.manual_seed(0)
    source, target = nn.Embedding(9, 6), nn.Embedding(7, 6)
    encoder, decoder, head = nn.GRU(6, 6), nn.GRU(6, 6), nn.Linear(6, 7)
    x, inputs = tokens(9, 4, 2, 5), tokens(7, 3, 2, 4)
    parts = {"source_embedding": source, "target_embedding": target, "encoder": encoder, "decoder": decoder, "head": head}

    def forward():
        _, h = encoder(source(x))
        return head(decoder(target(inputs), h)[0])

    write("seq2seq/__golden__/encoder-decoder.json", record(named(parts), forward, lambda y: nn.functional.cross_entropy(y.reshape(-1, 7), inputs.reshape(-1))))


def trajectory():
    torch.manual_seed(0)
    encoder, decoder, head = nn.LSTM(4, 6), nn.LSTM(2, 6), nn.Linear(6, 2)
    history = torch.empty(3, 5, 2).uniform_(-2, 2).cumsum(1)
    step_unit, change_unit = 2, 0.5

    def forward():
        last = history[:, -1:]
        way = last - history[:, :1]
        d = way / way.norm(dim=2, keepdim=True)
        turn = torch.stack([torch.cat([d[..., :1], d[..., 1:]], 2), torch.cat([-d[..., 1:], d[..., :1]], 2)], 2)[:, 0]
        seen = (history[:, 1:] - history[:, :-1]) @ turn.transpose(1, 2)
        changes = (seen[:, 1:] - seen[:, :-1]) / change_unit
        _, states = encoder(torch.cat([seen[:, 1:] / step_unit, changes], 2).transpose(0, 1))
        step, change, path = seen[:, -1:], changes[:, -1:], []
        for _ in range(4):
            y, states = decoder(change.transpose(0, 1), states)
            change = head(y).transpose(0, 1)
            step = step + change * change_unit
            path.append(step)
        return last + (torch.cat(path, 1) @ turn).cumsum(1)

    parts = {"net.encoder": encoder, "net.decoder": decoder, "net.head": head}
    write("trajectory/__golden__/trajectory.json", {"history": numbers(history), **record(named(parts), forward, lambda y: (y * y).mean() / 50)})


sequence_models()
encoder_decoder()
trajectory()
