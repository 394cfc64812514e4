// Trackers with 200 objects in every frame: 500 frames a second are asked of ByteTrack.
import { ByteTrack, Sort } from '@lanewise/vision'
import { draws } from './inputs.mjs'

const [objects, frames] = [200, 300]
const start = draws(1, objects * 4)
const noise = draws(2, objects * frames * 3)
const sequence = Array.from({ length: frames }, (_, f) => {
  const boxes = new Float64Array(4 * objects)
  const scores = new Float64Array(objects)
  for (let k = 0; k < objects; k++) {
    const n = 3 * (f * objects + k)
    const x = start[4 * k] * 1800 + (start[4 * k + 2] - 0.5) * 2 * f + noise[n] * 2
    const y = start[4 * k + 1] * 1000 + (start[4 * k + 3] - 0.5) * f + noise[n + 1] * 2
    boxes.set([x, y, x + 40, y + 90], 4 * k)
    scores[k] = 0.35 + noise[n + 2] * 0.6
  }
  return { boxes, scores }
})

export const rows = [
  ['ByteTrack', new ByteTrack()],
  ['SORT', new Sort()],
].map(([name, tracker]) => ({
  name: `${name}, ${objects} objects a frame`,
  bar: name === 'ByteTrack' ? { perSecond: 500 } : {},
  count: frames,
  run: () => {
    tracker.reset()
    for (const frame of sequence) tracker.update(frame)
  },
}))
