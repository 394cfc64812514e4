import { expect, test } from 'vitest'
import { noGrad } from '../autograd/modes.ts'
import { Linear } from '../nn/linear.ts'
import { parameter } from '../nn/module.ts'
import { addInPlace, copyInto } from '../ops/in-place.ts'
import { Generator } from '../random/generator.ts'
import { fromData, tensor, zeros } from '../tensor/create.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose } from '../testing/close.ts'
import golden from './__golden__/optim.json' with { type: 'json' }
import { clipGradNorm, clipGradValue } from './clip-grad.ts'
import { Ema } from './ema.ts'

const shapes = [[3, 5], [7]]
const drawn = (seed: number, k: number): Tensor =>
  fromData(new Generator(seed).uniform(new Float32Array(sizeOf(shapes[k])), -1, 1), shapes[k], 'f32')

test.each(golden.clips)(
  'the norm $normType is cut to $maxNorm as in PyTorch',
  ({ maxNorm, normType, total, values }) => {
    const params = shapes.map((_, k) => parameter(drawn(k, k)))
    params.forEach((p, k) => (p.grad = drawn(100 + k, k)))
    const got = clipGradNorm(params, maxNorm, { normType: normType === 'inf' ? Infinity : Number(normType) })
    allClose(got, [total], { rtol: 1e-5 })
    params.forEach((p, k) => allClose(p.grad!, values[k], { rtol: 1e-5, atol: 1e-7 }))
  },
)

test('values are cut where they stick out; parameters without a gradient are left alone', () => {
  const [a, b] = [parameter(tensor([1])), parameter(tensor([1]))]
  a.grad = tensor([-3])
  clipGradValue([a, b], 2)
  expect(a.grad.toArray()).toEqual([-2])
  expect(b.grad).toBeNull()
  expect(clipGradNorm([b], 1).item()).toBe(0)
})

test('errors name the rule', () => {
  expect(() => clipGradNorm([], 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: clipGradNorm: not a norm; got maxNorm 0, normType 2, expected numbers > 0.]`,
  )
  expect(() => clipGradValue([], -1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: clipGradValue: the limit is negative; got -1, expected a number >= 0.]`,
  )
  expect(() => new Ema(new Linear(1, 1), { decay: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Ema: decay is out of range; got 2, expected a number in [0, 1].]`,
  )
})

test('running averages equal PyTorch', () => {
  const model = new Linear(5, 3)
  noGrad(() => copyInto(model.weight, drawn(0, 0)))
  const ema = new Ema(model, { decay: 0.9 })
  for (let step = 0; step < 4; step++) {
    noGrad(() => addInPlace(model.weight, drawn(100 + 10 * step, 0)))
    ema.update()
  }
  allClose(ema.stateDict().get('weight')!, golden.ema, { rtol: 1e-5, atol: 1e-6 })
  const own = model.weight.dataSync()
  ema.apply(() => allClose(model.weight, golden.ema, { rtol: 1e-5, atol: 1e-6 }))
  expect(model.weight.dataSync()).toEqual(own)
  const other = new Ema(model)
  other.loadStateDict(ema.stateDict())
  expect(other.stateDict().get('weight')!.dataSync()).toEqual(ema.stateDict().get('weight')!.dataSync())
  expect(() => other.loadStateDict(new Map([['weight', zeros([3, 5])]]))).toThrow('bias')
})
