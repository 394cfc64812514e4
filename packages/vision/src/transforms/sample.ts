import { ShapeError, ValueError } from '@lanewise/core'
import { clipBoxes } from '../boxes/boxes.ts'
import { blankLike, channelsOf, isBytes, type Picture } from './picture.ts'
import { resizePicture, type ResizeOptions } from './resize.ts'
import { mapPoint, warpPicture, type Matrix3, type WarpOptions } from './warp.ts'

/** A picture and what is known of it; all change together. */
export interface Sample {
  readonly image: Picture
  /** xyxy in pixels, [N, 4] */
  readonly boxes?: Float32Array
  /** Class of each box, [N] */
  readonly labels?: Int32Array
  /** Label maps or instance masks, [M, height, width]; pixels from outside become 0. */
  readonly masks?: Uint8Array
  /** x and y of points in pixels, [K, 2] */
  readonly keypoints?: Float32Array
}

const maskCount = ({ image, masks }: Sample): number =>
  masks === undefined ? 0 : masks.length / (image.width * image.height)

/** Throws ShapeError where the parts of a sample do not fit each other. */
const checkSample = (op: string, sample: Sample): void => {
  channelsOf(sample.image)
  const { boxes, labels, keypoints } = sample
  const fits =
    Number.isInteger(maskCount(sample)) &&
    (boxes === undefined || boxes.length % 4 === 0) &&
    (labels === undefined || boxes === undefined || 4 * labels.length === boxes.length) &&
    (keypoints === undefined || keypoints.length % 2 === 0)
  if (fits) return
  throw new ShapeError({
    op,
    problem: 'the parts of the sample do not fit',
    got: `${boxes?.length ?? 'no'} numbers of boxes, ${labels?.length ?? 'no'} labels, ${sample.masks?.length ?? 'no'} mask pixels, ${keypoints?.length ?? 'no'} numbers of key-points`,
    expected: `4 for each label, whole masks of ${sample.image.width}x${sample.image.height}, pairs`,
  })
}

/** The sample with its picture and masks redrawn and its points moved; boxes are the bounds of their moved corners. */
const redraw = (
  sample: Sample,
  image: Picture,
  mask: (plane: Picture) => Picture,
  point: (x: number, y: number) => readonly [number, number],
): Sample => {
  const { boxes, masks, keypoints } = sample
  const { width, height } = sample.image
  const plane = width * height
  const out: { -readonly [K in keyof Sample]: Sample[K] } = { ...sample, image }
  if (masks !== undefined) {
    const drawn = new Uint8Array(maskCount(sample) * image.width * image.height)
    for (let m = 0; m < maskCount(sample); m++) {
      const redrawn = mask({ data: masks.subarray(m * plane, (m + 1) * plane), width, height })
      drawn.set(redrawn.data, m * image.width * image.height)
    }
    out.masks = drawn
  }
  if (boxes !== undefined) {
    const moved = new Float32Array(boxes.length)
    for (let i = 0; i < boxes.length; i += 4) {
      const [x1, y1, x2, y2] = boxes.subarray(i)
      const corners = [point(x1, y1), point(x2, y1), point(x2, y2), point(x1, y2)]
      const xs = corners.map((c) => c[0])
      const ys = corners.map((c) => c[1])
      moved.set([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], i)
    }
    out.boxes = clipBoxes(moved, image)
  }
  if (keypoints !== undefined) {
    out.keypoints = keypoints.map((_, i) => point(keypoints[i - (i % 2)], keypoints[i - (i % 2) + 1])[i % 2])
  }
  return out
}

/**
 * The sample in another size. Masks take the nearest pixel.
 * @throws ValueError when a side is not whole and positive.
 * @example
 * const image = { data: new Uint8Array(8), width: 4, height: 2 }
 * resizeSample({ image, boxes: Float32Array.of(0, 0, 2, 2) }, { width: 8, height: 4 }).boxes // => [0, 0, 4, 4]
 */
export const resizeSample = (
  sample: Sample,
  { width, height }: { readonly width: number; readonly height: number },
  options: ResizeOptions = {},
): Sample => {
  checkSample('resizeSample', sample)
  const { image } = sample
  const [sx, sy] = [width / image.width, height / image.height]
  return redraw(
    sample,
    resizePicture(image, { width, height }, options),
    (plane) => resizePicture(plane, { width, height }, { interpolation: 'nearest' }),
    (x, y) => [x * sx, y * sy],
  )
}

