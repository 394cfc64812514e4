import type * as tfjs from '@tensorflow/tfjs-core'
import { BackendError } from '../../errors.ts'
import type { ActivatedAttrs, ConvAttrs } from '../../ops/conv.ts'
import type { Tf } from './backend.ts'

/** tfjs convolves two axes of space: one axis gains a second of size 1; three are refused. */
const lift = (a: ConvAttrs): ConvAttrs => {
  if (a.kernel.length === 2) return a
  if (a.kernel.length > 2) {
    throw new BackendError({
      op: 'conv',
      problem: 'tfjs backends convolve at most two axes of space here',
      got: `${a.kernel.length} axes`,
      expected: '1 or 2',
      advice: 'Run three-dimensional convolutions on the wasm backend',
    })
  }
  const front = (list: readonly number[], value: number): number[] => [value, ...list]
  return {
    stride: front(a.stride, 1),
    padding: front(a.padding, 0),
    dilation: front(a.dilation, 1),
    groups: a.groups,
    input: front(a.input, 1),
    kernel: front(a.kernel, 1),
    output: front(a.output, 1),
  }
}

const to4d = (tf: Tf, x: tfjs.Tensor): tfjs.Tensor4D => (x.rank === 4 ? x : tf.expandDims(x, 2)) as tfjs.Tensor4D

/** NCHW to NHWC. */
const channelsLast = (tf: Tf, x: tfjs.Tensor): tfjs.Tensor4D => tf.transpose(to4d(tf, x), [0, 2, 3, 1]) as tfjs.Tensor4D

/** NHWC back to the shape that the op promised. */
const channelsFirst = (tf: Tf, y: tfjs.Tensor, shape: readonly number[]): tfjs.Tensor =>
  tf.reshape(tf.transpose(y, [0, 3, 1, 2]), [...shape])

type Pair = [number, number]

const pair = (list: readonly number[]): Pair => [list[0], list[1]]

/** Slices of the channels, one per group. */
const inGroups = (tf: Tf, x: tfjs.Tensor, groups: number, axis: number): tfjs.Tensor[] =>
  groups === 1 ? [x] : tf.split(x, groups, axis)

/** Zeros around the space; a negative count cuts rows off. */
const padSpace = (tf: Tf, x: tfjs.Tensor4D, before: readonly number[], after: readonly number[]): tfjs.Tensor4D => {
  const grow = (list: readonly number[]): number[] => list.map((n) => Math.max(n, 0))
  const [b, e] = [grow(before), grow(after)]
  const padded =
    b.some((n) => n > 0) || e.some((n) => n > 0)
      ? tf.pad(x, [
          [0, 0],
          [b[0], e[0]],
          [b[1], e[1]],
          [0, 0],
        ])
      : x
  const cut = [before, after].map((list) => list.map((n) => Math.max(-n, 0)))
  if (cut.flat().every((n) => n === 0)) return padded as tfjs.Tensor4D
  const [N, H, W, C] = padded.shape
  return tf.slice(
    padded,
    [0, cut[0][0], cut[0][1], 0],
    [N!, H! - cut[0][0] - cut[1][0], W! - cut[0][1] - cut[1][1], C!],
  ) as tfjs.Tensor4D
}

/** Rows that the windows reach behind the last element (negative: rows that no window reads). */
const padAfter = (a: ConvAttrs): number[] =>
  a.output.map((n, i) => (n - 1) * a.stride[i] + (a.kernel[i] - 1) * a.dilation[i] + 1 - a.input[i] - a.padding[i])

/** x NHWC with w HWIO, stride and dilation; both above 1 at once are not tfjs's, so the kernel is spread instead. */
const slide = (tf: Tf, x: tfjs.Tensor4D, w: tfjs.Tensor4D, stride: Pair, dilation: Pair): tfjs.Tensor4D => {
  const strided = stride.some((s) => s > 1)
  const dilated = dilation.some((d) => d > 1)
  if (!(strided && dilated)) return tf.conv2d(x, w, stride, 'valid', 'NHWC', dilation)
  return tf.conv2d(x, spread(tf, w, [0, 1], dilation), stride, 'valid')
}

