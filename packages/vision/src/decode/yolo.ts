import { ShapeError } from '@lanewise/core'
import { checkCount, float32, type Values } from '../arrays.ts'
import type { Detections } from '../detections.ts'
import { exp, sigmoid } from '../math.ts'
import { Candidates } from './candidates.ts'

/** Options of the YOLO decoders. */
export interface YoloOptions {
  /** Number of classes. */
  readonly classes: number
  /** Scores must be above this. Default 0.25. */
  readonly scoreThreshold?: number
  /** IoU from which on boxes of one class drop each other. Default 0.45. */
  readonly nmsThreshold?: number
  /** Most detections of an image. Default 300. */
  readonly maxDetections?: number
}

/** Raw output of one YOLO level with anchors. */
export interface YoloLevel {
  /** x, y, w, h, objectness and classes before any activation, as [anchors, 5 + classes, height, width]. */
  readonly output: Values
  /** [height, width] of the level */
  readonly grid: readonly [height: number, width: number]
  /** Pixels between locations. */
  readonly stride: number
  /** Width and height of each anchor in pixels. */
  readonly anchors: readonly (readonly [width: number, height: number])[]
}

/** xyxy from centre and size. */
const aroundCentre = ([cx, cy, w, h]: readonly number[]): number[] => [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]

const suppress = (found: Candidates, { nmsThreshold = 0.45, maxDetections = 300 }: YoloOptions): Detections =>
  found.suppress(nmsThreshold, maxDetections)

/** The best of `classes` values that lie `step` apart from `at`: the first of equals. */
const topClass = (x: Float32Array, at: number, step: number, classes: number): number => {
  let top = 0
  for (let c = 1; c < classes; c++) if (x[at + c * step] > x[at + top * step]) top = c
  return top
}

type BoxRule = (t: readonly number[], x: number, y: number, level: YoloLevel, anchor: readonly number[]) => number[]

// YOLO v3: centre sigmoid(t) + cell, size anchor * e^t.
const boxV3: BoxRule = ([tx, ty, tw, th], x, y, { stride }, [w, h]) => [
  (sigmoid(tx) + x) * stride,
  (sigmoid(ty) + y) * stride,
  exp(tw) * w,
  exp(th) * h,
]

// YOLO v5: centre 2 sigmoid(t) - 0.5 + cell, size anchor * (2 sigmoid(t))².
const boxV5: BoxRule = ([tx, ty, tw, th], x, y, { stride }, [w, h]) => [
  (2 * sigmoid(tx) - 0.5 + x) * stride,
  (2 * sigmoid(ty) - 0.5 + y) * stride,
  4 * sigmoid(tw) * sigmoid(tw) * w,
  4 * sigmoid(th) * sigmoid(th) * h,
]

const decodeAnchored = (op: string, levels: readonly YoloLevel[], options: YoloOptions, rule: BoxRule): Detections => {
  const { classes, scoreThreshold = 0.25 } = options
  const found = new Candidates()
  for (const level of levels) {
    const t = float32(level.output)
    const [height, width] = level.grid
    const plane = height * width
    checkCount(op, 'the output and its level', t.length, level.anchors.length * (5 + classes) * plane)
    level.anchors.forEach((anchor, a) => {
      for (let cell = 0; cell < plane; cell++) {
        const at = a * (5 + classes) * plane + cell
        const objectness = sigmoid(t[at + 4 * plane])
        if (!(objectness > scoreThreshold)) continue
        const top = topClass(t, at + 5 * plane, plane, classes)
        const score = objectness * sigmoid(t[at + (5 + top) * plane])
        if (!(score > scoreThreshold)) continue
        const raw = [0, 1, 2, 3].map((k) => t[at + k * plane])
        found.add(aroundCentre(rule(raw, cell % width, Math.floor(cell / width), level, anchor)), score, top)
      }
    })
  }
  return suppress(found, options)
}

/**
 * Detections from the raw levels of YOLO v3 (and v2): the best class of each box, objectness times class
 * probability, suppression per class.
 * @throws ShapeError when an output does not fit its level.
 * @source Redmon and Farhadi 2018; checked against the formula in NumPy in decode.test.ts
 * @example
 * const level = { output: [0, 0, 0, 0, 9, 9], grid: [1, 1], stride: 32, anchors: [[10, 20]] } as const
 * decodeYoloV3([level], { classes: 1 }).boxes // => [11, 6, 21, 26]
 */
export const decodeYoloV3 = (levels: readonly YoloLevel[], options: YoloOptions): Detections =>
  decodeAnchored('decodeYoloV3', levels, options, boxV3)