/** A part of a picture; it may reach beyond the edges. */
export interface CropRegion {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** What stands where a picture is made larger. */
export interface PadOptions {
  /** `constant` takes the fill, `edge` the last pixel, `reflect` mirrors without and `symmetric` with it. */
  readonly mode?: 'constant' | 'edge' | 'reflect' | 'symmetric'
  /** One value, or one per channel. Default 0. */
  readonly fill?: number | readonly number[]
}

/** Source place of place `i` along an axis of n, or -1 outside. */
const sourceOf = (i: number, n: number, mode: NonNullable<PadOptions['mode']>): number => {
  if (i >= 0 && i < n) return i
  if (mode === 'constant') return -1
  if (mode === 'edge') return i < 0 ? 0 : n - 1
  const period = mode === 'reflect' ? Math.max(2 * n - 2, 1) : 2 * n
  const k = ((i % period) + period) % period
  return k < n ? k : mode === 'reflect' ? period - k : period - 1 - k
}

const cutPicture = (
  picture: Picture,
  { left, top, width, height }: CropRegion,
  { mode = 'constant', fill = 0 }: PadOptions,
): Picture => {
  const out = blankLike(picture, width, height)
  const channels = channelsOf(picture)
  const rows = Int32Array.from({ length: height }, (_, y) => sourceOf(top + y, picture.height, mode))
  const columns = Int32Array.from({ length: width }, (_, x) => sourceOf(left + x, picture.width, mode))
  const fills = Array.from({ length: channels }, (_, c) => (typeof fill === 'number' ? fill : (fill[c] ?? 0)))
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = rows[y] >= 0 && columns[x] >= 0
      const from = (rows[y] * picture.width + columns[x]) * channels
      for (let c = 0; c < channels; c++, o++) out.data[o] = inside ? picture.data[from + c] : fills[c]
    }
  }
  return out
}

/**
 * A part of the sample. Where it reaches beyond the picture it is padded; boxes are clipped to it.
 * @throws ValueError when the region is not of whole pixels or empty.
 * @source Checked against torchvision's crop and pad 0.14 in transforms.test.ts
 * @example
 * const image = { data: Uint8Array.of(1, 2, 3, 4), width: 4, height: 1 }
 * cropSample({ image }, { left: 1, top: 0, width: 2, height: 1 }).image.data // => [2, 3]
 */
export const cropSample = (sample: Sample, region: CropRegion, options: PadOptions = {}): Sample => {
  checkSample('cropSample', sample)
  const { left, top } = region
  if (!Number.isInteger(left) || !Number.isInteger(top)) {
    throw new ValueError({ op: 'cropSample', problem: 'not a whole pixel', got: `left ${left}, top ${top}` })
  }
  const constant = { ...options, fill: 0 }
  return redraw(
    sample,
    cutPicture(sample.image, region, options),
    (plane) => cutPicture(plane, region, constant),
    (x, y) => [x - left, y - top],
  )
}

/**
 * The sample with borders added.
 * @param border - pixels: one number, or left, top, right, bottom
 * @throws ValueError when the result is empty.
 * @source Checked against torchvision's pad 0.14 in transforms.test.ts
 * @example
 * const image = { data: Uint8Array.of(7), width: 1, height: 1 }
 * padSample({ image }, [1, 0, 1, 0], { fill: 9 }).image.data // => [9, 7, 9]
 */
export const padSample = (
  sample: Sample,
  border: number | readonly [left: number, top: number, right: number, bottom: number],
  options: PadOptions = {},
): Sample => {
  const [left, top, right, bottom] = typeof border === 'number' ? [border, border, border, border] : border
  const { width, height } = sample.image
  return cropSample(
    sample,
    { left: -left, top: -top, width: width + left + right, height: height + top + bottom },
    options,
  )
}

/**
 * The sample mirrored left to right, or upside down with `vertical`.
 * @example
 * const image = { data: Uint8Array.of(1, 2, 3), width: 3, height: 1 }
 * flipSample({ image, boxes: Float32Array.of(0, 0, 1, 1) }).boxes // => [2, 0, 3, 1]
 */
export const flipSample = (sample: Sample, vertical = false): Sample => {
  checkSample('flipSample', sample)
  const { width, height } = sample.image
  const flip = (picture: Picture): Picture => {
    const out = blankLike(picture, width, height)
    const channels = channelsOf(picture)
    for (let y = 0, o = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((vertical ? height - 1 - y : y) * width + (vertical ? x : width - 1 - x)) * channels
        for (let c = 0; c < channels; c++, o++) out.data[o] = picture.data[from + c]
      }
    }
    return out
  }
  return redraw(sample, flip(sample.image), flip, (x, y) => (vertical ? [x, height - y] : [width - x, y]))
}