/** Zeros between the elements along two axes. */
const spread = (tf: Tf, x: tfjs.Tensor4D, axes: Pair, step: Pair): tfjs.Tensor4D => {
  let y: tfjs.Tensor = x
  axes.forEach((axis, i) => {
    if (step[i] === 1) return
    const n = y.shape[axis]!
    const zero = tf.zeros(y.shape.map((s, j) => (j === axis ? 1 : s!)))
    const from = Array.from({ length: (n - 1) * step[i] + 1 }, (_, j) => (j % step[i] === 0 ? j / step[i] : n))
    y = tf.gather(tf.concat([y, zero], axis), tf.tensor1d(from, 'int32'), axis)
  })
  return y as tfjs.Tensor4D
}

const withBias = (tf: Tf, y: tfjs.Tensor, b: tfjs.Tensor | undefined): tfjs.Tensor =>
  b === undefined ? y : tf.add(y, b)

type Spec = { readonly shape: readonly number[] }

/** y = x * w + b. */
export const conv = (
  tf: Tf,
  [x, w, b]: readonly tfjs.Tensor[],
  attrs: ConvAttrs,
  [{ shape }]: readonly Spec[],
): tfjs.Tensor[] => {
  const a = lift(attrs)
  const padded = padSpace(tf, channelsLast(tf, x), a.padding, padAfter(a))
  const kernels = inGroups(tf, tf.transpose(to4d(tf, w), [2, 3, 1, 0]), a.groups, 3)
  const parts = inGroups(tf, padded, a.groups, 3).map((p, g) =>
    slide(tf, p as tfjs.Tensor4D, kernels[g] as tfjs.Tensor4D, pair(a.stride), pair(a.dilation)),
  )
  return [channelsFirst(tf, withBias(tf, parts.length === 1 ? parts[0] : tf.concat(parts, 3), b), shape)]
}

/** {@link conv} with an activation. */
export const convActivated = (
  tf: Tf,
  x: readonly tfjs.Tensor[],
  attrs: ActivatedAttrs,
  specs: readonly Spec[],
): tfjs.Tensor[] => {
  const [y] = conv(tf, x, attrs, specs)
  return [attrs.activation === 'relu' ? tf.relu(y) : tf.relu6(y)]
}

/** dx: dy with zeros between its elements, convolved with the kernel turned around. */
export const convInputGrad = (
  tf: Tf,
  [dy, w, b]: readonly tfjs.Tensor[],
  attrs: ConvAttrs,
  [{ shape }]: readonly Spec[],
): tfjs.Tensor[] => {
  const a = lift(attrs)
  const rows = spread(tf, channelsLast(tf, dy), [1, 2], pair(a.stride))
  const reach = a.kernel.map((k, i) => (k - 1) * a.dilation[i])
  const before = reach.map((r, i) => r - a.padding[i])
  const after = a.input.map((n, i) => n + reach[i] - before[i] - rows.shape[i + 1])
  const turned = tf.reverse(to4d(tf, w), [2, 3])
  const kernels = inGroups(tf, turned, a.groups, 0).map((k) => tf.transpose(k, [2, 3, 0, 1]))
  const parts = inGroups(tf, padSpace(tf, rows, before, after), a.groups, 3).map((p, g) =>
    slide(tf, p as tfjs.Tensor4D, kernels[g] as tfjs.Tensor4D, [1, 1], pair(a.dilation)),
  )
  return [channelsFirst(tf, withBias(tf, parts.length === 1 ? parts[0] : tf.concat(parts, 3), b), shape)]
}

/**
 * dw as a convolution of x with dy, where batch and channels change places and stride and dilation too:
 * the wasm backend of tfjs has no kernel of its own for it.
 */
export const convWeightGrad = (
  tf: Tf,
  [x, dy]: readonly tfjs.Tensor[],
  attrs: ConvAttrs,
  [{ shape }]: readonly Spec[],
): tfjs.Tensor[] => {
  const a = lift(attrs)
  const padded = padSpace(tf, channelsLast(tf, x), a.padding, padAfter(a))
  const grads = inGroups(tf, to4d(tf, dy), a.groups, 1)
  const parts = inGroups(tf, padded, a.groups, 3).map((p, g) => {
    const images = tf.transpose(p, [3, 1, 2, 0]) as tfjs.Tensor4D
    const kernel = tf.transpose(grads[g], [2, 3, 0, 1]) as tfjs.Tensor4D
    return tf.transpose(slide(tf, images, kernel, pair(a.dilation), pair(a.stride)), [3, 0, 1, 2])
  })
  return [tf.reshape(parts.length === 1 ? parts[0] : tf.concat(parts, 0), [...shape])]
}
