import { applyAll } from '../autograd/apply.ts'
import { noGrad } from '../autograd/modes.ts'
import type { OpDef } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { clone } from '../ops/copy.ts'
import { composedStepOp } from '../ops/recurrent-step-composed.ts'
import { packRecurrentOp, recurrentStepOp, type StepAttrs } from '../ops/recurrent-step.ts'
import { zeros } from '../tensor/create.ts'
import { keep } from '../tensor/scope.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Embedding } from './embedding.ts'
import type { Linear } from './linear.ts'
import type { GRU, LSTM, RNN } from './recurrent.ts'

/** Options of {@link RecurrentStepper}. */
export interface RecurrentStepperOptions {
  /** Gives the vectors of tokens; steps then take token ids. Default none: steps take vectors. */
  readonly embedding?: Embedding | null
  /** Makes the output from the last layer's state. Default none: the output is that state. */
  readonly head?: Linear | null
}

const refuse = (problem: string, got: string, expected: string, advice?: string): ValueError =>
  new ValueError({ op: 'RecurrentStepper', problem, got, expected, advice })

/**
 * Runs a recurrent layer one step at a time for one sequence, without a graph and without new tensors: for text as it
 * is written, and for states that live between requests. It copies the weights as they are now.
 * @throws ValueError for a layer of two directions; ShapeError when the parts do not fit together.
 * @example
 * const lstm = new LSTM(2, 3)
 * const x = ones([4, 2])
 * const stepper = new RecurrentStepper(lstm)
 * const last = [1, 2, 3, 4].map(() => [...stepper.step([1, 1])])[3]
 * const [y] = lstm.forward(x)
 * Math.max(...last.map((v, i) => Math.abs(v - y.dataSync()[9 + i]))) < 1e-6 // => true
 */
export class RecurrentStepper {
  /** Sizes of a state: 2 for an LSTM (h and c), else 1; layers; 1 sequence; H. With a projection, h has another H. */
  readonly stateShape: readonly [kinds: number, layers: number, sequences: number, units: number]
  /** Values of each kind of state in one layer: h, and c for an LSTM; they differ with a projection. */
  readonly stateSizes: readonly number[]
  /** Values in an input vector; null where the input is tokens. */
  readonly inputSize: number | null
  /** Values in an output. */
  readonly outputSize: number
  readonly #embedding: Embedding | null
  readonly #h: Tensor
  readonly #c: Tensor
  readonly #inputs: readonly Tensor[]
  readonly #op: OpDef<StepAttrs>
  readonly #attrs: { -readonly [K in keyof StepAttrs]: StepAttrs[K] }

