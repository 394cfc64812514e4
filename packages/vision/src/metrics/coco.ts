import { ValueError } from '@lanewise/core'
import { rleArea, rleIou, rleToBox, type Rle } from '../boxes/rle.ts'
import { groupBy } from '../group.ts'
import { objectKeypointSimilarity } from './keypoints.ts'

/** A ground-truth object of one image. */
export interface CocoObject {
  readonly categoryId: number
  /** x, y, width, height in pixels. */
  readonly bbox: readonly number[]
  /** Area in pixels; sizes are judged by it. Default: that of the mask or box. */
  readonly area?: number
  /** A region of many objects: detections in it are neither right nor wrong. Default false. */
  readonly isCrowd?: boolean
  /** For iouType segm. */
  readonly mask?: Rle
  /** x, y, visibility of each key-point, for iouType keypoints; visibility 0 means not labelled. */
  readonly keypoints?: readonly number[]
}

/** A detection of one image. */
export interface CocoDetection {
  readonly categoryId: number
  readonly score: number
  /** x, y, width, height in pixels; for iouType bbox. A detection with a box is sized by it whatever is compared. */
  readonly bbox?: readonly number[]
  /** For iouType segm. */
  readonly mask?: Rle
  /** x, y, anything of each key-point, for iouType keypoints. */
  readonly keypoints?: readonly number[]
}

/** Options of {@link CocoEvaluator}. */
export interface CocoOptions {
  /** What is compared. Default bbox. */
  readonly iouType?: 'bbox' | 'segm' | 'keypoints'
  /** Most detections of an image and class, ascending. Default 1, 10, 100, for key-points 20. */
  readonly maxDetections?: readonly number[]
  /** Default 0.5, 0.55, ..., 0.95; at most 30. */
  readonly iouThresholds?: readonly number[]
  /** Key-points: their standard deviations. Default COCO's 17. */
  readonly sigmas?: readonly number[]
}

/** Averages in [0, 1]; -1 where there is no ground truth. */
export interface CocoSummary {
  /** Mean over classes and thresholds. */
  readonly ap: number
  readonly ap50: number
  readonly ap75: number
  readonly apSmall: number
  readonly apMedium: number
  readonly apLarge: number
  /** Recall with the first, second and last of the limits on detections. */
  readonly ar1: number
  readonly ar10: number
  readonly ar100: number
  readonly arSmall: number
  readonly arMedium: number
  readonly arLarge: number
  readonly perClass: { readonly categoryId: number; readonly ap: number; readonly ap50: number; readonly ar: number }[]
}

/** Precision at 101 recalls of one class, threshold and area. */
export interface CocoCurve {
  readonly recalls: Float64Array
  /** -1 throughout where there is no ground truth. */
  readonly precisions: Float64Array
}

/** Names of the areas: below 32², up to 96², above; all. */
export type CocoArea = 'all' | 'small' | 'medium' | 'large'

const areaRanges: Record<CocoArea, readonly [number, number]> = {
  all: [0, 1e10],
  small: [0, 32 * 32],
  medium: [32 * 32, 96 * 96],
  large: [96 * 96, 1e10],
}
const areaNames = ['all', 'small', 'medium', 'large'] as const

/** NumPy's linspace. */
const linspace = (from: number, to: number, n: number): number[] => {
  const step = (to - from) / (n - 1)
  return Array.from({ length: n }, (_, i) => (i === n - 1 ? to : i * step + from))
}

/** Outcomes of one class. Bit t of `matched` and `ignored` belongs to threshold t. */
interface ClassRecord {
  readonly scores: number[]
  /** Place of each detection among its image's, best first. */
  readonly ranks: number[]
  readonly matched: Record<CocoArea, number[]>
  readonly ignored: Record<CocoArea, number[]>
  readonly positives: Record<CocoArea, number>
}

const emptyRecord = (): ClassRecord => ({
  scores: [],
  ranks: [],
  matched: { all: [], small: [], medium: [], large: [] },
  ignored: { all: [], small: [], medium: [], large: [] },
  positives: { all: 0, small: 0, medium: 0, large: 0 },
})

const boxArea = (b: readonly number[]): number => b[2] * b[3]

const boxOverlap = (d: readonly number[], g: readonly number[], crowd: boolean): number => {
  const w = Math.min(d[0] + d[2], g[0] + g[2]) - Math.max(d[0], g[0])
  const h = Math.min(d[1] + d[3], g[1] + g[3]) - Math.max(d[1], g[1])
  if (!(w > 0) || !(h > 0)) return 0
  const shared = w * h
  return shared / (crowd ? boxArea(d) : boxArea(d) + boxArea(g) - shared)
}

