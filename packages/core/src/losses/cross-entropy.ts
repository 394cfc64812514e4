/* oxlint-disable no-restricted-properties -- reference loops */
import { logSoftmax as kernels } from '@lanewise/kernels-wasm/log-softmax'
import { apply, applyAll } from '../autograd/apply.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { DTypeError, ShapeError, ValueError } from '../errors.ts'
import { add, div, eq, mul, ne, sub } from '../ops/binary.ts'
import { cast } from '../ops/copy.ts'
import { mean, sum } from '../ops/reduce.ts'
import { needFloat } from '../ops/rules.ts'
import { logSoftmax, softmax } from '../ops/softmax.ts'
import { neg } from '../ops/unary.ts'
import { permute, reshape, unsqueeze } from '../ops/views.ts'
import { where } from '../ops/where.ts'
import { arange } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import { sameShape, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkReduction, reduceLoss, type Reduction } from './reduction.ts'

/** What {@link crossEntropy} takes. */
export interface CrossEntropyOptions {
  /** A weight per class [C]. The mean divides by the weights of the targets. Default: all 1. */
  readonly weight?: Tensor
  /** Targets of this class have no part in the loss. Default -100. */
  readonly ignoreIndex?: number
  /** Share of each target, in [0, 1], that is spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number
  /** Default `mean`. */
  readonly reduction?: Reduction
}

interface Attrs {
  readonly ignoreIndex: number
  readonly smoothing: number
}

/** Calls `visit` with each row that counts: its first element, its class, and the class's weight. */
const forEachRow = (
  [x, target, weight]: readonly NDArray[],
  { ignoreIndex }: Attrs,
  visit: (row: number, at: number, t: number, w: number) => void,
): void => {
  const [N, C] = x.shape
  for (let i = 0; i < N; i++) {
    const t = target.data[i]
    if (t !== ignoreIndex && t >= 0 && t < C) visit(i, i * C, t, weight === undefined ? 1 : weight.data[t])
  }
}

/** log sum exp of n elements. */
const logSumExp = (x: ArrayLike<number>, at: number, n: number): number => {
  let top = -Infinity
  for (let c = 0; c < n; c++) top = Math.max(top, x[at + c])
  let total = 0
  // oxlint-disable-next-line no-restricted-properties -- reference loop
  for (let c = 0; c < n; c++) total += Math.exp(x[at + c] - top)
  // oxlint-disable-next-line no-restricted-properties -- reference loop
  return top + Math.log(total)
}

/**
 * Inputs: logits [N, C], classes i32 [N], and perhaps class weights [C].
 * Outputs: losses [N], weights of the targets [N] (0 where ignored), and hidden log sum exp [N].
 */
const rowsOp: OpDef<Attrs> = {
  name: 'crossEntropy',
  hidden: 1,
  savesInputs: [0, 1, 2],
  savesOutputs: [2],
  infer: ([x]) => {
    const spec = { shape: [x.shape[0]], dtype: x.dtype }
    return [spec, spec, spec]
  },
  reference: (inputs, attrs, [loss, weights, lse]) => {
    const [x, , weight] = inputs
    const C = x.shape[1]
    const s = attrs.smoothing
    forEachRow(inputs, attrs, (i, at, t, w) => {
      lse.data[i] = logSumExp(x.data, at, C)
      weights.data[i] = w
      let smooth = 0
      for (let c = 0; c < C; c++) smooth += (weight === undefined ? 1 : weight.data[c]) * (lse.data[i] - x.data[at + c])
      loss.data[i] = (1 - s) * w * (lse.data[i] - x.data[at + t]) + (s === 0 ? 0 : (s / C) * smooth)
    })
  },
  wasm: (k, [x, target, weight], { ignoreIndex, smoothing }, [spec]) => {
    const [N, C] = x.shape
    const [loss, weights, lse] = [0, 1, 2].map(() => k.empty(spec.shape, spec.dtype))
    const [pX, pT, pW] = [
      k.contiguousPtr(x),
      k.contiguousPtr(target),
      weight === undefined ? 0 : k.contiguousPtr(weight),
    ]
    const { f32_cross_entropy: run, f32_cross_entropy_weights: weigh } = k.use(kernels)
    run(pX, pT, pW, k.ptr(loss), k.ptr(lse), N, C, ignoreIndex, smoothing)
    weigh(pT, pW, k.ptr(weights), N, C, ignoreIndex)
    return [loss, weights, lse]
  },
  compose: ([x, target, weight], attrs) => {
    const q = targetDistribution(target, weight, x, attrs)
    const weights = sum(targetDistribution(target, weight, x, { ...attrs, smoothing: 0 }), 1)
    return [neg(sum(mul(q, logSoftmax(x, 1)), 1)), weights, weights.detach()]
  },
  gradient: (c, [dy]) => [dy === null ? null : c.fused ? fusedGradient(c, dy) : composedGradient(c, dy), null, null],
}