  constructor(layer: RNN | GRU | LSTM, { embedding = null, head = null }: RecurrentStepperOptions = {}) {
    const { hiddenSize, numLayers, inputSize, cell, projSize, resetAfter } = layer
    if (layer.bidirectional) {
      throw refuse(
        'the layer cannot go step by step',
        'two directions',
        'one direction',
        'Run forward() over the sequence',
      )
    }
    const size = projSize || hiddenSize
    checkFit('the embedding', embedding?.weight.shape[1] ?? inputSize, inputSize)
    checkFit('the head', head?.weight.shape[1] ?? size, size)
    const like = { backend: layer.parameters()[0].backend }
    const made = (make: () => Tensor): Tensor => keep(noGrad(make))
    this.inputSize = embedding === null ? inputSize : null
    this.outputSize = head?.weight.shape[0] ?? size
    this.stateSizes = cell === 'lstm' ? [size, hiddenSize] : [size]
    this.#embedding = embedding
    this.stateShape = [cell === 'lstm' ? 2 : 1, numLayers, 1, hiddenSize]
    this.#h = made(() => zeros([numLayers, 2, size], like))
    this.#c = made(() => zeros(cell === 'lstm' ? [numLayers, 2, hiddenSize] : [0], like))
    const state = layer.stateDict()
    const rows = state.get('weight_ih_l0')!.shape[0]
    const dense = (x: Tensor | undefined | null, size: number): Tensor =>
      made(() => (x ? clone(x.detach()) : zeros([size], like)))
    const composed = projSize > 0 || !resetAfter
    this.#op = composed ? composedStepOp : recurrentStepOp
    const layers = Array.from({ length: numLayers }, (_, i) => [
      dense(state.get(`weight_ih_l${i}`), 0),
      dense(state.get(`bias_ih_l${i}`), rows),
      composed
        ? dense(state.get(`weight_hh_l${i}`), 0)
        : made(() => applyAll(packRecurrentOp, [state.get(`weight_hh_l${i}`)!], cell)[0]),
      dense(state.get(`bias_hh_l${i}`), rows),
      ...(projSize > 0 ? [dense(state.get(`weight_hr_l${i}`), 0)] : []),
    ])
    this.#inputs = [
      this.#h,
      this.#c,
      ...(embedding === null ? [] : [dense(embedding.weight, 0)]),
      ...layers.flat(),
      ...(head === null ? [] : [dense(head.weight, 0), dense(head.bias, head.weight.shape[0])]),
    ]
    this.#attrs = {
      cell,
      from: 0,
      token: 0,
      input: new Float32Array(this.inputSize ?? 0),
      output: new Float32Array(this.outputSize),
      embedding: embedding !== null,
      head: head !== null,
    }
  }

  /**
   * Moves the state on by one input.
   * @param input - a token id where there is an embedding, else the input's values
   * @returns the output, in an array that the next step overwrites
   * @throws ValueError when the token is out of range, ShapeError when the input has another size.
   */
  step(input: number | ArrayLike<number>): Float32Array {
    const attrs = this.#attrs
    if (typeof input === 'number') {
      const count = this.#embedding?.weight.shape[0] ?? 0
      if (!(Number.isInteger(input) && input >= 0 && input < count)) {
        const expected = attrs.embedding ? `an integer in [0, ${count})` : `${attrs.input.length} values`
        throw refuse('the token is out of range', String(input), expected)
      }
      attrs.token = input
    } else {
      if (attrs.embedding || input.length !== attrs.input.length) {
        const expected = attrs.embedding ? 'a token id' : `${attrs.input.length} values`
        throw new ShapeError({
          op: 'RecurrentStepper',
          problem: 'the input does not fit',
          got: `${input.length} values`,
          expected,
        })
      }
      attrs.input.set(input)
    }
    noGrad(() => applyAll(this.#op, this.#inputs, attrs))
    attrs.from = 1 - attrs.from
    return attrs.output
  }

  get #stateSize(): number {
    return this.stateShape[1] * this.stateSizes.reduce((a, b) => a + b)
  }

  /** The state: h of every layer, then c of every layer for an LSTM; a copy. */
  state(): Float32Array<ArrayBuffer> {
    const out = new Float32Array(this.#stateSize)
    let at = 0
    this.stateSizes.forEach((H, kind) => {
      const data = [this.#h, this.#c][kind].dataSync() as Float32Array
      for (let i = this.#attrs.from * H; i < data.length; i += 2 * H, at += H) out.set(data.subarray(i, i + H), at)
    })
    return out
  }

  /**
   * Continues from a {@link state}.
   * @throws ShapeError when it has another size; the state is then unchanged.
   */
  setState(values: ArrayLike<number>): void {
    if (values.length !== this.#stateSize) {
      throw new ShapeError({
        op: 'RecurrentStepper.setState',
        problem: 'the state does not fit',
        got: `${values.length} values`,
        expected: `${this.#stateSize}`,
      })
    }
    let at = 0
    this.stateSizes.forEach((H, kind) => {
      const x = [this.#h, this.#c][kind]
      const data = new Float32Array(x.size)
      for (let i = 0; i < data.length; i += 2 * H) for (let j = 0; j < H; j++) data[i + j] = values[at++]
      x.backend.write(x, data)
    })
    this.#attrs.from = 0
  }

  /** Starts again from the state of zeros. */
  reset(): void {
    this.setState(new Float32Array(this.#stateSize))
  }
}

const checkFit = (what: string, size: number, expected: number): void => {
  if (size === expected) return
  throw new ShapeError({
    op: 'RecurrentStepper',
    problem: `${what} does not fit the layer`,
    got: show([size]),
    expected: show([expected]),
  })
}
