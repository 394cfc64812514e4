import { apply } from '../autograd/apply.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkConv, convInputGradOp, type ConvAttrs } from './conv.ts'
import { batched, perAxis, reach, type PerAxis } from './windows.ts'

/** Options of {@link convTranspose2d} and its like. */
export interface ConvTransposeOptions {
  /** Steps between the windows that each input element is spread over. Default 1. */
  readonly stride?: PerAxis
  /** Elements cut off on both sides of each axis of the result. Default 0. */
  readonly padding?: PerAxis
  /** Elements added at the end of each axis of the result; below the stride or the dilation. Default 0. */
  readonly outputPadding?: PerAxis
  /** Distance between the taps of the kernel. Default 1. */
  readonly dilation?: PerAxis
  /** The channels are split into this many groups that are convolved apart. Default 1. */
  readonly groups?: number
}

const checkOutputPadding = (
  op: string,
  extra: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): void => {
  if (extra.every((n, i) => n < Math.max(stride[i], dilation[i]))) return
  throw new ValueError({
    op,
    problem: 'the output padding is too large',
    got: show(extra),
    expected: `less than the stride ${show(stride)} or the dilation ${show(dilation)}`,
  })
}

/** A transposed convolution is the input gradient of the convolution whose weight it takes. */
const convolveTransposed = (
  op: string,
  space: number,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  options: ConvTransposeOptions,
): Tensor => {
  const { groups = 1 } = options
  checkConv(op, x, w, b, space, groups, true)
  const kernel = w.shape.slice(2)
  const stride = perAxis(op, 'stride', options.stride ?? 1, space, 1)
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, space, 1)
  const padding = perAxis(op, 'padding', options.padding ?? 0, space)
  const extra = perAxis(op, 'outputPadding', options.outputPadding ?? 0, space)
  checkOutputPadding(op, extra, stride, dilation)
  const output = x.shape.slice(2)
  const span = reach(kernel, dilation)
  const input = output.map((n, i) => (n - 1) * stride[i] - 2 * padding[i] + span[i] + extra[i])
  if (input.some((n) => n < 1) || output.includes(0) || kernel.includes(0)) {
    throw new ShapeError({
      op,
      problem: 'nothing is left of the result',
      got: `input ${show(output)}, kernel ${show(kernel)}, padding ${show(padding)}`,
      expected: 'a result of 1 or more on each axis',
      advice: 'Use less padding',
    })
  }
  const attrs: ConvAttrs = { stride, padding, dilation, groups, input, kernel, output }
  return apply(convInputGradOp, b === null ? [x, w] : [x, w, b], attrs)
}

/**
 * 1-D transposed convolution, as torch.nn.functional.conv_transpose1d.
 * Shape: x [N, C, W] or [C, W], weight [C, out / groups, K], bias [out] -> [N, out, W'].
 * @throws ShapeError when channels, groups, bias or kernel do not fit.
 * @source Checked against torch.nn.functional.conv_transpose1d 1.13 in conv-transpose.test.ts
 * @example convTranspose1d(tensor([[[1, 2]]]), tensor([[[1, 10]]]), null, { stride: 2 }).toArray() // => [[[1, 10, 2, 20]]]
 */
export const convTranspose1d = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor => batched('convTranspose1d', x, 1, (t) => convolveTransposed('convTranspose1d', 1, t, weight, bias, options))

/**
 * 2-D transposed convolution, as torch.nn.functional.conv_transpose2d.
 * Shape: x [N, C, H, W] or [C, H, W], weight [C, out / groups, KH, KW], bias [out] -> [N, out, H', W'],
 * H' = (H - 1) stride - 2 padding + dilation (KH - 1) + 1 + outputPadding.
 * @throws ShapeError when channels, groups, bias or kernel do not fit; ValueError for options out of range.
 * @source Checked against torch.nn.functional.conv_transpose2d 1.13 in conv-transpose.test.ts
 * @example
 * convTranspose2d(tensor([[[[1, 2]]]]), ones([1, 1, 1, 2])).toArray() // => [[[[1, 3, 2]]]]
 * convTranspose2d(ones([1, 1, 4, 4]), ones([1, 3, 3, 3]), null, { stride: 2, padding: 1, outputPadding: 1 }).shape // => [1, 3, 8, 8]
 */
export const convTranspose2d = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor => batched('convTranspose2d', x, 2, (t) => convolveTransposed('convTranspose2d', 2, t, weight, bias, options))

/**
 * 3-D transposed convolution, as torch.nn.functional.conv_transpose3d.
 * Shape: x [N, C, D, H, W] or [C, D, H, W], weight [C, out / groups, KD, KH, KW], bias [out] -> [N, out, D', H', W'].
 * @throws ShapeError when channels, groups, bias or kernel do not fit.
 * @source Checked against torch.nn.functional.conv_transpose3d 1.13 in conv-transpose.test.ts
 * @example convTranspose3d(ones([1, 1, 1, 1, 1]), ones([1, 2, 2, 2, 2])).shape // => [1, 2, 2, 2, 2]
 */
export const convTranspose3d = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
): Tensor => batched('convTranspose3d', x, 3, (t) => convolveTransposed('convTranspose3d', 3, t, weight, bias, options))
