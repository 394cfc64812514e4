import { LineZone, PolygonZone } from '@lanewise/vision'
import type { Context, Metrics } from './lib/context.ts'
import { png } from './lib/picture.ts'
import { streetScene } from './lib/street.ts'
import { figureLine, figures, track, trackers, trackStrip } from './lib/tracking.ts'

export const summary =
  'Tracking in a generated street clip: shaking boxes, misses, crossings; zones and a counting line'

export const run = async ({ quick, seed, log, progress, write }: Context): Promise<Metrics> => {
  const frames = quick ? 200 : 900
  const street = streetScene(seed, frames)
  log(
    `${frames} frames of ${street.width}x${street.height}, ${street.truth.reduce((n, f) => n + f.ids.length, 0)} boxes`,
  )
  const metrics: Record<string, Metrics> = {}
  const bar = progress('tracking', trackers.length)
  for (const [i, tracker] of trackers.entries()) {
    const tracked = track(tracker, street.detections)
    metrics[tracker] = figures(street.truth, tracked.frames)
    log(`${tracker}: ${figureLine(metrics[tracker])}`)
    bar.update(i + 1)
    if (tracker !== 'byteTrack') continue
    const line = new LineZone([320, 0], [320, street.height])
    const near = new PolygonZone([0, 280, street.width, 280, street.width, street.height, 0, street.height])
    for (const tracks of tracked.tracks) {
      line.update(tracks)
      near.update(tracks)
    }
    log(`crossed the middle: ${line.outCount} to the right, ${line.inCount} to the left; ${near.visitors} came near`)
    write('track-video.png', png(trackStrip(tracked, street, 6, street.picture)))
  }
  bar.stop()
  return { street: metrics }
}
