import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { noGrad } from '../../autograd/modes.ts'
import { backward } from '../../autograd/backward.ts'
import { BackendError } from '../../errors.ts'
import { add, div, eq, gt, maximum, mul, pow, sub } from '../../ops/binary.ts'
import { relu, sigmoid } from '../../ops/activations.ts'
import { conv1d, conv2d } from '../../ops/conv.ts'
import { convTranspose2d } from '../../ops/conv-transpose.ts'
import { concat } from '../../ops/concat.ts'
import { cast, clone } from '../../ops/copy.ts'
import { addInPlace, copyInto, fill } from '../../ops/in-place.ts'
import { indexSelect } from '../../ops/index-select.ts'
import { linear, matmul } from '../../ops/matmul.ts'
import { crossEntropy } from '../../losses/cross-entropy.ts'
import { avgPool2d, maxPool2d } from '../../ops/pool.ts'
import { mean, sum } from '../../ops/reduce.ts'
import { logSoftmax, softmax } from '../../ops/softmax.ts'
import { exp, log, neg, sqrt, square, tanh } from '../../ops/unary.ts'
import { expand, flatten, permute, reshape, select, slice, transpose } from '../../ops/views.ts'
import { where } from '../../ops/where.ts'
import { tensor } from '../../tensor/create.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { withBackend } from '../default.ts'
import { referenceBackend } from '../reference/reference.ts'
import { tfjsBackend, type TfjsBackend } from './index.ts'

