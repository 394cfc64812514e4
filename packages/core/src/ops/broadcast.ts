import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { broadcastStrides, collapse, contiguousStrides, sameShape, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** The layout of the first dense operand of the full shape carries over; else the result is contiguous. */
export const resultStrides = (k: WasmBackend, operands: readonly Tensor[], shape: Shape): readonly number[] => {
  for (const x of operands) if (sameShape(x.shape, shape) && k.dense(x)) return x.strides
  return contiguousStrides(shape)
}

/** The address of a kernel's table of shape and operand strides, in the order in memory of `strides`, and its rank. */
export const broadcastTable = (
  k: WasmBackend,
  operands: readonly Tensor[],
  shape: Shape,
  strides: readonly number[],
): { pMeta: number; rank: number } => {
  const order = shape.map((_, i) => i).sort((i, j) => strides[j] - strides[i] || i - j)
  const walk = collapse(
    order.map((i) => shape[i]),
    operands.map((x) => {
      const s = broadcastStrides(x.shape, x.strides, shape)
      return order.map((i) => s[i])
    }),
  )
  return { pMeta: k.table(walk.shape, ...walk.strides), rank: walk.shape.length }
}