/**
 * The sample under a map of the plane; see {@link affineMap} and {@link fourPointMap}. Boxes become the bounds of their
 * moved corners, clipped to the result.
 * @throws ValueError when the map cannot be undone.
 * @example
 * const image = { data: new Uint8Array(100), width: 10, height: 10 }
 * const map = affineMap({ translate: [2, 1] }, image)
 * warpSample({ image, keypoints: Float32Array.of(3, 3) }, map).keypoints // => [5, 4]
 */
export const warpSample = (sample: Sample, map: Matrix3, options: WarpOptions = {}): Sample => {
  checkSample('warpSample', sample)
  const nearest: WarpOptions = { ...options, interpolation: 'nearest', fill: 0 }
  return redraw(
    sample,
    warpPicture(sample.image, map, options),
    (plane) => warpPicture(plane, map, nearest),
    (x, y) => mapPoint(map, x, y),
  )
}

/** Where {@link letterboxSample} put the picture. */
export interface Letterbox {
  /** Result over picture. */
  readonly scale: number
  readonly left: number
  readonly top: number
}

/**
 * The sample scaled to fit into a size with its proportions kept, in the middle, the rest filled: what YOLO expects.
 * @param options - size, fill (default 114, for floats 114 / 255) and interpolation
 * @returns the sample, and where the picture lies in it; {@link undoLetterbox} takes boxes back
 * @example
 * const image = { data: new Uint8Array(8), width: 4, height: 2 }
 * letterboxSample({ image }, { width: 8, height: 8 }).letterbox // => { scale: 2, left: 0, top: 2 }
 */
export const letterboxSample = (
  sample: Sample,
  options: {
    readonly width: number
    readonly height: number
    readonly fill?: number | readonly number[]
  } & ResizeOptions,
): { sample: Sample; letterbox: Letterbox } => {
  const { width, height, fill = isBytes(sample.image) ? 114 : 114 / 255 } = options
  const { image } = sample
  const scale = Math.min(width / image.width, height / image.height)
  const inner = {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
  }
  const left = Math.floor((width - inner.width) / 2)
  const top = Math.floor((height - inner.height) / 2)
  const resized = resizeSample(sample, inner, options)
  return {
    sample: cropSample(resized, { left: -left, top: -top, width, height }, { fill }),
    letterbox: { scale, left, top },
  }
}

/**
 * Boxes found in a letter-boxed picture, in pixels of the picture before.
 * @param boxes - xyxy, [N, 4]
 * @example
 * undoLetterbox([0, 2, 8, 6], { scale: 2, left: 0, top: 2 }) // => [0, 0, 4, 2]
 */
export const undoLetterbox = (boxes: ArrayLike<number>, { scale, left, top }: Letterbox): Float32Array =>
  Float32Array.from(boxes, (v, i) => (v - (i % 2 === 0 ? left : top)) / scale)

/**
 * The sample without boxes that a crop or turn has left too small, and without their labels and, where there is one
 * mask for each box, their masks.
 * @param minSize - smallest width and height in pixels
 * @example
 * const image = { data: new Uint8Array(16), width: 4, height: 4 }
 * const boxes = Float32Array.of(0, 0, 3, 3, 4, 0, 4, 4)
 * sanitizeBoxes({ image, boxes, labels: Int32Array.of(5, 6) }).labels // => [5]
 */
export const sanitizeBoxes = (sample: Sample, minSize = 1): Sample => {
  const { boxes, labels, masks, image } = sample
  if (boxes === undefined) return sample
  const keep: number[] = []
  for (let i = 0; i < boxes.length / 4; i++) {
    if (boxes[4 * i + 2] - boxes[4 * i] >= minSize && boxes[4 * i + 3] - boxes[4 * i + 1] >= minSize) keep.push(i)
  }
  const out: { -readonly [K in keyof Sample]: Sample[K] } = { ...sample }
  out.boxes = Float32Array.from(keep.flatMap((i) => [...boxes.subarray(4 * i, 4 * i + 4)]))
  if (labels !== undefined) out.labels = Int32Array.from(keep, (i) => labels[i])
  if (masks !== undefined && 4 * maskCount(sample) === boxes.length) {
    const plane = image.width * image.height
    const kept = new Uint8Array(keep.length * plane)
    keep.forEach((i, k) => kept.set(masks.subarray(i * plane, (i + 1) * plane), k * plane))
    out.masks = kept
  }
  return out
}

/**
 * The sample with its picture changed and nothing moved.
 * @example
 * const image = { data: Uint8Array.of(0, 200), width: 2, height: 1 }
 * recolorSample({ image }, invertColors).image.data // => [255, 55]
 */
export const recolorSample = (sample: Sample, change: (picture: Picture) => Picture): Sample => ({
  ...sample,
  image: change(sample.image),
})
