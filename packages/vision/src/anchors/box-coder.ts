import { checkCount, countRows, float32, type Values } from '../arrays.ts'
import { exp, log } from '../math.ts'

/** Options of {@link encodeBoxes} and {@link decodeBoxes}. */
export interface BoxCoderOptions {
  /** What dx, dy, dw and dh are multiplied by; 1 in an RPN, 10, 10, 5, 5 in a box head or SSD. Default 1 each. */
  readonly weights?: readonly [x: number, y: number, w: number, h: number]
  /** Largest log of a growth in width or height that a code may ask for. Default log(1000 / 16). */
  readonly clip?: number
}

const plainWeights = [1, 1, 1, 1] as const
const { fround } = Math

/**
 * Offsets that turn anchors into boxes: shift of the centre over the anchor's size, log of the ratio of sizes.
 * @param boxes - wanted xyxy boxes, [N, 4]
 * @param anchors - xyxy, [N, 4]
 * @returns [N, 4]
 * @source Girshick et al. 2014; checked against torchvision's BoxCoder 0.14 in anchors.test.ts
 * @example
 * encodeBoxes([5, 0, 15, 10], [0, 0, 10, 10]) // => [0.5, 0, 0, 0]
 */
export const encodeBoxes = (
  boxes: Values,
  anchors: Values,
  { weights: [wx, wy, ww, wh] = plainWeights }: BoxCoderOptions = {},
): Float32Array => {
  const b = float32(boxes)
  const a = float32(anchors)
  const n = countRows('encodeBoxes', 'boxes', b, 4)
  checkCount('encodeBoxes', 'the numbers of anchors and boxes', countRows('encodeBoxes', 'anchors', a, 4), n)
  const out = new Float32Array(4 * n)
  for (let i = 0; i < 4 * n; i += 4) {
    const w = fround(a[i + 2] - a[i])
    const h = fround(a[i + 3] - a[i + 1])
    const boxW = fround(b[i + 2] - b[i])
    const boxH = fround(b[i + 3] - b[i + 1])
    out[i] = fround(wx * fround(fround(b[i] + 0.5 * boxW) - fround(a[i] + 0.5 * w))) / w
    out[i + 1] = fround(wy * fround(fround(b[i + 1] + 0.5 * boxH) - fround(a[i + 1] + 0.5 * h))) / h
    out[i + 2] = ww * fround(log(fround(boxW / w)))
    out[i + 3] = wh * fround(log(fround(boxH / h)))
  }
  return out
}

/**
 * Boxes from anchors and offsets; the inverse of {@link encodeBoxes}.
 * @param codes - [N, 4], or [N, K * 4] for K boxes of each anchor, as a head with one box per class gives
 * @param anchors - xyxy, [N, 4]
 * @returns xyxy, the shape of `codes`
 * @throws ShapeError when the codes are not a multiple of the anchors.
 * @source Checked against torchvision's BoxCoder 0.14 in anchors.test.ts
 * @example
 * decodeBoxes([0.5, 0, 0, 0], [0, 0, 10, 10]) // => [5, 0, 15, 10]
 */
export const decodeBoxes = (
  codes: Values,
  anchors: Values,
  { weights: [wx, wy, ww, wh] = plainWeights, clip = 4.135166556742356 }: BoxCoderOptions = {},
): Float32Array => {
  const c = float32(codes)
  const a = float32(anchors)
  const n = countRows('decodeBoxes', 'anchors', a, 4)
  const out = new Float32Array(c.length)
  if (n === 0 && c.length === 0) return out
  const each = countRows('decodeBoxes', 'codes', c, 4 * Math.max(n, 1))
  checkCount('decodeBoxes', 'the numbers of codes and anchors', c.length, each * 4 * n)
  const limit = fround(clip)
  for (let i = 0, o = 0; i < n; i++) {
    const w = fround(a[4 * i + 2] - a[4 * i])
    const h = fround(a[4 * i + 3] - a[4 * i + 1])
    const cx = fround(a[4 * i] + 0.5 * w)
    const cy = fround(a[4 * i + 1] + 0.5 * h)
    for (let k = 0; k < each; k++, o += 4) {
      const dw = fround(c[o + 2] / ww)
      const dh = fround(c[o + 3] / wh)
      const x = fround(fround(fround(c[o] / wx) * w) + cx)
      const y = fround(fround(fround(c[o + 1] / wy) * h) + cy)
      const halfW = 0.5 * fround(fround(exp(dw > limit ? limit : dw)) * w)
      const halfH = 0.5 * fround(fround(exp(dh > limit ? limit : dh)) * h)
      out[o] = x - halfW
      out[o + 1] = y - halfH
      out[o + 2] = x + halfW
      out[o + 3] = y + halfH
    }
  }
  return out
}
