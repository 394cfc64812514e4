import { readFileSync } from 'node:fs'
import { loadSafetensors, manualSeed, optim, randint, saveSafetensors, uniform, type Tensor } from '@lanewise/core'
import { expect, test } from 'vitest'
import {
  cgan,
  dcgan,
  kerasMnistGan,
  minimax,
  mlpGan,
  pointsWganGp,
  vaeGan,
  wganGp,
  type GenerativeModel,
  type WganGpTraining,
} from './index.ts'

type Digest = readonly number[]

interface Family {
  readonly name: string
  readonly seed: number
  readonly parameters: Record<string, number>
  readonly initial: Record<string, Digest>
  readonly losses: Record<string, number>
  readonly after: Record<string, Digest>
  readonly samples: Digest
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`./__golden__/${name}`, import.meta.url), 'utf8'))
const golden = read<Family[]>('families.json')
const adam = read<{ name: string; seed: number; steps: Record<string, number>[] }[]>('losses.json')

const build: Record<string, (training: WganGpTraining) => GenerativeModel> = {
  mlpGan: () => mlpGan(),
  'dcgan 28': () => dcgan({ channels: 1, imageSize: 28, baseWidth: 4 }),
  'dcgan 32': () => dcgan({ baseWidth: 4 }),
  'dcgan minimax': () => dcgan({ channels: 1, imageSize: 28, baseWidth: 4, loss: minimax() }),
  kerasMnistGan: () => kerasMnistGan(),
  'kerasMnistGan with batch norms': () => kerasMnistGan({ batchNorm: true }),
  cgan: () => cgan({ baseWidth: 4 }),
  vaeGan: () => vaeGan({ baseWidth: 4, latentDim: 8 }),
  wganGp: (training) => wganGp({ ...training, channels: 1, imageSize: 28, baseWidth: 4 }),
  pointsWganGp: (training) => pointsWganGp({ ...training, hidden: 16 }),
}

/** Sum, sum of magnitudes, and eight elements spread over the tensor, as gan_families.py. */
const digest = (x: Tensor): number[] => {
  const values = Array.from(x.dataSync(), Number)
  const sums = [values.reduce((a, b) => a + b, 0), values.reduce((a, b) => a + Math.abs(b), 0)]
  return [...sums, ...Array.from({ length: 8 }, (_, i) => values[Math.floor((i * (values.length - 1)) / 7)])]
}

/** Elements within `atol`; sums within what that makes of all elements, as rounding of each may add up. */
const expectClose = (got: readonly number[], want: Digest, size: number, atol: number, name: string): void =>
  got.forEach((value, i) => {
    const bound = (i < 2 ? Math.sqrt(size) : 1) * atol + 2e-6 * Math.abs(want[i])
    if (!(Math.abs(value - want[i]) <= bound))
      throw new Error(`${name}, digest ${i}: ${value} instead of ${want[i]}, ${bound} allowed`)
  })

const start = (
  name: string,
  seed: number,
  training: WganGpTraining = {},
): { model: GenerativeModel; batch: [Tensor, Tensor] } => {
  manualSeed(seed)
  const model = build[name](training)
  const real = uniform(-1, 1, [6, ...model.sampleShape])
  return { model, batch: [real, randint(0, 10, [6])] }
}

test.each(golden)('$name draws PyTorch’s weights', ({ name, seed, parameters, initial }) => {
  const { model } = start(name, seed)
  for (const [player, module] of Object.entries(model.players()))
    expect(module.parameters().reduce((n, p) => n + p.size, 0)).toBe(parameters[player])
  const state = model.stateDict()
  expect([...state.keys()].filter((key) => !key.endsWith('num_batches_tracked'))).toEqual(Object.keys(initial))
  // Normal draws agree to 1.2e-7 of their deviation.
  for (const [key, want] of Object.entries(initial)) {
    const x = state.get(key)!
    expectClose(digest(x), want, x.size, 3e-7, key)
  }
})

test.each(golden)('$name takes PyTorch’s step', async ({ name, seed, losses, after, samples }) => {
  const { model, batch } = start(name, seed, { nCritic: 1 })
  const given: Record<string, number>[] = []
  // A plain step of 0.05 shows the gradients.
  const optimizer = optim.sgd({ lr: 0.05 })
  for await (const e of model.fit([batch], { epochs: 1, optimizer, samples: { count: 0 } })) given.push(e.losses)
  expect(given.length).toBe(2)
  expect(Object.keys(given[0]).sort()).toEqual(Object.keys(losses).sort())
  for (const [player, loss] of Object.entries(losses))
    expect(Math.abs(given[0][player] - loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(loss)))
  const state = model.stateDict()
  for (const [key, want] of Object.entries(after)) {
    const x = state.get(key)!
    expectClose(digest(x), want, x.size, 2e-6, key)
  }
  const made = model.sample(3, { seed: 7, ...(model.classes !== null && { labels: [3, 1, 4] }) })
  expectClose(digest(made), samples, made.size, 1e-5, 'samples')
})

test.each(adam)('$name follows PyTorch’s losses with its own optimizer', async ({ name, seed, steps }) => {
  const { model, batch } = start(name, seed)
  const got: Record<string, number>[] = []
  const train = steps.map(() => batch)
  for await (const e of model.fit(train, { epochs: 1, samples: { count: 0 } }))
    if (e.kind === 'step') got.push(e.losses)
  expect(got.map((losses) => Object.keys(losses).sort())).toEqual(steps.map((losses) => Object.keys(losses).sort()))
  // Adam turns rounding in gradients near 0 into whole steps, so the two drift apart slowly.
  steps.forEach((losses, i) => {
    for (const [player, loss] of Object.entries(losses))
      expect(Math.abs(got[i][player] - loss)).toBeLessThan(1e-3 * Math.max(1, Math.abs(loss)))
  })
})

test.each(Object.keys(build))('%s is saved and loaded', async (name) => {
  const { model } = start(name, 1)
  const bytes = await saveSafetensors(model.stateDict())
  const { model: other } = start(name, 2)
  other.loadStateDict(loadSafetensors(bytes))
  expect(other.sample(2, { seed: 3 }).dataSync()).toEqual(model.sample(2, { seed: 3 }).dataSync())
})

test('the programs’ sizes', () => {
  const count = (model: GenerativeModel): Record<string, number> =>
    Object.fromEntries(
      Object.entries(model.players()).map(([name, m]) => [name, m.parameters().reduce((n, p) => n + p.size, 0)]),
    )
  expect(count(mlpGan())).toEqual({ generator: 559_632, discriminator: 533_505 })
  expect(count(dcgan())).toEqual({ generator: 1_068_928, discriminator: 663_745 })
  expect(count(kerasMnistGan())).toEqual({ generator: 1_456_129, discriminator: 419_329 })
})

test('sizes out of range are refused', () => {
  expect(() => dcgan({ baseWidth: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: dcgan: baseWidth is out of range; got 0, expected an integer >= 1.]`,
  )
  expect(() => dcgan({ imageSize: 64 as 32 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: dcgan: there is no such size; got imageSize 64, expected 28 or 32.]`,
  )
  expect(() => wganGp({ lambda: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: WganGp: an option is out of range; got lambda -1, nCritic 5, expected lambda >= 0 and an integer nCritic >= 1.]`,
  )
  expect(() => cgan({ numClasses: 1, baseWidth: 4 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ConditionalGan: numClasses is out of range; got 1, expected an integer >= 2.]`,
  )
})
