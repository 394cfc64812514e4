"""One training step of each example in PyTorch, one thread: the same networks, losses, optimizers and batches as
example-steps.mjs. Reads {id, seconds, group, clock} as JSON on stdin, prints the milliseconds of each step as JSON."""
import json
import os
import sys
import time

# torch.set_num_threads does not reach OpenBLAS, which reads this when torch first loads it.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

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


def down(inside, width, kernel, norm=True):
    """DCGAN's layers from images to [N, 4 width, 4, 4]; `kernel` is that of the last, 3 from 7x7 and 4 from 8x8."""
    return (
        nn.Conv2d(inside, width, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, 2 * width, 4, 2, 1),
        nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2), nn.Conv2d(2 * width, 4 * width, kernel, 2, 1),
        nn.BatchNorm2d(4 * width), nn.LeakyReLU(0.2))


def paint(inside, width, channels, kernel):
    """DCGAN's generator."""
    up = lambda a, b, k, stride, padding: nn.ConvTranspose2d(a, b, k, stride, padding, bias=False)
    return stack(
        up(inside, 4 * width, 4, 1, 0), nn.BatchNorm2d(4 * width), nn.ReLU(),
        up(4 * width, 2 * width, kernel, 2, 1), nn.BatchNorm2d(2 * width), nn.ReLU(),
        up(2 * width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU(), up(width, channels, 4, 2, 1), nn.Tanh())


def cgan():
    width, batch = 16, 32
    g = paint(110, width, 1, 3)
    d = stack(*down(11, width, 3), nn.Conv2d(4 * width, 1, 4), nn.Flatten(), nn.Sigmoid())
    optimizers = [
        torch.optim.Adam(net.parameters(), lr=lr, betas=(0.5, 0.999)) for net, lr in ((d, 4e-4), (g, 1e-3))]
    real, one, none = digits(batch, 28), torch.ones(batch, 1), torch.zeros(batch, 1)
    rows = F.one_hot(labels(batch, count=10), 10).float()[:, :, None, None]
    told = lambda x: torch.cat([x, rows.expand(-1, -1, *x.shape[2:])], 1)

    def step():
        fake = g(told(torch.randn(batch, 100, 1, 1)))
        loss = F.binary_cross_entropy(d(told(real)), one) + F.binary_cross_entropy(d(told(fake.detach())), none)
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        lie = F.binary_cross_entropy(d(told(fake)), one)
        optimizers[1].zero_grad()
        lie.backward()
        optimizers[1].step()
        return loss.item() + lie.item()

    return step


def vae_gan():
    width, latent, batch = 32, 64, 64
    encoder = stack(*down(1, width, 3), nn.Flatten(), nn.Linear(64 * width, 2 * latent))
    decoder = paint(latent, width, 1, 3)
    body, head = stack(*down(1, width, 3)), stack(nn.Conv2d(4 * width, 1, 4), nn.Flatten(), nn.Sigmoid())
    judge = nn.ModuleList([body, head])
    players = [list(net.parameters()) for net in (encoder, decoder, judge)]
    optimizers = [torch.optim.Adam(params, lr=2e-4, betas=(0.5, 0.999)) for params in players]
    real, ones, zeros = digits(batch, 28), torch.ones(batch, 1), torch.zeros(2 * batch, 1)

    def step():
        mean, log_variance = encoder(real).chunk(2, 1)
        z = mean + (log_variance / 2).exp() * torch.randn(batch, latent)
        pictures = [real, decoder(z[:, :, None, None]), decoder(torch.randn(batch, latent, 1, 1))]
        features = [body(x) for x in pictures]
        scores = [head(f) for f in features]
        fake = torch.cat(scores[1:])
        likeness = (features[0] - features[1]).square().sum() / 2 / batch
        prior = (mean.square() + log_variance.exp() - 1 - log_variance).sum() / 2 / batch
        losses = [
            prior + likeness,
            1e-3 * likeness + F.binary_cross_entropy(fake, torch.ones_like(fake)),
            F.binary_cross_entropy(scores[0], ones) + F.binary_cross_entropy(fake, zeros)]
        gradients = [
            torch.autograd.grad(loss, params, retain_graph=i < 2) for i, (loss, params) in enumerate(zip(losses, players))]
        for optimizer, params, own in zip(optimizers, players, gradients):
            for p, g in zip(params, own):
                p.grad = g
            optimizer.step()
        return losses[0].item()

    return step


def faster_rcnn():
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tools/golden"))
    from cnn_faster_rcnn import Narrow
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.backbone_utils import BackboneWithFPN
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
    from torchvision.ops import MultiScaleRoIAlign

    width, channels, size = 16, 32, 128
    names = {f"layer{k + 1}": str(k) for k in range(4)}
    backbone = BackboneWithFPN(Narrow(width), names, [width * 2**k for k in range(4)], channels)
    model = FasterRCNN(
        backbone, None, min_size=96, max_size=128,
        rpn_anchor_generator=AnchorGenerator(((12,), (20,), (32,), (48,), (72,)), ((0.5, 1.0, 2.0),) * 5),
        rpn_pre_nms_top_n_train=200, rpn_post_nms_top_n_train=150, rpn_batch_size_per_image=64,
        box_batch_size_per_image=48, box_roi_pool=MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2, canonical_scale=96),
        box_head=TwoMLPHead(channels * 49, size), box_predictor=FastRCNNPredictor(size, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    pictures = [torch.rand(3, 96, 128) for _ in range(8)]
    boxes = torch.tensor([[10.0, 40, 50, 66], [70, 30, 82, 64], [90, 50, 104, 90]])
    targets = [{"boxes": boxes, "labels": torch.tensor([1, 3, 4])}] * 8
    return learn(model.parameters(), optimizer, lambda: sum(model(pictures, targets).values()))


def dkt():
    skills, rows, steps = 110, 32, 199
    embedding, lstm, head = nn.Embedding(2 * skills, 64), nn.LSTM(64, 64, batch_first=True), nn.Linear(64, skills)
    params = [p for m in (embedding, lstm, head) for p in m.parameters()]
    i = torch.arange(rows * (steps + 1)).reshape(rows, steps + 1)
    skill, right = i * 7 % skills, (i % 3 > 0).long()
    code, after = (skill + skills * right)[:, :-1], skill[:, 1:, None]
    target = right[:, 1:].float()

    def loss_of():
        logits = head(lstm(embedding(code))[0]).gather(2, after).squeeze(2)
        return F.binary_cross_entropy_with_logits(logits, target)

    return learn(params, torch.optim.Adam(params, lr=5e-3), loss_of)


def biased_mf():
    """Stochastic descent, one rating after the other: 1,000 of them, as in example-steps.mjs. No minibatch would be the
    same algorithm; each rating is a step of autograd and of sparse SGD, whose penalty is the weight of the rows met."""
    users, items = (nn.Embedding(n, 64, sparse=True) for n in (943, 1682))
    user_bias, item_bias = (nn.Embedding(n, 1, sparse=True) for n in (943, 1682))
    params = [m.weight for m in (users, items, user_bias, item_bias)]
    optimizer = torch.optim.SGD(params, lr=0.02)
    i = torch.arange(1000) * 7919
    user, item, value = i % 943, i % 1682, (i % 5 + 1).float()

    def step():
        for k in range(1000):
            u, j = user[k : k + 1], item[k : k + 1]
            p, q, bu, bi = users(u), items(j), user_bias(u), item_bias(j)
            error = value[k] - (3 + bu + bi + (p * q).sum())
            loss = 0.5 * (error.square() + 0.1 * (p.square() + q.square()).sum() + 0.02 * (bu.square() + bi.square())).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

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
    "cgan": cgan,
    "vae-gan": vae_gan,
    "wgan-gp": wgan_gp,
    "faster-rcnn": faster_rcnn,
    "dkt": dkt,
    "recommend-movielens": biased_mf,
}

request = json.load(sys.stdin)
step = steps[request["id"]]()
for _ in range(3):
    step()
clock = time.process_time if request.get("clock") == "cpu" else time.perf_counter
times, end = [], time.perf_counter() + request["seconds"]
while time.perf_counter() < end or len(times) < 3:
    start = clock()
    for _ in range(request["group"]):
        step()
    times.append((clock() - start) * 1e3 / request["group"])
print(json.dumps(times))
