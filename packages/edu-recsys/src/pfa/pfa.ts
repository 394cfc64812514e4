import { FormatError, math, ValueError } from '@lanewise/core'
import { isRecord, needAbove, needBetween, needFormat, needWhole, shown } from '../check.ts'
import type { Answer } from '../events/answer.ts'
import type { LearnerModel } from '../events/learner-model.ts'
import { solveSymmetric } from '../recommend/solve.ts'

/** The weights of one skill. */
export interface PfaParameters {
  /** How easy the skill is at first. */
  readonly easiness: number
  /** What each right answer before adds. */
  readonly success: number
  /** What each wrong answer before adds. */
  readonly failure: number
}

/** Right and wrong answers so far, by skill. */
export type PfaState = Readonly<Record<string, readonly [right: number, wrong: number]>>

/** Options of {@link PfaModel.fit}. */
export interface PfaFitOptions {
  /** Weight of the sum of squares of all weights, halved, added to the log loss. Default 1. */
  readonly ridge?: number
  /** Newton steps at most. Default 100. */
  readonly maxIterations?: number
}

/** What {@link PfaModel.toJSON} gives. */
export interface SavedPfa {
  readonly format: string
  readonly skills: Readonly<Record<string, PfaParameters>>
}

const format = 'lanewise.pfa.1'
const names = ['easiness', 'success', 'failure'] as const

const sigmoid = (x: number): number => 1 / (1 + math.exp(-x))
/** log(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + math.log1p(math.exp(-Math.abs(x)))

const countsOf = (state: PfaState, skill: string): readonly [right: number, wrong: number] => {
  if (!Object.hasOwn(state, skill)) return [0, 0]
  const own: unknown = state[skill]
  if (Array.isArray(own) && own.length === 2 && own.every((n) => Number.isSafeInteger(n) && n >= 0)) return state[skill]
  throw new ValueError({
    op: 'PfaModel',
    problem: `the state of ${shown(skill)} does not fit`,
    got: shown(own),
    expected: 'numbers of right and wrong answers',
  })
}

const counted = (state: PfaState, { skills, correct }: Pick<Answer, 'skills' | 'correct'>): PfaState => {
  const next = skills.map((skill): readonly [string, PfaState[string]] => {
    const [right, wrong] = countsOf(state, skill)
    return [skill, correct ? [right + 1, wrong] : [right, wrong + 1]]
  })
  return { ...state, ...Object.fromEntries(next) }
}

/** Answers as rows of a logistic regression: places of the weights that act, and their factors. */
interface Rows {
  readonly places: readonly Int32Array[]
  readonly factors: readonly Float64Array[]
  readonly target: readonly number[]
}

const rowsOf = (answers: Iterable<Answer>, index: Map<string, number>): Rows => {
  const states = new Map<string, Map<string, [right: number, wrong: number]>>()
  const rows: { places: Int32Array[]; factors: Float64Array[]; target: number[] } = {
    places: [],
    factors: [],
    target: [],
  }
  for (const { learner, skills, correct } of answers) {
    if (skills.length === 0) continue
    const own = states.get(learner) ?? new Map<string, [right: number, wrong: number]>()
    states.set(learner, own)
    const [places, factors] = [new Int32Array(3 * skills.length), new Float64Array(3 * skills.length)]
    skills.forEach((skill, i) => {
      if (!index.has(skill)) index.set(skill, index.size)
      const counts = own.get(skill) ?? [0, 0]
      own.set(skill, counts)
      for (let k = 0; k < 3; k++) places[3 * i + k] = 3 * index.get(skill)! + k
      factors.set([1, counts[0], counts[1]], 3 * i)
      counts[correct ? 0 : 1]++
    })
    rows.places.push(places)
    rows.factors.push(factors)
    rows.target.push(correct ? 1 : 0)
  }
  return rows
}

const logitOf = (places: Int32Array, factors: Float64Array, w: Float64Array): number =>
  places.reduce((sum, place, k) => sum + w[place] * factors[k], 0)

/** Log loss plus the ridge. */
const lossOf = ({ places, factors, target }: Rows, w: Float64Array, ridge: number): number => {
  let loss = 0
  for (const x of w) loss += (ridge / 2) * x * x
  places.forEach((own, i) => {
    const x = logitOf(own, factors[i], w)
    loss += softplus(target[i] === 1 ? -x : x)
  })
  return loss
}

/** The Newton step: H^-1 g. */
const stepOf = ({ places, factors, target }: Rows, w: Float64Array, ridge: number): Float64Array => {
  const n = w.length
  const H = new Float64Array(n * n)
  const g = w.map((x) => ridge * x)
  for (let j = 0; j < n; j++) H[j * n + j] = ridge
  places.forEach((own, i) => {
    const x = factors[i]
    const p = sigmoid(logitOf(own, x, w))
    const curve = p * (1 - p)
    own.forEach((a, k) => {
      g[a] += (p - target[i]) * x[k]
      own.forEach((b, l) => (H[a * n + b] += curve * x[k] * x[l]))
    })
  })
  return solveSymmetric('PfaModel.fit', H, g)
}

