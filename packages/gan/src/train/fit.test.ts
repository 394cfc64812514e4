import {
  DataLoader,
  defaultBackend,
  defaultGenerator,
  exponentialLr,
  Generator,
  Linear,
  loadCheckpoint,
  manualSeed,
  ones,
  optim,
  saveCheckpoint,
  Schedule,
  Sequential,
  Sgd,
  Sigmoid,
  stepLr,
  Tanh,
  tensor,
  tensorDataset,
  uniform,
  zeros,
  type Optimizer,
  type Plain,
  type Tensor,
} from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { describe, expect, test } from 'vitest'
import { cgan, Gan, mlpGan, pointsWganGp, type GanEvent, type GanFitOptions, type GenerativeModel } from '../index.ts'

const small = (): Gan =>
  new Gan({
    generator: new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 3), new Tanh()),
    discriminator: new Sequential(new Linear(3, 8), new Tanh(), new Linear(8, 1), new Sigmoid()),
    latentShape: [2],
    sampleShape: [3],
  })

/** A seeded model with a shuffled loader of 5 batches. */
const prepare = (): { model: Gan; train: DataLoader<Tensor[]> } => {
  manualSeed(3)
  const model = small()
  const data = tensorDataset(uniform(-1, 1, [20, 3]))
  return { model, train: new DataLoader(data, { batchSize: 4, shuffle: true }) }
}

const events = async (
  model: GenerativeModel,
  train: Iterable<Tensor | Tensor[]>,
  options: GanFitOptions,
): Promise<GanEvent[]> => {
  const all: GanEvent[] = []
  for await (const e of model.fit(train, options)) all.push(e)
  return all
}

const weights = (model: GenerativeModel): number[][] => [...model.stateDict().values()].map((x) => [...x.dataSync()])

test('gives the losses of each batch, then means and samples', async () => {
  const { model, train } = prepare()
  const all = await events(model, train, { epochs: 2, samples: { count: 4, every: 2 } })
  expect(all.map((e) => `${e.kind} ${e.epoch} ${e.step} ${e.batch} ${e.seen}`)).toMatchInlineSnapshot(`
    [
      "step 1 1 1 4",
      "step 1 2 2 8",
      "step 1 3 3 12",
      "step 1 4 4 16",
      "step 1 5 5 20",
      "epoch 1 5 5 20",
      "step 2 6 1 4",
      "step 2 7 2 8",
      "step 2 8 3 12",
      "step 2 9 4 16",
      "step 2 10 5 20",
      "epoch 2 10 5 20",
    ]
  `)
  const losses = all.slice(0, 5).map((e) => e.losses['generator']!)
  expect(all[5].losses['generator']).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 12)
  expect(all[5].samples).toBeUndefined()
  expect(all[11].samples?.shape).toEqual([4, 3])
  expect(all[11].samples?.dataSync()).toEqual(model.sample(4, { seed: 0 }).dataSync())
})

test('reports every so many batches', async () => {
  const { model, train } = prepare()
  const all = await events(model, train, { epochs: 1, reportEvery: 2 })
  expect(all.map((e) => `${e.kind} ${e.step}`)).toEqual(['step 2', 'step 4', 'epoch 5'])
})

