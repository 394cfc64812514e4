import { ValueError, type Generator } from '@lanewise/core'
import { checkFactors, dotAt, FactorModel, uniformTable } from './factors.ts'
import { transposed, type Interactions } from './interactions.ts'
import { checkAtLeastZero, checkCount, checkIndex } from './recommend.ts'
import { solveSymmetric } from './solve.ts'

/**
 * How a value becomes a confidence. With x = alpha |value|:
 * - 'implicit': as the Python library of that name. Weight x in place of 1; the regularisation is the same for all.
 * - 'spark': as Spark's ALS. Weight 1 + x; the regularisation counts once for each positive entry of the row.
 */
export type AlsDialect = 'implicit' | 'spark'

/** What {@link ImplicitAls} and {@link foldIn} share. */
export interface AlsWeights {
  /** Default 'implicit'. */
  readonly dialect?: AlsDialect
  /** Factor of the values. Default 1. */
  readonly alpha?: number
  /** Default 0.01. */
  readonly regularization?: number
}

/** What {@link ImplicitAls} takes. */
export interface AlsOptions extends AlsWeights {
  /** Default 64. */
  readonly factors?: number
  /** Steps of conjugate gradients for each row of a pass; 0 solves each row exactly. Default 3. */
  readonly cgSteps?: number
  /** Draws the first tables from U(0, 0.01). */
  readonly generator?: Generator
  /** Tables to start from instead, such as those of an earlier training; they are copied. */
  readonly initial?: { readonly userFactors: Float32Array; readonly itemFactors: Float32Array }
}

/** A row's system: (gram + sum (weight_i - 1) y_i y_i') x = sum target_i y_i. */
interface Row {
  /** Rows of the table. */
  readonly at: ArrayLike<number>
  /** What each adds beyond the weight 1 that everything has. */
  readonly extra: Float64Array
  readonly target: Float64Array
  /** Added to the diagonal. */
  readonly ridge: number
}

type Rated = Required<AlsWeights>

const withDefaults = (op: string, { dialect = 'implicit', alpha = 1, regularization = 0.01 }: AlsWeights): Rated => {
  checkAtLeastZero(op, 'alpha', alpha)
  checkAtLeastZero(op, 'the regularisation', regularization)
  return { dialect, alpha, regularization }
}

/** A negative value is a dislike to be sure of: weight without a target. */
const rowOf = (at: ArrayLike<number>, values: ArrayLike<number>, { dialect, alpha, regularization }: Rated): Row => {
  const extra = new Float64Array(at.length)
  const target = new Float64Array(at.length)
  let liked = 0
  for (let i = 0; i < at.length; i++) {
    const x = alpha * Math.abs(values[i])
    const weight = dialect === 'spark' ? 1 + x : x
    extra[i] = weight - 1
    if (values[i] <= 0) continue
    liked++
    target[i] = weight
  }
  return { at, extra, target, ridge: dialect === 'spark' ? regularization * liked : regularization }
}

/** {@link dotAt} in double precision. */
const dot64 = (a: Float64Array, at: number, b: Float64Array, bt: number, n: number): number => {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let f = 0
  for (; f + 4 <= n; f += 4) {
    s0 += a[at + f] * b[bt + f]
    s1 += a[at + f + 1] * b[bt + f + 1]
    s2 += a[at + f + 2] * b[bt + f + 2]
    s3 += a[at + f + 3] * b[bt + f + 3]
  }
  for (; f < n; f++) s0 += a[at + f] * b[bt + f]
  return s0 + s1 + (s2 + s3)
}

/** Y'Y, [F, F]. */
const gramOf = (table: Float64Array, rows: number, F: number): Float64Array => {
  const gram = new Float64Array(F * F)
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < F; i++) {
      const value = table[row * F + i]
      for (let j = 0; j <= i; j++) gram[i * F + j] += value * table[row * F + j]
    }
  }
  for (let i = 0; i < F; i++) for (let j = i + 1; j < F; j++) gram[i * F + j] = gram[j * F + i]
  return gram
}

const solveRow = (row: Row, table: Float64Array, gram: Float64Array, F: number): Float64Array => {
  const matrix = gram.slice()
  const x = new Float64Array(F)
  for (let i = 0; i < F; i++) matrix[i * F + i] += row.ridge
  for (let n = 0; n < row.at.length; n++) {
    const at = row.at[n] * F
    for (let i = 0; i < F; i++) {
      const value = table[at + i]
      x[i] += row.target[n] * value
      for (let j = 0; j <= i; j++) matrix[i * F + j] += row.extra[n] * value * table[at + j]
    }
  }
  return solveSymmetric('als', matrix, x)
}

