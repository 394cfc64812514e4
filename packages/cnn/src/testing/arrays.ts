import { readFileSync } from 'node:fs'

/** An array of a golden file. */
export interface GoldenArray {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array
}

const types = { f32: Float32Array, i32: Int32Array }

/** The arrays that a script in tools/golden wrote to `url`. */
export const goldenArrays = (url: URL): Record<string, GoldenArray> => {
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

/** Largest |got - want| over the largest |want|; Infinity where the counts differ or a number is no number. */
export const relativeError = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  if (got.length !== want.length) return Infinity
  let [worst, scale] = [0, 0]
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i])
    worst = error <= worst ? worst : error === error ? error : Infinity
    scale = Math.max(scale, Math.abs(want[i]))
  }
  return worst === 0 ? 0 : worst / scale
}
