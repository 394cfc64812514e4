// MobileNetV2 (Sandler et al. 2018) from layers, with torchvision's names; batch norm stays a layer of its own.
import { add, BatchNorm2d, Conv2d, Dropout, flatten, Linear, mean, Module, ReLU6, Sequential } from '@lanewise/core'
import { mobilenetV2Stages } from '../nets.mjs'

const convNorm = (inChannels, outChannels, kernel, { stride = 1, groups = 1 } = {}) => [
  new Conv2d(inChannels, outChannels, kernel, { stride, padding: (kernel - 1) / 2, groups, bias: false }),
  new BatchNorm2d(outChannels),
]

const convNormRelu = (...args) => new Sequential(...convNorm(...args), new ReLU6())

/** Widens by 1x1, convolves each channel by 3x3, narrows by 1x1; adds its input where the shapes agree. */
class InvertedResidual extends Module {
  constructor(inChannels, outChannels, { stride, expansion }) {
    super()
    const hidden = inChannels * expansion
    this.adds = stride === 1 && inChannels === outChannels
    this.conv = new Sequential(
      ...(expansion === 1 ? [] : [convNormRelu(inChannels, hidden, 1)]),
      convNormRelu(hidden, hidden, 3, { stride, groups: hidden }),
      ...convNorm(hidden, outChannels, 1),
    )
  }

  forward(x) {
    const y = this.conv.forward(x)
    return this.adds ? add(x, y) : y
  }
}

class MobileNetV2 extends Module {
  constructor() {
    super()
    const layers = [convNormRelu(3, 32, 3, { stride: 2 })]
    let inChannels = 32
    for (const [expansion, channels, count, first] of mobilenetV2Stages)
      for (let i = 0; i < count; i++) {
        layers.push(new InvertedResidual(inChannels, channels, { stride: i === 0 ? first : 1, expansion }))
        inChannels = channels
      }
    this.features = new Sequential(...layers, convNormRelu(inChannels, 1280, 1))
    this.classifier = new Sequential(new Dropout(0.2), new Linear(1280, 1000))
  }

  forward(x) {
    return this.classifier.forward(flatten(mean(this.features.forward(x), [2, 3]), 1))
  }
}

export const mobilenetV2 = () => new MobileNetV2()
