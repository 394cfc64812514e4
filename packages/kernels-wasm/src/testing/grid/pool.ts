import { poolParams } from '../../groups/pool.ts'
import type { PoolParams } from '../../groups/pool.ts'
import { Draw } from './case.ts'
import type { Reference } from './case.ts'

type Three = readonly [number, number, number]

interface Window {
  /** Positions inside the input, as flat indices into D H W. */
  readonly taps: readonly number[]
  /** Taps inside the padded input. */
  readonly size: number
}

/** Taps along one axis inside the input, and how many lie inside the padded input. */
const along = (p: PoolParams, d: 0 | 1 | 2, o: number, adaptive: boolean): { taps: number[]; size: number } => {
  const n = p.input[d]
  if (adaptive) {
    const from = Math.floor((o * n) / p.output[d])
    const to = Math.ceil(((o + 1) * n) / p.output[d])
    return { taps: Array.from({ length: to - from }, (_, i) => from + i), size: to - from }
  }
  const all = Array.from({ length: p.kernel[d] }, (_, k) => o * p.stride[d] - p.padding[d] + k * p.dilation[d])
  return { taps: all.filter((i) => i >= 0 && i < n), size: all.filter((i) => i < n + p.paddingEnd[d]).length }
}

const windows = function* (p: PoolParams, adaptive: boolean): Iterable<Window> {
  const [, H, W] = p.input
  for (let od = 0; od < p.output[0]; od++)
    for (let oh = 0; oh < p.output[1]; oh++)
      for (let ow = 0; ow < p.output[2]; ow++) {
        const [d, h, w] = [along(p, 0, od, adaptive), along(p, 1, oh, adaptive), along(p, 2, ow, adaptive)]
        const taps = d.taps.flatMap((i) => h.taps.flatMap((j) => w.taps.map((k) => (i * H + j) * W + k)))
        yield { taps, size: d.size * h.size * w.size }
      }
}

const product = (three: Three): number => three[0] * three[1] * three[2]

const shapes = (adaptive: boolean): PoolParams[] => {
  const base = {
    N: 2,
    dilation: [1, 1, 1],
    paddingEnd: [0, 0, 0],
    padding: [0, 0, 0],
    kernel: [1, 1, 1],
    stride: [1, 1, 1],
  } as const
  const plain = { ...base, countIncludePad: false, divisorOverride: 0 }
  if (adaptive)
    return [1, 3, 16, 19].flatMap((C) => [
      { ...plain, C, input: [1, 7, 9], output: [1, 3, 4] },
      { ...plain, C, input: [1, 5, 5], output: [1, 1, 1] },
      { ...plain, C, input: [4, 5, 3], output: [2, 5, 7] },
    ])
  return [1, 3, 4, 16, 21, 32].flatMap((C) => [
    { ...plain, C, input: [1, 6, 8], output: [1, 3, 4], kernel: [1, 2, 2], stride: [1, 2, 2] },
    {
      ...plain,
      C,
      input: [1, 9, 7],
      output: [1, 5, 4],
      kernel: [1, 3, 3],
      stride: [1, 2, 2],
      padding: [0, 1, 1],
      paddingEnd: [0, 1, 1],
      countIncludePad: true,
    },
    {
      ...plain,
      C,
      input: [1, 10, 11],
      output: [1, 5, 4],
      kernel: [1, 3, 2],
      stride: [1, 2, 3],
      padding: [0, 1, 1],
      paddingEnd: [0, 2, 1],
      dilation: [1, 2, 1],
      countIncludePad: true,
    },
    {
      ...plain,
      C,
      input: [1, 1, 7],
      output: [1, 1, 4],
      kernel: [1, 1, 3],
      stride: [1, 1, 2],
      padding: [0, 0, 1],
      paddingEnd: [0, 0, 1],
    },
    {
      ...plain,
      C,
      input: [3, 4, 5],
      output: [2, 3, 2],
      kernel: [2, 3, 2],
      stride: [1, 1, 2],
      padding: [0, 1, 0],
      paddingEnd: [0, 0, 1],
      divisorOverride: 5,
    },
  ])
}

const isAdaptive = (name: string): boolean => name.includes('adaptive')

const labelOf = (p: PoolParams): string => JSON.stringify(p)

