import { reduce as kernels } from '@lanewise/kernels-wasm/reduce'
import { apply } from '../autograd/apply.ts'
import { isGradEnabled } from '../autograd/modes.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { contiguousStrides, normalizeAxis, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { axisWalk } from './axis.ts'
import { mul } from './binary.ts'
import { concat } from './concat.ts'
import { cast } from './copy.ts'
import { sameSpec } from './rules.ts'
import { slice } from './views.ts'

interface ScanAttrs {
  readonly axis: number
  /** From the end of the axis. */
  readonly reverse: boolean
}

/** Running results along an axis. */
interface ScanOp extends OpDef<ScanAttrs> {
  readonly kernel: (dtype: string) => 'f32_cumsum' | 'f32_cumprod' | 'i32_cumsum' | null
  readonly start: number
  readonly fold: (total: number, x: number) => number
}

function reference(this: ScanOp, [x]: readonly NDArray[], { axis, reverse }: ScanAttrs, [y]: readonly NDArray[]): void {
  const n = x.shape[axis] ?? 1
  const inner = sizeOf(x.shape.slice(axis + 1))
  for (let o = 0; o < x.data.length; o += n * inner) {
    for (let i = o; i < o + inner; i++) {
      let total = this.start
      for (let j = 0; j < n; j++) {
        const at = i + (reverse ? n - 1 - j : j) * inner
        total = this.fold(total, x.data[at])
        y.data[at] = total
      }
    }
  }
}

function wasm(this: ScanOp, k: WasmBackend, [x]: readonly Tensor[], { axis, reverse }: ScanAttrs): Tensor[] | null {
  const name = this.kernel(x.dtype)
  if (name === null) return null
  const strides = k.dense(x) ? x.strides : contiguousStrides(x.shape)
  const y = k.empty(x.shape, x.dtype, strides)
  const { outer, n, inner } = axisWalk(x.shape, strides, axis)
  k.use(kernels)[name](k.ptrAs(x, strides), k.ptr(y), outer, n, inner, Number(reverse))
  return [y]
}

const cumsumOp: ScanOp = {
  name: 'cumsum',
  kernel: (dtype) => (dtype === 'f32' ? 'f32_cumsum' : dtype === 'i32' ? 'i32_cumsum' : null),
  start: 0,
  fold: (total, x) => total + x,
  infer: sameSpec,
  reference,
  wasm,
  gradient: ({ attrs }, [dy]) => [apply(cumsumOp, [dy!], { axis: attrs.axis, reverse: !attrs.reverse })],
}

const wide = (x: Tensor): Tensor => (x.dtype === 'u8' || x.dtype === 'bool' ? cast(x, 'i32') : x)

/**
 * Running sums along an axis; u8 and bool are summed as i32.
 * @example cumsum(tensor([1, 2, 3]), 0).toArray() // => [1, 3, 6]
 */
export const cumsum = (x: Tensor, axis: number): Tensor =>
  apply(cumsumOp, [wide(x)], { axis: normalizeAxis('cumsum', axis, x.rank), reverse: false })

/** The running products, for when no gradient is recorded. */
const cumprodOp: ScanOp = {
  name: 'cumprod',
  kernel: (dtype) => (dtype === 'f32' ? 'f32_cumprod' : null),
  start: 1,
  fold: (total, x) => total * x,
  infer: sameSpec,
  reference,
  wasm,
}

/**
 * Running products along an axis; u8 and bool are multiplied as i32. The gradient is exact at zeros too.
 * @example cumprod(tensor([1, 2, 3]), 0).toArray() // => [1, 2, 6]
 */
export const cumprod = (x: Tensor, axis: number): Tensor => {
  const a = normalizeAxis('cumprod', axis, x.rank)
  if (x.requiresGrad && isGradEnabled() && x.rank > 0) return inclusiveProducts(x, a)
  return apply(cumprodOp, [wide(x)], { axis: a, reverse: false })
}

/** The running products in log2(n) multiplications, each of which has a gradient without a division. */
export const inclusiveProducts = (x: Tensor, axis: number): Tensor => {
  const n = x.shape[axis]
  let y = x
  for (let step = 1; step < n; step *= 2) {
    y = concat([slice(y, axis, 0, step), mul(slice(y, axis, step), slice(y, axis, 0, n - step))], axis)
  }
  return y
}
