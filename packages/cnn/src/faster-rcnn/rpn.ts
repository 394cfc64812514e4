import {
  bceWithLogits,
  concat,
  Conv2d,
  defaultGenerator,
  div,
  indexSelect,
  initializers,
  Module,
  permute,
  ReLU,
  reshape,
  Sequential,
  smoothL1Loss,
  ValueError,
  type Tensor,
} from '@lanewise/core'
import { encodeBoxes, filterProposals, gridAnchors, matchState, sampleBalanced, type GridSize } from '@lanewise/vision'
import { matchRegions, type CheckedTarget } from './targets.ts'
import type { ImageBatch } from './transform.ts'
import { indicesBeside, pickRows, readFloat32, valuesBeside } from './values.ts'

/** Anchors of a pyramid's levels, from fine to coarse. */
export interface AnchorOptions {
  /** Sides in pixels, a list for each level. */
  readonly sizes: readonly (readonly number[])[]
  /** Heights over widths, a list for each level, all of one length. */
  readonly aspectRatios: readonly (readonly number[])[]
}

/** A number for training and one for evaluation. */
export interface TrainTest {
  readonly train: number
  readonly test: number
}

/** Options of {@link RegionProposalNetwork}; the defaults are torchvision's. */
export interface RpnOptions {
  /** Default sides 32, 64, 128, 256 and 512, one to a level, at ratios 1/2, 1 and 2. */
  readonly anchors?: AnchorOptions
  /** Candidates of each level. Default 2000 in training, 1000 in evaluation. */
  readonly preNmsTopN?: TrainTest
  /** Proposals of an image. Default 2000 in training, 1000 in evaluation. */
  readonly postNmsTopN?: TrainTest
  /** IoU above which proposals of a level drop each other. Default 0.7. */
  readonly nmsThreshold?: number
  /** Proposals below this score are left out. Default 0. */
  readonly scoreThreshold?: number
  /** IoU from which on an anchor is trained as an object. Default 0.7. */
  readonly foregroundIou?: number
  /** IoU below which an anchor is trained as background. Default 0.3. */
  readonly backgroundIou?: number
  /** Anchors of an image that are trained. Default 256. */
  readonly batchSizePerImage?: number
  /** Largest share of objects among them. Default 0.5. */
  readonly positiveFraction?: number
}

/** Raw outputs of all levels, level after level. */
export interface RpnOutputs {
  /** [N, A] */
  readonly objectness: Tensor
  /** [N, A, 4] */
  readonly boxRegression: Tensor
  /** Anchors of each level. */
  readonly levels: readonly number[]
  readonly grids: readonly GridSize[]
}

/** What the network proposes, and in training what it lost. */
export interface RpnResult {
  /** xyxy of each image, best first. */
  readonly proposals: Float32Array[]
  readonly losses: { readonly objectness: Tensor; readonly rpnBoxReg: Tensor } | null
}

const defaultAnchors: AnchorOptions = {
  sizes: [[32], [64], [128], [256], [512]],
  aspectRatios: [
    [0.5, 1, 2],
    [0.5, 1, 2],
    [0.5, 1, 2],
    [0.5, 1, 2],
    [0.5, 1, 2],
  ],
}

/** [N, A * width, H, W] to rows of `width` numbers in the order of anchors: [N, H * W * A, width]. */
const rowsOf = (x: Tensor, width: number): Tensor => reshape(permute(x, [0, 2, 3, 1]), [x.shape[0], -1, width])

/**
 * A score and a shift of the box for every anchor: one 3x3 convolution, then two of 1x1, the same for all levels.
 * @source torchvision's RPNHead 0.14
 */
export class RpnHead extends Module<[features: readonly Tensor[]], RpnOutputs> {
  readonly conv: Sequential
  readonly cls_logits: Conv2d
  readonly bbox_pred: Conv2d

  constructor(inChannels: number, anchorsPerCell: number) {
    super()
    const first = new Conv2d(inChannels, inChannels, 3, { padding: 1 })
    this.conv = new Sequential(new Sequential(first, new ReLU()))
    this.cls_logits = new Conv2d(inChannels, anchorsPerCell, 1)
    this.bbox_pred = new Conv2d(inChannels, 4 * anchorsPerCell, 1)
    for (const conv of [first, this.cls_logits, this.bbox_pred]) {
      initializers.normal_(conv.weight, { std: 0.01 })
      initializers.zeros_(conv.bias!)
    }
  }

  forward(features: readonly Tensor[]): RpnOutputs {
    const scores: Tensor[] = []
    const shifts: Tensor[] = []
    for (const feature of features) {
      const x = this.conv.forward(feature)
      scores.push(rowsOf(this.cls_logits.forward(x), 1))
      shifts.push(rowsOf(this.bbox_pred.forward(x), 4))
    }
    const objectness = concat(scores, 1)
    return {
      objectness: reshape(objectness, [objectness.shape[0], -1]),
      boxRegression: concat(shifts, 1),
      levels: scores.map((s) => s.shape[1]),
      grids: features.map(({ shape: [, , height, width] }): GridSize => [height, width]),
    }
  }
}

/**
 * Proposes regions that may hold an object, of any class.
 * In training its two losses are those of a balanced choice of anchors: is there an object, and where exactly.
 * @source Ren et al. 2015; checked against torchvision's RegionProposalNetwork 0.14 in faster-rcnn.test.ts
 */
