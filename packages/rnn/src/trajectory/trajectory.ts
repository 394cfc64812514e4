import {
  add,
  clamp,
  concat,
  cumsum,
  div,
  Module,
  mul,
  neg,
  select,
  ShapeError,
  slice,
  sqrt,
  square,
  sub,
  sum,
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
  /** A common length of a step, in the tracks' unit: what the network sees as 1. Default 5. */
  readonly stepUnit?: number
  /** A common change from one step to the next. Default 0.25. */
  readonly changeUnit?: number
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
 * Predicts where things go next: an encoder reads the steps between the positions seen and their changes, a decoder
 * gives the change of each step to come. Tracks are turned to their own direction first, so that neither place nor
 * heading matters; with all outputs 0 it predicts constant velocity.
 * Shape: history [N, T, 2], T >= 3, and a number of steps -> positions [N, steps, 2].
 * State: net.encoder.*, net.decoder.*, net.head.*.
 * @throws ShapeError when the history is not such, ValueError when the number of steps is not whole and positive.
 * @source Checked against torch 1.13 in trajectory.test.ts
 * @example
 * const { history } = simulateTraffic({ count: 3, seed: 0 })
 * new TrajectoryPredictor().forward(history, 12).shape // => [3, 12, 2]
 */
export class TrajectoryPredictor extends Module<[history: Tensor, steps: number], Tensor> {
  readonly net: EncoderDecoder
  readonly stepUnit: number
  readonly changeUnit: number

  constructor({ hiddenSize = 64, stepUnit = 5, changeUnit = 0.25, ...rest }: TrajectoryOptions = {}) {
    super()
    this.net = new EncoderDecoder({ source: { size: 4 }, target: { size: 2 }, hiddenSize, ...rest })
    this.stepUnit = stepUnit
    this.changeUnit = changeUnit
  }

  forward(history: Tensor, steps: number): Tensor {
    check(history)
    const T = history.shape[1]
    const last = along(history, T - 1, T)
    const way = sub(last, along(history, 0, 1))
    const direction = div(way, clamp(sqrt(sum(square(way), 2, true)), 1e-6))
    const seen = turned(sub(along(history, 1, T), along(history, 0, T - 1)), direction)
    const changes = div(sub(along(seen, 1, T - 1), along(seen, 0, T - 2)), this.changeUnit)
    const source = concat([div(along(seen, 1, T - 1), this.stepUnit), changes], 2)
    const ahead = this.net.rollout(source, select(changes, 1, T - 3), steps)
    const path = add(along(seen, T - 2, T - 1), cumsum(mul(ahead, this.changeUnit), 1))
    return add(last, cumsum(turned(path, direction, true), 1))
  }
}

const check = (history: Tensor): void => {
  if (history.rank === 3 && history.shape[2] === 2 && history.shape[1] >= 3) return
  throw new ShapeError({
    op: 'TrajectoryPredictor',
    problem: 'the history does not fit',
    got: `[${history.shape.join(', ')}]`,
    expected: '[N, T, 2] with T >= 3',
  })
}
