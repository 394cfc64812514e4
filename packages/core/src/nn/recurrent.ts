import { ShapeError, ValueError } from '../errors.ts'
import { dropout } from '../ops/dropout.ts'
import { linear } from '../ops/matmul.ts'
import { concat, stack } from '../ops/concat.ts'
import { cellStep, gatesOf, recurrentLayer, resetFirst, type CellKind } from '../ops/recurrent.ts'
import { needFloat } from '../ops/rules.ts'
import { select, squeeze, transpose, unsqueeze } from '../ops/views.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { checkProbability, checkSizes } from './check.ts'
import { uniformParameter } from './layer-init.ts'
import { Module } from './module.ts'

/** Options of {@link LSTM} and its like. */
export interface RecurrentLayerOptions {
  /** Layers on top of each other. Default 1. */
  readonly numLayers?: number
  /** Whether to add learned biases. Default true. */
  readonly bias?: boolean
  /** Whether x and y are [N, T, ...] rather than [T, N, ...]. Default false. */
  readonly batchFirst?: boolean
  /** The share of each layer's outputs, but the last one's, that is dropped in training. Default 0. */
  readonly dropout?: number
  /** Whether to read the sequence from its end as well; the outputs are joined. Default false. */
  readonly bidirectional?: boolean
}

/** Options of {@link RNN}. */
export interface RNNOptions extends RecurrentLayerOptions {
  /** Default tanh. */
  readonly nonlinearity?: 'tanh' | 'relu'
}

/** Options of {@link LSTM}. */
export interface LSTMOptions extends RecurrentLayerOptions {
  /** Size of the states and outputs after a learned projection; 0 for none. Default 0. */
  readonly projSize?: number
}

/** Options of {@link GRU}. */
export interface GRUOptions extends RecurrentLayerOptions {
  /**
   * Whether the reset gate acts after the product with the state, r (W_hn h + b_hn), as in PyTorch; else before it,
   * W_hn (r h) + b_hn, as in Cho et al. 2014, in Keras with reset_after false and in ONNX with linear_before_reset 0.
   * Default true.
   */
  readonly resetAfter?: boolean
}

/** Options of a recurrent layer's forward. */
export interface SequenceOptions {
  /**
   * How many steps each sequence of the batch has, from 1 to T: outputs past them are 0, and last states are those of
   * each sequence's own end, as with torch's packed sequences.
   */
  readonly lengths?: readonly number[] | Tensor | null
}

/** The states of all layers and directions: h, and c for an LSTM. */
type States = readonly [h: Tensor, c?: Tensor]

/** What the recurrent layers share: the parameters and the walk through layers and directions. */
abstract class Recurrent<In extends unknown[], Out> extends Module<In, Out> {
  readonly inputSize: number
  readonly hiddenSize: number
  readonly numLayers: number
  readonly batchFirst: boolean
  readonly dropout: number
  readonly bidirectional: boolean
  readonly projSize: number
  /** False for a {@link GRU} that resets before its product. */
  readonly resetAfter: boolean
  /** The kind of cell. */
  readonly cell: CellKind
  private readonly suffixes: readonly string[]

