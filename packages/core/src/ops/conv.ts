import { conv, convFlags, convPass, type ConvKernels } from '@lanewise/kernels-wasm/conv'
import { engineFlags } from '@lanewise/kernels-wasm/gemm'
import { apply, applyAll } from '../autograd/apply.ts'
import { isGradEnabled } from '../autograd/modes.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { channelsLastStrides, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { sum } from './reduce.ts'
import { needFloat, needSameDType } from './rules.ts'
import { axesOfSpace, batched, perAxis, reach, tapsOf, triple, type PerAxis, type Windows } from './windows.ts'

/** How a kernel slides. */
export interface ConvAttrs {
  readonly stride: readonly number[]
  /** Padding before the first element. */
  readonly padding: readonly number[]
  readonly dilation: readonly number[]
  readonly groups: number
  /** Size of the input's space. */
  readonly input: Shape
  /** Size of the kernel's space. */
  readonly kernel: Shape
  /** Size of the output's space. */
  readonly output: Shape
}

/** Calls `visit` with the first element of x [N, C, ...], w [O, C / groups, ...] and y [N, O, ...] for each pair of planes. */
const forEachPlane = (
  [N, C, O]: readonly number[],
  a: ConvAttrs,
  visit: (atX: number, atW: number, atY: number) => void,
): void => {
  const [sX, sW, sY] = [a.input, a.kernel, a.output].map(sizeOf)
  const [inGroup, outGroup] = [C / a.groups, O / a.groups]
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      for (let i = 0; i < inGroup; i++) {
        const c = Math.floor(o / outGroup) * inGroup + i
        visit((n * C + c) * sX, (o * inGroup + i) * sW, (n * O + o) * sY)
      }
    }
  }
}

const windowsOf = (a: ConvAttrs): Windows => a

/** A kernel call's surroundings: the exports, the parameter block and the scratch of a pass. */
const prepare = (
  k: WasmBackend,
  a: ConvAttrs,
  N: number,
  C: number,
  O: number,
  pass: 0 | 1 | 2,
): { kernels: ConvKernels; p: number; scratch: number } => {
  const kernels = k.use(conv)
  const p = k.table(
    [N, C, O, a.groups],
    triple(a.input, 1),
    triple(a.output, 1),
    triple(a.kernel, 1),
    triple(a.stride, 1),
    triple(a.padding, 0),
    triple(a.dilation, 1),
  )
  return { kernels, p, scratch: k.scratch(kernels.conv_scratch_bytes(p, pass)) }
}

/** Whether the kernels can run; they want f32 and something to do. */
const covered = (x: readonly Tensor[]): boolean => x.every((t) => t.dtype === 'f32' && t.size > 0)

const convInfer = ([x, w]: readonly Tensor[], { output }: ConvAttrs): TensorSpec[] => [
  { shape: [x.shape[0], w.shape[0], ...output], dtype: x.dtype },
]

const convReference = ([x, w, b]: readonly NDArray[], a: ConvAttrs, [y]: readonly NDArray[]): void => {
  const { count, from, tap, to } = tapsOf(windowsOf(a))
  const [N, O] = y.shape
  const total = new Float64Array(y.data.length)
  forEachPlane([N, x.shape[1], O], a, (atX, atW, atY) => {
    for (let i = 0; i < count; i++) total[atY + to[i]] += x.data[atX + from[i]] * w.data[atW + tap[i]]
  })
  const space = sizeOf(a.output)
  for (let i = 0; i < total.length; i++)
    y.data[i] = total[i] + (b === undefined ? 0 : b.data[Math.floor(i / space) % O])
}

const convWasm = (
  k: WasmBackend,
  x: readonly Tensor[],
  a: ConvAttrs,
  [{ shape, dtype }]: readonly TensorSpec[],
  flags: number,
): Tensor[] | null => {
  if (!covered(x)) return null
  const y = k.empty(shape, dtype, channelsLastStrides(shape))
  const { kernels, p, scratch } = prepare(k, a, shape[0], x[0].shape[1], shape[1], convPass.forward)
  const pBias = x.length === 3 ? k.contiguousPtr(x[2]) : 0
  kernels.f32_conv(k.channelsLastPtr(x[0]), k.contiguousPtr(x[1]), pBias, k.ptr(y), p, flags, scratch)
  return [y]
}

