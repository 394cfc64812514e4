import { Draw } from './case.ts'
import type { Reference } from './case.ts'
import { extents, lines, logSumExp } from './reduce.ts'

/** Half units that x - max, the exponential, the sum and the last product cost; x - max rounds relative to its size. */
const shareSlack = (p: number, distance: number): number => p * 2 ** -24 * (45 + 2 * Math.abs(distance)) + 2e-38

const softmax: Reference = function* (row) {
  const draw = new Draw(21)
  const logarithm = row.name.includes('log')
  for (const e of extents) {
    for (const special of [0, 1]) {
      const x = draw.floats(e.outer * e.n * e.inner, -8, 8)
      if (special) {
        x[0] = -Infinity
        x[x.length - 1] = -130
        x[Math.floor(x.length / 2)] = special && e.outer > 1 ? NaN : 12
      }
      const values = new Float64Array(x.length)
      const slack = new Float64Array(x.length)
      for (const { positions } of lines(e)) {
        const line = positions.map((p) => x[p]!)
        const total = logSumExp(line)
        for (const p of positions) {
          const distance = x[p]! - total
          values[p] = logarithm ? distance : Math.exp(distance)
          slack[p] = logarithm ? 2 ** -24 * (45 + 3 * Math.abs(distance)) : shareSlack(Math.exp(distance), distance)
          if (!Number.isFinite(slack[p]!)) slack[p] = 0
        }
        if (positions.length && Number.isNaN(total)) for (const p of positions) values[p] = NaN
        if (total === -Infinity) for (const p of positions) values[p] = NaN
      }
      yield {
        label: JSON.stringify({ ...e, special }),
        numbers: { ...e },
        inputs: { pX: x },
        outputs: { pY: { values, slack } },
      }
    }
  }
}

const softmaxGradient: Reference = function* (row) {
  const draw = new Draw(22)
  const logarithm = row.name.includes('log')
  for (const e of extents) {
    const x = draw.floats(e.outer * e.n * e.inner, -3, 3)
    const dy = draw.floats(x.length)
    const y = new Float32Array(x.length)
    const values = new Float64Array(x.length)
    const slack = new Float64Array(x.length)
    for (const { positions } of lines(e)) {
      const total = logSumExp(positions.map((p) => x[p]!))
      for (const p of positions) y[p] = logarithm ? x[p]! - total : Math.exp(x[p]! - total)
      const sum = positions.reduce((s, p) => s + (logarithm ? dy[p]! : y[p]! * dy[p]!), 0)
      const size = positions.reduce((s, p) => s + Math.abs(logarithm ? dy[p]! : y[p]! * dy[p]!), 0)
      for (const p of positions) {
        const share = logarithm ? Math.exp(y[p]!) : y[p]!
        values[p] = logarithm ? dy[p]! - share * sum : share * (dy[p]! - sum)
        // The sum is good to 20 half units of its terms, the rest to a few.
        slack[p] = 2 ** -24 * (share * 24 * size + 3 * Math.abs(dy[p]!))
      }
    }
    yield {
      label: JSON.stringify(e),
      numbers: { ...e },
      inputs: { pY: y, pDy: dy },
      outputs: { pDx: { values, slack } },
    }
  }
}

const crossEntropy: Reference = function* (row) {
  const draw = new Draw(23)
  const ignoreIndex = -100
  for (const [N, C] of [
    [1, 1],
    [3, 2],
    [4, 5],
    [5, 10],
    [3, 17],
    [2, 64],
    [2, 101],
  ] as const) {
    for (const weighted of [false, true]) {
      for (const smoothing of [0, 0.125]) {
        const x = draw.floats(N * C, -5, 25)
        const target = draw.integers(N, 0, C - 1)
        if (N > 2) target[1] = ignoreIndex
        const w = draw.floats(C, 0.5, 1.5)
        const weight = (c: number): number => (weighted ? w[c]! : 1)
        const dloss = draw.floats(N)
        const loss = new Float64Array(N)
        const lse = new Float64Array(N)
        const dx = new Float64Array(N * C)
        const rowWeight = new Float64Array(N)
        for (let i = 0; i < N; i++) {
          const line = Array.from(x.subarray(i * C, (i + 1) * C))
          lse[i] = logSumExp(line)
          const t = target[i]!
          if (t === ignoreIndex) continue
          rowWeight[i] = weight(t)
          const cost = line.map((_, c) => (c === t ? (1 - smoothing) * weight(t) : 0) + (smoothing / C) * weight(c))
          const whole = cost.reduce((sum, k) => sum + k, 0)
          loss[i] = line.reduce((sum, v, c) => sum - cost[c]! * (v - lse[i]!), 0)
          line.forEach((v, c) => (dx[i * C + c] = dloss[i]! * (whole * Math.exp(v - Math.fround(lse[i]!)) - cost[c]!)))
        }
        // Logits of up to 30 round by 2^-20 in x - lse; some tens of them are weighed and summed.
        const rough = 2 ** -18
        const label = JSON.stringify({ N, C, weighted, smoothing })
        const weights = weighted ? { pW: w } : {}
        const numbers = { N, C, ignoreIndex, smoothing }
        if (row.name === 'f32_cross_entropy_weights')
          yield { label, numbers, inputs: { pTarget: target, ...weights }, outputs: { pOut: { values: rowWeight } } }
        else if (row.name === 'f32_cross_entropy')
          yield {
            label,
            numbers,
            inputs: { pX: x, pTarget: target, ...weights },
            outputs: { pLoss: { values: loss, slack: rough }, pLse: { values: lse, ulp: 2 } },
          }
        else
          yield {
            label,
            numbers,
            inputs: { pX: x, pTarget: target, ...weights, pLse: Float32Array.from(lse), pDloss: dloss },
            outputs: { pDx: { values: dx, slack: rough } },
            inPlace: [['pDx', 'pX']],
          }
      }
    }
  }
}

export const softmaxReferences: Readonly<Record<string, Reference>> = { softmax, softmaxGradient, crossEntropy }
