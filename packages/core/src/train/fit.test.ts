import { expect, test } from 'vitest'
import { withBackend, defaultBackend, setDefaultBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { DataLoader } from '../data/loader.ts'
import { tensorDataset, type TensorDataset } from '../data/dataset.ts'
import { loadCheckpoint, saveCheckpoint } from '../io/checkpoint.ts'
import { crossEntropy } from '../losses/cross-entropy.ts'
import { bceWithLogits } from '../losses/binary-cross-entropy.ts'
import { mseLoss } from '../losses/distance.ts'
import { ReLU, Tanh } from '../nn/activations.ts'
import { Sequential } from '../nn/containers.ts'
import { Linear } from '../nn/linear.ts'
import { Module } from '../nn/module.ts'
import { dropout } from '../ops/dropout.ts'
import { adam, sgd, Ema } from '../optim/index.ts'
import { defaultGenerator, manualSeed } from '../random/default.ts'
import { Generator } from '../random/generator.ts'
import { rand, randn } from '../random/tensors.ts'
import { reduceLrOnPlateau } from '../schedules/plateau.ts'
import { exponentialLr } from '../schedules/decay.ts'
import { linspace, tensor } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { sin } from '../ops/unary.ts'
import { reshape } from '../ops/views.ts'
import { checkpoints, earlyStopping, progress, type Callback } from './callbacks.ts'
import { evaluate, predict } from './evaluate.ts'
import { fit, type FitEvent, type FitOptions } from './fit.ts'

const collect = async <B>(model: Parameters<typeof fit>[0], options: FitOptions<B>): Promise<FitEvent[]> => {
  const events: FitEvent[] = []
  for await (const e of fit(model, options)) events.push(e)
  return events
}

const xor = (): TensorDataset =>
  tensorDataset(
    tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]),
    tensor([[0], [1], [1], [0]]),
  )

test('a small net learns XOR', async () => {
  manualSeed(0)
  const model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 1))
  const train = new DataLoader(xor(), { batchSize: 4 })
  const events = await collect(model, { train, loss: bceWithLogits, optimizer: adam({ lr: 0.05 }), epochs: 200 })
  expect(events.at(-1)!.loss).toBeLessThan(0.02)
  const out = await predict(model, xor().tensors[0])
  expect(Array.from(out.dataSync(), (v) => Number(v > 0))).toEqual([0, 1, 1, 0])
}, 60_000)

test('a small net learns a sine', async () => {
  manualSeed(1)
  const x = reshape(linspace(-3, 3, 64), [64, 1])
  const model = new Sequential(new Linear(1, 32), new Tanh(), new Linear(32, 32), new Tanh(), new Linear(32, 1))
  const train = new DataLoader(tensorDataset(x, sin(x)), { batchSize: 16, shuffle: true })
  const events = await collect(model, { train, loss: mseLoss, optimizer: adam({ lr: 0.01 }), epochs: 150 })
  expect(events.at(-1)!.loss).toBeLessThan(1e-3)
}, 60_000)

test('a net learns 32 random samples by heart', async () => {
  manualSeed(2)
  const x = randn([32, 20])
  const y = tensor(Int32Array.from({ length: 32 }, (_, i) => (i * 7) % 10))
  const model = new Sequential(new Linear(20, 64), new ReLU(), new Linear(64, 10))
  const train = new DataLoader(tensorDataset(x, y), { batchSize: 8, shuffle: true })
  const events = await collect(model, {
    train,
    validation: train,
    loss: crossEntropy,
    optimizer: adam({ lr: 0.01 }),
    epochs: 40,
  })
  expect(events.at(-1)!.loss).toBeLessThan(0.02)
  expect(events.at(-1)!.validation).toMatchObject({ accuracy: 1, samples: 32 })
}, 60_000)

/** A net that draws at every step, so that nothing but the whole state resumes it. */
class Noisy extends Module {
  readonly first = new Linear(3, 8)
  readonly second = new Linear(8, 1)

  forward(x: Tensor): Tensor {
    return this.second.forward(dropout(this.first.forward(x), 0.3, { training: this.training }))
  }
}

const data = (): TensorDataset => {
  const generator = new Generator(5)
  return tensorDataset(rand([20, 3], { generator }), rand([20, 1], { generator }))
}

const options = (generator?: Generator): FitOptions<Tensor[]> => ({
  train: new DataLoader(data(), { batchSize: 3, shuffle: true, ...(generator && { generator }) }),
  validation: new DataLoader(data(), { batchSize: 5 }),
  loss: mseLoss,
  optimizer: adam({ lr: 0.01 }),
  schedule: exponentialLr({ gamma: 0.9 }),
  epochs: 4,
})

