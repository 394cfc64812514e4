/** 1 - IoU of every pair of xyxy boxes, [a, b]; `extra` is added to each side. */
export const overlapCosts = (a: Float64Array, b: Float64Array, extra: number): Float64Array => {
  const n = a.length / 4
  const m = b.length / 4
  const out = new Float64Array(n * m).fill(1)
  const areaB = new Float64Array(m)
  for (let j = 0; j < m; j++) areaB[j] = (b[4 * j + 2] - b[4 * j] + extra) * (b[4 * j + 3] - b[4 * j + 1] + extra)
  for (let i = 0; i < n; i++) {
    const x1 = a[4 * i]
    const y1 = a[4 * i + 1]
    const x2 = a[4 * i + 2] + extra
    const y2 = a[4 * i + 3] + extra
    const area = (x2 - x1) * (y2 - y1)
    for (let j = 0; j < m; j++) {
      const w = Math.min(x2, b[4 * j + 2] + extra) - Math.max(x1, b[4 * j])
      if (!(w > 0)) continue
      const h = Math.min(y2, b[4 * j + 3] + extra) - Math.max(y1, b[4 * j + 1])
      if (!(h > 0)) continue
      out[i * m + j] = 1 - (w * h) / (area + areaB[j] - w * h)
    }
  }
  return out
}
