import type { KernelRow } from '../../manifest.ts'
import { Draw } from './case.ts'
import type { Case, Reference } from './case.ts'

export interface Extents {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

/** Around the unrolled bodies: 32 along a row, 16 and 4 across columns, runs of 32 and 512. */
export const extents: readonly Extents[] = [
  [1, 1, 1],
  [3, 2, 1],
  [2, 3, 1],
  [2, 4, 1],
  [3, 5, 1],
  [2, 16, 1],
  [3, 17, 1],
  [2, 31, 1],
  [2, 32, 1],
  [1, 37, 1],
  [2, 101, 1],
  [1, 512, 1],
  [2, 521, 1],
  [1, 1031, 1],
  [2, 3, 2],
  [1, 5, 3],
  [2, 7, 4],
  [2, 33, 5],
  [1, 31, 7],
  [2, 5, 16],
  [1, 32, 17],
  [2, 65, 19],
  [1, 3, 37],
  [1, 9, 53],
].map(([outer, n, inner]) => ({ outer: outer!, n: n!, inner: inner! }))

/** Calls f with the positions of each line along the middle axis. */
export const lines = function* ({ outer, n, inner }: Extents): Iterable<{ at: number; positions: number[] }> {
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      yield { at: o * inner + i, positions: Array.from({ length: n }, (_, k) => (o * n + k) * inner + i) }
}

const sum = (line: readonly number[]): number => line.reduce((total, x) => total + x, 0)

const best = (line: readonly number[], beats: (a: number, b: number) => boolean): number => {
  const nan = line.findIndex(Number.isNaN)
  if (nan >= 0) return nan
  return line.reduce((at, x, i) => (beats(x, line[at]!) ? i : at), 0)
}

const greatest = (line: readonly number[]): number => best(line, (a, b) => a > b)
const least = (line: readonly number[]): number => best(line, (a, b) => a < b)

export const logSumExp = (line: readonly number[]): number => {
  const most = line[greatest(line)]!
  return Number.isFinite(most) ? most + Math.log(sum(line.map((x) => Math.exp(x - most)))) : most
}

interface Reduction {
  readonly f: (line: readonly number[]) => number
  /** Absolute error allowed for a line. */
  readonly slack?: (line: readonly number[]) => number
  readonly ulp?: number
}

// A run is at most 32 additions deep, then the total is rounded once: 33 half units of the sum of sizes.
const sumSlack = (line: readonly number[]): number => 33 * 2 ** -24 * sum(line.map(Math.abs))

const table: Readonly<Record<string, Reduction>> = {
  f32_sum: { f: sum, slack: sumSlack },
  f32_sum_squares: { f: (line) => sum(line.map((x) => x * x)), slack: (line) => sumSlack(line.map((x) => x * x)) },
  f32_prod: {
    f: (line) => line.reduce((product, x) => product * x, 1),
    slack: (line) => line.length * 2 ** -24 * Math.abs(line.reduce((product, x) => product * x, 1)) * 1.01,
  },
  f32_max: { f: (line) => line[greatest(line)]! },
  f32_min: { f: (line) => line[least(line)]! },
  // x - max and the result round once each, the terms and their sum are good to 40 half units.
  f32_logsumexp: { f: logSumExp, ulp: 1, slack: (line) => 2 ** -24 * (40 + 3 * Math.max(...line.map(Math.abs))) },
  f32_argmax: { f: greatest },
  f32_argmin: { f: least },
  i32_sum: { f: (line) => sum(line) | 0 },
  i32_prod: { f: (line) => line.reduce((product, x) => Math.imul(product, x), 1) },
  i32_max: { f: (line) => Math.max(...line) },
  i32_min: { f: (line) => Math.min(...line) },
  u8_any: { f: (line) => (line.some((x) => x !== 0) ? 1 : 0) },
  u8_all: { f: (line) => (line.every((x) => x !== 0) ? 1 : 0) },
  u8_sum: { f: sum },
}

const valuesFor = (row: KernelRow, draw: Draw, count: number): Float32Array | Int32Array | Uint8Array => {
  if (row.name.startsWith('i32')) return draw.integers(count, -1e8, 1e8)
  if (row.name.startsWith('u8'))
    return draw.bytes(count, row.name === 'u8_all' ? 1 : 0, row.name === 'u8_sum' ? 255 : 1)
  // Few different values, so that the largest comes more than once; near 1 for products.
  if (/arg|max|min/.test(row.name)) return draw.floats(count, -9, 9).map(Math.round)
  return row.name === 'f32_prod' ? draw.floats(count, 0.9, 1.1) : draw.floats(count, -3, 3)
}

const reduceCase = (label: string, row: KernelRow, e: Extents, x: ArrayLike<number>): Case => {
  const { f, slack, ulp = 0 } = table[row.name]!
  const values: number[] = []
  const allowed: number[] = []
  for (const { at, positions } of lines(e)) {
    const line = positions.map((p) => x[p]!)
    values[at] = f(line)
    const error = slack?.(line) ?? 0
    allowed[at] = Number.isFinite(error) ? error : 0
  }
  return { label, numbers: { ...e }, inputs: { pX: x }, outputs: { pY: { values, ulp, slack: allowed } } }
}

const reduce: Reference = function* (row) {
  const draw = new Draw(11)
  for (const e of extents) {
    const label = JSON.stringify(e)
    const x = valuesFor(row, draw, e.outer * e.n * e.inner)
    yield reduceCase(label, row, e, x)
    if (!(x instanceof Float32Array)) {
      if (row.name === 'u8_any')
        yield reduceCase(
          `${label}, none`,
          row,
          e,
          x.map(() => 0),
        )
      if (row.name === 'u8_all')
        yield reduceCase(
          `${label}, one missing`,
          row,
          e,
          x.map((v, i) => (i === x.length - 1 ? 0 : v)),
        )
      continue
    }
    const special = x.slice()
    special[Math.floor(x.length / 2)] = NaN
    special[x.length - 1] = -Infinity
    if (row.name !== 'f32_prod') yield reduceCase(`${label}, special values`, row, e, special)
    if (row.name === 'f32_logsumexp')
      yield reduceCase(
        `${label}, all -Infinity`,
        row,
        e,
        x.map(() => -Infinity),
      )
  }
}

const scan: Reference = function* (row) {
  const draw = new Draw(12)
  const product = row.name === 'f32_cumprod'
  for (const e of extents) {
    for (const reverse of [0, 1]) {
      const count = e.outer * e.n * e.inner
      const x = row.name.startsWith('i32')
        ? draw.integers(count, -1e9, 1e9)
        : draw.floats(count, product ? 0.8 : -3, product ? 1.2 : 3)
      const values = new Float64Array(count)
      for (const { positions } of lines(e)) {
        let total = product ? 1 : 0
        for (const p of reverse ? [...positions].reverse() : positions) {
          total = product ? total * x[p]! : row.name.startsWith('i32') ? (total + x[p]!) | 0 : total + x[p]!
          values[p] = total
        }
      }
      // f64 totals of the same numbers in the same order: one rounding.
      yield {
        label: JSON.stringify({ ...e, reverse }),
        numbers: { ...e, reverse },
        inputs: { pX: x },
        outputs: { pY: { values, ulp: 0.5 } },
      }
    }
  }
}

export const reduceReferences: Readonly<Record<string, Reference>> = { reduce, scan }
