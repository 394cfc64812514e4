import type * as core from '@lanewise/core'
import type { Tensor } from '@lanewise/core'

/** Core, packed or from its sources. */
export type Core = typeof core

/** An op, or a few, with the shapes of its inputs. */
export interface OpCase {
  readonly shapes: readonly (readonly number[])[]
  readonly f: (...x: Tensor[]) => Tensor
}

/** Values in [-1, 1] without ties that a comparison could fall on either side of. */
export const values = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => (((i + seed) * 7919) % 997) / 498.5 - 1)

/** Each op of the backend over tfjs, with the shapes of its inputs. */
export const opCases = ({
  add,
  sub,
  mul,
  div,
  maximum,
  pow,
  gt,
  neg,
  exp,
  log,
  sqrt,
  tanh,
  sigmoid,
  relu,
  where,
  sum,
  mean,
  softmax,
  logSoftmax,
  concat,
  indexSelect,
  crossEntropy,
  matmul,
  linear,
  transpose,
  slice,
  permute,
  select,
  expand,
  reshape,
  clone,
  conv2d,
  conv1d,
  convTranspose2d,
  maxPool2d,
  avgPool2d,
  tensor,
  square,
}: Core): Record<string, OpCase> => ({
  add: { shapes: [[2, 3], [3]], f: add },
  sub: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    f: sub,
  },
  mul: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    f: mul,
  },
  div: { shapes: [[2, 3], [3]], f: (a, b) => div(a, add(square(b), 1)) },
  'number operands': { shapes: [[4]], f: (x) => sub(2, mul(add(x, 3), 0.5)) },
  maximum: { shapes: [[5], [5]], f: maximum },
  pow: { shapes: [[5]], f: (x) => pow(add(square(x), 0.1), 1.5) },
  neg: { shapes: [[5]], f: neg },
  exp: { shapes: [[5]], f: exp },
  log: { shapes: [[5]], f: (x) => log(add(square(x), 0.1)) },
  sqrt: { shapes: [[5]], f: (x) => sqrt(add(square(x), 0.1)) },
  tanh: { shapes: [[5]], f: tanh },
  sigmoid: { shapes: [[5]], f: sigmoid },
  relu: { shapes: [[3, 4]], f: relu },
  where: { shapes: [[5], [5]], f: (a, b) => where(gt(a, 0), a, mul(b, 2)) },
  'sum over axes': { shapes: [[2, 3, 4]], f: (x) => sum(square(x), [0, 2]) },
  mean: { shapes: [[2, 3]], f: (x) => mean(x, 1, true) },
  softmax: { shapes: [[2, 3, 4]], f: (x) => softmax(x, 1) },
  logSoftmax: { shapes: [[3, 4]], f: (x) => logSoftmax(x) },
  concat: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    f: (a, b) => concat([a, b], 1),
  },
  indexSelect: { shapes: [[4, 3]], f: (x) => mul(indexSelect(x.detach(), 0, tensor(Int32Array.of(2, 0, 2))), sum(x)) },
  crossEntropy: {
    shapes: [[4, 3]],
    f: (x) => crossEntropy(x, tensor(Int32Array.of(0, 2, 1, 2)), { labelSmoothing: 0.1 }),
  },
  matmul: {
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    f: matmul,
  },
  'batched matmul': {
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    f: matmul,
  },
  linear: { shapes: [[2, 3], [4, 3], [4]], f: linear },
  views: { shapes: [[2, 3, 4]], f: (x) => mul(transpose(slice(permute(x, [2, 0, 1]), 0, 3, undefined, -2)), 2) },
  'expand and select': { shapes: [[2, 1, 4]], f: (x) => select(expand(x, [2, 3, 4]), 1, 1) },
  'reshape of a permuted tensor': { shapes: [[2, 3, 4]], f: (x) => reshape(permute(x, [1, 0, 2]), [3, 8]) },
  clone: { shapes: [[2, 3]], f: (x) => clone(transpose(x)) },
  conv2d: { shapes: [[2, 3, 6, 5], [4, 3, 3, 3], [4]], f: (x, w, b) => conv2d(x, w, b, { padding: 1 }) },
  'strided conv2d': {
    shapes: [
      [2, 3, 7, 8],
      [4, 3, 3, 2],
    ],
    f: (x, w) => conv2d(x, w, null, { stride: 2, padding: [1, 0] }),
  },
  'dilated conv2d': {
    shapes: [
      [1, 2, 8, 8],
      [3, 2, 3, 3],
    ],
    f: (x, w) => conv2d(x, w, null, { dilation: 2 }),
  },
  'strided and dilated conv2d': {
    shapes: [
      [1, 2, 9, 9],
      [3, 2, 3, 3],
    ],
    f: (x, w) => conv2d(x, w, null, { dilation: 2, stride: 2, padding: 1 }),
  },
  'grouped conv2d': { shapes: [[2, 4, 5, 5], [6, 2, 3, 3], [6]], f: (x, w, b) => conv2d(x, w, b, { groups: 2 }) },
  conv1d: {
    shapes: [
      [2, 3, 9],
      [4, 3, 3],
    ],
    f: (x, w) => conv1d(x, w, null, { stride: 2, padding: 1 }),
  },
  convTranspose2d: {
    shapes: [[2, 3, 4, 4], [3, 2, 4, 4], [2]],
    f: (x, w, b) => convTranspose2d(x, w, b, { stride: 2, padding: 1 }),
  },
  maxPool2d: { shapes: [[2, 3, 6, 5]], f: (x) => maxPool2d(x, 2) },
  'overlapping maxPool2d': { shapes: [[2, 2, 7, 7]], f: (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }) },
  avgPool2d: { shapes: [[2, 3, 6, 5]], f: (x) => avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false }) },
})

/** The result of a case and the gradients of a weighted sum of it. */
export const evaluate = ({ backward, mul, sum, tensor }: Core, { shapes, f }: OpCase): Tensor[] => {
  const inputs = shapes.map((shape, i) =>
    tensor(
      values(
        shape.reduce((a, b) => a * b, 1),
        i * 31 + 5,
      ),
      { shape },
    ).requiresGrad_(),
  )
  const y = f(...inputs)
  const weights = tensor(values(y.size, 77), { shape: y.shape })
  backward(sum(mul(y, weights)))
  return [y, ...inputs.map((x) => x.grad!)]
}
