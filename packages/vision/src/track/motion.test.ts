import { describe, expect, it } from 'vitest'
import { draws, worstError } from '../testing/golden.ts'
import { BehaviourMonitor } from './behaviour.ts'
import { ConstantVelocity, KalmanFilter } from './kalman.ts'
import { smoothTrajectory } from './smooth.ts'
import { LineZone, PolygonZone } from './zones.ts'

describe('Kalman filters', () => {
  it('of any size and of constant velocity agree', () => {
    const model = {
      transition: [1, 1, 0, 1],
      observation: [1, 0],
      processNoise: [0.5, 0, 0, 0.1],
      measurementNoise: [2],
    }
    const general = new KalmanFilter(model, [3, 0], [4, 0, 0, 9])
    const special = new ConstantVelocity(3, 4, 9)
    for (const z of draws(1, 20)) {
      general.predict()
      special.predict(0.5, 0.1)
      general.update([z * 10])
      special.update(z * 10, 2)
      expect(
        worstError(
          [special.position, special.velocity, special.positionVariance],
          [...general.state, general.covariance[0]],
        ),
      ).toBeLessThan(1e-13)
    }
  })

  it('weigh two measurements by their variances', () => {
    const still = {
      transition: [1, 0, 0, 1],
      observation: [1, 0, 0, 1],
      processNoise: [0, 0, 0, 0],
      measurementNoise: [1, 0, 0, 3],
    }
    const filter = new KalmanFilter(still, [0, 0], [1, 0, 0, 1])
    filter.update([2, 4])
    expect(worstError(filter.state, [1, 1])).toBeLessThan(1e-15)
    expect(worstError(filter.covariance, [0.5, 0, 0, 0.75])).toBeLessThan(1e-15)
  })

  it('take correlated noise', () => {
    const model = { transition: [1], observation: [1, 1], processNoise: [0], measurementNoise: [2, 1, 1, 2] }
    const filter = new KalmanFilter(model, [0], [1e9])
    filter.update([1, 3])
    expect(filter.state[0]).toBeCloseTo(2, 6)
    expect(filter.covariance[0]).toBeCloseTo(1.5, 6)
  })

  it('refuse what does not fit, unchanged', () => {
    const model = { transition: [1], observation: [1], processNoise: [0], measurementNoise: [0] }
    expect(() => new KalmanFilter(model, [0, 0], [1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: KalmanFilter: the matrices do not fit; got 2 states, transition 1, process noise 1, covariance 1, observation 1, measurement noise 1 numbers.]`,
    )
    const filter = new KalmanFilter(model, [5], [0])
    expect(() => filter.update([1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: KalmanFilter.update: wrong number of values; got 2, expected 1.]`,
    )
    expect(() => filter.update([NaN])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: KalmanFilter.update: not finite; got [NaN].]`,
    )
    expect(() => filter.update([1])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: KalmanFilter.update: the covariance of the innovation is not positive; got 0, expected a positive definite measurement noise.]`,
    )
    expect(filter.state).toEqual(Float64Array.of(5))
  })
})

