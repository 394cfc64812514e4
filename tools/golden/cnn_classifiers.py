"""Records the classifiers of packages/cnn: logits, gradients and training steps, from seeds. ResNet and VGG are
torchvision's; the others are written from their descriptions (LeCun 1998, He 2015 section 4.2, Tran 2014).
"""
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.models.vgg import make_layers

from cnn_unet import floats, write


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = F.max_pool2d(conv(x).relu(), 2)
        return self.fc3(self.fc2(self.fc1(x.flatten(1)).relu()).relu())


class MnistCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)
        self.fc1, self.fc2 = nn.Linear(3136, 1024), nn.Linear(1024, 10)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = F.max_pool2d(conv(x).relu(), 2)
        return self.fc2(self.fc1(x.flatten(1)).relu())


def glorot(model):
    for m in model.modules():
        if isinstance(m, (nn.Conv2d, nn.Conv3d, nn.Linear)):
            nn.init.xavier_uniform_(m.weight)
            nn.init.zeros_(m.bias)


class CifarKerasCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv2d(3, 32, 3), nn.Conv2d(32, 64, 3), nn.Conv2d(64, 128, 3)
        self.fc1, self.fc2 = nn.Linear(512, 64), nn.Linear(64, 10)
        glorot(self)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.max_pool2d(conv(x).relu(), 2)
        return self.fc2(self.fc1(x.flatten(1)).relu())


class CifarTorchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.dropout1, self.dropout2 = nn.Dropout2d(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(16384, 512), nn.Linear(512, 10)

    def forward(self, x):
        x = F.max_pool2d(self.conv2(self.conv1(x).relu()).relu(), 2)
        x = self.fc1(self.dropout1(x).flatten(1)).relu()
        return F.log_softmax(self.fc2(self.dropout2(x)), 1)


class VideoCnn(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [(3, 64), (64, 128), (128, 256)]
        self.conv1, self.conv2, self.conv3 = [nn.Conv3d(i, o, 3, padding=1) for i, o in widths]
        self.fc1, self.fc2 = nn.Linear(8192, 512), nn.Linear(512, 6)
        glorot(self)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.max_pool3d(conv(x).relu(), 2)
        return self.fc2(self.fc1(x.flatten(1)).relu())


class C3d(nn.Module):
    def __init__(self, classes, width, hidden):
        super().__init__()
        w = width
        sizes = {"1": (3, w), "2": (w, 2 * w), "3a": (2 * w, 4 * w), "3b": (4 * w, 4 * w), "4a": (4 * w, 8 * w)}
        sizes.update({k: (8 * w, 8 * w) for k in ("4b", "5a", "5b")})
        for name, (i, o) in sizes.items():
            self.add_module("conv" + name, nn.Conv3d(i, o, 3, padding=1))
        self.fc6, self.fc7, self.fc8 = nn.Linear(8 * w * 16, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, classes)

    def forward(self, x):
        x = F.max_pool3d(self.conv1(x).relu(), (1, 2, 2), (1, 2, 2))
        x = F.max_pool3d(self.conv2(x).relu(), 2)
        x = F.max_pool3d(self.conv3b(self.conv3a(x).relu()).relu(), 2)
        x = F.max_pool3d(self.conv4b(self.conv4a(x).relu()).relu(), 2)
        x = F.max_pool3d(self.conv5b(self.conv5a(x).relu()).relu(), 2, padding=(0, 1, 1)).flatten(1)
        for fc in (self.fc6, self.fc7):
            x = F.dropout(fc(x).relu(), 0.5, self.training)
        return self.fc8(x)


class CifarBlock(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.extra = (o - i) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.extra:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra, self.extra))
        return (y + x).relu()


class CifarResNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = [
            nn.Sequential(*[CifarBlock(i if b == 0 else o, o, o // i if b == 0 else 1) for b in range(blocks)])
            for i, o in ((16, 16), (16, 32), (32, 64))
        ]
        self.linear = nn.Linear(64, 10)
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(m.weight)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        for layer in (self.layer1, self.layer2, self.layer3):
            x = layer(x)
        return self.linear(x.mean((2, 3)))


class Vgg(nn.Module):
    """torchvision's VGG, whose head is made for 512 channels, for fewer."""

    def __init__(self, features, width, classes):
        super().__init__()
        self.features, self.avgpool = features, nn.AdaptiveAvgPool2d((7, 7))
        head = [nn.Linear(width * 49, 4096), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU()]
        self.classifier = nn.Sequential(*head, nn.Dropout(0.5), nn.Linear(4096, classes))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
            else:
                continue
            nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def sketch(g):
    """Norm, first, middle and last element; the norm in double precision, as a sum of 8 million floats loses digits."""
    flat = g.reshape(-1).double()
    return floats(torch.stack([flat.norm(), flat[0], flat[flat.numel() // 2], flat[-1]]))


def record(build, shape, classes, lr=1e-2, steps=3):
    """One case: inputs and labels are drawn after the model, from the same seed."""
    torch.manual_seed(0)
    model = build()
    x = torch.rand(shape)
    target = torch.randint(classes, (shape[0],))
    case = {"shape": shape, "classes": classes, "lr": lr, "parameters": sum(p.numel() for p in model.parameters())}
    with torch.no_grad():
        case["logits"] = floats(model.eval()(x))
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr)
    case["losses"] = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), target)
        loss.backward()
        if step == 0:
            case["gradients"] = {k: sketch(p.grad) for k, p in model.named_parameters()}
        optimizer.step()
        case["losses"].append(float(f"{loss.item():.7g}"))
    return case


if __name__ == "__main__":
    torch.set_num_threads(1)
    dilated = dict(groups=2, width_per_group=32, replace_stride_with_dilation=[False, True, True])
    resnets = {
        "basic": record(lambda: ResNet(BasicBlock, [1, 1, 1, 1], 5), [4, 3, 64, 64], 5),
        "bottleneck": record(lambda: ResNet(Bottleneck, [1, 2, 1, 1], 5, True, **dilated), [4, 3, 64, 48], 5),
    }
    write("resnet/__golden__/resnet.json", resnets)
    vggs = {
        "plain": record(lambda: Vgg(make_layers([4, "M", 8, 8, "M"]), 8, 5), [2, 3, 40, 32], 5),
        "batchNorm": record(lambda: Vgg(make_layers([4, "M", 8, 8, "M"], True), 8, 5), [2, 3, 40, 32], 5),
    }
    write("vgg/__golden__/vgg.json", vggs)
    small = {
        "mnistCnn": record(MnistCnn, [3, 1, 28, 28], 10),
        "cifarKerasCnn": record(CifarKerasCnn, [3, 3, 32, 32], 10),
        "cifarTorchNet": record(CifarTorchNet, [3, 3, 32, 32], 10),
        "videoCnn": record(VideoCnn, [1, 3, 16, 32, 32], 6),
    }
    write("small-nets/__golden__/small-nets.json", small)
    write("lenet/__golden__/lenet.json", record(LeNet, [3, 1, 28, 28], 10))
    write("cifar-resnet/__golden__/cifar-resnet.json", record(lambda: CifarResNet(2), [4, 3, 32, 32], 10))
    write("c3d/__golden__/c3d.json", record(lambda: C3d(5, 2, 16), [2, 3, 16, 112, 112], 5))
