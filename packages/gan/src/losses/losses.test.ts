import { add, grad, mean, mul, norm, square, sub, sum, tensor, type Tensor } from '@lanewise/core'
import { gradCheck } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import { gradientPenalty, minimax, nonSaturating, wasserstein } from '../index.ts'

const real = tensor([[0.9], [0.6], [1]])
const fake = tensor([[0.2], [0.5], [0]])

test('values by hand', () => {
  const cross = -(Math.log(0.9) + Math.log(0.6)) / 3 - (Math.log(0.8) + Math.log(0.5)) / 3
  expect(nonSaturating().discriminator(real, fake).item()).toBeCloseTo(cross, 6)
  expect(minimax().discriminator(real, fake).item()).toBeCloseTo(cross, 6)
  // PyTorch cuts the logarithm of 0 at -100.
  expect(nonSaturating().generator(fake).item()).toBeCloseTo((-Math.log(0.2) - Math.log(0.5) + 100) / 3, 5)
  expect(minimax().generator(fake).item()).toBeCloseTo((Math.log(0.8) + Math.log(0.5)) / 3, 6)
  expect(wasserstein().discriminator(real, fake).item()).toBeCloseTo(0.7 / 3 - 2.5 / 3, 6)
  expect(wasserstein().generator(fake).item()).toBeCloseTo(-0.7 / 3, 6)
})

test('the generator’s slope vanishes under a sure discriminator in minimax only', () => {
  const slope = (loss: (x: Tensor) => Tensor): number => {
    const x = tensor([[0.001]]).requiresGrad_()
    return grad([loss(x)], [x])[0].item()
  }
  expect(slope(nonSaturating().generator)).toBeCloseTo(-1000, 1)
  expect(slope(minimax().generator)).toBeCloseTo(-1.001, 3)
})

test('losses pass gradCheck', () => {
  for (const { discriminator, generator } of [nonSaturating(), minimax(), wasserstein()]) {
    const a = tensor([[0.3], [0.8]]).requiresGrad_()
    const b = tensor([[0.4], [0.7]]).requiresGrad_()
    gradCheck((x, y) => discriminator(x, y), [a, b])
    gradCheck((x) => generator(x), [a])
  }
})

test('the penalty’s gradient is a second derivative', () => {
  // D(x) = sum (w x)^2, so its slope is 2 w^2 x; between equal ends every point is x.
  const x = tensor([[0.5, -1]])
  const w = tensor([1, 0.5]).requiresGrad_()
  const critic = (points: Tensor): Tensor => sum(square(mul(points, w)), 1, true)
  const [got] = grad([gradientPenalty(critic, x, x)], [w])
  const direct = mean(square(sub(norm(mul(mul(square(w), x), 2), 1), 1)))
  const [want] = grad([direct], [w])
  got.toArray().forEach((value, i) => expect(value).toBeCloseTo((want.toArray() as number[])[i], 5))
})

test('a constant critic has a penalty of 1 and no NaN', () => {
  const w = tensor([0, 0]).requiresGrad_()
  const critic = (points: Tensor): Tensor => sum(mul(points, w), 1)
  const penalty = gradientPenalty(critic, tensor([[1, 2]]), tensor([[3, 4]]))
  expect(penalty.item()).toBe(1)
  expect(grad([add(penalty, 0)], [w])[0].toArray()).toEqual([0, 0])
})

test('shapes that differ are refused', () => {
  expect(() => gradientPenalty((x) => x, tensor([[1, 2]]), tensor([[1]]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gradientPenalty: real and generated samples differ; got [1,2] and [1,1], expected one shape.]`,
  )
})
