import { ShapeError, ValueError } from '@lanewise/core'

/** A linear model: x' = F x + noise Q, z = H x + noise R. Matrices are flat, row by row. */
export interface KalmanModel {
  /** F, [states, states] */
  readonly transition: ArrayLike<number>
  /** H, [measurements, states] */
  readonly observation: ArrayLike<number>
  /** Q, [states, states] */
  readonly processNoise: ArrayLike<number>
  /** R, [measurements, measurements] */
  readonly measurementNoise: ArrayLike<number>
}

/** a [n, k] times b [k, m], or b transposed [m, k]. */
const multiply = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  n: number,
  k: number,
  m: number,
  transposed = false,
): Float64Array => {
  const out = new Float64Array(n * m)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0
      for (let l = 0; l < k; l++) sum += a[i * k + l] * (transposed ? b[j * k + l] : b[l * m + j])
      out[i * m + j] = sum
    }
  }
  return out
}

/** The inverse of a symmetric positive definite matrix, by Gauss and Jordan. */
const invert = (matrix: Float64Array, n: number): Float64Array => {
  const a = matrix.slice()
  const inverse = new Float64Array(n * n)
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1
  for (let c = 0; c < n; c++) {
    const pivot = a[c * n + c]
    if (!(pivot > 0)) {
      throw new ValueError({
        op: 'KalmanFilter.update',
        problem: 'the covariance of the innovation is not positive',
        got: String(pivot),
        expected: 'a positive definite measurement noise',
      })
    }
    for (let j = 0; j < n; j++) {
      a[c * n + j] /= pivot
      inverse[c * n + j] /= pivot
    }
    for (let r = 0; r < n; r++) {
      const factor = a[r * n + c]
      if (r === c || factor === 0) continue
      for (let j = 0; j < n; j++) {
        a[r * n + j] -= factor * a[c * n + j]
        inverse[r * n + j] -= factor * inverse[c * n + j]
      }
    }
  }
  return inverse
}

/**
 * A linear Kalman filter of any size.
 * @throws ShapeError when the matrices do not fit each other.
 * @source Kalman 1960; checked against the constant-velocity form in kalman.test.ts
 * @example
 * const model = { transition: [1], observation: [1], processNoise: [0], measurementNoise: [1] }
 * const filter = new KalmanFilter(model, [0], [1])
 * filter.update([2])
 * filter.state // => [1]
 */
export class KalmanFilter {
  readonly states: number
  readonly measurements: number
  readonly #model: KalmanModel
  #state: Float64Array
  #covariance: Float64Array

  /**
   * @param state - mean, [states]
   * @param covariance - [states, states]
   */
  constructor(model: KalmanModel, state: ArrayLike<number>, covariance: ArrayLike<number>) {
    const n = state.length
    const m = model.observation.length / n
    const sizes = [model.transition.length, model.processNoise.length, covariance.length, model.measurementNoise.length]
    if (n === 0 || !Number.isInteger(m) || sizes.slice(0, 3).some((s) => s !== n * n) || sizes[3] !== m * m) {
      throw new ShapeError({
        op: 'KalmanFilter',
        problem: 'the matrices do not fit',
        got: `${n} states, transition ${sizes[0]}, process noise ${sizes[1]}, covariance ${sizes[2]}, observation ${model.observation.length}, measurement noise ${sizes[3]} numbers`,
      })
    }
    this.states = n
    this.measurements = m
    this.#model = model
    this.#state = Float64Array.from(state)
    this.#covariance = Float64Array.from(covariance)
  }

  /** The mean, [states]; a copy. */
  get state(): Float64Array {
    return this.#state.slice()
  }

  /** The covariance, [states, states]; a copy. */
  get covariance(): Float64Array {
    return this.#covariance.slice()
  }

  /** Goes one step ahead. */
  predict(): void {
    const { transition, processNoise } = this.#model
    const n = this.states
    this.#state = multiply(transition, this.#state, n, n, 1)
    const moved = multiply(multiply(transition, this.#covariance, n, n, n), transition, n, n, n, true)
    this.#covariance = moved.map((v, i) => v + processNoise[i])
  }

  /**
   * Takes a measurement in.
   * @throws ShapeError at another number of values; ValueError at one that is not finite. The filter is then unchanged.
   */
  update(measurement: ArrayLike<number>): void {
    const n = this.states
    const m = this.measurements
    const { observation, measurementNoise } = this.#model
    const z = Array.from(measurement)
    if (z.length !== m)
      throw new ShapeError({
        op: 'KalmanFilter.update',
        problem: 'wrong number of values',
        got: String(z.length),
        expected: String(m),
      })
    if (!z.every(Number.isFinite))
      throw new ValueError({ op: 'KalmanFilter.update', problem: 'not finite', got: `[${z.join(', ')}]` })
    const cross = multiply(this.#covariance, observation, n, n, m, true)
    const spread = multiply(observation, cross, m, n, m).map((v, i) => v + measurementNoise[i])
    const gain = multiply(cross, invert(spread, m), n, m, m)
    const seen = multiply(observation, this.#state, m, n, 1)
    const step = multiply(
      gain,
      z.map((v, i) => v - seen[i]),
      n,
      m,
      1,
    )
    // Joseph's form, (1 - KH) P (1 - KH)' + K R K', stays positive where P is large against R.
    const rest = multiply(gain, observation, n, m, n).map((v, i) => (i % (n + 1) === 0 ? 1 : 0) - v)
    const kept = multiply(multiply(rest, this.#covariance, n, n, n), rest, n, n, n, true)
    const added = multiply(multiply(gain, measurementNoise, n, m, m), gain, n, m, n, true)
    this.#state = this.#state.map((v, i) => v + step[i])
    this.#covariance = kept.map((v, i) => v + added[i])
  }
}

/**
 * One coordinate that moves at an almost constant velocity. Trackers keep one for each coordinate of a box: their
 * noises are diagonal, so that the joint filter falls apart into these, exactly.
 * @example
 * const x = new ConstantVelocity(0, 1, 1)
 * x.predict(0, 0)
 * x.update(2, 2)
 * const state = [x.position, x.velocity] // => [1, 0.5]
 */
export class ConstantVelocity {
  position: number
  velocity = 0
  /** Covariance of position and velocity: [[a, b], [b, c]]. */
  #a: number
  #b = 0
  #c: number

  /** Starts at a position, at rest, with the variances of both. */
  constructor(position: number, positionVariance: number, velocityVariance: number) {
    this.position = position
    this.#a = positionVariance
    this.#c = velocityVariance
  }

  /** Goes one step ahead; the variances are those of the step's noise. */
  predict(positionVariance: number, velocityVariance: number): void {
    this.position += this.velocity
    this.#a += 2 * this.#b + this.#c + positionVariance
    this.#b += this.#c
    this.#c += velocityVariance
  }

  /** Takes a measured position in. */
  update(measured: number, variance: number): void {
    const spread = this.#a + variance
    const gainP = this.#a / spread
    const gainV = this.#b / spread
    const step = measured - this.position
    this.position += gainP * step
    this.velocity += gainV * step
    this.#c -= gainV * this.#b
    this.#b -= gainP * this.#b
    this.#a -= gainP * this.#a
  }

  /** Variance of the position. */
  get positionVariance(): number {
    return this.#a
  }
}
