import { ValueError } from '../errors.ts'
import type { ArrayData } from '../io/array-data.ts'
import { cos, sin } from '../math/trig.ts'
import { Generator } from '../random/generator.ts'

type Bytes = Extract<ArrayData, { dtype: 'u8' }>

/** A curve through its points, [x, y] in the unit square, y down. Corners are where one stroke ends and another begins. */
type Stroke = readonly (readonly [x: number, y: number])[]

// oxfmt-ignore
/** The ways in which people write each digit. */
const DIGITS: readonly (readonly (readonly Stroke[])[])[] = [
  [
    [[[0.5, 0.02], [0.17, 0.18], [0.08, 0.55], [0.25, 0.92], [0.56, 0.98], [0.88, 0.74], [0.9, 0.36], [0.7, 0.06], [0.46, 0.03]]],
    [[[0.6, 0.05], [0.3, 0.08], [0.12, 0.5], [0.3, 0.95], [0.65, 0.93], [0.86, 0.5], [0.75, 0.12], [0.42, 0.1]]],
  ],
  [
    [[[0.5, 0], [0.5, 1]]],
    [[[0.28, 0.26], [0.54, 0.02]], [[0.54, 0.02], [0.52, 1]]],
    [[[0.3, 0.22], [0.52, 0.02]], [[0.52, 0.02], [0.52, 0.98]], [[0.25, 0.98], [0.8, 0.98]]],
  ],
  [
    [[[0.12, 0.26], [0.32, 0.04], [0.68, 0.05], [0.84, 0.3], [0.6, 0.6], [0.12, 0.96]], [[0.12, 0.96], [0.9, 0.94]]],
    [[[0.15, 0.2], [0.45, 0.02], [0.8, 0.2], [0.65, 0.55], [0.25, 0.92], [0.12, 0.85], [0.28, 0.76], [0.6, 0.9], [0.95, 0.9]]],
  ],
  [
    [[[0.14, 0.12], [0.5, 0.01], [0.8, 0.2], [0.68, 0.4], [0.42, 0.47]], [[0.42, 0.47], [0.78, 0.56], [0.86, 0.78], [0.55, 0.99], [0.1, 0.88]]],
    [[[0.14, 0.04], [0.84, 0.05]], [[0.84, 0.05], [0.46, 0.42]], [[0.46, 0.42], [0.84, 0.54], [0.82, 0.86], [0.5, 0.99], [0.12, 0.88]]],
  ],
  [
    [[[0.24, 0.03], [0.14, 0.52]], [[0.14, 0.52], [0.88, 0.52]], [[0.72, 0.1], [0.66, 0.99]]],
    [[[0.66, 0.02], [0.08, 0.64]], [[0.08, 0.64], [0.94, 0.64]], [[0.66, 0.02], [0.64, 0.99]]],
    [[[0.2, 0.05], [0.14, 0.4], [0.35, 0.54], [0.75, 0.44]], [[0.78, 0.05], [0.74, 0.5], [0.72, 1]]],
  ],
  [
    [[[0.86, 0.04], [0.26, 0.05]], [[0.26, 0.05], [0.2, 0.46]], [[0.2, 0.46], [0.58, 0.4], [0.86, 0.64], [0.62, 0.95], [0.12, 0.9]]],
    [[[0.28, 0.1], [0.24, 0.42], [0.6, 0.44], [0.84, 0.68], [0.58, 0.97], [0.14, 0.92]], [[0.28, 0.1], [0.88, 0.05]]],
  ],
  [
    [[[0.7, 0.02], [0.32, 0.3], [0.14, 0.7], [0.38, 0.97], [0.78, 0.86], [0.76, 0.6], [0.46, 0.54], [0.18, 0.74]]],
    [[[0.45, 0], [0.2, 0.45], [0.2, 0.85], [0.52, 0.99], [0.8, 0.8], [0.6, 0.58], [0.24, 0.72]]],
  ],
  [
    [[[0.1, 0.08], [0.88, 0.06]], [[0.88, 0.06], [0.58, 0.5], [0.42, 1]]],
    [[[0.1, 0.14], [0.14, 0.04], [0.86, 0.06]], [[0.86, 0.06], [0.4, 1]], [[0.32, 0.52], [0.78, 0.5]]],
  ],
  [
    [[[0.5, 0.48], [0.2, 0.26], [0.5, 0.02], [0.8, 0.24], [0.5, 0.48], [0.14, 0.76], [0.5, 0.99], [0.86, 0.76], [0.5, 0.48]]],
    [[[0.8, 0.16], [0.5, 0.02], [0.24, 0.2], [0.5, 0.46], [0.82, 0.74], [0.52, 0.99], [0.2, 0.76], [0.5, 0.46], [0.8, 0.16]]],
  ],
  [
    [[[0.8, 0.26], [0.5, 0.02], [0.18, 0.24], [0.38, 0.5], [0.8, 0.28]], [[0.82, 0.2], [0.78, 0.6], [0.56, 1]]],
    [[[0.78, 0.16], [0.44, 0.04], [0.2, 0.3], [0.48, 0.46], [0.78, 0.2], [0.8, 0.6], [0.66, 0.92], [0.3, 0.94]]],
  ],
]

const SIZE = 28
/** Width and height of an undistorted digit, as in MNIST. */
const BOX = 20
/** Straight pieces between two points of a stroke. */
const PIECES = 5

/** The point at `t` in [0, 1] between b and c of a Catmull-Rom spline. */
const between = (a: number, b: number, c: number, d: number, t: number): number =>
  0.5 * (2 * b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))

