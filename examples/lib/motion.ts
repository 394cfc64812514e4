import { fromData, Generator, type Dataset, type ImageDataset, type Tensor } from '@lanewise/core'
import { blank, enlarge, fromPlanar, paste, type Picture } from './picture.ts'

/** How a digit moves through a clip. */
export const motions: readonly string[] = [
  'right',
  'left',
  'down',
  'up',
  'clockwise',
  'anticlockwise',
  'grow',
  'shrink',
]

/** Frames of a clip, and their side. */
export const clipSize = { frames: 16, side: 32 }

/** Clips [1, 16, 32, 32] in [0, 1] with the number of their motion. */
export interface Clips extends Dataset<[Tensor, number], [Tensor, Tensor]> {
  readonly values: Uint8Array
  readonly labels: Uint8Array
  batch(indices: Int32Array): [Tensor, Tensor]
}

/** Where a digit is in a frame: its centre, its size as a share of MNIST's, and its angle. */
interface Pose {
  readonly x: number
  readonly y: number
  readonly scale: number
  readonly angle: number
}

const direction: Readonly<Record<string, readonly [x: number, y: number]>> = {
  right: [1, 0],
  left: [-1, 0],
  down: [0, 1],
  up: [0, -1],
}

/** The pose at each time of a clip, from -1 to 1, with random speed and start. */
const path = (motion: string, generator: Generator): ((t: number) => Pose) => {
  const draw = (from: number, to: number): number => from + (to - from) * generator.double()
  const [x, y, scale, angle] = [draw(12, 20), draw(12, 20), draw(0.55, 0.8), draw(-0.4, 0.4)]
  const [dx, dy] = direction[motion] ?? [0, 0]
  const reach = draw(4, 8)
  const turn = motion === 'clockwise' ? draw(0.8, 1.6) : motion === 'anticlockwise' ? -draw(0.8, 1.6) : 0
  const growth = motion === 'grow' ? draw(0.2, 0.35) : motion === 'shrink' ? -draw(0.2, 0.35) : 0
  return (t) => ({ x: x + dx * reach * t, y: y + dy * reach * t, scale: scale + growth * t, angle: angle + turn * t })
}

/** The digit's brightness at a place between its pixels; 0 outside. */
const sample = (digit: Uint8Array, u: number, v: number): number => {
  const [left, top] = [Math.floor(u), Math.floor(v)]
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x > 27 || y > 27 ? 0 : (digit[28 * y + x] ?? 0))
  const [a, b] = [u - left, v - top]
  const upper = (1 - a) * at(left, top) + a * at(left + 1, top)
  const lower = (1 - a) * at(left, top + 1) + a * at(left + 1, top + 1)
  return (1 - b) * upper + b * lower
}

const paint = (frame: Uint8Array, digit: Uint8Array, { x, y, scale, angle }: Pose): void => {
  const { side } = clipSize
  const [c, s] = [Math.cos(angle) / scale, Math.sin(angle) / scale]
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const [dx, dy] = [column - x, row - y]
      frame[row * side + column] = Math.round(sample(digit, 13.5 + c * dx + s * dy, 13.5 - s * dx + c * dy))
    }
}

/** Clips of MNIST's digits in motion: `count` of them, all motions alike, drawn from the seed. */
export const movingDigits = (digits: ImageDataset, count: number, seed: number): Clips => {
  const { frames, side } = clipSize
  const [area, size] = [side * side, frames * side * side]
  const generator = new Generator(seed)
  const values = new Uint8Array(count * size)
  const labels = Uint8Array.from({ length: count }, (_, i) => i % motions.length)
  labels.forEach((label, i) => {
    const which = generator.randint(digits.size)
    const digit = digits.images.subarray(784 * which, 784 * (which + 1))
    const poseAt = path(motions[label] ?? '', generator)
    for (let f = 0; f < frames; f++) {
      const at = i * size + f * area
      paint(values.subarray(at, at + area), digit, poseAt((2 * f) / (frames - 1) - 1))
    }
  })
  const clip = (out: Float32Array, at: number, index: number): void => {
    for (let i = 0; i < size; i++) out[at + i] = (values[index * size + i] ?? 0) / 255
  }
  const shape = [1, frames, side, side]
  return {
    values,
    labels,
    size: count,
    get: (index) => {
      const out = new Float32Array(size)
      clip(out, 0, index)
      return [fromData(out, shape, 'f32'), labels[index] ?? 0]
    },
    batch: (indices) => {
      const out = new Float32Array(indices.length * size)
      indices.forEach((index, i) => clip(out, i * size, index))
      const classes = Int32Array.from(indices, (index) => labels[index] ?? 0)
      return [fromData(out, [indices.length, ...shape], 'f32'), fromData(classes, [indices.length], 'i32')]
    },
  }
}

/** Every second frame of a clip in a row. */
export const filmStrip = ({ values }: Clips, index: number): Picture => {
  const { frames, side } = clipSize
  const strip = blank((frames / 2) * (side + 1), side, 1)
  for (let f = 0; f < frames; f += 2) {
    const at = (index * frames + f) * side * side
    paste(strip, fromPlanar(values.subarray(at, at + side * side), [1, side, side], 0, 255), (f / 2) * (side + 1), 0)
  }
  return enlarge(strip, 2)
}