const fusedGradient = (c: GradientContext<Attrs>, dy: Tensor): Tensor => {
  const weight = c.inputSpecs.length > 2 ? [c.input(2)] : []
  return apply(rowsGradientOp, [c.input(0), c.input(1), ...weight, c.output(2), dy], c.attrs)
}

/** dx = dy (softmax(x) sum_c q_c - q), in ops that have gradients of their own. */
const composedGradient = (c: GradientContext<Attrs>, dy: Tensor): Tensor => {
  const x = c.input(0)
  const q = targetDistribution(c.input(1), c.inputSpecs.length > 2 ? c.input(2) : undefined, x, c.attrs)
  return mul(unsqueeze(dy, 1), sub(mul(softmax(x, 1), sum(q, 1, true)), q))
}

/** q [N, C] with loss_i = -sum_c q_c log p_c: weights of the classes, 0 in ignored rows. */
const targetDistribution = (
  target: Tensor,
  weight: Tensor | undefined,
  x: Tensor,
  { ignoreIndex, smoothing }: Attrs,
): Tensor => {
  const C = x.shape[1]
  const t = unsqueeze(target, 1)
  const valid = cast(ne(t, ignoreIndex), x.dtype)
  const hot = mul(cast(eq(t, arange(0, C, 1, { dtype: 'i32', backend: x.backend })), x.dtype), valid)
  const q = smoothing === 0 ? hot : add(mul(hot, 1 - smoothing), mul(valid, smoothing / C))
  return weight === undefined ? q : mul(q, weight)
}

/** Inputs: logits, classes, perhaps weights, log sum exp, gradient of the losses. */
const rowsGradientOp: OpDef<Attrs> = {
  name: 'crossEntropyGrad',
  infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  reference: (inputs, attrs, [dx]) => {
    const lse = inputs[inputs.length - 2]
    const dy = inputs[inputs.length - 1]
    const [x, target] = inputs
    const weight = inputs.length > 4 ? inputs[2] : undefined
    const C = x.shape[1]
    const q = (c: number, t: number): number =>
      (weight === undefined ? 1 : weight.data[c]) * ((c === t ? 1 - attrs.smoothing : 0) + attrs.smoothing / C)
    forEachRow(weight === undefined ? [x, target] : [x, target, weight], attrs, (i, at, t) => {
      let total = 0
      for (let c = 0; c < C; c++) total += q(c, t)
      for (let c = 0; c < C; c++)
        dx.data[at + c] = dy.data[i] * (Math.exp(x.data[at + c] - lse.data[i]) * total - q(c, t))
    })
  },
  wasm: (k, inputs, { ignoreIndex, smoothing }) => {
    const [x, target] = inputs
    const [N, C] = x.shape
    const dx = k.empty(x.shape, x.dtype)
    const pW = inputs.length > 4 ? k.contiguousPtr(inputs[2]) : 0
    const [pLse, pDy] = inputs.slice(-2).map((t) => k.contiguousPtr(t))
    k.use(kernels).f32_cross_entropy_grad(
      k.contiguousPtr(x),
      k.contiguousPtr(target),
      pW,
      pLse,
      pDy,
      k.ptr(dx),
      N,
      C,
      ignoreIndex,
      smoothing,
    )
    return [dx]
  },
}

