import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { motFrames, parseMot, type TrackFrame } from '../io/mot.ts'
import { evaluateTracking } from '../metrics/mot.ts'
import { draws } from '../testing/golden.ts'
import { dataPath } from '../testing/shared.ts'
import { ByteTrack, type ByteTrackOptions } from './byte-track.ts'
import type { FrameDetections, Track } from './detections.ts'
import { Sort } from './sort.ts'

const folder = dataPath('mot/TUD-Campus')
const rows = (name: string) => parseMot(readFileSync(`${folder}/${name}`, 'utf8'))

/** Runs a tracker over the detections of TUD-Campus. */
const run = (tracker: Sort | ByteTrack): TrackFrame[] => {
  const detections = rows('det_fasterrcnn.txt')
  return Array.from({ length: 71 }, (_, i) => {
    const own = detections.filter((r) => r.frame === i + 1)
    const boxes = own.flatMap(({ box: [x, y, w, h] }) => [x, y, x + w, y + h])
    const found = tracker.update({ frame: i + 1, boxes, scores: own.map((r) => r.score) })
    return { frame: i + 1, ids: found.map((t) => t.id), boxes: found.flatMap((t) => t.box) }
  })
}

describe.skipIf(folder === null)('trackers on TUD-Campus (skipped without the data)', () => {
  it('SORT has its published row', () => {
    const s = evaluateTracking(motFrames(rows('gt.txt')), run(new Sort()))
    expect(s).toMatchObject({ falsePositives: 15, misses: 113, switches: 6, fragmentations: 9 })
    expect([s.mota, s.motp, s.recall, s.precision].map((v) => (100 * v).toFixed(1))).toEqual([
      '62.7',
      '73.7',
      '68.5',
      '94.3',
    ])
  })

  it('ByteTrack has the IDF1 of the published implementation, with and without the extra pixel', () => {
    const idf1 = (options: ByteTrackOptions) =>
      evaluateTracking(motFrames(rows('gt.txt')), run(new ByteTrack(options))).idf1
    expect(idf1({}).toFixed(3)).toBe('0.713')
    expect(idf1({ inclusive: false }).toFixed(3)).toBe('0.667')
  })

  it('give the same again after reset', () => {
    for (const tracker of [new Sort(), new ByteTrack()]) {
      const first = run(tracker)
      tracker.reset()
      expect(run(tracker)).toEqual(first)
    }
  })
})

const box = (x: number, y = 0): number[] => [x, y, x + 20, y + 40]
const ids = (tracks: readonly Track[]): number[] => tracks.map((t) => t.id)

describe('Sort', () => {
  it('keeps an id over one missed frame with maxAge 1, not over two', () => {
    const tracker = new Sort({ minHits: 1 })
    expect(ids(tracker.update({ boxes: box(0) }))).toEqual([1])
    expect(ids(tracker.update({ boxes: [] }))).toEqual([])
    expect(ids(tracker.update({ boxes: box(2) }))).toEqual([1])
    expect(ids(tracker.update({ boxes: box(3), frame: 6 }))).toEqual([])
    expect(ids(tracker.update({ boxes: box(4) }))).toEqual([2])
  })

  it('gives a track out after minHits, but at once in the first frames', () => {
    const tracker = new Sort({ minHits: 2 })
    expect(ids(tracker.update({ boxes: box(0) }))).toEqual([1])
    expect(ids(tracker.update({ boxes: [...box(0), ...box(200)] }))).toEqual([1, 2])
    const three = { boxes: [...box(0), ...box(200), ...box(400)] }
    expect([1, 2, 3].map(() => ids(tracker.update(three)))).toEqual([[1], [1, 2], [1, 2, 3]])
  })

  it('hands score, label and place of the detection through', () => {
    const tracker = new Sort({ minHits: 1 })
    const tracks = tracker.update({ boxes: [...box(0), ...box(100)], scores: [0.5, 0.25], labels: [7, 8] })
    expect(tracks.map(({ score, label, detection, age }) => [score, label, detection, age])).toEqual([
      [0.5, 7, 0, 1],
      [0.25, 8, 1, 1],
    ])
  })
})

describe('ByteTrack', () => {
  it("carries a covered object on with weak detections, where SORT's rule would lose it", () => {
    const tracker = new ByteTrack()
    for (let f = 0; f < 5; f++) tracker.update({ boxes: box(4 * f), scores: [0.9] })
    for (let f = 5; f < 12; f++) expect(ids(tracker.update({ boxes: box(4 * f), scores: [0.3] }))).toEqual([1])
    expect(ids(tracker.update({ boxes: box(300), scores: [0.3] }))).toEqual([])
  })

  it('finds a lost object again within the buffer, not after it', () => {
    for (const [gap, id] of [
      [20, 1],
      [40, 2],
    ]) {
      const tracker = new ByteTrack()
      for (let f = 1; f <= 10; f++) tracker.update({ boxes: box(2 * f), scores: [0.9], frame: f })
      const back = 10 + gap
      const later = [0, 1].map((k) =>
        ids(tracker.update({ boxes: box(2 * (back + k)), scores: [0.9], frame: back + k })),
      )
      expect(later[1]).toEqual([id])
    }
  })

  it('needs two frames for a new track after the first', () => {
    const tracker = new ByteTrack()
    tracker.update({ boxes: [] })
    expect(ids(tracker.update({ boxes: box(0), scores: [0.9] }))).toEqual([])
    expect(ids(tracker.update({ boxes: box(1), scores: [0.9] }))).toEqual([1])
    expect(ids(tracker.update({ boxes: [...box(1), ...box(100)], scores: [0.9, 0.65] }))).toEqual([1])
    expect(ids(tracker.update({ boxes: [...box(1), ...box(100)], scores: [0.9, 0.65] }))).toEqual([1])
  })

  it('two trackers share nothing', () => {
    const [a, b] = [new ByteTrack(), new ByteTrack()]
    expect(ids(a.update({ boxes: box(0) }))).toEqual([1])
    expect(ids(b.update({ boxes: box(0) }))).toEqual([1])
  })
})

