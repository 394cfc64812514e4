import { ValueError } from '@lanewise/core'
import { countRows, read, type Values } from '../arrays.ts'
import { hypot } from '../math.ts'
import type { ImageSize } from './boxes.ts'
import type { Rle } from './rle.ts'

/** Corners of a polygon, x0, y0, x1, y1, ..., in pixels; the last corner joins the first. */
export type Polygon = ArrayLike<number>

/**
 * Signed area: positive when the corners run clockwise on the screen (y down).
 * @example
 * polygonArea([0, 0, 4, 0, 4, 3, 0, 3]) // => 12
 */
export const polygonArea = (polygon: Polygon): number => {
  let twice = 0
  const n = polygon.length
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    twice += polygon[j] * polygon[i + 1] - polygon[i] * polygon[j + 1]
  }
  return twice / 2
}

/**
 * Whether a point lies inside by the even-odd rule; a point on an edge may go either way.
 * @example
 * polygonContains([0, 0, 4, 0, 4, 3, 0, 3], 1, 1) // => true
 */
export const polygonContains = (polygon: Polygon, x: number, y: number): boolean => {
  let inside = false
  const n = polygon.length
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const y1 = polygon[i + 1]
    const y2 = polygon[j + 1]
    if (y1 > y === y2 > y) continue
    if (x < polygon[i] + ((y - y1) / (y2 - y1)) * (polygon[j] - polygon[i])) inside = !inside
  }
  return inside
}

/**
 * The part of a polygon inside a convex one (Sutherland and Hodgman).
 * @param convex - corners clockwise on the screen, so that its {@link polygonArea} is positive
 * @returns corners, empty when they do not meet
 * @example
 * polygonArea(clipPolygon([0, 0, 4, 0, 4, 4, 0, 4], [2, 2, 6, 2, 6, 6, 2, 6])) // => 4
 */
export const clipPolygon = (polygon: Polygon, convex: Polygon): number[] => {
  let rest: number[] = Array.from(polygon)
  const m = convex.length
  for (let e = 0; e < m && rest.length > 0; e += 2) {
    const x1 = convex[e]
    const y1 = convex[e + 1]
    const dx = convex[(e + 2) % m] - x1
    const dy = convex[(e + 3) % m] - y1
    const side = (p: readonly number[], i: number): number => dx * (p[i + 1] - y1) - dy * (p[i] - x1)
    const next: number[] = []
    for (let i = 0, j = rest.length - 2; i < rest.length; j = i, i += 2) {
      const from = side(rest, j)
      const to = side(rest, i)
      if (from >= 0 !== to >= 0) {
        const t = from / (from - to)
        next.push(rest[j] + t * (rest[i] - rest[j]), rest[j + 1] + t * (rest[i + 1] - rest[j + 1]))
      }
      if (to >= 0) next.push(rest[i], rest[i + 1])
    }
    rest = next
  }
  return rest
}

/**
 * The smallest convex polygon around some points, clockwise on the screen (Andrew's monotone chain).
 * @example
 * convexHull([0, 0, 2, 0, 1, 1, 2, 2, 0, 2]) // => [0, 0, 2, 0, 2, 2, 0, 2]
 */
export const convexHull = (points: Values): number[] => {
  const p = read(points)
  const n = countRows('convexHull', 'points', p, 2)
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => p[2 * i] - p[2 * j] || p[2 * i + 1] - p[2 * j + 1],
  )
  const half = (indices: readonly number[]): number[] => {
    const chain: number[] = []
    for (const i of indices) {
      while (chain.length > 1 && turn(p, chain[chain.length - 2], chain[chain.length - 1], i) <= 0) chain.pop()
      chain.push(i)
    }
    return chain.slice(0, -1)
  }
  const hull = n < 2 ? order : [...half(order), ...half(order.reverse())]
  return hull.flatMap((i) => [p[2 * i], p[2 * i + 1]])
}

const turn = (p: ArrayLike<number>, i: number, j: number, k: number): number =>
  (p[2 * j] - p[2 * i]) * (p[2 * k + 1] - p[2 * i + 1]) - (p[2 * j + 1] - p[2 * i + 1]) * (p[2 * k] - p[2 * i])