// Keeps tfjs from advertising its native binding on the console.
tf.env().set('IS_TEST', true)
setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`)

/** Values in [-1, 1] without ties that a comparison could fall on either side of. */
const values = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => (((i + seed) * 7919) % 997) / 498.5 - 1)

const make = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    values(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { shape },
  ).requiresGrad_()

/** Each op with the shapes of its inputs. */
const cases: Record<string, { shapes: number[][]; f: (...x: Tensor[]) => Tensor }> = {
  add: { shapes: [[2, 3], [3]], f: add },
  sub: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    f: sub,
  },
  mul: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    f: mul,
  },
  div: { shapes: [[2, 3], [3]], f: (a, b) => div(a, add(square(b), 1)) },
  'number operands': { shapes: [[4]], f: (x) => sub(2, mul(add(x, 3), 0.5)) },
  maximum: { shapes: [[5], [5]], f: maximum },
  pow: { shapes: [[5]], f: (x) => pow(add(square(x), 0.1), 1.5) },
  neg: { shapes: [[5]], f: neg },
  exp: { shapes: [[5]], f: exp },
  log: { shapes: [[5]], f: (x) => log(add(square(x), 0.1)) },
  sqrt: { shapes: [[5]], f: (x) => sqrt(add(square(x), 0.1)) },
  tanh: { shapes: [[5]], f: tanh },
  sigmoid: { shapes: [[5]], f: sigmoid },
  relu: { shapes: [[3, 4]], f: relu },
  where: { shapes: [[5], [5]], f: (a, b) => where(gt(a, 0), a, mul(b, 2)) },
  'sum over axes': { shapes: [[2, 3, 4]], f: (x) => sum(square(x), [0, 2]) },
  mean: { shapes: [[2, 3]], f: (x) => mean(x, 1, true) },
  softmax: { shapes: [[2, 3, 4]], f: (x) => softmax(x, 1) },
  logSoftmax: { shapes: [[3, 4]], f: (x) => logSoftmax(x) },
  concat: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    f: (a, b) => concat([a, b], 1),
  },
  indexSelect: { shapes: [[4, 3]], f: (x) => mul(indexSelect(x.detach(), 0, tensor(Int32Array.of(2, 0, 2))), sum(x)) },
  crossEntropy: {
    shapes: [[4, 3]],
    f: (x) => crossEntropy(x, tensor(Int32Array.of(0, 2, 1, 2)), { labelSmoothing: 0.1 }),
  },
  matmul: {
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    f: matmul,
  },
  'batched matmul': {
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    f: matmul,
  },
  linear: { shapes: [[2, 3], [4, 3], [4]], f: linear },
  views: { shapes: [[2, 3, 4]], f: (x) => mul(transpose(slice(permute(x, [2, 0, 1]), 0, 3, undefined, -2)), 2) },
  'expand and select': { shapes: [[2, 1, 4]], f: (x) => select(expand(x, [2, 3, 4]), 1, 1) },
  'reshape of a permuted tensor': { shapes: [[2, 3, 4]], f: (x) => reshape(permute(x, [1, 0, 2]), [3, 8]) },
  clone: { shapes: [[2, 3]], f: (x) => clone(transpose(x)) },
  conv2d: { shapes: [[2, 3, 6, 5], [4, 3, 3, 3], [4]], f: (x, w, b) => conv2d(x, w, b, { padding: 1 }) },
  'strided conv2d': {
    shapes: [
      [2, 3, 7, 8],
      [4, 3, 3, 2],
    ],
    f: (x, w) => conv2d(x, w, null, { stride: 2, padding: [1, 0] }),
  },
  'dilated conv2d': {
    shapes: [
      [1, 2, 8, 8],
      [3, 2, 3, 3],
    ],
    f: (x, w) => conv2d(x, w, null, { dilation: 2 }),
  },
  'strided and dilated conv2d': {
    shapes: [
      [1, 2, 9, 9],
      [3, 2, 3, 3],
    ],
    f: (x, w) => conv2d(x, w, null, { dilation: 2, stride: 2, padding: 1 }),
  },
  'grouped conv2d': { shapes: [[2, 4, 5, 5], [6, 2, 3, 3], [6]], f: (x, w, b) => conv2d(x, w, b, { groups: 2 }) },
  conv1d: {
    shapes: [
      [2, 3, 9],
      [4, 3, 3],
    ],
    f: (x, w) => conv1d(x, w, null, { stride: 2, padding: 1 }),
  },
  convTranspose2d: {
    shapes: [[2, 3, 4, 4], [3, 2, 4, 4], [2]],
    f: (x, w, b) => convTranspose2d(x, w, b, { stride: 2, padding: 1 }),
  },
  maxPool2d: { shapes: [[2, 3, 6, 5]], f: (x) => maxPool2d(x, 2) },
  'overlapping maxPool2d': { shapes: [[2, 2, 7, 7]], f: (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }) },
  avgPool2d: { shapes: [[2, 3, 6, 5]], f: (x) => avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false }) },
}

/** The op's result and the gradients of a weighted sum of it. */
const evaluate = ({ shapes, f }: (typeof cases)[string]): Tensor[] => {
  const inputs = shapes.map((shape, i) => make(shape, i * 31 + 5))
  const y = f(...inputs)
  const weights = tensor(values(y.size, 77), { shape: y.shape })
  backward(sum(mul(y, weights)))
  return [y, ...inputs.map((x) => x.grad!)]
}

describe.each(['cpu', 'wasm'])('tfjs-%s', (name) => {
  let backend: TfjsBackend
  beforeAll(async () => {
    expect(await tf.setBackend(name)).toBe(true)
    backend = tfjsBackend(tf)
  })

  test.each(Object.keys(cases))('%s and its gradients equal the reference', async (key) => {
    await tf.setBackend(name)
    const got = withBackend(backend, () => evaluate(cases[key]))
    const expected = withBackend(referenceBackend(), () => evaluate(cases[key]))
    for (const [i, y] of got.entries()) {
      expect(y.shape).toEqual(expected[i].shape)
      const wanted = expected[i].dataSync()
      const data = await y.data()
      // f32 sums of at most a few hundred products, in another order than the reference's.
      data.forEach((v, j) => expect(Math.abs(v - wanted[j])).toBeLessThan(2e-5 + 2e-5 * Math.abs(wanted[j])))
    }
  })

  test('changes in place, whole and through views', async () => {
    const x = withBackend(backend, () =>
      tensor([
        [1, 2],
        [3, 4],
      ]),
    )
    withBackend(backend, () =>
      noGrad(() => {
        copyInto(select(x, 0, 1), tensor([7, 8]))
        addInPlace(
          x,
          tensor([
            [1, 1],
            [1, 1],
          ]),
          0.5,
        )
        fill(slice(x, 1, 0, 1), 9)
      }),
    )
    expect([...(await x.data())]).toEqual([9, 2.5, 9, 8.5])
  })

  test('dtypes survive', async () => {
    const x = withBackend(backend, () => tensor([1.7, -2, 0]))
    const whole = cast(x, 'i32')
    const truth = eq(whole, tensor(new Int32Array([1, 5, 0]), { backend }))
    expect([whole.dtype, truth.dtype]).toEqual(['i32', 'bool'])
    expect([...(await whole.data())]).toEqual([1, -2, 0])
    expect([...(await truth.data())]).toEqual([1, 0, 1])
  })

  test('a synchronous read is refused with advice', () => {
    expect(() => withBackend(backend, () => tensor([1]).item())).toThrow(BackendError)
    expect(() => withBackend(backend, () => tensor([1]).item())).toThrow(/await x.data\(\)/)
  })

  test('a small net learns XOR', async () => {
    await tf.setBackend(name)
    const losses: number[] = []
    const p = withBackend(backend, () => ({
      w1: tensor(values(16, 3), { shape: [8, 2] }).requiresGrad_(),
      b1: tensor(new Float32Array(8)).requiresGrad_(),
      w2: tensor(values(8, 9), { shape: [1, 8] }).requiresGrad_(),
      b2: tensor(new Float32Array(1)).requiresGrad_(),
    }))
    for (let step = 0; step < 150; step++) {
      const loss = withBackend(backend, () => {
        const x = tensor([
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ])
        const y = flatten(linear(tanh(linear(x, p.w1, p.b1)), p.w2, p.b2))
        const l = mean(square(sub(y, tensor([0, 1, 1, 0]))))
        l.backward()
        noGrad(() => {
          for (const w of Object.values(p)) {
            addInPlace(w, w.grad!, -0.3)
            w.grad = null
          }
        })
        return l
      })
      losses.push((await loss.data())[0])
    }
    expect(losses.at(-1)).toBeLessThan(0.02)
  })
})
