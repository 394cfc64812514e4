import { ShapeError, ValueError } from '@lanewise/core'
import { read, type Values } from '../arrays.ts'

/** What {@link SegmentationMatrix} tells of the pixels so far. Classes that never appear have NaN in the lists. */
export interface SegmentationScores {
  /** Right pixels over all. */
  readonly pixelAccuracy: number
  /** Per class: right pixels over those of the class. */
  readonly classAccuracy: number[]
  /** Per class: intersection over union. */
  readonly iou: number[]
  /** Per class: twice the intersection over the sum. */
  readonly dice: number[]
  /** Means over the classes that appear in target or prediction. */
  readonly meanAccuracy: number
  readonly meanIou: number
  readonly meanDice: number
  /** Mean of the IoU weighted by the classes' pixels. */
  readonly frequencyWeightedIou: number
}

/** Options of {@link SegmentationMatrix}. */
export interface SegmentationOptions {
  /** Target value that does not count. Default 255. */
  readonly ignoreIndex?: number
}

/**
 * Counts of target class against predicted class, pixel by pixel. Targets outside of the classes do not count, as in
 * torchvision's references.
 * @throws ValueError when the number of classes is not positive and whole.
 * @source Checked against the formulas in NumPy in curves.test.ts
 * @example
 * const matrix = new SegmentationMatrix(2)
 * matrix.update([0, 0, 1, 255], [0, 1, 1, 0])
 * matrix.scores().meanIou // => 0.5
 */
export class SegmentationMatrix {
  readonly classes: number
  readonly #ignoreIndex: number
  readonly #counts: Float64Array

  constructor(classes: number, { ignoreIndex = 255 }: SegmentationOptions = {}) {
    if (!(Number.isInteger(classes) && classes > 0)) {
      throw new ValueError({ op: 'SegmentationMatrix', problem: 'not a number of classes', got: String(classes) })
    }
    this.classes = classes
    this.#ignoreIndex = ignoreIndex
    this.#counts = new Float64Array(classes * classes)
  }

  /** [target class, predicted class]; a copy. */
  get counts(): Float64Array {
    return this.#counts.slice()
  }

  /** Forgets all pixels. */
  reset(): void {
    this.#counts.fill(0)
  }

  /**
   * Adds pixels.
   * @throws ShapeError when there are not as many of both; ValueError at a predicted value that is not a class. Nothing
   * is added then.
   */
  update(target: Values, prediction: Values): void {
    const t = read(target)
    const p = read(prediction)
    if (t.length !== p.length) {
      throw new ShapeError({ op: 'SegmentationMatrix.update', problem: 'not as many targets as predictions', got: `${t.length} and ${p.length}` })
    }
    const { classes } = this
    for (let i = 0; i < p.length; i++) {
      if (p[i] >= 0 && p[i] < classes && Number.isInteger(p[i])) continue
      throw new ValueError({ op: 'SegmentationMatrix.update', problem: 'not a class', got: `${p[i]} at ${i}`, expected: `0 to ${classes - 1}` })
    }
    for (let i = 0; i < t.length; i++) {
      if (t[i] >= 0 && t[i] < classes && t[i] !== this.#ignoreIndex) this.#counts[t[i] * classes + p[i]]++
    }
  }

  /** The scores of all pixels so far. */
  scores(): SegmentationScores {
    const { classes } = this
    const every = Array.from({ length: classes }, (_, c) => c)
    const at = (t: number, p: number): number => this.#counts[t * classes + p]
    const wanted = every.map((t) => every.reduce((sum, p) => sum + at(t, p), 0))
    const found = every.map((p) => every.reduce((sum, t) => sum + at(t, p), 0))
    const total = wanted.reduce((a, b) => a + b, 0)
    const right = every.map((c) => at(c, c))
    const iou = every.map((c) => right[c] / (wanted[c] + found[c] - right[c]))
    const dice = every.map((c) => (2 * right[c]) / (wanted[c] + found[c]))
    const classAccuracy = every.map((c) => right[c] / wanted[c])
    return {
      pixelAccuracy: total === 0 ? 0 : right.reduce((a, b) => a + b, 0) / total,
      classAccuracy,
      iou,
      dice,
      meanAccuracy: meanKnown(classAccuracy),
      meanIou: meanKnown(iou),
      meanDice: meanKnown(dice),
      frequencyWeightedIou: total === 0 ? 0 : every.reduce((sum, c) => sum + (wanted[c] === 0 ? 0 : wanted[c] * iou[c]), 0) / total,
    }
  }
}

const meanKnown = (values: readonly number[]): number => {
  const known = values.filter((v) => v === v)
  return known.length === 0 ? 0 : known.reduce((a, b) => a + b, 0) / known.length
}
