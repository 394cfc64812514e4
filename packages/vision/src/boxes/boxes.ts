import { ShapeError } from '@lanewise/core'
import { countRows, float32, type Values } from '../arrays.ts'

/** Size of an image in pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/**
 * Area of each xyxy box; an inverted side makes it negative, as in torchvision.
 * @returns [N]
 * @source Checked against torchvision.ops.box_area 0.14 in boxes.test.ts
 * @example
 * boxArea([0, 0, 4, 5]) // => [20]
 */
export const boxArea = (boxes: Values): Float32Array => {
  const b = float32(boxes)
  const area = new Float32Array(countRows('boxArea', 'boxes', b, 4))
  for (let i = 0; i < area.length; i++) {
    area[i] = Math.fround(b[4 * i + 2] - b[4 * i]) * Math.fround(b[4 * i + 3] - b[4 * i + 1])
  }
  return area
}

const clamp = (x: number, limit: number): number => (x < 0 ? 0 : x > limit ? limit : x)

/**
 * xyxy boxes with every corner moved into the image; a NaN stays.
 * @returns [N, 4], a new array
 * @source Checked against torchvision.ops.clip_boxes_to_image 0.14 in boxes.test.ts
 * @example
 * clipBoxes([-5, 2, 30, 9], { width: 20, height: 8 }) // => [0, 2, 20, 8]
 */
export const clipBoxes = (boxes: Values, { width, height }: ImageSize): Float32Array => {
  const b = float32(boxes)
  countRows('clipBoxes', 'boxes', b, 4)
  return b.map((v, i) => clamp(v, i % 2 === 0 ? width : height))
}

/**
 * Indices of the xyxy boxes whose width and height are at least `minSize`.
 * @source Checked against torchvision.ops.remove_small_boxes 0.14 in boxes.test.ts
 * @example
 * removeSmallBoxes([0, 0, 4, 5, 0, 0, 1, 9], 2) // => [0]
 */
export const removeSmallBoxes = (boxes: Values, minSize: number): Int32Array => {
  const b = float32(boxes)
  const n = countRows('removeSmallBoxes', 'boxes', b, 4)
  const limit = Math.fround(minSize)
  const keep: number[] = []
  for (let i = 0; i < n; i++) {
    const w = Math.fround(b[4 * i + 2] - b[4 * i])
    const h = Math.fround(b[4 * i + 3] - b[4 * i + 1])
    if (w >= limit && h >= limit) keep.push(i)
  }
  return Int32Array.from(keep)
}

/**
 * The smallest xyxy box around the non-zero pixels of each mask: first and last column and row, so that a mask of one
 * pixel gives a box of zero area, as in torchvision.
 * @param masks - [N, height, width]
 * @returns [N, 4]
 * @throws ShapeError when the numbers do not fill whole masks or a mask is empty (torchvision throws too).
 * @source Checked against torchvision.ops.masks_to_boxes 0.14 in boxes.test.ts
 * @example
 * masksToBoxes([0, 0, 0, 0, 1, 1], { width: 3, height: 2 }) // => [1, 1, 2, 1]
 */
export const masksToBoxes = (masks: Values, { width, height }: ImageSize): Float32Array => {
  const m = 'dataSync' in masks ? masks.dataSync() : masks
  const n = countRows('masksToBoxes', 'masks', m, width * height)
  const boxes = new Float32Array(4 * n)
  for (let k = 0; k < n; k++) {
    let [x1, y1, x2, y2] = [width, height, -1, -1]
    for (let y = 0, i = k * width * height; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (m[i] === 0) continue
        if (x < x1) x1 = x
        if (x > x2) x2 = x
        if (y1 > y) y1 = y
        y2 = y
      }
    }
    if (x2 < 0) {
      throw new ShapeError({
        op: 'masksToBoxes',
        problem: 'a mask is empty',
        got: `no set pixel in mask ${k}`,
        advice: 'Leave empty masks out',
      })
    }
    boxes.set([x1, y1, x2, y2], 4 * k)
  }
  return boxes
}