  constructor(layer: string, cell: CellKind, inputSize: number, hiddenSize: number, options: LSTMOptions & GRUOptions) {
    super()
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false, projSize = 0 } = options
    const { resetAfter = true } = options
    checkSizes(layer, { inputSize, hiddenSize, numLayers })
    checkProbability(layer, dropout)
    if (!(Number.isInteger(projSize) && projSize >= 0 && projSize < hiddenSize)) {
      throw new ValueError({
        op: layer,
        problem: 'projSize does not fit',
        got: String(projSize),
        expected: `an integer in [0, ${hiddenSize})`,
      })
    }
    this.inputSize = inputSize
    this.hiddenSize = hiddenSize
    this.numLayers = numLayers
    this.batchFirst = batchFirst
    this.dropout = dropout
    this.bidirectional = bidirectional
    this.projSize = projSize
    this.resetAfter = resetAfter
    this.cell = cell
    const directions = bidirectional ? ['', '_reverse'] : ['']
    this.suffixes = Array.from({ length: numLayers }, (_, i) =>
      directions.map((direction) => `l${i}${direction}`),
    ).flat()
    const size = projSize || hiddenSize
    const rows = gatesOf(cell) * hiddenSize
    const draw = (name: string, shape: readonly number[]): void => {
      const value = uniformParameter(shape, 1 / Math.sqrt(hiddenSize))
      Object.defineProperty(this, name, { value, enumerable: true, writable: true, configurable: true })
    }
    this.suffixes.forEach((suffix, i) => {
      draw(`weight_ih_${suffix}`, [rows, i < directions.length ? inputSize : size * directions.length])
      draw(`weight_hh_${suffix}`, [rows, size])
      if (bias) draw(`bias_ih_${suffix}`, [rows])
      if (bias) draw(`bias_hh_${suffix}`, [rows])
      if (projSize > 0) draw(`weight_hr_${suffix}`, [projSize, hiddenSize])
    })
  }

  /** A parameter by its name; null where the options left it out. */
  private named(name: string): Tensor | null {
    const value: unknown = Reflect.get(this, name)
    return value instanceof Tensor ? value : null
  }

  /** Runs all layers over x [T, N, in]; gives the outputs [T, N, D P] and the last states of each layer and direction. */
  protected run(x: Tensor, states: States | null, lengths: Tensor | null): { y: Tensor; last: Tensor[][] } {
    const [, N] = x.shape
    const like = { dtype: x.dtype, backend: x.backend }
    const size = this.projSize || this.hiddenSize
    const count = this.suffixes.length
    const h = states?.[0] ?? zeros([count, N, size], like)
    const c = this.cell === 'lstm' ? (states?.[1] ?? zeros([count, N, this.hiddenSize], like)) : null
    this.checkState('h0', h, [count, N, size])
    if (c !== null) this.checkState('c0', c, [count, N, this.hiddenSize])
    const directions = this.bidirectional ? 2 : 1
    const last: Tensor[][] = []
    let y = x
    for (let layer = 0; layer < this.numLayers; layer++) {
      const input = layer > 0 && this.training && this.dropout > 0 ? dropout(y, this.dropout) : y
      const outputs: Tensor[] = []
      for (let direction = 0; direction < directions; direction++) {
        const i = layer * directions + direction
        const suffix = this.suffixes[i]
        const [out, ...end] = recurrentLayer(
          linear(input, this.named(`weight_ih_${suffix}`)!, this.named(`bias_ih_${suffix}`)),
          {
            cell: this.cell,
            w: this.named(`weight_hh_${suffix}`)!,
            b: this.named(`bias_hh_${suffix}`),
            h0: select(h, 0, i),
            c0: c === null ? null : select(c, 0, i),
            lengths,
            reverse: direction === 1,
            projection: this.named(`weight_hr_${suffix}`),
            resetAfter: this.resetAfter,
          },
        )
        outputs.push(out)
        last.push(end)
      }
      y = outputs.length === 1 ? outputs[0] : concat(outputs, 2)
    }
    return { y, last }
  }

  /** The whole forward pass in the caller's layout; the last states come stacked over layers and directions. */
  protected sequence(x: Tensor, states: States | null, options: SequenceOptions): { y: Tensor; states: Tensor[] } {
    const op = this.constructor.name
    x.live(op)
    needFloat(op, x)
    if (x.rank < 2 || x.rank > 3 || x.shape[x.rank - 1] !== this.inputSize || x.shape.includes(0)) {
      const layout = this.batchFirst ? '[N, T, ' : '[T, N, '
      throw new ShapeError({
        op,
        problem: 'the input does not fit',
        got: show(x.shape),
        expected: `${layout}${this.inputSize}] or [T, ${this.inputSize}] of at least one step`,
      })
    }
    if (x.rank === 2) {
      const inner = states === null ? null : (states.map((s) => unsqueeze(s!, 1)) as [Tensor, Tensor?])
      const { y, last } = this.run(unsqueeze(x, 1), inner, this.lengthsOf(options, 1, x.shape[0]))
      return { y: squeeze(y, 1), states: gather(last).map((s) => squeeze(s, 1)) }
    }
    const timeFirst = this.batchFirst ? transpose(x, 0, 1) : x
    const [T, N] = timeFirst.shape
    const { y, last } = this.run(timeFirst, states, this.lengthsOf(options, N, T))
    return { y: this.batchFirst ? transpose(y, 0, 1) : y, states: gather(last) }
  }

  /** Multiply-adds of a call; see {@link Counted}. */
  macs([x]: readonly [x: Tensor, ...unknown[]]): number {
    const weights = this.parameters().filter((p) => p.rank === 2)
    return weights.reduce((total, w) => total + (x.size / this.inputSize) * w.size, 0)
  }

  private checkState(name: string, state: Tensor, expected: readonly number[]): void {
    if (show(state.shape) === show(expected)) return
    throw new ShapeError({
      op: this.constructor.name,
      problem: `${name} does not fit`,
      got: show(state.shape),
      expected: `${show(expected)}: layers times directions, batch, size`,
    })
  }

  private lengthsOf({ lengths = null }: SequenceOptions, N: number, T: number): Tensor | null {
    if (lengths === null) return null
    const list = lengths instanceof Tensor ? [...lengths.dataSync()] : lengths
    if (list.length !== N || list.some((n) => !Number.isInteger(n) || n < 1 || n > T)) {
      throw new ValueError({
        op: this.constructor.name,
        problem: 'the lengths do not fit',
        got: show(list),
        expected: `${N} integers in [1, ${T}]`,
      })
    }
    return list.every((n) => n === T) ? null : tensor(Int32Array.from(list))
  }
}

