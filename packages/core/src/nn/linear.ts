import { ShapeError } from '../errors.ts'
import { mul } from '../ops/binary.ts'
import { linear } from '../ops/matmul.ts'
import { reshape, unsqueeze } from '../ops/views.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkSizes } from './check.ts'
import { layerBias, layerWeight, uniformParameter } from './layer-init.ts'
import { Module } from './module.ts'

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Whether to add a learned bias. Default true. */
  readonly bias?: boolean
}

/**
 * y = x W^T + b over the last axis, as torch.nn.Linear.
 * Shape: x [..., inFeatures] -> [..., outFeatures]. State: weight [out, in], bias [out].
 * Weight and bias are drawn from U(-k, k), k = 1 / sqrt(inFeatures), in this order.
 * @source Checked against torch.nn.Linear 1.13 in layers.test.ts
 * @example
 * manualSeed(0)
 * new Linear(3, 2).weight.toArray() // => [[-0.0043225, 0.3097158, -0.4751853], [-0.4248946, -0.222369, 0.1548207]]
 */
export class Linear extends Module {
  readonly inFeatures: number
  readonly outFeatures: number
  readonly weight: Tensor
  readonly bias: Tensor | null

  constructor(inFeatures: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super()
    checkSizes('Linear', { inFeatures, outFeatures })
    this.inFeatures = inFeatures
    this.outFeatures = outFeatures
    this.weight = layerWeight([outFeatures, inFeatures])
    this.bias = bias ? layerBias(outFeatures, this.weight.shape) : null
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias)
  }

  /** Multiply-adds of a call; see {@link Counted}. */
  macs([x]: readonly [x: Tensor]): number {
    return (x.size / this.inFeatures) * this.weight.size
  }
}

/**
 * y_k = a^T W_k b + bias_k, as torch.nn.Bilinear.
 * Shape: a [..., in1], b [..., in2] -> [..., out]. State: weight [out, in1, in2], bias [out].
 * @throws ShapeError when the leading axes differ.
 * @source Checked against torch.nn.Bilinear 1.13 in layers.test.ts
 * @example new Bilinear(2, 3, 4).forward(ones([5, 2]), ones([5, 3])).shape // => [5, 4]
 */
export class Bilinear extends Module<[a: Tensor, b: Tensor]> {
  readonly weight: Tensor
  readonly bias: Tensor | null

  constructor(in1Features: number, in2Features: number, outFeatures: number, { bias = true }: LinearOptions = {}) {
    super()
    checkSizes('Bilinear', { in1Features, in2Features, outFeatures })
    const bound = 1 / Math.sqrt(in1Features)
    this.weight = uniformParameter([outFeatures, in1Features, in2Features], bound)
    this.bias = bias ? uniformParameter([outFeatures], bound) : null
  }

  forward(a: Tensor, b: Tensor): Tensor {
    const [out, in1, in2] = this.weight.shape
    const lead = a.shape.slice(0, -1)
    if (show(lead) !== show(b.shape.slice(0, -1)) || a.shape.at(-1) !== in1 || b.shape.at(-1) !== in2) {
      throw new ShapeError({
        op: 'Bilinear',
        problem: 'the sizes do not match',
        got: `${show(a.shape)} and ${show(b.shape)}`,
        expected: `[..., ${in1}] and [..., ${in2}]`,
      })
    }
    const rows = reshape(a, [-1, in1])
    // Each row's outer product with b, against W as a matrix [out, in1 in2].
    const pairs = reshape(mul(unsqueeze(rows, 2), unsqueeze(reshape(b, [-1, in2]), 1)), [rows.shape[0], in1 * in2])
    const y = linear(pairs, reshape(this.weight, [out, in1 * in2]), this.bias)
    return reshape(y, [...lead, out])
  }

  /** Multiply-adds of a call; see {@link Counted}. */
  macs([a]: readonly [a: Tensor, b: Tensor]): number {
    return (a.size / this.weight.shape[1]) * this.weight.size
  }
}

/**
 * Gives back its input, as torch.nn.Identity.
 * @example new Identity().forward(tensor([1])).toArray() // => [1]
 */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x
  }
}