/** out = (gram + ridge I + sum extra_i y_i y_i') v */
const applyRow = (row: Row, table: Float64Array, gram: Float64Array, v: Float64Array, out: Float64Array): void => {
  const F = v.length
  for (let i = 0; i < F; i++) out[i] = dot64(gram, i * F, v, 0, F) + row.ridge * v[i]
  for (let n = 0; n < row.at.length; n++) {
    const at = row.at[n] * F
    const share = row.extra[n] * dot64(table, at, v, 0, F)
    for (let i = 0; i < F; i++) out[i] += share * table[at + i]
  }
}

/** Improves x by a few steps of conjugate gradients. */
const descendRow = (row: Row, table: Float64Array, gram: Float64Array, x: Float64Array, steps: number): void => {
  const F = x.length
  const Ap = new Float64Array(F)
  applyRow(row, table, gram, x, Ap)
  const residual = Ap.map((value) => -value)
  for (let n = 0; n < row.at.length; n++)
    for (let i = 0; i < F; i++) residual[i] += row.target[n] * table[row.at[n] * F + i]
  const p = residual.slice()
  let size = dot64(residual, 0, residual, 0, F)
  for (let step = 0; step < steps && size > 1e-20; step++) {
    applyRow(row, table, gram, p, Ap)
    const length = size / dot64(p, 0, Ap, 0, F)
    for (let i = 0; i < F; i++) {
      x[i] += length * p[i]
      residual[i] -= length * Ap[i]
    }
    const next = dot64(residual, 0, residual, 0, F)
    for (let i = 0; i < F; i++) p[i] = residual[i] + (next / size) * p[i]
    size = next
  }
}

/**
 * Factors for somebody who was not in the training data, from the items they have: the row that training would give
 * them with the item table held fixed. It needs the full history, and the same weights as the training.
 * @param model - a trained table of items
 * @param items - what they have
 * @param values - the value of each. Default 1 each.
 * @throws ValueError when there is no such item, or not one finite value for each.
 * @source Checked against the normal equations in NumPy in recommend.test.ts
 * @example
 * import { Generator } from '@lanewise/core'
 * const train = interactions(parseRatings('a\tx\t1\na\ty\t1\nb\tx\t1\nb\ty\t1\nc\tz\t1').ratings)
 * const model = new ImplicitAls(train, { factors: 2, alpha: 10, generator: new Generator(0) })
 * for (let i = 0; i < 5; i++) model.step()
 * const newcomer = model.scoresOf(foldIn(model, [0], [1], { alpha: 10 }))
 * newcomer[1] > newcomer[2] // => true
 */
export const foldIn = (
  model: { readonly items: number; readonly factors: number; readonly itemFactors: Float32Array },
  items: ArrayLike<number>,
  values: ArrayLike<number> = new Float64Array(items.length).fill(1),
  weights: AlsWeights = {},
): Float64Array => {
  const rated = withDefaults('foldIn', weights)
  if (items.length !== values.length || !Array.from(values).every(Number.isFinite)) {
    throw new ValueError({
      op: 'foldIn',
      problem: 'not one finite value for each item',
      got: `${items.length} items, ${values.length} values`,
    })
  }
  for (let i = 0; i < items.length; i++) checkIndex('foldIn', 'item', items[i], model.items)
  const { factors } = model
  if (items.length === 0) return new Float64Array(factors)
  const table = Float64Array.from(model.itemFactors)
  return solveRow(rowOf(items, values, rated), table, gramOf(table, model.items, factors), factors)
}

/**
 * Matrix factorisation of implicit feedback by alternating least squares. Everything a user does not have counts as a
 * wish of 0 held with weight 1; what they have, as a wish of 1 held with more.
 *   minimise sum c_ui (p_ui - x_u . y_i)^2 + regularization (|X|^2 + |Y|^2),   p = 1 where value > 0, else 0
 * `step()` updates all users, then all items. See {@link AlsDialect} for c.
 * @throws ValueError when an option is out of range; ShapeError when `initial` does not fit.
 * @source Hu, Koren and Volinsky 2008; Takacs, Pilaszy and Tikk 2011 (conjugate gradients). Checked against the same
 *   equations in NumPy in recommend.test.ts
 * @example
 * import { Generator } from '@lanewise/core'
 * const train = interactions(parseRatings('a\tx\t1\na\ty\t1\nb\tx\t1\nc\tz\t1').ratings)
 * const model = new ImplicitAls(train, { factors: 3, alpha: 20, generator: new Generator(0) })
 * for (let i = 0; i < 10; i++) model.step()
 * recommend(model, 1, { seen: train, k: 1 })[0].item // => 1
 */
