"""PyTorch's numbers for packages/gan: forward passes, one SGD step (so gradients), losses under Adam, samples.
    gan_families.py                       writes families.json, losses.json
    gan_families.py curve MNIST_FOLDER    writes dcgan-curve.json
    gan_families.py keras MNIST_FOLDER N  prints how the Keras GAN, without batch norms, fares in N batches of digits
"""
import gzip
import json
import os
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packages/gan/src/__golden__")
bce = nn.BCELoss()


def number(x):
    return float(np.format_float_scientific(np.float32(x), precision=7))


def digest(t):
    """Sum, sum of magnitudes, and eight elements spread over the tensor."""
    t = t.detach().double().reshape(-1)
    at = [(i * (len(t) - 1)) // 7 for i in range(8)]
    return [number(t.sum()), number(t.abs().sum())] + [number(t[i]) for i in at]


def dcgan_weights(model):
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(m.weight, 0, 0.02)
        if isinstance(m, nn.BatchNorm2d):
            nn.init.normal_(m.weight, 1, 0.02)
            nn.init.zeros_(m.bias)
    return model


def keras_weights(model):
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.xavier_uniform_(m.weight)
            nn.init.zeros_(m.bias)
    return model


class Crop(nn.Module):
    def forward(self, x):
        return x[:, :, :-1, :-1]


def up(inputs, channels, size, w):
    k = 3 if size == 28 else 4
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, 4 * w, 4, 1, 0, bias=False), nn.BatchNorm2d(4 * w), nn.ReLU(),
        nn.ConvTranspose2d(4 * w, 2 * w, k, 2, 1, bias=False), nn.BatchNorm2d(2 * w), nn.ReLU(),
        nn.ConvTranspose2d(2 * w, w, 4, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),
        nn.ConvTranspose2d(w, channels, 4, 2, 1, bias=False), nn.Tanh())