/**
 * Drops corners that lie within `tolerancePx` of the line of their neighbours (Ramer, Douglas and Peucker).
 * @example
 * simplifyPolygon([0, 0, 2, 0.1, 4, 0, 4, 4, 0, 4], 0.5) // => [0, 0, 4, 0, 4, 4, 0, 4]
 */
export const simplifyPolygon = (polygon: Polygon, tolerancePx: number): number[] => {
  const n = polygon.length / 2
  if (n < 4) return Array.from(polygon)
  let far = 0
  for (let i = 1, best = 0; i < n; i++) {
    const d = hypot(polygon[2 * i] - polygon[0], polygon[2 * i + 1] - polygon[1])
    if (d > best) [best, far] = [d, i]
  }
  const kept = new Set([0, far])
  const spans: [number, number][] = [
    [0, far],
    [far, n],
  ]
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const split = furthest(polygon, span[0], span[1], tolerancePx)
    if (split < 0) continue
    kept.add(split)
    spans.push([span[0], split], [split, span[1]])
  }
  return [...kept].sort((a, b) => a - b).flatMap((i) => [polygon[2 * i], polygon[2 * i + 1]])
}

/** The corner between two others that is furthest from their line and further than the tolerance, or -1. */
const furthest = (p: Polygon, from: number, to: number, tolerance: number): number => {
  const end = (2 * to) % p.length
  const dx = p[end] - p[2 * from]
  const dy = p[end + 1] - p[2 * from + 1]
  const length = hypot(dx, dy)
  let found = -1
  let worst = tolerance
  for (let i = from + 1; i < to; i++) {
    const ex = p[2 * i] - p[2 * from]
    const ey = p[2 * i + 1] - p[2 * from + 1]
    const d = length > 0 ? Math.abs(dx * ey - dy * ex) / length : hypot(ex, ey)
    if (d > worst) [worst, found] = [d, i]
  }
  return found
}

// COCO rasterises on a grid five times as fine.
const fine = 5

/** Throws where a corner is so far away that walking the outline would take unreasonably long. */
const checkReach = (polygon: Polygon, width: number, height: number): void => {
  for (let i = 0; i < polygon.length; i++) {
    const side = i % 2 === 0 ? width : height
    if (polygon[i] >= -side - 1000 && polygon[i] <= 2 * side + 1000) continue
    throw new ValueError({
      op: 'polygonToRle',
      problem: 'a corner is not finite or lies far outside of the image',
      got: `coordinate ${polygon[i]} in an image of ${width}x${height}`,
      expected: 'at most one image and 1,000 pixels beyond its edges',
    })
  }
}

/** The points of the fine grid along the outline, in order. */
const outline = (polygon: Polygon): { u: number[]; v: number[] } => {
  const n = polygon.length / 2
  const x = Array.from({ length: n + 1 }, (_, i) => Math.trunc(fine * polygon[2 * (i % n)] + 0.5))
  const y = Array.from({ length: n + 1 }, (_, i) => Math.trunc(fine * polygon[2 * (i % n) + 1] + 0.5))
  const u: number[] = []
  const v: number[] = []
  for (let i = 0; i < n; i++) {
    const dx = Math.abs(x[i + 1] - x[i])
    const dy = Math.abs(y[i + 1] - y[i])
    const flat = dx >= dy
    const steps = flat ? dx : dy
    // Every edge is stepped from its lower end, so that both directions give the same points.
    const backwards = flat ? x[i] > x[i + 1] : y[i] > y[i + 1]
    const [x0, y0, x1, y1] = backwards ? [x[i + 1], y[i + 1], x[i], y[i]] : [x[i], y[i], x[i + 1], y[i + 1]]
    const slope = steps === 0 ? 0 : flat ? (y1 - y0) / dx : (x1 - x0) / dy
    for (let d = 0; d <= steps; d++) {
      const t = backwards ? steps - d : d
      u.push(flat ? x0 + t : Math.trunc(x0 + slope * t + 0.5))
      v.push(flat ? Math.trunc(y0 + slope * t + 0.5) : y0 + t)
    }
  }
  return { u, v }
}

