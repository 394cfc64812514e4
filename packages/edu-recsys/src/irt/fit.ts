import { math, ValueError } from '@lanewise/core'
import { needAbove, needWhole } from '../check.ts'
import { solveSymmetric } from '../recommend/solve.ts'
import { normalGrid, type Grid } from './ability.ts'
import type { Item, Responses } from './irt.ts'

/** Options of {@link fitIrt}. */
export interface IrtFitOptions {
  /**
   * Parameters of an item: 1 difficulty with a discrimination that all share, 2 with its own, 3 with a guessing chance.
   * Default 2.
   */
  readonly parameters?: 1 | 2 | 3
  /** With one parameter: keep the shared discrimination at this value, such as 1 for Rasch's model. Default: fitted. */
  readonly discrimination?: number
  /** How often each row of responses occurred. Default 1. */
  readonly counts?: readonly number[]
  /** Points of the integral over ability. Default 61. */
  readonly points?: number
  /** An end when no parameter moves by more. Default 1e-5. */
  readonly tolerance?: number
  /** Passes at most. Default 2000. */
  readonly maxIterations?: number
  /**
   * With three parameters: right and wrong guesses of a beta prior of the guessing chance, which the data alone seldom
   * tell. Default [5, 17].
   */
  readonly guessPrior?: readonly [right: number, wrong: number]
}

/** What {@link fitIrt} gives. */
export interface IrtFit {
  readonly items: readonly Required<Item>[]
  /** Of the responses with ability integrated out, natural; without priors. */
  readonly logLikelihood: number
  readonly iterations: number
  /** Whether the tolerance was met. */
  readonly converged: boolean
}

/** Slope, intercept and guessing chance: logit = slope theta + intercept. */
interface Line {
  readonly slope: number
  readonly intercept: number
  readonly guess: number
}

/** Distinct rows with how often they occur; 1 right, 0 wrong, -1 missing. */
interface Patterns {
  readonly rows: readonly Int8Array[]
  readonly counts: readonly number[]
}

const patternsOf = (op: string, responses: readonly Responses[], counts: readonly number[] | undefined): Patterns => {
  const n = responses[0]?.length ?? 0
  if (n === 0)
    throw new ValueError({
      op,
      problem: 'there are no responses',
      got: `${responses.length} rows`,
      expected: 'rows of responses',
    })
  if (counts !== undefined && counts.length !== responses.length)
    throw new ValueError({
      op,
      problem: 'counts and rows do not pair up',
      got: `${counts.length} and ${responses.length}`,
      expected: 'the same number',
    })
  const found = new Map<string, { row: Int8Array; count: number }>()
  responses.forEach((response, i) => {
    if (response.length !== n)
      throw new ValueError({
        op,
        problem: `row ${i} has another length`,
        got: String(response.length),
        expected: String(n),
      })
    const count = counts?.[i] ?? 1
    if (!(count >= 0 && count < Infinity))
      throw new ValueError({
        op,
        problem: `count ${i} is out of range`,
        got: String(count),
        expected: 'a finite number >= 0',
      })
    const row = Int8Array.from(response, (correct) => (correct === null ? -1 : correct ? 1 : 0))
    const key = row.join()
    const known = found.get(key)
    if (known) known.count += count
    else found.set(key, { row, count })
  })
  const all = [...found.values()].filter(({ count }) => count > 0)
  return { rows: all.map(({ row }) => row), counts: all.map(({ count }) => count) }
}

const logistic = (x: number): number => 1 / (1 + math.exp(-x))
const probability = ({ slope, intercept, guess }: Line, theta: number): number =>
  guess + (1 - guess) * logistic(slope * theta + intercept)

/** Expected right answers and answers of each item at each point of ability. */
interface Expected {
  readonly right: readonly Float64Array[]
  readonly all: readonly Float64Array[]
  readonly logLikelihood: number
}

