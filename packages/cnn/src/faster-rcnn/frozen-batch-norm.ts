import { add, buffer, Module, mul, ones, reshape, rsqrt, ShapeError, sub, zeros, type Tensor } from '@lanewise/core'

/**
 * Batch normalisation with everything fixed, as torchvision's FrozenBatchNorm2d: a scale and a shift per channel that
 * come from a checkpoint and are not trained.   y = (x - running_mean) / sqrt(running_var + eps) weight + bias
 * State: weight, bias, running_mean, running_var [C], all buffers; num_batches_tracked is not part of it.
 * @param eps - added to the variance; torchvision's detectors with COCO weights have 0. Default 1e-5
 * @throws ShapeError when x is not [N, C, H, W].
 * @source Checked against torchvision.ops.FrozenBatchNorm2d 0.14 in faster-rcnn.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * const norm = new FrozenBatchNorm2d(2)
 * norm.forward(ones([1, 2, 1, 1])).toArray() // => [[[[0.999995]], [[0.999995]]]]
 * norm.parameters().length // => 0
 */
export class FrozenBatchNorm2d extends Module {
  readonly numFeatures: number
  eps: number
  readonly weight: Tensor
  readonly bias: Tensor
  readonly running_mean: Tensor
  readonly running_var: Tensor

  constructor(numFeatures: number, { eps = 1e-5 }: { readonly eps?: number } = {}) {
    super()
    this.numFeatures = numFeatures
    this.eps = eps
    this.weight = buffer(ones([numFeatures]))
    this.bias = buffer(zeros([numFeatures]))
    this.running_mean = buffer(zeros([numFeatures]))
    this.running_var = buffer(ones([numFeatures]))
  }

  forward(x: Tensor): Tensor {
    if (x.rank !== 4 || x.shape[1] !== this.numFeatures) {
      throw new ShapeError({
        op: 'FrozenBatchNorm2d',
        problem: 'the shape does not fit',
        got: x.toString(),
        expected: `[N, ${this.numFeatures}, H, W]`,
      })
    }
    const perChannel = [1, this.numFeatures, 1, 1]
    const scale = mul(this.weight, rsqrt(add(this.running_var, this.eps)))
    const shift = sub(this.bias, mul(this.running_mean, scale))
    return add(mul(x, reshape(scale, perChannel)), reshape(shift, perChannel))
  }
}
