import type * as tfjs from '@tensorflow/tfjs-core'
import type { TensorSpec } from '../../autograd/op.ts'
import type { Tf } from './backend.ts'
import { conv, convActivated, convInputGrad, convWeightGrad } from './conv.ts'
import { maxPool, maxPoolValues, poolGather, poolScatter, avgPool, avgPoolGrad } from './pool.ts'

/** Computes an op's outputs, or the new values of what it changes in place. Inputs are dense, in logical shape. */
export type TfKernel = {
  kernel(tf: Tf, x: readonly tfjs.Tensor[], attrs: unknown, specs: readonly TensorSpec[]): tfjs.Tensor[]
}['kernel']

type Unary = (tf: Tf, x: tfjs.Tensor, parameters: readonly number[]) => tfjs.Tensor
type Binary = (tf: Tf, a: tfjs.Tensor, b: tfjs.Tensor) => tfjs.Tensor
type Scalar = { readonly value: number; readonly left: boolean } | null

const unary =
  (f: Unary) =>
  (tf: Tf, [x]: readonly tfjs.Tensor[], parameters: readonly number[]): tfjs.Tensor[] => [f(tf, x, parameters)]

/** The second operand of a binary op may be a number in its attributes. */
const binary =
  (f: Binary) =>
  (tf: Tf, x: readonly tfjs.Tensor[], scalar: Scalar): tfjs.Tensor[] => {
    if (scalar === null) return [f(tf, x[0], x[1])]
    const value = tf.scalar(scalar.value, x[0].dtype === 'int32' ? 'int32' : 'float32')
    return [scalar.left ? f(tf, value, x[0]) : f(tf, x[0], value)]
  }

const one = (tf: Tf): tfjs.Scalar => tf.scalar(1)

