import { FormatError, GRU, ValueError } from '@lanewise/core'
import type { RecurrentLayer } from '../sequence-model/sequence-model.ts'
import type { Dialect, Matrix } from './load.ts'

const fail = (op: string, problem: string, got: string, expected: string): never => {
  throw new FormatError({ op, problem, got, expected })
}

const transposed = ({ shape: [rows, columns], data }: Matrix): Matrix => {
  const out = new Float32Array(data.length)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]
  return { shape: [columns, rows], data: out }
}

/** Rows [G H, ...] with the gates in another order: gate g comes from the source's gate `order[g]`. */
const reordered = ({ shape, data }: Matrix, order: readonly number[]): Matrix => {
  const block = data.length / order.length
  const out = new Float32Array(data.length)
  order.forEach((from, to) => out.set(data.subarray(from * block, (from + 1) * block), to * block))
  return { shape, data: out }
}

/** A part of the rows. */
const rowsOf = ({ shape, data }: Matrix, start: number, end: number): Matrix => {
  const row = data.length / shape[0]
  return { shape: [end - start, ...shape.slice(1)], data: data.slice(start * row, end * row) }
}

/** The weights of one direction of one layer in torch's layout. */
interface Direction {
  readonly weight_ih: Matrix
  readonly weight_hh: Matrix
  readonly bias_ih?: Matrix
  readonly bias_hh?: Matrix
}

const hasBias = (layer: RecurrentLayer): boolean => layer.stateDict().has('bias_ih_l0')

const zeros = (size: number): Matrix => ({ shape: [size], data: new Float32Array(size) })

/** Directions, layer by layer, under torch's names. Where the layer has biases and the source has none, they are 0. */
const named = (op: string, directions: readonly Direction[], layer: RecurrentLayer): Map<string, Matrix> => {
  const suffixes = layer.bidirectional ? ['', '_reverse'] : ['']
  const count = layer.numLayers * suffixes.length
  if (directions.length !== count) {
    fail(op, 'the number of layers differs', `${directions.length} layers and directions`, `${count}`)
  }
  const found = new Map<string, Matrix>()
  directions.forEach(({ weight_ih, weight_hh, bias_ih, bias_hh }, i) => {
    const suffix = `l${Math.floor(i / suffixes.length)}${suffixes[i % suffixes.length]}`
    found.set(`weight_ih_${suffix}`, weight_ih)
    found.set(`weight_hh_${suffix}`, weight_hh)
    if (bias_ih === undefined && !hasBias(layer)) return
    found.set(`bias_ih_${suffix}`, bias_ih ?? zeros(weight_ih.shape[0]))
    found.set(`bias_hh_${suffix}`, bias_hh ?? zeros(weight_ih.shape[0]))
  })
  return found
}

/** Weights by their last names, grouped by what stands before them; the groups in the order of their first weight. */
const grouped = (
  op: string,
  weights: ReadonlyMap<string, Matrix>,
  known: Readonly<Record<string, readonly string[]>>,
): Record<string, Matrix | undefined>[] => {
  const groups = new Map<string, Record<string, Matrix>>()
  for (const [name, weight] of weights) {
    const [, path, last] = /^(.*?)([^/.]*?)(?::\d+)?$/.exec(name)!
    const kind = Object.keys(known).find((key) => known[key].includes(last))
    if (kind === undefined)
      return fail(op, 'a weight is not known', JSON.stringify(name), Object.values(known).flat().join(', '))
    const group = groups.get(path) ?? {}
    groups.set(path, group)
    if (kind in group) fail(op, 'a weight comes twice', JSON.stringify(name), 'one of each kind')
    group[kind] = weight
  }
  return [...groups.values()]
}

/** A weight that must be there, with the given number of axes. */
const need = (op: string, what: string, weight: Matrix | undefined, rank: number): Matrix =>
  weight?.shape.length === rank
    ? weight
    : fail(
        op,
        `${what} ${weight === undefined ? 'is missing' : 'has another shape'}`,
        weight === undefined ? 'none' : `[${weight.shape.join(', ')}]`,
        `${rank} axes`,
      )

const checkGates = (op: string, what: string, size: number, rows: number): void => {
  if (size !== rows) fail(op, `${what} does not fit the layer`, `${size} sums`, `${rows}: gates times units`)
}

/** Throws where the weights are of the other kind of GRU, which has the same shapes and gives other numbers. */
const checkReset = (op: string, layer: RecurrentLayer, resetAfter: boolean, got: string): void => {
  if (!(layer instanceof GRU) || layer.resetAfter === resetAfter) return
  throw new ValueError({
    op,
    problem: `the GRU of these weights resets ${resetAfter ? 'after' : 'before'} its product`,
    got: `${got}, and a layer with resetAfter ${layer.resetAfter}`,
    expected: 'the same cell',
    advice: `Build the layer with resetAfter: ${resetAfter}`,
  })
}

