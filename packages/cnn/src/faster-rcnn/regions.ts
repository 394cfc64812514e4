import { crossEntropy, defaultGenerator, indexSelect, reshape, ValueError, type Tensor } from '@lanewise/core'
import { encodeBoxes, matchState, sampleBalanced } from '@lanewise/vision'
import type { BoxPredictions } from './roi-heads.ts'
import { boxLoss } from './rpn.ts'
import { matchRegions, type CheckedTarget } from './targets.ts'
import { indicesBeside, pickRows } from './values.ts'

/** Which regions are trained. */
export interface RegionSampling {
  readonly foregroundIou: number
  readonly backgroundIou: number
  readonly batchSizePerImage: number
  readonly positiveFraction: number
}

/** Regions of an image that are trained. */
export interface TrainingRegions {
  /** xyxy */
  readonly boxes: Float32Array
  /** Class of each, 0 being the background. */
  readonly labels: readonly number[]
  /** The codes of the box that each is to become, those with a class alone. */
  readonly wanted: Float32Array
}

/** What a box head's codes are multiplied by. */
export const headWeights = [10, 10, 5, 5] as const

/** A choice of the proposals and of the objects themselves. */
export const sampleRegions = (
  proposals: Float32Array,
  { boxes, labels }: CheckedTarget,
  { foregroundIou: high, backgroundIou: low, batchSizePerImage: count, positiveFraction }: RegionSampling,
): TrainingRegions => {
  const all = new Float32Array(proposals.length + boxes.length)
  all.set(proposals)
  all.set(boxes, proposals.length)
  const matches = matchRegions(all, boxes, { high, low })
  const classes = matches.map((m) => (m >= 0 ? labels[m] : m === matchState.background ? 0 : -1))
  const { positive, negative } = sampleBalanced(classes, { count, positiveFraction, generator: defaultGenerator() })
  const chosen = Int32Array.of(...positive, ...negative).sort()
  const own = Array.from(positive, (k) => matches[k])
  return {
    boxes: pickRows(all, chosen, 4),
    labels: Array.from(chosen, (k) => classes[k]),
    wanted: encodeBoxes(pickRows(boxes, own, 4), pickRows(all, positive, 4), { weights: headWeights }),
  }
}

/** Throws when there is no region at all: a mean over nothing is no loss. */
export const needRegions = (op: string, regions: readonly TrainingRegions[]): void => {
  if (regions.some((r) => r.labels.length > 0)) return
  throw new ValueError({
    op,
    problem: 'there is no region to train with',
    got: 'neither proposals nor objects',
    expected: 'a region in at least one image',
  })
}

/** The loss of the boxes that regions of a class get for it. */
export const regionBoxLoss = (boxRegression: Tensor, regions: readonly TrainingRegions[]): Tensor => {
  const labels = regions.flatMap((r) => r.labels)
  const classes = boxRegression.shape[1] / 4
  const rows = labels.flatMap((label, k) => (label > 0 ? [k * classes + label] : []))
  const shifts = indexSelect(reshape(boxRegression, [-1, 4]), 0, indicesBeside(boxRegression, rows))
  return boxLoss(
    shifts,
    regions.map((r) => r.wanted),
    labels.length,
  )
}

/** The losses of a box head: cross-entropy of the classes, smooth L1 of the boxes. */
export const headLosses = (
  { classLogits, boxRegression }: BoxPredictions,
  regions: readonly TrainingRegions[],
): { classifier: Tensor; boxReg: Tensor } => ({
  classifier: crossEntropy(
    classLogits,
    indicesBeside(
      classLogits,
      regions.flatMap((r) => r.labels),
    ),
  ),
  boxReg: regionBoxLoss(boxRegression, regions),
})