/** Throws when a class lies outside of [0, C) and is not ignored. On an asynchronous backend nobody looks. */
const checkClasses = (op: string, target: Tensor, C: number, ignoreIndex: number): void => {
  if (!target.backend.synchronous) return
  const data = target.dataSync()
  for (let i = 0; i < data.length; i++) {
    if (data[i] === ignoreIndex || (data[i] >= 0 && data[i] < C)) continue
    throw new ValueError({
      op,
      problem: `target ${i} is not a class`,
      got: String(data[i]),
      expected: `an integer in [0, ${C}), or ignoreIndex ${ignoreIndex}`,
      advice: 'Count the classes from 0, and give the model as many outputs as there are classes',
    })
  }
}

const checkWeight = (op: string, weight: Tensor | undefined, C: number): void => {
  if (weight === undefined || sameShape(weight.shape, [C])) return
  throw new ShapeError({ op, problem: 'one weight per class is needed', got: show(weight.shape), expected: show([C]) })
}

/** x [N, C, d1, ...] or [C] as rows [M, C]; classes stay in the order of the target. */
const asRows = (x: Tensor): Tensor => {
  if (x.rank === 2) return x
  const axes = x.shape.map((_, i) => i).filter((i) => i !== (x.rank === 1 ? 0 : 1))
  const classAxis = x.rank === 1 ? 0 : 1
  return reshape(permute(x, [...axes, classAxis]), [-1, x.shape[classAxis]])
}

const withoutClassAxis = (x: Tensor): readonly number[] => x.shape.filter((_, i) => i !== (x.rank === 1 ? 0 : 1))

const checkTarget = (op: string, x: Tensor, target: Tensor): void => {
  if (sameShape(target.shape, withoutClassAxis(x))) return
  throw new ShapeError({
    op,
    problem: 'the target does not fit the input',
    got: `input ${show(x.shape)} and target ${target.toString()}`,
    expected: `classes (i32) of shape ${show(withoutClassAxis(x))}`,
    advice: 'Axis 1 of the input holds the classes',
  })
}

const checkInput = (op: string, x: Tensor): void => {
  needFloat(op, x)
  if (x.rank === 0)
    throw new ShapeError({
      op,
      problem: 'the input has no class axis',
      got: show(x.shape),
      expected: '[C], [N, C] or [N, C, d1, ...]',
    })
}

