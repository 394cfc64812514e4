import { expect, test } from 'vitest'
import { parameter, zeroGrad } from '../nn/module.ts'
import { add, div, mul } from '../ops/binary.ts'
import { copyInto } from '../ops/in-place.ts'
import { linear, matmul } from '../ops/matmul.ts'
import { mean, sum } from '../ops/reduce.ts'
import { relu } from '../ops/activations.ts'
import { exp, square } from '../ops/unary.ts'
import { reshape, slice } from '../ops/views.ts'
import { defaultBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import { GradientError, LanewiseError } from '../errors.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { defineOp } from './apply.ts'
import { grad } from './backward.ts'
import { enableGrad, isGradEnabled, noGrad } from './modes.ts'

const leaf = (values: number[]): ReturnType<typeof tensor> => tensor(values).requiresGrad_()

test('gradients add up over uses and over passes', () => {
  const x = leaf([1, 2])
  sum(add(mul(x, x), x)).backward()
  expect(x.grad!.toArray()).toEqual([3, 5])
  sum(x).backward()
  expect(x.grad!.toArray()).toEqual([4, 6])
})

test('a tensor used in two graphs keeps both gradients apart from its own memory', () => {
  const x = leaf([1, 2])
  const y = leaf([5, 6])
  sum(add(x, y)).backward()
  expect([x.grad!.toArray(), y.grad!.toArray()]).toEqual([
    [1, 1],
    [1, 1],
  ])
  noGrad(() => copyInto(x.grad!, tensor([9, 9])))
  expect(y.grad!.toArray()).toEqual([1, 1])
})

test('second derivatives keep the graph through saved outputs', () => {
  const x = leaf([0.5, -1])
  const [dx] = grad([sum(exp(mul(x, x)))], [x], { createGraph: true })
  const [ddx] = grad([sum(dx)], [x])
  const expected = [0.5, -1].map((v) => (2 + 4 * v * v) * Math.exp(v * v))
  ddx.dataSync().forEach((v, i) => expect(v).toBeCloseTo(expected[i], 5))
})

test('a gradient penalty trains through its own backward pass', () => {
  const w = parameter(
    tensor([
      [1, -2],
      [0.5, 3],
    ]),
  )
  const penalty = (...ws: ReturnType<typeof tensor>[]): ReturnType<typeof tensor> =>
    enableGrad(() => {
      const x = tensor(new Float64Array([1, 2, -1, 0.3]), {
        shape: [2, 2],
        dtype: 'f64',
        backend: ws[0].backend,
      }).requiresGrad_()
      const [dx] = grad([sum(relu(square(linear(x, ws[0]))))], [x], { createGraph: true })
      return sum(square(dx))
    })
  expect(gradCheck(penalty, [w])).toBe(true)
  expect(gradGradCheck(penalty, [w])).toBe(true)
})

test('grad leaves every grad alone and follows only what was asked for', () => {
  const x = leaf([3])
  const w = leaf([2])
  const y = mul(square(x), w)
  const [dx] = grad([y], [x])
  expect(dx.toArray()).toEqual([12])
  expect([x.grad, w.grad]).toEqual([null, null])
})

test('grad of an intermediate, and of an input that takes no part', () => {
  const x = leaf([3])
  const h = square(x)
  expect(grad([mul(h, 5)], [h])[0].toArray()).toEqual([5])
  const other = leaf([1])
  expect(() => grad([square(x)], [other])).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: grad: the outputs do not depend on input 0; got f32[1], expected inputs that require a gradient and take part in the graph. Pass { allowUnused: true } for zeros.]`,
  )
  expect(grad([square(x)], [other], { allowUnused: true })[0].toArray()).toEqual([0])
})

test('retainGrad leaves a gradient on an intermediate', () => {
  const x = leaf([3])
  const h = square(x).retainGrad()
  mul(h, 2).backward()
  expect(h.grad!.toArray()).toEqual([2])
  expect(x.grad!.toArray()).toEqual([12])
})

test('a graph is freed by its backward pass unless it is retained', () => {
  const x = leaf([3])
  const y = square(x)
  y.backward(null, { retainGraph: true })
  y.backward()
  expect(x.grad!.toArray()).toEqual([12])
  expect(() => y.backward()).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: backward: the graph through square was already freed; expected one backward pass over a graph. Pass { retainGraph: true } to the first backward.]`,
  )
})

test('a saved tensor that was changed in place is noticed', () => {
  const x = tensor([1, 2])
  const w = leaf([3, 4])
  const y = sum(mul(x, w))
  copyInto(x, tensor([0, 0]))
  expect(() => y.backward()).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: backward: a tensor that mul saved was changed in place; got f32[2] at version 1, expected version 0. Change a clone instead, or change it after backward.]`,
  )
})

test('wrong starts are refused with advice', () => {
  expect(() => tensor([1]).backward()).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: backward: the tensor does not depend on anything that requires a gradient; got f32[1]. Compute it from parameters, outside of noGrad().]`,
  )
  expect(() => square(leaf([1, 2])).backward()).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: backward: only a tensor of one element has a gradient of its own; got f32[2], expected a scalar, or a gradient to start from. Reduce it with sum() or mean(), or pass the gradient.]`,
  )
  expect(() => tensor(new Int32Array([1])).requiresGrad_()).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: requiresGrad_: only floating-point tensors carry gradients; got i32[1], expected dtype f32 or f64.]`,
  )
  expect(() => copyInto(leaf([1]), tensor([2]))).toThrow(GradientError)
})

