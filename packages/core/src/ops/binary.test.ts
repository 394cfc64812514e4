import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { channelsLastStrides, isChannelsLast } from '../tensor/shape.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/binary.json' with { type: 'json' }
import * as binary from './binary.ts'
import * as limits from './clip.ts'
import { cast } from './copy.ts'
import { lerp } from './lerp.ts'
import * as logical from './logical.ts'
import { reciprocal } from './unary.ts'
import { permute } from './views.ts'
import { where } from './where.ts'

const { add, div, floorDivide, gt, maximum, minimum, mul, pow, remainder, sub } = binary
const cases = golden as unknown[] as GoldenCase[]

const stacked = (x: Tensor): Tensor => {
  const y = reciprocal(x)
  const both = zeros([2, ...x.shape])
  return where(tensor([[[[1]]], [[[0]]]], { dtype: 'bool' }), add(both, y), mul(y, 0))
}

const variants: Record<string, Differentiable> = {
  'pow 3': (a) => pow(a, 3),
  '2 pow': (a) => pow(2, a),
  'maximum tie': (a, b) => maximum(cast(a, 'f32'), div(mul(cast(gt(b, 0), 'f32'), b), b)),
  where,
  'where u8': where,
  clip: (a) => limits.clip(a, -0.5, 0.4),
  'clamp max': (a) => limits.clamp(a, undefined, 0.4),
  'clip tensors': limits.clip,
  'clip min tensor': limits.clip,
  nanToNum: (a) => limits.nanToNum(stacked(a), { nan: 7, posInf: 8, negInf: -9 }),
  lerp: (a, b) => lerp(a, b, 0.3),
  'lerp 0.8': (a, b) => lerp(a, b, 0.8),
  'lerp tensor': lerp,
}
const plain: Partial<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  ...(binary as Record<string, (a: Tensor, b: Tensor) => Tensor>),
  ...(logical as Record<string, (a: Tensor, b: Tensor) => Tensor>),
}
const fn = (name: string): Differentiable => variants[name] ?? ((a, b) => plain[name.split(' ')[0]]!(a, b))

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops', (c) => {
  checkBackends(fn(c.name), c.inputs, { rtol: 4e-6, atol: 4e-7 })
})

test.each(cases.filter((c) => c.dx.some((dx) => dx !== null)))('$name: first and second derivatives', (c) => {
  checkGradients(fn(c.name), c.inputs)
})

const pairwise = { add, sub, mul, div, maximum, lt: binary.lt, atan2: binary.atan2 }

test.each(['add', 'sub', 'mul', 'div', 'maximum', 'lt', 'atan2'] as const)('%s: shapes that broadcast', (name) => {
  const pairs: [number[], number[]][] = [
    [[], []],
    [[], [3]],
    [[0, 2], [2]],
    [
      [2, 0],
      [2, 1],
    ],
    [[3, 37], [37]],
    [
      [3, 37],
      [3, 1],
    ],
    [
      [2, 3, 5, 7],
      [3, 1, 1],
    ],
    [
      [2, 1, 5, 1],
      [3, 1, 7],
    ],
    [
      [1, 5],
      [1, 1, 5],
    ],
  ]
  for (const [a, b] of pairs) {
    checkBackends(pairwise[name], [{ shape: a }, { shape: b, low: 0.5 }], { rtol: 4e-6, atol: 4e-7 })
  }
})

test('numbers take the dtype of the tensor, as in PyTorch', () => {
  const i = tensor(Int32Array.of(7, -7))
  expect(add(i, 1).dtype).toBe('i32')
  expect(add(i, 0.5).dtype).toBe('f32')
  expect(div(i, 2).toArray()).toEqual([3.5, -3.5])
  expect(sub(1, i).toArray()).toEqual([-6, 8])
  expect(add(tensor([true]), 1).dtype).toBe('i32')
  expect(add(tensor([true, false]), tensor([true, true])).toArray()).toEqual([1, 1])
  expect(add(tensor(Uint8Array.of(250)), 10).toArray()).toEqual([4])
  expect(gt(tensor(Uint8Array.of(250)), 300).toArray()).toEqual([0])
})