const weightsOf = (model: Module): number[][] => model.parameters().map((p) => Array.from(p.dataSync()))

test.each([
  ['after an epoch', false, 14],
  ['within an epoch', false, 10],
  ['within an epoch, with a generator of the loader’s own', true, 10],
])('training resumes to the same bits: %s', async (_, own, at) => {
  const make = (): FitOptions<Tensor[]> => options(own ? new Generator(9) : undefined)
  manualSeed(3)
  const straight = new Noisy()
  const ema = new Ema(straight, { decay: 0.5 })
  const saved: Uint8Array[] = []
  const save = checkpoints({
    everySteps: 1,
    save: (bytes, e) => void (saved[e.step + (e.kind === 'epoch' ? 0.5 : 0)] = bytes),
  })
  const events = await collect(straight, { ...make(), ema, callbacks: [save] })

  manualSeed(99)
  const resumed = new Noisy()
  const ema2 = new Ema(resumed, { decay: 0.5 })
  const bytes = at === 14 ? saved[14.5] : saved[at]
  const rest = await collect(resumed, {
    ...make(),
    ema: ema2,
    resume: bytes,
    callbacks: [checkpoints({ save: () => {} })],
  })
  expect(weightsOf(resumed)).toEqual(weightsOf(straight))
  expect(ema2.stateDict().get('first.weight')!.dataSync()).toEqual(ema.stateDict().get('first.weight')!.dataSync())
  expect(rest.at(-1)!.loss).toBe(events.at(-1)!.loss)
  expect(rest.at(-1)!.validation).toEqual(events.at(-1)!.validation)
  expect(rest.map((e) => e.epoch)).toEqual(at === 14 ? [3, 4] : [2, 3, 4])
  expect(defaultGenerator().uint32()).toBeDefined()
})

type Groups = Record<string, unknown>[]

/** A checkpoint after four batches of the second epoch, of a loader with a generator of its own. */
const savedWithin = async (...callbacks: Callback[]): Promise<Uint8Array> => {
  const saved: Uint8Array[] = []
  const save = checkpoints({ everySteps: 1, save: (bytes) => void saved.push(bytes) })
  await collect(new Noisy(), { ...options(new Generator(9)), epochs: 2, callbacks: [...callbacks, save] })
  return saved[11]
}

/** A checkpoint that says `extra`, with parts that fit. */
const forge = async (
  extra: ReturnType<typeof loadCheckpoint>,
  spoil: (groups: Groups) => void = () => {},
): Promise<Uint8Array> => {
  const model = new Noisy()
  const optimizer = adam({ lr: 0.01 })(model.parameters())
  const schedule = exponentialLr({ gamma: 0.9 })(optimizer)
  const state = optimizer.stateDict()
  spoil(state.param_groups as Groups)
  const spoilt = { stateDict: () => state, loadStateDict: () => {} }
  return saveCheckpoint({ model, optimizer: spoilt, schedule, generator: new Generator(1) }, extra)
}

/** Nothing that a checkpoint reaches is changed when it is refused. */
const expectRefused = async (
  bytes: Uint8Array,
  more: Partial<FitOptions<Tensor[]>>,
  message: string,
): Promise<void> => {
  const own = new Generator(9)
  const ownBefore = own.state()
  const model = new Noisy()
  const optimizer = adam({ lr: 0.01 })(model.parameters())
  const weights = weightsOf(model)
  const [state, groups] = [defaultGenerator().state(), structuredClone(optimizer.stateDict().param_groups)]
  const { schedule: _, ...rest } = options(own)
  await expect(collect(model, { ...rest, optimizer, ...more, resume: bytes })).rejects.toThrow(message)
  expect(weightsOf(model)).toEqual(weights)
  expect(optimizer.stateDict().param_groups).toEqual(groups)
  expect(defaultGenerator().state()).toEqual(state)
  expect(own.state()).toEqual(ownBefore)
}

test('a forged checkpoint that fits is taken', async () => {
  const bytes = await forge(loadCheckpoint(await savedWithin()))
  const events = await collect(new Noisy(), { ...options(new Generator(9)), resume: bytes })
  expect(events.map((e) => [e.epoch, e.samples])).toEqual([
    [2, 20],
    [3, 20],
    [4, 20],
  ])
})

