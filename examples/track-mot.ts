import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatMot, motFrames, parseMot, type MotRow, type TrackFrame } from '@lanewise/vision'
import type { Context, Metrics } from './lib/context.ts'
import { enlarge, png } from './lib/picture.ts'
import { streetScene } from './lib/street.ts'
import {
  figureLine,
  figures,
  track,
  trackers,
  trackStrip,
  type DetectedFrame,
  type TrackedSequence,
} from './lib/tracking.ts'

export const summary = 'SORT and ByteTrack on MOT challenge detections: MOTA, IDF1, HOTA and a strip of pictures'

const read = (path: string): MotRow[] => parseMot(readFileSync(path, 'utf8'), { file: path })

/** Every frame from 1 to `last`, empty ones included, as a camera gives them. */
const everyFrame = (rows: readonly MotRow[], last: number): DetectedFrame[] =>
  Array.from({ length: last }, (_, i) => {
    const own = rows.filter((row) => row.frame === i + 1)
    return {
      frame: i + 1,
      boxes: Float64Array.from(own.flatMap(({ box: [x, y, w, h] }) => [x, y, x + w, y + h])),
      scores: Float64Array.from(own, (row) => row.score),
    }
  })

interface Sequence {
  readonly name: string
  readonly truth: TrackFrame[]
  readonly detections: DetectedFrame[] | null
  readonly stored: TrackFrame[] | null
}

/** From MOT16 on ground truth names classes, and marks what counts. */
const counted = (row: MotRow): boolean => row.score > 0 && (row.label === 1 || row.label === -1)

const sequencesIn = (folder: string): Sequence[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'gt.txt')))
    .map(({ name }) => {
      const rows = read(join(folder, name, 'gt.txt'))
      const last = rows.reduce((most, row) => Math.max(most, row.frame), 0)
      const detections = [join(folder, name, 'det_fasterrcnn.txt'), join(folder, 'sort-dets', `${name}.det.txt`)].find(
        existsSync,
      )
      const result = join(folder, name, 'tracker_result.txt')
      return {
        name,
        truth: motFrames(rows.filter(counted)),
        detections: detections === undefined ? null : everyFrame(read(detections), last),
        stored: existsSync(result) ? motFrames(read(result)) : null,
      }
    })

const asMot = ({ tracks }: TrackedSequence): string =>
  formatMot(
    tracks.flatMap((own, i) =>
      own.map(({ id, box: [x1, y1, x2, y2], score }) => ({
        frame: i + 1,
        id,
        box: [x1, y1, x2 - x1, y2 - y1] as const,
        score,
        label: -1,
        visibility: -1,
      })),
    ),
  )

export const run = async ({ data, seed, quick, log, write }: Context): Promise<Metrics> => {
  const folder = join(data, 'mot')
  const real = existsSync(folder)
  if (!real) log('The MOT sequences are not there: a generated street is tracked instead.')
  const street = real ? null : streetScene(seed, 150)
  const all: Sequence[] = street
    ? [{ name: 'generated', truth: street.truth, detections: street.detections, stored: null }]
    : sequencesIn(folder)
  const metrics: Record<string, Metrics> = {}
  for (const { name, truth, detections, stored } of all) {
    if (quick && detections === null) continue
    const own: Metrics = {}
    if (detections !== null) {
      for (const tracker of trackers) {
        const tracked = track(tracker, detections)
        own[tracker] = figures(truth, tracked.frames)
        write(`track-mot-${name}-${tracker}.txt`, asMot(tracked))
        if (tracker !== 'byteTrack') continue
        const size = extent(truth)
        write(`track-mot-${name}.png`, png(enlarge(trackStrip(tracked, size, 4), 1)))
      }
    }
    if (stored !== null) own['stored'] = figures(truth, stored)
    for (const [tracker, m] of Object.entries(own)) log(`${name} ${tracker}: ${figureLine(m as Metrics)}`)
    metrics[name] = own
  }
  return metrics
}

/** A picture that holds all boxes. */
const extent = (frames: readonly TrackFrame[]): { width: number; height: number } => {
  let [width, height] = [1, 1]
  for (const { boxes } of frames) {
    for (let i = 0; i < boxes.length; i += 4) {
      width = Math.max(width, boxes[i + 2] ?? 0)
      height = Math.max(height, boxes[i + 3] ?? 0)
    }
  }
  return { width: Math.ceil(width) + 8, height: Math.ceil(height) + 8 }
}
