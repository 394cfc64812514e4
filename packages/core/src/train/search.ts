import { ValueError } from '../errors.ts'
import { exp, log } from '../math/f64.ts'
import { Generator } from '../random/generator.ts'
import { checkSignal } from './batches.ts'

/** Values of a hyper-parameter between two bounds. */
export interface Range {
  readonly from: number
  readonly to: number
  /** Whether equal ratios are equally likely, as suits learning rates. */
  readonly log: boolean
  readonly integer: boolean
}

/** A choice of values, or a range to draw from. */
export type Domain<T> = readonly T[] | (T extends number ? Range : never)

/** A domain for each hyper-parameter. */
export type SearchSpace<P> = { readonly [K in keyof P]: Domain<P[K]> }

/** One try of a set of hyper-parameters. */
export interface Trial<P> {
  /** Counted from 0. */
  readonly number: number
  readonly params: P
  /** What `run` gave. */
  readonly score: number
  /** Epochs, or whatever the budget counts, that it was given. */
  readonly budget: number
}

/** What `run` is told besides the hyper-parameters. */
export interface TrialContext {
  readonly number: number
  /** How long to train: the strategy's `budget`, or a part of it while many are still in the race. */
  readonly budget: number
  readonly signal: AbortSignal | undefined
}

/** Trains with some hyper-parameters and gives a figure to compare. */
export type RunTrial<P> = (params: P, context: TrialContext) => Promise<number>

/** Decides which hyper-parameters to try, one round after another; the scores of a round lead to the next. */
export interface Strategy {
  /** Rounds of candidates; each is told the scores of the one before. */
  rounds<P>(space: SearchSpace<P>, generator: Generator): Rounds<P>
}

/** Rounds of candidates; takes each round's trials, best first. */
type Rounds<P> = globalThis.Generator<
  { readonly candidates: readonly P[]; readonly budget: number },
  void,
  readonly Trial<P>[]
>

/** What {@link search} takes. */
export interface SearchOptions<P> {
  /** Such as `gridSearch()`. */
  readonly strategy: Strategy
  /** Whether the lowest or the highest score is best. Default `min`. */
  readonly mode?: 'min' | 'max'
  /** Draws from ranges. Default: seeded with 0. */
  readonly generator?: Generator
  /** Called after each trial. */
  readonly onTrial?: (trial: Trial<P>) => void
  /** Stops before the next trial, with an AbortError. */
  readonly signal?: AbortSignal
}

/** What {@link search} gives. */
export interface SearchResult<P> {
  /** The best trial among those with the largest budget. */
  readonly best: Trial<P>
  /** All trials in the order in which they ran. */
  readonly trials: readonly Trial<P>[]
}

const invalid = (op: string, problem: string, got: string, expected: string): ValueError =>
  new ValueError({ op, problem, got, expected })

/**
 * A range of numbers for {@link search}.
 * @param options - `log`: equal ratios are equally likely; `integer`: whole numbers, both bounds included
 * @throws ValueError when the bounds do not fit.
 * @example between(1e-4, 1e-1, { log: true }).from // => 0.0001
 */
export const between = (
  from: number,
  to: number,
  options: { readonly log?: boolean; readonly integer?: boolean } = {},
): Range => {
  const { log: ratios = false, integer = false } = options
  if (!(from < to) || !Number.isFinite(to - from) || (ratios && !(from > 0))) {
    throw invalid(
      'between',
      'the bounds do not fit',
      `${from} to ${to}`,
      ratios ? '0 < from < to' : 'finite bounds, from < to',
    )
  }
  return { from, to, log: ratios, integer }
}

const isRange = (domain: unknown): domain is Range => !Array.isArray(domain)

const drawRange = ({ from, to, log: ratios, integer }: Range, generator: Generator): number => {
  const high = integer ? to + 1 : to
  const u = generator.double()
  const value = ratios ? exp(log(from) + u * (log(high) - log(from))) : from + u * (high - from)
  return integer ? Math.min(Math.floor(value), to) : Math.min(Math.max(value, from), to)
}

const entries = <P>(op: string, space: SearchSpace<P>): [string, Range | readonly unknown[]][] => {
  const list = Object.entries(space) as [string, Range | readonly unknown[]][]
  for (const [name, domain] of list)
    if (!isRange(domain) && domain.length === 0) throw invalid(op, `${name} has no values`, '[]', 'at least one')
  return list
}

const draw = <P>(space: SearchSpace<P>, generator: Generator): P =>
  Object.fromEntries(
    entries('search', space).map(([name, domain]) => [
      name,
      isRange(domain) ? drawRange(domain, generator) : domain[generator.randint(domain.length)],
    ]),
  ) as P

/**
 * Tries every combination of values, the last name's fastest.
 * @param options - `budget` is passed on to `run`. Default 1
 * @throws ValueError when the space holds a range: list its values instead.
 * @example (await search({ a: [1, 2], b: [3, 4] }, async ({ a, b }) => a * b, { strategy: gridSearch() })).trials.length // => 4
 */