/** States by layer and direction as one tensor per kind. */
const gather = (last: readonly Tensor[][]): Tensor[] =>
  last[0].map((_, kind) => stack(last.map((states) => states[kind])))

/**
 * Plain recurrent layers, h' = tanh(W_ih x + b_ih + W_hh h + b_hh), as torch.nn.RNN.
 * Shape: x [T, N, in] ([N, T, in] with batchFirst; or [T, in]), h0 [layers directions, N, H] -> y [T, N, directions H]
 * and the last states. State: weight_ih_l0 [H, in], weight_hh_l0 [H, H], bias_ih_l0, bias_hh_l0, ..., `_reverse` for the
 * second direction; all drawn from U(-k, k), k = 1 / sqrt(H).
 * @throws ShapeError when x or h0 does not fit, ValueError when lengths do not.
 * @source Checked against torch.nn.RNN 1.13 in recurrent.test.ts
 * @example new RNN(3, 4).forward(ones([5, 2, 3]))[0].shape // => [5, 2, 4]
 */
export class RNN extends Recurrent<
  [x: Tensor, h0?: Tensor | null, options?: SequenceOptions],
  [y: Tensor, hn: Tensor]
> {
  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    super('RNN', options.nonlinearity ?? 'tanh', inputSize, hiddenSize, options)
  }

  forward(x: Tensor, h0: Tensor | null = null, options: SequenceOptions = {}): [y: Tensor, hn: Tensor] {
    const { y, states } = this.sequence(x, h0 === null ? null : [h0], options)
    return [y, states[0]]
  }
}

/**
 * Gated recurrent units, as torch.nn.GRU (gate order r, z, n; the reset gate acts after the product unless told
 * otherwise).
 * Shape: as {@link RNN}. State: as there with 3 H rows: weight_ih_l0 [3 H, in], weight_hh_l0 [3 H, H], bias_ih_l0, bias_hh_l0, ...
 * @throws ShapeError when x or h0 does not fit, ValueError when lengths do not.
 * @source Cho et al. 2014; checked against torch.nn.GRU 1.13 in recurrent.test.ts
 * @example
 * const [y, hn] = new GRU(3, 4, { numLayers: 2, bidirectional: true }).forward(ones([5, 2, 3]))
 * y.shape // => [5, 2, 8]
 * hn.shape // => [4, 2, 4]
 */
export class GRU extends Recurrent<
  [x: Tensor, h0?: Tensor | null, options?: SequenceOptions],
  [y: Tensor, hn: Tensor]