test.each([
  ['progress', undefined],
  ['progress.epoch', 0],
  ['progress.step', 1.5],
  ['progress.step', 2],
  ['progress.batch', '3'],
  ['progress.samples', -1],
  ['progress.total', null],
  ['progress.batchLoss', undefined],
  ['source', undefined],
  ['source', []],
  ['source.generator', [-1, 0]],
  ['source.generator', 'abc'],
  ['source.generator', '00'.repeat(5056)],
  ['source.position', 7],
  ['source.position', null],
  ['source.position', { state: '', next: 1 }],
  ['source.position.next', -1],
  ['source.position.next', 3],
  ['source.position.next', 6],
  ['source.position.state', 'ff'.repeat(5056)],
  ['callbacks', 1],
])('a checkpoint with a hostile %s changes nothing: %o', async (path, value) => {
  const extra = structuredClone(loadCheckpoint(await savedWithin()))
  const fields = path.split('.')
  const last = fields.pop()!
  const owner = fields.reduce((at, field) => at[field] as Record<string, unknown>, extra as Record<string, unknown>)
  expect(owner).toHaveProperty(last)
  if (value === undefined) delete owner[last]
  else owner[last] = value
  const part = path.startsWith('source') ? 'source' : path
  await expectRefused(await forge(extra), {}, `fit: the checkpoint's ${part} cannot be read`)
})

test.each([
  ['a rate', (groups: Groups) => void (groups[0]['lr'] = '1'), 'lr is out of range; got 1, expected a number'],
  ['a negative rate', (groups: Groups) => void (groups[0]['lr'] = -1), 'lr is out of range; got -1'],
  ['betas', (groups: Groups) => void (groups[0]['betas'] = [2]), 'betas is out of range; got 2'],
])('an optimizer with hostile options changes nothing: %s', async (_, spoil, message) => {
  const extra = loadCheckpoint(await savedWithin())
  await expectRefused(await forge(extra, spoil), {}, message)
})

test('a checkpoint of other data changes nothing', async () => {
  const bytes = await savedWithin()
  const few = new DataLoader(tensorDataset(rand([2, 3]), rand([2, 1])))
  await expectRefused(bytes, { train: few }, 'got RangeError: next is 4 of 2 batches, expected a place in the data')
  const anew = [[rand([2, 3]), rand([2, 1])]]
  await expectRefused(bytes, { train: anew }, 'fit: the checkpoint stands within an epoch; got batches that always')
})

test('callbacks get back what is their own, or none of it is taken', async () => {
  const stop = (): Callback => earlyStopping({ monitor: 'loss' })
  const save = (): Callback => checkpoints({ save: () => {}, bestOnly: true })
  const bytes = await savedWithin(stop(), save())
  const [best, bad] = [expect.any(Number) as number, expect.any(Number) as number]
  const [first, second] = [stop(), save()]
  await collect(new Noisy(), { ...options(), resume: bytes, epochs: 0, callbacks: [first, second] })
  expect([first.state!(), second.state!()]).toEqual([{ best, bad }, best])

  const own = stop()
  await expectRefused(
    bytes,
    { callbacks: [own, stop()] },
    'earlyStopping: the state in the checkpoint is not its own; got ',
  )
  expect(own.state!()).toEqual({ best: Infinity, bad: 0 })
  await expectRefused(
    bytes,
    { callbacks: [save()] },
    'checkpoints: the state in the checkpoint is not its own; got {"best":',
  )
  // One that the earlier run did not have starts anew.
  const [late, other] = [stop(), save()]
  await collect(new Noisy(), { ...options(), resume: bytes, epochs: 0, callbacks: [{}, {}, {}, late, other] })
  expect([late.state!(), other.state!()]).toEqual([{ best: Infinity, bad: 0 }, Infinity])
})

test('a checkpoint of another model leaves the callbacks as they are', async () => {
  const own = earlyStopping()
  const bytes = await savedWithin(earlyStopping())
  const model = new Linear(3, 1)
  const weights = weightsOf(model)
  await expect(collect(model, { ...options(), resume: bytes, callbacks: [own] })).rejects.toThrow('groups differ')
  expect(weightsOf(model)).toEqual(weights)
  expect(own.state!()).toEqual({ best: Infinity, bad: 0 })
})

test('events tell epoch, step, rate and samples', async () => {
  manualSeed(0)
  const model = new Linear(3, 1)
  const train = new DataLoader(data(), { batchSize: 8 })
  const events = await collect(model, {
    train,
    loss: mseLoss,
    optimizer: sgd({ lr: 0.5 }),
    schedule: exponentialLr({ gamma: 0.5 }),
    epochs: 2,
    reportEvery: 2,
  })
  expect(events.map(({ kind, epoch, step, batch, lr, samples }) => [kind, epoch, step, batch, lr, samples])).toEqual([
    ['step', 1, 2, 2, 0.5, 16],
    ['epoch', 1, 3, 3, 0.5, 20],
    ['step', 2, 5, 2, 0.25, 16],
    ['epoch', 2, 6, 3, 0.25, 20],
  ])
})

