import { blankLike, channelsOf, storeRounded, type Picture } from './picture.ts'

/** How pixels between pixels are found. */
export type Interpolation = 'nearest' | 'nearest-exact' | 'bilinear' | 'bicubic'

/** Options of {@link resizePicture}. */
export interface ResizeOptions {
  /** Default bilinear. */
  readonly interpolation?: Interpolation
  /** Averages over all pixels that a smaller result covers. Default true; of no effect on the nearest ones. */
  readonly antialias?: boolean
}

/** For each place of the result the first source place and the weights from there on. */
interface AxisWeights {
  readonly start: Int32Array
  readonly weights: readonly Float32Array[]
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x))

/** Keys' cubic kernel with slope a at 1. */
const cubic =
  (a: number) =>
  (x: number): number => {
    const t = Math.abs(x)
    if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1
    return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0
  }

const nearest = (from: number, to: number, exact: boolean): AxisWeights => ({
  start: Int32Array.from({ length: to }, (_, i) =>
    Math.min(Math.floor(((i + (exact ? 0.5 : 0)) * from) / to), from - 1),
  ),
  weights: Array.from({ length: to }, () => Float32Array.of(1)),
})

/** PyTorch's antialiased rule: the kernel grows with the reduction and its weights are normalised. */
const antialiased = (from: number, to: number, kernel: (x: number) => number, radius: number): AxisWeights => {
  const scale = from / to
  const grown = Math.max(scale, 1)
  const start = new Int32Array(to)
  const weights = Array.from({ length: to }, (_, i) => {
    const centre = scale * (i + 0.5)
    const first = Math.max(0, Math.trunc(centre - radius * grown + 0.5))
    const end = Math.min(from, Math.trunc(centre + radius * grown + 0.5))
    start[i] = first
    const w = Float32Array.from({ length: end - first }, (_, k) => kernel((k + first - centre + 0.5) / grown))
    const total = w.reduce((a, b) => a + b, 0)
    return w.map((v) => v / total)
  })
  return { start, weights }
}

/** PyTorch's plain rule with alignCorners false: four or two neighbours, repeated at the edges. */
const plain = (from: number, to: number, kernel: (x: number) => number, radius: number): AxisWeights => {
  const start = new Int32Array(to)
  const weights = Array.from({ length: to }, (_, i) => {
    const raw = ((i + 0.5) * from) / to - 0.5
    const at = radius === 1 ? Math.max(0, raw) : raw
    const low = Math.floor(at) - radius + 1
    const first = Math.min(Math.max(low, 0), from - 1)
    const last = Math.min(Math.max(low + 2 * radius - 1, 0), from - 1)
    const w = new Float32Array(last - first + 1)
    for (let k = 0; k < 2 * radius; k++) w[Math.min(Math.max(low + k, first), last) - first] += kernel(at - low - k)
    start[i] = first
    return w
  })
  return { start, weights }
}

const axisWeights = (from: number, to: number, interpolation: Interpolation, antialias: boolean): AxisWeights => {
  if (interpolation === 'nearest' || interpolation === 'nearest-exact')
    return nearest(from, to, interpolation === 'nearest-exact')
  const radius = interpolation === 'bilinear' ? 1 : 2
  if (antialias) return antialiased(from, to, radius === 1 ? triangle : cubic(-0.5), radius)
  return plain(from, to, radius === 1 ? triangle : cubic(-0.75), radius)
}

/**
 * A picture in another size, by PyTorch's rules: bytes are computed in float32, rounded and clamped.
 * @throws ValueError when a side is not whole and positive.
 * @source Checked against torchvision.transforms.functional.resize 0.14 in transforms.test.ts
 * @example
 * resizePicture({ data: Float32Array.of(0, 2, 4, 6), width: 4, height: 1 }, { width: 2, height: 1 }).data // => [1.4285715, 4.5714288]
 */
export const resizePicture = (
  picture: Picture,
  { width, height }: { readonly width: number; readonly height: number },
  { interpolation = 'bilinear', antialias = true }: ResizeOptions = {},
): Picture => {
  const channels = channelsOf(picture)
  const out = blankLike(picture, width, height)
  const columns = axisWeights(picture.width, width, interpolation, antialias)
  const rows = axisWeights(picture.height, height, interpolation, antialias)
  const { data } = picture
  const wide = new Float32Array(picture.height * width * channels)
  for (let y = 0, o = 0; y < picture.height; y++) {
    for (let x = 0; x < width; x++) {
      const w = columns.weights[x]
      const from = (y * picture.width + columns.start[x]) * channels
      for (let c = 0; c < channels; c++, o++) {
        let sum = 0
        for (let k = 0; k < w.length; k++) sum += w[k] * data[from + k * channels + c]
        wide[o] = sum
      }
    }
  }
  const stride = width * channels
  const values = new Float32Array(height * stride)
  for (let y = 0; y < height; y++) {
    const w = rows.weights[y]
    for (let k = 0; k < w.length; k++) {
      const from = (rows.start[y] + k) * stride
      for (let i = 0; i < stride; i++) values[y * stride + i] += w[k] * wide[from + i]
    }
  }
  return storeRounded(out, values)
}
