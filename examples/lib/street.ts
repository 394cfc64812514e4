import { Generator } from '@lanewise/core'
import { rasterSurface, type Color, type TrackFrame } from '@lanewise/vision'
import { blank, type Picture } from './picture.ts'
import type { DetectedFrame } from './tracking.ts'

/** A generated street: what is there, and what a detector saw of it. */
export interface Street {
  readonly width: number
  readonly height: number
  readonly truth: TrackFrame[]
  readonly detections: DetectedFrame[]
  /** The picture of a frame, without tracks. */
  picture(frame: number): Picture
}

/** Someone or something on the street: feet at (x, y) at frame `from`, moving evenly; lower on the picture is nearer. */
interface Mover {
  readonly id: number
  readonly from: number
  readonly until: number
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
  /** Width and height at the lower edge of the picture. */
  readonly size: readonly [width: number, height: number]
}

const [width, height] = [640, 360]
const horizon = 120

const boxAt = ({ from, x, y, dx, dy, size }: Mover, frame: number): number[] => {
  const t = frame - from
  const foot = y + dy * t
  const scale = (foot - horizon) / (height - horizon)
  const half = (size[0] * scale) / 2
  return [x + dx * t - half, foot - size[1] * scale, x + dx * t + half, foot]
}

const moversOf = (generator: Generator, frames: number): Mover[] => {
  const draw = (from: number, to: number): number => from + (to - from) * generator.double()
  return Array.from({ length: 12 }, (_, i) => {
    const car = i % 3 === 0
    const toRight = generator.randint(2) === 1
    const speed = car ? draw(4, 7) : draw(0.8, 2.2)
    const from = Math.floor(draw(0, frames * 0.6))
    const y = car ? draw(220, 300) : draw(200, 345)
    return {
      id: i + 1,
      from,
      until: Math.min(frames, from + Math.ceil((width + 240) / speed)),
      x: toRight ? -90 : width + 90,
      y,
      dx: toRight ? speed : -speed,
      dy: car ? 0 : draw(-0.15, 0.15),
      size: car ? [190, 110] : [46, 130],
    }
  })
}

const overlapShare = (a: readonly number[], b: readonly number[]): number => {
  const [ax1 = 0, ay1 = 0, ax2 = 0, ay2 = 0] = a
  const [bx1 = 0, by1 = 0, bx2 = 0, by2 = 0] = b
  const w = Math.min(ax2, bx2) - Math.max(ax1, bx1)
  const h = Math.min(ay2, by2) - Math.max(ay1, by1)
  return w > 0 && h > 0 ? (w * h) / ((ax2 - ax1) * (ay2 - ay1)) : 0
}

const inside = ([x1 = 0, , x2 = 0]: readonly number[]): boolean => x1 >= 0 && x2 <= width

/**
 * Cars and walkers that cross each other, and a detector whose boxes shake, whose scores fall where someone is covered,
 * and which now and then misses someone or sees what is not there.
 */
export const streetScene = (seed: number, frames: number): Street => {
  const generator = new Generator(seed)
  const movers = moversOf(generator, frames)
  const shake = (side: number): number => generator.normal(new Float64Array(1), 0, 0.03 * side)[0] ?? 0
  const truth: TrackFrame[] = []
  const detections: DetectedFrame[] = []
  const present = (frame: number) =>
    movers
      .filter((m) => frame >= m.from && frame < m.until)
      .map((m) => ({ id: m.id, box: boxAt(m, frame) }))
      .filter(({ box }) => inside(box))
  for (let frame = 0; frame < frames; frame++) {
    const there = present(frame)
    truth.push({ frame: frame + 1, ids: there.map((m) => m.id), boxes: there.flatMap((m) => m.box) })
    const boxes: number[] = []
    const scores: number[] = []
    for (const { id, box } of there) {
      const nearer = there.filter((other) => other.id !== id && (other.box[3] ?? 0) > (box[3] ?? 0))
      const covered = nearer.reduce((most, other) => Math.max(most, overlapShare(box, other.box)), 0)
      if (covered > 0.85 || generator.double() < 0.05) continue
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box
      const [w, h] = [x2 - x1, y2 - y1]
      boxes.push(x1 + shake(w), y1 + shake(h), x2 + shake(w), y2 + shake(h))
      scores.push(Math.max(0.12, 0.92 - 0.8 * covered - 0.1 * generator.double()))
    }
    if (generator.double() < 0.1) {
      const [x, y] = [generator.double() * 560, 130 + generator.double() * 120]
      boxes.push(x, y, x + 30 + generator.double() * 40, y + 50 + generator.double() * 50)
      scores.push(0.2 + 0.5 * generator.double())
    }
    detections.push({ frame: frame + 1, boxes: Float64Array.from(boxes), scores: Float64Array.from(scores) })
  }
  return { width, height, truth, detections, picture: (frame) => paint(present(frame)) }
}

const paint = (there: { id: number; box: number[] }[]): Picture => {
  const picture = blank(width, height, 3)
  const surface = rasterSurface(picture)
  const fill = (y1: number, y2: number, color: Color): void =>
    surface.polygon([0, y1, width, y1, width, y2, 0, y2], color)
  fill(0, horizon, [150, 180, 210])
  fill(horizon, 190, [120, 140, 110])
  fill(190, height, [84, 84, 88])
  for (const { id, box } of [...there].sort((a, b) => (a.box[3] ?? 0) - (b.box[3] ?? 0))) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box
    const grey = 110 + ((id * 53) % 110)
    surface.polygon([x1, y1, x2, y1, x2, y2, x1, y2], [grey, grey - 20, grey - 40])
  }
  return picture
}