describe('smoothing', () => {
  const truth = (t: number): number => 10 + 3 * t

  it('brings noise down and fills gaps', () => {
    const frames = Array.from({ length: 60 }, (_, t) => t).filter((t) => t < 20 || t > 25)
    const noise = draws(2, 60)
    const noisy = frames.map((t, i) => truth(t) + (noise[i] - 0.5) * 10)
    const {
      frames: every,
      values,
      velocities,
    } = smoothTrajectory(frames, noisy, { dimensions: 1, measurementStd: 3, accelerationStd: 0.02 })
    expect(every).toEqual(Int32Array.from({ length: 60 }, (_, t) => t))
    const rms = (xs: number[]): number => Math.sqrt(xs.reduce((s, x) => s + x * x, 0) / xs.length)
    const before = rms(frames.map((t, i) => noisy[i] - truth(t)))
    expect(rms([...values].map((v, t) => v - truth(t)))).toBeLessThan(before / 2)
    expect(rms([...velocities].map((v) => v - 3))).toBeLessThan(0.2)
  })

  it('is the least-squares line when nothing accelerates', () => {
    const z = [1, 3, 2, 5, 4]
    const { values, velocities } = smoothTrajectory([0, 1, 2, 3, 4], z, {
      dimensions: 1,
      measurementStd: 1,
      accelerationStd: 1e-9,
    })
    expect(velocities[2]).toBeCloseTo(0.8, 3)
    expect(values[2]).toBeCloseTo(3, 3)
  })

  it('refuses what it cannot use', () => {
    expect(() => smoothTrajectory([1, 1], [0, 0], { dimensions: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: smoothTrajectory: frames do not ascend; got 1 at 1.]`,
    )
    expect(() => smoothTrajectory([1], [0, 0])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: smoothTrajectory: values and frames do not match; got 2 numbers for 1 frames, expected 4 each.]`,
    )
    expect(() => smoothTrajectory([1], [NaN], { dimensions: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: smoothTrajectory: a value is not finite.]`,
    )
    expect(() => smoothTrajectory([1], [0], { dimensions: 1, measurementStd: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: smoothTrajectory: a deviation is not positive; got 0 and 0.3.]`,
    )
  })
})

const at = (id: number, x: number, y: number) => ({ id, box: [x - 5, y - 10, x + 5, y] as const })

describe('zones', () => {
  it('know who enters, stays and leaves', () => {
    const zone = new PolygonZone([0, 0, 100, 0, 100, 100, 0, 100], { forgetAfter: 2 })
    expect(zone.update([at(1, 50, 50), at(2, 150, 50)])).toEqual({ inside: [1], entered: [1], left: [] })
    expect(zone.update([at(1, 55, 50), at(2, 90, 50)])).toEqual({ inside: [1, 2], entered: [2], left: [] })
    expect(zone.update([at(1, 150, 50)])).toEqual({ inside: [], entered: [], left: [1] })
    zone.update([])
    expect(zone.update([at(2, 90, 50)]).entered).toEqual([2])
    expect(zone.visitors).toBe(2)
    zone.reset()
    expect(zone.visitors).toBe(0)
    expect(() => new PolygonZone([0, 0, 1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: PolygonZone: not a polygon; got 4 numbers, expected three corners or more.]`,
    )
  })

  it('count crossings in both directions, between the ends alone', () => {
    const line = new LineZone([0, 50], [100, 50])
    line.update([at(1, 20, 40), at(2, 80, 60), at(3, 200, 40)])
    expect(line.update([at(1, 20, 50), at(2, 80, 45), at(3, 200, 60)])).toEqual([{ id: 2, direction: 'out' }])
    expect(line.update([at(1, 20, 55)])).toEqual([{ id: 1, direction: 'in' }])
    expect(line.update([at(1, 20, 45)])).toEqual([{ id: 1, direction: 'out' }])
    expect([line.inCount, line.outCount]).toEqual([1, 2])
    expect(() => new LineZone([1, 1], [1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: LineZone: not a line; got [1, 1] to [1, 1].]`,
    )
  })
})

describe('bad tracks', () => {
  it('are refused and change nothing', () => {
    const twice = [at(1, 50, 50), at(1, 150, 50)]
    const broken = [at(1, 50, 50), at(2, NaN, 50)]
    const zone = new PolygonZone([0, 0, 100, 0, 100, 100, 0, 100])
    const line = new LineZone([0, 45], [100, 45])
    const monitor = new BehaviourMonitor({ windowFrames: 2 })
    line.update([at(1, 50, 40)])
    monitor.update([at(1, 50, 50)])
    for (const bad of [twice, broken]) {
      expect(() => zone.update(bad)).toThrow(/^PolygonZone\.update: /)
      expect(() => line.update(bad)).toThrow(/^LineZone\.update: /)
      expect(() => monitor.update(bad)).toThrow(/^BehaviourMonitor\.update: /)
    }
    expect(zone.visitors + line.inCount + line.outCount).toBe(0)
    expect(line.update([at(1, 50, 50)])).toEqual([{ id: 1, direction: 'in' }])
    expect(monitor.update([at(1, 50, 50)])).toEqual([{ id: 1, kind: 'stopped', phase: 'begin' }])
    expect(() => zone.update(twice)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: PolygonZone.update: an id appears twice in a frame; got id 1, expected each id once.]`,
    )
    expect(() => zone.update(broken)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: PolygonZone.update: a box is not finite; got [NaN, 40, NaN, 50] of id 2, expected four finite numbers.]`,
    )
  })
})

describe('behaviour', () => {
  const lane = { polygon: [0, 0, 1000, 0, 1000, 100, 0, 100], direction: [1, 0] as const }

  it('tells stopping, crossing and going the wrong way, from begin to end', () => {
    const monitor = new BehaviourMonitor({ lanes: [lane], windowFrames: 5 })
    const path = (t: number) => [
      at(1, 100 + Math.min(t, 10) * 5 + Math.max(0, t - 20) * 5, 50),
      at(2, 900 - 5 * t, 50),
      at(3, 500, 5 + 3 * t),
      at(4, 100 + 5 * t, 60),
    ]
    const events = Array.from({ length: 40 }, (_, t) => monitor.update(path(t)).map((e) => ({ ...e, t }))).flat()
    expect(events).toEqual([
      { id: 2, kind: 'wrongWay', phase: 'begin', lane: 0, t: 4 },
      { id: 3, kind: 'crossing', phase: 'begin', lane: 0, t: 4 },
      { id: 1, kind: 'stopped', phase: 'begin', t: 14 },
      { id: 1, kind: 'stopped', phase: 'end', t: 21 },
      { id: 3, kind: 'crossing', phase: 'end', lane: 0, t: 32 },
    ])
  })

  it('refuses a lane without direction', () => {
    expect(() => new BehaviourMonitor({ lanes: [{ ...lane, direction: [0, 0] }] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: BehaviourMonitor: an option is out of range; got windowFrames 15, directions [0, 0], expected a window of two frames or more and directions that are not zero.]`,
    )
  })
})
