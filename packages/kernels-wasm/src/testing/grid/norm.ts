import { Draw } from './case.ts'
import type { Case, Reference } from './case.ts'

// All layouts as one: a value belongs to a statistic (what it is normalised with) and to a parameter (its gamma).
interface Layout {
  readonly count: number
  readonly statistics: number
  readonly parameters: number
  readonly statisticOf: (i: number) => number
  readonly parameterOf: (i: number) => number
  readonly numbers: Readonly<Record<string, number>>
}

const channelsLast =
  (C: number): ((i: number) => number) =>
  (i) =>
    i % C
const planarChannel =
  (C: number, S: number): ((i: number) => number) =>
  (i) =>
    Math.floor(i / S) % C

const batchLayouts = function* (last: boolean): Iterable<Layout> {
  for (const [N, C, S] of [
    [1, 1, 2],
    [2, 3, 5],
    [3, 4, 1],
    [2, 8, 9],
    [1, 16, 33],
    [2, 17, 16],
    [2, 21, 31],
    [1, 33, 7],
    [1, 5, 1030],
    [37, 2, 3],
  ] as const) {
    const channel = last ? channelsLast(C) : planarChannel(C, S)
    yield {
      count: N * C * S,
      statistics: C,
      parameters: C,
      statisticOf: channel,
      parameterOf: channel,
      numbers: last ? { M: N * S, C } : { N, C, S },
    }
  }
}

const groupLayouts = function* (last: boolean): Iterable<Layout> {
  for (const [N, C, S, G] of [
    [1, 2, 3, 1],
    [2, 6, 9, 2],
    [3, 8, 17, 8],
    [2, 3, 5, 3],
    [1, 12, 5, 3],
    [2, 32, 33, 4],
    [1, 5, 600, 1],
  ] as const) {
    const channel = last ? channelsLast(C) : planarChannel(C, S)
    yield {
      count: N * C * S,
      statistics: N * G,
      parameters: C,
      statisticOf: (i) => Math.floor(i / (C * S)) * G + Math.floor(channel(i) / (C / G)),
      parameterOf: channel,
      numbers: { N, C, S, G },
    }
  }
}

const rowLayouts = function* (): Iterable<Layout> {
  for (const [M, n] of [
    [1, 2],
    [2, 3],
    [3, 4],
    [2, 7],
    [5, 8],
    [33, 9],
    [2, 37],
    [1, 512],
    [2, 523],
  ] as const)
    yield {
      count: M * n,
      statistics: M,
      parameters: n,
      statisticOf: (i) => Math.floor(i / n),
      parameterOf: (i) => i % n,
      numbers: { M, n },
    }
}

const layoutsOf = (name: string): Iterable<Layout> =>
  name.includes('layer')
    ? rowLayouts()
    : name.includes('group')
      ? groupLayouts(name.endsWith('nhwc'))
      : batchLayouts(name.endsWith('nhwc'))

const eps = Math.fround(1e-5)

const moments = (layout: Layout, x: Float32Array): { mean: Float64Array; variance: Float64Array } => {
  const size = layout.count / layout.statistics
  const mean = new Float64Array(layout.statistics)
  const variance = new Float64Array(layout.statistics)
  x.forEach((v, i) => (mean[layout.statisticOf(i)]! += v / size))
  x.forEach((v, i) => (variance[layout.statisticOf(i)]! += (v - mean[layout.statisticOf(i)]!) ** 2 / size))
  return { mean, variance }
}

const scratchOf = (name: string, { numbers }: Layout): number =>
  name.endsWith('nhwc') && 'G' in numbers ? (name.includes('grad') ? 16 : 12) * numbers.C! : 0

const forward: Reference = function* (row) {
  const draw = new Draw(31)
  for (const layout of layoutsOf(row.name)) {
    for (const offset of [0, 1000]) {
      for (const affine of [true, false]) {
        const x = draw.floats(layout.count, offset - 2, offset + 2)
        const gamma = draw.floats(layout.parameters, 0.5, 1.5)
        const beta = draw.floats(layout.parameters)
        const { mean, variance } = moments(layout, x)
        const invstd = variance.map((v) => 1 / Math.sqrt(v + eps))
        const values = Float64Array.from(x, (v, i) => {
          const s = layout.statisticOf(i)
          const p = layout.parameterOf(i)
          return (v - mean[s]!) * invstd[s]! * (affine ? gamma[p]! : 1) + (affine ? beta[p]! : 0)
        })
        // The mean is rounded to f32 and x - mean rounds: two half units of |x|, times invstd gamma; the rest few.
        const most = Math.max(...invstd) * 1.5
        const slack = 2 ** -24 * (most * (Math.abs(offset) + 2) * 2 + 24)
        const statistics: Case['outputs'] = {
          pMean: { values: mean, slack: 2 ** -24 * (Math.abs(offset) + 4) },
          pInvstd: { values: invstd, ulp: 24 },
        }
        const spread = row.name.startsWith('f32_batch') ? { pVar: { values: variance, ulp: 40, slack: 1e-12 } } : {}
        yield {
          label: JSON.stringify({ ...layout.numbers, offset, affine }),
          numbers: { ...layout.numbers, eps },
          inputs: { pX: x, ...(affine ? { pGamma: gamma, pBeta: beta } : {}) },
          outputs: { pY: { values, slack }, ...statistics, ...spread },
          scratchBytes: scratchOf(row.name, layout),
          inPlace: [['pY', 'pX']],
        }
      }
    }
  }
}