export class RegionProposalNetwork extends Module<
  [batch: ImageBatch, features: readonly Tensor[], targets: readonly CheckedTarget[] | null],
  RpnResult
> {
  readonly head: RpnHead
  readonly anchors: AnchorOptions
  readonly options: Required<Omit<RpnOptions, 'anchors'>>
  private lastAnchors: { readonly key: string; readonly boxes: Float32Array } | null = null

  constructor(inChannels: number, options: RpnOptions = {}) {
    super()
    const { anchors = defaultAnchors, ...rest } = options
    this.anchors = anchors
    const counts = anchors.sizes.map((sizes, k) => sizes.length * (anchors.aspectRatios[k]?.length ?? 0))
    if (counts.length !== anchors.aspectRatios.length || !(counts[0] > 0) || counts.some((n) => n !== counts[0])) {
      throw new ValueError({
        op: 'RegionProposalNetwork',
        problem: 'the levels have different numbers of anchors',
        got: `${anchors.sizes.length} lists of sizes and ${anchors.aspectRatios.length} of ratios: ${counts.join(', ')}`,
        expected: 'the same number of sizes times ratios at every level',
      })
    }
    this.head = new RpnHead(inChannels, counts[0])
    this.options = {
      preNmsTopN: { train: 2000, test: 1000 },
      postNmsTopN: { train: 2000, test: 1000 },
      nmsThreshold: 0.7,
      scoreThreshold: 0,
      foregroundIou: 0.7,
      backgroundIou: 0.3,
      batchSizePerImage: 256,
      positiveFraction: 0.5,
      ...rest,
    }
  }

  forward(batch: ImageBatch, features: readonly Tensor[], targets: readonly CheckedTarget[] | null): RpnResult {
    const outputs = this.head.forward(features)
    const anchors = this.anchorsOf(outputs.grids, batch.images)
    return {
      proposals: this.propose(outputs, anchors, batch),
      losses: targets === null ? null : this.lossesOf(outputs, anchors, targets),
    }
  }

  /** All anchors, which depend on the sizes alone; those of the last call are kept. */
  private anchorsOf(grids: readonly GridSize[], { shape: [, , height, width] }: Tensor): Float32Array {
    const key = `${width}x${height}: ${grids.join(' ')}`
    if (this.lastAnchors?.key !== key) {
      this.lastAnchors = { key, boxes: gridAnchors({ ...this.anchors, grids, imageSize: { width, height } }) }
    }
    return this.lastAnchors.boxes
  }

  private propose(outputs: RpnOutputs, anchors: Float32Array, { sizes }: ImageBatch): Float32Array[] {
    const { preNmsTopN, postNmsTopN, nmsThreshold, scoreThreshold } = this.options
    const phase = this.training ? 'train' : 'test'
    const scores = readFloat32(outputs.objectness)
    const shifts = readFloat32(outputs.boxRegression)
    const count = anchors.length / 4
    return sizes.map((imageSize, i) => {
      const own = {
        objectness: scores.subarray(i * count, (i + 1) * count),
        boxRegression: shifts.subarray(4 * i * count, 4 * (i + 1) * count),
        anchors,
        levels: outputs.levels,
      }
      return filterProposals(own, {
        imageSize,
        preNmsTopN: preNmsTopN[phase],
        postNmsTopN: postNmsTopN[phase],
        nmsThreshold,
        scoreThreshold,
      }).boxes
    })
  }

  private lossesOf(
    { objectness, boxRegression }: RpnOutputs,
    anchors: Float32Array,
    targets: readonly CheckedTarget[],
  ): { objectness: Tensor; rpnBoxReg: Tensor } {
    const { foregroundIou: high, backgroundIou: low, batchSizePerImage: count, positiveFraction } = this.options
    const total = anchors.length / 4
    const objects: number[] = []
    const background: number[] = []
    const wanted: Float32Array[] = []
    targets.forEach(({ boxes }, i) => {
      const matches = matchRegions(anchors, boxes, { high, low, forced: 'ties' })
      const labels = matches.map((m) => (m >= 0 ? 1 : m === matchState.background ? 0 : -1))
      const { positive, negative } = sampleBalanced(labels, {
        count,
        positiveFraction,
        generator: defaultGenerator(),
      })
      for (const a of positive) objects.push(i * total + a)
      for (const a of negative) background.push(i * total + a)
      const own = Array.from(positive, (a) => matches[a])
      wanted.push(encodeBoxes(pickRows(boxes, own, 4), pickRows(anchors, positive, 4)))
    })
    const sampled = [...objects, ...background]
    const isObject = Float32Array.from(sampled, (_, k) => (k < objects.length ? 1 : 0))
    const scores = indexSelect(reshape(objectness, [-1]), 0, indicesBeside(objectness, sampled))
    const shifts = indexSelect(reshape(boxRegression, [-1, 4]), 0, indicesBeside(objectness, objects))
    return {
      objectness: bceWithLogits(scores, valuesBeside(scores, isObject, [sampled.length])),
      rpnBoxReg: boxLoss(shifts, wanted, sampled.length),
    }
  }
}

/** Smooth L1 of the shifts, summed, over the number of regions that were sampled. */
export const boxLoss = (shifts: Tensor, wanted: readonly Float32Array[], sampled: number): Tensor => {
  const all = Float32Array.from(wanted.flatMap((own) => [...own]))
  const target = valuesBeside(shifts, all, [all.length / 4, 4])
  return div(smoothL1Loss(shifts, target, { beta: 1 / 9, reduction: 'sum' }), sampled)
}
