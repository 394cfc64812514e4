import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { ShapeError } from '../errors.ts'
import { show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { needFloat } from './rules.ts'
import { batched, perAxis, reach, tapsOf, type PerAxis, type Windows } from './windows.ts'
import { squeeze, unsqueeze } from './views.ts'

/** Calls `visit` with the position of an element of x [N, C, H, W] and of its copy in [N, C K, L]. */
const forEachCopy = (x: NDArray, w: Windows, visit: (from: number, to: number) => void): void => {
  const { count, from, tap, to } = tapsOf(w)
  const [S, K, L] = [w.input, w.kernel, w.output].map(sizeOf)
  for (let plane = 0; plane < x.shape[0] * x.shape[1]; plane++) {
    for (let i = 0; i < count; i++) visit(plane * S + from[i], (plane * K + tap[i]) * L + to[i])
  }
}

const unfoldOp: OpDef<Windows> = {
  name: 'unfold',
  infer: ([x], { kernel, output }) => [
    { shape: [x.shape[0], x.shape[1] * sizeOf(kernel), sizeOf(output)], dtype: x.dtype },
  ],
  reference: ([x], w, [y]) => forEachCopy(x, w, (from, to) => (y.data[to] = x.data[from])),
  gradient: ({ attrs }, [dy]) => [apply(foldOp, [dy!], attrs)],
}

const foldOp: OpDef<Windows> = {
  name: 'fold',
  infer: ([y], { kernel, input }) => [{ shape: [y.shape[0], y.shape[1] / sizeOf(kernel), ...input], dtype: y.dtype }],
  reference: ([y], w, [x]) => forEachCopy(x, w, (from, to) => (x.data[from] += y.data[to])),
  gradient: ({ attrs }, [dx]) => [apply(unfoldOp, [dx!], attrs)],
}

/** Options of {@link unfold} and {@link fold}. */
export interface UnfoldOptions {
  /** Steps between windows. Default 1. */
  readonly stride?: PerAxis
  /** Zeros on both sides of each axis. Default 0. */
  readonly padding?: PerAxis
  /** Distance between the taps of a window. Default 1. */
  readonly dilation?: PerAxis
}

const windowsOf = (op: string, input: Shape, kernelSize: PerAxis, options: UnfoldOptions): Windows => {
  const kernel = perAxis(op, 'kernelSize', kernelSize, 2, 1)
  const stride = perAxis(op, 'stride', options.stride ?? 1, 2, 1)
  const padding = perAxis(op, 'padding', options.padding ?? 0, 2)
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, 2, 1)
  const span = reach(kernel, dilation)
  const output = input.map((n, i) => Math.floor((n + 2 * padding[i] - span[i]) / stride[i]) + 1)
  if (output.some((n) => n < 1)) {
    throw new ShapeError({
      op,
      problem: 'the window does not fit',
      got: `space ${show(input)} padded by ${show(padding)}, window over ${show(span)}`,
      expected: 'a window that is not larger',
    })
  }
  return { input, kernel, stride, padding, dilation, output }
}

/**
 * The windows that slide over images, as columns, as torch.nn.functional.unfold (im2col).
 * Shape: x [N, C, H, W] or [C, H, W] -> [N, C KH KW, L] with L windows.
 * @throws ShapeError when the window does not fit.
 * @source Checked against torch.nn.functional.unfold 1.13 in unfold.test.ts
 * @example unfold(tensor([[[[1, 2, 3]]]]), [1, 2]).toArray() // => [[[1, 2], [2, 3]]]
 */
export const unfold = (x: Tensor, kernelSize: PerAxis, options: UnfoldOptions = {}): Tensor => {
  needFloat('unfold', x)
  return batched('unfold', x, 2, (t) =>
    apply(unfoldOp, [t], windowsOf('unfold', t.shape.slice(2), kernelSize, options)),
  )
}

/**
 * Puts columns of windows back into images, adding up where they overlap, as torch.nn.functional.fold (col2im).
 * Shape: columns [N, C KH KW, L] or [C KH KW, L], outputSize [H, W] -> [N, C, H, W].
 * @throws ShapeError when the columns do not fit the size.
 * @source Checked against torch.nn.functional.fold 1.13 in unfold.test.ts
 * @example fold(tensor([[[1, 2], [3, 4]]]), [1, 3], { kernelSize: [1, 2] }).toArray() // => [[[[1, 5, 4]]]]
 */
export const fold = (
  columns: Tensor,
  outputSize: PerAxis,
  { kernelSize, ...options }: UnfoldOptions & { readonly kernelSize: PerAxis },
): Tensor => {
  const op = 'fold'
  columns.live(op)
  needFloat(op, columns)
  const w = windowsOf(op, perAxis(op, 'outputSize', outputSize, 2, 1), kernelSize, options)
  const [K, L] = [sizeOf(w.kernel), sizeOf(w.output)]
  if (
    (columns.rank !== 2 && columns.rank !== 3) ||
    columns.shape[columns.rank - 2] % K !== 0 ||
    columns.shape[columns.rank - 1] !== L
  ) {
    throw new ShapeError({
      op,
      problem: 'the columns do not fit',
      got: show(columns.shape),
      expected: `[N, C ${K}, ${L}]`,
    })
  }
  if (columns.rank === 2) return squeeze(apply(foldOp, [unsqueeze(columns, 0)], w), 0)
  return apply(foldOp, [columns], w)
}
