import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noGrad } from '../autograd/modes.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { arange, tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/views.json' with { type: 'json' }
import { cast, clone, contiguous, toBackend } from './copy.ts'
import { addInPlace, copyInto, fill } from './in-place.ts'
import { expand, flatten, permute, reshape, select, slice, squeeze, transpose, unsqueeze } from './views.ts'

const cases = golden as unknown[] as GoldenCase[]

/** The first input after a change of it. */
const changed =
  (change: (...xs: Tensor[]) => void): Differentiable =>
  (...xs) => {
    const x = clone(xs[0])
    change(x, ...xs.slice(1))
    return x
  }

const table: Record<string, Differentiable> = {
  reshape: (x) => reshape(x, [4, -1]),
  'reshape turned': (x) => reshape(permute(x, [2, 0, 1]), [6, 4]),
  permute: (x) => permute(x, [2, 0, -2]),
  transpose: (x) => transpose(x),
  'transpose 0': (x) => transpose(x, 0, 2),
  slice: (x) => slice(x, 1, 1, 8, 3),
  'slice back': (x) => slice(x, 1, 7, 0, -2),
  select: (x) => select(x, 1, -1),
  expand: (x) => expand(x, [3, -1, 5, 4]),
  squeeze: (x) => squeeze(x),
  'squeeze 1': (x) => squeeze(x, 1),
  unsqueeze: (x) => unsqueeze(x, 1),
  'unsqueeze -1': (x) => unsqueeze(x, -1),
  flatten: (x) => flatten(x),
  'flatten 1': (x) => flatten(x, 1, 2),
  clone,
  contiguous: (x) => contiguous(transpose(x, 0, 2)),
  'cast i32': (x) => cast(x, 'i32'),
  'cast bool': (x) => cast(x, 'bool'),
  'cast u8': (x) => cast(x, 'u8'),
  'cast f32': (x) => cast(x, 'f32'),
  'cast u8 f32': (x) => cast(x, 'f32'),
  'cast bool i32': (x) => cast(x, 'i32'),
  addInPlace: changed((x, y) => addInPlace(x, y, 0.5)),
  copyInto: changed((x, y) => copyInto(select(x, 1, 1), y)),
  fill: changed((x) => fill(select(x, 2, 2), 3)),
}

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(table[c.name], c, referenceBackend())
  checkGolden(table[c.name], c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops', (c) => {
  checkBackends(table[c.name], c.inputs)
})

test.each(cases.filter((c) => c.dx[0] !== null))('$name: first and second derivatives', (c) => {
  checkGradients(table[c.name], c.inputs)
})

test('views share memory, copies do not', () => {
  const x = zeros([2, 3])
  for (const view of [reshape(x, [6]), transpose(x), slice(x, 1, 0, 2), expand(unsqueeze(x, 0), [2, 2, 3])]) {
    expect(view.storage).toBe(x.storage)
  }
  expect(clone(x).storage).not.toBe(x.storage)
  expect(reshape(transpose(x), [6]).storage).not.toBe(x.storage)
  expect(contiguous(x)).toBe(x)
})

test('ranges are clipped as in Python', () => {
  const x = arange(0, 5)
  const of = (...range: [number?, number?, number?]): unknown => slice(x, 0, ...range).toArray()
  expect(of(-2)).toEqual([3, 4])
  expect(of(1, -1)).toEqual([1, 2, 3])
  expect(of(3, 1)).toEqual([])
  expect(of(-9, 99)).toEqual([0, 1, 2, 3, 4])
  expect(of(-1, undefined, -1)).toEqual([4, 3, 2, 1, 0])
  expect(of(3, 0, -2)).toEqual([3, 1])
  expect(of(99, -99, -2)).toEqual([4, 2, 0])
})

test('rank 0 and zero sizes', () => {
  const scalar = tensor(3)
  expect(reshape(scalar, [1, 1]).toArray()).toEqual([[3]])
  expect(flatten(scalar).shape).toEqual([1])
  expect(squeeze(unsqueeze(scalar, 0)).shape).toEqual([])
  expect(reshape(zeros([0, 3]), [3, 0]).shape).toEqual([3, 0])
  expect(transpose(zeros([0, 3])).shape).toEqual([3, 0])
  expect(clone(zeros([2, 0])).shape).toEqual([2, 0])
  expect(flatten(transpose(zeros([0, 2])), 0).shape).toEqual([0])
})

