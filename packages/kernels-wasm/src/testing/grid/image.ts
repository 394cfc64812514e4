import { gridSampleCodes, interpolationTaps } from '../../groups/image.ts'
import { Draw } from './case.ts'
import type { Reference } from './case.ts'

const resample: Reference = function* (row) {
  const draw = new Draw(91)
  for (const [outer, n, inner, m] of [
    [1, 1, 1, 3],
    [2, 5, 1, 9],
    [1, 7, 3, 4],
    [2, 6, 4, 11],
    [1, 9, 17, 5],
  ] as const)
    for (const mode of ['nearest', 'linear', 'cubic'] as const)
      for (const antialias of mode === 'nearest' ? [false] : [false, true]) {
        const { taps, index, weight } = interpolationTaps(mode, n, m, { antialias })
        const numbers = { outer, n, inner, m, K: taps }
        const gradient = row.name.endsWith('grad')
        const from = draw.floats(outer * (gradient ? m : n) * inner)
        const values = new Float64Array(outer * (gradient ? n : m) * inner)
        for (let o = 0; o < outer; o++)
          for (let j = 0; j < m; j++)
            for (let k = 0; k < taps; k++)
              for (let i = 0; i < inner; i++) {
                const near = (o * m + j) * inner + i
                const far = (o * n + index[j * taps + k]!) * inner + i
                const w = weight[j * taps + k]!
                if (gradient) values[far]! += w * from[near]!
                else values[near]! += w * from[far]!
              }
        const inputs = { [gradient ? 'pDy' : 'pX']: from, pIndex: index, pWeight: weight }
        // At most 45 terms of size 1.5, each through fewer additions than that; in practice far fewer.
        const slack = 2 ** -24 * 48
        yield {
          label: JSON.stringify({ ...numbers, mode, antialias }),
          numbers,
          inputs,
          outputs: { [gradient ? 'pDx' : 'pY']: { values, slack } },
        }
      }
}

type Padding = keyof typeof gridSampleCodes.padding
type Mode = keyof typeof gridSampleCodes.mode

/** A triangle wave between low and high. */
const reflected = (x: number, low: number, high: number): number => {
  if (high === low) return 0
  const span = high - low
  const along = Math.abs(x - low) % (2 * span)
  return low + (along <= span ? along : 2 * span - along)
}

const padded = (x: number, n: number, padding: Padding, alignCorners: boolean): number => {
  if (padding === 'zeros') return x
  const inside = padding === 'border' ? x : alignCorners ? reflected(x, 0, n - 1) : reflected(x, -0.5, n - 0.5)
  return Math.min(Math.max(inside, 0), n - 1)
}

const cubic = (d: number): number => {
  const x = Math.abs(d)
  if (x <= 1) return (1.25 * x - 2.25) * x * x + 1
  return x < 2 ? ((-0.75 * x + 3.75) * x - 6) * x + 3 : 0
}

/** The pixels that make up one axis of a sample, with their weights. */
const tapsOf = (value: number, n: number, mode: Mode, padding: Padding, alignCorners: boolean): [number, number][] => {
  const raw = alignCorners ? ((value + 1) / 2) * (n - 1) : ((value + 1) * n - 1) / 2
  if (mode === 'bicubic') {
    const base = Math.floor(raw)
    return [-1, 0, 1, 2].map((k) => [Math.trunc(padded(base + k, n, padding, alignCorners)), cubic(raw - base - k)])
  }
  const x = padded(raw, n, padding, alignCorners)
  if (mode === 'nearest') return [[Math.round(x), 1]]
  const base = Math.floor(x)
  return [
    [base, 1 - (x - base)],
    [base + 1, x - base],
  ]
}

const gridSample: Reference = function* (row) {
  const draw = new Draw(92)
  const gradient = row.name.endsWith('grad')
  const [N, H, W, outH, outW] = [2, 4, 5, 3, 4]
  for (const C of [1, 3])
    for (const mode of ['bilinear', 'nearest', 'bicubic'] as const)
      for (const padding of ['zeros', 'border', 'reflection'] as const)
        for (const alignCorners of [false, true])
          for (const channelsLast of [0, 1]) {
            const x = draw.floats(N * C * H * W)
            const grid = draw.floats(N * outH * outW * 2, -1.6, 1.6)
            const dy = draw.floats(N * C * outH * outW)
            const place = (n: number, c: number, i: number, pixels: number): number =>
              channelsLast ? (n * pixels + i) * C + c : (n * C + c) * pixels + i
            /** Sample of channel c at a point, and what each pixel weighs in it. */
            const weigh = (u: number, v: number): [number, number][] =>
              tapsOf(v, H, mode, padding, alignCorners).flatMap(([r, wr]) =>
                tapsOf(u, W, mode, padding, alignCorners)
                  .filter(([s]) => r >= 0 && r < H && s >= 0 && s < W)
                  .map(([s, ws]): [number, number] => [r * W + s, wr * ws]),
              )
            const y = new Float64Array(dy.length)
            const dx = new Float64Array(x.length)
            const dgrid = new Float64Array(grid.length)
            const slope = new Float64Array(grid.length)
            for (let n = 0; n < N; n++)
              for (let o = 0; o < outH * outW; o++) {
                const g = (n * outH * outW + o) * 2
                const [u, v] = [grid[g]!, grid[g + 1]!]
                const sampleAt = (a: number, b: number, c: number): number =>
                  weigh(a, b).reduce((sum, [pixel, weight]) => sum + weight * x[place(n, c, pixel, H * W)]!, 0)
                for (let c = 0; c < C; c++) {
                  const at = place(n, c, o, outH * outW)
                  y[at] = sampleAt(u, v, c)
                  for (const [pixel, weight] of weigh(u, v)) dx[place(n, c, pixel, H * W)]! += weight * dy[at]!
                  // Central differences: exact but at the kinks, which the step straddles with odds of one in 10^5.
                  const step = 2 ** -18
                  if (mode !== 'nearest') {
                    dgrid[g]! += (dy[at]! * (sampleAt(u + step, v, c) - sampleAt(u - step, v, c))) / (2 * step)
                    dgrid[g + 1]! += (dy[at]! * (sampleAt(u, v + step, c) - sampleAt(u, v - step, c))) / (2 * step)
                  }
                  slope[g] = slope[g + 1] = 1e-4
                }
              }
            const codes = { mode: gridSampleCodes.mode[mode], padding: gridSampleCodes.padding[padding] }
            const numbers = { N, C, H, W, outH, outW, ...codes, alignCorners: alignCorners ? 1 : 0, channelsLast }
            const label = JSON.stringify({ C, mode, padding, alignCorners, channelsLast })
            // Coordinates of up to 6 round by 2^-22, and pixels differ by up to 2.
            const slack = 2 ** -19
            if (gradient)
              yield {
                label,
                numbers,
                inputs: { pX: x, pGrid: grid, pDy: dy },
                outputs: { pDx: { values: dx, slack: slack * 4 }, pDgrid: { values: dgrid, slack: slope } },
              }
            else yield { label, numbers, inputs: { pX: x, pGrid: grid }, outputs: { pY: { values: y, slack } } }
          }
}

export const imageReferences: Readonly<Record<string, Reference>> = { resample, gridSample }
