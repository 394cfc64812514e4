import { ValueError } from '@lanewise/core'
import { countRows, float32, type Values } from '../arrays.ts'

/**
 * Layout of a box: corners, corner and size, centre and size, or YOLO's centre and size as fractions of the image.
 */
export type BoxFormat = 'xyxy' | 'xywh' | 'cxcywh' | 'yolo'

/** Options of {@link boxConvert}. */
export interface BoxConvertOptions {
  readonly from: BoxFormat
  readonly to: BoxFormat
  /** Width of the image in pixels; needed for `yolo` alone. */
  readonly width?: number
  /** Height of the image in pixels; needed for `yolo` alone. */
  readonly height?: number
}

const toCorners = (b: Float32Array, format: BoxFormat): void => {
  if (format === 'xyxy') return
  for (let i = 0; i < b.length; i += 4) {
    const w = b[i + 2]
    const h = b[i + 3]
    const fromCorner = format === 'xywh'
    const x = fromCorner ? b[i] : b[i] - 0.5 * w
    const y = fromCorner ? b[i + 1] : b[i + 1] - 0.5 * h
    b[i + 2] = fromCorner ? x + w : b[i] + 0.5 * w
    b[i + 3] = fromCorner ? y + h : b[i + 1] + 0.5 * h
    b[i] = x
    b[i + 1] = y
  }
}

const fromCorners = (b: Float32Array, format: BoxFormat): void => {
  if (format === 'xyxy') return
  for (let i = 0; i < b.length; i += 4) {
    const [x1, y1, x2, y2] = [b[i], b[i + 1], b[i + 2], b[i + 3]]
    b[i + 2] = x2 - x1
    b[i + 3] = y2 - y1
    if (format === 'xywh') continue
    b[i] = Math.fround(x1 + x2) / 2
    b[i + 1] = Math.fround(y1 + y2) / 2
  }
}

const scale = (b: Float32Array, x: number, y: number): void => {
  for (let i = 0; i < b.length; i += 2) {
    b[i] *= x
    b[i + 1] *= y
  }
}

const checkSize = (width: number | undefined, height: number | undefined): void => {
  if (width !== undefined && height !== undefined && width > 0 && height > 0) return
  throw new ValueError({
    op: 'boxConvert',
    problem: 'the yolo format needs the size of the image',
    got: `width ${width}, height ${height}`,
    expected: 'a positive width and height in pixels',
  })
}

/**
 * Boxes in another layout, computed in float32.
 * @param boxes - [N, 4]
 * @returns [N, 4], a new array
 * @throws ShapeError when the numbers are not a multiple of 4; ValueError for `yolo` without the image's size.
 * @source Checked against torchvision.ops.box_convert 0.14 in boxes.test.ts
 * @example
 * boxConvert([10, 20, 30, 40], { from: 'xywh', to: 'xyxy' }) // => [10, 20, 40, 60]
 * boxConvert([0.5, 0.5, 1, 0.5], { from: 'yolo', to: 'xyxy', width: 100, height: 80 }) // => [0, 20, 100, 60]
 */
export const boxConvert = (boxes: Values, { from, to, width, height }: BoxConvertOptions): Float32Array => {
  const b = Float32Array.from(float32(boxes))
  countRows('boxConvert', 'boxes', b, 4)
  if (from === to) return b
  if (from === 'yolo' || to === 'yolo') checkSize(width, height)
  if (from === 'yolo') scale(b, width!, height!)
  toCorners(b, from)
  fromCorners(b, to)
  if (to === 'yolo') scale(b, 1 / width!, 1 / height!)
  return b
}