const need = <T>(value: T | undefined, what: string, who: string): T => {
  if (value !== undefined) return value
  throw new ValueError({
    op: 'CocoEvaluator.add',
    problem: `${who} has no ${what}`,
    expected: `${what} for this iouType`,
  })
}

const checkNumbers = (who: string, values: readonly number[]): void => {
  if (values.every(Number.isFinite)) return
  throw new ValueError({ op: 'CocoEvaluator.add', problem: `${who} is not finite`, got: `[${values.join(', ')}]` })
}

/** Box around key-points, x, y, width, height. */
const keypointBox = (k: readonly number[]): number[] => {
  const xs = k.filter((_, i) => i % 3 === 0)
  const ys = k.filter((_, i) => i % 3 === 1)
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return [x, y, Math.max(...xs) - x, Math.max(...ys) - y]
}

/**
 * COCO's average precision and recall, image by image: the numbers of pycocotools.
 * Detections of equal score count in the order in which they were added; pycocotools adds images by ascending id.
 * @throws ValueError when thresholds or limits are not usable.
 * @source Checked against pycocotools 2.0.11 in coco.test.ts
 * @example
 * const evaluator = new CocoEvaluator()
 * evaluator.add([{ categoryId: 1, bbox: [0, 0, 50, 50] }], [{ categoryId: 1, bbox: [0, 0, 50, 40], score: 0.9 }])
 * evaluator.summary().ap // => 0.7
 */
export class CocoEvaluator {
  readonly iouType: 'bbox' | 'segm' | 'keypoints'
  readonly #maxDetections: readonly number[]
  readonly #iouThresholds: readonly number[]
  readonly #sigmas: readonly number[] | undefined
  readonly #areas: readonly CocoArea[]
  readonly #classes = new Map<number, ClassRecord>()

  constructor(options: CocoOptions = {}) {
    const { iouType = 'bbox', sigmas, iouThresholds = linspace(0.5, 0.95, 10) } = options
    const { maxDetections = iouType === 'keypoints' ? [20] : [1, 10, 100] } = options
    if (iouThresholds.length < 1 || iouThresholds.length > 30 || !iouThresholds.every((t) => t > 0 && t <= 1)) {
      throw new ValueError({
        op: 'CocoEvaluator',
        problem: 'thresholds are out of range',
        got: `[${iouThresholds.join(', ')}]`,
        expected: '1 to 30 numbers in (0, 1]',
      })
    }
    if (maxDetections.length < 1 || !maxDetections.every((n, i) => n > (maxDetections[i - 1] ?? 0))) {
      throw new ValueError({
        op: 'CocoEvaluator',
        problem: 'limits on detections do not ascend',
        got: `[${maxDetections.join(', ')}]`,
      })
    }
    this.iouType = iouType
    this.#maxDetections = maxDetections
    this.#iouThresholds = iouThresholds
    this.#sigmas = sigmas
    this.#areas = iouType === 'keypoints' ? ['all', 'medium', 'large'] : areaNames
  }

  /**
   * Adds one image.
   * @throws ValueError when a box is not finite or what the iouType compares is missing; nothing is added then.
   */
  add(truth: readonly CocoObject[], detections: readonly CocoDetection[]): void {
    for (const [i, g] of truth.entries()) this.#check(`ground truth ${i}`, g)
    for (const [i, d] of detections.entries()) {
      this.#check(`detection ${i}`, d)
      checkNumbers(`the score of detection ${i}`, [d.score])
    }
    const truthOf = groupBy(truth, (g) => g.categoryId)
    const detectionsOf = groupBy(detections, (d) => d.categoryId)
    for (const id of new Set([...truthOf.keys(), ...detectionsOf.keys()])) {
      this.#addClass(id, truthOf.get(id) ?? [], detectionsOf.get(id) ?? [])
    }
  }