describe('resuming', () => {
  test.each(['epoch', 'step'] as const)('goes on with the same bits after the %s', async (kind) => {
    const straight = prepare()
    let bytes: Uint8Array | undefined
    const losses: unknown[] = []
    for await (const e of straight.model.fit(straight.train, { epochs: 3, samples: { count: 0 } })) {
      if (bytes !== undefined) losses.push(e.losses)
      if (bytes === undefined && e.kind === kind && e.step >= 5 + (kind === 'step' ? 2 : 0))
        bytes = await e.checkpoint()
    }
    const { model, train } = prepare()
    manualSeed(99)
    const rest = await events(model, train, { epochs: 3, samples: { count: 0 }, resume: bytes! })
    expect(rest.map((e) => e.losses)).toEqual(losses)
    expect(weights(model)).toEqual(weights(straight.model))
  })

  test('a checkpoint of another model changes nothing', async () => {
    const { model, train } = prepare()
    let bytes: Uint8Array | undefined
    for await (const e of model.fit(train, { epochs: 1 })) bytes = await e.checkpoint()
    const other = pointsWganGp({ dim: 3, hidden: 4 })
    const before = weights(other)
    await expect(events(other, train, { epochs: 2, resume: bytes! })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ValueError: gan.fit: the checkpoint's optimizers differ; got groups of 4, 4 parameters, expected groups of 8, 8.]`,
    )
    expect(weights(other)).toEqual(before)
  })

  test('schedules go on where they stood', async () => {
    const options = (): GanFitOptions => ({
      epochs: 3,
      samples: { count: 0 },
      optimizer: optim.sgd({ lr: 0.1 }),
      schedule: { generator: exponentialLr({ gamma: 0.5 }), discriminator: stepLr({ stepSize: 7 }) },
      scheduleEach: 'step',
    })
    const straight = prepare()
    let bytes: Uint8Array | undefined
    for await (const e of straight.model.fit(straight.train, options()))
      if (e.kind === 'step' && e.step === 6) bytes = await e.checkpoint()
    const { model, train } = prepare()
    await events(model, train, { ...options(), resume: bytes! })
    expect(weights(model)).toEqual(weights(straight.model))
    // Nothing is taken where the schedules are others.
    const other = prepare()
    const before = weights(other.model)
    const schedule = { generator: exponentialLr({ gamma: 0.5 }) }
    await expect(
      events(other.model, other.train, { ...options(), schedule, resume: bytes! }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[FormatError: gan.fit: the checkpoint's schedules differ; got discriminator.last_epoch, generator.last_epoch, expected generator.last_epoch. Resume with the schedules of the first run.]`,
    )
    expect(weights(other.model)).toEqual(before)
  })

  test.each(['progress', 'source', 'progress.epoch', 'progress.totals', 'source.generator', 'source.position'])(
    'a checkpoint with a hostile %s changes nothing',
    async (path) => {
      const { model, train } = prepare()
      let bytes: Uint8Array | undefined
      for await (const e of model.fit(train, { epochs: 1 })) bytes ??= await e.checkpoint()
      const extra = structuredClone(loadCheckpoint(bytes!)) as Record<string, Record<string, unknown>>
      const [part, field] = path.split('.')
      if (field === undefined) delete extra[part]
      else extra[part][field] = { generator: [-1, 0] }
      const other = prepare()
      const forged = await saveCheckpoint({ model, generator: new Generator(1) }, extra as Record<string, Plain>)
      const before = weights(other.model)
      const state = defaultGenerator().state()
      await expect(events(other.model, other.train, { epochs: 2, resume: forged })).rejects.toThrow(
        `gan.fit: the checkpoint's ${part === 'source' ? part : path}`,
      )
      expect(weights(other.model)).toEqual(before)
      expect(defaultGenerator().state()).toEqual(state)
    },
  )

  test('a checkpoint that stands past the end of the data changes nothing', async () => {
    const { model, train } = prepare()
    let bytes: Uint8Array | undefined
    for await (const e of model.fit(train, { epochs: 1 })) if (e.kind === 'step') bytes = await e.checkpoint()
    const other = prepare()
    const before = weights(other.model)
    const few = new DataLoader(tensorDataset(ones([2, 3])))
    await expect(events(other.model, few, { epochs: 2, resume: bytes! })).rejects.toThrow(
      "gan.fit: the checkpoint's source cannot be read; got RangeError: next is ",
    )
    await expect(events(other.model, [ones([2, 3])], { epochs: 2, resume: bytes! })).rejects.toThrow(
      'gan.fit: the checkpoint stands within an epoch; got batches that always start anew, expected a DataLoader.',
    )
    expect(weights(other.model)).toEqual(before)
  })

  test('bytes that are no checkpoint are refused', async () => {
    const { model, train } = prepare()
    await expect(events(model, train, { epochs: 1, resume: new Uint8Array(20) })).rejects.toThrow('safetensors')
  })
})

test('each player has a schedule of its own', async () => {
  const rates: number[][] = []
  const { model, train } = prepare()
  const made: Optimizer[] = []
  const optimizer = (params: readonly Tensor[]): Optimizer => (made.push(new Sgd(params, { lr: 1 })), made.at(-1)!)
  const schedule = { generator: exponentialLr({ gamma: 0.5 }) }
  for await (const e of model.fit(train, { epochs: 2, optimizer, schedule, samples: { count: 0 } }))
    if (e.kind === 'epoch') rates.push(made.map((o) => o.paramGroups[0].lr))
  expect(rates).toEqual([
    [1, 0.5],
    [1, 0.25],
  ])
  await expect(
    events(model, train, { epochs: 1, schedule: { critic: exponentialLr({ gamma: 0.5 }) } }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gan.fit: there is no such player; got critic, expected discriminator, generator. Name each schedule after the part whose rate it changes.]`,
  )
})

test('a schedule that watches a metric gets its player’s loss', async () => {
  const { model, train } = prepare()
  const seen: (number | undefined)[] = []
  class Watch extends Schedule {
    step(metric?: number): void {
      seen.push(metric)
    }
  }
  const schedule = { generator: (o: Optimizer) => new Watch(o) }
  const all = await events(model, train, { epochs: 1, schedule, samples: { count: 0 } })
  expect(seen).toEqual([all.at(-1)!.losses['generator']])
})

test('an own generator of random numbers draws the codes', async () => {
  const firstLoss = async (seed: number): Promise<number> => {
    manualSeed(1)
    const options = { epochs: 1, generator: new Generator(seed), samples: { count: 0 } }
    return (await events(small(), [ones([4, 3])], options))[0].losses['generator']
  }
  expect(await firstLoss(5)).toBe(await firstLoss(5))
  expect(await firstLoss(5)).not.toBe(await firstLoss(6))
})

test('stops by its signal, and when the loop is left', async () => {
  const { model, train } = prepare()
  const controller = new AbortController()
  let seen = 0
  const run = async (): Promise<void> => {
    for await (const _ of model.fit(train, { epochs: 9, signal: controller.signal }))
      if (++seen === 3) controller.abort()
  }
  await expect(run()).rejects.toThrowErrorMatchingInlineSnapshot(`[AbortError: gan.fit: stopped by its signal.]`)
  expect(seen).toBe(3)
  for await (const _ of model.fit(train, { epochs: 9 })) break
})

test('players have optimizers of their own', async () => {
  const { model, train } = prepare()
  const before = weights(model)
  const still = optim.sgd({ lr: 0 })
  await events(model, train, { epochs: 1, optimizer: { discriminator: still } })
  const changed = weights(model).map((values, i) => values.some((v, j) => v !== before[i][j]))
  expect(changed).toEqual([true, true, true, true, false, false, false, false])
  await expect(
    events(model, train, { epochs: 1, optimizer: { critic: still } }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gan.fit: there is no such player; got critic, expected discriminator, generator. Name each optimizer after the part that it trains.]`,
  )
})

test('the critic takes nCritic steps for one of the generator', async () => {
  const model = pointsWganGp({ hidden: 4, nCritic: 3 })
  const all = await events(
    model,
    Array.from({ length: 6 }, () => ones([5, 2])),
    { epochs: 1, samples: { count: 0 } },
  )
  expect(all.map((e) => Object.keys(e.losses).length)).toEqual([1, 1, 2, 1, 1, 2, 2])
})

test('a GAN learns the place of a blob', async () => {
  manualSeed(0)
  const model = new Gan({
    generator: new Sequential(new Linear(2, 16), new Tanh(), new Linear(16, 2)),
    discriminator: new Sequential(new Linear(2, 16), new Tanh(), new Linear(16, 1), new Sigmoid()),
    latentShape: [2],
    sampleShape: [2],
    optimizer: optim.adam({ lr: 5e-3, betas: [0.5, 0.999] }),
  })
  const batches = Array.from({ length: 400 }, () => uniform(0.4, 0.6, [32, 2]))
  await events(model, batches, { epochs: 1, samples: { count: 0 } })
  const mean = Array.from(model.sample(500, { seed: 1 }).dataSync(), Number).reduce((a, b) => a + b) / 1000
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.1)
})

test('training leaves no tensors behind', async () => {
  const { model, train } = prepare()
  await events(model, train, { epochs: 1 })
  const before = defaultBackend().memory().blocks
  for await (const e of model.fit(train, { epochs: 2 })) e.samples?.dispose()
  // The second run's own optimizers: two averages for each of 8 parameters.
  expect(defaultBackend().memory().blocks - before).toBe(16)
})

describe('sampling', () => {
  test('depends on the seed alone, not on the batches or the mode', () => {
    const { model } = prepare()
    const a = model.sample(7, { seed: 4 })
    expect(model.sample(7, { seed: 4 }).dataSync()).toEqual(a.dataSync())
    // Matrix products of other sizes may sum in another order.
    allClose(model.sample(7, { seed: 4, batchSize: 2 }), a, { rtol: 0, atol: 1e-6 })
    expect(model.sample(7, { seed: 5 }).dataSync()).not.toEqual(a.dataSync())
    expect(model.training).toBe(true)
    expect(model.sample(0, { seed: 4 }).shape).toEqual([0, 3])
  })

  test('classes come in turn where none are asked for', () => {
    manualSeed(0)
    const model = cgan({ baseWidth: 4, numClasses: 3 })
    const asked = model.sample(4, { seed: 1, labels: [0, 1, 2, 0] })
    expect(model.sample(4, { seed: 1 }).dataSync()).toEqual(asked.dataSync())
    expect(model.sample(4, { seed: 1, labels: [1, 1, 2, 0] }).dataSync()).not.toEqual(asked.dataSync())
  })

  test('bad requests are refused', () => {
    const model = cgan({ baseWidth: 4 })
    expect(() => model.sample(2, { labels: [1] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: gan.sample: the labels do not fit; got 1 labels, expected 2 integers in [0, 10).]`,
    )
    expect(() => model.sample(2, { labels: [1, 10] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: gan.sample: the labels do not fit; got 10 at 1, expected 2 integers in [0, 10).]`,
    )
    expect(() => model.sample(-1)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: gan.sample: count is out of range; got -1, expected a whole number from 0.]`,
    )
    expect(() => small().sample(1, { labels: [1] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: gan.sample: this model knows no classes; got 1 labels. Leave labels out, or train a conditional model such as cgan().]`,
    )
    expect(() => model.forward(zeros([1, 100, 1, 1]))).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: ConditionalGan: there are no labels; expected a class for each sample. Call forward(z, labels).]`,
    )
  })
})

test('bad batches are refused before anything changes', async () => {
  manualSeed(0)
  const [model, conditional] = [mlpGan(), cgan({ baseWidth: 4 })]
  const fails = (m: GenerativeModel, batch: Tensor | Tensor[]): Promise<unknown> => events(m, [batch], { epochs: 1 })
  const before = weights(model)
  await expect(fails(model, zeros([2, 1, 32, 32]))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gan.fit: the samples have another shape than the model makes; got [2,1,32,32], expected [N,1,28,28]. Resize or pad them, or build the model for this size.]`,
  )
  await expect(fails(model, ones([2, 1, 28, 28], { dtype: 'i32' }))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: gan.fit: samples are not fractions; got i32, expected f32. Scale pixels to [-1, 1].]`,
  )
  await expect(
    fails(model, tensor(Array(784).fill(255), { shape: [1, 1, 28, 28] })),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gan.fit: samples lie outside of what the generator can make; got values from 255 to 255, expected values in [-1, 1]. Scale bytes by x / 127.5 - 1.]`,
  )
  await expect(fails(conditional, zeros([2, 1, 28, 28]))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gan.fit: a conditional model needs labels; got samples alone, expected [samples [N, ...], labels [N]].]`,
  )
  await expect(fails(conditional, [zeros([2, 1, 28, 28]), tensor(Int32Array.of(3, 11))])).rejects.toThrow('oneHot')
  await expect(events(model, [], { epochs: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gan.fit: there are no batches; expected at least one.]`,
  )
  await expect(events(model, [], { epochs: -1 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gan.fit: epochs is out of range; got -1, expected a whole number from 0.]`,
  )
  expect(weights(model)).toEqual(before)
})