const expect = ({ rows, counts }: Patterns, lines: readonly Line[], { theta, weight }: Grid): Expected => {
  const Q = theta.length
  const logs = lines.map((line) => {
    const p = theta.map((t) => probability(line, t))
    return [p.map((x) => math.log(Math.max(1 - x, 1e-300))), p.map((x) => math.log(Math.max(x, 1e-300)))]
  })
  const right = lines.map(() => new Float64Array(Q))
  const all = lines.map(() => new Float64Array(Q))
  const prior = weight.map(math.log)
  let logLikelihood = 0
  rows.forEach((row, r) => {
    const log = prior.slice()
    row.forEach((mark, j) => {
      if (mark >= 0) for (let q = 0; q < Q; q++) log[q] += logs[j][mark][q]
    })
    const most = log.reduce((a, b) => Math.max(a, b))
    const posterior = log.map((l) => math.exp(l - most))
    const total = posterior.reduce((sum, p) => sum + p, 0)
    logLikelihood += counts[r] * (most + math.log(total))
    row.forEach((mark, j) => {
      if (mark < 0) return
      for (let q = 0; q < Q; q++) {
        const share = (counts[r] * posterior[q]) / total
        all[j][q] += share
        if (mark === 1) right[j][q] += share
      }
    })
  })
  return { right, all, logLikelihood }
}

/** Expected log-likelihood of one item, with the guessing chance's prior where there is one. */
const objective = (
  line: Line,
  right: Float64Array,
  all: Float64Array,
  { theta }: Grid,
  prior: readonly number[] | null,
): number => {
  let sum = prior === null ? 0 : (prior[0] - 1) * math.log(line.guess) + (prior[1] - 1) * math.log(1 - line.guess)
  theta.forEach((t, q) => {
    const p = probability(line, t)
    sum += right[q] * math.log(Math.max(p, 1e-300)) + (all[q] - right[q]) * math.log(Math.max(1 - p, 1e-300))
  })
  return sum
}

/** Fisher scoring of one item's slope and intercept, and guessing chance where it has a prior; steps that do not rise are halved. */
const improve = (
  line: Line,
  right: Float64Array,
  all: Float64Array,
  grid: Grid,
  prior: readonly number[] | null,
): Line => {
  const n = prior === null ? 2 : 3
  const H = new Float64Array(n * n)
  const g = new Float64Array(n)
  const { slope, intercept, guess } = line
  grid.theta.forEach((t, q) => {
    const s = logistic(slope * t + intercept)
    const p = guess + (1 - guess) * s
    const d = [(1 - guess) * s * (1 - s) * t, (1 - guess) * s * (1 - s), 1 - s]
    const inverse = 1 / Math.max(p * (1 - p), 1e-12)
    for (let k = 0; k < n; k++) {
      g[k] += (right[q] - all[q] * p) * inverse * d[k]
      for (let l = 0; l < n; l++) H[k * n + l] += all[q] * inverse * d[k] * d[l]
    }
  })
  if (prior !== null) {
    g[2] += (prior[0] - 1) / guess - (prior[1] - 1) / (1 - guess)
    H[8] += (prior[0] - 1) / (guess * guess) + (prior[1] - 1) / ((1 - guess) * (1 - guess))
  }
  for (let k = 0; k < n; k++) H[k * n + k] += 1e-9
  const step = solveSymmetric('fitIrt', H, g)
  const value = objective(line, right, all, grid, prior)
  for (let scale = 1; scale > 1e-4; scale /= 2) {
    const next = {
      slope: Math.min(20, Math.max(1e-3, slope + scale * step[0])),
      intercept: Math.min(40, Math.max(-40, intercept + scale * step[1])),
      guess: prior === null ? guess : Math.min(0.95, Math.max(1e-4, guess + scale * step[2])),
    }
    if (objective(next, right, all, grid, prior) >= value) return next
  }
  return line
}

/** One Newton step of all intercepts and the slope that they share: the intercepts' equations are eliminated. */
const improveShared = (lines: readonly Line[], { right, all }: Expected, grid: Grid, fixed: boolean): Line[] => {
  let [gSlope, hSlope] = [0, 0]
  const parts = lines.map((line, j) => {
    let [g, h, cross] = [0, 0, 0]
    grid.theta.forEach((t, q) => {
      const p = probability(line, t)
      const [missing, curve] = [right[j][q] - all[j][q] * p, all[j][q] * p * (1 - p)]
      g += missing
      h += curve
      cross += curve * t
      gSlope += missing * t
      hSlope += curve * t * t
    })
    return { g, h: Math.max(h, 1e-9), cross }
  })
  const own = parts.reduce((sum, { h, cross }) => sum + (cross * cross) / h, 0)
  const pull = parts.reduce((sum, { g, h, cross }) => sum + (cross * g) / h, 0)
  const dSlope = fixed ? 0 : (gSlope - pull) / Math.max(hSlope - own, 1e-9)
  return lines.map(({ slope, intercept, guess }, j) => {
    const { g, h, cross } = parts[j]
    const dIntercept = (g - cross * dSlope) / h
    return {
      slope: Math.min(20, Math.max(1e-3, slope + Math.max(-1, Math.min(1, dSlope)))),
      intercept: Math.min(40, Math.max(-40, intercept + Math.max(-2, Math.min(2, dIntercept)))),
      guess,
    }
  })
}

