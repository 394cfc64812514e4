import {
  DataLoader,
  fromData,
  Generator,
  lambdaLr,
  manualSeed,
  optim,
  tensorDataset,
  type Tensor,
} from '@lanewise/core'
import { pointsWganGp } from '@lanewise/gan'
import type { Context, Metrics } from './lib/context.ts'
import { blank, png, type Picture } from './lib/picture.ts'
import { plot } from './lib/plot.ts'

export const summary = 'WGAN-GP learns 25 Gaussians in the plane: how many of the modes it covers'

/** Modes lie on a 5x5 grid; all is scaled so that the coordinates' standard deviation is 1. */
const scale = Math.SQRT2 * 2
const modes = Array.from({ length: 25 }, (_, i) =>
  [((i % 5) - 2) * 2, (Math.floor(i / 5) - 2) * 2].map((v) => v / scale),
)
const std = 0.05 / scale

const drawPoints = (count: number, generator: Generator): Tensor => {
  const points = generator.normal(new Float32Array(2 * count), 0, std)
  for (let i = 0; i < count; i++) {
    const [x = 0, y = 0] = modes[generator.randint(25)] ?? []
    points[2 * i] = (points[2 * i] ?? 0) + x
    points[2 * i + 1] = (points[2 * i + 1] ?? 0) + y
  }
  return fromData(points, [count, 2], 'f32')
}

/** How many samples each mode has within `reach` standard deviations. */
const countModes = (points: ArrayLike<number>, reach: number): number[] => {
  const counts = modes.map(() => 0)
  for (let i = 0; i < points.length; i += 2) {
    const at = modes.findIndex(([x = 0, y = 0]) => {
      const [dx, dy] = [(points[i] ?? 0) - x, (points[i + 1] ?? 0) - y]
      return dx * dx + dy * dy <= (reach * std) ** 2
    })
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1
  }
  return counts
}

/**
 * 10,000 samples give a mode 400 if all are drawn alike; one with fewer than 20 within 3 standard deviations is lost.
 */
const coverage = (points: ArrayLike<number>): Metrics & { modesCovered: number; highQuality: number } => {
  const counts = countModes(points, 3)
  return {
    modesCovered: counts.filter((n) => n >= 20).length,
    highQuality: (2 * counts.reduce((a, b) => a + b, 0)) / points.length,
    fewestInMode: Math.min(...counts),
  }
}

const size = 480

/** Points as dark dots, the modes' 3 standard deviations as light discs. */
const scatter = (points: ArrayLike<number>): Picture => {
  const picture = blank(size, size, 3)
  const place = (v: number): number => Math.round(((v + 2) / 4) * size)
  const dot = (x: number, y: number, color: readonly number[]): void => {
    if (x < 0 || y < 0 || x >= size || y >= size) return
    color.forEach((value, c) => (picture.data[3 * (y * size + x) + c] = value))
  }
  const radius = Math.round((3 * std * size) / 4)
  for (const [x = 0, y = 0] of modes)
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++)
        if (dx * dx + dy * dy <= radius * radius) dot(place(x) + dx, place(y) + dy, [255, 210, 150])
  for (let i = 0; i < points.length; i += 2) dot(place(points[i] ?? 0), place(points[i + 1] ?? 0), [31, 60, 140])
  return picture
}

/** Where the generator's rate begins to fall. */
const settle = 0.5

export const run = async ({ quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  manualSeed(seed)
  const [epochs, steps, batchSize] = quick ? [2, 60, 64] : [10, 2000, 128]
  const total = epochs * steps
  const model = pointsWganGp({ hidden: quick ? 32 : 128, lambda: 0.1 })
  const data = tensorDataset(drawPoints(steps * batchSize, new Generator(seed)))
  const train = new DataLoader(data, { batchSize, shuffle: true })
  const bar = progress('training', total)
  const curve: [number, number][] = []
  for await (const e of model.fit(train, {
    epochs,
    optimizer: optim.adam({ lr: 1e-3, betas: [0.5, 0.9] }),
    // A generator that moves slower and slower lets the critic find the gaps between modes, and the points settle.
    schedule: { generator: lambdaLr((step) => Math.max(0.02, Math.min(1, (1 - step / total) / (1 - settle)))) },
    scheduleEach: 'step',
    signal,
    samples: { count: 10_000, seed },
  })) {
    const loss = e.losses['discriminator'] ?? 0
    bar.update(e.step, `critic ${loss.toFixed(4)}`)
    if (e.samples === undefined) continue
    curve.push([e.step, -loss])
    const points = e.samples.dataSync() as Float32Array
    const { modesCovered, highQuality } = coverage(points)
    write('wgan-gp.png', png(scatter(points)))
    const found = `${modesCovered} modes, ${(100 * highQuality).toFixed(1)} % of the points within one`
    log(`${e.step} steps: critic ${loss.toFixed(4)}, ${found}, ${e.seconds.toFixed(0)} s`)
  }
  bar.stop()
  const points = model.sample(10_000, { seed }).dataSync() as Float32Array
  write('wgan-gp.png', png(scatter(points)))
  write('wgan-gp-loss.svg', plot('Estimated distance', [{ name: 'critic', points: curve }], 'critic steps', 'distance'))
  return { ...coverage(points), criticSteps: total }
}
