import { ShapeError, ValueError } from '../errors.ts'
import { needFloat } from '../ops/rules.ts'
import { sameShape, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Throws unless `x` holds fractions and the others have its shape. PyTorch broadcasts here, with a warning. */
export const needSameShapes = (op: string, x: Tensor, ...others: readonly Tensor[]): void => {
  x.live(op)
  needFloat(op, x)
  for (const y of others) {
    y.live(op)
    if (sameShape(x.shape, y.shape)) continue
    throw new ShapeError({
      op,
      problem: 'the shapes differ',
      got: `${show(x.shape)} and ${show(y.shape)}`,
      expected: 'equal shapes',
      advice: 'Reshape one of them: broadcasting here is nearly always a mistake',
    })
  }
}

/** Throws unless all elements lie in [low, high]; NaN passes. On an asynchronous backend nobody looks. */
export const needRange = (op: string, x: Tensor, low: number, high: number, advice?: string): void => {
  if (!x.backend.synchronous) return
  for (const value of x.dataSync()) {
    if (!(value < low || value > high)) continue
    throw new ValueError({
      op,
      problem: 'an element is out of range',
      got: String(value),
      expected: `[${low}, ${high}]`,
      advice,
    })
  }
}