const furthest = (before: readonly Line[], after: readonly Line[]): number =>
  before.reduce((most, { slope, intercept, guess }, j) => {
    const now = after[j]
    return Math.max(most, Math.abs(slope - now.slope), Math.abs(intercept - now.intercept), Math.abs(guess - now.guess))
  }, 0)

const checkAnswered = (op: string, { rows }: Patterns): void => {
  for (let j = 0; j < rows[0].length; j++) {
    const marks = new Set(rows.map((row) => row[j]))
    if (marks.has(0) && marks.has(1)) continue
    const got = marks.has(1) ? 'all right' : marks.has(0) ? 'all wrong' : 'none'
    throw new ValueError({
      op,
      problem: `item ${j} tells nothing`,
      got: `answers: ${got}`,
      expected: 'some right and some wrong',
      advice: 'Leave the item out',
    })
  }
}

/**
 * Fits items to responses with ability integrated out over N(0, 1) (marginal maximum likelihood) by expectation
 * maximisation.
 * @param responses - a row for each learner, or each pattern with `counts`
 * @throws ValueError when rows differ in length, an item has only right or only wrong answers, or an option is out of
 * range.
 * @source Bock and Aitkin 1981; checked against the published fits of the LSAT data and tools/golden/edu_irt.py in irt.test.ts
 * @example
 * const { items, logLikelihood } = fitIrt(lsat6.responses, { counts: lsat6.counts })
 * logLikelihood // => -2466.653
 * items.map((item) => item.b) // => [-3.36, -1.37, -0.28, -1.87, -3.13]
 */
export const fitIrt = (responses: readonly Responses[], options: IrtFitOptions = {}): IrtFit => {
  const op = 'fitIrt'
  const { parameters = 2, discrimination, points = 61, tolerance = 1e-5, maxIterations = 2000 } = options
  const { counts, guessPrior = [5, 17] } = options
  needWhole({ op, name: 'parameters', value: parameters }, 1, 3)
  needWhole({ op, name: 'points', value: points }, 3)
  needAbove({ op, name: 'tolerance', value: tolerance }, 0)
  needWhole({ op, name: 'maxIterations', value: maxIterations }, 1)
  if (discrimination !== undefined) {
    needAbove({ op, name: 'discrimination', value: discrimination }, 0)
    if (parameters !== 1)
      throw new ValueError({
        op,
        problem: 'discrimination is fitted',
        got: `${parameters} parameters`,
        expected: '1 where it is given',
      })
  }
  for (const value of guessPrior) needAbove({ op, name: 'guessPrior', value }, 1)
  const patterns = patternsOf(op, responses, counts)
  checkAnswered(op, patterns)
  const prior = parameters === 3 ? guessPrior : null
  const guess = prior === null ? 0 : (prior[0] - 1) / (prior[0] + prior[1] - 2)
  const grid = normalGrid({ points })
  let lines: Line[] = responses[0].map(() => ({ slope: discrimination ?? 1, intercept: 0, guess }))
  for (let iterations = 1; ; iterations++) {
    const expected = expect(patterns, lines, grid)
    const next =
      parameters === 1
        ? improveShared(lines, expected, grid, discrimination !== undefined)
        : lines.map((line, j) => improve(line, expected.right[j], expected.all[j], grid, prior))
    const moved = furthest(lines, next)
    lines = next
    if (moved > tolerance && iterations < maxIterations) continue
    const items = lines.map(({ slope, intercept, guess: c }) => ({ a: slope, b: -intercept / slope, c }))
    const { logLikelihood } = expect(patterns, lines, grid)
    return { items, logLikelihood, iterations, converged: moved <= tolerance }
  }
}
