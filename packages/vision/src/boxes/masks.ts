import { countRows, float32, read, type Values } from '../arrays.ts'
import { boxArea, type ImageSize } from './boxes.ts'

/**
 * IoU of every pair of masks; any non-zero pixel is set. Two empty masks give NaN.
 * @param masks1 - [N, height, width]
 * @param masks2 - [M, height, width]
 * @returns [N, M]
 * @throws ShapeError when the numbers do not fill whole masks.
 * @example
 * maskIou([1, 1, 0, 0], [0, 1, 0, 0], { width: 2, height: 2 }) // => [0.5]
 */
export const maskIou = (masks1: Values, masks2: Values, { width, height }: ImageSize): Float32Array => {
  const a = read(masks1)
  const b = read(masks2)
  const size = width * height
  const n = countRows('maskIou', 'masks', a, size)
  const m = countRows('maskIou', 'masks', b, size)
  const areaA = setPixels(a, size, n)
  const areaB = setPixels(b, size, m)
  const out = new Float32Array(n * m)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let shared = 0
      for (let p = i * size, q = j * size, end = p + size; p < end; p++, q++) if (a[p] !== 0 && b[q] !== 0) shared++
      out[i * m + j] = shared / (areaA[i] + areaB[j] - shared)
    }
  }
  return out
}

const setPixels = (masks: ArrayLike<number>, size: number, n: number): Float64Array => {
  const area = new Float64Array(n)
  for (let i = 0; i < n * size; i++) if (masks[i] !== 0) area[Math.floor(i / size)]++
  return area
}

/**
 * Pastes square masks of a mask head into the image at their boxes, as Mask R-CNN's post-processing does: each mask
 * is padded by one zero pixel, the box grown to match, and the mask resized bilinearly to whole pixels.
 * @param masks - probabilities, [N, side, side]
 * @param boxes - xyxy, [N, 4]
 * @returns probabilities, [N, height, width]
 * @source Checked against torchvision's paste_masks_in_image 0.14 in masks.test.ts
 * @example
 * pasteMasks([1], [0, 0, 2, 2], { width: 3, height: 3 }).length // => 9
 */
export const pasteMasks = (masks: Values, boxes: Values, { width, height }: ImageSize): Float32Array => {
  const m = float32(masks)
  const b = float32(boxes)
  const n = boxArea(b).length
  const side = n === 0 ? 0 : Math.round(Math.sqrt(m.length / n))
  countRows('pasteMasks', 'masks', m, Math.max(1, n * side * side))
  const out = new Float32Array(n * width * height)
  for (let k = 0; k < n; k++) {
    const box = grow(b.subarray(4 * k, 4 * k + 4), (side + 2) / side)
    paste(m.subarray(k * side * side, (k + 1) * side * side), side, box, out, k, { width, height })
  }
  return out
}

/** The box grown about its centre and truncated to whole pixels, float32 as torchvision. */
const grow = (b: Float32Array, factor: number): number[] => {
  const f = Math.fround
  const halfW = f(f(f(b[2] - b[0]) * 0.5) * f(factor))
  const halfH = f(f(f(b[3] - b[1]) * 0.5) * f(factor))
  const cx = f(f(b[2] + b[0]) * 0.5)
  const cy = f(f(b[3] + b[1]) * 0.5)
  return [cx - halfW, cy - halfH, cx + halfW, cy + halfH].map((v) => Math.trunc(f(v)))
}

const paste = (
  mask: Float32Array,
  side: number,
  [x1, y1, x2, y2]: number[],
  out: Float32Array,
  k: number,
  { width, height }: ImageSize,
): void => {
  const w = Math.max(x2 - x1 + 1, 1)
  const h = Math.max(y2 - y1 + 1, 1)
  const padded = side + 2
  const at = (y: number, x: number): number =>
    y < 1 || x < 1 || y > side || x > side ? 0 : mask[(y - 1) * side + x - 1]
  for (let y = Math.max(0, y1); y < Math.min(height, y1 + h); y++) {
    const sy = Math.max(0, ((y - y1 + 0.5) * padded) / h - 0.5)
    const top = Math.min(Math.floor(sy), padded - 1)
    const fy = sy - top
    for (let x = Math.max(0, x1); x < Math.min(width, x1 + w); x++) {
      const sx = Math.max(0, ((x - x1 + 0.5) * padded) / w - 0.5)
      const start = Math.min(Math.floor(sx), padded - 1)
      const fx = sx - start
      const upper = at(top, start) * (1 - fx) + at(top, start + 1) * fx
      const lower = at(top + 1, start) * (1 - fx) + at(top + 1, start + 1) * fx
      out[(k * height + y) * width + x] = upper * (1 - fy) + lower * fy
    }
  }
}
