import { backward } from '../autograd/backward.ts'
import { FormatError, ValueError } from '../errors.ts'
import type { LoaderPosition } from '../data/loader.ts'
import { loadCheckpoint, saveCheckpoint, type Plain } from '../io/checkpoint.ts'
import type { AnyModule } from '../nn/module.ts'
import { clipGradNorm } from '../optim/clip-grad.ts'
import { div } from '../ops/binary.ts'
import type { Ema } from '../optim/ema.ts'
import { Optimizer, type OptimizerFactory } from '../optim/optimizer.ts'
import { defaultGenerator } from '../random/default.ts'
import type { Schedule, ScheduleFactory } from '../schedules/schedule.ts'
import type { Tensor } from '../tensor/tensor.ts'
import {
  breather,
  checkSignal,
  countOf,
  loadPosition,
  readPosition,
  runNext,
  savePosition,
  startPass,
  valueOf,
  type Batches,
  type Pass,
} from './batches.ts'
import type { Callback } from './callbacks.ts'
import { evaluate, lossOf, type Evaluation, type LossSource, type Metric } from './evaluate.ts'

/** What {@link fit} takes. */
export interface FitOptions<B> extends LossSource<B> {
  /** Batches [input, target], or of any kind with `objective`. */
  readonly train: Batches<B>
  /** Batches to {@link evaluate} after each epoch. */
  readonly validation?: Batches<B>
  /** Such as `optim.adam({ lr: 1e-3 })`, or an optimizer over the model's parameters. */
  readonly optimizer: OptimizerFactory | Optimizer
  /** Passes over the training data. */
  readonly epochs: number
  /** Such as `stepLr({ stepSize: 10 })`. One that watches a metric gets the validation loss, else the training loss. */
  readonly schedule?: ScheduleFactory
  /** When the schedule steps. Default `epoch`. */
  readonly scheduleEach?: 'epoch' | 'step'
  /** Cuts the gradients' common norm (see {@link clipGradNorm}). Default: none. */
  readonly maxGradNorm?: number
  /** Batches whose gradients are averaged for one optimizer step. Default 1. */
  readonly accumulate?: number
  /** Running averages that are updated after each optimizer step. */
  readonly ema?: Ema
  /** Figures of the validation by name. Default: accuracy, for classes. */
  readonly metrics?: Readonly<Record<string, Metric>>
  /** Gives an event every so many batches too. Default: after epochs only. */
  readonly reportEvery?: number
  /** Early stopping, checkpoints, progress, logs. */
  readonly callbacks?: readonly Callback[]
  /** Stops after the batch in work, with an AbortError. */
  readonly signal?: AbortSignal
  /** A checkpoint of an earlier run with the same options: training goes on with the same bits. */
  readonly resume?: Uint8Array
}

/** What happened so far. */
export interface FitEvent {
  /** `epoch` after an epoch, `step` within one (see `reportEvery`). */
  readonly kind: 'step' | 'epoch'
  /** The epoch's number, from 1. */
  readonly epoch: number
  /** Batches so far, over all epochs. */
  readonly step: number
  /** Batches of this epoch so far. */
  readonly batch: number
  /** Mean training loss of this epoch so far. */
  readonly loss: number
  /** Loss of the last batch. */
  readonly batchLoss: number
  /** The first group's learning rate. */
  readonly lr: number
  /** Samples of this epoch so far. */
  readonly samples: number
  /** Seconds of this epoch so far, without its validation. */
  readonly seconds: number
  /** After an epoch, where there is validation data. */
  readonly validation?: Evaluation
}