const classLoss = (x: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor => {
  const { weight, ignoreIndex = -100, labelSmoothing = 0, reduction = 'mean' } = options
  checkTarget('crossEntropy', x, target)
  const C = x.shape[x.rank === 1 ? 0 : 1]
  checkWeight('crossEntropy', weight, C)
  checkClasses('crossEntropy', target, C, ignoreIndex)
  const rows = [asRows(x), reshape(cast(target, 'i32'), [-1]), ...(weight === undefined ? [] : [weight])]
  const [loss, weights] = applyAll(rowsOp, rows, { ignoreIndex, smoothing: labelSmoothing })
  if (reduction === 'mean') return div(sum(loss), sum(weights))
  return reduction === 'sum' ? sum(loss) : reshape(loss, target.shape)
}

const distributionLoss = (x: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor => {
  const { weight, labelSmoothing = 0, reduction = 'mean' } = options
  const axis = x.rank === 1 ? 0 : 1
  const C = x.shape[axis]
  checkWeight('crossEntropy', weight, C)
  const q = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / C)
  const perClass = x.shape.map((_, i) => (i === axis ? C : 1))
  const weighted = weight === undefined ? q : mul(q, reshape(weight, perClass))
  const loss = neg(sum(mul(logSoftmax(x, axis), weighted), axis))
  // PyTorch divides by the number of rows here, weights or not.
  return reduction === 'mean' ? mean(loss) : reduceLoss('crossEntropy', loss, reduction)
}

/**
 * Cross-entropy of logits with classes or with class probabilities.
 *   loss_i = -w_t log softmax(x_i)_t;   the mean divides by the sum of w_t.
 * Shape: x [C], [N, C] or [N, C, d1, ...]; target i32 without the class axis, or float of x's shape -> scalar,
 * or the classes' shape without reduction. Nothing but ignored targets gives NaN, as in PyTorch.
 * @throws ShapeError when the target does not fit, ValueError when a class is out of range.
 * @source Checked against torch.nn.functional.cross_entropy 1.13 in cross-entropy.test.ts
 * @example
 * const logits = tensor([[2, 0], [0, 3]])
 * crossEntropy(logits, tensor([0, 1], { dtype: 'i32' })).item() // => 0.0878
 */
export const crossEntropy = (x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor => {
  x.live('crossEntropy')
  target.live('crossEntropy')
  checkInput('crossEntropy', x)
  checkReduction('crossEntropy', options.reduction ?? 'mean')
  const smoothing = options.labelSmoothing ?? 0
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new ValueError({
      op: 'crossEntropy',
      problem: 'labelSmoothing is out of range',
      got: String(smoothing),
      expected: 'a number in [0, 1]',
    })
  }
  return isFloat(target.dtype) && sameShape(x.shape, target.shape)
    ? distributionLoss(x, target, options)
    : classLoss(x, needClasses(target), options)
}

const needClasses = (target: Tensor): Tensor => {
  if (!isFloat(target.dtype)) return target
  throw new DTypeError({
    op: 'crossEntropy',
    problem: 'a target of fractions must have the shape of the input',
    got: target.toString(),
    expected: 'classes as i32, or a probability for every class',
    advice: "Use cast(target, 'i32') for classes",
  })
}

/** What {@link nllLoss} takes. */
export type NllLossOptions = Omit<CrossEntropyOptions, 'labelSmoothing'>

/**
 * Negative log likelihood of classes under log-probabilities, such as logSoftmax gives.
 *   loss_i = -w_t x_it;   the mean divides by the sum of w_t.
 * Shape: x [C], [N, C] or [N, C, d1, ...]; target i32 without the class axis -> scalar.
 * @throws ShapeError when the target does not fit, ValueError when a class is out of range.
 * @source Checked against torch.nn.functional.nll_loss 1.13 in cross-entropy.test.ts
 * @example nllLoss(tensor([[-0.5, -0.9]]), tensor([1], { dtype: 'i32' })).item() // => 0.9
 */
export const nllLoss = (x: Tensor, target: Tensor, options: NllLossOptions = {}): Tensor => {
  const { weight, ignoreIndex = -100, reduction = 'mean' } = options
  x.live('nllLoss')
  target.live('nllLoss')
  checkInput('nllLoss', x)
  checkReduction('nllLoss', reduction)
  checkTarget('nllLoss', x, needClasses(target))
  const C = x.shape[x.rank === 1 ? 0 : 1]
  checkWeight('nllLoss', weight, C)
  checkClasses('nllLoss', target, C, ignoreIndex)
  const rows = asRows(x)
  const q = targetDistribution(reshape(cast(target, 'i32'), [-1]), weight, rows, { ignoreIndex, smoothing: 0 })
  // Not the product alone: a class of probability 0 stands at -Infinity, and has no part where it is not the target.
  const loss = neg(sum(where(ne(q, 0), mul(rows, q), 0), 1))
  if (reduction === 'mean') return div(sum(loss), sum(q))
  return reduction === 'sum' ? sum(loss) : reshape(loss, target.shape)
}
