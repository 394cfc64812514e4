"""One training step of each example in PyTorch, one thread: the same networks, losses, optimizers and batches as
example-steps.mjs. Reads {id, seconds} as JSON on stdin, prints the milliseconds of each step as JSON."""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)


def labels(*shape, count):
    return torch.arange(torch.Size(shape).numel()).reshape(shape).mul(7).remainder(count)


def learn(params, optimizer, loss_of, clip=None):
    params = list(params)

    def step():
        loss = loss_of()
        optimizer.zero_grad()
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(params, clip)
        optimizer.step()
        return loss.item()

    return step


def classify(net, shape, count, lr=1e-3):
    x, y = torch.rand(*shape), labels(shape[0], count=count)
    return learn(net.parameters(), torch.optim.Adam(net.parameters(), lr=lr), lambda: F.cross_entropy(net(x), y))


def segment(net, shape, lr):
    x, y = torch.rand(*shape), labels(shape[0], *shape[2:], count=11)
    return learn(net.parameters(), torch.optim.Adam(net.parameters(), lr=lr), lambda: F.cross_entropy(net(x), y))


def stack(*layers):
    return nn.Sequential(*layers)


def mnist_cnn():
    return stack(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Linear(1024, 10))


def cifar_keras_cnn():
    return stack(
        nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(),
        nn.Linear(64, 10))


def cifar_torch_net():
    net = stack(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout2d(0.25), nn.Flatten(), nn.Linear(16384, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 10),
        nn.LogSoftmax(1))
    x, y = torch.rand(64, 3, 32, 32), labels(64, count=10)
    return learn(net.parameters(), torch.optim.Adam(net.parameters(), lr=1e-3), lambda: F.nll_loss(net(x), y))


def video_conv3d():
    layers, channels = [], 1
    for width in (64, 128, 256):
        layers += [nn.Conv3d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool3d(2)]
        channels = width
    return stack(*layers, nn.Flatten(), nn.Linear(8192, 512), nn.ReLU(), nn.Linear(512, 8))


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.body = stack(
            nn.Conv2d(inside, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
            nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out))
        self.more = out - inside

    def forward(self, x):
        short = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more // 2)) if self.more else x
        return F.relu(self.body(x) + short)


def resnet20(count):
    blocks, inside = [], 16
    for width in (16, 32, 64):
        for i in range(3):
            blocks.append(Block(inside, width, 2 if i == 0 and width > 16 else 1))
            inside = width
    return stack(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(64, count))