test('use after dispose names the tensor', () => {
  const x = tensor([1, 2])
  x.dispose()
  x.dispose()
  expect(() => add(x, 1)).toThrowErrorMatchingInlineSnapshot(
    `[DisposedError: add: the tensor was disposed; got f32[2], expected a live tensor. Return it from the scope, keep() it, or clone it before it is released.]`,
  )
  expect(() => x.toArray()).toThrow(LanewiseError)
})

test('tensors of two backends do not mix', () => {
  const a = tensor([1])
  const b = tensor([1], { backend: referenceBackend() })
  expect(() => add(a, b)).toThrowErrorMatchingInlineSnapshot(
    `[BackendError: add: the inputs live on different backends; got f32[1] on wasm and f32[1] on reference, expected one backend. Move them with toBackend().]`,
  )
})

test('modes and scopes refuse a Promise and end with an error', () => {
  for (const mode of [noGrad, enableGrad, scope]) expect(() => mode(async () => 1)).toThrow(/returned a Promise/)
  expect(() =>
    noGrad(() => {
      throw new Error('x')
    }),
  ).toThrow('x')
  expect(isGradEnabled()).toBe(true)
})

test('a scope keeps what a later backward needs', () => {
  const w = parameter(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  )
  const loss = scope(() => mean(square(relu(matmul(tensor([[1, -1]]), w)))))
  loss.backward()
  expect(w.grad!.shape).toEqual([2, 2])
})

test('backward leaves only the gradients behind', () => {
  const w = parameter(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  )
  const step = (): void =>
    scope(() => {
      sum(square(relu(matmul(tensor([[1, -1]]), w)))).backward()
    })
  step()
  const before = defaultBackend().memory().blocks
  for (let i = 0; i < 5; i++) step()
  expect(defaultBackend().memory().blocks).toBe(before)
  zeroGrad([w])
  expect(defaultBackend().memory().blocks).toBe(before - 1)
})

test('a gradient that is a view does not alias another', () => {
  const x = leaf([1, 2, 3, 4])
  const y = reshape(x, [2, 2])
  sum(mul(slice(y, 0, 0, 1), 2)).backward()
  expect(x.grad!.toArray()).toEqual([2, 2, 0, 0])
})

test('an op of a contributor has its gradient checked like any other', () => {
  const cube = defineOp<undefined>({
    name: 'cube',
    savesInputs: [0],
    infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
    reference: ([x], _, [y]) => x.data.forEach((v, i) => (y.data[i] = v * v * v)),
    gradient: (c, [dy]) => [mul(mul(dy!, 3), square(c.input(0)))],
  })
  const f = (x: ReturnType<typeof tensor>): ReturnType<typeof tensor> => cube([x], undefined)[0]
  expect(gradCheck(f, [leaf([1, -2])])).toBe(true)
  expect(gradGradCheck(f, [leaf([1, -2])])).toBe(true)
})

test('gradCheck notices a wrong gradient, of either order', () => {
  const wrong = defineOp<undefined>({
    name: 'wrong',
    savesInputs: [0],
    infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
    reference: ([x], _, [y]) => x.data.forEach((v, i) => (y.data[i] = v * v)),
    gradient: (c, [dy]) => [mul(dy!, c.input(0))],
  })
  expect(() => gradCheck((x) => wrong([x], undefined)[0], [leaf([1])])).toThrow(/the gradient of input 0 is wrong/)
  const detached = defineOp<undefined>({
    name: 'detached',
    savesInputs: [0],
    infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
    reference: ([x], _, [y]) => x.data.forEach((v, i) => (y.data[i] = v * v)),
    gradient: (c, [dy]) => [mul(mul(dy!, c.input(0).detach()), 2)],
  })
  const f = (x: ReturnType<typeof tensor>): ReturnType<typeof tensor> => detached([x], undefined)[0]
  expect(gradCheck(f, [leaf([1])])).toBe(true)
  expect(() => gradGradCheck(f, [leaf([1])])).toThrow(/the gradient of input 0 is wrong/)
})

test('a rule that gives another shape is named', () => {
  const bad = defineOp<undefined>({
    name: 'bad',
    infer: ([x]) => [{ shape: [], dtype: x.dtype }],
    reference: ([x], _, [y]) => (y.data[0] = x.data[0]),
    gradient: (_, [dy]) => [dy!],
  })
  expect(() => bad([leaf([1, 2])], undefined)[0].backward()).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: bad: the gradient of input 0 has the wrong shape; got [], expected [2].]`,
  )
})

test('deep graphs do not overflow the stack', () => {
  let x = leaf([1])
  const start = x
  for (let i = 0; i < 20_000; i++) x = add(x, 0)
  x.backward()
  expect(start.grad!.toArray()).toEqual([1])
})

test('division by a broadcast scalar tensor', () => {
  expect(gradGradCheck(div, [leaf([1, 2]), tensor(3).requiresGrad_()])).toBe(true)
  expect(zeros([0, 3]).shape).toEqual([0, 3])
  expect(sum(zeros([0, 3]), 0).toArray()).toEqual([0, 0, 0])
})
