// node bench/recurrence.mjs: what a step of an LSTM's recurrence over one sequence costs at each width, input products left
// out, and how fast it takes in its weights. docs/decisions/025-one-row-recurrence.md has figures.
import * as L from '@lanewise/core'

const steps = 128
const rounds = 300

const best = (compute) => {
  let ms = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    L.noGrad(() => L.scope(compute))
    ms = Math.min(ms, performance.now() - start)
  }
  return ms
}

const tier = await L.init({ tier: 'best' })
console.log(`node ${process.versions.node}, ${tier} tier\nhidden   us a step   GFLOP/s   GB/s of weights`)
for (const hidden of [64, 128, 192, 256, 320]) {
  const model = new L.LSTM(hidden, hidden)
  const x = L.keep(L.rand([steps, 1, hidden]))
  const rows = L.keep(L.rand([steps, hidden]))
  const weight = L.keep(L.rand([4 * hidden, hidden]))
  const ms = (best(() => model.forward(x)) - best(() => L.linear(rows, weight))) / steps
  const figures = [hidden, 1e3 * ms, (8 * hidden ** 2) / ms / 1e6, (16 * hidden ** 2) / ms / 1e6]
  console.log(figures.map((v, i) => (i === 0 ? String(v) : v.toFixed(1)).padStart([6, 12, 10, 18][i])).join(''))
}