export const gridSearch = ({ budget = 1 }: { readonly budget?: number } = {}): Strategy => ({
  *rounds<P>(space: SearchSpace<P>): Rounds<P> {
    let candidates: Record<string, unknown>[] = [{}]
    for (const [name, domain] of entries('gridSearch', space)) {
      if (isRange(domain))
        throw invalid('gridSearch', `${name} is a range`, `${domain.from} to ${domain.to}`, 'a list of values')
      candidates = candidates.flatMap((c) => domain.map((value) => ({ ...c, [name]: value })))
    }
    yield { candidates: candidates as P[], budget }
  },
})

const checkCount = (op: string, name: string, value: number, least: number): void => {
  if (!Number.isInteger(value) || value < least)
    throw invalid(op, `${name} is out of range`, String(value), `an integer >= ${least}`)
}

/**
 * Tries combinations drawn at random.
 * @param options - how many `trials`, and the `budget` that is passed on to `run`. Default 1
 * @example (await search({ a: between(0, 1) }, async ({ a }) => a, { strategy: randomSearch({ trials: 20 }) })).best.score < 0.2 // => true
 */
export const randomSearch = ({
  trials,
  budget = 1,
}: {
  readonly trials: number
  readonly budget?: number
}): Strategy => {
  checkCount('randomSearch', 'trials', trials, 1)
  return {
    *rounds<P>(space: SearchSpace<P>, generator: Generator): Rounds<P> {
      yield { candidates: Array.from({ length: trials }, () => draw(space, generator)), budget }
    },
  }
}

/** What {@link successiveHalving} takes. */
export interface HalvingOptions {
  /** Combinations at the start. */
  readonly trials: number
  /** What each is given in the first round. Default 1. */
  readonly minBudget?: number
  /** What the last are given at most. */
  readonly maxBudget: number
  /** One in so many goes on to the next round, with so many times the budget. Default 3. */
  readonly eta?: number
}

/**
 * Draws many combinations, trains all of them briefly, and lets only the best go on with more budget, round by round.
 * `run` starts anew each time.
 * @source Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", 2016.
 * @example
 * const strategy = successiveHalving({ trials: 9, maxBudget: 9 })
 * const { trials } = await search({ a: between(0, 1) }, async ({ a }, { budget }) => a / budget, { strategy })
 * trials.map((t) => t.budget).filter((b) => b > 1) // => [3, 3, 3, 9]
 */
export const successiveHalving = ({ trials, minBudget = 1, maxBudget, eta = 3 }: HalvingOptions): Strategy => {
  checkCount('successiveHalving', 'trials', trials, 1)
  checkCount('successiveHalving', 'eta', eta, 2)
  if (!(minBudget > 0 && minBudget <= maxBudget))
    throw invalid(
      'successiveHalving',
      'the budgets do not fit',
      `${minBudget} to ${maxBudget}`,
      '0 < minBudget <= maxBudget',
    )
  return {
    *rounds<P>(space: SearchSpace<P>, generator: Generator): Rounds<P> {
      let candidates = Array.from({ length: trials }, () => draw(space, generator))
      for (let budget = minBudget; ; budget = Math.min(budget * eta, maxBudget)) {
        const ranked = yield { candidates, budget }
        if (budget >= maxBudget || ranked.length === 1) return
        candidates = ranked.slice(0, Math.max(1, Math.floor(ranked.length / eta))).map((t) => t.params)
      }
    },
  }
}

/**
 * Looks for the hyper-parameters with the best score.
 * @param space - for each name the values to choose from, or a range from {@link between}
 * @param run - trains with some of them and gives the score; a score that is NaN loses against every other
 * @returns the best trial and all trials
 * @throws ValueError when the space or the strategy does not fit; AbortError when the signal is aborted.
 * @example
 * const space = { lr: [0.1, 0.01], width: [8, 16] }
 * const { best } = await search(space, async ({ lr, width }) => lr / width, { strategy: gridSearch() })
 * best.params // => { lr: 0.01, width: 16 }
 */
export const search = async <P>(
  space: SearchSpace<P>,
  run: RunTrial<P>,
  options: SearchOptions<P>,
): Promise<SearchResult<P>> => {
  const { strategy, mode = 'min', generator = new Generator(0), onTrial, signal } = options
  const sign = mode === 'min' ? 1 : -1
  const key = (t: Trial<P>): number => (Number.isNaN(t.score) ? Infinity : sign * t.score)
  // Infinity minus Infinity is NaN, which would leave the order to the engine.
  const rank = (list: readonly Trial<P>[]): Trial<P>[] =>
    list.toSorted((a, b) => (key(a) === key(b) ? a.number - b.number : key(a) < key(b) ? -1 : 1))
  const trials: Trial<P>[] = []
  let last: Trial<P>[] = []
  const rounds = strategy.rounds(space, generator)
  for (let round = rounds.next(); round.done !== true; round = rounds.next(last)) {
    const { candidates, budget } = round.value
    const scored: Trial<P>[] = []
    for (const params of candidates) {
      checkSignal('search', signal)
      const number = trials.length
      const trial = { number, params, budget, score: await run(params, { number, budget, signal }) }
      trials.push(trial)
      scored.push(trial)
      onTrial?.(trial)
    }
    last = rank(scored)
  }
  return { best: last[0], trials }
}
