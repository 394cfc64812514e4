import { ShapeError, ValueError } from '@lanewise/core'
import { checkCount, float32, type Values } from '../arrays.ts'

/** What {@link matchAnchors} gives an anchor without a box. */
export const matchState = { background: -1, between: -2 } as const

/** Options of {@link matchAnchors}. */
export interface MatchOptions {
  /** Number of ground-truth boxes, the rows of the quality matrix. */
  readonly boxes: number
  /** From this quality on an anchor is matched. */
  readonly high: number
  /** Below this it is background; from here to `high` it is neither. Default `high`. */
  readonly low?: number
  /**
   * Matches in spite of a low quality: `ties` gives every box all its best anchors, which keep their own best box
   * (RPN, RetinaNet); `best` gives every box its first best anchor (SSD). Default none.
   */
  readonly forced?: 'none' | 'ties' | 'best'
}

/** Whether a is the larger; NaN is above all numbers, as in torch's max. */
const above = (a: number, b: number): boolean => a > b || (a !== a && b === b)

/**
 * Assigns each anchor to a ground-truth box by a matrix of qualities, such as {@link boxIou} of boxes and anchors.
 * @param quality - [boxes, anchors]
 * @returns per anchor the box, or -1 for background, or -2 for neither; [anchors]
 * @throws ShapeError when there is no box or no anchor, as torchvision; ValueError when low > high.
 * @source Checked against torchvision's Matcher and SSDMatcher 0.14 in anchors.test.ts
 * @example
 * matchAnchors([0.8, 0.4, 0.1], { boxes: 1, high: 0.7, low: 0.3 }) // => [0, -2, -1]
 */
export const matchAnchors = (
  quality: Values,
  { boxes, high, low = high, forced = 'none' }: MatchOptions,
): Int32Array => {
  const q = float32(quality)
  const n = boxes > 0 ? q.length / boxes : 0
  if (!(n > 0)) {
    throw new ShapeError({
      op: 'matchAnchors',
      problem: 'there is nothing to match',
      got: `${boxes} boxes and ${q.length} qualities`,
      advice: 'Treat images without boxes as background',
    })
  }
  checkCount('matchAnchors', 'the qualities and boxes', q.length, Math.floor(n) * boxes)
  if (!(low <= high))
    throw new ValueError({ op: 'matchAnchors', problem: 'low is above high', got: `${low} and ${high}` })
  const matches = new Int32Array(n)
  const best = new Float32Array(n)
  for (let a = 0; a < n; a++) {
    for (let g = 1; g < boxes; g++) if (above(q[g * n + a], q[matches[a] * n + a])) matches[a] = g
    best[a] = q[matches[a] * n + a]
  }
  const own = matches.slice()
  // torch compares float32 values with thresholds rounded to float32.
  const [from, to] = [Math.fround(low), Math.fround(high)]
  for (let a = 0; a < n; a++) {
    if (best[a] < from) matches[a] = matchState.background
    else if (best[a] < to) matches[a] = matchState.between
  }
  if (forced === 'none') return matches
  for (let g = 0; g < boxes; g++) {
    let top = 0
    for (let a = 1; a < n; a++) if (above(q[g * n + a], q[g * n + top])) top = a
    if (forced === 'best') matches[top] = g
    else for (let a = 0; a < n; a++) if (q[g * n + a] === q[g * n + top]) matches[a] = own[a]
  }
  return matches
}
