import {
  add,
  clamp,
  concat,
  cumsum,
  div,
  Module,
  mul,
  neg,
  ShapeError,
  slice,
  sqrt,
  square,
  sub,
  sum,
  ValueError,
  type Tensor,
} from '@lanewise/core'
import type { RecurrentClass } from '../sequence-model/sequence-model.ts'
import { EncoderDecoder } from '../seq2seq/encoder-decoder.ts'

/** Options of {@link TrajectoryPredictor}. */
export interface TrajectoryOptions {
  /** Default 64. */
  readonly hiddenSize?: number
  /** Default 1. */
  readonly numLayers?: number
  /** LSTM, GRU or RNN of core. Default LSTM. */
  readonly cell?: RecurrentClass
  /** Lengths below it (of the mean step seen) are not scaled up, in the tracks' unit. Default 0.1. */
  readonly minStep?: number
}

/** x along one position or a run of them. */
const along = (x: Tensor, start: number, end: number): Tensor => slice(x, 1, start, end)

/** [N, T, 2] turned by the unit vectors d [N, 1, 2], whose direction becomes the first axis; back with `inverse`. */
const turned = (x: Tensor, d: Tensor, inverse = false): Tensor => {
  const [a, b] = [slice(x, 2, 0, 1), slice(x, 2, 1, 2)]
  const [c, s] = [slice(d, 2, 0, 1), inverse ? neg(slice(d, 2, 1, 2)) : slice(d, 2, 1, 2)]
  return concat([add(mul(a, c), mul(b, s)), sub(mul(b, c), mul(a, s))], 2)
}

/**
 * Predicts where things go next: an encoder reads the steps between the positions seen, a decoder gives the change of
 * each step to come, from its own step before. Tracks are turned to their own direction and divided by their mean step
 * first, so that neither place nor heading nor unit matters; with all outputs 0 it predicts constant velocity.
 * Shape: history [N, T, 2], T >= 2, and a number of steps -> positions [N, steps, 2].
 * State: net.encoder.*, net.decoder.*, net.head.*.
 * @throws ShapeError when the history is not such, ValueError when the number of steps is not whole and positive.
 * @example
 * const { history } = simulateTraffic({ count: 3, seed: 0 })
 * new TrajectoryPredictor().forward(history, 12).shape // => [3, 12, 2]
 */
export class TrajectoryPredictor extends Module<[history: Tensor, steps: number], Tensor> {
  readonly net: EncoderDecoder
  readonly minStep: number

  constructor({ hiddenSize = 64, minStep = 0.1, ...rest }: TrajectoryOptions = {}) {
    super()
    this.net = new EncoderDecoder({ source: { size: 2 }, target: { size: 2 }, hiddenSize, ...rest })
    this.minStep = minStep
  }

  forward(history: Tensor, steps: number): Tensor {
    check(history, steps)
    const T = history.shape[1]
    const last = along(history, T - 1, T)
    const way = sub(last, along(history, 0, 1))
    const length = sqrt(sum(square(way), 2, true))
    const direction = div(way, clamp(length, 1e-6))
    const scale = clamp(div(length, T - 1), this.minStep)
    const seen = div(turned(sub(along(history, 1, T), along(history, 0, T - 1)), direction), scale)
    const ahead = this.continued(seen, steps)
    return add(last, cumsum(turned(mul(ahead, scale), direction, true), 1))
  }

  /** Steps to come from steps seen, in the tracks' own frame. */
  private continued(seen: Tensor, steps: number): Tensor {
    let states = this.net.encode(seen)
    let step = along(seen, seen.shape[1] - 1, seen.shape[1])
    const ahead: Tensor[] = []
    for (let t = 0; t < steps; t++) {
      const [change, next] = this.net.decode(step, states)
      step = add(step, change)
      states = next
      ahead.push(step)
    }
    return concat(ahead, 1)
  }
}

const check = (history: Tensor, steps: number): void => {
  if (history.rank !== 3 || history.shape[2] !== 2 || history.shape[1] < 2) {
    throw new ShapeError({
      op: 'TrajectoryPredictor',
      problem: 'the history does not fit',
      got: `[${history.shape.join(', ')}]`,
      expected: '[N, T, 2] with T >= 2',
    })
  }
  if (Number.isInteger(steps) && steps >= 1) return
  throw new ValueError({
    op: 'TrajectoryPredictor',
    problem: 'not a number of steps',
    got: String(steps),
    expected: 'an integer >= 1',
  })
}
