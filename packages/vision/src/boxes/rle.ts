import { FormatError, ShapeError } from '@lanewise/core'
import { checkCount, read, type Values } from '../arrays.ts'
import type { ImageSize } from './boxes.ts'

/**
 * A binary mask as the lengths of its runs, column after column from the top left; the first run is of zeros and may
 * be empty. COCO's uncompressed form, where its `size` is [height, width].
 */
export interface Rle extends ImageSize {
  readonly counts: ArrayLike<number>
}

/**
 * Run-length encodes a mask; any non-zero pixel is set.
 * @param mask - [height, width], row-major
 * @example
 * rleEncode([0, 1, 0, 1], { width: 2, height: 2 }).counts // => [2, 2]
 */
export const rleEncode = (mask: Values, { width, height }: ImageSize): Rle => {
  const m = read(mask)
  checkCount('rleEncode', 'the numbers of pixels', m.length, width * height)
  const counts: number[] = []
  let run = 0
  let value = 0
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const v = m[y * width + x] === 0 ? 0 : 1
      if (v !== value) {
        counts.push(run)
        run = 0
        value = v
      }
      run++
    }
  }
  counts.push(run)
  return { width, height, counts }
}

/**
 * The mask of an encoding.
 * @returns 0 or 1, [height, width], row-major
 * @throws ShapeError when the runs do not fill the image exactly.
 * @example
 * rleDecode({ width: 2, height: 2, counts: [2, 2] }) // => [0, 1, 0, 1]
 */
export const rleDecode = ({ width, height, counts }: Rle): Uint8Array => {
  checkRuns('rleDecode', { width, height, counts })
  const mask = new Uint8Array(width * height)
  let at = 0
  for (let k = 0; k < counts.length; k++) {
    const end = at + counts[k]
    if (k % 2 === 0) {
      at = end
      continue
    }
    for (; at < end; at++) mask[(at % height) * width + Math.floor(at / height)] = 1
  }
  return mask
}

const checkRuns = (op: string, { width, height, counts }: Rle): void => {
  let total = 0
  for (let k = 0; k < counts.length; k++) total += counts[k] >= 0 && Number.isInteger(counts[k]) ? counts[k] : NaN
  if (total === width * height) return
  throw new ShapeError({
    op,
    problem: 'the runs do not fill the image',
    got: `${total} pixels in ${counts.length} runs`,
    expected: `whole, non-negative runs of ${width * height} pixels for ${width}x${height}`,
  })
}

/**
 * COCO's compressed text of the runs: from the third run on the difference to the run two before, five bits a
 * character, least significant first.
 * @example
 * rleToString({ width: 2, height: 2, counts: [2, 2] }) // => "22"
 */
export const rleToString = ({ counts }: Rle): string => {
  let text = ''
  for (let k = 0; k < counts.length; k++) {
    let rest = counts[k] - (k > 2 ? counts[k - 2] : 0)
    for (let more = true; more;) {
      const bits = rest & 31
      rest >>= 5
      more = bits & 16 ? rest !== -1 : rest !== 0
      text += String.fromCharCode(48 + bits + (more ? 32 : 0))
    }
  }
  return text
}

/**
 * Reads COCO's compressed text.
 * @throws FormatError at a character outside of the code or a text that ends inside a number; ShapeError when the runs
 * do not fill the image.
 * @example
 * rleFromString('22', { width: 2, height: 2 }).counts // => [2, 2]
 */
export const rleFromString = (text: string, { width, height }: ImageSize): Rle => {
  const counts: number[] = []
  let value = 0
  let shift = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) - 48
    if (!(code >= 0 && code < 64) || shift > 30) throw malformed(`character ${JSON.stringify(text[i])} at ${i}`)
    value |= (code & 31) << shift
    shift += 5
    if (code & 32) continue
    if (code & 16 && shift < 32) value |= -1 << shift
    counts.push(value + (counts.length > 2 ? counts[counts.length - 2] : 0))
    value = 0
    shift = 0
  }
  if (shift > 0) throw malformed('a text that ends inside a number')
  const rle = { width, height, counts }
  checkRuns('rleFromString', rle)
  return rle
}

const malformed = (got: string): FormatError =>
  new FormatError({ op: 'rleFromString', problem: 'not a run-length text', got, expected: 'characters 0 to o' })