def down(inputs, size, w, norm=True):
    k = 3 if size == 28 else 4
    layers = [nn.Conv2d(inputs, w, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(w, 2 * w, 4, 2, 1)]
    layers += [nn.BatchNorm2d(2 * w)] * norm + [nn.LeakyReLU(0.2), nn.Conv2d(2 * w, 4 * w, k, 2, 1)]
    return layers + [nn.BatchNorm2d(4 * w)] * norm + [nn.LeakyReLU(0.2)]


class Gan(nn.Module):
    """Two networks; `condition` gives both the class."""

    def __init__(self, generator, discriminator, latent, sample, adam, minimax=False):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.latent, self.shape, self.adam, self.minimax = latent, sample, adam, minimax

    def players(self):
        return {"discriminator": self.discriminator, "generator": self.generator}

    def condition(self, x, labels):
        return x

    def generate(self, z, labels):
        return self.generator(self.condition(z, labels))

    def score(self, x, labels):
        return self.discriminator(self.condition(x, labels))

    def learn(self, real, labels, step, optimizers):
        fake = self.generate(torch.randn(len(real), *self.latent), labels)
        a, b = self.score(real, labels), self.score(fake.detach(), labels)
        loss_d = bce(a, torch.ones_like(a)) + bce(b, torch.zeros_like(b))
        turn(optimizers["discriminator"], loss_d)
        c = self.score(fake, labels)
        loss_g = -bce(c, torch.zeros_like(c)) if self.minimax else bce(c, torch.ones_like(c))
        turn(optimizers["generator"], loss_g)
        return {"discriminator": loss_d.item(), "generator": loss_g.item()}


def turn(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


class ConditionalGan(Gan):
    def condition(self, x, labels):
        planes = F.one_hot(labels, 10).float().reshape(-1, 10, 1, 1).expand(-1, -1, *x.shape[2:])
        return torch.cat([x, planes], 1)


class WganGp(Gan):
    weight, n_critic = 10, 5

    def learn(self, real, labels, step, optimizers):
        d = self.discriminator
        with torch.no_grad():
            fake = self.generator(torch.randn(len(real), *self.latent))
        share = torch.rand(len(real), *[1] * (real.dim() - 1))
        between = (share * real + (1 - share) * fake).requires_grad_()
        distance = d(fake).mean() - d(real).mean()
        slope, = torch.autograd.grad(d(between).sum(), between, create_graph=True)
        loss_d = distance + self.weight * ((slope.flatten(1).norm(2, 1) - 1) ** 2).mean()
        turn(optimizers["discriminator"], loss_d)
        if step % self.n_critic:
            return {"discriminator": loss_d.item()}
        loss_g = -d(self.generator(torch.randn(len(real), *self.latent))).mean()
        turn(optimizers["generator"], loss_g)
        return {"discriminator": loss_d.item(), "generator": loss_g.item()}


class Features(nn.Module):
    def __init__(self, body, head):
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x):
        return self.head(self.body(x))


class VaeGan(nn.Module):
    gamma = 1e-3

    def __init__(self, w, latent):
        super().__init__()
        self.encoder = dcgan_weights(nn.Sequential(*down(1, 28, w), nn.Flatten(), nn.Linear(64 * w, 2 * latent)))
        self.generator = dcgan_weights(up(latent, 1, 28, w))
        body = nn.Sequential(*down(1, 28, w))
        self.discriminator = dcgan_weights(Features(body, nn.Sequential(nn.Conv2d(4 * w, 1, 4), nn.Flatten(), nn.Sigmoid())))
        self.latent, self.shape, self.adam = [latent, 1, 1], [1, 28, 28], dict(lr=2e-4, betas=(0.5, 0.999))

    def players(self):
        return {"encoder": self.encoder, "generator": self.generator, "discriminator": self.discriminator}

    def generate(self, z, labels):
        return self.generator(z)

    def learn(self, real, labels, step, optimizers):
        mean, log_variance = self.encoder(real).chunk(2, 1)
        z = mean + (log_variance / 2).exp() * torch.randn(mean.shape)
        images = [real, self.generator(z[:, :, None, None]), self.generator(torch.randn(len(real), *self.latent))]
        features = [self.discriminator.body(x) for x in images]
        score, *fakes = [self.discriminator.head(f) for f in features]
        fake = torch.cat(fakes)
        prior = (mean ** 2 + log_variance.exp() - 1 - log_variance).sum() / 2 / len(real)
        likeness = ((features[0] - features[1]) ** 2).sum() / 2 / len(real)
        losses = {
            "encoder": prior + likeness,
            "generator": self.gamma * likeness + bce(fake, torch.ones_like(fake)),
            "discriminator": bce(score, torch.ones_like(score)) + bce(fake, torch.zeros_like(fake)),
        }
        grads = {n: torch.autograd.grad(l, list(self.players()[n].parameters()), retain_graph=True) for n, l in losses.items()}
        for name, optimizer in optimizers.items():
            for p, g in zip(self.players()[name].parameters(), grads[name]):
                p.grad = g
            optimizer.step()
        return {n: l.item() for n, l in losses.items()}


def mlp():
    g = nn.Sequential(nn.Linear(100, 256), nn.LeakyReLU(0.2), nn.Linear(256, 512), nn.LeakyReLU(0.2), nn.Linear(512, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    d = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1), nn.Sigmoid())
    return Gan(g, d, [100], [1, 28, 28], dict(lr=2e-4))


def dcgan(channels, size, w, minimax=False):
    g = dcgan_weights(up(100, channels, size, w))
    d = dcgan_weights(nn.Sequential(*down(channels, size, w), nn.Conv2d(4 * w, 1, 4), nn.Flatten(), nn.Sigmoid()))
    return Gan(g, d, [100, 1, 1], [channels, size, size], dict(lr=2e-4, betas=(0.5, 0.999)), minimax)


def keras(norm=False):
    maps = lambda: [nn.BatchNorm2d(128, 1e-3, 0.01)] if norm else []
    dense = [nn.BatchNorm1d(6272, 1e-3, 0.01)] if norm else []
    g = keras_weights(nn.Sequential(
        nn.Linear(100, 6272), *dense, nn.ReLU(), nn.Unflatten(1, (128, 7, 7)),
        nn.ConvTranspose2d(128, 128, 5, padding=2), *maps(), nn.LeakyReLU(0.01),
        nn.ConvTranspose2d(128, 128, 5, 2, 1), Crop(), *maps(), nn.LeakyReLU(0.01),
        nn.ConvTranspose2d(128, 1, 5, 2, 1), Crop(), nn.Tanh()))
    half = lambda a, b: [nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(a, b, 5, 2), nn.LeakyReLU(0.01), nn.Dropout(0.3)]
    d = keras_weights(nn.Sequential(*half(1, 128), *half(128, 128), nn.Flatten(), nn.Linear(6272, 1), nn.Sigmoid()))
    return Gan(g, d, [100], [1, 28, 28], dict(lr=1e-4, eps=1e-7))


def cgan(w):
    g = dcgan_weights(up(110, 1, 28, w))
    d = dcgan_weights(nn.Sequential(*down(11, 28, w), nn.Conv2d(4 * w, 1, 4), nn.Flatten(), nn.Sigmoid()))
    return ConditionalGan(g, d, [100, 1, 1], [1, 28, 28], dict(lr=2e-4, betas=(0.5, 0.999)))


def wgan(w):
    g = dcgan_weights(up(100, 1, 28, w))
    d = dcgan_weights(nn.Sequential(*down(1, 28, w, False), nn.Conv2d(4 * w, 1, 4), nn.Flatten()))
    return WganGp(g, d, [100, 1, 1], [1, 28, 28], dict(lr=1e-4, betas=(0, 0.9)))


def he_weights(net):
    for m in net.modules():
        if isinstance(m, nn.Linear):
            nn.init.kaiming_uniform_(m.weight, nonlinearity="relu")
    return net


def points(h):
    net = lambda a, b: he_weights(nn.Sequential(nn.Linear(a, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, b)))
    g = net(2, 2)
    return WganGp(g, net(2, 1), [2], [2], dict(lr=1e-4, betas=(0.5, 0.9)))


FAMILIES = {
    "mlpGan": mlp,
    "dcgan 28": lambda: dcgan(1, 28, 4),
    "dcgan 32": lambda: dcgan(3, 32, 4),
    "dcgan minimax": lambda: dcgan(1, 28, 4, True),
    "kerasMnistGan": keras,
    "cgan": lambda: cgan(4),
    "vaeGan": lambda: VaeGan(4, 8),
    "wganGp": lambda: wgan(4),
    "pointsWganGp": lambda: points(16),
    "kerasMnistGan with batch norms": lambda: keras(True),
}
BATCH = 6


def start(seed, build):
    torch.manual_seed(seed)
    model = build()
    real = torch.empty(BATCH, *model.shape).uniform_(-1, 1)
    return model, real, torch.randint(0, 10, (BATCH,))


def families():
    cases = []
    for seed, (name, build) in enumerate(FAMILIES.items()):
        model, real, labels = start(seed, build)
        case = {"name": name, "seed": seed, "parameters": {n: sum(p.numel() for p in m.parameters()) for n, m in model.players().items()}}
        case["initial"] = {n: digest(t) for n, t in model.state_dict().items() if t.is_floating_point()}
        optimizers = {n: torch.optim.SGD(m.parameters(), lr=0.05) for n, m in model.players().items()}
        model.n_critic = 1
        losses = model.learn(real, labels, 1, optimizers)
        case["losses"] = {n: number(l) for n, l in losses.items()}
        case["after"] = {n: digest(t) for n, t in model.state_dict().items() if t.is_floating_point()}
        model.eval()
        torch.manual_seed(7)
        with torch.no_grad():
            case["samples"] = digest(model.generate(torch.randn(3, *model.latent), torch.tensor([3, 1, 4])))
        cases.append(case)
    return cases


def adam_losses():
    cases = []
    for seed, (name, build) in enumerate(FAMILIES.items()):
        model, real, labels = start(100 + seed, build)
        optimizers = {n: torch.optim.Adam(m.parameters(), **model.adam) for n, m in model.players().items()}
        steps = [model.learn(real, labels, step + 1, optimizers) for step in range(6)]
        cases.append({"name": name, "seed": 100 + seed, "steps": [{n: number(l) for n, l in s.items()} for s in steps]})
    return cases


def curve(folder, double):
    """DCGAN of 32 pixels on the first digits of MNIST with a black border, 16 at a time; draws are of f32 either way."""
    with gzip.open(os.path.join(folder, "train-images-idx3-ubyte.gz")) as file:
        images = np.frombuffer(file.read(16 + 320 * 784), np.uint8, offset=16).reshape(320, 1, 28, 28)
    images = F.pad((torch.from_numpy(images.copy()).float() / 255 - 0.5) / 0.5, (2, 2, 2, 2), value=-1)
    torch.manual_seed(0)
    model = dcgan(1, 32, 64)
    draw = torch.randn
    if double:
        images = images.double()
        torch.randn = lambda *shape: draw(*shape).double()
        for player in model.players().values():
            player.double()
    optimizers = {n: torch.optim.Adam(m.parameters(), **model.adam) for n, m in model.players().items()}
    steps = [model.learn(x, None, i + 1, optimizers) for i, x in enumerate(images.split(16))]
    torch.randn = draw
    return [{n: number(l) for n, l in s.items()} for s in steps]


def curves(folder):
    """The curve in f64, and how far f32 parts from it with MKL-DNN's convolutions and with PyTorch's own."""
    exact = curve(folder, True)
    for enabled in (True, False):
        with torch.backends.mkldnn.flags(enabled=enabled):
            single = curve(folder, False)
        print("f32 parts by", max(abs(a[n] - b[n]) for a, b in zip(single, exact) for n in a))
    return exact


def keras_run(folder, steps, **adam):
    """What the Keras GAN draws while it learns digits in batches of 64: losses, mean and spread of its pixels."""
    with gzip.open(os.path.join(folder, "train-images-idx3-ubyte.gz")) as file:
        images = np.frombuffer(file.read(16 + 12800 * 784), np.uint8, offset=16).reshape(12800, 1, 28, 28)
    images = (torch.from_numpy(images.copy()).float() / 255 - 0.5) / 0.5
    torch.manual_seed(0)
    model = keras()
    players = model.players()
    optimizers = {n: torch.optim.Adam(m.parameters(), **{**model.adam, **adam}) for n, m in players.items()}
    for step in range(1, steps + 1):
        losses = model.learn(images[torch.randint(len(images), (64,))], None, step, optimizers)
        if step % 25 == 0:
            with torch.no_grad():
                drawn = model.generate(torch.randn(64, 100), None)
            print(step, {n: number(l) for n, l in losses.items()}, f"mean {drawn.mean():.3f} spread {drawn.std():.3f}", flush=True)


def write(name, value):
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, name), "w") as file:
        json.dump(value, file, separators=(",", ":"))
        file.write("\n")
    print(name, os.path.getsize(os.path.join(OUT, name)))


if sys.argv[1:2] == ["keras"]:
    keras_run(sys.argv[2], int(sys.argv[3]))
elif sys.argv[1:2] == ["curve"]:
    write("dcgan-curve.json", curves(sys.argv[2]))
else:
    write("families.json", families())
    write("losses.json", adam_losses())