const apply: Reference = function* (row) {
  const draw = new Draw(32)
  for (const layout of layoutsOf(row.name)) {
    for (const affine of [true, false]) {
      const x = draw.floats(layout.count, -3, 3)
      const gamma = draw.floats(layout.parameters, 0.5, 1.5)
      const beta = draw.floats(layout.parameters)
      const mean = draw.floats(layout.statistics)
      const invstd = draw.floats(layout.statistics, 0.5, 2)
      const values = Float64Array.from(x, (v, i) => {
        const c = layout.parameterOf(i)
        return (v - mean[c]!) * invstd[c]! * (affine ? gamma[c]! : 1) + (affine ? beta[c]! : 0)
      })
      yield {
        label: JSON.stringify({ ...layout.numbers, affine }),
        numbers: layout.numbers,
        inputs: { pX: x, pMean: mean, pInvstd: invstd, ...(affine ? { pGamma: gamma, pBeta: beta } : {}) },
        // |product| <= 4 * 3, four roundings on the way.
        outputs: { pY: { values, slack: 2 ** -24 * 48 } },
        inPlace: [['pY', 'pX']],
      }
    }
  }
}

const gradient: Reference = function* (row) {
  const draw = new Draw(33)
  const batch = row.name.includes('batch')
  for (const layout of layoutsOf(row.name)) {
    for (const training of batch ? [1, 0] : [1]) {
      for (const affine of [true, false]) {
        const x = draw.floats(layout.count, -2, 2)
        const dy = draw.floats(layout.count)
        const gamma = draw.floats(layout.parameters, 0.5, 1.5)
        const weight = (i: number): number => (affine ? gamma[layout.parameterOf(i)]! : 1)
        const exact = moments(layout, x)
        const mean = Float32Array.from(exact.mean)
        const invstd = Float32Array.from(exact.variance, (v) => 1 / Math.sqrt(v + eps))
        const normal = (i: number): number => (x[i]! - mean[layout.statisticOf(i)]!) * invstd[layout.statisticOf(i)]!
        const size = layout.count / layout.statistics
        const meanG = new Float64Array(layout.statistics)
        const meanGx = new Float64Array(layout.statistics)
        const dgamma = new Float64Array(layout.parameters)
        const dbeta = new Float64Array(layout.parameters)
        dy.forEach((g, i) => {
          meanG[layout.statisticOf(i)]! += (g * weight(i)) / size
          meanGx[layout.statisticOf(i)]! += (g * weight(i) * normal(i)) / size
          dgamma[layout.parameterOf(i)]! += g * normal(i)
          dbeta[layout.parameterOf(i)]! += g
        })
        const dx = Float64Array.from(dy, (g, i) => {
          const s = layout.statisticOf(i)
          return invstd[s]! * (g * weight(i) - (training ? meanG[s]! + normal(i) * meanGx[s]! : 0))
        })
        // Sums of `terms` products of size <= 2 * 2 (x^ is at most about 2), in runs of at most 128.
        const terms = layout.count / layout.parameters
        const sumSlack = 2 ** -24 * 4 * (Math.min(terms, 32) + 8) * Math.sqrt(terms)
        const most = Math.max(...invstd)
        const slack = 2 ** -24 * most * (40 + 8 * most)
        yield {
          label: JSON.stringify({ ...layout.numbers, training, affine }),
          numbers: { ...layout.numbers, ...(batch ? { training } : {}) },
          inputs: { pX: x, pDy: dy, pMean: mean, pInvstd: invstd, ...(affine ? { pGamma: gamma } : {}) },
          outputs: {
            pDx: { values: dx, slack },
            pDgamma: { values: dgamma, slack: sumSlack },
            pDbeta: { values: dbeta, slack: sumSlack },
          },
          scratchBytes: scratchOf(row.name, layout),
          inPlace: row.inPlace
            ? [
                ['pDx', 'pX'],
                ['pDx', 'pDy'],
              ]
            : [],
        }
      }
    }
  }
}

const invstd: Reference = function* () {
  const draw = new Draw(34)
  for (const n of [0, 1, 4, 7, 33]) {
    const variance = draw.floats(n, 0, 3)
    const values = Float64Array.from(variance, (v) => 1 / Math.sqrt(v + eps))
    yield {
      label: `n ${n}`,
      numbers: { n, eps },
      inputs: { pVar: variance },
      outputs: { pInvstd: { values, ulp: 0.51 } },
    }
  }
}

export const normReferences: Readonly<Record<string, Reference>> = {
  batchNorm: forward,
  layerNorm: forward,
  groupNorm: forward,
  batchNormApply: apply,
  batchNormGradient: gradient,
  layerNormGradient: gradient,
  groupNormGradient: gradient,
  invstd,
}
