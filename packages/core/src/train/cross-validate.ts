import { ValueError } from '../errors.ts'
import { subset, type Dataset, type Subset } from '../data/dataset.ts'
import type { Generator } from '../random/generator.ts'
import { checkSignal } from './batches.ts'

/** Figures of one fold by name, such as `{ loss, accuracy }`. */
export type Figures = Readonly<Record<string, number>>

/** What {@link crossValidate} takes. */
export interface CrossValidateOptions {
  /** Parts of about equal size, each of which validates once. Default 5. */
  readonly folds?: number
  /** Draws a random order first. Default: the data's own order. */
  readonly generator?: Generator
  /** The class of each sample: every fold then has about the same share of each. */
  readonly stratify?: ArrayLike<number>
  /** Stops before the next fold, with an AbortError. */
  readonly signal?: AbortSignal
  /** Called after each fold. */
  readonly onFold?: (fold: number, figures: Figures) => void
}

/** What {@link crossValidate} gives. */
export interface CrossValidation {
  /** The figures of each fold. */
  readonly folds: readonly Figures[]
  /** Each figure's mean over the folds. */
  readonly mean: Figures
  /** Each figure's standard deviation over the folds, of a sample (n - 1). */
  readonly std: Figures
}

const check = (size: number, folds: number, stratify: ArrayLike<number> | undefined): void => {
  if (!Number.isInteger(folds) || folds < 2 || folds > size) {
    throw new ValueError({
      op: 'crossValidate',
      problem: 'folds is out of range',
      got: String(folds),
      expected: `an integer in [2, ${size}]`,
    })
  }
  if (stratify !== undefined && stratify.length !== size) {
    throw new ValueError({
      op: 'crossValidate',
      problem: 'stratify does not fit the data',
      got: `${stratify.length} classes`,
      expected: `${size}, one per sample`,
    })
  }
}

/**
 * Which samples validate in each fold. Without classes the folds are runs of the (drawn) order, the first ones a sample
 * longer where the size does not divide; with classes each class is dealt out in turn.
 */
export const foldsOf = (size: number, { folds = 5, generator, stratify }: CrossValidateOptions): Int32Array[] => {
  check(size, folds, stratify)
  const order = generator?.randperm(size) ?? Int32Array.from({ length: size }, (_, i) => i)
  const parts: number[][] = Array.from({ length: folds }, () => [])
  if (stratify === undefined) {
    const [least, longer] = [Math.floor(size / folds), size % folds]
    let at = 0
    for (const [k, part] of parts.entries())
      for (let i = least + (k < longer ? 1 : 0); i > 0; i--) part.push(order[at++])
  } else {
    const byClass = new Map<number, number[]>()
    for (const i of order) byClass.set(stratify[i], [...(byClass.get(stratify[i]) ?? []), i])
    let turn = 0
    for (const members of byClass.values()) for (const i of members) parts[turn++ % folds].push(i)
  }
  return parts.map((part) => Int32Array.from(part).sort())
}

const summary = (folds: readonly Figures[], of: (values: readonly number[]) => number): Figures =>
  Object.fromEntries(Object.keys(folds[0]).map((name) => [name, of(folds.map((f) => f[name]))]))

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

const stdOf = (values: readonly number[]): number => {
  const mean = meanOf(values)
  return Math.sqrt(values.reduce((a, v) => a + (v - mean) * (v - mean), 0) / (values.length - 1))
}

/**
 * Trains and validates once per fold, each time on another part of the data.
 * @param dataset - all samples
 * @param run - trains on the first part, validates on the second, and gives the figures of the fold; it builds a new
 * model each time
 * @returns the figures per fold, with their means and standard deviations
 * @throws ValueError when the folds do not fit the data; AbortError when the signal is aborted.
 * @example
 * const data = tensorDataset(tensor([1, 2, 3, 4]))
 * const result = await crossValidate(data, async (train, validation) => ({ size: train.size - validation.size }), { folds: 4 })
 * result.mean.size // => 2
 */
export const crossValidate = async <D extends Dataset>(
  dataset: D,
  run: (train: Subset<D>, validation: Subset<D>, fold: number) => Promise<Figures>,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> => {
  const parts = foldsOf(dataset.size, options)
  const folds: Figures[] = []
  for (const [k, part] of parts.entries()) {
    checkSignal('crossValidate', options.signal)
    const rest = Int32Array.from(parts.flatMap((p, j) => (j === k ? [] : [...p]))).sort()
    const figures = await run(subset(dataset, rest), subset(dataset, part), k)
    folds.push(figures)
    options.onFold?.(k, figures)
  }
  return { folds, mean: summary(folds, meanOf), std: summary(folds, stdOf) }
}
