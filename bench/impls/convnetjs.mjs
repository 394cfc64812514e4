// ConvNetJS: one sample at a time in doubles; its trainers have no Adam, so plain SGD stands in (its cost is the net's).
import { createRequire } from 'node:module'
import { values } from '../workloads.mjs'

const { Net, SGDTrainer, Trainer, Vol } = createRequire(import.meta.url)('convnetjs')

export const start = () => {}

const layerOf = ([type, out, size], isLast) => {
  if (type === 'conv')
    return { type: 'conv', sx: size, filters: out, stride: 1, pad: (size - 1) / 2, activation: 'relu' }
  if (type === 'pool') return { type: 'pool', sx: 2, stride: 2 }
  return isLast ? { type: 'softmax', num_classes: out } : { type: 'fc', num_neurons: out, activation: 'relu' }
}

/** CHW planes as ConvNetJS's volume, whose channels lie innermost. */
const volume = (data, offset, [channels, height, width]) => {
  const vol = new Vol(width, height, channels, 0)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < width * height; i++) vol.w[i * channels + c] = data[offset + c * width * height + i]
  return vol
}

export const prepare = ({ kind, image, layers, batch }) => {
  if (kind !== 'train') return undefined
  const [channels, height, width] = image
  const net = new Net()
  net.makeLayers([
    { type: 'input', out_sx: width, out_sy: height, out_depth: channels },
    ...layers.map((layer, i) => layerOf(layer, i === layers.length - 1)),
  ])
  const trainer = new (SGDTrainer ?? Trainer)(net, {
    method: 'sgd',
    learning_rate: 0.01,
    momentum: 0,
    batch_size: batch,
    l2_decay: 0,
  })
  const size = channels * height * width
  const data = values([batch, ...image], 1)
  const samples = Array.from({ length: batch }, (_, i) => volume(data, i * size, image))
  return { run: () => samples.forEach((sample, i) => void trainer.train(sample, i % 10)) }
}
