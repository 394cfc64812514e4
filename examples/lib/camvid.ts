import { decode as decodeJpeg } from '@cwasm/jpeg-turbo'
import { decode as decodePng } from 'fast-png'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromData, Generator, rand, transforms, type Dataset, type Tensor } from '@lanewise/core'
import { dataFolders } from '@lanewise/core/node'
import { drawLabelMap, rasterSurface, type Color } from '@lanewise/vision'

/** CamVid's classes in the order of their labels; the label after the last one does not count. */
export const classes = [
  'sky',
  'building',
  'pole',
  'road',
  'pavement',
  'tree',
  'sign',
  'fence',
  'car',
  'pedestrian',
  'bicyclist',
] as const
export const unlabelled = classes.length

/** The colours in which CamVid is usually shown. */
export const palette: readonly Color[] = [
  [128, 128, 128],
  [128, 0, 0],
  [192, 192, 128],
  [128, 64, 128],
  [60, 40, 222],
  [128, 128, 0],
  [192, 128, 128],
  [64, 64, 128],
  [64, 0, 128],
  [64, 64, 0],
  [0, 128, 192],
]

/** Pictures of one size with a label for each pixel. */
export interface LabelledPictures {
  readonly source: string
  readonly count: number
  readonly width: number
  readonly height: number
  /** Bytes, [count, 3, height, width]. */
  readonly images: Uint8Array
  /** [count, height, width]. */
  readonly labels: Uint8Array
}

const [width, height] = [240, 180]
const plane = width * height

const blank = (source: string, count: number): LabelledPictures => ({
  source,
  count,
  width,
  height,
  images: new Uint8Array(3 * plane * count),
  labels: new Uint8Array(plane * count),
})

/** Puts a picture and its labels in place. */
const put = (set: LabelledPictures, at: number, pixels: ArrayLike<number>, labels: ArrayLike<number>): void => {
  const channels = pixels.length / plane
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < plane; i++) set.images[(3 * at + c) * plane + i] = pixels[channels * i + c] ?? 0
  set.labels.set(labels, at * plane)
}

const fromFolder = (folder: string, limit: number): LabelledPictures => {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.jpg'))
    .sort()
    .slice(0, limit)
  const set = blank('CamVid', names.length)
  names.forEach((name, i) => {
    const picture = decodeJpeg(readFileSync(join(folder, name)))
    const labels = decodePng(readFileSync(join(folder, name.replace(/jpg$/, 'label.png'))))
    if (picture.width !== width || picture.height !== height || labels.data.length !== plane)
      throw new RangeError(`${folder}/${name}: got ${picture.width}x${picture.height}, expected ${width}x${height}.`)
    put(set, i, picture.data, labels.data)
  })
  return set
}

/** Draws streets of coloured rectangles with noise: what CamVid's place takes where it is not kept. */
const generated = (count: number, seed: number): LabelledPictures => {
  const set = blank('generated streets', count)
  for (let n = 0; n < count; n++) {
    const generator = new Generator(seed + n)
    const between = (low: number, high: number): number => low + (high - low) * generator.double()
    const labels = new Uint8Array(plane)
    const fill = (label: number, [x, y, w, h]: readonly [number, number, number, number]): void => {
      for (let row = Math.max(0, Math.round(y)); row < Math.min(height, y + h); row++)
        labels.fill(label, row * width + Math.max(0, Math.round(x)), row * width + Math.min(width, Math.round(x + w)))
    }
    const horizon = between(70, 100)
    fill(4, [0, horizon, width, height])
    fill(3, [between(20, 50), horizon + 8, between(130, 190), height])
    for (let x = 0; x < width; x += 40) fill(generator.double() < 0.5 ? 1 : 5, [x, between(10, 60), 44, horizon - 20])
    for (let k = 0; k < 3; k++) fill(8, [between(40, 180), between(horizon, 150), between(20, 50), between(14, 30)])
    for (let k = 0; k < 3; k++) fill(9, [between(0, 230), between(horizon - 10, 130), 8, between(20, 40)])
    fill(2, [between(0, 230), 20, 4, 120])
    const pixels = new Uint8Array(3 * plane)
    for (let i = 0; i < 3 * plane; i++) {
      const tone = palette[labels[Math.floor(i / 3)] ?? 0]?.[i % 3] ?? 0
      pixels[i] = Math.min(255, Math.max(0, tone + between(-30, 30)))
    }
    put(set, n, pixels, labels)
  }
  return set
}

/** CamVid's street scenes at 240x180 from the data folder, or generated ones where they are not kept. */
export const camvid = (root: string, split: 'train' | 'val', limit = Infinity): LabelledPictures => {
  const folder = dataFolders(root)
    .map((path) => join(path, 'camvid', split))
    .find((path) => existsSync(path))
  if (folder !== undefined) return fromFolder(folder, limit)
  return split === 'train' ? generated(Math.min(limit, 200), 0) : generated(Math.min(limit, 40), 1_000_000)
}

