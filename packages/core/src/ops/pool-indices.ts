import { pool } from '@lanewise/kernels-wasm/pool'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { channelsLastStrides, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

interface ScatterAttrs {
  /** Size of the space that the indices point into. */
  readonly space: Shape
  /** Add where several elements share a place, or let the last one stand. */
  readonly accumulate: boolean
}

/** Calls `visit` with each element of y [N, C, ...] and the place in x [N, C, ...space] that its index names. */
const forEachIndexed = (index: NDArray, space: number, visit: (i: number, at: number) => void): void => {
  const inner = sizeOf(index.shape.slice(2))
  for (let i = 0; i < index.data.length; i++) visit(i, Math.floor(i / inner) * space + index.data[i])
}

/** y at the places that the indices name, zeros elsewhere: the gradient of a max pool, and its inverse. */
const poolScatterOp: OpDef<ScatterAttrs> = {
  name: 'poolScatter',
  savesInputs: [1],
  infer: ([y], { space }) => [{ shape: [y.shape[0], y.shape[1], ...space], dtype: y.dtype }],
  reference: ([y, index], { space, accumulate }, [x]) =>
    forEachIndexed(index, sizeOf(space), (i, at) => (x.data[at] = y.data[i] + (accumulate ? x.data[at] : 0))),
  wasm: (k, [y, index], { space, accumulate }, [{ shape, dtype }]) => {
    if (dtype !== 'f32' || y.size === 0 || !accumulate) return null
    const x = k.empty(shape, dtype, channelsLastStrides(shape))
    const [pY, pIndex] = [k.channelsLastPtr(y), k.channelsLastPtr(index)]
    k.use(pool).f32_max_pool_grad(pY, pIndex, k.ptr(x), shape[0], sizeOf(y.shape.slice(2)), sizeOf(space), shape[1])
    return [x]
  },
  gradient: (c, [dx]) => [poolGather(dx!, c.input(1)), null],
}

/** The elements of x at the places that the indices name. */
const poolGatherOp: OpDef<undefined> = {
  name: 'poolGather',
  savesInputs: [1],
  infer: ([x, index]) => [{ shape: index.shape, dtype: x.dtype }],
  reference: ([x, index], _, [y]) =>
    forEachIndexed(index, sizeOf(x.shape.slice(2)), (i, at) => (y.data[i] = x.data[at])),
  gradient: (c, [dy]) => [poolScatter(dy!, c.input(1), c.inputSpecs[0].shape.slice(2)), null],
}

/** Puts y [N, C, ...] at its indices into zeros [N, C, ...space], adding up. */
export const poolScatter = (y: Tensor, index: Tensor, space: Shape, accumulate = true): Tensor =>
  apply(poolScatterOp, [y, index], { space, accumulate })

/** Reads x [N, C, ...space] at the indices [N, C, ...]. */
const poolGather = (x: Tensor, index: Tensor): Tensor => apply(poolGatherOp, [x, index], undefined)
