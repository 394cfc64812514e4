import {
  AbortError,
  breather,
  defaultGenerator,
  grad,
  keep,
  loadCheckpoint,
  loadPosition,
  runNext,
  saveCheckpoint,
  savePosition,
  scope,
  startPass,
  ValueError,
  type Batches,
  type CheckpointParts,
  type DataLoader,
  type Generator,
  type Optimizer,
  type Pass,
  type Schedule,
  type Tensor,
} from '@lanewise/core'
import type { GenerativeModel, SampleOptions } from '../model/generative-model.ts'
import type { SampleBatch } from './batch.ts'
import { joinOptimizers, makeOptimizers, type PlayerOptimizers } from './optimizers.ts'
import { firstProgress, readProgress, type Progress } from './progress.ts'
import { joinSchedules, makeSchedules, type PlayerSchedules } from './schedules.ts'

type Position = ReturnType<DataLoader<unknown>['pass']> extends { position(): infer P } ? P : never

/** Losses by player. */
export type Losses = Readonly<Record<string, Tensor>>

/** What a model's training step is given. */
export interface Turns {
  /** This step's number in the run, from 1. */
  readonly step: number
  /** Draws latent codes. */
  readonly generator: Generator
  /** One player's turn: computes its loss and takes a step down it. Gives the loss; what led to it is released. */
  take(player: string, loss: () => Tensor): Tensor
  /** A step of several players down losses of one graph; all gradients are taken before the first step. */
  descend(losses: Losses): void
}

/** What {@link GenerativeModel.fit} takes. */
export interface GanFitOptions {
  /** Passes over the data. */
  readonly epochs: number
  /** One for all players, or by name, such as `{ generator: optim.adam({ lr: 1e-4 }) }`. Default: the model's own. */
  readonly optimizer?: PlayerOptimizers
  /**
   * One for all players, or by name, such as `{ generator: exponentialLr({ gamma: 0.9 }) }`; one that watches a metric
   * gets its player's loss. Default: none.
   */
  readonly schedule?: PlayerSchedules
  /** When the schedules step: after each epoch, or after each batch. Default `epoch`. */
  readonly scheduleEach?: 'epoch' | 'step'
  /** Gives an event every so many batches. Default 1. */
  readonly reportEvery?: number
  /** The samples that come with an epoch's event. Default 16 from seed 0, after each epoch. */
  readonly samples?: SampleOptions & { readonly count?: number; readonly every?: number }
  /** Draws latent codes. Default: the default generator. */
  readonly generator?: Generator
  /** Stops after the batch in work, with an AbortError. */
  readonly signal?: AbortSignal
  /** A checkpoint of an earlier run with the same options: training goes on with the same bits. */
  readonly resume?: Uint8Array
}

/** What happened in training. */
export interface GanEvent {
  /** `epoch` after an epoch, `step` within one. */
  readonly kind: 'step' | 'epoch'
  /** The epoch's number, from 1. */
  readonly epoch: number
  /** Batches so far, over all epochs. */
  readonly step: number
  /** Batches of this epoch so far. */
  readonly batch: number
  /** Losses by player: this batch's, or means over the epoch. A player without a turn in a batch is left out. */
  readonly losses: Readonly<Record<string, number>>
  /** Real samples of this epoch so far. */
  readonly seen: number
  /** Seconds of this epoch so far. */
  readonly seconds: number
  /** After an epoch: generated samples [count, ...]; the same seed each time, so that they can be compared. */
  readonly samples?: Tensor
  /** The bytes to `resume` from. Ask for them before the next event. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>
}

const checkCount = (name: string, value: number, least: number): void => {
  if (Number.isInteger(value) && value >= least) return
  throw new ValueError({
    op: 'gan.fit',
    problem: `${name} is out of range`,
    got: String(value),
    expected: `a whole number from ${least}`,
  })
}

const countOf = (batch: SampleBatch): number => ('shape' in batch ? batch.shape[0] : batch[0].shape[0])

const numbersOf = async (losses: Losses): Promise<Record<string, number>> => {
  const numbers: Record<string, number> = {}
  for (const [name, loss] of Object.entries(losses)) {
    numbers[name] = loss.backend.synchronous ? loss.item() : (await loss.data())[0]
    loss.dispose()
  }
  return numbers
}

/** The run behind `fit`. */
class Run {
  readonly progress: Progress = firstProgress()
  private readonly model: GenerativeModel
  private readonly train: Batches<SampleBatch>
  private readonly options: GanFitOptions
  private readonly optimizers: ReadonlyMap<string, Optimizer>
  private readonly schedules: ReadonlyMap<string, Schedule>
  private readonly generator: Generator
  private pass: Pass<SampleBatch> | null = null
  private resumeAt: Position | null = null

  constructor(model: GenerativeModel, train: Batches<SampleBatch>, options: GanFitOptions) {
    const { epochs, reportEvery = 1, samples = {}, generator = defaultGenerator(), resume } = options
    checkCount('epochs', epochs, 0)
    checkCount('reportEvery', reportEvery, 1)
    checkCount('samples.count', samples.count ?? 16, 0)
    checkCount('samples.every', samples.every ?? 1, 1)
    this.model = model
    this.train = train
    this.options = options
    this.generator = generator
    this.optimizers = makeOptimizers(model.players(), model.optimizer, options.optimizer)
    this.schedules = makeSchedules(this.optimizers, options.schedule)
    if (resume !== undefined) this.resume(resume)
  }

