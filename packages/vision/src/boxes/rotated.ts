import { countRows, float64, type Values } from '../arrays.ts'
import { atan2, cos, hypot, sin } from '../math.ts'
import { clipPolygon, convexHull, polygonArea } from './polygon.ts'

// Rotated boxes are cx, cy, w, h, angle: degrees, counter-clockwise on the screen, as torchvision's cxcywhr.

const radians = Math.PI / 180

/**
 * Corners of rotated boxes, clockwise on the screen from the corner that is top left at angle 0.
 * @param boxes - cxcywhr, angle in degrees counter-clockwise, [N, 5]
 * @returns [N, 8]
 * @source torchvision's cxcywhr and xyxyxyxy formats
 * @example
 * rotatedToCorners([2, 2, 4, 2, 0]) // => [0, 1, 4, 1, 4, 3, 0, 3]
 */
export const rotatedToCorners = (boxes: Values): Float32Array => Float32Array.from(corners('rotatedToCorners', boxes))

const corners = (op: string, boxes: Values): Float64Array => {
  const b = float64(boxes)
  const n = countRows(op, 'boxes', b, 5)
  const out = new Float64Array(8 * n)
  for (let i = 0; i < n; i++) {
    const [cx, cy, w, h, angle] = b.subarray(5 * i)
    const c = cos(angle * radians)
    const s = sin(angle * radians)
    // Half a side along the width, (wx, wy), and along the height, (hx, hy).
    const [wx, wy, hx, hy] = [(w * c) / 2, (-w * s) / 2, (h * s) / 2, (h * c) / 2]
    out.set([cx - wx - hx, cy - wy - hy, cx + wx - hx, cy + wy - hy], 8 * i)
    out.set([cx + wx + hx, cy + wy + hy, cx - wx + hx, cy - wy + hy], 8 * i + 4)
  }
  return out
}

/**
 * Rotated boxes from their corners, in the order of {@link rotatedToCorners}.
 * @param quads - [N, 8]
 * @returns cxcywhr, angle in degrees in (-180, 180], [N, 5]
 * @example
 * cornersToRotated([0, 1, 4, 1, 4, 3, 0, 3]) // => [2, 2, 4, 2, 0]
 */
export const cornersToRotated = (quads: Values): Float32Array => {
  const q = float64(quads)
  const n = countRows('cornersToRotated', 'corners', q, 8)
  const out = new Float32Array(5 * n)
  for (let i = 0; i < n; i++) {
    const [x1, y1, x2, y2, x3, y3] = q.subarray(8 * i)
    const w = hypot(x2 - x1, y2 - y1)
    const h = hypot(x3 - x2, y3 - y2)
    const angle = y1 === y2 && x2 >= x1 ? 0 : atan2(y1 - y2, x2 - x1) / radians
    out.set([(x1 + x3) / 2, (y1 + y3) / 2, w, h, angle], 5 * i)
  }
  return out
}

/**
 * The smallest xyxy boxes around rotated ones.
 * @param boxes - cxcywhr, [N, 5]
 * @returns [N, 4]
 * @example
 * rotatedToXyxy([3, 3, 4, 2, 90]) // => [2, 1, 4, 5]
 */
export const rotatedToXyxy = (boxes: Values): Float32Array => {
  const q = corners('rotatedToXyxy', boxes)
  const out = new Float32Array(q.length / 2)
  for (let i = 0; i < q.length / 8; i++) {
    const [x1, y1, x2, y2, x3, y3, x4, y4] = q.subarray(8 * i)
    out.set([Math.min(x1, x2, x3, x4), Math.min(y1, y2, y3, y4)], 4 * i)
    out.set([Math.max(x1, x2, x3, x4), Math.max(y1, y2, y3, y4)], 4 * i + 2)
  }
  return out
}

const pairwise = (
  op: string,
  boxes1: Values,
  boxes2: Values,
  measure: (iou: number, union: number, hullArea: () => number) => number,
): Float32Array => {
  const a = corners(op, boxes1)
  const b = corners(op, boxes2)
  const n = a.length / 8
  const m = b.length / 8
  const out = new Float32Array(n * m)
  for (let i = 0; i < n; i++) {
    const p = a.subarray(8 * i, 8 * i + 8)
    const areaP = polygonArea(p)
    for (let j = 0; j < m; j++) {
      const q = b.subarray(8 * j, 8 * j + 8)
      const areaQ = polygonArea(q)
      const shared = areaP > 0 && areaQ > 0 ? polygonArea(clipPolygon(p, q)) : 0 * (areaP + areaQ)
      const union = areaP + areaQ - shared
      out[i * m + j] = measure(shared / union, union, () => polygonArea(convexHull([...p, ...q])))
    }
  }
  return out
}

/**
 * IoU of every pair of rotated boxes, by exact polygon intersection. Two boxes without area give NaN, as boxIou does.
 * @param boxes1 - cxcywhr, angle in degrees, [N, 5]
 * @param boxes2 - cxcywhr, [M, 5]
 * @returns [N, M]
 * @source Checked against Shapely 2.1 in rotated.test.ts
 * @example
 * rotatedBoxIou([0, 0, 2, 2, 0], [0, 0, 2, 2, 90]) // => [1]
 */
export const rotatedBoxIou = (boxes1: Values, boxes2: Values): Float32Array =>
  pairwise('rotatedBoxIou', boxes1, boxes2, (iou) => iou)

/**
 * Generalised IoU of every pair of rotated boxes, with the convex hull of both as the enclosing region.
 * @param boxes1 - cxcywhr, angle in degrees, [N, 5]
 * @param boxes2 - cxcywhr, [M, 5]
 * @returns [N, M], in [-1, 1]
 * @source Rezatofighi et al. 2019; checked against Shapely 2.1 in rotated.test.ts
 * @example
 * generalizedRotatedBoxIou([0, 0, 1, 1, 0], [2, 0, 1, 1, 0]) // => [-0.3333333432674408]
 */
export const generalizedRotatedBoxIou = (boxes1: Values, boxes2: Values): Float32Array =>
  pairwise('generalizedRotatedBoxIou', boxes1, boxes2, (iou, union, hullArea) => {
    const hull = hullArea()
    return iou - (hull - union) / hull
  })