/** Newton's method; a step that does not lower the loss is halved. */
const newton = (rows: Rows, size: number, { ridge, maxIterations }: Required<PfaFitOptions>): Float64Array => {
  let w = new Float64Array(size)
  let loss = lossOf(rows, w, ridge)
  for (let i = 0; i < maxIterations; i++) {
    const step = stepOf(rows, w, ridge)
    const size = step.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
    if (size < 1e-10) break
    let scale = 1
    let [next, nextLoss] = [w, Infinity]
    for (; nextLoss > loss && scale > 1e-6; scale /= 2) {
      next = w.map((x, j) => x - scale * step[j])
      nextLoss = lossOf(rows, next, ridge)
    }
    if (!(nextLoss < loss)) break
    w = next
    loss = nextLoss
  }
  return w
}

/**
 * Performance factors analysis: logistic regression on each learner's right and wrong answers to a question's skills.
 *   logit P(right) = sum over skills of easiness + success x right answers so far + failure x wrong answers so far
 * @source Pavlik, Cen and Koedinger 2009; checked against scikit-learn's LogisticRegression in pfa.test.ts
 * @example
 * const marks = [false, true, false, true, true, true]
 * const model = PfaModel.fit(marks.map((correct) => ({ learner: 'ann', skills: ['fractions'], correct })))
 * const state = model.update(model.start(), { skills: ['fractions'], correct: true })
 * model.predict(state, ['fractions']) > model.predict(model.start(), ['fractions']) // => true
 */
export class PfaModel implements LearnerModel<PfaState> {
  /** By skill. */
  readonly parameters: ReadonlyMap<string, PfaParameters>

  /** @param parameters - by skill */
  constructor(parameters: Iterable<readonly [skill: string, parameters: PfaParameters]>) {
    this.parameters = new Map(parameters)
    for (const [skill, own] of this.parameters)
      for (const name of names) needBetween({ op: `PfaModel: ${skill}`, name, value: own[name] }, -Infinity, Infinity)
  }

  /**
   * Fits all skills together by Newton's method; the loss has one minimum.
   * @throws ValueError when no answer has a skill, or an option is out of range.
   */
  static fit(answers: Iterable<Answer>, { ridge = 1, maxIterations = 100 }: PfaFitOptions = {}): PfaModel {
    const op = 'PfaModel.fit'
    needAbove({ op, name: 'ridge', value: ridge }, 0)
    needWhole({ op, name: 'maxIterations', value: maxIterations }, 1)
    const index = new Map<string, number>()
    const rows = rowsOf(answers, index)
    if (index.size === 0) throw new ValueError({ op, problem: 'no answer has a skill', expected: 'at least one' })
    const w = newton(rows, 3 * index.size, { ridge, maxIterations })
    return new PfaModel(
      [...index].map(([skill, i]) => {
        const [easiness, success, failure] = w.subarray(3 * i)
        return [skill, { easiness, success, failure }]
      }),
    )
  }

  /**
   * The model that {@link toJSON} saved.
   * @throws FormatError or ValueError naming what does not fit.
   */
  static from(saved: unknown): PfaModel {
    const op = 'PfaModel.from'
    const { skills } = needFormat(op, saved, format)
    if (!isRecord(skills))
      throw new FormatError({ op, problem: 'there are no skills', got: shown(skills), expected: 'an object' })
    return new PfaModel(
      Object.entries(skills).map(([skill, value]) => {
        if (!isRecord(value))
          throw new FormatError({
            op: `${op}: skills.${skill}`,
            problem: 'not parameters',
            got: shown(value),
            expected: names.join(', '),
          })
        const [easiness, success, failure] = names.map((name) =>
          needBetween({ op: `${op}: skills.${skill}`, name, value: value[name] }, -Infinity, Infinity),
        )
        return [skill, { easiness, success, failure }]
      }),
    )
  }

  /** Plain data for JSON. */
  toJSON(): SavedPfa {
    return { format, skills: Object.fromEntries(this.parameters) }
  }

  start(): PfaState {
    return {}
  }

  predict(state: PfaState, skills: readonly string[]): number {
    if (skills.length === 0)
      throw new ValueError({ op: 'PfaModel', problem: 'there are no skills', got: '[]', expected: 'at least one' })
    const logit = skills.reduce((sum, skill) => {
      const { easiness, success, failure } = this.of(skill)
      const [right, wrong] = countsOf(state, skill)
      return sum + easiness + success * right + failure * wrong
    }, 0)
    return sigmoid(logit)
  }

  update(state: PfaState, answer: Pick<Answer, 'skills' | 'correct'>): PfaState {
    return counted(state, answer)
  }

  private of(skill: string): PfaParameters {
    const found = this.parameters.get(skill)
    if (found !== undefined) return found
    throw new ValueError({
      op: 'PfaModel',
      problem: 'the skill is not known',
      got: shown(skill),
      expected: `one of ${this.parameters.size} skills`,
      advice: 'Fit the model on answers to it, or construct it with parameters for it',
    })
  }
}
