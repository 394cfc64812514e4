import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { noGrad } from '../../autograd/modes.ts'
import { BackendError } from '../../errors.ts'
import { eq, sub } from '../../ops/binary.ts'
import { cast } from '../../ops/copy.ts'
import { addInPlace, copyInto, fill } from '../../ops/in-place.ts'
import { linear } from '../../ops/matmul.ts'
import { mean } from '../../ops/reduce.ts'
import { square, tanh } from '../../ops/unary.ts'
import { flatten, select, slice } from '../../ops/views.ts'
import { tensor } from '../../tensor/create.ts'
import { withBackend } from '../default.ts'
import { referenceBackend } from '../reference/reference.ts'
import * as core from '../../index.ts'
import { evaluate, opCases, values } from '../../../../../runtime-tests/lib/op-cases.ts'
import { tfjsBackend, type TfjsBackend } from './index.ts'

// Keeps tfjs from advertising its native binding on the console.
tf.env().set('IS_TEST', true)
setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`)

const cases = opCases(core)

describe.each(['cpu', 'wasm'])('tfjs-%s', (name) => {
  let backend: TfjsBackend
  beforeAll(async () => {
    expect(await tf.setBackend(name)).toBe(true)
    backend = tfjsBackend(tf)
  })

  test.each(Object.keys(cases))('%s and its gradients equal the reference', async (key) => {
    await tf.setBackend(name)
    const got = withBackend(backend, () => evaluate(core, cases[key]))
    const expected = withBackend(referenceBackend(), () => evaluate(core, cases[key]))
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
