import { flatten, reshape } from '../ops/views.ts'
import { normalizeAxis, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Module } from './module.ts'

/**
 * Merges the axes from `start` to `end`, both included, as torch.nn.Flatten.
 * @example new Flatten().forward(ones([2, 3, 4])).shape // => [2, 12]
 */
export class Flatten extends Module {
  readonly start: number
  readonly end: number

  constructor(start = 1, end = -1) {
    super()
    this.start = start
    this.end = end
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.start, this.end)
  }
}

/**
 * Splits an axis into several, as torch.nn.Unflatten.
 * @param axis - the axis to split, may be negative
 * @param sizes - their sizes; one may be -1
 * @example new Unflatten(1, [3, -1]).forward(ones([2, 12])).shape // => [2, 3, 4]
 */
export class Unflatten extends Module {
  readonly axis: number
  readonly sizes: Shape

  constructor(axis: number, sizes: Shape) {
    super()
    this.axis = axis
    this.sizes = sizes
  }

  forward(x: Tensor): Tensor {
    const axis = normalizeAxis('Unflatten', this.axis, x.rank)
    const known = this.sizes.reduce((product, n) => (n === -1 ? product : product * n), 1)
    const sizes = this.sizes.map((n) => (n === -1 ? x.shape[axis] / known : n))
    return reshape(x, x.shape.toSpliced(axis, 1, ...sizes))
  }
}