/** y = x * w + b, the cross-correlation of deep learning. */
const convOp: OpDef<ConvAttrs> = {
  name: 'conv',
  savesInputs: [0, 1],
  infer: convInfer,
  reference: convReference,
  wasm: (k, x, a, specs) => convWasm(k, x, a, specs, 0),
  gradient: (c, [dy]) => {
    const dx = c.needs[0] ? convInputGrad(dy!, c.input(1), c.attrs) : null
    if (c.fused && c.needs[1] && c.needs[2] === true)
      return [dx, ...applyAll(convWeightBiasGradOp, [c.input(0), dy!], c.attrs)]
    return [
      dx,
      c.needs[1] ? convWeightGrad(c.input(0), dy!, c.attrs) : null,
      c.needs[2] === true ? sumOverSpace(dy!) : null,
    ]
  },
}

/** What a convolution may do to its result in the same pass. */
export interface FusedActivation {
  readonly kind: 'relu' | 'relu6'
  /** The same as an op of its own. */
  readonly run: (x: Tensor) => Tensor
}

export interface ActivatedAttrs extends ConvAttrs {
  readonly activation: FusedActivation['kind']
}

/** {@link convOp} with an activation, for calls that no gradient goes through. */
const convActivatedOp: OpDef<ActivatedAttrs> = {
  name: 'convActivated',
  infer: convInfer,
  reference: (x, a, [y]) => {
    convReference(x, a, [y])
    const most = a.activation === 'relu' ? Infinity : 6
    for (let i = 0; i < y.data.length; i++) y.data[i] = Math.min(Math.max(y.data[i], 0), most)
  },
  wasm: (k, x, a, specs) => convWasm(k, x, a, specs, convFlags[a.activation]),
}

/** The gradient of x: dy spread over the taps. It is also the forward pass of a transposed convolution, then with a bias. */
export const convInputGradOp: OpDef<ConvAttrs> = {
  name: 'convInputGrad',
  savesInputs: [0, 1],
  infer: ([dy, w], { input, groups }) => [{ shape: [dy.shape[0], w.shape[1] * groups, ...input], dtype: dy.dtype }],
  reference: ([dy, w, b], a, [dx]) => {
    const { count, from, tap, to } = tapsOf(windowsOf(a))
    const [N, C] = dx.shape
    const total = new Float64Array(dx.data.length)
    forEachPlane([N, C, dy.shape[1]], a, (atX, atW, atY) => {
      for (let i = 0; i < count; i++) total[atX + from[i]] += dy.data[atY + to[i]] * w.data[atW + tap[i]]
    })
    const space = sizeOf(a.input)
    for (let i = 0; i < total.length; i++)
      dx.data[i] = total[i] + (b === undefined ? 0 : b.data[Math.floor(i / space) % C])
  },
  wasm: (k, x, a, [{ shape, dtype }]) => {
    if (!covered(x)) return null
    const dx = k.empty(shape, dtype, channelsLastStrides(shape))
    const { kernels, p, scratch } = prepare(k, a, shape[0], shape[1], x[0].shape[1], convPass.inputGrad)
    const pBias = x.length === 3 ? k.contiguousPtr(x[2]) : 0
    kernels.f32_conv_input_grad(k.channelsLastPtr(x[0]), k.contiguousPtr(x[1]), pBias, k.ptr(dx), p, 0, scratch)
    return [dx]
  },
  gradient: (c, [ddx]) => [
    c.needs[0] ? apply(convOp, [ddx!, c.input(1)], c.attrs) : null,
    c.needs[1] ? convWeightGrad(ddx!, c.input(0), c.attrs) : null,
    c.needs[2] === true ? sumOverSpace(ddx!) : null,
  ],
}

const weightGradSpecs = ([x, dy]: readonly Tensor[], { kernel, groups }: ConvAttrs): TensorSpec[] => [
  { shape: [dy.shape[1], x.shape[1] / groups, ...kernel], dtype: x.dtype },
]

/** Each tap sums the products of what it read and what came of it. */
const weightGradReference = ([x, dy]: readonly NDArray[], a: ConvAttrs, [dw]: readonly NDArray[]): void => {
  const { count, from, tap, to } = tapsOf(windowsOf(a))
  const total = new Float64Array(dw.data.length)
  forEachPlane([x.shape[0], x.shape[1], dy.shape[1]], a, (atX, atW, atY) => {
    for (let i = 0; i < count; i++) total[atW + tap[i]] += x.data[atX + from[i]] * dy.data[atY + to[i]]
  })
  dw.data.set(total)
}

/** Fills dw and, where there is one, the bias's gradient. */
const weightGradWasm = (
  k: WasmBackend,
  x: readonly Tensor[],
  a: ConvAttrs,
  specs: readonly TensorSpec[],
): Tensor[] | null => {
  if (!covered(x)) return null
  const outputs = specs.map(({ shape, dtype }) => k.empty(shape, dtype))
  const { kernels, p, scratch } = prepare(k, a, x[0].shape[0], x[0].shape[1], x[1].shape[1], convPass.weightGrad)
  const pDb = outputs.length === 2 ? k.ptr(outputs[1]) : 0
  const [pX, pDy, pDw] = [k.channelsLastPtr(x[0]), k.channelsLastPtr(x[1]), k.ptr(outputs[0])]
  kernels.f32_conv_weight_grad(pX, pDy, pDw, pDb, p, engineFlags(), scratch)
  return outputs
}