> {
  constructor(inputSize: number, hiddenSize: number, options: GRUOptions = {}) {
    super('GRU', 'gru', inputSize, hiddenSize, options)
  }

  forward(x: Tensor, h0: Tensor | null = null, options: SequenceOptions = {}): [y: Tensor, hn: Tensor] {
    const { y, states } = this.sequence(x, h0 === null ? null : [h0], options)
    return [y, states[0]]
  }
}

/**
 * Long short-term memory, as torch.nn.LSTM (gate order i, f, g, o).
 * Shape: x [T, N, in] ([N, T, in] with batchFirst; or [T, in]), states [h0, c0] each [layers directions, N, H] -> y
 * [T, N, directions H] and the last states. State: weight_ih_l0 [4 H, in], weight_hh_l0 [4 H, H], bias_ih_l0, bias_hh_l0,
 * ..., `_reverse` for the second direction, weight_hr_l0 [projSize, H] with a projection.
 * @throws ShapeError when x or a state does not fit, ValueError when lengths do not.
 * @source Hochreiter and Schmidhuber 1997; checked against torch.nn.LSTM 1.13 in recurrent.test.ts
 * @example
 * const lstm = new LSTM(3, 4, { batchFirst: true })
 * const [y, [hn, cn]] = lstm.forward(ones([2, 5, 3]))
 * y.shape // => [2, 5, 4]
 * hn.shape // => [1, 2, 4]
 * lstm.forward(ones([2, 5, 3]), [hn, cn], { lengths: [5, 3] })[0].shape // => [2, 5, 4]
 */
export class LSTM extends Recurrent<
  [x: Tensor, states?: readonly [h0: Tensor, c0: Tensor] | null, options?: SequenceOptions],
  [y: Tensor, states: [hn: Tensor, cn: Tensor]]
> {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super('LSTM', 'lstm', inputSize, hiddenSize, options)
  }

  forward(
    x: Tensor,
    states: readonly [h0: Tensor, c0: Tensor] | null = null,
    options: SequenceOptions = {},
  ): [y: Tensor, states: [hn: Tensor, cn: Tensor]] {
    const { y, states: last } = this.sequence(x, states, options)
    return [y, [last[0], last[1]]]
  }
}

/** Options of the recurrent cells. */
export interface CellOptions {
  /** Whether to add learned biases. Default true. */
  readonly bias?: boolean
}

/** Options of {@link GRUCell}. */
export interface GRUCellOptions extends CellOptions {
  /** As {@link GRUOptions.resetAfter}. Default true. */
  readonly resetAfter?: boolean
}

/** What the cells share. */
abstract class Cell<In extends unknown[], Out> extends Module<In, Out> {
  readonly inputSize: number
  readonly hiddenSize: number
  readonly weight_ih: Tensor
  readonly weight_hh: Tensor
  readonly bias_ih: Tensor | null
  readonly bias_hh: Tensor | null
  private readonly cell: CellKind
  private readonly resetAfter: boolean

  constructor(layer: string, cell: CellKind, inputSize: number, hiddenSize: number, options: GRUCellOptions) {
    super()
    const { bias = true, resetAfter = true } = options
    checkSizes(layer, { inputSize, hiddenSize })
    const bound = 1 / Math.sqrt(hiddenSize)
    const rows = gatesOf(cell) * hiddenSize
    this.inputSize = inputSize
    this.hiddenSize = hiddenSize
    this.weight_ih = uniformParameter([rows, inputSize], bound)
    this.weight_hh = uniformParameter([rows, hiddenSize], bound)
    this.bias_ih = bias ? uniformParameter([rows], bound) : null
    this.bias_hh = bias ? uniformParameter([rows], bound) : null
    this.cell = cell
    this.resetAfter = resetAfter
  }

  /** Multiply-adds of a call; see {@link Counted}. */
  macs([x]: readonly [x: Tensor, ...unknown[]]): number {
    return (x.size / this.inputSize) * (this.weight_ih.size + this.weight_hh.size)
  }

