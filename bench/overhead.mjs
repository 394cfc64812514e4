// node bench/overhead.mjs [--json FILE]: what an eager call on a tiny tensor costs besides its arithmetic, in nanoseconds
// (the best of many rounds), and what a training step leaves for the garbage collector, in bytes.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { lenet } from '@lanewise/cnn'
import * as L from '@lanewise/core'

const { values } = parseArgs({ options: { json: { type: 'string' } } })
const calls = 200
const rounds = 500

/** Nanoseconds of a call; the tensors that it makes are released within the time. */
const time = (call) => {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    L.scope(() => {
      for (let i = 0; i < calls; i++) call()
    })
    best = Math.min(best, performance.now() - start)
  }
  return (best / calls) * 1e6
}

const vector = L.tensor([1, 2, 3, 4])
const other = L.tensor([5, 6, 7, 8])
const square = L.tensor([
  [1, 2],
  [3, 4],
])
const image = L.ones([1, 1, 4, 4])
const one = L.ones([1])
const labels = L.tensor(new Int32Array([0, 1]))
const mask = L.gt(vector, L.tensor(2))
const filter = L.ones([1, 1, 3, 3])

const ops = {
  add: L.add,
  'add a number': (x) => L.add(x, 1),
  'add, broadcast': [(x) => L.add(x, other), L.ones([2, 4])],
  mul: L.mul,
  relu: (x) => L.relu(x),
  exp: (x) => L.exp(x),
  sum: (x) => L.sum(x),
  'sum of an axis': [(x) => L.sum(x, 1), square],
  mean: (x) => L.mean(x),
  matmul: [(x) => L.matmul(x, square), square],
  linear: [(x) => L.linear(x, square), square],
  reshape: (x) => L.reshape(x, [2, 2]),
  softmax: (x) => L.softmax(x),
  conv2d: [(x) => L.conv2d(x, filter), image],
  maxPool2d: [(x) => L.maxPool2d(x, 2), image],
  avgPool2d: [(x) => L.avgPool2d(x, 2), image],
  batchNorm: [(x) => L.batchNorm(x, { runningMean: one, runningVar: one }), image],
  layerNorm: [(x) => L.layerNorm(x, [2]), square],
  gelu: (x) => L.gelu(x),
  dropout: (x) => L.dropout(x, 0.5),
  crossEntropy: [(x) => L.crossEntropy(x, labels), square],
  mse: (x) => L.mseLoss(x, other),
  embedding: [(x) => L.embedding(labels, x), square],
  concat: (x) => L.concat([x, other]),
  slice: (x) => L.slice(x, 0, 1, 3),
  permute: [(x) => L.permute(x, [1, 0]), square],
  where: (x) => L.where(mask, x, other),
  max: (x) => L.max(x),
}

const rows = Object.entries(ops).map(([name, entry]) => {
  const [op, input] = Array.isArray(entry) ? entry : [(x) => entry(x, other), vector]
  const leaf = L.clone(input).requiresGrad_()
  const dy = L.onesLike(op(input))
  const forward = time(() => op(input))
  const recorded = time(() => op(leaf))
  const both = time(() => {
    op(leaf).backward(dy)
    leaf.grad.dispose()
    leaf.grad = null
  })
  return { name, forward, recorded, backward: both - recorded }
})

console.log(`ns a call, node ${process.versions.node}: forward; forward recorded; backward`)
for (const { name, forward, recorded, backward } of rows)
  console.log(name.padEnd(18) + [forward, recorded, backward].map((ns) => ns.toFixed(0).padStart(8)).join(''))

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

/** Bytes that a step leaves on the JavaScript heap, views of the wasm memory aside. */
const garbageOf = (step) => {
  for (let i = 0; i < 200; i++) step()
  const counts = Array.from({ length: 15 }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 4; i++) step()
    return (process.memoryUsage().heapUsed - before) / 4
  })
  return counts.sort((a, b) => a - b)[7]
}

L.manualSeed(0)
const mlp = new L.Sequential(new L.Linear(32, 64), new L.ReLU(), new L.Linear(64, 10))
const trainer = (model, x, labels) => {
  const optimizer = L.optim.adam({ lr: 1e-3 })(model.parameters())
  return () => {
    const loss = L.crossEntropy(model.forward(x), labels)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
  }
}
const classes = L.tensor(Int32Array.from({ length: 8 }, (_, i) => i))
const garbage = {
  'MLP of 2 layers': garbageOf(trainer(mlp, L.ones([8, 32]), classes)),
  LeNet: garbageOf(trainer(lenet(), L.ones([8, 1, 28, 28]), classes)),
}
console.log('\nbytes of garbage a training step')
for (const [name, bytes] of Object.entries(garbage)) console.log(name.padEnd(18) + bytes.toFixed(0).padStart(8))
if (values.json !== undefined) writeFileSync(resolve(values.json), JSON.stringify({ rows, garbage }, null, 2))