test('gradients of several batches make the step of one large batch', async () => {
  const run = async (batchSize: number, accumulate: number): Promise<number[][]> => {
    manualSeed(0)
    const model = new Linear(3, 1)
    await collect(model, {
      train: new DataLoader(data(), { batchSize }),
      loss: mseLoss,
      optimizer: sgd({ lr: 0.1 }),
      epochs: 2,
      accumulate,
      maxGradNorm: 10,
    })
    return weightsOf(model)
  }
  const [many, one] = [await run(5, 4), await run(20, 1)]
  many.forEach((w, i) => w.forEach((v, j) => expect(v).toBeCloseTo(one[i][j], 6)))
})

test('an objective takes batches of any kind', async () => {
  manualSeed(0)
  const model = new Linear(1, 1)
  const batches = [{ x: tensor([[1]]), y: tensor([[3]]) }]
  const events = await collect(model, {
    train: batches,
    objective: ({ x, y }) => mseLoss(model.forward(x), y),
    optimizer: sgd({ lr: 0.2 }),
    epochs: 50,
  })
  expect(events.at(-1)!.loss).toBeLessThan(1e-6)
  expect(batches[0].x.disposed).toBe(false)
})

test('datasets that give Promises are read', async () => {
  manualSeed(0)
  const model = new Linear(1, 1)
  const far = { size: 6, get: async (i: number): Promise<[Tensor, Tensor]> => [tensor([i / 6]), tensor([i / 3])] }
  const events = await collect(model, {
    train: new DataLoader(far, { batchSize: 2 }),
    loss: mseLoss,
    optimizer: adam({ lr: 0.1 }),
    epochs: 60,
  })
  expect(events.at(-1)!.loss).toBeLessThan(1e-2)
})

test('early stopping ends the run and puts the best parameters back', async () => {
  manualSeed(0)
  const model = new Linear(3, 1)
  const callbacks = [earlyStopping({ patience: 1, restoreBest: true })]
  const validation = new DataLoader(data(), { batchSize: 20 })
  const events = await collect(model, {
    train: validation,
    validation,
    loss: mseLoss,
    optimizer: sgd({ lr: 5 }),
    epochs: 50,
    callbacks,
  })
  expect(events.length).toBeLessThan(10)
  const best = Math.min(...events.map((e) => e.validation!.loss))
  expect((await evaluate(model, validation, { loss: mseLoss })).loss).toBe(best)
})

test('the best checkpoint alone is kept, progress is shown, a plateau lowers the rate', async () => {
  manualSeed(0)
  const notes: string[] = []
  const saves: number[] = []
  const callbacks = [
    checkpoints({ bestOnly: true, save: (_, e) => void saves.push(e.epoch) }),
    progress((label, total) => ({
      update: (done, note) => void notes.push(`${label} ${done}/${total} ${note!.slice(0, 4)}`),
      stop: () => void notes.push('stop'),
    })),
  ]
  const train = new DataLoader(data(), { batchSize: 10 })
  const events = await collect(new Linear(3, 1), {
    train,
    loss: mseLoss,
    optimizer: sgd({ lr: 3 }),
    epochs: 4,
    callbacks,
    schedule: reduceLrOnPlateau({ patience: 0 }),
  })
  expect(saves[0]).toBe(1)
  expect(saves.length).toBeLessThan(4)
  expect(notes.slice(0, 3)).toEqual(['epoch 1 of 4 1/2 loss', 'epoch 1 of 4 2/2 loss', 'stop'])
  expect(events.at(-1)!.lr).toBeLessThan(3)
})

test('a signal stops the run between two batches', async () => {
  const controller = new AbortController()
  const train = new DataLoader(data(), { batchSize: 5 })
  const callbacks = [{ step: (e: FitEvent) => void (e.step === 2 && controller.abort()) }]
  const run = collect(new Linear(3, 1), {
    train,
    loss: mseLoss,
    optimizer: sgd({ lr: 0.1 }),
    epochs: 9,
    signal: controller.signal,
    callbacks,
  })
  await expect(run).rejects.toThrowErrorMatchingInlineSnapshot(`[AbortError: fit: stopped by its signal.]`)
})

