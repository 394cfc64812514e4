import { cos, hypot, sin } from '../math.ts'

const radians = Math.PI / 180

/** Corner k of the box, in turn (-,-), (+,-), (+,+), (-,+) of its own axes, as x, y, x, y, ... */
const cornersOf = (b: ArrayLike<number>, at: number): number[] => {
  const [c, s] = [cos(b[at + 4] * radians), sin(b[at + 4] * radians)]
  return [-1, -1, 1, -1, 1, 1, -1, 1].map((_, k, signs) => {
    const u = (signs[k - (k % 2)] * b[at + 2]) / 2
    const v = (signs[k - (k % 2) + 1] * b[at + 3]) / 2
    return k % 2 === 0 ? b[at] + u * c + v * s : b[at + 1] - u * s + v * c
  })
}

/** A corner of the intersection, and which edge starts there: 0 to 3 of the first box, -1 of the second. */
interface Corner {
  readonly x: number
  readonly y: number
  readonly edge: number
}

/** The intersection of two convex quadrilaterals, first clipped by second, each edge with its origin. */
const intersect = (first: readonly number[], second: readonly number[]): Corner[] => {
  let rest: Corner[] = [0, 1, 2, 3].map((k) => ({ x: first[2 * k], y: first[2 * k + 1], edge: k }))
  for (let e = 0; e < 4 && rest.length > 0; e++) {
    const [x1, y1] = [second[2 * e], second[2 * e + 1]]
    const [dx, dy] = [second[(2 * e + 2) % 8] - x1, second[(2 * e + 3) % 8] - y1]
    const side = ({ x, y }: Corner): number => dx * (y - y1) - dy * (x - x1)
    const next: Corner[] = []
    rest.forEach((from, k) => {
      const to = rest[(k + 1) % rest.length]
      const [a, b] = [side(from), side(to)]
      if (a >= 0) next.push(from)
      if (a >= 0 === b >= 0) return
      const t = a / (a - b)
      // Leaving, the border follows the second box; coming in, the rest of the edge.
      next.push({ x: from.x + t * (to.x - from.x), y: from.y + t * (to.y - from.y), edge: a >= 0 ? -1 : from.edge })
    })
    rest = next
  }
  return rest
}

const areaOf = (corners: readonly Corner[]): number => {
  let twice = 0
  corners.forEach((p, k) => {
    const q = corners[(k + 1) % corners.length]
    twice += p.x * q.y - q.x * p.y
  })
  return twice / 2
}

const proper = (b: ArrayLike<number>, at: number): boolean => b[at + 2] > 0 && b[at + 3] > 0

/** Area shared by two boxes, each cx, cy, w, h, angle in degrees. 0 where one has no area. */
export const rotatedOverlap = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): number =>
  proper(a, i) && proper(b, j) ? areaOf(intersect(cornersOf(a, i), cornersOf(b, j))) : 0

/**
 * Derivatives of the shared area by the first box's five numbers: where a border moves, the area grows by its length
 * times its speed outwards, at its middle, as speed changes linearly along an edge.
 */
export const rotatedOverlapGradient = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): number[] => {
  const out = [0, 0, 0, 0, 0]
  if (!proper(a, i) || !proper(b, j)) return out
  const corners = intersect(cornersOf(a, i), cornersOf(b, j))
  const [c, s] = [cos(a[i + 4] * radians), sin(a[i + 4] * radians)]
  // Outward normals of the edges top, right, bottom, left, in the picture.
  const normals = [
    [-s, -c],
    [c, -s],
    [s, c],
    [-c, s],
  ]
  corners.forEach((p, k) => {
    if (p.edge < 0) return
    const q = corners[(k + 1) % corners.length]
    const length = hypot(q.x - p.x, q.y - p.y)
    const [nx, ny] = normals[p.edge]
    const [mx, my] = [(p.x + q.x) / 2 - a[i], (p.y + q.y) / 2 - a[i + 1]]
    out[0] += length * nx
    out[1] += length * ny
    out[2 + (p.edge % 2 === 0 ? 1 : 0)] += length / 2
    // Counter-clockwise on the screen: (x, y) moves by (y, -x) per radian.
    out[4] += length * (my * nx - mx * ny) * radians
  })
  return out
}
