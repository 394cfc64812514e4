import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { motFrames, parseMot, type TrackFrame } from '../io/mot.ts'
import { draws, golden, worstError } from '../testing/golden.ts'
import { dataPath } from '../testing/shared.ts'
import { clearMot, evaluateTracking, hota, identityScores } from './mot.ts'

const folder = dataPath('mot')
const read = (name: string) => parseMot(readFileSync(`${folder}/${name}`, 'utf8'), { file: name })

describe('metrics of the stored results', () => {
  it.skipIf(folder === null)('TUD-Campus has the figures of py-motmetrics (skipped without the data)', () => {
    const scores = evaluateTracking(
      motFrames(read('TUD-Campus/gt.txt')),
      motFrames(read('TUD-Campus/tracker_result.txt')),
    )
    expect(scores).toMatchObject({ falsePositives: 13, misses: 150, switches: 7, fragmentations: 7 })
    expect(scores).toMatchObject({ mostlyTracked: 1, partiallyTracked: 6, mostlyLost: 1, objects: 359, identities: 8 })
    const { mota, motp, recall, precision, idf1, idPrecision, idRecall } = scores
    const shares = [mota, motp, recall, precision, idf1, idPrecision, idRecall, scores.hota, scores.detA, scores.assA]
    const published = [0.5265, 1 - 0.277, 0.582, 0.941, 0.558, 0.73, 0.451, 0.391, 0.418, 0.369]
    shares.forEach((share, k) => expect(Math.abs(share - published[k])).toBeLessThan(5.1e-4))
  })

  it.skipIf(folder === null)('MOT16-11 has the reference figures, class 1 alone (skipped without the data)', () => {
    const truth = read('MOT16-11/gt.txt').filter((r) => r.label === 1 && r.score === 1)
    const scores = clearMot(motFrames(truth), motFrames(read('MOT16-11/tracker_result.txt')))
    expect(scores).toMatchObject({ falsePositives: 369, misses: 3838, switches: 35 })
    expect(scores.mota).toBeCloseTo(0.5376, 4)
  })
})

/** `sequence` of tools/golden/vision_mot.py. */
const sequence = (seed: number): [TrackFrame[], TrackFrame[]] => {
  const [frames, objects] = [25, 5]
  const d = draws(seed, objects * 6)
  const n = draws(seed + 1, frames * objects * 4)
  const truth: TrackFrame[] = []
  const found: TrackFrame[] = []
  for (let f = 0; f < frames; f++) {
    const g = new Map<number, number[]>()
    const t = new Map<number, number[]>()
    for (let k = 0; k < objects; k++) {
      const [a, b, c, e, p, q] = d.subarray(6 * k)
      const noise = n.subarray(4 * (f * objects + k))
      const [x, y] = [a * 100 + f * (c * 4 - 2), b * 100 + f * (e * 4 - 2)]
      const [w, h] = [10 + p * 20, 10 + q * 20]
      if (f >= k) g.set(k, [x, y, x + w, y + h])
      if (noise[0] > 0.2) {
        const [dx, dy] = [(noise[1] - 0.5) * 12, (noise[2] - 0.5) * 12]
        const track = f > 12 && k < 2 ? (k + 1) % objects : k
        t.set(100 + track + (noise[3] > 0.85 ? 10 : 0), [x + dx, y + dy, x + dx + w, y + dy + h])
      }
    }
    truth.push({ frame: f, ids: [...g.keys()], boxes: [...g.values()].flat() })
    found.push({ frame: f, ids: [...t.keys()], boxes: [...t.values()].flat() })
  }
  return [truth, found]
}

describe('tracking metrics', () => {
  const want = golden(new URL('./__golden__/mot.json', import.meta.url))

  it.each([1, 11, 21])('follow the definitions of the papers: sequence %s', (seed) => {
    const [truth, found] = sequence(seed)
    const scores = evaluateTracking(truth, found)
    const perThreshold = scores.perThreshold.flatMap(({ hota: h, detA, assA, locA }) => [h, detA, assA, locA])
    // The sequence is drawn in float32 on one side and float64 on the other.
    expect(worstError(perThreshold, want[`hota ${seed}`].data)).toBeLessThan(1e-6)
    const [right, tracks, objects] = want[`id ${seed}`].data
    expect(scores).toMatchObject({
      idTruePositives: right,
      idFalsePositives: tracks - right,
      idFalseNegatives: objects - right,
    })
    const [falsePositives, misses, switches] = want[`clear ${seed}`].data
    expect(scores).toMatchObject({ falsePositives, misses, switches })
  })

  const one = (frame: number, id: number, x = 0): TrackFrame => ({ frame, ids: [id], boxes: [x, 0, x + 10, 10] })

  it('by hand: a switch, a fragmentation, and the perfect tracker', () => {
    const truth = [1, 2, 3, 4, 5].map((f) => one(f, 1))
    const found = [one(1, 7), one(2, 7), one(4, 8), one(5, 8)]
    expect(clearMot(truth, found)).toMatchObject({ switches: 1, fragmentations: 0, misses: 1, matches: 4 })
    const gap = [one(1, 7), { frame: 2, ids: [7], boxes: [50, 0, 60, 10] }, one(3, 7)]
    expect(clearMot(truth.slice(0, 3), gap)).toMatchObject({
      switches: 0,
      fragmentations: 1,
      misses: 1,
      falsePositives: 1,
    })
    expect(identityScores(truth, found)).toMatchObject({ idTruePositives: 2, idFalsePositives: 2, idFalseNegatives: 3 })
    expect(evaluateTracking(truth, truth)).toMatchObject({ mota: 1, motp: 1, idf1: 1, hota: 1, mostlyTracked: 1 })
  })

  it('of nothing', () => {
    expect(evaluateTracking([], [one(1, 1)])).toMatchObject({ mota: -1, idf1: 0, hota: 0, falsePositives: 1 })
    expect(evaluateTracking([one(1, 1)], [])).toMatchObject({ mota: 0, motp: 0, idf1: 0, hota: 0, misses: 1 })
    expect(evaluateTracking([], [])).toMatchObject({ mota: 0, motp: 0, idf1: 0, hota: 0, recall: 0 })
    expect(hota([], []).hota).toBe(0)
  })

  it('refuse frames and ids that appear twice, and broken boxes', () => {
    expect(() => clearMot([one(1, 1), one(1, 2)], [])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: clearMot: ground truth: a frame appears twice; got frame 1, expected each frame once, each id once in a frame.]`,
    )
    expect(() =>
      clearMot([], [{ frame: 3, ids: [1, 1], boxes: [0, 0, 1, 1, 0, 0, 1, 1] }]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: clearMot: tracks: an id appears twice; got id 1 in frame 3, expected each frame once, each id once in a frame.]`,
    )
    expect(() => hota([{ frame: 3, ids: [1], boxes: [0, 0, 1] }], [])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: hota: ground truth: boxes and ids do not match; got 3 numbers for 1 ids.]`,
    )
    expect(() => hota([{ frame: 3, ids: [1], boxes: [0, 0, 1, NaN] }], [])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: hota: ground truth: a box is not finite; got frame 3, expected each frame once, each id once in a frame.]`,
    )
  })
})
