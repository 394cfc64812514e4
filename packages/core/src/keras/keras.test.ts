import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { FormatError, ShapeError, ValueError } from '../errors.ts'
import type { ArrayData } from '../io/array-data.ts'
import { writeTfjsWeights } from '../io/tfjs.ts'
import { summary } from '../nn/summary.ts'
import { mul } from '../ops/binary.ts'
import { mean } from '../ops/reduce.ts'
import { square } from '../ops/unary.ts'
import { sgd } from '../optim/sgd.ts'
import { Generator } from '../random/generator.ts'
import { manualSeed } from '../random/default.ts'
import { randn } from '../random/tensors.ts'
import { fromData, ones, tensor, zeros } from '../tensor/create.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose } from '../testing/close.ts'
import { gradCheck } from '../testing/grad-check.ts'
import { loadTfjsModel, type KerasModel, type LoadTfjsOptions } from './model.ts'

interface Recorded {
  readonly name: string
  readonly topology: { readonly [name: string]: unknown }
  readonly weights: readonly (readonly [string, readonly number[]])[]
  readonly inputs: readonly (readonly number[])[]
  readonly integers?: number
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[]
}

const golden: Recorded[] = JSON.parse(readFileSync(new URL('__golden__/keras.json', import.meta.url), 'utf8'))

type Weights = readonly (readonly [string, ArrayData])[]

const f32 = (shape: readonly number[], data: Float32Array): ArrayData => ({ dtype: 'f32', shape, data })

const load = (topology: Recorded['topology'], weights: Weights = [], options: LoadTfjsOptions = {}): KerasModel =>
  loadTfjsModel(writeTfjsWeights(new Map(weights), { topology }), options).eval()

/** The weights and inputs that the script of the golden file drew. */
const drawn = (c: Recorded, seed: number): { weights: Weights; inputs: Tensor[] } => {
  const generator = new Generator(seed)
  const draw = (shape: readonly number[], low: number, high: number): Float32Array<ArrayBuffer> =>
    generator.uniform(new Float32Array(sizeOf(shape)), low, high)
  const weights = c.weights.map(([name, shape]): [string, ArrayData] => {
    const variance = name.endsWith('variance')
    return [name, f32(shape, draw(shape, variance ? 0.5 : -1, variance ? 1.5 : 1))]
  })
  const inputs = c.inputs.map((shape) => {
    const x = draw(shape, -1, 1)
    const { integers } = c
    return fromData(
      integers === undefined ? x : x.map((v) => Math.floor(Math.fround(v + 1) * (integers / 2))),
      shape,
      'f32',
    )
  })
  return { weights, inputs }
}

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('outputs of tfjs-layers on %s', (_, backend) => {
  test.each(golden.map((c, seed) => [c.name, c, seed] as const))('%s', (_, c, seed) => {
    withBackend(backend(), () => {
      const { weights, inputs } = drawn(c, seed)
      const ys = load(c.topology, weights).outputs(...inputs)
      expect(ys.map((y) => y.shape)).toEqual(c.outputs.map((y) => y.shape))
      // f32 sums of at most a hundred products of numbers below 1, in another order; exponentials within 2 ULP.
      ys.forEach((y, i) =>
        expect(allClose(y, Float32Array.from(c.outputs[i].data), { atol: 1e-5, rtol: 1e-5 })).toBe(true),
      )
    })
  })
})
