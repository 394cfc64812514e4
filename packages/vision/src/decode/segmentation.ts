import { ShapeError } from '@lanewise/core'
import { checkCount, float32, read, type Values } from '../arrays.ts'
import type { ImageSize } from '../boxes/boxes.ts'

/** Options of {@link segmentationMap}. */
export interface SegmentationMapOptions extends ImageSize {
  readonly classes: number
  /** Size of the map; logits are resized bilinearly (alignCorners false) before the choice. Default: as they are. */
  readonly outputSize?: ImageSize
}

/** Per output position the two neighbours and the weight of the second, PyTorch's bilinear rule. */
const axisTaps = (from: number, to: number): { low: Int32Array; high: Int32Array; weight: Float32Array } => {
  const low = new Int32Array(to)
  const high = new Int32Array(to)
  const weight = new Float32Array(to)
  for (let i = 0; i < to; i++) {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5)
    low[i] = Math.min(Math.floor(at), from - 1)
    high[i] = Math.min(low[i] + 1, from - 1)
    weight[i] = at - low[i]
  }
  return { low, high, weight }
}

/**
 * The class of each pixel: the largest logit, the first of equals.
 * @param logits - [classes, height, width]
 * @returns [output height, output width]
 * @throws ShapeError when the logits do not fit.
 * @source Checked against torch's interpolate and argmax 1.13 in decode.test.ts
 * @example
 * segmentationMap([0, 3, 1, 2], { classes: 2, width: 2, height: 1 }) // => [1, 0]
 */
export const segmentationMap = (logits: Values, options: SegmentationMapOptions): Uint16Array => {
  const { classes, width, height, outputSize = { width, height } } = options
  const x = float32(logits)
  checkCount('segmentationMap', 'the logits and their size', x.length, classes * width * height)
  const columns = axisTaps(width, outputSize.width)
  const rows = axisTaps(height, outputSize.height)
  const out = new Uint16Array(outputSize.width * outputSize.height)
  const best = new Float32Array(outputSize.width)
  for (let y = 0; y < outputSize.height; y++) {
    best.fill(-Infinity)
    for (let c = 0; c < classes; c++) {
      const upper = (c * height + rows.low[y]) * width
      const lower = (c * height + rows.high[y]) * width
      const fy = rows.weight[y]
      for (let i = 0; i < outputSize.width; i++) {
        const l = columns.low[i]
        const h = columns.high[i]
        const fx = columns.weight[i]
        const v =
          (1 - fy) * ((1 - fx) * x[upper + l] + fx * x[upper + h]) + fy * ((1 - fx) * x[lower + l] + fx * x[lower + h])
        if (!(v > best[i])) continue
        best[i] = v
        out[y * outputSize.width + i] = c
      }
    }
  }
  return out
}

/** One connected region of a mask. */
export interface Component {
  /** Number of pixels. */
  readonly area: number
  /** xyxy in whole pixels; the right and lower edges lie beyond the last pixel. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number]
  /** Mean x and y of the pixels. */
  readonly centroid: readonly [x: number, y: number]
}

/** What {@link connectedComponents} finds. */
export interface ConnectedComponents {
  /** Per pixel 0, or 1 plus the index of its component; components are numbered by their first pixel in reading order. */
  readonly labels: Int32Array
  readonly components: Component[]
}

/** Options of {@link connectedComponents}. */
export interface ComponentOptions extends ImageSize {
  /** Whether pixels that touch at a corner alone belong together: 8, else 4. Default 4. */
  readonly connectivity?: 4 | 8
}

/**
 * Connected regions of a mask; any non-zero pixel is set.
 * @param mask - [height, width]
 * @throws ShapeError when the mask does not fit its size, or the connectivity is not 4 or 8.
 * @source Checked against scipy.ndimage.label 1.10 in decode.test.ts
 * @example
 * connectedComponents([1, 0, 0, 1], { width: 2, height: 2 }).labels // => [1, 0, 0, 2]
 */
export const connectedComponents = (
  mask: Values,
  { width, height, connectivity = 4 }: ComponentOptions,
): ConnectedComponents => {
  const m = read(mask)
  checkCount('connectedComponents', 'the mask and its size', m.length, width * height)
  if (connectivity !== 4 && connectivity !== 8) {
    throw new ShapeError({
      op: 'connectedComponents',
      problem: 'no such connectivity',
      got: String(connectivity),
      expected: '4 or 8',
    })
  }
  const parent = new Int32Array(width * height)
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]]
    return i
  }
  const join = (i: number, j: number): void => {
    const [a, b] = [root(i), root(j)]
    parent[Math.max(a, b)] = Math.min(a, b)
  }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (m[i] === 0) continue
      parent[i] = i
      if (x > 0 && m[i - 1] !== 0) join(i, i - 1)
      if (y > 0 && m[i - width] !== 0) join(i, i - width)
      if (connectivity === 4 || y === 0) continue
      if (x > 0 && m[i - width - 1] !== 0) join(i, i - width - 1)
      if (x < width - 1 && m[i - width + 1] !== 0) join(i, i - width + 1)
    }
  }
  return measure(m, width, root)
}

const measure = (m: ArrayLike<number>, width: number, root: (i: number) => number): ConnectedComponents => {
  const labels = new Int32Array(m.length)
  const found: { area: number; sumX: number; sumY: number; x1: number; y1: number; x2: number; y2: number }[] = []
  for (let i = 0; i < m.length; i++) {
    if (m[i] === 0) continue
    const first = root(i)
    const x = i % width
    const y = Math.floor(i / width)
    if (first === i) {
      found.push({ area: 0, sumX: 0, sumY: 0, x1: x, y1: y, x2: x, y2: y })
      labels[i] = found.length
    } else labels[i] = labels[first]
    const c = found[labels[i] - 1]
    c.area++
    c.sumX += x
    c.sumY += y
    c.x1 = Math.min(c.x1, x)
    c.x2 = Math.max(c.x2, x + 1)
    c.y2 = y + 1
  }
  const components = found.map(({ area, sumX, sumY, x1, y1, x2, y2 }) => ({
    area,
    box: [x1, y1, x2, y2] as const,
    centroid: [sumX / area, sumY / area] as const,
  }))
  return { labels, components }
}