/**
 * Fills a polygon as COCO's tools do, to the pixel. A polygon with fewer than three corners fills nothing.
 * @throws ShapeError when a coordinate is missing; ValueError when one is not finite or further outside than one image
 * and 1,000 pixels.
 * @source Checked against pycocotools 2.0.11 in masks.test.ts
 * @example
 * rleArea(polygonToRle([1, 1, 4, 1, 4, 3, 1, 3], { width: 6, height: 5 })) // => 6
 */
export const polygonToRle = (polygon: Polygon, { width, height }: ImageSize): Rle => {
  const corners = countRows('polygonToRle', 'corners', polygon, 2)
  if (corners < 3) return { width, height, counts: [width * height] }
  checkReach(polygon, width, height)
  const { u, v } = outline(polygon)
  // Where the outline steps from one column to the next, the fill of that column starts or ends.
  const flips: number[] = []
  for (let j = 1; j < u.length; j++) {
    if (u[j] === u[j - 1]) continue
    const column = ((u[j] < u[j - 1] ? u[j] : u[j] - 1) + 0.5) / fine - 0.5
    if (!Number.isInteger(column) || column < 0 || column > width - 1) continue
    const row = (Math.min(v[j], v[j - 1]) + 0.5) / fine - 0.5
    flips.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)))
  }
  flips.push(width * height)
  flips.sort((a, b) => a - b)
  const counts: number[] = []
  let last = 0
  for (let j = 0; j < flips.length; j++) {
    const run = flips[j] - last
    last = flips[j]
    if (run > 0 || j === 0) counts.push(run)
    else if (j + 1 < flips.length) {
      counts[counts.length - 1] += flips[j + 1] - last
      last = flips[++j]
    }
  }
  return { width, height, counts }
}

/**
 * Outlines of a mask along the edges of its pixels: outer ones clockwise, holes counter-clockwise, corners only.
 * Their signed areas add up to the number of set pixels.
 * @param mask - [height, width], row-major; any non-zero pixel is set
 * @example
 * maskToPolygons([0, 0, 0, 0, 1, 1, 0, 0, 0], { width: 3, height: 3 }) // => [[1, 1, 3, 1, 3, 2, 1, 2]]
 */
export const maskToPolygons = (mask: Values, { width, height }: ImageSize): number[][] => {
  const m = read(mask)
  const set = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && m[y * width + x] !== 0
  // An outline walks the grid with set pixels on its right: a step in direction d (0 right, 1 down, 2 left, 3 up) from
  // (x, y) is on an edge when the pixel on its right is set and the one on its left is not.
  const dx = [1, 0, -1, 0]
  const dy = [0, 1, 0, -1]
  const right = (x: number, y: number, d: number): boolean => set(x - (d === 1 || d === 2 ? 1 : 0), y - (d > 1 ? 1 : 0))
  const left = (x: number, y: number, d: number): boolean => set(x - (d > 1 ? 1 : 0), y - (d === 0 || d === 3 ? 1 : 0))
  const seen = new Uint8Array((width + 1) * (height + 1))
  const trace = (startX: number, startY: number): number[] => {
    const corners: number[] = []
    let [x, y, d] = [startX, startY, 0]
    do {
      if (d === 0) seen[y * (width + 1) + x] = 1
      x += dx[d]
      y += dy[d]
      // Turning right first keeps pixels that touch at a corner alone apart.
      const turns = [(d + 1) % 4, d, (d + 3) % 4]
      const next = turns.find((t) => right(x, y, t) && !left(x, y, t)) ?? d
      if (next !== d) corners.push(x, y)
      d = next
    } while (x !== startX || y !== startY || d !== 0)
    return [...corners.slice(-2), ...corners.slice(0, -2)]
  }
  const outlines: number[][] = []
  for (let y = 0; y <= height; y++) {
    for (let x = 0; x < width; x++) {
      const edge = right(x, y, 0) && !left(x, y, 0)
      if (edge && seen[y * (width + 1) + x] === 0) outlines.push(trace(x, y))
    }
  }
  return outlines
}
