// One training step of each example that learns by gradients: its network, loss, optimizer and batch, on made-up data.
import * as L from '@lanewise/core'
import { CifarKerasCnn, cifarResnet20, CifarTorchNet, drivingUnet, MnistCnn, unet, VideoCnn } from '@lanewise/cnn'
import { dcgan, kerasMnistGan, mlpGan, pointsWganGp } from '@lanewise/gan'
import { charRnn, gpt, TrajectoryPredictor } from '@lanewise/rnn'

const classes = (shape, count) => L.keep(L.tensor(labels(shape, count), { shape }))
const labels = (shape, count) =>
  Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7) % count)
const images = (shape) => L.keep(L.rand(shape))

/** The step of a hand-written loop. */
const learn = (model, optimizer, lossOf, { clip } = {}) => {
  const parameters = model.parameters()
  return () =>
    L.scope(() => {
      const loss = lossOf()
      optimizer.zeroGrad()
      loss.backward()
      if (clip !== undefined) L.clipGradNorm(parameters, clip)
      optimizer.step()
      return loss.item()
    })
}

const classify = (model, shape, numClasses, lr = 1e-3) => {
  const [x, y] = [images(shape), classes([shape[0]], numClasses)]
  return learn(model, new L.Adam(model.parameters(), { lr }), () => L.crossEntropy(model.forward(x), y))
}

const segment = (model, shape, lr) => {
  const [x, y] = [images(shape), classes([shape[0], ...shape.slice(2)], 11)]
  return learn(model, new L.Adam(model.parameters(), { lr }), () => L.crossEntropy(model.forward(x), y))
}

/** A GAN's own step, turn by turn, through its `fit`. */
const adversarial = (model, batch) => {
  const forever = {
    async *[Symbol.asyncIterator]() {
      for (;;) yield batch
    },
  }
  const events = model.fit(forever, { epochs: 1, reportEvery: 1 })
  return async () => Object.values((await events.next()).value.losses)[0]
}

const sequence = (model, tokens, [steps, batch, vocabulary], { lr, clip }) => {
  const y = classes([steps * batch], vocabulary)
  const logits = () => L.reshape(model.forward(tokens)[0], [steps * batch, -1])
  return learn(model, new L.Adam(model.parameters(), { lr }), () => L.crossEntropy(logits(), y), { clip })
}

const digits = (batch, size) => L.keep(L.sub(L.mul(L.rand([batch, 1, size, size]), 2), 1))

export const steps = {
  'mnist-cnn': () => classify(new MnistCnn(), [64, 1, 28, 28], 10),
  'cifar-keras-cnn': () => classify(new CifarKerasCnn(), [32, 3, 32, 32], 10),
  'cifar-torch-net': () => {
    const model = new CifarTorchNet()
    const [x, y] = [images([64, 3, 32, 32]), classes([64], 10)]
    return learn(model, new L.Adam(model.parameters(), { lr: 1e-3 }), () => L.nllLoss(model.forward(x), y))
  },
  'video-conv3d': () => classify(new VideoCnn({ numClasses: 8, inChannels: 1 }), [8, 1, 16, 32, 32], 8),
  transfer: () => classify(cifarResnet20({ numClasses: 6 }), [25, 3, 32, 32], 6),
  'unet-camvid': () => segment(unet({ numClasses: 11, baseWidth: 16 }), [8, 3, 176, 240], 3e-3),
  'driving-unet': () => segment(drivingUnet({ numClasses: 11 }), [4, 3, 64, 128], 1e-3),
  'char-rnn': () =>
    sequence(charRnn({ vocabularySize: 65 }), classes([50, 50], 65), [50, 50, 65], { lr: 2e-3, clip: 5 }),
  'mini-gpt': () => {
    const options = { vocabSize: 65, blockSize: 64, numLayers: 4, numHeads: 4, embedDim: 128, bias: false }
    const model = gpt(options)
    const [x, y] = [classes([12, 64], 65), classes([12 * 64], 65)]
    const optimizer = new L.AdamW(model.parameters(), { lr: 1e-3, betas: [0.9, 0.99] })
    return learn(model, optimizer, () => L.crossEntropy(L.reshape(model.forward(x), [12 * 64, -1]), y), { clip: 1 })
  },
  trajectory: () => {
    const model = new TrajectoryPredictor({ hiddenSize: 64 })
    const [history, future] = [images([64, 8, 2]), images([64, 12, 2])]
    const lossOf = () => L.mean(L.sqrt(L.add(L.sum(L.square(L.sub(model.forward(history, 12), future)), 2), 1e-6)))
    return learn(model, new L.Adam(model.parameters(), { lr: 3e-3 }), lossOf, { clip: 1 })
  },
  'mlp-gan': () => adversarial(mlpGan(), digits(64, 28)),
  dcgan: () => adversarial(dcgan({ channels: 1, imageSize: 32, baseWidth: 64 }), digits(64, 32)),
  'keras-mnist-gan': () => adversarial(kerasMnistGan(), digits(64, 28)),
  'wgan-gp': () => adversarial(pointsWganGp({ hidden: 128, lambda: 0.1 }), L.keep(L.rand([128, 2]))),
}