/**
 * Detections from the raw levels of YOLO v5 (and v4's scaled form, v7): as {@link decodeYoloV3}, with bounded sizes.
 * @throws ShapeError when an output does not fit its level.
 * @source Ultralytics' YOLOv5 documentation; checked against the formula in NumPy in decode.test.ts
 * @example
 * const level = { output: [0, 0, 0, 0, 9, 9], grid: [1, 1], stride: 32, anchors: [[10, 20]] } as const
 * decodeYoloV5([level], { classes: 1 }).boxes // => [11, 6, 21, 26]
 */
export const decodeYoloV5 = (levels: readonly YoloLevel[], options: YoloOptions): Detections =>
  decodeAnchored('decodeYoloV5', levels, options, boxV5)

/**
 * Detections from the exported output of YOLO v8 and later: centre, size and class probabilities, already activated,
 * in pixels of the network's input.
 * @param output - [4 + classes, N]
 * @throws ShapeError when the output is not rows of 4 + classes.
 * @source Ultralytics' YOLOv8 export; checked against the formula in NumPy in decode.test.ts
 * @example
 * decodeYoloV8([50, 50, 20, 10, 0.1, 0.9], { classes: 2 }).boxes // => [40, 45, 60, 55]
 */
export const decodeYoloV8 = (output: Values, options: YoloOptions): Detections => {
  const { classes, scoreThreshold = 0.25 } = options
  const x = float32(output)
  const n = x.length / (4 + classes)
  checkCount('decodeYoloV8', 'the output and its classes', x.length, Math.floor(n) * (4 + classes))
  const found = new Candidates()
  for (let i = 0; i < n; i++) {
    const top = topClass(x, 4 * n + i, n, classes)
    const score = x[(4 + top) * n + i]
    if (score > scoreThreshold) found.add(aroundCentre([x[i], x[n + i], x[2 * n + i], x[3 * n + i]]), score, top)
  }
  return suppress(found, options)
}

/** Raw output of one anchor-free YOLO level. */
export interface YoloDflLevel {
  /** Logits of the distances to the left, top, right and bottom edge, [4 * bins, height, width] */
  readonly box: Values
  /** Logits, [classes, height, width] */
  readonly classLogits: Values
  /** [height, width] of the level */
  readonly grid: readonly [height: number, width: number]
  /** Pixels between locations. */
  readonly stride: number
}

/** Expected distance in strides: mean of the bins under a softmax. */
const expectedBin = (x: Float32Array, at: number, step: number, bins: number): number => {
  let most = -Infinity
  for (let k = 0; k < bins; k++) most = Math.max(most, x[at + k * step])
  let sum = 0
  let mean = 0
  for (let k = 0; k < bins; k++) {
    const p = exp(x[at + k * step] - most)
    sum += p
    mean += k * p
  }
  return mean / sum
}

/**
 * Detections from the raw levels of YOLO v8: distances to the edges as distributions over bins, sigmoid per class.
 * @throws ShapeError when an output does not fit its level.
 * @source Li et al. 2020 (distribution focal loss); checked against the formula in NumPy in decode.test.ts
 * @example
 * // Distances of one stride with certainty: the second of two bins.
 * const box = [-99, 99, -99, 99, -99, 99, -99, 99]
 * decodeYoloDfl([{ box, classLogits: [5], grid: [1, 1], stride: 8 }], { classes: 1 }).boxes // => [-4, -4, 12, 12]
 */
export const decodeYoloDfl = (levels: readonly YoloDflLevel[], options: YoloOptions): Detections => {
  const { classes, scoreThreshold = 0.25 } = options
  const found = new Candidates()
  for (const { box, classLogits, grid, stride } of levels) {
    const [height, width] = grid
    const plane = height * width
    const distances = float32(box)
    const logits = float32(classLogits)
    const bins = distances.length / (4 * plane)
    if (!Number.isInteger(bins) || logits.length !== classes * plane) {
      throw new ShapeError({
        op: 'decodeYoloDfl',
        problem: 'an output does not fit its level',
        got: `${distances.length} box and ${logits.length} class logits for ${height}x${width}`,
        expected: `4 * bins and ${classes} planes of ${plane}`,
      })
    }
    for (let cell = 0; cell < plane; cell++) {
      const top = topClass(logits, cell, plane, classes)
      const score = sigmoid(logits[top * plane + cell])
      if (!(score > scoreThreshold)) continue
      const [l, t, r, b] = [0, 1, 2, 3].map(
        (side) => expectedBin(distances, side * bins * plane + cell, plane, bins) * stride,
      )
      const x = ((cell % width) + 0.5) * stride
      const y = (Math.floor(cell / width) + 0.5) * stride
      found.add([x - l, y - t, x + r, y + b], score, top)
    }
  }
  return suppress(found, options)
}
