import {
  ByteTrack,
  drawTracks,
  evaluateTracking,
  rasterSurface,
  Sort,
  Trails,
  type Track,
  type TrackFrame,
} from '@lanewise/vision'
import type { Metrics } from './context.ts'
import { blank, sheet, type Picture } from './picture.ts'

/** What a detector gives for one frame. */
export interface DetectedFrame {
  readonly frame: number
  /** xyxy, [N, 4] */
  readonly boxes: Float64Array
  readonly scores: Float64Array
}

/** A tracker's answer, frame by frame. */
export interface TrackedSequence {
  readonly frames: TrackFrame[]
  readonly tracks: Track[][]
}

const makers = { sort: () => new Sort(), byteTrack: () => new ByteTrack() }

/** Names of the trackers. */
export const trackers = Object.keys(makers) as (keyof typeof makers)[]

/** Runs a tracker over a sequence. */
export const track = (name: keyof typeof makers, sequence: readonly DetectedFrame[]): TrackedSequence => {
  const tracker = makers[name]()
  const tracks = sequence.map((frame) => tracker.update(frame))
  return {
    tracks,
    frames: tracks.map((own, i) => ({
      frame: sequence[i]?.frame ?? i,
      ids: own.map((t) => t.id),
      boxes: own.flatMap((t) => t.box),
    })),
  }
}

/** The figures of one tracker on one sequence. */
export const figures = (truth: readonly TrackFrame[], found: readonly TrackFrame[]): Metrics => {
  const s = evaluateTracking(truth, found)
  return {
    mota: s.mota,
    motp: s.motp,
    idf1: s.idf1,
    hota: s.hota,
    recall: s.recall,
    precision: s.precision,
    falsePositives: s.falsePositives,
    misses: s.misses,
    switches: s.switches,
    fragmentations: s.fragmentations,
  }
}

/** One line for the reader. */
export const figureLine = (m: Metrics): string =>
  ['mota', 'motp', 'idf1', 'hota'].map((k) => `${k.toUpperCase()} ${(100 * Number(m[k])).toFixed(1)}`).join(', ') +
  `, ${m['falsePositives']} false, ${m['misses']} missed, ${m['switches']} switches`

/** A strip of pictures of the tracks with their tails at `count` frames of the sequence. */
export const trackStrip = (
  { tracks }: TrackedSequence,
  { width, height }: { width: number; height: number },
  count: number,
  background: (frame: number) => Picture = () => blank(width, height, 3, 32),
): Picture => {
  const trails = new Trails(40)
  const pictures: Picture[] = []
  tracks.forEach((own, i) => {
    trails.update(own)
    if (Math.floor(((i + 1) * count) / tracks.length) === Math.floor((i * count) / tracks.length)) return
    const picture = background(i)
    drawTracks(rasterSurface(picture), own, trails)
    pictures.push(picture)
  })
  return sheet(pictures, 2)
}