test('2,000 steps leave no memory behind', async () => {
  const before = defaultBackend()
  setDefaultBackend(wasmBackend())
  try {
    manualSeed(0)
    const backend = defaultBackend()
    const model = new Sequential(new Linear(16, 64), new ReLU(), new Linear(64, 4))
    const x = randn([512, 16])
    const train = new DataLoader(tensorDataset(x, tensor(Int32Array.from({ length: 512 }, (_, i) => i % 4))), {
      batchSize: 8,
      shuffle: true,
    })
    const seen: number[] = []
    const callbacks = [
      {
        step: (e: FitEvent) =>
          void (
            e.step % 100 === 2 && seen.push(backend.memory().live, backend.memory().reserved, backend.memory().blocks)
          ),
      },
    ]
    let rss = 0
    for await (const e of fit(model, {
      train,
      loss: crossEntropy,
      optimizer: adam({ lr: 1e-3 }),
      epochs: 32,
      callbacks,
    })) {
      if (e.epoch === 4) rss = process.memoryUsage().rss
    }
    for (let i = 0; i < 3; i++) expect(seen.filter((_, j) => j % 3 === i).every((v) => v === seen[i])).toBe(true)
    expect(seen.length / 3).toBe(21)
    // The engine's own heap breathes by some megabytes.
    expect(process.memoryUsage().rss - rss).toBeLessThan(64 * 2 ** 20)
    expect(backend.report()).toEqual({})
  } finally {
    setDefaultBackend(before)
  }
}, 60_000)

test('2,000 steps of a careless loop reserve nothing after the second', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    manualSeed(0)
    const model = new Sequential(new Linear(16, 64), new ReLU(), new Linear(64, 4))
    const optimizer = adam({ lr: 1e-3 })(model.parameters())
    const seen: number[] = []
    const blocks = tensor(Int32Array.from({ length: 8 }, (_, i) => i % 4))
    for (let step = 1; step <= 2000; step++) {
      const x = randn([8, 16])
      const loss = crossEntropy(model.forward(x), blocks)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      if (step === 2 || step % 500 === 0) seen.push(backend.memory().reserved)
    }
    expect(new Set(seen).size).toBe(1)
  })
}, 60_000)

test('the reference backend trains too', async () => {
  const before = defaultBackend()
  setDefaultBackend(referenceBackend())
  try {
    manualSeed(0)
    const events = await collect(new Linear(2, 1), {
      train: new DataLoader(xor(), { batchSize: 4 }),
      loss: mseLoss,
      optimizer: adam({ lr: 0.05 }),
      epochs: 100,
    })
    expect(events.at(-1)!.loss).toBeCloseTo(0.25, 2)
  } finally {
    setDefaultBackend(before)
  }
})

test('errors name the rule', async () => {
  const model = new Linear(3, 1)
  const train = new DataLoader(data(), { batchSize: 5 })
  const good = { train, loss: mseLoss, optimizer: sgd({ lr: 0.1 }), epochs: 1 }
  const fails = async (change: object): Promise<unknown> =>
    collect(model, { ...good, ...change } as FitOptions<Tensor[]>).catch((e: Error) => e.message)
  expect(await fails({ epochs: 0.5 })).toMatchInlineSnapshot(
    `"fit: epochs is out of range; got 0.5, expected a whole number."`,
  )
  expect(await fails({ loss: undefined })).toMatchInlineSnapshot(
    `"fit: there is no loss; expected loss or objective. Pass { loss: crossEntropy }."`,
  )
  expect(await fails({ train: [] })).toMatchInlineSnapshot(`"fit: there are no batches; expected at least one."`)
  expect(await fails({ train: [tensor([1])] })).toMatchInlineSnapshot(
    `"fit: a batch is not a pair of tensors; got object, expected [input, target]. Pass \`objective\`, which takes batches of any kind, instead of \`loss\`."`,
  )
  expect(await fails({ callbacks: [earlyStopping({ monitor: 'f1' })] })).toMatchInlineSnapshot(
    `"earlyStopping: there is no figure 'f1'; got loss, expected one of these."`,
  )
  expect(
    await fails({
      train: [[tensor([[1, 2, 3]]), tensor([[1]])]],
      callbacks: [checkpoints({ everySteps: 1, save: () => {} })],
    }),
  ).toMatchInlineSnapshot(
    `"fit: a checkpoint within an epoch needs a loader that can go on; expected a DataLoader. Save after epochs only."`,
  )
  expect(await evaluate(model, [], { loss: mseLoss }).catch((e: Error) => e.message)).toMatchInlineSnapshot(
    `"evaluate: there are no batches; expected at least one."`,
  )
})