/** The winner of PyTorch: the first of equals, the last NaN. */
const winner = (x: Float32Array, base: number, C: number, taps: readonly number[]): number =>
  taps.reduce((best, tap) => {
    const value = x[base + tap * C]!
    return value > x[base + best * C]! || Number.isNaN(value) ? tap : best
  }, taps[0]!)

const maxPool: Reference = function* (row) {
  const draw = new Draw(41)
  for (const p of shapes(isAdaptive(row.name))) {
    const size = product(p.input)
    // Few different values, so that there are equals.
    const x = draw.floats(p.N * size * p.C, -4, 4).map(Math.round)
    if (p.C > 3) {
      x[Math.floor(x.length / 2)] = NaN
      // Both infinities in a window: their sum is NaN, their maximum is not.
      x[0] = Infinity
      x[p.C] = -Infinity
    }
    const values: number[] = []
    const index: number[] = []
    for (let n = 0; n < p.N; n++)
      for (const { taps } of windows(p, isAdaptive(row.name)))
        for (let c = 0; c < p.C; c++) {
          const best = winner(x, n * size * p.C + c, p.C, taps)
          index.push(best)
          values.push(x[(n * size + best) * p.C + c]!)
        }
    const inputs = { pX: x, pParams: poolParams(p) }
    yield { label: labelOf(p), numbers: {}, inputs, outputs: { pY: { values }, pIndex: { values: index } } }
    yield { label: `${labelOf(p)}, no indices`, numbers: {}, inputs, outputs: { pY: { values } } }
  }
}

const maxPoolGradient: Reference = function* () {
  const draw = new Draw(42)
  for (const [N, C, inSize, outSize] of [
    [1, 1, 4, 3],
    [2, 3, 9, 5],
    [1, 17, 6, 11],
  ] as const) {
    const dy = draw.floats(N * outSize * C)
    const index = draw.integers(dy.length, 0, inSize - 1)
    const dx = new Float32Array(N * inSize * C)
    dy.forEach((g, i) => {
      const n = Math.floor(i / (outSize * C))
      const to = (n * inSize + index[i]!) * C + (i % C)
      dx[to] = dx[to]! + g
    })
    yield {
      label: JSON.stringify({ N, C, inSize, outSize }),
      numbers: { N, outSize, inSize, C },
      inputs: { pDy: dy, pIndex: index },
      outputs: { pDx: { values: dx } },
    }
  }
}

const divisorOf = (p: PoolParams, { taps, size }: Window): number =>
  p.divisorOverride || (p.countIncludePad ? size : taps.length)

const averagePool: Reference = function* (row) {
  const draw = new Draw(43)
  for (const p of shapes(isAdaptive(row.name))) {
    const size = product(p.input)
    const x = draw.floats(p.N * size * p.C)
    const values: number[] = []
    for (let n = 0; n < p.N; n++)
      for (const window of windows(p, isAdaptive(row.name)))
        for (let c = 0; c < p.C; c++)
          values.push(window.taps.reduce((sum, tap) => sum + x[(n * size + tap) * p.C + c]!, 0) / divisorOf(p, window))
    // At most 25 terms below 1: each passes through fewer additions than that.
    const slack = 2 ** -24 * 25
    yield {
      label: labelOf(p),
      numbers: {},
      inputs: { pX: x, pParams: poolParams(p) },
      outputs: { pY: { values, slack } },
    }
  }
}

const averagePoolGradient: Reference = function* (row) {
  const draw = new Draw(44)
  for (const p of shapes(isAdaptive(row.name))) {
    const size = product(p.input)
    const dy = draw.floats(p.N * product(p.output) * p.C)
    const dx = new Float64Array(p.N * size * p.C)
    let at = 0
    for (let n = 0; n < p.N; n++)
      for (const window of windows(p, isAdaptive(row.name)))
        for (let c = 0; c < p.C; c++, at++)
          for (const tap of window.taps) dx[(n * size + tap) * p.C + c]! += dy[at]! / divisorOf(p, window)
    const slack = 2 ** -24 * 25
    yield {
      label: labelOf(p),
      numbers: {},
      inputs: { pDy: dy, pParams: poolParams(p) },
      outputs: { pDx: { values: dx, slack } },
    }
  }
}

export const poolReferences: Readonly<Record<string, Reference>> = {
  maxPool,
  maxPoolGradient,
  averagePool,
  averagePoolGradient,
}
