// One training step of each example that learns by gradients: its network, loss, optimizer and batch, on made-up data.
import * as L from '@lanewise/core'
import {
  CifarKerasCnn,
  cifarResnet20,
  CifarTorchNet,
  drivingUnet,
  fasterRcnnResnet18Fpn,
  MnistCnn,
  unet,
  VideoCnn,
} from '@lanewise/cnn'
import { BiasedMf, Dkt, dktBatches } from '@lanewise/edu-recsys'
import { cgan, dcgan, kerasMnistGan, mlpGan, pointsWganGp, vaeGan } from '@lanewise/gan'
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
const adversarial = (model, batch, optimizer) => {
  const forever = {
    async *[Symbol.asyncIterator]() {
      for (;;) yield batch
    },
  }
  const events = model.fit(forever, { epochs: 1, reportEvery: 1, ...(optimizer && { optimizer }) })
  return async () => Object.values((await events.next()).value.losses)[0]
}

const sequence = (model, tokens, [steps, batch, vocabulary], { lr, clip }) => {
  const y = classes([steps * batch], vocabulary)
  const logits = () => L.reshape(model.forward(tokens)[0], [steps * batch, -1])
  return learn(model, new L.Adam(model.parameters(), { lr }), () => L.crossEntropy(logits(), y), { clip })
}

const digits = (batch, size) => L.keep(L.sub(L.mul(L.rand([batch, 1, size, size]), 2), 1))

const fasterRcnn = () => {
  const ratios = [0.5, 1, 2]
  const model = fasterRcnnResnet18Fpn({
    numClasses: 5,
    width: 16,
    outChannels: 32,
    minSize: 96,
    maxSize: 128,
    rpn: {
      anchors: { sizes: [[12], [20], [32], [48], [72]], aspectRatios: Array(5).fill(ratios) },
      preNmsTopN: { train: 200, test: 100 },
      postNmsTopN: { train: 150, test: 60 },
      batchSizePerImage: 64,
    },
    box: { representationSize: 128, canonicalScale: 96, batchSizePerImage: 48 },
  })
  const pictures = Array.from({ length: 8 }, () => images([3, 96, 128]))
  const boxes = [10, 40, 50, 66, 70, 30, 82, 64, 90, 50, 104, 90]
  const targets = pictures.map(() => ({ boxes, labels: [1, 3, 4] }))
  const optimizer = new L.Sgd(model.parameters(), { lr: 0.01, momentum: 0.9, weightDecay: 5e-4 })
  return learn(model, optimizer, () => model.loss(pictures, targets).total)
}

/** 32 learners of 200 answers to 110 skills. */
const dkt = () => {
  const skills = Array.from({ length: 110 }, (_, i) => `${i}`)
  const answers = Array.from({ length: 32 * 200 }, (_, i) => ({
    learner: `${Math.floor(i / 200)}`,
    skills: [skills[(i * 7) % 110]],
    correct: i % 3 > 0,
  }))
  const model = new Dkt({ skills, hiddenSize: 64 })
  const [batch] = dktBatches(answers, skills)
  return learn(model, new L.Adam(model.parameters(), { lr: 5e-3 }), () => model.loss(batch))
}

/** One pass over 1,000 ratings of 943 users for 1,682 films, one after the other. */
const biasedMf = () => {
  const index = (count) => Int32Array.from({ length: 1000 }, (_, i) => (i * 7919) % count)
  const ratings = { user: index(943), item: index(1682), value: Float32Array.from(index(5), (value) => value + 1) }
  const size = { users: 943, items: 1682, factors: 64 }
  const model = new BiasedMf(ratings, { ...size, lr: 0.02, decay: 1, generator: new L.Generator(0) })
  return () => model.step().rmse
}

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
  'faster-rcnn': fasterRcnn,
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
  cgan: () =>
    adversarial(cgan({ baseWidth: 16 }), [digits(32, 28), classes([32], 10)], {
      generator: L.optim.adam({ lr: 1e-3, betas: [0.5, 0.999] }),
      discriminator: L.optim.adam({ lr: 4e-4, betas: [0.5, 0.999] }),
    }),
  'vae-gan': () => adversarial(vaeGan({ baseWidth: 32 }), digits(64, 28)),
  'wgan-gp': () => adversarial(pointsWganGp({ hidden: 128, lambda: 0.1 }), L.keep(L.rand([128, 2]))),
  dkt,
  'recommend-movielens': biasedMf,
}