/** The rows from `top` up to `bottom`. */
export const cropRows = (set: LabelledPictures, top: number, bottom: number): LabelledPictures => {
  const rows = (data: Uint8Array): Uint8Array => {
    const planes = data.length / (set.width * set.height)
    const size = set.width * (bottom - top)
    const out = new Uint8Array(planes * size)
    for (let p = 0; p < planes; p++) {
      const from = (p * set.height + top) * set.width
      out.set(data.subarray(from, from + size), p * size)
    }
    return out
  }
  return { ...set, height: bottom - top, images: rows(set.images), labels: rows(set.labels) }
}

/** Pictures resized smoothly, labels to that of the nearest pixel. */
export const resized = (
  set: LabelledPictures,
  size: { readonly width: number; readonly height: number },
): LabelledPictures => {
  const area = size.width * size.height
  const from = set.width * set.height
  const images = new Uint8Array(3 * area * set.count)
  const labels = new Uint8Array(area * set.count)
  const resize = transforms.resize([size.height, size.width])
  for (let n = 0; n < set.count; n++) {
    const picture = Float32Array.from(set.images.subarray(3 * from * n, 3 * from * (n + 1)))
    const small = resize(fromData(picture, [3, set.height, set.width], 'f32'))
    small.dataSync().forEach((v, i) => (images[3 * area * n + i] = Math.round(v)))
    for (let y = 0; y < size.height; y++) {
      const row = Math.floor(((y + 0.5) * set.height) / size.height)
      for (let x = 0; x < size.width; x++) {
        const column = Math.floor(((x + 0.5) * set.width) / size.width)
        labels[area * n + y * size.width + x] = set.labels[from * n + row * set.width + column] ?? unlabelled
      }
    }
  }
  return { ...set, ...size, images, labels }
}

/** Mean and standard deviation of each channel, of bytes. */
export interface ChannelStatistics {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** The statistics of all pixels. */
export const statisticsOf = ({ count, width: w, height: h, images }: LabelledPictures): ChannelStatistics => {
  const area = w * h
  const moments = [0, 1, 2].map((c) => {
    let [sum, squares] = [0, 0]
    for (let n = 0; n < count; n++)
      for (const v of images.subarray((3 * n + c) * area, (3 * n + c + 1) * area)) {
        sum += v
        squares += v * v
      }
    const mean = sum / (count * area)
    return { mean, std: Math.sqrt(squares / (count * area) - mean * mean) }
  })
  return { mean: moments.map((m) => m.mean), std: moments.map((m) => m.std) }
}

/** Copies a row of pixels, from right to left where mirrored. */
const copyRow = (row: Uint8Array, to: Float32Array | Int32Array, at: number, mirrored: boolean): void => {
  const last = row.length - 1
  for (let x = 0; x <= last; x++) to[at + x] = row[mirrored ? last - x : x] ?? 0
}

/**
 * Batches of normalised pictures f32 [N, 3, H, W] and labels i32 [N, H, W]. With `flips` each picture is mirrored with
 * a chance of one half, drawn from the default generator when its batch is read.
 */
export const pictureBatches = (
  set: LabelledPictures,
  { mean, std }: ChannelStatistics,
  flips: boolean,
): Dataset<Tensor[], Tensor[]> => {
  const { width: w, height: h } = set
  const batch = (indices: Int32Array): Tensor[] => {
    const N = indices.length
    const draws = flips ? rand([N]).dataSync() : new Float32Array(N).fill(1)
    const x = new Float32Array(3 * N * w * h)
    const target = new Int32Array(N * w * h)
    indices.forEach((index, n) => {
      const mirrored = (draws[n] ?? 1) < 0.5
      for (let row = 0; row < 3 * h; row++) {
        const from = (3 * index * h + row) * w
        copyRow(set.images.subarray(from, from + w), x, (3 * n * h + row) * w, mirrored)
      }
      for (let row = 0; row < h; row++) {
        const from = (index * h + row) * w
        copyRow(set.labels.subarray(from, from + w), target, (n * h + row) * w, mirrored)
      }
    })
    const area = w * h
    for (let i = 0; i < x.length; i++) {
      const c = Math.floor(i / area) % 3
      x[i] = ((x[i] ?? 0) - (mean[c] ?? 0)) / (std[c] ?? 1)
    }
    return [fromData(x, [N, 3, h, w], 'f32'), fromData(target, [N, h, w], 'i32')]
  }
  return { size: set.count, get: (index) => batch(Int32Array.of(index)), batch }
}

/** A picture of the set as interleaved bytes. */
export const pictureAt = ({ width: w, height: h, images }: LabelledPictures, index: number): Uint8Array => {
  const area = w * h
  const data = new Uint8Array(3 * area)
  for (let i = 0; i < area; i++) for (let c = 0; c < 3; c++) data[3 * i + c] = images[(3 * index + c) * area + i] ?? 0
  return data
}

/** The labels laid over a picture. */
export const overlay = (set: LabelledPictures, index: number, labels: ArrayLike<number>): Uint8Array => {
  const data = pictureAt(set, index)
  const surface = rasterSurface({ data, width: set.width, height: set.height })
  drawLabelMap(surface, labels, { palette, opacity: 0.6, skip: [unlabelled] })
  return data
}
