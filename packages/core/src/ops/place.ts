import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { channelsLastStrides, contiguousStrides, isChannelsLast, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Channels-last where an operand lies so and not in logical order too, else logical order. */
export const jointLayout = (operands: readonly Tensor[]): ((shape: Shape) => number[]) =>
  operands.some((x) => !x.contiguous && isChannelsLast(x.shape, x.strides)) ? channelsLastStrides : contiguousStrides

/** Writes x, brought to the dense strides `from`, at `pWhole` of a block whose strides are `to`. */
export const place = (
  k: WasmBackend,
  x: Tensor,
  pWhole: number,
  { from, to }: { readonly from: readonly number[]; readonly to: readonly number[] },
): void => {
  const order = x.shape.map((_, i) => i).sort((i, j) => from[j] - from[i] || i - j)
  const shape = order.map((i) => x.shape[i])
  const strides = order.map((i) => to[i])
  k.scatterTo(k.ptrAs(x, from), pWhole, shape, strides, bytesOf(x.dtype))
}
