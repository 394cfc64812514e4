// The networks of the bench as lists of nodes, with torchvision's names, for the peers to build from.
import { parameter, product } from './values.mjs'

/** Collects nodes while following the sizes; each method gives the new node, which the next one takes as its input. */
const builder = ([channels, height, width]) => {
  const nodes = [{ op: 'input', channels, height, width }]
  const push = (node) => {
    nodes.push({ ...node, index: nodes.length })
    return nodes.at(-1)
  }
  const out = (size, kernel, stride, padding) => Math.floor((size + 2 * padding - kernel) / stride) + 1
  return {
    nodes,
    input: { ...nodes[0], index: 0 },
    /** A convolution, with batch norm under the name `norm` or else a bias. */
    conv(x, name, channels, kernel, { stride = 1, groups = 1, norm = null, activation = null } = {}) {
      const padding = (kernel - 1) / 2
      const [height, width] = [x.height, x.width].map((size) => out(size, kernel, stride, padding))
      const weight = [channels, x.channels / groups, kernel, kernel]
      const macs = product(weight) * height * width
      const from = [x.index]
      return push({
        op: 'conv',
        from,
        name,
        norm,
        weight,
        stride,
        padding,
        groups,
        activation,
        channels,
        height,
        width,
        macs,
      })
    },
    maxPool(x, kernel, stride, padding = 0) {
      const [height, width] = [x.height, x.width].map((size) => out(size, kernel, stride, padding))
      return push({ op: 'maxPool', from: [x.index], kernel, stride, padding, channels: x.channels, height, width })
    },
    add(x, y, activation = null) {
      const { channels, height, width } = x
      return push({ op: 'add', from: [x.index, y.index], activation, channels, height, width })
    },
    mean(x) {
      return push({ op: 'mean', from: [x.index], channels: x.channels, height: 1, width: 1 })
    },
    dense(x, name, channels, activation = null) {
      const weight = [channels, x.channels * x.height * x.width]
      const macs = product(weight)
      return push({
        op: 'dense',
        from: [x.index],
        name,
        weight,
        activation,
        channels,
        height: 1,
        width: 1,
        macs,
      })
    },
  }
}

const nets = {
  smallcnn: () => {
    const net = builder([1, 28, 28])
    let x = net.maxPool(net.conv(net.input, '0', 16, 3, { activation: 'relu' }), 2, 2)
    x = net.maxPool(net.conv(x, '3', 32, 3, { activation: 'relu' }), 2, 2)
    net.dense(x, '7', 10)
    return net.nodes
  },
  resnet18: () => {
    const net = builder([3, 224, 224])
    let x = net.conv(net.input, 'conv1', 64, 7, { stride: 2, norm: 'bn1', activation: 'relu' })
    x = net.maxPool(x, 3, 2, 1)
    ;[64, 128, 256, 512].forEach((channels, stage) => {
      for (const block of [0, 1]) {
        const name = (part) => `layer${stage + 1}.${block}.${part}`
        const stride = stage > 0 && block === 0 ? 2 : 1
        let y = net.conv(x, name('conv1'), channels, 3, { stride, norm: name('bn1'), activation: 'relu' })
        y = net.conv(y, name('conv2'), channels, 3, { norm: name('bn2') })
        const short =
          stride === 1 ? x : net.conv(x, name('downsample.0'), channels, 1, { stride, norm: name('downsample.1') })
        x = net.add(y, short, 'relu')
      }
    })
    net.dense(net.mean(x), 'fc', 1000)
    return net.nodes
  },
  mobilenetV2: () => {
    const net = builder([3, 224, 224])
    const conv = (x, name, channels, kernel, more = {}) =>
      net.conv(x, `${name}.0`, channels, kernel, { ...more, norm: `${name}.1`, activation: 'relu6' })
    let x = conv(net.input, 'features.0', 32, 3, { stride: 2 })
    let index = 1
    for (const [expansion, channels, count, first] of mobilenetV2Stages)
      for (let i = 0; i < count; i++) {
        const name = `features.${index++}.conv`
        const stride = i === 0 ? first : 1
        const hidden = x.channels * expansion
        const wide = expansion === 1 ? x : conv(x, `${name}.0`, hidden, 1)
        const at = expansion === 1 ? 0 : 1
        const deep = conv(wide, `${name}.${at}`, hidden, 3, { stride, groups: hidden })
        const y = net.conv(deep, `${name}.${at + 1}`, channels, 1, { norm: `${name}.${at + 2}` })
        x = stride === 1 && x.channels === channels ? net.add(x, y) : y
      }
    x = conv(x, 'features.18', 1280, 1)
    net.dense(net.mean(x), 'classifier.1', 1000)
    return net.nodes
  },
  vgg11: () => {
    const net = builder([3, 224, 224])
    let x = net.input
    let index = 0
    for (const channels of [64, 'M', 128, 'M', 256, 256, 'M', 512, 512, 'M', 512, 512, 'M']) {
      x =
        channels === 'M' ? net.maxPool(x, 2, 2) : net.conv(x, `features.${index}`, channels, 3, { activation: 'relu' })
      index += channels === 'M' ? 1 : 2
    }
    x = net.dense(x, 'classifier.0', 4096, 'relu')
    x = net.dense(x, 'classifier.3', 4096, 'relu')
    net.dense(x, 'classifier.6', 1000)
    return net.nodes
  },
}

/** Expansion, channels, blocks, first stride; Sandler et al. 2018, table 2. */
export const mobilenetV2Stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
]

/** The nodes of a network in order; the first is the input, the last the output. `from` holds indices. */
export const netNodes = (name) => nets[name]()

export const inputShapeOf = ([{ channels, height, width }]) => [1, channels, height, width]

const normParts = ['weight', 'bias', 'running_mean', 'running_var']

/** Every parameter by its checkpoint name: { shape, data }. Batch norms stand beside their convolutions. */
export const checkpointOf = (nodes) => {
  const found = new Map()
  const add = (name, shape) => found.set(name, { shape, data: parameter(name, shape) })
  for (const { name, norm, weight } of nodes) {
    if (!weight) continue
    add(`${name}.weight`, weight)
    if (norm) for (const part of normParts) add(`${norm}.${part}`, [weight[0]])
    else add(`${name}.bias`, [weight[0]])
  }
  return found
}

const eps = 1e-5

/**
 * The weight and bias of each convolution and dense layer, by node, with batch norm folded into them, as the exporters of
 * the peers' users do.
 */
export const foldedOf = (nodes) => {
  const checkpoint = checkpointOf(nodes)
  const data = (name) => checkpoint.get(name).data
  return new Map(
    nodes
      .filter(({ weight }) => weight)
      .map((node) => {
        const weight = data(`${node.name}.weight`)
        if (!node.norm) return [node, { weight, bias: data(`${node.name}.bias`) }]
        const [gamma, beta, mean, variance] = normParts.map((part) => data(`${node.norm}.${part}`))
        const scale = gamma.map((g, i) => g / Math.sqrt(variance[i] + eps))
        const row = weight.length / scale.length
        return [
          node,
          {
            weight: weight.map((w, i) => w * scale[Math.floor(i / row)]),
            bias: beta.map((b, i) => b - mean[i] * scale[i]),
          },
        ]
      }),
  )
}
