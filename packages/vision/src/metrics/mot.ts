import type { TrackFrame } from '../io/mot.ts'
import { assign } from '../track/assignment.ts'
import { pairFrames, type PairedFrames } from './mot-pairs.ts'

/** The CLEAR-MOT measures of one sequence. Counts are of boxes. */
export interface ClearMot {
  /** 1 - (misses + falsePositives + switches) / objects; negative where errors outnumber objects. */
  readonly mota: number
  /** Mean IoU of the matches; 0 without any. */
  readonly motp: number
  /** Matches over objects. */
  readonly recall: number
  /** Matches over tracked boxes. */
  readonly precision: number
  readonly matches: number
  readonly misses: number
  readonly falsePositives: number
  /** How often an object was matched to another track than before. */
  readonly switches: number
  /** How often an object's track was taken up again after a gap. */
  readonly fragmentations: number
  /** Objects matched in more than 80 % of their frames, at least 20 %, and less. */
  readonly mostlyTracked: number
  readonly partiallyTracked: number
  readonly mostlyLost: number
  /** Boxes and different objects of the ground truth. */
  readonly objects: number
  readonly identities: number
}

/** The identity measures of one sequence. */
export interface IdentityScores {
  readonly idf1: number
  readonly idPrecision: number
  readonly idRecall: number
  readonly idTruePositives: number
  readonly idFalsePositives: number
  readonly idFalseNegatives: number
}

/** Higher order tracking accuracy, means over 19 thresholds 0.05, 0.1, ..., 0.95 and the values at each. */
export interface HotaScores {
  readonly hota: number
  /** Accuracy of detection, association and localisation. */
  readonly detA: number
  readonly assA: number
  readonly locA: number
  readonly perThreshold: {
    readonly threshold: number
    readonly hota: number
    readonly detA: number
    readonly assA: number
    readonly locA: number
  }[]
}

/** Options of the tracking metrics. */
export interface MotOptions {
  /** IoU from which on a track may match an object; HOTA has its own. Default 0.5. */
  readonly iouThreshold?: number
}

const eps = Number.EPSILON

const clear = ({ frames, truthIds, truthCount, foundCount }: PairedFrames, threshold: number): ClearMot => {
  const lastTrack = new Int32Array(truthIds).fill(-1)
  const seen = new Int32Array(truthIds)
  const matchedFrames = new Int32Array(truthIds)
  const segments = new Int32Array(truthIds)
  let matchedBefore = new Set<number>()
  let trackBefore = new Map<number, number>()
  let [matches, switches, iouSum] = [0, 0, 0]
  for (const { truth, found, overlaps } of frames) {
    for (const g of truth) seen[g]++
    // A match of the frame before is kept wherever it is still good enough: it outweighs any gain in overlap.
    const score = overlaps.map((iou, k) => {
      if (iou < threshold - eps) return 0
      const kept = trackBefore.get(truth[Math.floor(k / found.length)]) === found[k % found.length]
      return iou + (kept ? 1000 : 0)
    })
    const columnOf = assign(score, { rows: truth.length, columns: found.length, maximize: true })
    const matched = new Set<number>()
    const tracks = new Map<number, number>()
    columnOf.forEach((j, i) => {
      if (j < 0 || score[i * found.length + j] <= eps) return
      const g = truth[i]
      if (lastTrack[g] >= 0 && lastTrack[g] !== found[j]) switches++
      lastTrack[g] = found[j]
      tracks.set(g, found[j])
      matched.add(g)
      matchedFrames[g]++
      if (!matchedBefore.has(g)) segments[g]++
      matches++
      iouSum += overlaps[i * found.length + j]
    })
    // A frame without both objects and tracks ends no segment and keeps the pairs.
    if (truth.length === 0 || found.length === 0) continue
    matchedBefore = matched
    trackBefore = tracks
  }
  const share = (g: number): number => matchedFrames[g] / seen[g]
  const ids = Array.from({ length: truthIds }, (_, g) => g)
  const misses = truthCount - matches
  const falsePositives = foundCount - matches
  return {
    mota: (matches - falsePositives - switches) / Math.max(1, truthCount),
    motp: matches === 0 ? 0 : iouSum / matches,
    recall: matches / Math.max(1, truthCount),
    precision: matches / Math.max(1, foundCount),
    matches,
    misses,
    falsePositives,
    switches,
    fragmentations: ids.reduce((sum, g) => sum + Math.max(0, segments[g] - 1), 0),
    mostlyTracked: ids.filter((g) => share(g) > 0.8).length,
    partiallyTracked: ids.filter((g) => share(g) >= 0.2 && share(g) <= 0.8).length,
    mostlyLost: ids.filter((g) => share(g) < 0.2).length,
    objects: truthCount,
    identities: truthIds,
  }
}

