import { grad, mul, sum, tensor, type Tensor } from '@lanewise/core'
import { gradCheck, gradGradCheck } from '@lanewise/core/testing'
import { describe, expect, it } from 'vitest'
import { draws, drawBoxes, golden, oddBoxes, worstError } from '../testing/golden.ts'
import {
  boxIouLoss,
  completeBoxIouLoss,
  distanceBoxIouLoss,
  generalizedBoxIouLoss,
  maskIouLoss,
  rotatedIouLoss,
} from './iou-loss.ts'
import { rotatedBoxIou } from './rotated.ts'

const want = golden(new URL('./__golden__/iou-loss.json', import.meta.url))
const a = drawBoxes(1, 12, 60, 60)
const b = drawBoxes(2, 12, 60, 60)
b.set(a.subarray(12, 16), 12)
b.set(
  a.subarray(16, 20).map((v) => v + 500),
  16,
)
b.set([a[22], a[23], a[22] + 10, a[23] + 10], 20)

const rows = (data: ArrayLike<number>, width: number): Tensor =>
  tensor(
    Array.from({ length: data.length / width }, (_, i) => Array.from({ length: width }, (_, k) => data[i * width + k])),
  )

const losses = {
  iou: boxIouLoss,
  giou: generalizedBoxIouLoss,
  diou: distanceBoxIouLoss,
  ciou: completeBoxIouLoss,
}

describe.each(['iou', 'giou', 'diou', 'ciou'] as const)('the %s loss', (name) => {
  const loss = losses[name]

  it('and its gradients equal torchvision', () => {
    const [x, y] = [rows(a, 4).requiresGrad_(), rows(b, 4).requiresGrad_()]
    const value = loss(x, y)
    expect(worstError(value.dataSync(), want[name].data)).toBeLessThan(1e-6)
    sum(mul(value, tensor(draws(3, 12)))).backward()
    expect(worstError(x.grad?.dataSync() ?? [], want[`${name} da`].data)).toBeLessThan(1e-6)
    expect(worstError(y.grad?.dataSync() ?? [], want[`${name} db`].data)).toBeLessThan(1e-6)
  })

  it('and its gradients equal torchvision on degenerate boxes, NaN and infinities included', () => {
    const odd = oddBoxes()
    const turned = (k: number): Float32Array => Float32Array.from([...odd.subarray(4 * k), ...odd.subarray(0, 4 * k)])
    const x = rows([...odd, ...odd, ...odd], 4).requiresGrad_()
    const y = rows([...turned(1), ...turned(2), ...odd], 4).requiresGrad_()
    const value = loss(x, y)
    expect(worstError(value.dataSync(), want[`odd ${name}`].data)).toBeLessThan(1e-6)
    sum(value).backward()
    expect(worstError(x.grad?.dataSync() ?? [], want[`odd ${name} da`].data)).toBeLessThan(1e-6)
    expect(worstError(y.grad?.dataSync() ?? [], want[`odd ${name} db`].data)).toBeLessThan(1e-6)
  })

  it('reduces and takes eps as torchvision', () => {
    const [x, y] = [rows(a, 4), rows(b, 4)]
    expect(loss(x, y, { reduction: 'mean' }).item()).toBeCloseTo(want[`${name} mean`].data[0], 5)
    expect(loss(x, y, { reduction: 'sum' }).item()).toBeCloseTo(want[`${name} sum`].data[0], 4)
    expect(worstError(loss(x, y, { eps: 1e-2 }).dataSync(), want[`${name} eps`].data)).toBeLessThan(1e-6)
  })

  it('names what does not fit', () => {
    expect(() => loss(rows(a, 4), rows(b, 8))).toThrow(/the boxes do not match; got f32\[12,4\] and f32\[6,8\]/)
  })
})

// The complete form's weight is a constant by definition; torchvision's gradients stand above.
it.each(['iou', 'giou', 'diou'] as const)('the %s loss has right first and second derivatives', (name) => {
  const [x, y] = [rows([0, 0, 5, 6, 10, 10, 14, 13], 4), rows([1, 2, 7, 5, 11, 20, 17, 25], 4)]
  expect(gradCheck(losses[name], [x.requiresGrad_(), y.requiresGrad_()])).toBe(true)
  expect(gradGradCheck(losses[name], [x, y])).toBe(true)
})

describe('the mask loss', () => {
  const p = rows(draws(5, 12), 6)
  const t = rows(
    draws(6, 12).map((v) => Math.round(v)),
    6,
  )

  it('is one less the soft IoU', () => {
    expect(worstError(maskIouLoss(t, t).dataSync(), [0, 0])).toBeLessThan(2e-7)
    expect(maskIouLoss(rows([0.5, 0.5], 2), rows([1, 0], 2)).item()).toBeCloseTo(1 - 0.5 / 1.5, 6)
    expect(() => maskIouLoss(p, rows([1, 0], 2))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: maskIouLoss: the masks do not match; got f32[2,6] and f32[1,2].]`,
    )
  })

  it('has right derivatives', () => {
    expect(gradCheck(maskIouLoss, [p.requiresGrad_(), t])).toBe(true)
    expect(gradGradCheck(maskIouLoss, [p, t])).toBe(true)
  })
})

describe('the rotated loss', () => {
  const first = [5, 5, 6, 4, 20, 0, 0, 8, 3, -70, 2, 2, 4, 4, 0, 9, 9, 2, 2, 10]
  const second = [6, 5.5, 5, 5, 50, 1, 0, 5, 5, 15, 2.3, 2.1, 1, 1, 30, -9, -9, 2, 2, 10]

  it('is one less the exact IoU', () => {
    const loss = rotatedIouLoss(rows(first, 5), rows(second, 5)).dataSync()
    const iou = rotatedBoxIou(first, second)
    expect(
      worstError(
        loss,
        [0, 1, 2, 3].map((i) => 1 - iou[5 * i]),
      ),
    ).toBeLessThan(1e-6)
  })

  it('has right derivatives in both boxes', () => {
    expect(gradCheck(rotatedIouLoss, [rows(first, 5).requiresGrad_(), rows(second, 5).requiresGrad_()])).toBe(true)
  })

  it('has no second derivative', () => {
    const x = rows(first, 5).requiresGrad_()
    const [dx] = grad([rotatedIouLoss(x, rows(second, 5), { reduction: 'sum' })], [x], { createGraph: true })
    expect(() => sum(dx).backward()).toThrowErrorMatchingInlineSnapshot(
      `[GradientError: rotatedIouLoss: the overlap of rotated boxes has no second derivative. Leave createGraph out.]`,
    )
  })
})