describe.each([
  ['Sort', () => new Sort({ minHits: 1 })],
  ['ByteTrack', () => new ByteTrack()],
] as const)('%s with embeddings', (_, make) => {
  it('tells objects that change places apart by their appearance', () => {
    const swap = (embeddings: boolean): number[] => {
      const tracker = make()
      const frame = (a: number, b: number, flip: boolean): FrameDetections => {
        const looks = flip ? [0, 1, 1, 0] : [1, 0, 0, 1]
        return { boxes: [...box(a), ...box(b)], scores: [0.9, 0.9], ...(embeddings ? { embeddings: looks } : {}) }
      }
      tracker.update(frame(0, 4, false))
      tracker.update(frame(0, 4, false))
      return ids(tracker.update(frame(1, 5, true)).sort((p, q) => p.detection - q.detection))
    }
    expect(swap(false)).toEqual([1, 2])
    expect(swap(true)).toEqual([2, 1])
  })

  it('does not join what is far apart, however alike', () => {
    const tracker = make()
    for (const x of [0, 1]) tracker.update({ boxes: box(x), scores: [0.9], embeddings: [1, 0] })
    for (const x of [400, 401]) tracker.update({ boxes: box(x), scores: [0.9], embeddings: [1, 0] })
    expect(ids(tracker.update({ boxes: box(402), scores: [0.9], embeddings: [1, 0] }))).toEqual([2])
  })
})

describe.each([
  ['Sort', () => new Sort({ minHits: 1 })],
  ['ByteTrack', () => new ByteTrack()],
] as const)('%s at bad input', (_, make) => {
  it('refuses it and goes on as if it had not come', () => {
    const tracker = make()
    const other = make()
    const good = (f: number): FrameDetections => ({ boxes: box(f), frame: f })
    tracker.update(good(3))
    other.update(good(3))
    const bad: FrameDetections[] = [
      good(3),
      good(2),
      { boxes: box(1), frame: 3.5 },
      { boxes: [0, 0, NaN, 1] },
      { boxes: [0, 0, 1, Infinity] },
      { boxes: [5, 0, 5, 1] },
      { boxes: [0, 5, 5, 1] },
      { boxes: [0, 0, 1] },
      { boxes: box(0), scores: [0.5, 0.6] },
      { boxes: box(0), scores: [NaN] },
      { boxes: box(0), labels: [] },
    ]
    for (const frame of bad) expect(() => tracker.update(frame)).toThrow(/^(Sort|ByteTrack)\.update: /)
    expect(tracker.update(good(4))).toEqual(other.update(good(4)))
  })
})

describe('messages', () => {
  it('say what is wrong', () => {
    const tracker = new ByteTrack()
    tracker.update({ boxes: box(0), embeddings: [1, 2], frame: 5 })
    expect(() => tracker.update({ boxes: box(0), frame: 5 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: ByteTrack.update: frames do not ascend; got frame 5 after 5, expected a whole number above 5. Call reset() before a new sequence.]`,
    )
    expect(() => tracker.update({ boxes: box(0), embeddings: [1, 2, 3] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ByteTrack.update: the detections do not fit together; got 4 numbers of boxes, 1 scores, 1 labels, 3 numbers of embeddings, expected 4, 1, 1 and 2 for each.]`,
    )
    expect(() => tracker.update({ boxes: box(0), embeddings: [0, 0] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: ByteTrack.update: an embedding has no direction; got length² 0 at 0.]`,
    )
    expect(() => tracker.update({ boxes: [3, 0, 1, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: ByteTrack.update: a detection is not usable; got [3, 0, 1, 1], score 1, at 0, expected finite x1 < x2, y1 < y2 and score.]`,
    )
    expect(() => new ByteTrack({ trackThreshold: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: ByteTrack: trackThreshold is out of range; got -1, expected a number from 0 on.]`,
    )
    expect(() => new Sort({ iouThreshold: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Sort: an option is out of range; got iouThreshold 2, maxAge 1, minHits 3, appearanceThreshold 0.25, expected iouThreshold in [0, 1], the others from 0 on.]`,
    )
  })
})

describe('many objects', () => {
  it('keep their ids while they move', () => {
    for (const tracker of [new Sort({ minHits: 1 }), new ByteTrack()]) {
      const speed = draws(3, 80).map((v) => v * 4 - 2)
      const seen = new Set<number>()
      for (let f = 0; f < 30; f++) {
        const boxes = Array.from({ length: 40 }, (_, k) =>
          box((k % 8) * 100 + f * speed[2 * k], Math.floor(k / 8) * 150 + f * speed[2 * k + 1]),
        )
        for (const id of ids(tracker.update({ boxes: boxes.flat() }))) seen.add(id)
      }
      expect(seen.size).toBe(40)
    }
  })
})