const identity = (
  { frames, truthIds, foundIds, truthCount, foundCount }: PairedFrames,
  threshold: number,
): IdentityScores => {
  const potential = new Float64Array(truthIds * foundIds)
  for (const { truth, found, overlaps } of frames) {
    overlaps.forEach((iou, k) => {
      if (iou >= threshold) potential[truth[Math.floor(k / found.length)] * foundIds + found[k % found.length]]++
    })
  }
  // Every box outside of its identity's pair is a false positive or a false negative.
  const columnOf = assign(potential, { rows: truthIds, columns: foundIds, maximize: true })
  const right = columnOf.reduce((sum, j, i) => sum + (j < 0 ? 0 : potential[i * foundIds + j]), 0)
  return {
    idf1: right / Math.max(1, (truthCount + foundCount) / 2),
    idPrecision: right / Math.max(1, foundCount),
    idRecall: right / Math.max(1, truthCount),
    idTruePositives: right,
    idFalsePositives: foundCount - right,
    idFalseNegatives: truthCount - right,
  }
}

const hotaThresholds = Array.from({ length: 19 }, (_, i) => 0.05 + i * 0.05)

/** How well each pair of identities fits over the whole sequence, in [0, 1]. */
const alignment = (
  { frames, truthIds, foundIds }: PairedFrames,
  truthFrames: Int32Array,
  foundFrames: Int32Array,
): Float64Array => {
  const shared = new Float64Array(truthIds * foundIds)
  for (const { truth, found, overlaps } of frames) {
    const rows = new Float64Array(truth.length)
    const columns = new Float64Array(found.length)
    overlaps.forEach((iou, k) => {
      rows[Math.floor(k / found.length)] += iou
      columns[k % found.length] += iou
    })
    overlaps.forEach((iou, k) => {
      const [i, j] = [Math.floor(k / found.length), k % found.length]
      const all = rows[i] + columns[j] - iou
      if (all > eps) shared[truth[i] * foundIds + found[j]] += iou / all
    })
  }
  return shared.map((s, k) => s / (truthFrames[Math.floor(k / foundIds)] + foundFrames[k % foundIds] - s))
}

