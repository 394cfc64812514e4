import { arithmetic } from '@lanewise/kernels-wasm/arithmetic'
import { mtStateBytes, random } from '@lanewise/kernels-wasm/random'
import { apply } from '../autograd/apply.ts'
import { noGrad } from '../autograd/modes.ts'
import type { OpDef } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { defaultGenerator } from '../random/default.ts'
import type { Generator } from '../random/generator.ts'
import { fromData } from '../tensor/create.ts'
import { show, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, binaryGradient, binaryInfer, binaryReference, binaryWasm, mul, type BinaryOp } from './binary.ts'
import { needFloat } from './rules.ts'
import { squeeze, unsqueeze } from './views.ts'

/** x times noise that needs no gradient, so that x need not be saved. */
const dropoutOp: BinaryOp = {
  name: 'dropout',
  stem: 'mul',
  kernels: { f32: arithmetic },
  f: (x, noise) => x * noise,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [1],
  gradient: binaryGradient,
  da: (dy, s) => timesNoise(dy, s.b() as Tensor),
}

const timesNoise = (x: Tensor, noise: Tensor): Tensor => apply(dropoutOp, [x, noise], null)

/** Options of the dropouts. */
export interface DropoutOptions {
  /** False gives x unchanged and draws nothing. Default true. */
  readonly training?: boolean
  /** Default: the default generator. */
  readonly generator?: Generator
}

/** PyTorch's Bernoulli draws, in logical order: 1 with probability 1 - p. */
const drawMask = (count: number, p: number, generator: Generator = defaultGenerator()): Float32Array<ArrayBuffer> =>
  generator.bernoulli(new Float32Array(count), 1 - p)

const check = (op: string, x: Tensor, p: number): void => {
  x.live(op)
  needFloat(op, x)
  if (p >= 0 && p <= 1) return
  throw new ValueError({ op, problem: 'p is not a probability', got: String(p), expected: 'a number in [0, 1]' })
}

const isIdle = (x: Tensor, p: number, training: boolean): boolean => p === 0 || !training || x.size === 0

const asNoise = (x: Tensor, values: Float32Array<ArrayBuffer>, shape: Shape): Tensor =>
  fromData(x.dtype === 'f64' ? new Float64Array(values) : values, shape, x.dtype, x.backend)

interface NoiseAttrs {
  readonly shape: Shape
  readonly p: number
  readonly generator: Generator
}

/** Below this many draws, moving the generator's state to the kernel and back costs more than it saves. */
const KERNEL_DRAWS = 1024

/** 1 / (1 - p) with probability 1 - p, else 0, of the dtype of x. */
const noiseOp: OpDef<NoiseAttrs> = {
  name: 'dropoutNoise',
  infer: ([x], { shape }) => [{ shape, dtype: x.dtype }],
  reference: (_, { p, generator }, [y]) => {
    y.data.set(drawMask(y.data.length, p, generator))
    const keep = Math.fround(1 - p)
    for (let i = 0; i < y.data.length; i++) y.data[i] /= keep
  },
  wasm: (k, _, { shape, p, generator }, [{ dtype }]) => {
    const y = k.empty(shape, dtype)
    const scale = 1 / Math.fround(1 - p)
    if (y.size < KERNEL_DRAWS) {
      const values = drawMask(y.size, p, generator).map((keeps) => keeps * scale)
      k.bytesAt(k.ptr(y), values.byteLength).set(new Uint8Array(values.buffer))
      return [y]
    }
    const pState = k.scratch(mtStateBytes)
    k.bytesAt(pState, mtStateBytes).set(packState(generator))
    k.use(random).f32_bernoulli(pState, k.ptr(y), y.size, 1 - p, scale)
    unpackState(k.bytesAt(pState, mtStateBytes), generator)
    return [y]
  },
}

/** Where torch.get_rng_state() keeps 625 less the words used, the words used, and the 624 words, as 64-bit fields. */
const AT_LEFT = 8
const AT_USED = 16
const AT_WORDS = 24

/** A generator's state as the kernels have it: 624 words and the number of them used. */
const packState = (generator: Generator): Uint8Array<ArrayBuffer> => {
  const state = new DataView(generator.state().buffer)
  const packed = new DataView(new ArrayBuffer(mtStateBytes))
  for (let i = 0; i < 624; i++) packed.setUint32(4 * i, state.getUint32(AT_WORDS + 8 * i, true), true)
  packed.setInt32(4 * 624, 625 - state.getInt32(AT_LEFT, true), true)
  return new Uint8Array(packed.buffer)
}

const unpackState = (bytes: Uint8Array, generator: Generator): void => {
  const packed = new DataView(bytes.buffer, bytes.byteOffset)
  const state = generator.state()
  const view = new DataView(state.buffer)
  const used = packed.getInt32(4 * 624, true)
  for (let i = 0; i < 624; i++) view.setUint32(AT_WORDS + 8 * i, packed.getUint32(4 * i, true), true)
  view.setInt32(AT_LEFT, 625 - used, true)
  view.setUint32(AT_USED, used === 624 ? 0 : used, true)
  generator.setState(state)
}

