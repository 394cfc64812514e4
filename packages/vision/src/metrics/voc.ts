import { ValueError } from '@lanewise/core'
import { groupBy } from '../group.ts'

/** A ground-truth box of Pascal VOC. */
export interface VocObject {
  readonly image: string
  readonly label: string
  /** xyxy in pixels. */
  readonly box: readonly number[]
  /** Counts neither way. Default false. */
  readonly difficult?: boolean
}

/** A detected box. */
export interface VocDetection {
  readonly image: string
  readonly label: string
  /** xyxy in pixels. */
  readonly box: readonly number[]
  readonly score: number
}

/** Options of {@link evaluateVoc}. */
export interface VocOptions {
  /** IoU from which on a detection is right. Default 0.5. */
  readonly iouThreshold?: number
  /** `every-point` is the area under the curve (VOC 2010 on), `11-point` the mean at recalls 0, 0.1, ..., 1 (2007). */
  readonly method?: 'every-point' | '11-point'
  /** Whether both edges of a box are pixels of it, as in the VOC devkit: sides are one longer. Default true. */
  readonly inclusive?: boolean
}

/** Average precision of one class. */
export interface VocClassResult {
  readonly label: string
  /** 0 without a right detection; a class without ground truth does not appear. */
  readonly ap: number
  readonly positives: number
  readonly truePositives: number
  readonly falsePositives: number
  /** After each detection, best first. */
  readonly recalls: number[]
  readonly precisions: number[]
}

/** Average precision of every class and their mean. */
export interface VocSummary {
  readonly map: number
  readonly perClass: VocClassResult[]
}

const iouOf = (a: readonly number[], b: readonly number[], extra: number): number => {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + extra
  const h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + extra
  if (!(w > 0) || !(h > 0)) return 0
  const area = (c: readonly number[]): number => (c[2] - c[0] + extra) * (c[3] - c[1] + extra)
  return (w * h) / (area(a) + area(b) - w * h)
}

/** Area under the curve with precision made monotone from the right. */
const everyPoint = (recalls: readonly number[], precisions: readonly number[]): number => {
  let area = 0
  let best = 0
  for (let i = recalls.length - 1; i >= 0; i--) {
    best = Math.max(best, precisions[i])
    area += (recalls[i] - (i > 0 ? recalls[i - 1] : 0)) * best
  }
  return area
}

const elevenPoint = (recalls: readonly number[], precisions: readonly number[]): number => {
  let sum = 0
  for (let k = 0; k <= 10; k++) {
    let best = 0
    recalls.forEach((r, i) => (best = r >= k * 0.1 ? Math.max(best, precisions[i]) : best))
    sum += best
  }
  return sum / 11
}

const evaluateClass = (
  label: string,
  truth: readonly VocObject[],
  detections: readonly VocDetection[],
  { iouThreshold = 0.5, method = 'every-point', inclusive = true }: VocOptions,
): VocClassResult => {
  const positives = truth.filter((g) => !g.difficult).length
  const byImage = groupBy(truth, (g) => g.image)
  const found = new Set<VocObject>()
  const recalls: number[] = []
  const precisions: number[] = []
  let right = 0
  let wrong = 0
  for (const d of [...detections].sort((a, b) => b.score - a.score)) {
    let best: VocObject | undefined
    let most = -Infinity
    for (const g of byImage.get(d.image) ?? []) {
      const iou = iouOf(d.box, g.box, inclusive ? 1 : 0)
      if (iou > most) [most, best] = [iou, g]
    }
    if (best !== undefined && most >= iouThreshold) {
      if (best.difficult) continue
      if (found.has(best)) wrong++
      else right++
      found.add(best)
    } else wrong++
    recalls.push(right / positives)
    precisions.push(right / (right + wrong))
  }
  const ap = positives === 0 ? 0 : (method === '11-point' ? elevenPoint : everyPoint)(recalls, precisions)
  return { label, ap, positives, truePositives: right, falsePositives: wrong, recalls, precisions }
}

/**
 * Average precision as in the Pascal VOC challenges: every detection, best first, is compared with the ground truth of
 * its image that it overlaps most; a second detection of the same object is wrong.
 * @throws ValueError at a box that is not four finite numbers or a score that is not finite.
 * @source Everingham et al. 2010; checked against the published figures of review_object_detection_metrics in voc.test.ts
 * @example
 * const truth = [{ image: 'a', label: 'car', box: [0, 0, 9, 9] }]
 * evaluateVoc(truth, [{ image: 'a', label: 'car', box: [0, 0, 9, 8], score: 0.7 }]).map // => 1
 */
export const evaluateVoc = (
  truth: readonly VocObject[],
  detections: readonly VocDetection[],
  options: VocOptions = {},
): VocSummary => {
  const check = (what: string, values: readonly number[], ok: boolean): void => {
    if (ok && values.every(Number.isFinite)) return
    throw new ValueError({
      op: 'evaluateVoc',
      problem: `${what} is not usable`,
      got: `[${values.join(', ')}]`,
      expected: 'finite numbers',
    })
  }
  truth.forEach((g, i) => check(`the box of ground truth ${i}`, g.box, g.box.length === 4))
  detections.forEach((d, i) => check(`the box and score of detection ${i}`, [...d.box, d.score], d.box.length === 4))
  const labels = [...new Set(truth.map((g) => g.label))].sort()
  const perClass = labels.map((label) =>
    evaluateClass(
      label,
      truth.filter((g) => g.label === label),
      detections.filter((d) => d.label === label),
      options,
    ),
  )
  return { map: perClass.reduce((sum, c) => sum + c.ap, 0) / Math.max(1, perClass.length), perClass }
}