  /** The next state from an input [N, in] and the state before. */
  protected step(x: Tensor, state: States | null): { h: Tensor; c: Tensor | undefined } {
    const op = this.constructor.name
    x.live(op)
    if (x.rank < 1 || x.rank > 2 || x.shape[x.rank - 1] !== this.inputSize) {
      throw new ShapeError({
        op,
        problem: 'the input does not fit',
        got: show(x.shape),
        expected: `[N, ${this.inputSize}] or [${this.inputSize}]`,
      })
    }
    if (x.rank === 1) {
      const inner = state === null ? null : (state.map((s) => unsqueeze(s!, 0)) as [Tensor, Tensor?])
      const { h, c } = this.step(unsqueeze(x, 0), inner)
      return { h: squeeze(h, 0), c: c && squeeze(c, 0) }
    }
    const expected = [x.shape[0], this.hiddenSize]
    const start = (): Tensor => zeros(expected, { dtype: x.dtype, backend: x.backend })
    const h = state?.[0] ?? start()
    const c = this.cell === 'lstm' ? (state?.[1] ?? start()) : undefined
    for (const s of [h, c]) {
      if (s === undefined || show(s.shape) === show(expected)) continue
      throw new ShapeError({ op, problem: 'a state does not fit', got: show(s.shape), expected: show(expected) })
    }
    const sums = linear(x, this.weight_ih, this.bias_ih)
    if (!this.resetAfter) return { h: resetFirst(this.weight_hh, this.bias_hh)(sums, h), c: undefined }
    return cellStep(this.cell, sums, linear(h, this.weight_hh, this.bias_hh), h, c)
  }
}

/**
 * One step of a plain recurrent layer, as torch.nn.RNNCell. Shape: x [N, in] or [in], h [N, H] -> [N, H].
 * State: weight_ih [H, in], weight_hh [H, H], bias_ih, bias_hh [H].
 * @source Checked against torch.nn.RNNCell 1.13 in recurrent.test.ts
 * @example new RNNCell(3, 4).forward(ones([2, 3])).shape // => [2, 4]
 */
export class RNNCell extends Cell<[x: Tensor, h?: Tensor | null], Tensor> {
  constructor(
    inputSize: number,
    hiddenSize: number,
    options: CellOptions & { readonly nonlinearity?: 'tanh' | 'relu' } = {},
  ) {
    super('RNNCell', options.nonlinearity ?? 'tanh', inputSize, hiddenSize, options)
  }

  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return this.step(x, h === null ? null : [h]).h
  }
}

/**
 * One step of a GRU, as torch.nn.GRUCell. Shape: x [N, in] or [in], h [N, H] -> [N, H].
 * State: weight_ih [3 H, in], weight_hh [3 H, H], bias_ih, bias_hh [3 H].
 * @source Checked against torch.nn.GRUCell 1.13 in recurrent.test.ts
 * @example new GRUCell(3, 4).forward(ones([2, 3])).shape // => [2, 4]
 */
export class GRUCell extends Cell<[x: Tensor, h?: Tensor | null], Tensor> {
  constructor(inputSize: number, hiddenSize: number, options: GRUCellOptions = {}) {
    super('GRUCell', 'gru', inputSize, hiddenSize, options)
  }

  forward(x: Tensor, h: Tensor | null = null): Tensor {
    return this.step(x, h === null ? null : [h]).h
  }
}

/**
 * One step of an LSTM, as torch.nn.LSTMCell. Shape: x [N, in] or [in], states [h, c] each [N, H] -> the next states.
 * State: weight_ih [4 H, in], weight_hh [4 H, H], bias_ih, bias_hh [4 H].
 * @source Checked against torch.nn.LSTMCell 1.13 in recurrent.test.ts
 * @example new LSTMCell(3, 4).forward(ones([2, 3])).map((s) => s.shape) // => [[2, 4], [2, 4]]
 */
export class LSTMCell extends Cell<
  [x: Tensor, states?: readonly [h: Tensor, c: Tensor] | null],
  [h: Tensor, c: Tensor]
> {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super('LSTMCell', 'lstm', inputSize, hiddenSize, options)
  }

  forward(x: Tensor, states: readonly [h: Tensor, c: Tensor] | null = null): [h: Tensor, c: Tensor] {
    const { h, c } = this.step(x, states)
    return [h, c!]
  }
}