test('changes in place reach the tensor below a view, also of bytes and channels-last memory', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    for (const dtype of ['f32', 'i32', 'u8', 'bool'] as const) {
      const x = zeros([2, 3], { dtype, backend })
      fill(select(x, 1, 1), 1)
      copyInto(select(x, 0, 1), zeros([1], { dtype, backend }))
      expect(x.toArray()).toEqual([
        [0, 1, 0],
        [0, 0, 0],
      ])
    }
    const x = permute(arange(0, 6, 1, { backend }), [0])
    addInPlace(slice(x, 0, 0, 6, 2), tensor([10, 20, 30], { backend }))
    expect(x.toArray()).toEqual([10, 1, 22, 3, 34, 5])
  }
})

test('toBackend keeps values, shape and dtype', () => {
  const x = tensor(Int32Array.of(1, 2, 3))
  const moved = toBackend(x, referenceBackend())
  expect([moved.backend.name, moved.dtype, moved.toArray()]).toEqual(['reference', 'i32', [1, 2, 3]])
})

test('properties: permute there and back, reshape of any view', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(shapes, fc.infiniteStream(fc.nat()), (shape, stream) => {
      const x = reshape(
        arange(
          0,
          shape.reduce((a, b) => a * b, 1),
        ),
        shape,
      )
      const axes = shape.map((_, i) => ({ i, key: stream.next().value })).sort((a, b) => a.key - b.key)
      const order = axes.map(({ i }) => i)
      const turned = permute(x, order)
      const back = permute(
        turned,
        order.map((_, i) => order.indexOf(i)),
      )
      expect(back.toArray()).toEqual(x.toArray())
      expect(Array.from(reshape(turned, [-1]).dataSync())).toEqual(Array.from(turned.dataSync()))
      expect(flatten(contiguous(turned)).toArray()).toEqual(Array.from(turned.dataSync()))
    }),
  )
})

test('bad input', () => {
  const x = zeros([2, 3])
  expect(() => reshape(x, [4, -1])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: reshape: the sizes do not fit; got [2,3] (6 elements) to [4,-1], expected the same number of elements, with at most one -1.]`,
  )
  expect(() => permute(x, [0, 0])).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: permute: the axes are not a permutation; got [0,0], expected each of 2 axes once.]`,
  )
  expect(() => slice(x, 0, 0, 2, 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: slice: the step is not a whole number other than 0; got 0.]`,
  )
  expect(() => select(x, 0, 2)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: select: the index is out of range; got 2 on axis 0 of [2,3], expected an integer in [-2, 2).]`,
  )
  expect(() => expand(x, [2, 4])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: expand: the shape does not broadcast; got [2,3] to [2,4], expected sizes that are equal, or 1 in the tensor.]`,
  )
  expect(() => squeeze(x, 0)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: squeeze: axis 0 is not of size 1; got [2,3].]`,
  )
  expect(() => flatten(x, 1, 0)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: flatten: the axes are in the wrong order; got 1 and 0.]`,
  )
  expect(() => unsqueeze(x, 4)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: unsqueeze: the axis is out of range; got axis 4 of a tensor of rank 3, expected an integer in [-3, 3).]`,
  )
  expect(() => cast(x, 'f64')).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: cast: the wasm backend does not store this dtype; got f64, expected f32, i32, u8, bool.]`,
  )
  expect(() => addInPlace(x, zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: addInPlace: the shapes differ; got [2,3] and [3], expected equal shapes.]`,
  )
  expect(() => copyInto(x, zeros([2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: expand: the shape does not broadcast; got [2] to [2,3], expected sizes that are equal, or 1 in the tensor.]`,
  )
  x.requiresGrad_()
  expect(() => fill(x, 1)).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: fill: a tensor that requires a gradient cannot be changed in place while gradients are recorded; got f32[2,3]. Wrap the change in noGrad(), or change a clone.]`,
  )
  noGrad(() => fill(x, 1))
  expect(x.toArray()).toEqual([
    [1, 1, 1],
    [1, 1, 1],
  ])
})