const hotaOf = (pairs: PairedFrames): HotaScores => {
  const { frames, truthIds, foundIds, truthCount, foundCount } = pairs
  const truthFrames = new Int32Array(truthIds)
  const foundFrames = new Int32Array(foundIds)
  for (const { truth, found } of frames) {
    for (const g of truth) truthFrames[g]++
    for (const t of found) foundFrames[t]++
  }
  const fit = alignment(pairs, truthFrames, foundFrames)
  const counts = hotaThresholds.map(() => new Float64Array(truthIds * foundIds))
  const right = new Float64Array(19)
  const located = new Float64Array(19)
  for (const { truth, found, overlaps } of frames) {
    const score = overlaps.map(
      (iou, k) => iou * fit[truth[Math.floor(k / found.length)] * foundIds + found[k % found.length]],
    )
    const columnOf = assign(score, { rows: truth.length, columns: found.length, maximize: true })
    columnOf.forEach((j, i) => {
      if (j < 0) return
      const iou = overlaps[i * found.length + j]
      for (let a = 0; a < 19 && iou >= hotaThresholds[a] - eps; a++) {
        right[a]++
        located[a] += iou
        counts[a][truth[i] * foundIds + found[j]]++
      }
    })
  }
  const perThreshold = hotaThresholds.map((threshold, a) => {
    const detA = right[a] / Math.max(1, truthCount + foundCount - right[a])
    const associated = counts[a].reduce(
      (sum, n, k) => sum + (n * n) / Math.max(1, truthFrames[Math.floor(k / foundIds)] + foundFrames[k % foundIds] - n),
      0,
    )
    const assA = associated / Math.max(1, right[a])
    const locA = Math.max(1e-10, located[a]) / Math.max(1e-10, right[a])
    return { threshold, hota: Math.sqrt(detA * assA), detA, assA, locA }
  })
  const mean = (of: 'hota' | 'detA' | 'assA' | 'locA'): number => perThreshold.reduce((sum, p) => sum + p[of], 0) / 19
  return { hota: mean('hota'), detA: mean('detA'), assA: mean('assA'), locA: mean('locA'), perThreshold }
}

/**
 * CLEAR-MOT of one sequence. A pair of the frame before is kept while its IoU lasts; the rest is assigned for the
 * largest total IoU.
 * @param truth - ground truth by frame; frames that are missing are empty
 * @param tracks - tracks by frame
 * @throws ValueError at a frame or id that appears twice or a box that is not finite; ShapeError when counts differ.
 * @source Bernardin and Stiefelhagen 2008; checked against published figures in mot.test.ts
 * @example
 * const truth = [{ frame: 1, ids: [7], boxes: [0, 0, 10, 10] }]
 * clearMot(truth, [{ frame: 1, ids: [3], boxes: [0, 0, 10, 9] }]).motp // => 0.9
 */
export const clearMot = (
  truth: readonly TrackFrame[],
  tracks: readonly TrackFrame[],
  { iouThreshold = 0.5 }: MotOptions = {},
): ClearMot => clear(pairFrames('clearMot', truth, tracks), iouThreshold)

/**
 * IDF1 and its parts: one track for each object over the whole sequence, paired for the most common frames.
 * @throws as {@link clearMot}.
 * @source Ristani et al. 2016
 * @example
 * const truth = [{ frame: 1, ids: [7], boxes: [0, 0, 10, 10] }]
 * identityScores(truth, truth).idf1 // => 1
 */
export const identityScores = (
  truth: readonly TrackFrame[],
  tracks: readonly TrackFrame[],
  { iouThreshold = 0.5 }: MotOptions = {},
): IdentityScores => identity(pairFrames('identityScores', truth, tracks), iouThreshold)

/**
 * HOTA and its parts.
 * @throws as {@link clearMot}.
 * @source Luiten et al. 2021
 * @example
 * const truth = [{ frame: 1, ids: [7], boxes: [0, 0, 10, 10] }]
 * hota(truth, truth).hota // => 1
 */
export const hota = (truth: readonly TrackFrame[], tracks: readonly TrackFrame[]): HotaScores =>
  hotaOf(pairFrames('hota', truth, tracks))

/** All tracking metrics of one sequence. */
export interface TrackingScores extends ClearMot, IdentityScores, HotaScores {}

/**
 * {@link clearMot}, {@link identityScores} and {@link hota} at once.
 * @throws as {@link clearMot}.
 * @example
 * const truth = [{ frame: 1, ids: [7], boxes: [0, 0, 10, 10] }]
 * evaluateTracking(truth, []).misses // => 1
 */
export const evaluateTracking = (
  truth: readonly TrackFrame[],
  tracks: readonly TrackFrame[],
  { iouThreshold = 0.5 }: MotOptions = {},
): TrackingScores => {
  const pairs = pairFrames('evaluateTracking', truth, tracks)
  return { ...clear(pairs, iouThreshold), ...identity(pairs, iouThreshold), ...hotaOf(pairs) }
}
