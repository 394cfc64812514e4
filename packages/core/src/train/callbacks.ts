import { FormatError, ValueError } from '../errors.ts'
import type { Plain } from '../io/checkpoint.ts'
import { contiguousCopy } from '../ops/copy.ts'
import { noGrad } from '../autograd/modes.ts'
import type { StateDict } from '../nn/module.ts'
import { keep, untracked } from '../tensor/scope.ts'
import type { FitEvent, FitRun } from './fit.ts'

/** What {@link fit} calls as it goes. */
export interface Callback {
  /** At the start, before the first batch. */
  start?(run: FitRun): void | Promise<void>
  /** After each batch. */
  step?(event: FitEvent, run: FitRun): void | Promise<void>
  /** After each epoch and its validation. */
  epoch?(event: FitEvent, run: FitRun): void | Promise<void>
  /** At the end, also after an error. */
  end?(run: FitRun): void | Promise<void>
  /** What it remembers, for checkpoints. */
  state?(): Plain
  /** Continues from what it remembered; throws, and changes nothing, when this is none of its own. */
  load?(state: Plain): void
}

/** The figure that a callback watches: of the validation where there is one, else of the training. */
export interface WatchOptions {
  /** Its name. Default `loss`. */
  readonly monitor?: string
  /** Whether it should fall or rise. Default `min` for a loss, else `max`. */
  readonly mode?: 'min' | 'max'
}

const figureOf = (op: string, event: FitEvent, monitor: string): number => {
  const value = event.validation === undefined && monitor === 'loss' ? event.loss : event.validation?.[monitor]
  if (value !== undefined) return value
  throw new ValueError({
    op,
    problem: `there is no figure '${monitor}'`,
    got: Object.keys(event.validation ?? { loss: 0 }).join(', '),
    expected: 'one of these',
  })
}

/** Whether `value` beats `best` by more than `minDelta`. */
const beats = (value: number, best: number, mode: 'min' | 'max', minDelta: number): boolean =>
  mode === 'min' ? value < best - minDelta : value > best + minDelta

const worst = (mode: 'min' | 'max'): number => (mode === 'min' ? Infinity : -Infinity)

/** A figure that a callback remembers. */
const isFigure = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value)

const notItsOwn = (op: string, state: Plain, expected: string): FormatError =>
  new FormatError({
    op,
    problem: 'the state in the checkpoint is not its own',
    got: typeof state === 'object' ? JSON.stringify(state).slice(0, 80) : String(state),
    expected,
    advice: 'Pass the callbacks in the order of the earlier run',
  })

/** What {@link earlyStopping} takes. */
export interface EarlyStoppingOptions extends WatchOptions {
  /** Epochs without improvement that are borne. Default 3. */
  readonly patience?: number
  /** The least change that counts as improvement. Default 0. */
  readonly minDelta?: number
  /** Put the best epoch's parameters back at the end; a resumed run has those of its own epochs. Default false. */
  readonly restoreBest?: boolean
}

const copyOf = (state: StateDict): StateDict =>
  untracked(() => noGrad(() => new Map([...state].map(([name, x]) => [name, keep(contiguousCopy(x))]))))

/**
 * Ends {@link fit} when a figure stops improving.
 * @throws ValueError when the validation has no such figure.
 * @example
 * const callback = earlyStopping({ patience: 2 })
 * typeof callback.epoch // => 'function'
 */
export const earlyStopping = (options: EarlyStoppingOptions = {}): Callback => {
  const { monitor = 'loss', patience = 3, minDelta = 0, restoreBest = false } = options
  const mode = options.mode ?? (monitor === 'loss' ? 'min' : 'max')
  let [best, bad] = [worst(mode), 0]
  let copy: StateDict | null = null
  return {
    epoch: (event, run) => {
      const value = figureOf('earlyStopping', event, monitor)
      if (beats(value, best, mode, minDelta)) {
        best = value
        bad = 0
        if (restoreBest) {
          for (const x of copy?.values() ?? []) x.dispose()
          copy = copyOf(run.model.stateDict())
        }
      } else if (++bad > patience) {
        run.stop()
      }
    },
    end: (run) => {
      if (copy !== null) run.model.loadStateDict(copy)
    },
    state: () => ({ best, bad }),
    load: (state) => {
      const saved = { ...(state as { best: unknown; bad: unknown }) }
      if (!isFigure(saved.best) || !Number.isSafeInteger(saved.bad) || (saved.bad as number) < 0)
        throw notItsOwn('earlyStopping', state, 'the best figure and a count: { best, bad }')
      best = saved.best
      bad = saved.bad as number
    },
  }
}

/** What {@link checkpoints} takes. */
export interface CheckpointsOptions extends WatchOptions {
  /** Takes the bytes, such as a file's writer. */
  readonly save: (bytes: Uint8Array<ArrayBuffer>, event: FitEvent) => void | Promise<void>
  /** Batches between two, on top of those after epochs. Default: none. */
  readonly everySteps?: number
  /** Only when the figure is the best so far. Default false. */
  readonly bestOnly?: boolean
}

/**
 * Saves checkpoints that {@link fit} can `resume` from: after each epoch, and perhaps every so many batches.
 * @example
 * const files = []
 * const callback = checkpoints({ save: (bytes) => void files.push(bytes) })
 * typeof callback.epoch // => 'function'
 */
export const checkpoints = (options: CheckpointsOptions): Callback => {
  const { save, everySteps, bestOnly = false, monitor = 'loss' } = options
  const mode = options.mode ?? (monitor === 'loss' ? 'min' : 'max')
  let best = worst(mode)
  return {
    step: async (event, run) => {
      if (everySteps !== undefined && event.step % everySteps === 0) await save(await run.checkpoint(), event)
    },
    epoch: async (event, run) => {
      if (bestOnly) {
        const value = figureOf('checkpoints', event, monitor)
        if (!beats(value, best, mode, 0)) return
        best = value
      }
      await save(await run.checkpoint(), event)
    },
    state: () => best,
    load: (state) => {
      if (!isFigure(state)) throw notItsOwn('checkpoints', state, 'the best figure')
      best = state
    },
  }
}

/** A bar or a line that shows how far work has come. */
export interface ProgressDisplay {
  /** Shows how far the work is. */
  update(done: number, note?: string): void
  /** Ends the display. */
  stop?(): void
}

/**
 * Shows the progress of each epoch: `start` is called with a label and the number of batches, and gives a display.
 * @example
 * const callback = progress((label, total) => ({ update: (done, note) => {} }))
 * typeof callback.step // => 'function'
 */
export const progress = (start: (label: string, total: number) => ProgressDisplay): Callback => {
  let display: ProgressDisplay | null = null
  const stop = (): void => {
    display?.stop?.()
    display = null
  }
  return {
    step: (event, run) => {
      display ??= start(`epoch ${event.epoch} of ${run.epochs}`, run.batches ?? 0)
      display.update(event.batch, `loss ${event.loss.toFixed(4)}`)
    },
    epoch: stop,
    end: stop,
  }
}
