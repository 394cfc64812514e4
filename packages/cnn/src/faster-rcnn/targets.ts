import { ShapeError, ValueError } from '@lanewise/core'
import { boxIou, matchAnchors, matchState, type MatchOptions, type Values } from '@lanewise/vision'

/** The objects of one image. */
export interface DetectionTarget {
  /** xyxy in pixels, [N, 4]; N may be 0. */
  readonly boxes: Values
  /** Class of each from 1 on, 0 being the background; [N] */
  readonly labels: Values
}

/** A target whose numbers were checked. */
export interface CheckedTarget {
  readonly boxes: Float32Array
  readonly labels: Int32Array
}

const numbers = (x: Values): ArrayLike<number> => ('dataSync' in x ? x.dataSync() : x)

const refuse = (op: string, problem: string, got: string, expected: string, advice?: string): ValueError =>
  new ValueError({ op, problem, got, expected, ...(advice !== undefined && { advice }) })

const checkTarget = (op: string, { boxes, labels }: DetectionTarget, image: number, classes: number): CheckedTarget => {
  const checked = { boxes: Float32Array.from(numbers(boxes)), labels: Int32Array.from(numbers(labels)) }
  const n = checked.labels.length
  if (checked.boxes.length !== 4 * n) {
    throw new ShapeError({
      op,
      problem: `boxes and labels of target ${image} do not match`,
      got: `${checked.boxes.length} numbers and ${n} labels`,
      expected: '4 numbers for each label',
    })
  }
  for (let k = 0; k < n; k++) {
    const [x1, y1, x2, y2] = checked.boxes.subarray(4 * k, 4 * k + 4)
    if (!(x2 > x1 && y2 > y1 && x1 > -Infinity && y1 > -Infinity && x2 < Infinity && y2 < Infinity)) {
      throw refuse(
        op,
        `box ${k} of target ${image} encloses nothing`,
        `[${x1}, ${y1}, ${x2}, ${y2}]`,
        'x1 < x2 and y1 < y2',
        'Leave such boxes out, as sanitizeBoxes of @lanewise/vision does',
      )
    }
    const label = checked.labels[k]
    if (label < 1 || label >= classes) {
      throw refuse(
        op,
        `label ${k} of target ${image} is no class`,
        String(label),
        `1 to ${classes - 1}, 0 being the background`,
        'Build the model with numClasses = classes + 1',
      )
    }
  }
  return checked
}

/** The targets' numbers. Throws where they do not fit the images or the model's classes. */
export const checkTargets = (
  op: string,
  targets: readonly DetectionTarget[],
  { images, classes }: { readonly images: number; readonly classes: number },
): CheckedTarget[] => {
  if (targets.length !== images) {
    throw refuse(
      op,
      'targets and images do not match',
      `${targets.length} targets for ${images} images`,
      'one for each',
    )
  }
  return targets.map((target, i) => checkTarget(op, target, i, classes))
}

/** The object of each region; background everywhere where there is none. */
export const matchRegions = (
  regions: Float32Array,
  objects: Float32Array,
  options: Omit<MatchOptions, 'boxes'>,
): Int32Array => {
  if (objects.length === 0 || regions.length === 0) {
    return new Int32Array(regions.length / 4).fill(matchState.background)
  }
  return matchAnchors(boxIou(objects, regions), { ...options, boxes: objects.length / 4 })
}

/** Throws unless there is a class beside the background. */
export const checkClasses = (op: string, numClasses: number): void => {
  if (Number.isInteger(numClasses) && numClasses >= 2) return
  throw refuse(op, 'numClasses does not fit', String(numClasses), 'a whole number >= 2: the classes and the background')
}
