import { fromData, type Shape, type Tensor } from '@lanewise/core'

/** Numbers as a tensor of the dtype and on the backend of `x`. */
export const valuesBeside = (x: Tensor, values: Float32Array<ArrayBuffer>, shape: Shape): Tensor =>
  fromData(x.dtype === 'f64' ? Float64Array.from(values) : values, shape, x.dtype, x.backend)

/** Whole numbers as a list on the backend of `x`. */
export const indicesBeside = (x: Tensor, indices: readonly number[]): Tensor =>
  fromData(Int32Array.from(indices), [indices.length], 'i32', x.backend)

/** A tensor's numbers as float32. */
export const readFloat32 = (x: Tensor): Float32Array => {
  const data = x.dataSync()
  return data instanceof Float32Array ? data : Float32Array.from(data)
}

/** Some rows of `width` numbers. */
export const pickRows = (data: Float32Array, rows: ArrayLike<number>, width: number): Float32Array<ArrayBuffer> => {
  const out = new Float32Array(width * rows.length)
  for (let k = 0; k < rows.length; k++) out.set(data.subarray(width * rows[k], width * (rows[k] + 1)), width * k)
  return out
}