  /** Model, optimizers, generator and place as they stand between two batches. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    const { progress, train } = this
    return saveCheckpoint(this.parts(), {
      progress: { ...progress },
      source: savePosition(train, progress.batch === 0 ? null : this.pass),
    })
  }

  private parts(): CheckpointParts {
    const { model, generator, schedules } = this
    const optimizer = joinOptimizers([...this.optimizers.values()])
    return { model, optimizer, generator, ...(schedules.size > 0 && { schedule: joinSchedules(schedules) }) }
  }

  /** One pass over the data; gives an event every `reportEvery` batches. */
  async *epoch(): AsyncGenerator<GanEvent> {
    const { progress, options, train, model } = this
    const pause = breather()
    const start = performance.now()
    const seconds = (): number => (performance.now() - start) / 1000
    this.pass = startPass(train, this.resumeAt)
    this.resumeAt = null
    for (;;) {
      if (options.signal?.aborted === true)
        throw new AbortError({ op: 'gan.fit', problem: 'stopped by its signal', cause: options.signal.reason })
      model.train()
      const next = await runNext(this.pass, (batch) => this.learn(batch))
      if (next === null) break
      const losses = await this.count(next.value)
      if (options.scheduleEach === 'step') this.stepSchedules(losses)
      if (progress.batch % (options.reportEvery ?? 1) === 0) yield this.event('step', losses, seconds())
      await pause()
    }
    if (progress.batch === 0)
      throw new ValueError({ op: 'gan.fit', problem: 'there are no batches', expected: 'at least one' })
    yield this.turn(seconds())
  }

  /** Ends an epoch: its event, after which the next one's sums begin. */
  private turn(seconds: number): GanEvent {
    const { progress, options, model } = this
    const { count = 16, every = 1, ...rest } = options.samples ?? {}
    const means = Object.fromEntries(Object.entries(progress.totals).map(([name, [sum, n]]) => [name, sum / n]))
    if (options.scheduleEach !== 'step') this.stepSchedules(means)
    const due = count > 0 && (progress.epoch % every === 0 || progress.epoch === options.epochs)
    const event = {
      ...this.event('epoch', means, seconds),
      ...(due && { samples: model.sample(count, { seed: 0, ...rest }) }),
    }
    Object.assign(progress, { epoch: progress.epoch + 1, batch: 0, seen: 0, totals: {} })
    return event
  }

  private stepSchedules(losses: Readonly<Record<string, number>>): void {
    for (const [player, schedule] of this.schedules) schedule.step(losses[player])
  }

  private event(kind: 'step' | 'epoch', losses: Readonly<Record<string, number>>, seconds: number): GanEvent {
    const { epoch, step, batch, seen } = this.progress
    return { kind, epoch, step, batch, losses, seen, seconds, checkpoint: () => this.checkpoint() }
  }

  /** Runs inside a scope. */
  private learn(batch: SampleBatch): { losses: Losses; count: number } {
    const { model, generator, progress } = this
    const losses = model.learn(batch, {
      step: progress.step + 1,
      generator,
      take: (player, loss) =>
        scope(() => {
          const value = loss()
          this.descend({ [player]: value })
          return value.detach()
        }),
      descend: (given) => this.descend(given),
    })
    const detached = Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.detach()]))
    return { losses: detached, count: countOf(batch) }
  }

  private descend(losses: Losses): void {
    const turns = Object.entries(losses).map(([name, loss]) => ({ optimizer: this.optimizerOf(name), loss }))
    turns.forEach(({ optimizer, loss }, i) => {
      const parameters = optimizer.paramGroups.flatMap((g) => g.params)
      const gradients = grad([loss], parameters, { retainGraph: i < turns.length - 1 })
      parameters.forEach((p, j) => (p.grad = keep(gradients[j])))
    })
    for (const { optimizer } of turns) {
      optimizer.step()
      optimizer.zeroGrad()
    }
  }

  private optimizerOf(player: string): Optimizer {
    const optimizer = this.optimizers.get(player)
    if (optimizer !== undefined) return optimizer
    throw new ValueError({
      op: 'gan.fit',
      problem: 'there is no such player',
      got: player,
      expected: [...this.optimizers.keys()].join(', '),
    })
  }

  private async count({ losses, count }: { losses: Losses; count: number }): Promise<Record<string, number>> {
    const { progress } = this
    const numbers = await numbersOf(losses)
    for (const [name, value] of Object.entries(numbers)) {
      const total = (progress.totals[name] ??= [0, 0])
      total[0] += value
      total[1]++
    }
    progress.step++
    progress.batch++
    progress.seen += count
    return numbers
  }

  private resume(bytes: Uint8Array): void {
    // All that the checkpoint tells of its place is read before anything is changed.
    const progress = readProgress(loadCheckpoint(bytes), this.train)
    const { source } = loadCheckpoint(bytes, this.parts())
    Object.assign(this.progress, progress)
    this.resumeAt = loadPosition(this.train, source)
  }
}

/** Trains a model as an asynchronous generator of events; see {@link GenerativeModel.fit}. */
export async function* fitModel(
  model: GenerativeModel,
  train: Batches<SampleBatch>,
  options: GanFitOptions,
): AsyncGenerator<GanEvent, void> {
  const run = new Run(model, train, options)
  while (run.progress.epoch <= options.epochs) yield* run.epoch()
}
