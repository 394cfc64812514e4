import { simple } from '@lanewise/kernels-wasm/simple'
import { apply } from '../autograd/apply.ts'
import { isFloat } from '../tensor/dtype.ts'
import { Tensor } from '../tensor/tensor.ts'
import { ge, gt, le, lt, maximum, minimum, type Operand } from './binary.ts'
import { logicalAnd, logicalOr } from './logical.ts'
import { sameSpec } from './rules.ts'
import { isNan } from './unary.ts'
import { unaryReference, unaryWasm, type UnaryOp } from './unary-op.ts'
import { where } from './where.ts'

const clipOp: UnaryOp = {
  name: 'clip',
  kernel: (k) => k.use(simple).f32_clip,
  f: (x, low, high) => (Number.isNaN(x) ? x : Math.min(Math.max(x, low), high)),
  infer: sameSpec,
  reference: unaryReference,
  wasm: unaryWasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const [low, high] = c.attrs
    return [where(logicalAnd(ge(c.input(0), low), le(c.input(0), high)), dy!, 0)]
  },
}

/**
 * x limited to [min, max], as torch.clamp; a bound may be a tensor that broadcasts, or left out. Where the bounds
 * cross, the result is `max`. The gradient reaches x inside and at the bounds, a tensor bound where it limits.
 * @example
 * clip(tensor([-1, 0.5, 2]), 0, 1).toArray() // => [0, 0.5, 1]
 * clip(tensor([-1, 0.5, 2]), undefined, tensor([0, 0, 5])).toArray() // => [-1, 0, 2]
 */
export const clip = (x: Tensor, min?: Operand, max?: Operand): Tensor => {
  if (min instanceof Tensor || max instanceof Tensor) return clipToTensors(x, min, max)
  if (!isFloat(x.dtype)) {
    const above = min === undefined ? x : maximum(x, min)
    return max === undefined ? above : minimum(above, max)
  }
  return apply(clipOp, [x], [min ?? -Infinity, max ?? Infinity])
}

const clipToTensors = (x: Tensor, min: Operand | undefined, max: Operand | undefined): Tensor => {
  const above = min === undefined ? x : where(lt(x, min), min, x)
  if (max === undefined) return above
  return where(min === undefined ? gt(x, max) : logicalOr(gt(x, max), gt(min, max)), max, above)
}

/** {@link clip} under PyTorch's name. @example clamp(tensor([-1, 2]), 0).toArray() // => [0, 2] */
export const clamp: typeof clip = clip

/** What stands in for the values that {@link nanToNum} replaces. */
export interface NanToNumOptions {
  /** Default 0. */
  readonly nan?: number
  /** Default the largest f32. */
  readonly posInf?: number
  /** Default the smallest f32. */
  readonly negInf?: number
}

/**
 * x with NaN and infinities replaced.
 * @example nanToNum(tensor([NaN, 1, Infinity]), { posInf: 9 }).toArray() // => [0, 1, 9]
 */
export const nanToNum = (x: Tensor, options: NanToNumOptions = {}): Tensor => {
  if (!isFloat(x.dtype)) return x
  const { nan = 0, posInf = 3.4028234663852886e38, negInf = -3.4028234663852886e38 } = options
  const high = where(gt(x, 3.4028234663852886e38), posInf, where(lt(x, -3.4028234663852886e38), negInf, x))
  return where(isNan(x), nan, high)
}
