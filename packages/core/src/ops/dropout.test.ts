import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { manualSeed, setDefaultGenerator } from '../random/default.ts'
import { Generator } from '../random/generator.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { drawInputs, type GoldenCase } from '../testing/cases.ts'
import { allClose } from '../testing/close.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import golden from './__golden__/dropout.json' with { type: 'json' }
import { add, mul } from './binary.ts'
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d } from './dropout.ts'
import { sum } from './reduce.ts'

const cases = golden as unknown[] as GoldenCase[]
const ops = { dropout, dropout1d, dropout2d, dropout3d, alphaDropout }

const fn = (name: string, generator: Generator): ((x: Tensor) => Tensor) => {
  const [op, how = '0.5'] = name.split(' ')
  if (op === 'after') {
    return (x) =>
      add(add(mul(x, 0), sum(dropout(ones([7]), 0.5, { generator }))), tensor(generator.uniform(new Float32Array(3))))
  }
  const p = Number.isNaN(Number(how)) ? 0.5 : Number(how)
  return (x) => ops[op as keyof typeof ops](x, p, { training: how !== 'idle', generator })
}

// The draws come from the stream that also drew the input, exactly as in PyTorch's run.
test.each(cases)('$name draws as PyTorch', (c) => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    withBackend(backend, () => {
      const generator = new Generator(c.seed)
      const [x] = drawInputs(c.inputs, generator, backend)
      const y = fn(c.name, generator)(x)
      allClose(y, c.y[0].map(Number), { rtol: 2e-7, atol: 1e-7 })
      const dy = tensor(generator.uniform(new Float32Array(y.size), -1, 1), { shape: y.shape })
      if (y.requiresGrad && y !== x) y.backward(dy)
      if (y !== x) allClose(x.grad!, c.dx[0]!.map(Number), { rtol: 2e-7, atol: 1e-7 })
    })
    expect(backend.report()).toEqual({})
  }
})

test('the kernel leaves the generator where the loop leaves it, whatever is cached or half used', () => {
  for (const count of [1024, 1500, 3120, 4000]) {
    const states = [referenceBackend(), wasmBackend()].map((backend) => {
      const generator = new Generator(9)
      generator.normal(new Float32Array(count % 7))
      const y = dropout(ones([count], { backend }), 0.3, { generator })
      return { y: y.dataSync(), state: generator.state(), next: generator.normal(new Float32Array(3)) }
    })
    expect(states[1]).toEqual(states[0])
  }
})

test('first and second derivatives for fixed draws', () => {
  for (const op of Object.values(ops)) {
    const rank = op === dropout2d ? 4 : op === dropout3d ? 5 : 3
    const shape = [3, 2, 2, 1, 1].slice(0, rank)
    const x = tensor(new Generator(1).uniform(new Float32Array(12)), { shape }).requiresGrad_()
    const f = (t: Tensor): Tensor => op(t, 0.4, { generator: new Generator(3) })
    gradCheck(f, [x])
    gradGradCheck((t) => f(mul(t, t)), [x])
  }
})

test('the default generator draws when none is given', () => {
  manualSeed(5)
  const a = dropout(ones([20])).toArray()
  manualSeed(5)
  expect(dropout(ones([20])).toArray()).toEqual(a)
  setDefaultGenerator(new Generator(5))
  expect(dropout(ones([20])).toArray()).toEqual(a)
})

test('whole channels share a fate', () => {
  const y = dropout2d(ones([4, 8, 3, 3]), 0.5, { generator: new Generator(0) }).dataSync()
  for (let channel = 0; channel < 32; channel++) {
    expect(new Set(y.slice(channel * 9, channel * 9 + 9)).size).toBe(1)
  }
})

test('nothing is drawn when idle', () => {
  const generator = new Generator(0)
  const x = ones([3])
  expect(dropout(x, 0.5, { training: false, generator })).toBe(x)
  expect(dropout(x, 0, { generator })).toBe(x)
  expect(dropout(x, 1, { generator }).toArray()).toEqual([0, 0, 0])
  expect(generator.state()).toEqual(new Generator(0).state())
})

test('alpha dropout keeps mean and variance of standard normal values', () => {
  const x = tensor(new Generator(2).normal(new Float32Array(40000)))
  const y = alphaDropout(x, 0.3, { generator: new Generator(3) }).dataSync()
  const mean = y.reduce((a, b) => a + b, 0) / y.length
  const variance = y.reduce((a, b) => a + (b - mean) ** 2, 0) / y.length
  expect(Math.abs(mean)).toBeLessThan(0.025) // 5 standard deviations of the mean of 40,000
  expect(Math.abs(variance - 1)).toBeLessThan(0.04)
})

test('bad input', () => {
  expect(() => dropout(zeros([1]), 1.5)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: dropout: p is not a probability; got 1.5, expected a number in [0, 1].]`,
  )
  expect(() => dropout(tensor(Int32Array.of(1)))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: dropout: the op needs a floating-point tensor; got i32[1], expected f32 or f64. Use cast(x, 'f32').]`,
  )
  expect(() => dropout1d(zeros([2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: dropout1d: the rank does not fit; got [2], expected [N, C, L] or [C, L].]`,
  )
  expect(() => dropout3d(zeros([2, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: dropout3d: the rank does not fit; got [2,2,2], expected [N, C, D, H, W] or [C, D, H, W].]`,
  )
})