/**
 * Number of set pixels.
 * @example
 * rleArea({ width: 2, height: 2, counts: [1, 3] }) // => 3
 */
export const rleArea = ({ counts }: Rle): number => {
  let area = 0
  for (let k = 1; k < counts.length; k += 2) area += counts[k]
  return area
}

/**
 * Smallest box around the set pixels, whole pixels, as xywh; zeros for an empty mask.
 * @example
 * rleToBox({ width: 3, height: 2, counts: [3, 1, 2] }) // => [1, 1, 1, 1]
 */
export const rleToBox = ({ width, height, counts }: Rle): [number, number, number, number] => {
  let [x1, y1, x2, y2] = [width, height, -1, -1]
  for (let k = 0, at = 0; k < counts.length; at += counts[k], k++) {
    if (k % 2 === 0 || counts[k] === 0) continue
    const end = at + counts[k] - 1
    const firstColumn = Math.floor(at / height)
    const lastColumn = Math.floor(end / height)
    const wraps = lastColumn > firstColumn
    x1 = Math.min(x1, firstColumn)
    x2 = Math.max(x2, lastColumn)
    y1 = Math.min(y1, wraps ? 0 : at % height)
    y2 = Math.max(y2, wraps ? height - 1 : end % height)
  }
  return x2 < 0 ? [0, 0, 0, 0] : [x1, y1, x2 - x1 + 1, y2 - y1 + 1]
}

/** Walks two encodings side by side: calls `visit` with the length of each stretch where both are constant. */
const walk = (a: Rle, b: Rle, visit: (length: number, inA: boolean, inB: boolean) => void): void => {
  let i = 0
  let j = 0
  let leftA = a.counts[0] ?? 0
  let leftB = b.counts[0] ?? 0
  while (i < a.counts.length && j < b.counts.length) {
    const length = Math.min(leftA, leftB)
    if (length > 0) visit(length, i % 2 === 1, j % 2 === 1)
    leftA -= length
    leftB -= length
    if (leftA === 0) leftA = a.counts[++i]
    if (leftB === 0) leftB = b.counts[++j]
  }
}

const checkSameSize = (op: string, a: Rle, b: Rle): void => {
  if (a.width === b.width && a.height === b.height) return
  throw new ShapeError({
    op,
    problem: 'the masks are of different sizes',
    got: `${a.width}x${a.height} and ${b.width}x${b.height}`,
  })
}

/**
 * Union or intersection of encodings of one size.
 * @throws ShapeError when the sizes differ or there is nothing to merge.
 * @example
 * const size = { width: 2, height: 2 }
 * rleMerge([{ ...size, counts: [0, 1, 3] }, { ...size, counts: [3, 1] }], 'union').counts // => [0, 1, 2, 1]
 */
export const rleMerge = (masks: readonly Rle[], how: 'union' | 'intersection'): Rle => {
  if (masks.length === 0) throw new ShapeError({ op: 'rleMerge', problem: 'no mask to merge' })
  return masks.reduce((a, b) => {
    checkSameSize('rleMerge', a, b)
    const counts: number[] = [0]
    walk(a, b, (length, inA, inB) => {
      const value = how === 'union' ? inA || inB : inA && inB
      if (value === (counts.length % 2 === 0)) counts[counts.length - 1] += length
      else counts.push(length)
    })
    return { width: a.width, height: a.height, counts }
  })
}

/**
 * IoU of two encodings; with `crowd` the overlap over the area of `a` alone, COCO's measure against a crowd region.
 * Two empty masks give NaN.
 * @throws ShapeError when the sizes differ.
 * @source Checked against pycocotools 2.0.11 in masks.test.ts
 * @example
 * const size = { width: 2, height: 2 }
 * rleIou({ ...size, counts: [0, 2, 2] }, { ...size, counts: [1, 3] }) // => 0.25
 */
export const rleIou = (a: Rle, b: Rle, crowd = false): number => {
  checkSameSize('rleIou', a, b)
  let shared = 0
  let either = 0
  let areaA = 0
  walk(a, b, (length, inA, inB) => {
    if (inA && inB) shared += length
    if (inA || inB) either += length
    if (inA) areaA += length
  })
  return shared / (crowd ? areaA : either)
}