const gateCount = (layer: RecurrentLayer): number => ({ lstm: 4, gru: 3, tanh: 1, relu: 1 })[layer.cell]

/**
 * torch.nn: weight_ih_l0 [G H, in], weight_hh_l0, bias_ih_l0, bias_hh_l0, ..., gates i f g o and r z n.
 * @param prefix - what stands before each name, such as `rnn.`; other weights are left out. Default ''
 * @example
 * import { GRU } from '@lanewise/core'
 * const [from, to] = [new GRU(2, 3), new GRU(2, 3)]
 * const saved = new Map([...from.stateDict()].map(([name, x]) => [`encoder.${name}`, x]))
 * loadRecurrentWeights(to, saved, torchWeights({ prefix: 'encoder.' }))
 * to.stateDict().get('bias_ih_l0').toArray().join() === from.stateDict().get('bias_ih_l0').toArray().join() // => true
 */
export const torchWeights =
  ({ prefix = '' }: { readonly prefix?: string } = {}): Dialect =>
  (weights) =>
    new Map([...weights].filter(([name]) => name.startsWith(prefix)).map(([name, w]) => [name.slice(prefix.length), w]))

const kerasOrders: Record<string, readonly number[]> = { lstm: [0, 1, 2, 3], gru: [1, 0, 2], tanh: [0], relu: [0] }

/**
 * Keras: `kernel` [in, G H], `recurrent_kernel` [H, G H], `bias` [G H], or [2, 3 H] of a GRU with reset_after true;
 * gates i f c o and z r h. Layers (forward before backward) stand in their order, told apart by the path before the
 * name. The shape of its bias tells which kind a GRU is: [3 H] needs a layer with `resetAfter: false`. Without biases
 * nothing tells; the layer's kind is taken.
 * @example
 * import { GRU, ones } from '@lanewise/core'
 * const gru = new GRU(2, 3, { resetAfter: false })
 * const keras = new Map([['gru/kernel', ones([2, 9])], ['gru/recurrent_kernel', ones([3, 9])], ['gru/bias', ones([9])]])
 * loadRecurrentWeights(gru, keras, kerasWeights())
 * gru.stateDict().get('bias_ih_l0').toArray() // => [1, 1, 1, 1, 1, 1, 1, 1, 1]
 */
export const kerasWeights = (): Dialect => (weights, layer) => {
  const op = 'kerasWeights'
  const rows = gateCount(layer) * layer.hiddenSize
  const order = kerasOrders[layer.cell]
  const kinds = { kernel: ['kernel'], recurrent: ['recurrent_kernel'], bias: ['bias'] }
  const directions = grouped(op, weights, kinds).map(({ kernel, recurrent, bias }): Direction => {
    const w = transposed(need(op, 'kernel', kernel, 2))
    const r = transposed(need(op, 'recurrent_kernel', recurrent, 2))
    checkGates(op, 'kernel', w.shape[0], rows)
    checkGates(op, 'recurrent_kernel', r.shape[0], rows)
    const both = { weight_ih: reordered(w, order), weight_hh: reordered(r, order) }
    if (bias === undefined) return both
    if (layer.cell !== 'gru' || bias.shape.length === 1) {
      const b = need(op, 'bias', bias, 1)
      checkGates(op, 'bias', b.shape[0], rows)
      checkReset(op, layer, false, `a bias [${b.shape.join(', ')}]`)
      return { ...both, bias_ih: reordered(b, order) }
    }
    need(op, 'bias', bias, 2)
    checkGates(op, 'bias', bias.data.length, 2 * rows)
    checkReset(op, layer, true, `a bias [${bias.shape.join(', ')}]`)
    const [ih, hh] = [0, 1].map((i) => ({ shape: [rows], data: bias.data.slice(i * rows, (i + 1) * rows) }))
    return { ...both, bias_ih: reordered(ih, order), bias_hh: reordered(hh, order) }
  })
  return named(op, directions, layer)
}

const onnxOrders: Record<string, readonly number[]> = { lstm: [0, 2, 3, 1], gru: [1, 0, 2], tanh: [0], relu: [0] }

/** Options of {@link onnxWeights}. */
export interface OnnxOptions {
  /**
   * The GRU nodes' attribute: 1 for a layer as PyTorch's, which is what its exporter writes, 0 for one with
   * `resetAfter: false`. Default 0, as ONNX.
   */
  readonly linearBeforeReset?: 0 | 1
}