def twice(inside, out):
    return stack(
        nn.Conv2d(inside, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
        nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, count, width):
        super().__init__()
        widths = [width * 2**i for i in range(5)]
        self.down = nn.ModuleList(twice(a, b) for a, b in zip([3] + widths, widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in widths[3::-1])
        self.join = nn.ModuleList(twice(2 * w, w) for w in widths[3::-1])
        self.head = nn.Conv2d(width, count, 1)

    def forward(self, x):
        levels = []
        for i, down in enumerate(self.down):
            x = down(x if i == 0 else F.max_pool2d(x, 2))
            levels.append(x)
        for up, join, across in zip(self.up, self.join, levels[3::-1]):
            x = join(torch.cat([across, up(x)], 1))
        return self.head(x)


def plain(inside, widths):
    layers = []
    for width in widths:
        layers += [nn.Conv2d(inside, width, 3, padding=1), nn.ReLU()]
        inside = width
    return stack(*layers)


class DrivingUNet(nn.Module):
    def __init__(self, count):
        super().__init__()
        stacks = [(64, 32), (64, 32), (128, 64, 32), (128, 64, 32), (256, 128, 64, 32), (128, 64, 32)]
        self.encoder = nn.ModuleList(plain(3 if i == 0 else 32, s) for i, s in enumerate(stacks))
        self.bottleneck = plain(32, (256, 128, 64, 32))
        self.decoder = nn.ModuleList(plain(64, (256, 128, 64, 32)) for _ in stacks)
        self.head = nn.Conv2d(32, count, 1)

    def forward(self, x):
        levels = []
        for encode in self.encoder:
            levels.append(encode(x))
            x = F.max_pool2d(levels[-1], 2)
        x = self.bottleneck(x)
        for decode in self.decoder:
            x = decode(torch.cat([F.interpolate(x, scale_factor=2), levels.pop()], 1))
        return self.head(x)


def char_rnn():
    embedding, lstm, head = nn.Embedding(65, 128), nn.LSTM(128, 128, 2), nn.Linear(128, 65)
    params = [p for m in (embedding, lstm, head) for p in m.parameters()]
    x, y = labels(50, 50, count=65), labels(2500, count=65)
    loss_of = lambda: F.cross_entropy(head(lstm(embedding(x))[0]).reshape(2500, -1), y)
    return learn(params, torch.optim.Adam(params, lr=2e-3), loss_of, clip=5)


def trajectory():
    encoder, decoder, head = nn.LSTM(4, 64, batch_first=True), nn.LSTM(2, 64, batch_first=True), nn.Linear(64, 2)
    params = [p for m in (encoder, decoder, head) for p in m.parameters()]
    history, future = torch.rand(64, 8, 2), torch.rand(64, 12, 2)

    def predict():
        seen = history.diff(dim=1)
        changes = seen.diff(dim=1) / 0.25
        _, state = encoder(torch.cat([seen[:, 1:] / 5, changes], 2))
        x, ahead = changes[:, -1:], []
        for _ in range(12):
            y, state = decoder(x, state)
            x = head(y)
            ahead.append(x)
        path = seen[:, -1:] + (torch.cat(ahead, 1) * 0.25).cumsum(1)
        return history[:, -1:] + path.cumsum(1)

    loss_of = lambda: ((predict() - future).square().sum(2) + 1e-6).sqrt().mean()
    return learn(params, torch.optim.Adam(params, lr=3e-3), loss_of, clip=1)


class GptBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.mlp = stack(nn.Linear(width, 4 * width, bias=False), nn.GELU(), nn.Linear(4 * width, width, bias=False))
        self.register_buffer("mask", torch.ones(64, 64).tril().logical_not())

    def forward(self, x):
        n, t, width = x.shape
        q, k, v = (a.reshape(n, t, self.heads, -1).transpose(1, 2) for a in self.attn(self.ln_1(x)).split(width, 2))
        scores = (q @ k.transpose(2, 3) * (width // self.heads) ** -0.5).masked_fill(self.mask, float("-inf"))
        x = x + self.proj((scores.softmax(3) @ v).transpose(1, 2).reshape(n, t, width))
        return x + self.mlp(self.ln_2(x))


def mini_gpt():
    tokens, places = nn.Embedding(65, 128), nn.Embedding(64, 128)
    body = stack(*(GptBlock(128, 4) for _ in range(4)), nn.LayerNorm(128))
    params = [p for m in (tokens, places, body) for p in m.parameters()]
    x, y = labels(12, 64, count=65), labels(12 * 64, count=65)

    def loss_of():
        h = body(tokens(x) + places(torch.arange(64)))
        return F.cross_entropy((h @ tokens.weight.T).reshape(12 * 64, -1), y)

    return learn(params, torch.optim.AdamW(params, lr=1e-3, betas=(0.9, 0.99)), loss_of, clip=1)


def adversarial(g, d, z_shape, real, lr, betas=(0.9, 0.999)):
    optimizers = [torch.optim.Adam(net.parameters(), lr=lr, betas=betas) for net in (d, g)]
    one, none = torch.ones(len(real), 1), torch.zeros(len(real), 1)
    score = lambda x: d(x).reshape(-1, 1)

    def step():
        fake = g(torch.randn(len(real), *z_shape))
        loss = F.binary_cross_entropy(score(real), one) + F.binary_cross_entropy(score(fake.detach()), none)
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        lie = F.binary_cross_entropy(score(fake), one)
        optimizers[1].zero_grad()
        lie.backward()
        optimizers[1].step()
        return loss.item() + lie.item()

    return step


def digits(batch, size):
    return torch.rand(batch, 1, size, size) * 2 - 1


def mlp_gan():
    g = stack(nn.Linear(100, 256), nn.LeakyReLU(0.2), nn.Linear(256, 512), nn.LeakyReLU(0.2), nn.Linear(512, 784),
              nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    d = stack(nn.Flatten(), nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2),
              nn.Linear(256, 1), nn.Sigmoid())
    return adversarial(g, d, (100,), digits(64, 28), 2e-4)


def dcgan():
    up = lambda a, b, stride, padding: nn.ConvTranspose2d(a, b, 4, stride, padding, bias=False)
    g = stack(up(100, 256, 1, 0), nn.BatchNorm2d(256), nn.ReLU(), up(256, 128, 2, 1), nn.BatchNorm2d(128), nn.ReLU(),
              up(128, 64, 2, 1), nn.BatchNorm2d(64), nn.ReLU(), up(64, 1, 2, 1), nn.Tanh())
    d = stack(nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128),
              nn.LeakyReLU(0.2), nn.Conv2d(128, 256, 4, 2, 1), nn.BatchNorm2d(256), nn.LeakyReLU(0.2),
              nn.Conv2d(256, 1, 4), nn.Sigmoid())
    return adversarial(g, d, (100, 1, 1), digits(64, 32), 2e-4, (0.5, 0.999))


def keras_mnist_gan():
    up = lambda a, b, stride: nn.ConvTranspose2d(a, b, 5, stride, 2, output_padding=stride - 1)
    g = stack(nn.Linear(100, 6272), nn.ReLU(), nn.Unflatten(1, (128, 7, 7)), up(128, 128, 1), nn.LeakyReLU(0.01),
              up(128, 128, 2), nn.LeakyReLU(0.01), up(128, 1, 2), nn.Tanh())
    d = stack(nn.Conv2d(1, 128, 5, 2, 2), nn.LeakyReLU(0.01), nn.Dropout(0.3), nn.Conv2d(128, 128, 5, 2, 2),
              nn.LeakyReLU(0.01), nn.Dropout(0.3), nn.Flatten(), nn.Linear(6272, 1), nn.Sigmoid())
    return adversarial(g, d, (100,), digits(64, 28), 1e-4)


def wgan_gp():
    net = lambda out: stack(*(l for a in (2, 128, 128) for l in (nn.Linear(a, 128), nn.ReLU())), nn.Linear(128, out))
    g, d = net(2), net(1)
    optimizers = [torch.optim.Adam(m.parameters(), lr=1e-4, betas=(0, 0.9)) for m in (d, g)]
    real, turn = torch.rand(128, 2), [0]

    def step():
        turn[0] += 1
        fake = g(torch.randn(128, 2)).detach()
        part = torch.rand(128, 1)
        between = (part * real + (1 - part) * fake).requires_grad_()
        slope = torch.autograd.grad(d(between).sum(), between, create_graph=True)[0].norm(2, 1)
        loss = d(fake).mean() - d(real).mean() + 0.1 * ((slope - 1) ** 2).mean()
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        if turn[0] % 5 == 0:
            optimizers[1].zero_grad()
            (-d(g(torch.randn(128, 2))).mean()).backward()
            optimizers[1].step()
        return loss.item()

    return step


steps = {
    "mnist-cnn": lambda: classify(mnist_cnn(), (64, 1, 28, 28), 10),
    "cifar-keras-cnn": lambda: classify(cifar_keras_cnn(), (32, 3, 32, 32), 10),
    "cifar-torch-net": cifar_torch_net,
    "video-conv3d": lambda: classify(video_conv3d(), (8, 1, 16, 32, 32), 8),
    "transfer": lambda: classify(resnet20(6), (25, 3, 32, 32), 6),
    "unet-camvid": lambda: segment(UNet(11, 16), (8, 3, 176, 240), 3e-3),
    "driving-unet": lambda: segment(DrivingUNet(11), (4, 3, 64, 128), 1e-3),
    "char-rnn": char_rnn,
    "mini-gpt": mini_gpt,
    "trajectory": trajectory,
    "mlp-gan": mlp_gan,
    "dcgan": dcgan,
    "keras-mnist-gan": keras_mnist_gan,
    "wgan-gp": wgan_gp,
}

request = json.load(sys.stdin)
step = steps[request["id"]]()
for _ in range(3):
    step()
times, end = [], time.perf_counter() + request["seconds"]
while time.perf_counter() < end or len(times) < 3:
    start = time.perf_counter()
    for _ in range(request["group"]):
        step()
    times.append((time.perf_counter() - start) * 1e3 / request["group"])
print(json.dumps(times))