/** Drops what shares one draw over `shape`, and scales the rest by 1 / (1 - p). */
const drop = (x: Tensor, p: number, shape: Shape, generator = defaultGenerator()): Tensor => {
  if (p === 1) return mul(x, 0)
  return timesNoise(
    x,
    noGrad(() => apply(noiseOp, [x], { shape, p, generator })),
  )
}

/**
 * Sets elements to 0 with probability p and scales the others by 1 / (1 - p), with PyTorch's own draws.
 * Shape: x [...] -> same.
 * @param p - in [0, 1]. Default 0.5.
 * @throws ValueError when p is not a probability.
 * @source Srivastava et al. 2014, Dropout; checked against torch 1.13 in dropout.test.ts
 * @example
 * manualSeed(0)
 * dropout(tensor([1, 1, 1, 1])).toArray() // => [0, 0, 2, 0]
 */
export const dropout = (x: Tensor, p = 0.5, { training = true, generator }: DropoutOptions = {}): Tensor => {
  check('dropout', x, p)
  return isIdle(x, p, training) ? x : drop(x, p, x.shape, generator)
}

/** Drops whole channels of x [N, C, ...space]. */
const dropChannels = (x: Tensor, p: number, generator: Generator | undefined): Tensor =>
  drop(
    x,
    p,
    x.shape.map((n, i) => (i < 2 ? n : 1)),
    generator,
  )

const channelDropout = (op: string, x: Tensor, p: number, spatial: number, options: DropoutOptions = {}): Tensor => {
  check(op, x, p)
  if (x.rank !== spatial + 2 && x.rank !== spatial + 1) {
    const axes = ['L', 'H, W', 'D, H, W'][spatial - 1]
    throw new ShapeError({
      op,
      problem: 'the rank does not fit',
      got: show(x.shape),
      expected: `[N, C, ${axes}] or [C, ${axes}]`,
    })
  }
  const { training = true, generator } = options
  if (isIdle(x, p, training)) return x
  // PyTorch takes a rank of 3 in dropout2d as [N, C, L].
  if (x.rank === spatial + 2 || spatial === 2) return dropChannels(x, p, generator)
  return squeeze(dropChannels(unsqueeze(x, 0), p, generator), 0)
}

/**
 * {@link dropout} of whole channels.
 * Shape: x [N, C, L] or [C, L] -> same.
 * @throws ValueError when p is not a probability, ShapeError at another rank.
 * @example dropout1d(ones([1, 2, 3]), 0).toArray() // => [[[1, 1, 1], [1, 1, 1]]]
 */
export const dropout1d = (x: Tensor, p = 0.5, options?: DropoutOptions): Tensor =>
  channelDropout('dropout1d', x, p, 1, options)

/**
 * {@link dropout} of whole channels. As in PyTorch 1.13, a rank of 3 is taken as [N, C, L].
 * Shape: x [N, C, H, W] or [N, C, L] -> same.
 * @throws ValueError when p is not a probability, ShapeError at another rank.
 * @example dropout2d(ones([1, 1, 1, 2]), 1).toArray() // => [[[[0, 0]]]]
 */
export const dropout2d = (x: Tensor, p = 0.5, options?: DropoutOptions): Tensor =>
  channelDropout('dropout2d', x, p, 2, options)

/**
 * {@link dropout} of whole channels.
 * Shape: x [N, C, D, H, W] or [C, D, H, W] -> same.
 * @throws ValueError when p is not a probability, ShapeError at another rank.
 * @example dropout3d(ones([1, 1, 1, 1, 2]), 1).toArray() // => [[[[[0, 0]]]]]
 */
export const dropout3d = (x: Tensor, p = 0.5, options?: DropoutOptions): Tensor =>
  channelDropout('dropout3d', x, p, 3, options)

const ALPHA = 1.7580993408473766

/**
 * Dropout that keeps the mean and variance of selu's outputs: dropped elements take selu's lower limit, then all are
 * scaled and shifted.
 * @throws ValueError when p is not a probability.
 * @source Klambauer et al. 2017, Self-Normalizing Neural Networks; checked against torch 1.13 in dropout.test.ts
 * @example alphaDropout(tensor([1, 2]), 0).toArray() // => [1, 2]
 */
export const alphaDropout = (x: Tensor, p = 0.5, { training = true, generator }: DropoutOptions = {}): Tensor => {
  check('alphaDropout', x, p)
  if (isIdle(x, p, training)) return x
  if (p === 1) return mul(x, 0)
  const scale = 1 / Math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
  const kept = drawMask(x.size, p, generator)
  const shift = kept.map((keeps) => (keeps - 1) * ALPHA * scale + ALPHA * scale * p)
  const noise = kept.map((keeps) => keeps * scale)
  return add(timesNoise(x, asNoise(x, noise, x.shape)), asNoise(x, shift, x.shape))
}