/** The gradient of w. */
const convWeightGradOp: OpDef<ConvAttrs> = {
  name: 'convWeightGrad',
  savesInputs: [0, 1],
  infer: weightGradSpecs,
  reference: weightGradReference,
  wasm: weightGradWasm,
  gradient: (c, [ddw]) => [
    c.needs[0] ? convInputGrad(c.input(1), ddw!, c.attrs) : null,
    c.needs[1] ? apply(convOp, [c.input(0), ddw!], c.attrs) : null,
  ],
}

/** The gradients of w and of the bias in one pass over dy, where no second derivative is wanted. */
const convWeightBiasGradOp: OpDef<ConvAttrs> = {
  name: 'convWeightBiasGrad',
  infer: ([x, dy], a) => [...weightGradSpecs([x, dy], a), { shape: [dy.shape[1]], dtype: dy.dtype }],
  reference: (x, a, [dw, db]) => {
    weightGradReference(x, a, [dw])
    const { shape, data } = x[1]
    const space = sizeOf(shape.slice(2))
    for (let i = 0; i < data.length; i++) db.data[Math.floor(i / space) % shape[1]] += data[i]
  },
  wasm: weightGradWasm,
}

const convInputGrad = (dy: Tensor, w: Tensor, a: ConvAttrs): Tensor => apply(convInputGradOp, [dy, w], a)

const convWeightGrad = (x: Tensor, dy: Tensor, a: ConvAttrs): Tensor => apply(convWeightGradOp, [x, dy], a)

/** The sum over everything but the channel: a bias's gradient. */
const sumOverSpace = (dy: Tensor): Tensor =>
  sum(
    dy,
    dy.shape.map((_, i) => i).filter((i) => i !== 1),
  )

/** Options of {@link conv2d} and its like. */
export interface ConvOptions {
  /** Steps between windows. Default 1. */
  readonly stride?: PerAxis
  /**
   * Zeros on both sides of each axis; `valid` is 0, `same` keeps the size (stride 1 only; where the padding is odd,
   * the end gets one more). Default 0.
   */
  readonly padding?: PerAxis | 'same' | 'valid'
  /** Distance between the taps of the kernel. Default 1. */
  readonly dilation?: PerAxis
  /** The channels are split into this many groups that are convolved apart. Default 1. */
  readonly groups?: number
}

/**
 * Zeros before and after each axis.
 * @throws ValueError when `same` meets a stride, or the numbers do not fit.
 */
export const resolvePadding = (
  op: string,
  padding: PerAxis | 'same' | 'valid',
  kernel: Shape,
  dilation: readonly number[],
  stride: readonly number[],
): { before: readonly number[]; after: readonly number[] } => {
  if (padding === 'same') {
    if (stride.some((s) => s !== 1)) {
      throw new ValueError({
        op,
        problem: "padding 'same' needs a stride of 1",
        got: `stride ${show(stride)}`,
        advice: 'Give the padding in numbers',
      })
    }
    const total = reach(kernel, dilation).map((r) => r - 1)
    const before = total.map((n) => Math.floor(n / 2))
    return { before, after: total.map((n, i) => n - before[i]) }
  }
  const list = perAxis(op, 'padding', padding === 'valid' ? 0 : padding, kernel.length)
  return { before: list, after: list }
}

/** Checks what every convolution needs: dtypes, ranks, channels against groups, the bias. */
export const checkConv = (
  op: string,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  space: number,
  groups: number,
  transposed: boolean,
): void => {
  const tensors = b === null ? [x, w] : [x, w, b]
  for (const t of tensors) t.live(op)
  needFloat(op, x)
  needSameDType(op, tensors)
  const layout = (): string => (transposed ? '[in, out / groups, ' : '[out, in / groups, ') + `${axesOfSpace(space)}]`
  if (!Number.isInteger(groups) || groups < 1)
    throw new ValueError({ op, problem: 'groups is not a positive integer', got: String(groups) })
  if (w.rank !== space + 2)
    throw new ShapeError({ op, problem: "the weight's rank does not fit", got: show(w.shape), expected: layout() })
  const [first, second] = w.shape
  const channels = transposed ? first : second * groups
  const out = transposed ? second * groups : first
  if (x.shape[1] !== channels || first % groups !== 0) {
    throw new ShapeError({
      op,
      problem: 'input channels do not match the weight',
      got: `x ${show(x.shape)} and weight ${show(w.shape)}, groups ${groups}`,
      expected: `x axis 1 = ${channels}, weight ${layout()}`,
      advice: 'Pass groups, or check the layout',
    })
  }
  if (b !== null && (b.rank !== 1 || b.shape[0] !== out)) {
    throw new ShapeError({ op, problem: 'the bias does not fit', got: show(b.shape), expected: show([out]) })
  }
}