/** The straight pieces of a stroke as points. */
const flatten = (stroke: Stroke): [x: number, y: number][] => {
  const last = stroke.length - 1
  const points: [number, number][] = []
  for (let i = 0; i < last; i++) {
    const [a, b, c, d] = [stroke[Math.max(0, i - 1)], stroke[i], stroke[i + 1], stroke[Math.min(last, i + 2)]]
    const pieces = last === 1 ? 1 : PIECES
    for (let p = 0; p < pieces; p++) {
      const t = p / pieces
      points.push([between(a[0], b[0], c[0], d[0], t), between(a[1], b[1], c[1], d[1], t)])
    }
  }
  points.push([...stroke[last]])
  return points
}

/** The pixels that a line from a to b along one axis may reach. */
const span = (a: number, b: number, reach: number): [first: number, last: number] => [
  Math.max(0, Math.ceil(Math.min(a, b) - reach)),
  Math.min(SIZE - 1, Math.floor(Math.max(a, b) + reach)),
]

/** Darkens the pixels near a line with a round pen; where lines cross, the darker one stays. */
const drawLine = (
  ink: Float64Array,
  [x0, y0]: readonly number[],
  [x1, y1]: readonly number[],
  radius: number,
): void => {
  const reach = radius + 0.5
  const [left, right] = span(x0, x1, reach)
  const [top, bottom] = span(y0, y1, reach)
  const dx = x1 - x0
  const dy = y1 - y0
  const scale = 1 / Math.max(1e-9, dx * dx + dy * dy)
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const t = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) * scale))
      const ex = x - x0 - t * dx
      const ey = y - y0 - t * dy
      const shade = Math.min(1, reach - Math.sqrt(ex * ex + ey * ey))
      const at = y * SIZE + x
      if (shade > ink[at]) ink[at] = shade
    }
  }
}

/** Blurs with the weights side, 1 - 2 side, side along both axes. The first and last rows stay empty. */
const blur = (ink: Float64Array, side: number): Float64Array => {
  const along = (source: Float64Array, step: number): Float64Array => {
    const out = new Float64Array(source.length)
    for (let i = step; i < source.length - step; i++)
      out[i] = (1 - 2 * side) * source[i] + side * (source[i - step] + source[i + step])
    return out
  }
  return along(along(ink, 1), SIZE)
}

/** A draw from [low, high). */
const from = (generator: Generator, low: number, high: number): number => low + (high - low) * generator.double()

/** How one writer writes: a random affine map from the unit square to pixels. */
const hand = (generator: Generator): ((x: number, y: number) => [number, number]) => {
  const angle = from(generator, -0.25, 0.25)
  const slant = from(generator, -0.2, 0.5)
  const width = BOX * from(generator, 0.45, 1)
  const height = BOX * from(generator, 0.8, 1.05)
  const [c, s] = [cos(angle), sin(angle)]
  const [cx, cy] = [SIZE / 2 - 0.5 + from(generator, -1.5, 1.5), SIZE / 2 - 0.5 + from(generator, -1.5, 1.5)]
  return (x, y) => {
    const v = (y - 0.5) * height
    const u = (x - 0.5) * width - slant * v
    return [cx + c * u - s * v, cy + s * u + c * v]
  }
}

/** Draws one digit into `out`. */
const drawDigit = (out: Uint8Array, label: number, generator: Generator): void => {
  const forms = DIGITS[label]
  const form = forms[generator.randint(forms.length)]
  const place = hand(generator)
  const radius = from(generator, 0.6, 1.9)
  const wobble = from(generator, 0.015, 0.045)
  const ink = new Float64Array(SIZE * SIZE)
  for (const stroke of form) {
    const shaken = stroke.map(([x, y]): [number, number] => [
      x + from(generator, -2, 2) * wobble,
      y + from(generator, -2, 2) * wobble,
    ])
    const points = flatten(shaken).map(([x, y]) => place(x, y))
    for (let i = 1; i < points.length; i++) drawLine(ink, points[i - 1], points[i], radius)
  }
  const soft = blur(ink, from(generator, 0.02, 0.16))
  const strength = from(generator, 0.85, 1.1)
  for (let i = 0; i < out.length; i++) out[i] = Math.min(255, Math.round(255 * strength * soft[i]))
}

/** Images [N, 28, 28] and labels [N] in the form of the MNIST files. */
export interface DigitSet {
  readonly images: Bytes
  readonly labels: Bytes
}

/**
 * Generated handwritten digits in the form of MNIST: strokes with a random hand (slant, size, pen, wobble, blur). They
 * need no files and stand in where MNIST cannot be had; figures measured on them are not MNIST figures. The same seed
 * gives the same bytes everywhere, and a smaller set is the start of a larger one.
 * @param count - images, 0 or more
 * @param options.seed - Default 0. Use another one for the test set.
 * @returns bytes 0 (background) to 255
 * @throws ValueError when `count` is not such an integer.
 * @example
 * const { images, labels } = strokeDigits(2, { seed: 1 })
 * images.shape // => [2, 28, 28]
 */
export const strokeDigits = (count: number, options: { readonly seed?: number } = {}): DigitSet => {
  if (!(Number.isInteger(count) && count >= 0 && count <= 1e6)) {
    throw new ValueError({
      op: 'strokeDigits',
      problem: 'not a number of images',
      got: String(count),
      expected: 'an integer in [0, 1000000]',
    })
  }
  const generator = new Generator(options.seed ?? 0)
  const images = new Uint8Array(count * SIZE * SIZE)
  const labels = new Uint8Array(count)
  for (let n = 0; n < count; n++) {
    labels[n] = generator.randint(10)
    drawDigit(images.subarray(n * SIZE * SIZE, (n + 1) * SIZE * SIZE), labels[n], generator)
  }
  return {
    images: { dtype: 'u8', shape: [count, SIZE, SIZE], data: images },
    labels: { dtype: 'u8', shape: [count], data: labels },
  }
}