interface ReduceAttrs {
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

interface SliceAttrs {
  readonly axis: number
  readonly start: number
  readonly length: number
  readonly step: number
  readonly shape: readonly number[]
}

/** Rows of zeros with `dy` put back at every step-th one. */
const sliceBackward = (
  tf: Tf,
  [dy]: readonly tfjs.Tensor[],
  { axis, start, length, step, shape }: SliceAttrs,
): tfjs.Tensor[] => {
  const n = shape[axis]
  const from = new Int32Array(n).fill(length)
  for (let i = 0; i < length; i++) from[start + i * step] = i
  const zero = tf.zeros(dy.shape.map((s, i) => (i === axis ? 1 : s)))
  return [tf.gather(tf.concat([dy, zero], axis), tf.tensor1d(from, 'int32'), axis)]
}

/** Leading axes broadcast by hand: tfjs's matMul takes equal batches. */
const matmul = (
  tf: Tf,
  [a, b]: readonly tfjs.Tensor[],
  _: unknown,
  [{ shape }]: readonly TensorSpec[],
): tfjs.Tensor[] => {
  const flat = (x: tfjs.Tensor): tfjs.Tensor3D => tf.reshape(x, [-1, ...x.shape.slice(-2)] as [number, number, number])
  return [tf.reshape(tf.matMul(flat(a), flat(b)), [...shape])]
}

const linear = (
  tf: Tf,
  [x, w, b]: readonly tfjs.Tensor[],
  _: unknown,
  [{ shape }]: readonly TensorSpec[],
): tfjs.Tensor[] => {
  const rows = tf.reshape(x, [-1, w.shape[1]!]) as tfjs.Tensor2D
  const y = tf.matMul(rows, w as tfjs.Tensor2D, false, true)
  return [tf.reshape(b === undefined ? y : tf.add(y, b), [...shape])]
}

/** x less the largest of each line, and the sum of the exponentials of that. */
const centred = (tf: Tf, x: tfjs.Tensor, axis: number): { readonly z: tfjs.Tensor; readonly total: tfjs.Tensor } => {
  const z = tf.sub(x, tf.max(x, axis, true))
  return { z, total: tf.sum(tf.exp(z), axis, true) }
}

const softmax = (tf: Tf, [x]: readonly tfjs.Tensor[], axis: number): tfjs.Tensor[] => {
  const { z, total } = centred(tf, x, axis)
  return [tf.div(tf.exp(z), total)]
}

const logSoftmax = (tf: Tf, [x]: readonly tfjs.Tensor[], axis: number): tfjs.Tensor[] => {
  const { z, total } = centred(tf, x, axis)
  return [tf.sub(z, tf.log(total))]
}

const bool = (tf: Tf, x: tfjs.Tensor): tfjs.Tensor => (x.dtype === 'bool' ? x : tf.notEqual(x, tf.zerosLike(x)))

/** Ops by name. */
export const table: Readonly<Record<string, TfKernel | undefined>> = {
  neg: unary((tf, x) => tf.neg(x)),
  abs: unary((tf, x) => tf.abs(x)),
  sign: unary((tf, x) => tf.sign(x)),
  square: unary((tf, x) => tf.square(x)),
  sqrt: unary((tf, x) => tf.sqrt(x)),
  rsqrt: unary((tf, x) => tf.div(one(tf), tf.sqrt(x))),
  reciprocal: unary((tf, x) => tf.div(one(tf), x)),
  exp: unary((tf, x) => tf.exp(x)),
  expm1: unary((tf, x) => tf.sub(tf.exp(x), one(tf))),
  log: unary((tf, x) => tf.log(x)),
  log1p: unary((tf, x) => tf.log1p(x)),
  sin: unary((tf, x) => tf.sin(x)),
  cos: unary((tf, x) => tf.cos(x)),
  tan: unary((tf, x) => tf.tan(x)),
  tanh: unary((tf, x) => tf.tanh(x)),
  floor: unary((tf, x) => tf.floor(x)),
  ceil: unary((tf, x) => tf.ceil(x)),
  round: unary((tf, x) => tf.round(x)),
  sigmoid: unary((tf, x) => tf.sigmoid(x)),
  relu: unary((tf, x) => tf.relu(x)),
  reluGrad: (tf, [y, dy]) => [tf.where(tf.lessEqual(y, 0), tf.zerosLike(dy), dy)],
  step: unary((tf, x) => tf.step(x)),
  leakyRelu: unary((tf, x, [slope]) => tf.where(tf.greater(x, 0), x, tf.mul(x, slope))),
  elu: unary((tf, x, [alpha]) =>
    tf.where(tf.greater(x, 0), x, tf.mul(tf.sub(tf.exp(tf.minimum(x, 0)), one(tf)), alpha)),
  ),
  softplus: unary((tf, x) => tf.softplus(x)),
  add: binary((tf, a, b) => tf.add(a, b)),
  sub: binary((tf, a, b) => tf.sub(a, b)),
  mul: binary((tf, a, b) => tf.mul(a, b)),
  div: binary((tf, a, b) => tf.div(a, b)),
  maximum: binary((tf, a, b) => tf.maximum(a, b)),
  minimum: binary((tf, a, b) => tf.minimum(a, b)),
  pow: binary((tf, a, b) => tf.pow(a, b)),
  eq: binary((tf, a, b) => tf.equal(a, b)),
  ne: binary((tf, a, b) => tf.notEqual(a, b)),
  lt: binary((tf, a, b) => tf.less(a, b)),
  le: binary((tf, a, b) => tf.lessEqual(a, b)),
  gt: binary((tf, a, b) => tf.greater(a, b)),
  ge: binary((tf, a, b) => tf.greaterEqual(a, b)),
  where: (tf, [condition, a, b]) => [tf.where(bool(tf, condition), a, b)],
  clone: (tf, [x]) => [tf.clone(x)],
  cast: (tf, [x], _, [{ dtype }]) => [
    dtype === 'bool' ? bool(tf, x) : tf.cast(x, dtype === 'f32' ? 'float32' : 'int32'),
  ],
  sum: (tf, [x], { axes, keepDims }: ReduceAttrs) => [tf.sum(x, [...axes], keepDims)],
  softmax,
  logSoftmax,
  concat: (tf, xs, axis: number) => [tf.concat([...xs], axis)],
  indexSelect: (tf, [x, index], { axis }: { readonly axis: number }) => [tf.gather(x, index as tfjs.Tensor1D, axis)],
  matmul,
  linear,
  sliceBackward,
  conv,
  convActivated,
  convInputGrad,
  convWeightGrad,
  maxPool,
  maxPoolValues,
  maxPoolWithIndices: maxPool,
  poolScatter,
  poolGather,
  avgPool,
  avgPoolGrad,
  addInPlace: (tf, [x, y], alpha: number) => [tf.add(x, tf.mul(y, alpha))],
  copyInto: (_, [, y]) => [y],
  fill: (tf, [x], value: number) => [tf.fill(x.shape, value, x.dtype as 'float32')],
}
