import { Generator, math, tensor, ValueError, type Tensor } from '@lanewise/core'

/** What a simulated vehicle does. */
export type Manoeuvre = 'keep lane' | 'change lane' | 'cross straight' | 'turn at crossing'

/** Options of {@link simulateTraffic}. */
export interface TrafficOptions {
  /** How many tracks. */
  readonly count: number
  readonly seed: number
  /** Positions seen. Default 8. */
  readonly history?: number
  /** Positions to predict. Default 12. */
  readonly future?: number
  /** Seconds between two positions. Default 0.4. */
  readonly intervalS?: number
  /** Standard deviation of the measured positions in metres. Default 0.02. */
  readonly noiseM?: number
}

/** Tracks of vehicles in metres on the ground, each somewhere and heading anywhere. */
export interface Traffic {
  /** [count, history, 2], as measured. */
  readonly history: Tensor
  /** [count, future, 2], as it was. */
  readonly future: Tensor
  /** What each vehicle does. */
  readonly manoeuvres: readonly Manoeuvre[]
}

/** Speed and yaw rate at a time. */
type Controls = (t: number) => { readonly speed: number; readonly yawRate: number }

const stepS = 0.02

const between = (generator: Generator, low: number, high: number): number => low + (high - low) * generator.double()

/** From 0 to 1 over `length` seconds from `start`, with a smooth beginning and end. */
const ramp = (t: number, start: number, length: number): number => {
  const u = Math.min(1, Math.max(0, (t - start) / length))
  return u * u * (3 - 2 * u)
}

/** On a road: at most one change of lane, which begins before the last position seen. */
const onRoad = (generator: Generator, change: boolean, seenS: number): Controls => {
  const speed = between(generator, 12, 30)
  const acceleration = between(generator, -0.5, 0.5)
  const length = between(generator, 4, 6)
  // The first step seen still shows the direction of the road.
  const start = Math.max(0.4, between(generator, seenS - 0.6 * length, seenS - 0.25 * length))
  const side = generator.randint(2) === 0 ? -1 : 1
  // A full sine of the yaw rate moves the vehicle by a lane and leaves its heading as it was.
  const amplitude = change ? (side * 3.5 * 2 * Math.PI) / (length * length) : 0
  const middleSpeed = speed + acceleration * (start + length / 2)
  return (t) => {
    const v = speed + acceleration * t
    const u = (t - start) / length
    return { speed: v, yawRate: u < 0 || u > 1 ? 0 : (amplitude * math.sin(2 * Math.PI * u)) / middleSpeed }
  }
}

/** At a crossing: slows down, goes straight or turns by a quarter, and speeds up. */
const atCrossing = (generator: Generator, turn: boolean, seenS: number): Controls => {
  const cruise = between(generator, 8, 14)
  const slow = between(generator, 4, 6.5)
  const brakeS = between(generator, 2, 3)
  // The turn begins near the end of what is seen, so that braking, and often the first of it, shows.
  const start = seenS + between(generator, -1, 0.5)
  const radius = between(generator, 8, 12)
  const side = generator.randint(2) === 0 ? -1 : 1
  const turnS = (Math.PI / 2) * (radius / slow)
  return (t) => {
    const down = ramp(t, start - brakeS, brakeS)
    const up = ramp(t, start + (turn ? turnS : 1), 2)
    const speed = cruise + (slow - cruise) * (down - up)
    return { speed, yawRate: turn && t >= start && t <= start + turnS ? (side * slow) / radius : 0 }
  }
}

const controlsOf = (generator: Generator, manoeuvre: Manoeuvre, seenS: number): Controls => {
  if (manoeuvre === 'keep lane' || manoeuvre === 'change lane') {
    return onRoad(generator, manoeuvre === 'change lane', seenS)
  }
  return atCrossing(generator, manoeuvre === 'turn at crossing', seenS)
}

const manoeuvres: readonly Manoeuvre[] = ['keep lane', 'change lane', 'cross straight', 'turn at crossing']

/** Positions at equal times along a drive that starts anywhere. */
const drive = (generator: Generator, controls: Controls, count: number, intervalS: number): Float64Array => {
  let [x, y] = [between(generator, -100, 100), between(generator, -100, 100)]
  let heading = between(generator, 0, 2 * Math.PI)
  const perPosition = Math.round(intervalS / stepS)
  const found = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) {
    found[2 * i] = x
    found[2 * i + 1] = y
    for (let k = 0; k < perPosition; k++) {
      const { speed, yawRate } = controls((i * perPosition + k) * stepS)
      heading += yawRate * stepS
      x += speed * math.cos(heading) * stepS
      y += speed * math.sin(heading) * stepS
    }
  }
  return found
}

/**
 * Simulates vehicles that keep or change their lane, and that go straight or turn at a crossing, a quarter of each. What
 * they do has begun to show by the last position seen. The same seed gives the same tracks.
 * @throws ValueError when a number is out of range.
 * @example
 * const { history, future, manoeuvres } = simulateTraffic({ count: 4, seed: 0 })
 * history.shape // => [4, 8, 2]
 * future.shape // => [4, 12, 2]
 * manoeuvres.length // => 4
 */
export const simulateTraffic = ({
  count,
  seed,
  history = 8,
  future = 12,
  intervalS = 0.4,
  noiseM = 0.02,
}: TrafficOptions): Traffic => {
  const whole = [count, history, future].every((n) => Number.isInteger(n) && n >= 1)
  if (!whole || !(intervalS >= stepS && intervalS < Infinity && noiseM >= 0 && noiseM < Infinity)) {
    throw new ValueError({
      op: 'simulateTraffic',
      problem: 'a number is out of range',
      got: `count ${count}, history ${history}, future ${future}, intervalS ${intervalS}, noiseM ${noiseM}`,
      expected: `whole numbers from 1, an interval of at least ${stepS} s and a noise of at least 0 m`,
    })
  }
  const generator = new Generator(seed)
  const points = history + future
  const seenS = (history - 1) * intervalS
  const kinds = Array.from({ length: count }, () => manoeuvres[generator.randint(manoeuvres.length)])
  const seen = new Float32Array(count * history * 2)
  const ahead = new Float32Array(count * future * 2)
  kinds.forEach((kind, n) => {
    const track = drive(generator, controlsOf(generator, kind, seenS), points, intervalS)
    const noise = generator.normal(new Float64Array(2 * history), 0, noiseM)
    for (let i = 0; i < 2 * history; i++) seen[n * 2 * history + i] = track[i] + noise[i]
    ahead.set(track.subarray(2 * history), n * 2 * future)
  })
  return {
    history: tensor(seen, { shape: [count, history, 2] }),
    future: tensor(ahead, { shape: [count, future, 2] }),
    manoeuvres: kinds,
  }
}
