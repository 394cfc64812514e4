import type { KernelRow } from '../../manifest.ts'
import { Draw } from './case.ts'
import type { Reference } from './case.ts'

const shapes = [
  [1, 1, 1, 1],
  [1, 4, 1, 7],
  [3, 5, 1, 4],
  [2, 3, 3, 5],
  [1, 7, 4, 3],
  [2, 4, 17, 6],
  [1, 3, 64, 4],
  [1, 5, 71, 2],
  [2, 4, 2, 0],
] as const

const extremes = (row: KernelRow, draw: Draw, n: number): Float32Array =>
  row.name.startsWith('f32') ? draw.floats(n) : draw.wild(n)

const indexRows: Reference = function* (row) {
  const draw = new Draw(51)
  for (const [outer, n, inner, m] of shapes) {
    const index = draw.integers(m, 0, n - 1)
    const numbers = { outer, n, inner, m, skip: 1 }
    const label = JSON.stringify(numbers)
    const whole = extremes(row, draw, outer * n * inner)
    const picked = extremes(row, draw, outer * m * inner)
    const y = row.name === 'b32_index_select' ? new Float32Array(picked.length) : whole.slice()
    for (let o = 0; o < outer; o++)
      for (let j = 0; j < m; j++)
        for (let i = 0; i < inner; i++) {
          const far = (o * n + index[j]!) * inner + i
          const near = (o * m + j) * inner + i
          if (row.name === 'b32_index_select') y[near] = whole[far]!
          else if (row.name === 'b32_index_copy') y[far] = picked[near]!
          else if (index[j] !== 1) y[far] = y[far]! + picked[near]!
        }
    const inputs =
      row.name === 'b32_index_select' ? { pX: whole, pIndex: index } : { pX: picked, pIndex: index, pY: whole }
    yield { label, numbers, inputs, outputs: { pY: { values: y } } }
  }
}

const indexEach: Reference = function* (row) {
  const draw = new Draw(52)
  for (const [outer, n, inner, m] of shapes) {
    const numbers = { outer, n, inner, m }
    const whole = extremes(row, draw, outer * n * inner)
    const picked = extremes(row, draw, outer * m * inner)
    const index = draw.integers(picked.length, 0, n - 1)
    const gathers = row.name === 'b32_gather'
    const y = gathers ? new Float32Array(picked.length) : whole.slice()
    index.forEach((at, near) => {
      const o = Math.floor(near / (m * inner))
      const far = (o * n + at) * inner + (near % inner)
      if (gathers) y[near] = whole[far]!
      else y[far] = row.name === 'b32_scatter' ? picked[near]! : y[far]! + picked[near]!
    })
    const inputs = gathers ? { pX: whole, pIndex: index } : { pX: picked, pIndex: index, pY: whole }
    yield { label: JSON.stringify(numbers), numbers, inputs, outputs: { pY: { values: y } } }
  }
}

const findOutside: Reference = function* () {
  for (const [list, returns] of [
    [[], -1],
    [[0, 4, -3], -1],
    [[0, 5, 9], 1],
    [[-4, 0], 0],
    [[1, 2, 3, 4, -5], 4],
  ] as const)
    yield {
      label: JSON.stringify(list),
      numbers: { n: list.length, low: -3, high: 5 },
      inputs: { pIndex: list },
      outputs: {},
      returns,
    }
}

const oneHot: Reference = function* () {
  const draw = new Draw(53)
  for (const [n, classes] of [
    [0, 3],
    [1, 1],
    [5, 3],
    [7, 10],
  ] as const) {
    const index = draw.integers(n, -1, classes)
    const values = new Int32Array(n * classes)
    index.forEach((c, i) => {
      if (c >= 0 && c < classes) values[i * classes + c] = 77
    })
    yield {
      label: JSON.stringify({ n, classes }),
      numbers: { n, classes, one: 77 },
      inputs: { pIndex: index },
      outputs: { pY: { values } },
    }
  }
}

const masked: Reference = function* (row) {
  const draw = new Draw(54)
  for (const n of [0, 1, 5, 16, 37]) {
    const mask = draw.bytes(n, 0, 2)
    const x = draw.wild(n)
    const chosen = Array.from(mask, (_, i) => i).filter((i) => mask[i])
    const old = row.name === 'u8_nonzero' ? draw.integers(n, -9, 9) : draw.wild(n)
    const values = Array.from(old)
    chosen.forEach((i, k) => {
      if (row.name === 'u8_nonzero') values[k] = i
      else if (row.name === 'b32_masked_select') values[k] = x[i]!
      else values[i] = x[k]!
    })
    const inputs = { pMask: mask, pY: old, ...(row.name === 'u8_nonzero' ? {} : { pX: x }) }
    yield { label: `n ${n}`, numbers: { n }, inputs, outputs: { pY: { values } }, returns: chosen.length }
  }
}

const trilu: Reference = function* () {
  const draw = new Draw(55)
  for (const [batch, rows, columns] of [
    [1, 1, 1],
    [2, 3, 5],
    [1, 7, 4],
    [3, 2, 70],
  ] as const)
    for (const upper of [0, 1])
      for (const k of [-9, -1, 0, 2, 80]) {
        const x = draw.wild(batch * rows * columns)
        const kept = (i: number, j: number): boolean => (upper ? j - i >= k : j - i <= k)
        const values = x.map((v, at) => (kept(Math.floor(at / columns) % rows, at % columns) ? v : 0))
        const numbers = { batch, rows, columns, k, upper }
        yield { label: JSON.stringify(numbers), numbers, inputs: { pX: x }, outputs: { pY: { values } } }
      }
}

const sort: Reference = function* (row) {
  const draw = new Draw(56)
  for (const n of [1, 2, 5, 12, 13, 40, 511, 513]) {
    for (const descending of [0, 1]) {
      for (const k of row.name.endsWith('topk') ? [1, Math.min(n, 5), Math.min(n, 33), n] : [n]) {
        const rows = 2
        const x = row.name.startsWith('i32') ? draw.wildIntegers(rows * n) : draw.wild(rows * n)
        const values: number[] = []
        const index: number[] = []
        for (let r = 0; r < rows; r++) {
          const at = (i: number): number => x[r * n + i]!
          // NaN is the largest; equals keep their order.
          const order = (a: number, b: number): number =>
            Number.isNaN(a) || Number.isNaN(b)
              ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
              : a < b
                ? -1
                : a > b
                  ? 1
                  : 0
          const sorted = Array.from({ length: n }, (_, i) => i).sort(
            (i, j) => (descending ? order(at(j), at(i)) : order(at(i), at(j))) || i - j,
          )
          index.push(...sorted.slice(0, k))
          values.push(...sorted.slice(0, k).map(at))
        }
        const numbers = { rows, n, k, descending, largest: descending }
        yield {
          label: JSON.stringify(numbers),
          numbers,
          inputs: { pX: x },
          outputs: { pY: { values }, pIndex: { values: index } },
          scratchBytes: 16 * n + 1024,
          inPlace: row.inPlace ? [['pY', 'pX']] : [],
        }
      }
    }
  }
}

export const indexReferences: Readonly<Record<string, Reference>> = {
  indexRows,
  indexEach,
  findOutside,
  oneHot,
  masked,
  trilu,
  sort,
}
