import { ShapeError } from '../errors.ts'
import { logSoftmax, softmax, softmin } from '../ops/softmax.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Module } from './module.ts'

/** What the softmax layers share. */
abstract class AlongAxis extends Module {
  readonly axis: number

  /** @param axis - the axis that sums to 1. Default -1. */
  constructor(axis = -1) {
    super()
    this.axis = axis
  }
}

/**
 * exp(x) over its sum along an axis, as torch.nn.Softmax.
 * @example new Softmax().forward(tensor([1, 1])).toArray() // => [0.5, 0.5]
 */
export class Softmax extends AlongAxis {
  forward(x: Tensor): Tensor {
    return softmax(x, this.axis)
  }
}

/**
 * The logarithm of the softmax along an axis, as torch.nn.LogSoftmax.
 * @example new LogSoftmax().forward(tensor([1, 1])).toArray() // => [-0.6931472, -0.6931472]
 */
export class LogSoftmax extends AlongAxis {
  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.axis)
  }
}

/**
 * The softmax of -x along an axis, as torch.nn.Softmin.
 * @example new Softmin().forward(tensor([1, 1])).toArray() // => [0.5, 0.5]
 */
export class Softmin extends AlongAxis {
  forward(x: Tensor): Tensor {
    return softmin(x, this.axis)
  }
}

/**
 * The softmax over the channels of [N, C, H, W] or [C, H, W], as torch.nn.Softmax2d.
 * @example new Softmax2d().forward(ones([1, 2, 1, 1])).toArray() // => [[[[0.5]], [[0.5]]]]
 */
export class Softmax2d extends Module {
  forward(x: Tensor): Tensor {
    if (x.rank === 3 || x.rank === 4) return softmax(x, -3)
    throw new ShapeError({
      op: 'Softmax2d',
      problem: 'the rank does not fit',
      got: show(x.shape),
      expected: '[N, C, H, W] or [C, H, W]',
    })
  }
}