test('a result keeps the layout of its first dense operand of full shape', () => {
  const shape = [2, 3, 4, 5]
  const x = permute(zeros([2, 4, 5, 3]), [0, 3, 1, 2])
  expect(x.strides).toEqual(channelsLastStrides(shape))
  const bias = zeros([3, 1, 1])
  for (const y of [add(x, 1), add(bias, x), mul(x, x), where(gt(x, 0), x, 0), limits.clip(x, 0, 1)]) {
    expect(isChannelsLast(y.shape, y.strides)).toBe(true)
  }
})

test('special values', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    withBackend(backend, () => {
      expect(maximum(tensor([NaN, 1]), tensor([1, NaN])).toArray()).toEqual([NaN, NaN])
      expect(minimum(tensor([NaN, 1]), tensor([1, NaN])).toArray()).toEqual([NaN, NaN])
      expect(pow(tensor([0, -8, 1, 0]), tensor([0, 3, NaN, -1])).toArray()).toEqual([1, -512, 1, Infinity])
      expect(floorDivide(tensor([1, -1, 7]), tensor([0, 0, 0.1])).toArray()).toEqual([Infinity, -Infinity, 69])
      expect(limits.clip(tensor([NaN, 5]), 2, 1).toArray()).toEqual([NaN, 1])
      expect(limits.nanToNum(tensor([NaN, Infinity, -Infinity])).toArray()).toEqual([
        0, 3.4028234663852886e38, -3.4028234663852886e38,
      ])
    })
  }
})

test('properties', () => {
  const values = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(values, values, (a, b) => {
      const x = tensor(Float32Array.from(a), { shape: [a.length, 1] })
      const y = tensor(Float32Array.from(b))
      expect(add(x, y).dataSync()).toEqual(add(y, x).dataSync())
      expect(add(maximum(x, y), minimum(x, y)).dataSync()).toEqual(add(x, y).dataSync())
      expect(logical.logicalNot(binary.lt(x, y)).dataSync()).toEqual(binary.ge(x, y).dataSync())
      expect(limits.clip(x, -1, 1).dataSync()).toEqual(minimum(maximum(x, -1), 1).dataSync())
    }),
  )
})

test('bad input', () => {
  expect(() => add(zeros([2]), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: add: the shapes do not broadcast; got [2] and [3], expected sizes that are equal or 1 on each axis, aligned at the last (axis -1: 2 and 3). Reshape or expand one of them.]`,
  )
  expect(() => floorDivide(tensor(Int32Array.of(1)), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: floorDivide: whole numbers cannot be divided by 0; got 0. Use cast(x, 'f32').]`,
  )
  expect(() => remainder(tensor(Int32Array.of(1)), tensor(Int32Array.of(0)))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: remainder: whole numbers cannot be divided by 0; got i32[1]. Use cast(x, 'f32').]`,
  )
  expect(() => logical.bitwiseAnd(zeros([1]), 1)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: bitwiseAnd: the dtype does not fit; got f32[1], expected i32 or u8 or bool. Use cast().]`,
  )
  expect(() => logical.bitwiseOr(tensor(Int32Array.of(1)), 0.5)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: bitwiseOr: bits are of whole numbers; got 0.5, expected an integer.]`,
  )
  expect(() => lerp(zeros([2]), zeros([3]), 0.5)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: lerp: the shapes do not broadcast; got [2] and [3], expected sizes that are equal or 1 on each axis, aligned at the last (axis -1: 2 and 3). Reshape or expand one of them.]`,
  )
  expect(() => where(zeros([2]), 1, 0)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: where: the condition is not boolean; got f32[2], expected bool. Compare it, or use cast(x, 'bool').]`,
  )
})
