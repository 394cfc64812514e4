import type * as tfjs from '@tensorflow/tfjs-core'
import { sizeOf, type Shape } from '../../tensor/shape.ts'
import { divisorsOf, type AvgAttrs } from '../../ops/pool.ts'
import { tapsOf, type Windows } from '../../ops/windows.ts'
import type { Tf } from './backend.ts'

/** [N, C, ...space] as rows of planes. */
const planes = (tf: Tf, x: tfjs.Tensor): tfjs.Tensor2D =>
  tf.reshape(x, [x.shape[0]! * x.shape[1]!, -1]) as tfjs.Tensor2D

/** Per output and tap: the position that it reads; taps outside of the input point at a column behind the last. */
const readsOf = (w: Windows): Int32Array => {
  const { count, from, tap, to } = tapsOf(w)
  const taps = sizeOf(w.kernel)
  const reads = new Int32Array(sizeOf(w.output) * taps).fill(sizeOf(w.input))
  for (let i = 0; i < count; i++) reads[to[i] * taps + tap[i]] = from[i]
  return reads
}

/** Every window's elements, [planes, outputs, taps], with `outside` where a tap leaves the input. */
const windowsOf = (tf: Tf, x: tfjs.Tensor, w: Windows, outside: number): tfjs.Tensor3D => {
  const rows = planes(tf, x)
  const padded = tf.concat([rows, tf.fill([rows.shape[0], 1], outside)], 1)
  const read = tf.gather(padded, tf.tensor1d(readsOf(w), 'int32'), 1)
  return tf.reshape(read, [rows.shape[0], sizeOf(w.output), -1]) as tfjs.Tensor3D
}

/** The maxima and their positions. */
export const maxPool = (tf: Tf, [x]: readonly tfjs.Tensor[], w: Windows): tfjs.Tensor[] => {
  const shape = [x.shape[0]!, x.shape[1]!, ...w.output]
  const read = windowsOf(tf, x, w, -Infinity)
  const best = tf.argMax(read, 2)
  const taps = sizeOf(w.kernel)
  const starts = tf.tensor2d(
    Int32Array.from({ length: sizeOf(w.output) }, (_, i) => i * taps),
    [1, sizeOf(w.output)],
    'int32',
  )
  const index = tf.gather(tf.tensor1d(readsOf(w), 'int32'), tf.add(best, starts))
  return [tf.reshape(tf.max(read, 2), shape), tf.reshape(index, shape)]
}

/** The maxima alone. */
export const maxPoolValues = (tf: Tf, [x]: readonly tfjs.Tensor[], w: Windows): tfjs.Tensor[] => [
  tf.reshape(tf.max(windowsOf(tf, x, w, -Infinity), 2), [x.shape[0]!, x.shape[1]!, ...w.output]),
]

/** Each element's flat place in [N, C, ...space]. */
const placesOf = (tf: Tf, index: tfjs.Tensor, space: number): tfjs.Tensor => {
  const rows = planes(tf, index)
  const starts = tf.tensor2d(
    Int32Array.from({ length: rows.shape[0] }, (_, i) => i * space),
    [rows.shape[0], 1],
    'int32',
  )
  return tf.reshape(tf.add(rows, starts), [-1])
}

interface ScatterAttrs {
  readonly space: Shape
  readonly accumulate: boolean
}

/** y at its indices in zeros; equal places add up, or the last one stands. */
export const poolScatter = (
  tf: Tf,
  [y, index]: readonly tfjs.Tensor[],
  { space, accumulate }: ScatterAttrs,
): tfjs.Tensor[] => {
  const shape = [y.shape[0]!, y.shape[1]!, ...space]
  const places = tf.expandDims(placesOf(tf, index, sizeOf(space)), 1)
  const values = tf.reshape(y, [-1])
  const size = sizeOf(shape)
  const flat = accumulate
    ? tf.scatterND(places, values, [size])
    : tf.tensorScatterUpdate(tf.zeros([size]), places, values)
  return [tf.reshape(flat, shape)]
}

/** x at the indices. */
export const poolGather = (tf: Tf, [x, index]: readonly tfjs.Tensor[]): tfjs.Tensor[] => {
  const space = x.shape.slice(2).reduce((a, b) => a! * b!, 1)!
  return [tf.reshape(tf.gather(tf.reshape(x, [-1]), placesOf(tf, index, space)), index.shape)]
}

const divisors = (tf: Tf, a: AvgAttrs): tfjs.Tensor =>
  tf.tensor2d(Float32Array.from(divisorsOf(a)), [1, sizeOf(a.output)])

/** Each window's average. */
export const avgPool = (tf: Tf, [x]: readonly tfjs.Tensor[], a: AvgAttrs): tfjs.Tensor[] => {
  const total = tf.sum(windowsOf(tf, x, a, 0), 2)
  return [tf.reshape(tf.div(total, divisors(tf, a)), [x.shape[0]!, x.shape[1]!, ...a.output])]
}

/** Each element of dy, divided, at all that its window read. */
export const avgPoolGrad = (tf: Tf, [dy]: readonly tfjs.Tensor[], a: AvgAttrs): tfjs.Tensor[] => {
  const share = tf.div(planes(tf, dy), divisors(tf, a))
  const taps = sizeOf(a.kernel)
  const reads = readsOf(a)
  const size = sizeOf(a.input)
  // Planes as the inner axis, so that one scatter serves them all; the column behind the last takes what lies outside.
  const values = tf.gather(
    tf.transpose(share),
    tf.tensor1d(
      Int32Array.from(reads, (_, i) => Math.floor(i / taps)),
      'int32',
    ),
  )
  const flat = tf.scatterND(tf.tensor2d(reads, [reads.length, 1], 'int32'), values, [size + 1, share.shape[0]!])
  const inside = tf.gather(flat, tf.range(0, size, 1, 'int32'))
  return [tf.reshape(tf.transpose(inside), [dy.shape[0]!, dy.shape[1]!, ...a.input])]
}