/** A run of {@link fit}, as callbacks see it. */
export interface FitRun {
  readonly model: AnyModule
  readonly optimizer: Optimizer
  readonly schedule: Schedule | null
  /** Batches of an epoch, where the source tells. */
  readonly batches: number | null
  readonly epochs: number
  /** Ends the run after this epoch or batch. */
  stop(): void
  /** The bytes to `resume` from. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>
}

/** Sums of the present epoch, and where it stands. */
interface Progress {
  epoch: number
  step: number
  batch: number
  total: number
  samples: number
  batchLoss: number
}

const lengthOf = (source: unknown): number | null =>
  typeof source === 'object' && source !== null && 'length' in source && typeof source.length === 'number'
    ? source.length
    : null

const unreadable = (part: string, got: unknown, expected: string): FormatError =>
  new FormatError({
    op: 'fit',
    problem: `the checkpoint's ${part} cannot be read`,
    got: typeof got === 'object' && got !== null ? typeof got : String(got),
    expected,
    advice: 'Pass a checkpoint that fit or a callback of it saved',
  })

/** A checkpoint's place in a run. Throws FormatError when a part of it is missing or of another kind. */
const readProgress = (saved: Plain | undefined): Progress => {
  if (typeof saved !== 'object' || saved === null) throw unreadable('progress', saved, 'fields')
  const { epoch, step, batch, total, samples, batchLoss } = saved as Record<string, unknown>
  const counts = { epoch, batch, step, samples }
  for (const [name, count] of Object.entries(counts)) {
    const least = name === 'epoch' ? 1 : name === 'step' ? (batch as number) : 0
    if (Number.isSafeInteger(count) && (count as number) >= least) continue
    throw unreadable(`progress.${name}`, count, `a whole number from ${least}`)
  }
  for (const [name, value] of Object.entries({ total, batchLoss }))
    if (typeof value !== 'number') throw unreadable(`progress.${name}`, value, 'a number')
  return { ...counts, total, batchLoss } as Progress
}

/** The run behind {@link fit}. */
class Run<B> implements FitRun {
  readonly model: AnyModule
  readonly optimizer: Optimizer
  readonly schedule: Schedule | null
  readonly batches: number | null
  readonly epochs: number
  readonly progress: Progress = { epoch: 1, step: 0, batch: 0, total: 0, samples: 0, batchLoss: NaN }
  stopped = false
  private readonly options: FitOptions<B>
  private pass: Pass<B> | null = null
  /** Batches whose gradients wait for a step. */
  private pending = 0
  private resumeAt: LoaderPosition | null = null

  constructor(model: AnyModule, options: FitOptions<B>) {
    this.model = model
    this.options = options
    const { optimizer, schedule, epochs, accumulate = 1, train } = options
    for (const [name, value] of Object.entries({ epochs, accumulate, reportEvery: options.reportEvery ?? 1 })) {
      if (Number.isInteger(value) && value >= (name === 'epochs' ? 0 : 1)) continue
      throw new ValueError({
        op: 'fit',
        problem: `${name} is out of range`,
        got: String(value),
        expected: 'a whole number',
      })
    }
    this.optimizer =
      optimizer instanceof Optimizer ? optimizer : optimizer(model.parameters().filter((p) => p.requiresGrad))
    this.schedule = schedule === undefined ? null : schedule(this.optimizer)
    this.batches = lengthOf(train)
    this.epochs = epochs
  }

  stop(): void {
    this.stopped = true
  }

  /** Generator, loader, optimizer, schedule and callbacks as they stand between two batches. */
  async checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    const { model, optimizer, schedule, progress, options } = this
    if (this.pending > 0) {
      throw new ValueError({
        op: 'fit',
        problem: 'gradients of some batches wait for a step',
        got: `${this.pending} of ${options.accumulate}`,
        advice: 'Save when a step has been taken, or after an epoch',
      })
    }
    const parts = {
      model,
      optimizer,
      ...(schedule !== null && { schedule }),
      ...(options.ema !== undefined && { ema: options.ema }),
      generator: defaultGenerator(),
    }
    return saveCheckpoint(parts, {
      progress: { ...progress },
      source: savePosition(options.train, progress.batch === 0 ? null : this.pass),
      callbacks: this.remembered(),
    })
  }

  /** Restores what {@link checkpoint} saved: all of it, or nothing when a part does not fit. */
  resume(bytes: Uint8Array): void {
    const { model, optimizer, schedule, options } = this
    const { progress: saved, source, callbacks: states } = loadCheckpoint(bytes)
    const progress = readProgress(saved)
    readPosition('fit', source, { source: options.train, batch: progress.batch })
    if (!Array.isArray(states)) throw unreadable('callbacks', states, 'a list')
    const before = this.remembered()
    try {
      this.remind(states)
      loadCheckpoint(bytes, {
        model,
        optimizer,
        ...(schedule !== null && { schedule }),
        ...(options.ema !== undefined && { ema: options.ema }),
        generator: defaultGenerator(),
      })
    } catch (error) {
      this.remind(before)
      throw error
    }
    Object.assign(this.progress, progress)
    this.resumeAt = loadPosition(options.train, source)
  }

  /** What each callback remembers. */
  private remembered(): Plain[] {
    return (this.options.callbacks ?? []).map((c) => c.state?.() ?? null)
  }

  /** Gives each callback its own back; one that had nothing to remember starts anew. */
  private remind(states: readonly Plain[]): void {
    this.options.callbacks?.forEach((c, i) => {
      if (i < states.length && states[i] !== null) c.load?.(states[i])
    })
  }