/** A convolution over `space` axes, with an activation in the same pass where no gradient is recorded. */
export const convolve = (
  op: string,
  space: number,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  options: ConvOptions,
  activation: FusedActivation | null = null,
): Tensor => batched(op, x, space, (t) => convolveBatch(op, space, t, w, b, options, activation))

const convolveBatch = (
  op: string,
  space: number,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  options: ConvOptions,
  activation: FusedActivation | null,
): Tensor => {
  const { groups = 1 } = options
  checkConv(op, x, w, b, space, groups, false)
  const kernel = w.shape.slice(2)
  const stride = perAxis(op, 'stride', options.stride ?? 1, space, 1)
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, space, 1)
  const { before, after } = resolvePadding(op, options.padding ?? 0, kernel, dilation, stride)
  const input = x.shape.slice(2)
  const span = reach(kernel, dilation)
  const output = input.map((n, i) => Math.floor((n + before[i] + after[i] - span[i]) / stride[i]) + 1)
  if (output.some((n) => n < 1) || kernel.includes(0)) {
    throw new ShapeError({
      op,
      problem: 'the kernel does not fit into the padded input',
      got: `input ${show(input)} padded by ${show(before)} and ${show(after)}, kernel ${show(kernel)} reaching over ${show(span)}`,
      expected: 'a kernel of 1 or more that is not larger',
      advice: 'Use a larger input, more padding, or a smaller kernel',
    })
  }
  const attrs: ConvAttrs = { stride, padding: before, dilation, groups, input, kernel, output }
  const inputs = b === null ? [x, w] : [x, w, b]
  if (activation === null) return apply(convOp, inputs, attrs)
  if (!isGradEnabled() || !inputs.some((t) => t.requiresGrad))
    return apply(convActivatedOp, inputs, { ...attrs, activation: activation.kind })
  return activation.run(apply(convOp, inputs, attrs))
}

/**
 * 1-D convolution (cross-correlation), as torch.nn.functional.conv1d.
 * Shape: x [N, C, W] or [C, W], weight [out, C / groups, K], bias [out] -> [N, out, W'].
 * @throws ShapeError when channels, groups, bias or kernel do not fit.
 * @source Checked against torch.nn.functional.conv1d 1.13 in conv.test.ts
 * @example conv1d(tensor([[[1, 2, 3]]]), tensor([[[1, -1]]])).toArray() // => [[[-1, -1]]]
 */
export const conv1d = (x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor =>
  convolve('conv1d', 1, x, weight, bias, options)

/**
 * 2-D convolution (cross-correlation), as torch.nn.functional.conv2d.
 * Shape: x [N, C, H, W] or [C, H, W], weight [out, C / groups, KH, KW], bias [out] -> [N, out, H', W'],
 * H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1. The result lies channels-last in memory.
 * @throws ShapeError when channels, groups, bias or kernel do not fit; ValueError for options out of range.
 * @source Checked against torch.nn.functional.conv2d 1.13 in conv.test.ts
 * @example
 * const x = tensor([[[[1, 2], [3, 4]]]])
 * conv2d(x, tensor([[[[1, 1], [1, 1]]]]), tensor([0.5])).toArray() // => [[[[10.5]]]]
 * conv2d(x, ones([1, 1, 3, 3]), null, { padding: 1, stride: 2 }).shape // => [1, 1, 1, 1]
 */
export const conv2d = (x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor =>
  convolve('conv2d', 2, x, weight, bias, options)

/**
 * 3-D convolution (cross-correlation), as torch.nn.functional.conv3d.
 * Shape: x [N, C, D, H, W] or [C, D, H, W], weight [out, C / groups, KD, KH, KW], bias [out] -> [N, out, D', H', W'].
 * @throws ShapeError when channels, groups, bias or kernel do not fit.
 * @source Checked against torch.nn.functional.conv3d 1.13 in conv.test.ts
 * @example conv3d(ones([1, 1, 2, 2, 2]), ones([1, 1, 2, 2, 2])).toArray() // => [[[[[8]]]]]
 */
export const conv3d = (x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor =>
  convolve('conv3d', 3, x, weight, bias, options)