export class ImplicitAls extends FactorModel {
  /** Passes so far. */
  passes = 0
  readonly #byUser: Interactions
  readonly #byItem: Interactions
  readonly #weights: Rated
  readonly #cgSteps: number

  constructor(train: Interactions, options: AlsOptions) {
    const { factors = 64, cgSteps = 3, generator, initial } = options
    checkCount('ImplicitAls', 'factors', factors)
    checkAtLeastZero('ImplicitAls', 'the number of steps', cgSteps)
    const { users, items } = train
    super({ users, items, factors, ...startingTables(train, factors, generator, initial) })
    this.#weights = withDefaults('ImplicitAls', options)
    this.#byUser = train
    this.#byItem = transposed(train)
    this.#cgSteps = Math.floor(cgSteps)
  }

  /** One pass over the users and one over the items. The loss is that of the formula above, over all cells, per user. */
  step(): { pass: number; loss: number } {
    this.#update(this.#byUser, this.userFactors, this.itemFactors)
    this.#update(this.#byItem, this.itemFactors, this.userFactors)
    return { pass: ++this.passes, loss: this.#loss() / this.users }
  }

  #update(matrix: Interactions, table: Float32Array, fixed: Float32Array): void {
    const F = this.factors
    const other = Float64Array.from(fixed)
    const gram = gramOf(other, matrix.items, F)
    for (let u = 0; u < matrix.users; u++) {
      const own = table.subarray(u * F, (u + 1) * F)
      if (matrix.starts[u] === matrix.starts[u + 1]) own.fill(0)
      else own.set(this.#solved(matrix, u, own, other, gram))
    }
  }

  #solved(matrix: Interactions, u: number, own: Float32Array, other: Float64Array, gram: Float64Array): Float64Array {
    const range = [matrix.starts[u], matrix.starts[u + 1]] as const
    const row = rowOf(matrix.columns.subarray(...range), matrix.values.subarray(...range), this.#weights)
    if (this.#cgSteps === 0) return solveRow(row, other, gram, this.factors)
    const x = Float64Array.from(own)
    descendRow(row, other, gram, x, this.#cgSteps)
    return x
  }

  /** Over all cells at once: the empty ones give trace(X'X Y'Y), and the filled ones their difference to it. */
  #loss(): number {
    const { factors: F, userFactors, itemFactors } = this
    const X = gramOf(Float64Array.from(userFactors), this.users, F)
    const Y = gramOf(Float64Array.from(itemFactors), this.items, F)
    let loss = dot64(X, 0, Y, 0, F * F)
    const { starts, columns, values } = this.#byUser
    for (let u = 0; u < this.users; u++) {
      const row = rowOf(
        columns.subarray(starts[u], starts[u + 1]),
        values.subarray(starts[u], starts[u + 1]),
        this.#weights,
      )
      loss += row.ridge * dotAt(userFactors, u * F, userFactors, u * F, F)
      for (let i = 0; i < row.at.length; i++) {
        const score = dotAt(userFactors, u * F, itemFactors, row.at[i] * F, F)
        const wish = row.target[i] > 0 ? 1 : 0
        loss += (row.extra[i] + 1) * (wish - score) * (wish - score) - score * score
      }
    }
    return loss + this.#itemPenalty()
  }

  #itemPenalty(): number {
    const F = this.factors
    const { starts, columns, values } = this.#byItem
    let penalty = 0
    for (let i = 0; i < this.items; i++) {
      const { ridge } = rowOf(
        columns.subarray(starts[i], starts[i + 1]),
        values.subarray(starts[i], starts[i + 1]),
        this.#weights,
      )
      penalty += ridge * dotAt(this.itemFactors, i * F, this.itemFactors, i * F, F)
    }
    return penalty
  }
}

const startingTables = (
  { users, items }: Interactions,
  factors: number,
  generator: Generator | undefined,
  initial: AlsOptions['initial'],
): { userFactors: Float32Array; itemFactors: Float32Array } => {
  if (initial !== undefined) {
    checkFactors('ImplicitAls', { users, items, factors, ...initial })
    return { userFactors: initial.userFactors.slice(), itemFactors: initial.itemFactors.slice() }
  }
  if (generator === undefined) {
    throw new ValueError({
      op: 'ImplicitAls',
      problem: 'nothing to start from',
      got: 'neither a generator nor initial tables',
      advice: 'Pass generator: new Generator(seed)',
    })
  }
  return {
    userFactors: uniformTable(generator, users * factors, 0, 0.01),
    itemFactors: uniformTable(generator, items * factors, 0, 0.01),
  }
}