  /** One pass over the training data; gives an event every `reportEvery` batches. */
  async *epoch(): AsyncGenerator<FitEvent> {
    const { progress, options } = this
    const pause = breather()
    const start = performance.now()
    this.model.train()
    this.pass = startPass(options.train, this.resumeAt)
    this.resumeAt = null
    while (!this.stopped) {
      checkSignal('fit', options.signal)
      const next = await runNext(this.pass, (batch) => this.learn(batch))
      if (next === null) break
      await this.count(next.value)
      const event = this.event('step', (performance.now() - start) / 1000)
      for (const c of options.callbacks ?? []) await c.step?.(event, this)
      if (options.reportEvery !== undefined && progress.batch % options.reportEvery === 0) yield event
      await pause()
    }
    if (this.pending > 0) this.update()
  }

  event(kind: 'step' | 'epoch', seconds: number, validation?: Evaluation): FitEvent {
    const { epoch, step, batch, total, samples, batchLoss } = this.progress
    const lr = this.optimizer.paramGroups[0].lr
    return {
      kind,
      epoch,
      step,
      batch,
      loss: total / samples,
      batchLoss,
      lr,
      samples,
      seconds,
      ...(validation !== undefined && { validation }),
    }
  }

  /** Begins the next epoch's sums. */
  turn(): void {
    Object.assign(this.progress, { epoch: this.progress.epoch + 1, batch: 0, total: 0, samples: 0 })
  }

  /** Adds a batch's gradients, and takes a step when enough are together; runs inside a scope. */
  private learn(batch: B): { loss: Tensor; count: number } {
    const { accumulate = 1 } = this.options
    if (this.pending === 0) this.optimizer.zeroGrad()
    const { loss } = lossOf('fit', this.model, batch, this.options)
    backward(accumulate === 1 ? loss : div(loss, accumulate))
    this.pending++
    if (this.pending === accumulate) this.update()
    return { loss: loss.detach(), count: countOf(batch) }
  }

  private async count({ loss, count }: { loss: Tensor; count: number }): Promise<void> {
    const { progress } = this
    progress.batchLoss = await valueOf(loss)
    loss.dispose()
    progress.step++
    progress.batch++
    progress.total += progress.batchLoss * count
    progress.samples += count
  }

  private update(): void {
    const { maxGradNorm, ema, scheduleEach } = this.options
    this.pending = 0
    if (maxGradNorm !== undefined)
      clipGradNorm(
        this.optimizer.paramGroups.flatMap((g) => g.params),
        maxGradNorm,
      ).dispose()
    this.optimizer.step()
    ema?.update()
    if (scheduleEach === 'step') this.schedule?.step()
  }
}

/**
 * Trains a model, as an asynchronous generator of events: one after each epoch, and with `reportEvery` some within.
 * Every batch runs in a scope of its own, so that memory stays flat; between batches the event loop gets its turn.
 * @returns events; leaving the loop early ends the training
 * @throws ValueError for wrong options or batches; AbortError when the signal is aborted; FormatError, ValueError or
 * ShapeError when `resume` does not fit, before anything is changed.
 * @example
 * manualSeed(0)
 * const train = new DataLoader(tensorDataset(tensor([[0], [1]]), tensor([[1], [3]])), { batchSize: 2 })
 * let last = Infinity
 * for await (const e of fit(new Linear(1, 1), { train, loss: mseLoss, optimizer: optim.adam({ lr: 0.1 }), epochs: 200 })) last = e.loss
 * last < 0.01 // => true
 */
export async function* fit<B>(model: AnyModule, options: FitOptions<B>): AsyncGenerator<FitEvent, void> {
  const run = new Run(model, options)
  const { callbacks = [], validation, resume } = options
  if (resume !== undefined) run.resume(resume)
  for (const c of callbacks) await c.start?.(run)
  try {
    while (run.progress.epoch <= run.epochs && !run.stopped) {
      const start = performance.now()
      yield* run.epoch()
      if (run.progress.samples === 0)
        throw new ValueError({ op: 'fit', problem: 'there are no batches', expected: 'at least one' })
      const seconds = (performance.now() - start) / 1000
      const result = validation === undefined ? undefined : await evaluate(model, validation, options)
      const event = run.event('epoch', seconds, result)
      if (options.scheduleEach !== 'step') run.schedule?.step(result?.loss ?? event.loss)
      run.turn()
      for (const c of callbacks) await c.epoch?.(event, run)
      yield event
    }
  } finally {
    for (const c of callbacks) await c.end?.(run)
  }
}
