import {
  add,
  Conv2d,
  initializers,
  interpolate,
  maxPool2d,
  Module,
  ModuleList,
  Sequential,
  ValueError,
  type Tensor,
} from '@lanewise/core'

/** Convolutions of a list, each in a Sequential of one, as torchvision names them. */
const convolutions = (blocks: ModuleList<Sequential>): Conv2d[] => [...blocks].map((block) => block.at(0) as Conv2d)

/**
 * Feature pyramid network: every level gets the wider view of the levels above it.
 * ```
 * C5 -1x1-> P5' ------------ 3x3 -> P5 -- every second cell -> P6
 *             | twice as large
 * C4 -1x1-> ( + ) = P4' ---- 3x3 -> P4      and so on down to C2
 * ```
 * Shape: [N, C_l, H_l, W_l] from fine to coarse -> [N, outChannels, H_l, W_l] and one level more of half the last size.
 * @source Lin et al. 2017; names, first weights and outputs checked against torchvision's FeaturePyramidNetwork 0.14
 * with LastLevelMaxPool in faster-rcnn.test.ts
 * @example
 * import { zeros } from '@lanewise/core'
 * const fpn = new FeaturePyramidNetwork([4, 8], 6)
 * fpn.forward([zeros([1, 4, 8, 8]), zeros([1, 8, 4, 4])]).map((p) => p.shape[2]) // => [8, 4, 2]
 */
export class FeaturePyramidNetwork extends Module<[features: readonly Tensor[]], Tensor[]> {
  readonly outChannels: number
  readonly inner_blocks: ModuleList<Sequential>
  readonly layer_blocks: ModuleList<Sequential>

  constructor(inChannels: readonly number[], outChannels: number) {
    super()
    if (inChannels.length === 0) {
      throw new ValueError({ op: 'FeaturePyramidNetwork', problem: 'there are no levels', expected: 'at least one' })
    }
    this.outChannels = outChannels
    const inner: Sequential[] = []
    const layer: Sequential[] = []
    for (const channels of inChannels) {
      inner.push(new Sequential(new Conv2d(channels, outChannels, 1)))
      layer.push(new Sequential(new Conv2d(outChannels, outChannels, 3, { padding: 1 })))
    }
    this.inner_blocks = new ModuleList(inner)
    this.layer_blocks = new ModuleList(layer)
    for (const conv of [...convolutions(this.inner_blocks), ...convolutions(this.layer_blocks)]) {
      initializers.kaimingUniform_(conv.weight, { a: 1 })
      initializers.zeros_(conv.bias!)
    }
  }

  forward(features: readonly Tensor[]): Tensor[] {
    if (features.length !== this.inner_blocks.length) {
      throw new ValueError({
        op: 'FeaturePyramidNetwork',
        problem: 'the levels do not match',
        got: `${features.length} feature maps`,
        expected: `${this.inner_blocks.length}`,
      })
    }
    const levels: Tensor[] = []
    let above: Tensor | null = null
    for (let k = features.length - 1; k >= 0; k--) {
      const lateral = this.inner_blocks.at(k).forward(features[k])
      const [, , height, width] = lateral.shape
      above = above === null ? lateral : add(lateral, interpolate(above, { size: [height, width], mode: 'nearest' }))
      levels.unshift(this.layer_blocks.at(k).forward(above))
    }
    return [...levels, maxPool2d(levels[levels.length - 1], 1, { stride: 2 })]
  }
}
