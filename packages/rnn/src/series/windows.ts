import { tensor, ValueError, type RecurrentStepper, type Tensor } from '@lanewise/core'

/** Options of {@link seriesWindows}. */
export interface SeriesWindowsOptions {
  /** Values in a point of the series. Default 1. */
  readonly size?: number
  /** Points in a window. */
  readonly length: number
  /** Points from one window's start to the next one's. Default 1. */
  readonly stride?: number
}

/**
 * Windows of a time series, for a model that predicts each next point: inputs and, one point later, targets.
 * Shape: series [points, size] -> x and y [windows, length, size].
 * @param series - the points one after the other
 * @throws ValueError when the series is too short, or a number is not whole and positive.
 * @example
 * const { x, y } = seriesWindows([1, 2, 3, 4, 5], { length: 3 })
 * x.toArray() // => [[[1], [2], [3]], [[2], [3], [4]]]
 * y.toArray() // => [[[2], [3], [4]], [[3], [4], [5]]]
 */
export const seriesWindows = (
  series: ArrayLike<number>,
  { size = 1, length, stride = 1 }: SeriesWindowsOptions,
): { readonly x: Tensor; readonly y: Tensor } => {
  const points = series.length / size
  const whole = [size, length, stride, points].every((n) => Number.isInteger(n) && n >= 1)
  const count = whole ? Math.floor((points - 1 - length) / stride) + 1 : 0
  if (count < 1) {
    throw new ValueError({
      op: 'seriesWindows',
      problem: 'there is not one window',
      got: `${series.length} values, size ${size}, length ${length}, stride ${stride}`,
      expected: 'whole points, more of them than the length',
    })
  }
  const cut = (shift: number): Tensor => {
    const data = new Float32Array(count * length * size)
    for (let window = 0; window < count; window++) {
      for (let i = 0; i < length * size; i++) {
        data[window * length * size + i] = series[(window * stride + shift) * size + i]
      }
    }
    return tensor(data, { shape: [count, length, size] })
  }
  return { x: cut(0), y: cut(1) }
}

/**
 * Continues a series: the model reads the history, then its own predictions.
 * @param stepper - of a model that predicts each next point; it goes on from its state
 * @param history - points one after the other, at least one
 * @param steps - how many points to predict, at least 1
 * @returns the points predicted, one after the other
 * @throws ValueError when the history is empty or not of whole points, or the model's output is no input.
 * @example
 * const model = new SequenceModel({ inputSize: 1, numOutputs: 1, hiddenSize: 8 })
 * forecast(model.stepper(), [0, 0.1, 0.2], 4).length // => 4
 */
export const forecast = (
  stepper: RecurrentStepper,
  history: ArrayLike<number>,
  steps: number,
): Float32Array<ArrayBuffer> => {
  const size = stepper.inputSize
  const refuse = (problem: string, got: string, expected: string): ValueError =>
    new ValueError({ op: 'forecast', problem, got, expected })
  if (size === null || size !== stepper.outputSize) {
    throw refuse('the output is no input', `${size ?? 'tokens'} to ${stepper.outputSize}`, 'vectors of one size')
  }
  if (!(history.length >= size && history.length % size === 0)) {
    throw refuse(
      'the history is not of whole points',
      `${history.length} values`,
      `a multiple of ${size}, at least one point`,
    )
  }
  if (!(Number.isInteger(steps) && steps >= 1)) throw refuse('not a number of steps', String(steps), 'an integer >= 1')
  const point = (from: ArrayLike<number>, at: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: size }, (_, i) => from[at + i])
  let next: Float32Array = new Float32Array(size)
  for (let at = 0; at < history.length; at += size) next = stepper.step(point(history, at))
  const found = new Float32Array(steps * size)
  for (let t = 0; t < steps; t++) {
    found.set(next, t * size)
    if (t < steps - 1) next = stepper.step(next)
  }
  return found
}
