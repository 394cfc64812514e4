import { ShapeError, ValueError } from '@lanewise/core'
import { float64, type Values } from '../arrays.ts'

/** Options of {@link smoothTrajectory}. */
export interface SmoothOptions {
  /** Numbers of a row: 2 for points, 4 for boxes. Default 4. */
  readonly dimensions?: number
  /** Standard deviation of a measured coordinate in pixels. Default 3. */
  readonly measurementStd?: number
  /** Standard deviation of the acceleration in pixels per frame². Default 0.3. */
  readonly accelerationStd?: number
}

/** A trajectory at every frame from the first to the last. */
export interface SmoothTrajectory {
  readonly frames: Int32Array
  /** [frames, dimensions] */
  readonly values: Float64Array
  /** Change per frame, [frames, dimensions] */
  readonly velocities: Float64Array
}

/**
 * Smooths a trajectory with all of its measurements, before and after, and fills the frames in between: a Kalman
 * filter of constant velocity and a pass backwards (Rauch, Tung and Striebel).
 * @param frames - where the object was measured, ascending
 * @param values - measured rows, [frames, dimensions], such as boxes
 * @throws ShapeError when counts differ; ValueError at frames that do not ascend, values that are not finite, or a
 * deviation that is not positive.
 * @example
 * smoothTrajectory([1, 3], [0, 0, 4, 0], { dimensions: 2 }).values.length // => 6
 */
export const smoothTrajectory = (
  frames: ArrayLike<number>,
  values: Values,
  options: SmoothOptions = {},
): SmoothTrajectory => {
  const { dimensions = 4, measurementStd = 3, accelerationStd = 0.3 } = options
  const z = float64(values)
  const op = 'smoothTrajectory'
  if (frames.length === 0 || z.length !== frames.length * dimensions) {
    throw new ShapeError({
      op,
      problem: 'values and frames do not match',
      got: `${z.length} numbers for ${frames.length} frames`,
      expected: `${dimensions} each`,
    })
  }
  if (!(measurementStd > 0 && accelerationStd > 0)) {
    throw new ValueError({
      op,
      problem: 'a deviation is not positive',
      got: `${measurementStd} and ${accelerationStd}`,
    })
  }
  for (let i = 0; i < frames.length; i++) {
    if (Number.isInteger(frames[i]) && (i === 0 || frames[i] > frames[i - 1])) continue
    throw new ValueError({ op, problem: 'frames do not ascend', got: `${frames[i]} at ${i}` })
  }
  if (!z.every(Number.isFinite)) throw new ValueError({ op, problem: 'a value is not finite' })
  const first = frames[0]
  const length = frames[frames.length - 1] - first + 1
  const out = { values: new Float64Array(length * dimensions), velocities: new Float64Array(length * dimensions) }
  const measured = new Float64Array(length)
  for (let d = 0; d < dimensions; d++) {
    measured.fill(NaN)
    for (let i = 0; i < frames.length; i++) measured[frames[i] - first] = z[i * dimensions + d]
    const { position, velocity } = smoothAxis(
      measured,
      measurementStd * measurementStd,
      accelerationStd * accelerationStd,
    )
    for (let t = 0; t < length; t++) {
      out.values[t * dimensions + d] = position[t]
      out.velocities[t * dimensions + d] = velocity[t]
    }
  }
  return { frames: Int32Array.from({ length }, (_, t) => first + t), ...out }
}

/** Mean and covariance of position and velocity. */
interface Belief {
  readonly p: number
  readonly v: number
  readonly pp: number
  readonly pv: number
  readonly vv: number
}

/** One step ahead under white acceleration of variance q. */
const ahead = ({ p, v, pp, pv, vv }: Belief, q: number): Belief => ({
  p: p + v,
  v,
  pp: pp + 2 * pv + vv + q / 4,
  pv: pv + vv + q / 2,
  vv: vv + q,
})

const learn = (b: Belief, z: number, r: number): Belief => {
  const [kp, kv] = [b.pp / (b.pp + r), b.pv / (b.pp + r)]
  return {
    p: b.p + kp * (z - b.p),
    v: b.v + kv * (z - b.p),
    pp: (1 - kp) * b.pp,
    pv: (1 - kp) * b.pv,
    vv: b.vv - kv * b.pv,
  }
}

const smoothAxis = (
  measured: Float64Array,
  r: number,
  q: number,
): { position: Float64Array; velocity: Float64Array } => {
  const n = measured.length
  const predicted: Belief[] = []
  const filtered: Belief[] = []
  for (let t = 0; t < n; t++) {
    // Nothing is known of the first velocity.
    const before = t === 0 ? { p: measured[0], v: 0, pp: r * 1e4, pv: 0, vv: r * 1e4 } : ahead(filtered[t - 1], q)
    predicted.push(before)
    filtered.push(measured[t] === measured[t] ? learn(before, measured[t], r) : before)
  }
  const position = new Float64Array(n)
  const velocity = new Float64Array(n)
  position[n - 1] = filtered[n - 1].p
  velocity[n - 1] = filtered[n - 1].v
  for (let t = n - 2; t >= 0; t--) {
    const f = filtered[t]
    const next = predicted[t + 1]
    // Gain: covariance of now with next, over next's covariance.
    const [cpp, cpv] = [f.pp + f.pv, f.pv]
    const [cvp, cvv] = [f.pv + f.vv, f.vv]
    const det = next.pp * next.vv - next.pv * next.pv
    const dp = position[t + 1] - next.p
    const dv = velocity[t + 1] - next.v
    const up = (next.vv * dp - next.pv * dv) / det
    const uv = (next.pp * dv - next.pv * dp) / det
    position[t] = f.p + cpp * up + cpv * uv
    velocity[t] = f.v + cvp * up + cvv * uv
  }
  return { position, velocity }
}