/**
 * ONNX nodes: `W` [directions, G H, in], `R` [directions, G H, H], `B` [directions, 2 G H]; gates i o f c and z r h. Nodes
 * stand in the order of the layers, told apart by the path before the name. Peepholes `P` must be 0.
 * @example
 * import { GRU, ones } from '@lanewise/core'
 * const gru = new GRU(2, 3)
 * const onnx = new Map([['W', ones([1, 9, 2])], ['R', ones([1, 9, 3])]])
 * loadRecurrentWeights(gru, onnx, onnxWeights({ linearBeforeReset: 1 }))
 * loadRecurrentWeights(gru, onnx, onnxWeights()) // => throws ValueError: onnxWeights: the GRU of these weights resets before
 */
export const onnxWeights =
  ({ linearBeforeReset = 0 }: OnnxOptions = {}): Dialect =>
  (weights, layer) => {
    const op = 'onnxWeights'
    checkReset(op, layer, linearBeforeReset === 1, `linearBeforeReset ${linearBeforeReset}`)
    const rows = gateCount(layer) * layer.hiddenSize
    const order = onnxOrders[layer.cell]
    const nodes = grouped(op, weights, { W: ['W'], R: ['R'], B: ['B'], P: ['P'] })
    const directions = nodes.flatMap((node): Direction[] => {
      if (node['P']?.data.some((v) => v !== 0) === true) {
        return fail(op, 'the cell has peepholes', 'P that is not 0', 'P of zeros, or none')
      }
      const [W, R] = [need(op, 'W', node['W'], 3), need(op, 'R', node['R'], 3)]
      const B = node['B'] && need(op, 'B', node['B'], 2)
      checkGates(op, 'W', W.shape[1], rows)
      checkGates(op, 'R', R.shape[1], rows)
      if (B !== undefined) checkGates(op, 'B', B.shape[1], 2 * rows)
      if (R.shape[0] !== W.shape[0] || (B !== undefined && B.shape[0] !== W.shape[0])) {
        fail(op, 'W, R and B differ in their directions', `${W.shape[0]} and ${R.shape[0]}`, 'the same')
      }
      return Array.from({ length: W.shape[0] }, (_, d): Direction => {
        const one = (x: Matrix): Matrix => ({ shape: x.shape.slice(1), data: rowsOf(x, d, d + 1).data })
        const both = { weight_ih: reordered(one(W), order), weight_hh: reordered(one(R), order) }
        if (B === undefined) return both
        const [ih, hh] = [rowsOf(one(B), 0, rows), rowsOf(one(B), rows, 2 * rows)]
        return { ...both, bias_ih: reordered(ih, order), bias_hh: reordered(hh, order) }
      })
    })
    return named(op, directions, layer)
  }

/** Options of {@link tensorFlowWeights}. */
export interface TensorFlowOptions {
  /** The constant that the cell adds to the forget gate. Default 1, as BasicLSTMCell. */
  readonly forgetBias?: number
}

/**
 * TensorFlow 1's BasicLSTMCell: `kernel` or `weights` [in + H, 4 H], `bias` or `biases` [4 H]; gates i j f o. Cells stand
 * in the order of the layers, told apart by the path before the name.
 * @example
 * import { LSTM, ones, zeros } from '@lanewise/core'
 * const lstm = new LSTM(2, 1)
 * const cell = new Map([['cell_0/kernel', ones([3, 4])], ['cell_0/bias', zeros([4])]])
 * loadRecurrentWeights(lstm, cell, tensorFlowWeights())
 * lstm.stateDict().get('bias_ih_l0').toArray() // => [0, 1, 0, 0]
 */
export const tensorFlowWeights =
  ({ forgetBias = 1 }: TensorFlowOptions = {}): Dialect =>
  (weights, layer) => {
    const op = 'tensorFlowWeights'
    const H = layer.hiddenSize
    const order = [0, 2, 1, 3]
    if (layer.cell !== 'lstm') fail(op, 'the layer is no LSTM', layer.cell, 'an LSTM')
    const kinds = { kernel: ['kernel', 'weights'], bias: ['bias', 'biases'] }
    const directions = grouped(op, weights, kinds).map(({ kernel, bias }): Direction => {
      const w = reordered(transposed(need(op, 'kernel', kernel, 2)), order)
      const b = reordered(need(op, 'bias', bias, 1), order)
      checkGates(op, 'kernel', w.shape[0], 4 * H)
      checkGates(op, 'bias', b.shape[0], 4 * H)
      const inputs = w.shape[1] - H
      if (inputs < 1) fail(op, 'kernel does not fit the layer', `${w.shape[1]} inputs`, `more than ${H}`)
      for (let j = H; j < 2 * H; j++) b.data[j] += forgetBias
      const split = transposed(w)
      return {
        weight_ih: transposed(rowsOf(split, 0, inputs)),
        weight_hh: transposed(rowsOf(split, inputs, inputs + H)),
        bias_ih: b,
      }
    })
    return named(op, directions, layer)
  }