  #check(who: string, x: CocoObject | CocoDetection): void {
    if (x.bbox) checkNumbers(`the bbox of ${who}`, x.bbox)
    if (this.iouType === 'segm') need(x.mask, 'mask', who)
    else if (this.iouType === 'keypoints') checkNumbers(`the key-points of ${who}`, need(x.keypoints, 'keypoints', who))
    else need(x.bbox, 'bbox', who)
  }

  #addClass(id: number, truth: readonly CocoObject[], detections: readonly CocoDetection[]): void {
    let record = this.#classes.get(id)
    if (record === undefined) this.#classes.set(id, (record = emptyRecord()))
    const limit = this.#maxDetections[this.#maxDetections.length - 1]
    const found = detections.map((_, i) => i).sort((i, j) => detections[j].score - detections[i].score || i - j)
    const ordered = found.slice(0, limit).map((i) => detections[i])
    const overlaps = this.#overlaps(ordered, truth)
    const truthAreas = truth.map((g) => this.#truthArea(g))
    const areas = ordered.map((d) => this.#detectionArea(d))
    ordered.forEach((d, rank) => {
      record.scores.push(d.score)
      record.ranks.push(rank)
    })
    for (const area of this.#areas) {
      const [low, high] = areaRanges[area]
      const outside = truth.map((g, i) => ignores(g, this.iouType) || truthAreas[i] < low || truthAreas[i] > high)
      const order = [...truth.keys()].sort((i, j) => Number(outside[i]) - Number(outside[j]) || i - j)
      record.positives[area] += outside.filter((o) => !o).length
      const crowd = truth.map((g) => g.isCrowd ?? false)
      const { matched, ignored } = match(overlaps, ordered.length, order, outside, crowd, this.#iouThresholds)
      const everyThreshold = (1 << this.#iouThresholds.length) - 1
      ordered.forEach((_, i) => {
        const far = areas[i] < low || areas[i] > high
        record.matched[area].push(matched[i])
        record.ignored[area].push(far ? ignored[i] | (everyThreshold & ~matched[i]) : ignored[i])
      })
    }
  }

  #truthArea(g: CocoObject): number {
    return g.area ?? (this.iouType === 'segm' && g.mask ? rleArea(g.mask) : boxArea(g.bbox))
  }

  #detectionArea(d: CocoDetection): number {
    if (d.bbox) return boxArea(d.bbox)
    if (this.iouType === 'segm' && d.mask) return rleArea(d.mask)
    return d.keypoints ? boxArea(keypointBox(d.keypoints)) : 0
  }

  /** [detections, truth] */
  #overlaps(detections: readonly CocoDetection[], truth: readonly CocoObject[]): Float64Array {
    const out = new Float64Array(detections.length * truth.length)
    const boxOf = (x: CocoDetection | CocoObject): readonly number[] =>
      this.iouType === 'segm' && x.mask ? rleToBox(x.mask) : (x.bbox ?? [])
    const boxes = detections.map(boxOf)
    truth.forEach((g, j) => {
      const box = boxOf(g)
      const crowd = g.isCrowd ?? false
      for (let i = 0; i < detections.length; i++) {
        const d = detections[i]
        out[i * truth.length + j] =
          this.iouType === 'keypoints' && g.keypoints && d.keypoints
            ? objectKeypointSimilarity(g.keypoints, d.keypoints, {
                area: this.#truthArea(g),
                bbox: g.bbox,
                sigmas: this.#sigmas,
              })
            : this.#boxOrMask(boxes[i], box, d, g, crowd)
      }
    })
    return out
  }

  #boxOrMask(
    boxD: readonly number[],
    boxG: readonly number[],
    d: CocoDetection,
    g: CocoObject,
    crowd: boolean,
  ): number {
    const overlap = boxOverlap(boxD, boxG, crowd)
    return this.iouType === 'segm' && overlap > 0 && d.mask && g.mask ? rleIou(d.mask, g.mask, crowd) : overlap
  }

  /** Precision at 101 recalls, and the final recall, of one class, threshold, area and limit. */
  #accumulate(
    record: ClassRecord,
    order: Int32Array,
    t: number,
    area: CocoArea,
    limit: number,
  ): { curve: Float64Array; recall: number } {
    const curve = new Float64Array(101).fill(-1)
    const positives = record.positives[area]
    if (positives === 0) return { curve, recall: -1 }
    const matched = record.matched[area]
    const ignored = record.ignored[area]
    const recalls: number[] = []
    const precisions: number[] = []
    let right = 0
    let wrong = 0
    for (const i of order) {
      if (record.ranks[i] >= limit) continue
      if (!((ignored[i] >> t) & 1)) {
        if ((matched[i] >> t) & 1) right++
        else wrong++
      }
      recalls.push(right / positives)
      precisions.push(right / (right + wrong + Number.EPSILON))
    }
    for (let i = precisions.length - 1; i > 0; i--)
      if (precisions[i] > precisions[i - 1]) precisions[i - 1] = precisions[i]
    curve.fill(0)
    for (let r = 0, i = 0; r <= 100; r++) {
      const wanted = r === 100 ? 1 : r * 0.01
      while (i < recalls.length && recalls[i] < wanted) i++
      if (i === recalls.length) break
      curve[r] = precisions[i]
    }
    return { curve, recall: recalls.length > 0 ? recalls[recalls.length - 1] : 0 }
  }

  /**
   * The precision-recall curve of one class.
   * @throws ValueError at a threshold that is not among the evaluator's.
   */
  curve(categoryId: number, iouThreshold: number, area: CocoArea = 'all'): CocoCurve {
    const t = this.#iouThresholds.findIndex((v) => Math.abs(v - iouThreshold) < 1e-9)
    if (t < 0)
      throw new ValueError({ op: 'CocoEvaluator.curve', problem: 'no such threshold', got: String(iouThreshold) })
    const record = this.#classes.get(categoryId) ?? emptyRecord()
    const limit = this.#maxDetections[this.#maxDetections.length - 1]
    const recalls = Float64Array.from({ length: 101 }, (_, i) => (i === 100 ? 1 : i * 0.01))
    return { recalls, precisions: this.#accumulate(record, orderOf(record), t, area, limit).curve }
  }

  /** All averages. Classes come by ascending id. */
  summary(): CocoSummary {
    const ids = [...this.#classes.keys()].sort((a, b) => a - b)
    const orders = ids.map((id) => orderOf(this.#record(id)))
    const limits = this.#maxDetections
    const last = limits[limits.length - 1]
    const thresholds = this.#iouThresholds.map((_, t) => t)
    const at = (value: number): number[] => thresholds.filter((t) => Math.abs(this.#iouThresholds[t] - value) < 1e-9)
    const results = new Map<string, { curve: Float64Array; recall: number }>()
    const result = (k: number, t: number, area: CocoArea, limit: number): { curve: Float64Array; recall: number } => {
      const key = `${k} ${t} ${area} ${limit}`
      const known = results.get(key) ?? this.#accumulate(this.#record(ids[k]), orders[k], t, area, limit)
      results.set(key, known)
      return known
    }
    const every = ids.map((_, k) => k)
    const ap = (classes: number[], ts: number[], area: CocoArea): number =>
      meanDefined(classes.flatMap((k) => ts.flatMap((t) => [...result(k, t, area, last).curve])))
    const ar = (classes: number[], area: CocoArea, limit: number): number =>
      meanDefined(classes.flatMap((k) => thresholds.map((t) => result(k, t, area, limit).recall)))
    return {
      ap: ap(every, thresholds, 'all'),
      ap50: ap(every, at(0.5), 'all'),
      ap75: ap(every, at(0.75), 'all'),
      apSmall: ap(every, thresholds, 'small'),
      apMedium: ap(every, thresholds, 'medium'),
      apLarge: ap(every, thresholds, 'large'),
      ar1: ar(every, 'all', limits[0]),
      ar10: ar(every, 'all', limits[Math.min(1, limits.length - 1)]),
      ar100: ar(every, 'all', last),
      arSmall: ar(every, 'small', last),
      arMedium: ar(every, 'medium', last),
      arLarge: ar(every, 'large', last),
      perClass: ids.map((categoryId, k) => ({
        categoryId,
        ap: ap([k], thresholds, 'all'),
        ap50: ap([k], at(0.5), 'all'),
        ar: ar([k], 'all', last),
      })),
    }
  }

  #record(id: number): ClassRecord {
    return this.#classes.get(id) ?? emptyRecord()
  }
}

const ignores = (g: CocoObject, iouType: string): boolean =>
  (g.isCrowd ?? false) || (iouType === 'keypoints' && !g.keypoints?.some((v, i) => i % 3 === 2 && v > 0))

const orderOf = ({ scores }: ClassRecord): Int32Array =>
  Int32Array.from(scores, (_, i) => i).sort((i, j) => scores[j] - scores[i] || i - j)

const meanDefined = (values: readonly number[]): number => {
  let sum = 0
  let n = 0
  for (const v of values) {
    if (v <= -1) continue
    sum += v
    n++
  }
  return n === 0 ? -1 : sum / n
}

/**
 * Matches detections, best first, with the free truth of the largest overlap, real truth before ignored; a crowd may
 * be matched again. Ties go to the later truth.
 * @param order - truth, ignored ones last
 */
const match = (
  overlaps: Float64Array,
  detections: number,
  order: readonly number[],
  ignoredTruth: readonly boolean[],
  crowd: readonly boolean[],
  thresholds: readonly number[],
): { matched: Int32Array; ignored: Int32Array } => {
  const matched = new Int32Array(detections)
  const ignored = new Int32Array(detections)
  const n = order.length
  if (n === 0) return { matched, ignored }
  const taken = new Uint8Array(n)
  thresholds.forEach((threshold, t) => {
    taken.fill(0)
    for (let i = 0; i < detections; i++) {
      let best = Math.min(threshold, 1 - 1e-10)
      let found = -1
      for (let k = 0; k < n; k++) {
        const j = order[k]
        if (taken[j] === 1 && !crowd[j]) continue
        if (found >= 0 && !ignoredTruth[found] && ignoredTruth[j]) break
        const overlap = overlaps[i * n + j]
        if (overlap < best) continue
        best = overlap
        found = j
      }
      if (found < 0) continue
      taken[found] = 1
      matched[i] |= 1 << t
      if (ignoredTruth[found]) ignored[i] |= 1 << t
    }
  })
  return { matched, ignored }
}
