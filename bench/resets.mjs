// node bench/resets.mjs: what the two kinds of GRU cost, one that resets after its product with the state and one that
// resets before, forward alone and a whole training step, in turns within one process.
import * as L from '@lanewise/core'

const rounds = 15

const tier = await L.init({ tier: 'best' })
console.log(`node ${process.versions.node}, ${tier} tier\nT    N   H     pass       after ms   before ms   ratio`)
for (const [T, N, H] of [
  [128, 1, 256],
  [128, 32, 256],
  [64, 32, 128],
  [64, 16, 64],
  [40, 64, 100],
  [30, 8, 32],
]) {
  const models = [true, false].map((resetAfter) => new L.GRU(H, H, { resetAfter }))
  const x = L.keep(L.rand([T, N, H]))
  const passes = {
    forward: (model) => L.noGrad(() => L.scope(() => model.forward(x))),
    training: (model) => {
      L.scope(() => L.backward(L.sum(L.square(model.forward(x)[0]))))
      model.zeroGrad()
    },
  }
  for (const [name, run] of Object.entries(passes)) {
    const best = [Infinity, Infinity]
    for (let round = 0; round < rounds; round++) {
      models.forEach((model, i) => {
        const start = performance.now()
        for (let left = Math.ceil(1e6 / (T * N * H)); left > 0; left--) run(model)
        best[i] = Math.min(best[i], (performance.now() - start) / Math.ceil(1e6 / (T * N * H)))
      })
    }
    const sizes = [T, N, H].map((n, i) => String(n).padEnd([5, 4, 6][i])).join('')
    const figures = [...best, best[1] / best[0]].map((v, i) => v.toFixed(2).padStart([12, 12, 8][i])).join('')
    console.log(sizes + name.padEnd(8) + figures)
  }
}
