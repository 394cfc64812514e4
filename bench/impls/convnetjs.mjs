// ConvNetJS: one sample at a time in doubles; its trainers have no Adam, so plain SGD stands in (its cost is the net's).
import { createRequire } from 'node:module'
import { foldedOf, inputShapeOf, netNodes } from '../nets.mjs'
import { parameter, values } from '../values.mjs'
import { layersOf } from '../workloads.mjs'

const { Net, SGDTrainer, Trainer, Vol } = createRequire(import.meta.url)('convnetjs')

export const start = () => {}

/** Everything takes it a hundred times as long. */
export const isSlow = () => true

/** CHW planes, from an offset on, as ConvNetJS's volume, whose channels lie innermost. */
const volume = (data, [channels, height, width], offset = 0) => {
  const vol = new Vol(width, height, channels, 0)
  const size = width * height
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < size; i++) vol.w[i * channels + c] = data[offset + c * size + i]
  return vol
}

/** A volume's CHW planes. */
const planes = ({ w, depth }) => {
  const size = w.length / depth
  const data = new Float32Array(w.length)
  for (let c = 0; c < depth; c++) for (let i = 0; i < size; i++) data[c * size + i] = w[i * depth + c]
  return data
}

/**
 * A net for images [C, H, W].
 * @param layers - [{ definition, weight, bias }], weights in PyTorch's layout
 */
const makeNet = ([channels, height, width], layers) => {
  const net = new Net()
  const definitions = layers.map(({ definition }) => definition)
  net.makeLayers([{ type: 'input', out_sx: width, out_sy: height, out_depth: channels }, ...definitions])
  const weighted = layers.filter(({ weight }) => weight)
  net.layers.forEach((layer, i) => {
    if (!layer.filters) return
    const { weight, bias } = weighted.shift()
    const isConv = layer.layer_type === 'conv'
    const { out_depth: depth, out_sx: w, out_sy: h } = net.layers[i - 1]
    const shape = isConv ? [layer.in_depth, layer.sy, layer.sx] : [depth, h, w]
    const row = weight.length / layer.filters.length
    layer.filters.forEach((filter, f) => {
      filter.w = volume(weight, shape, f * row).w
      layer.biases.w[f] = bias[f]
    })
  })
  return net
}

const convDefinition = ({ weight, stride = 1, padding, activation }) => ({
  type: 'conv',
  sx: weight[2],
  filters: weight[0],
  stride,
  pad: padding,
  ...(activation && { activation }),
})

const poolDefinition = (size) => ({ type: 'pool', sx: size, stride: size })

const inference = (shape, layers) => {
  const net = makeNet(shape.slice(1), layers)
  const x = volume(values(shape, 1), shape.slice(1))
  return { run: () => void net.forward(x), read: () => planes(net.forward(x)) }
}

const kinds = {
  conv2d: (spec) => {
    if (spec.groups > 1) return { cannot: 'has no grouped convolutions' }
    const [weight, bias] = [values(spec.weight, 2), new Float32Array(spec.weight[0])]
    return inference(spec.input, [{ definition: convDefinition(spec), weight, bias }])
  },
  maxPool2d: (spec) => inference(spec.input, [{ definition: poolDefinition(2) }]),
  net: (spec) => {
    if (spec.net !== 'smallcnn') return { cannot: 'has no residual, depthwise or normalised layers, or not the memory' }
    const nodes = netNodes(spec.net)
    const folded = foldedOf(nodes)
    const layers = nodes.slice(1).map((node) => {
      if (node.op === 'maxPool') return { definition: poolDefinition(node.kernel) }
      const definition = node.op === 'conv' ? convDefinition(node) : { type: 'fc', num_neurons: node.channels }
      return { definition, ...folded.get(node) }
    })
    return inference(inputShapeOf(nodes), layers)
  },
  trainCnn: (spec) => {
    const layers = layersOf(spec).map(({ type, name, weight, padding, isLast }) => {
      if (type === 'pool') return { definition: poolDefinition(2) }
      const numbers = { weight: parameter(`${name}.weight`, weight), bias: parameter(`${name}.bias`, [weight[0]]) }
      if (type === 'conv') return { definition: convDefinition({ weight, padding, activation: 'relu' }), ...numbers }
      const definition = isLast
        ? { type: 'softmax', num_classes: weight[0] }
        : { type: 'fc', num_neurons: weight[0], activation: 'relu' }
      return { definition, ...numbers }
    })
    const net = makeNet(spec.image, layers)
    const trainer = new (SGDTrainer ?? Trainer)(net, {
      method: 'sgd',
      learning_rate: 0.01,
      momentum: 0,
      batch_size: spec.batch,
      l2_decay: 0,
    })
    const data = values([spec.batch, ...spec.image], 1)
    const size = data.length / spec.batch
    const samples = Array.from({ length: spec.batch }, (_, i) => volume(data, spec.image, i * size))
    // Its losses part from the others' after the first step, since it has no Adam.
    const step = () => samples.reduce((total, x, i) => total + trainer.train(x, i % 10).cost_loss, 0) / spec.batch
    return { step, comparableLosses: 1 }
  },
}

export const prepare = (spec) => kinds[spec.kind]?.(spec) ?? { cannot: 'has no such layer' }
