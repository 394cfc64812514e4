import { manualSeed, mean, mul, square, tensor, zeros, type Tensor } from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import { checkRecorded, read, type Recorded } from '../testing/golden.ts'
import { constantVelocity, displacementErrors } from './metrics.ts'
import { simulateTraffic } from './simulate.ts'
import { TrajectoryPredictor } from './trajectory.ts'

test('output, gradients and a training step as PyTorch', () => {
  const golden = read<Recorded & { history: number[] }>(new URL('__golden__/trajectory.json', import.meta.url))
  manualSeed(0)
  const model = new TrajectoryPredictor({ hiddenSize: 6, stepUnit: 2, changeUnit: 0.5 })
  const history = tensor(golden.history, { shape: [3, 5, 2] })
  const lossOf = (y: Tensor): Tensor => mul(mean(square(y)), 1 / 50)
  // Positions of up to 30 from sums of four steps.
  checkRecorded(golden, model, {
    forward: () => model.forward(history, 4),
    lossOf,
    tolerance: { atol: 1e-5, rtol: 2e-5 },
  })
})

test('with a head of zeros it predicts constant velocity', () => {
  const { history } = simulateTraffic({ count: 6, seed: 1 })
  const model = new TrajectoryPredictor()
  model.net.head.loadStateDict(
    new Map([
      ['weight', zeros([2, 64])],
      ['bias', zeros([2])],
    ]),
  )
  // Positions of hundreds of metres, in f32.
  allClose(model.forward(history, 12), constantVelocity(history, 12), { atol: 2e-3 })
})

test('turning and moving a scene turns and moves the prediction', () => {
  manualSeed(3)
  const model = new TrajectoryPredictor()
  const { history } = simulateTraffic({ count: 4, seed: 2 })
  const turned = (x: Tensor): Tensor => {
    const data = x.dataSync()
    return tensor(
      Float32Array.from(data, (_, i) => (i % 2 === 0 ? -data[i + 1] + 7 : data[i - 1] - 5)),
      { shape: x.shape },
    )
  }
  allClose(model.forward(turned(history), 5), turned(model.forward(history, 5)), { atol: 2e-3 })
})

test('what stands still stays where it is', () => {
  const history = tensor([
    [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
  ])
  const y = new TrajectoryPredictor().forward(history, 3)
  allClose(y, [3, 4, 3, 4, 3, 4], { atol: 1e-6 })
})

test('the simulation repeats, and its vehicles move as vehicles do', () => {
  const a = simulateTraffic({ count: 200, seed: 5, noiseM: 0 })
  const b = simulateTraffic({ count: 200, seed: 5, noiseM: 0 })
  expect(a.future.dataSync()).toEqual(b.future.dataSync())
  expect(new Set(a.manoeuvres).size).toBe(4)
  const [seen, ahead] = [a.history.dataSync(), a.future.dataSync()]
  a.manoeuvres.forEach((kind, n) => {
    const at = (i: number): [number, number] =>
      i < 8
        ? [seen[n * 16 + 2 * i], seen[n * 16 + 2 * i + 1]]
        : [ahead[n * 24 + 2 * i - 16], ahead[n * 24 + 2 * i - 15]]
    const steps = Array.from({ length: 19 }, (_, i) => [at(i + 1)[0] - at(i)[0], at(i + 1)[1] - at(i)[1]])
    for (const [dx, dy] of steps) expect(Math.hypot(dx, dy) / 0.4).toBeGreaterThan(3)
    for (const [dx, dy] of steps) expect(Math.hypot(dx, dy) / 0.4).toBeLessThan(35)
    // How far the end lies beside the line of the first step.
    const [ux, uy] = steps[0].map((v) => v / Math.hypot(...steps[0]))
    const [x, y] = [at(19)[0] - at(0)[0], at(19)[1] - at(0)[1]]
    const aside = Math.abs(ux * y - uy * x)
    if (kind === 'keep lane' || kind === 'cross straight') expect(aside).toBeLessThan(0.01)
    if (kind === 'change lane') expect(Math.abs(aside - 3.5)).toBeLessThan(0.1)
    if (kind === 'turn at crossing') expect(aside).toBeGreaterThan(6)
  })
})

test('metrics and what is refused', () => {
  const track = tensor([
    [
      [0, 0],
      [1, 1],
    ],
  ])
  expect(() => displacementErrors(track, tensor([[[0, 0]]]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: displacementErrors: the tracks do not fit each other; got [1, 2, 2] and [1, 1, 2], expected [N, T, 2] of both, with at least one position.]`,
  )
  expect(() => constantVelocity(tensor([[[1, 2]]]), 3)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: constantVelocity: the history does not fit; got [1, 1, 2], expected [N, T, 2] with T >= 2.]`,
  )
  expect(() => new TrajectoryPredictor().forward(track, 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: TrajectoryPredictor: the history does not fit; got [1, 2, 2], expected [N, T, 2] with T >= 3.]`,
  )
  const { history } = simulateTraffic({ count: 1, seed: 0 })
  expect(() => new TrajectoryPredictor().forward(history, 0)).toThrow('EncoderDecoder.rollout: not a number of steps')
  expect(() => simulateTraffic({ count: 0, seed: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: simulateTraffic: a number is out of range; got count 0, history 8, future 12, intervalS 0.4, noiseM 0.02, expected whole numbers from 1, an interval of at least 0.02 s and a noise of at least 0 m.]`,
  )
})
