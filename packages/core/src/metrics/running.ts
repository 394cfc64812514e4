import { ValueError } from '../errors.ts'

/**
 * A mean gathered bit by bit, each value with its weight: a loss over batches of different sizes.
 * @example
 * const loss = new RunningMean()
 * loss.update(1, 64)
 * loss.update(4, 32)
 * loss.compute() // => 2
 */
export class RunningMean {
  #sum = 0
  #weight = 0

  /**
   * Adds a value that stands for `weight` others.
   * @throws ValueError when `weight` is negative or not finite.
   */
  update(value: number, weight: number = 1): void {
    if (!(weight >= 0 && weight < Infinity))
      throw new ValueError({
        op: 'RunningMean.update',
        problem: 'not a weight',
        got: String(weight),
        expected: 'a finite number >= 0',
      })
    if (weight === 0) return
    this.#sum += value * weight
    this.#weight += weight
  }

  /** The weights so far. */
  get weight(): number {
    return this.#weight
  }

  /**
   * The mean so far.
   * @throws ValueError before the first value.
   */
  compute(): number {
    if (this.#weight === 0)
      throw new ValueError({
        op: 'RunningMean.compute',
        problem: 'nothing to average',
        got: '0 values',
        expected: 'an update first',
      })
    return this.#sum / this.#weight
  }

  /** Forgets all values. */
  reset(): void {
    this.#sum = 0
    this.#weight = 0
  }
}

/**
 * An exponential moving average: older values fade by `decay` at each step. The start is not pulled towards 0.
 * @example
 * const loss = new MovingAverage(0.5)
 * loss.update(1)
 * loss.update(4)
 * loss.compute() // => 3
 */
export class MovingAverage {
  readonly decay: number
  #sum = 0
  #weight = 0

  /**
   * @param decay - share of the past that remains, in [0, 1). Default 0.98.
   * @throws ValueError when `decay` is not such.
   */
  constructor(decay: number = 0.98) {
    if (!(decay >= 0 && decay < 1))
      throw new ValueError({
        op: 'MovingAverage',
        problem: 'not a decay',
        got: String(decay),
        expected: 'a number in [0, 1)',
      })
    this.decay = decay
  }

  /** Adds a value. */
  update(value: number): void {
    this.#sum = this.decay * this.#sum + (1 - this.decay) * value
    this.#weight = this.decay * this.#weight + (1 - this.decay)
  }

  /**
   * The average so far.
   * @throws ValueError before the first value.
   */
  compute(): number {
    if (this.#weight === 0)
      throw new ValueError({
        op: 'MovingAverage.compute',
        problem: 'nothing to average',
        got: '0 values',
        expected: 'an update first',
      })
    return this.#sum / this.#weight
  }

  /** Forgets all values. */
  reset(): void {
    this.#sum = 0
    this.#weight = 0
  }
}
