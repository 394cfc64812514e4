import { readFileSync } from 'node:fs'

/** An array of a golden file. */
export interface GoldenArray {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array
}

const types = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array }

/** The arrays that `tools/golden/vision_*.py` wrote to `url`. */
export const golden = (url: URL): Record<string, GoldenArray> => {
  const file: Record<string, { dtype: keyof typeof types; shape: number[]; data: string }> = JSON.parse(
    readFileSync(url, 'utf8'),
  )
  return Object.fromEntries(
    Object.entries(file).map(([key, { dtype, shape, data }]) => [
      key,
      { shape, data: new types[dtype](Uint8Array.from(Buffer.from(data, 'base64')).buffer) },
    ]),
  )
}

/** Uniform float32 in [0, 1), the same draws as `draws` of `tools/golden/vision_common.py`. */
export const draws = (seed: number, count: number): Float32Array => {
  const out = new Float32Array(count)
  let state = (Math.imul(seed, 2654435761) + 12345) >>> 0
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    out[i] = (state >>> 8) * 2 ** -24
  }
  return out
}

/** Largest |got - want| / max(1, |want|); a NaN must meet a NaN and an infinity the same infinity. */
export const worstError = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  if (got.length !== want.length) return Infinity
  let worst = 0
  for (let i = 0; i < want.length; i++) {
    if (Object.is(got[i], want[i]) || (got[i] === 0 && want[i] === 0)) continue
    const error = Math.abs(got[i] - want[i]) / Math.max(1, Math.abs(want[i]))
    if (!(error <= worst)) worst = error === error ? error : Infinity
  }
  return worst
}

/** xyxy boxes with corners in [0, size) and sides in [0, side): `boxes` of `tools/golden/vision_common.py`. */
export const drawBoxes = (seed: number, count: number, size = 100, side = 60): Float32Array => {
  const d = draws(seed, 4 * count)
  return d.map((v, i) => (i % 4 < 2 ? v * size : Math.fround(d[i - 2] * size) + Math.fround(v * side)))
}

/** Degenerate, inverted, NaN and infinite boxes: `ODD` of `tools/golden/vision_common.py`. */
export const oddBoxes = (): Float32Array =>
  Float32Array.from(
    [
      [0, 0, 10, 10],
      [0, 0, 10, 10],
      [5, 5, 5, 9],
      [5, 5, 5, 5],
      [10, 10, 0, 0],
      [8, 0, 2, 10],
      [NaN, 0, 4, 4],
      [0, 0, NaN, 4],
      [-Infinity, 0, Infinity, 10],
      [0, 0, Infinity, Infinity],
      [-5, -5, 5, 5],
      [0, 0, 1e20, 1e20],
      [0, 0, 1e-30, 1e-30],
    ].flat(),
  )
