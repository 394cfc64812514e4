import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { GradientError, ShapeError, ValueError } from '../errors.ts'
import { exp, log } from '../math/f64.ts'
import { div, maximum, mul } from '../ops/binary.ts'
import { cast } from '../ops/copy.ts'
import { mean } from '../ops/reduce.ts'
import { needFloat } from '../ops/rules.ts'
import { neg } from '../ops/unary.ts'
import { reshape, unsqueeze } from '../ops/views.ts'
import { fromData } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { reduceLoss, type LossOptions } from './reduction.ts'

/** What {@link ctcLoss} takes. */
export interface CtcLossOptions extends LossOptions {
  /** Steps of each sequence, at most T. Default: all T. */
  readonly inputLengths?: readonly number[] | Tensor
  /** Labels of each target, at most S. Default: all S. */
  readonly targetLengths?: readonly number[] | Tensor
  /** The class that stands for no label. Default 0. */
  readonly blank?: number
  /** Count sequences that cannot hold their target as 0, with no gradient, instead of Infinity. Default false. */
  readonly zeroInfinity?: boolean
}

interface Attrs {
  readonly blank: number
  readonly zeroInfinity: boolean
}

/** log(exp a + exp b). */
const logAdd = (a: number, b: number): number => {
  const top = Math.max(a, b)
  return top === -Infinity ? top : top + log(exp(a - top) + exp(b - top))
}

/** One sequence with its target between blanks: state s stands for label (s - 1) / 2 where s is odd. */
interface Sequence {
  readonly steps: number
  readonly states: number
  /** The class of a state. */
  classOf(s: number): number
  /** Log-probability of a state's class at a step. */
  at(t: number, s: number): number
  /** Whether state s can follow s - 2: it holds a label other than the one before. */
  skips(s: number): boolean
}

const sequenceOf = ([x, target, lengths]: readonly NDArray[], n: number, blank: number): Sequence => {
  const [, N, C] = x.shape
  const S = target.shape[1]
  const states = 2 * lengths.data[N + n] + 1
  const classOf = (s: number): number => (s % 2 === 0 ? blank : target.data[n * S + (s - 1) / 2])
  return {
    steps: lengths.data[n],
    states,
    classOf,
    at: (t, s) => x.data[(t * N + n) * C + classOf(s)],
    skips: (s) => s % 2 === 1 && s >= 3 && classOf(s) !== classOf(s - 2),
  }
}

/** a[t, s]: log-probability of all ways to reach state s at step t, its own step included. */
const forwardLattice = ({ steps, states, at, skips }: Sequence): Float64Array => {
  const a = new Float64Array(steps * states).fill(-Infinity)
  if (steps === 0) return a
  for (let s = 0; s < Math.min(2, states); s++) a[s] = at(0, s)
  for (let t = 1; t < steps; t++) {
    for (let s = 0; s < states; s++) {
      const before = (t - 1) * states + s
      let sum = a[before]
      if (s >= 1) sum = logAdd(sum, a[before - 1])
      if (skips(s)) sum = logAdd(sum, a[before - 2])
      a[t * states + s] = sum + at(t, s)
    }
  }
  return a
}

/** b[t, s]: log-probability of all ways to go on from state s at step t to the end, its own step left out. */
const backwardLattice = ({ steps, states, at, skips }: Sequence): Float64Array => {
  const b = new Float64Array(steps * states).fill(-Infinity)
  for (let s = Math.max(0, states - 2); s < states; s++) b[(steps - 1) * states + s] = 0
  for (let t = steps - 2; t >= 0; t--) {
    for (let s = 0; s < states; s++) {
      const after = (t + 1) * states + s
      let sum = b[after] + at(t + 1, s)
      if (s + 1 < states) sum = logAdd(sum, b[after + 1] + at(t + 1, s + 1))
      if (s + 2 < states && skips(s + 2)) sum = logAdd(sum, b[after + 2] + at(t + 1, s + 2))
      b[t * states + s] = sum
    }
  }
  return b
}

/** Log-probability of the target: the last label or the blank after it, at the last step. */
const total = (a: Float64Array, { steps, states }: Sequence): number => {
  if (steps === 0) return states === 1 ? 0 : -Infinity
  const end = steps * states
  return states === 1 ? a[end - 1] : logAdd(a[end - 1], a[end - 2])
}

/** Inputs: log-probabilities [T, N, C], targets [N, S], lengths of both [2, N]. Output: losses [N]. */
const ctcOp: OpDef<Attrs> = {
  name: 'ctcLoss',
  savesInputs: [0, 1, 2],
  infer: ([x]) => [{ shape: [x.shape[1]], dtype: x.dtype }],
  reference: (inputs, { blank, zeroInfinity }, [y]) => {
    for (let n = 0; n < y.data.length; n++) {
      const sequence = sequenceOf(inputs, n, blank)
      const loss = -total(forwardLattice(sequence), sequence)
      y.data[n] = zeroInfinity && loss === Infinity ? 0 : loss
    }
  },
  gradient: (c, [dy]) => {
    const posterior = apply(posteriorOp, [c.input(0), c.input(1), c.input(2)], c.attrs)
    return [neg(mul(posterior, unsqueeze(dy!, 1))), null, null]
  },
}

/** The probability of each class at each step, given the target: minus the gradient of the loss. */
const posteriorOp: OpDef<Attrs> = {
  name: 'ctcPosterior',
  infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  reference: (inputs, { blank, zeroInfinity }, [y]) => {
    const [, N, C] = y.shape
    for (let n = 0; n < N; n++) {
      const sequence = sequenceOf(inputs, n, blank)
      const { steps, states, classOf } = sequence
      const a = forwardLattice(sequence)
      const all = total(a, sequence)
      if (steps === 0 || (zeroInfinity && all === -Infinity)) continue
      const b = backwardLattice(sequence)
      for (let t = 0; t < steps; t++) {
        for (let s = 0; s < states; s++)
          y.data[(t * N + n) * C + classOf(s)] += exp(a[t * states + s] + b[t * states + s] - all)
      }
    }
  },
  gradient: () => {
    throw new GradientError({
      op: 'ctcLoss',
      problem: 'there is no second derivative, as in PyTorch',
      advice: 'Leave createGraph out',
    })
  },
}

const fail = (problem: string, got: string, expected: string): ShapeError =>
  new ShapeError({ op: 'ctcLoss', problem, got, expected })

/** Lengths as numbers, each at most `limit`. */
const lengthsOf = (what: string, given: readonly number[] | Tensor | undefined, N: number, limit: number): number[] => {
  const list =
    given === undefined
      ? new Array<number>(N).fill(limit)
      : Array.from(given instanceof Tensor ? given.dataSync() : given)
  if (list.length !== N) throw fail(`${what} does not fit`, `${list.length} lengths`, `${N}, one per sequence`)
  const bad = list.find((n) => !(Number.isInteger(n) && n >= 0 && n <= limit))
  if (bad === undefined) return list
  throw new ValueError({
    op: 'ctcLoss',
    problem: `${what} is out of range`,
    got: String(bad),
    expected: `integers in [0, ${limit}]`,
  })
}

/** Targets that stand one after the other, as rows padded with blanks. */
const padded = (target: Tensor, lengths: readonly number[], blank: number): Tensor => {
  const data = target.dataSync()
  const S = Math.max(1, ...lengths)
  const rows = new Int32Array(lengths.length * S).fill(blank)
  let at = 0
  lengths.forEach((n, i) => rows.set(data.subarray(at, (at += n)) as Int32Array, i * S))
  return fromData(rows, [lengths.length, S], 'i32', target.backend)
}

const checkLabels = (target: Tensor, lengths: readonly number[], C: number, blank: number): void => {
  const data = target.dataSync()
  const S = target.shape[1]
  lengths.forEach((length, n) => {
    for (let i = 0; i < length; i++) {
      const label = data[n * S + i]
      if (label >= 0 && label < C && label !== blank) continue
      throw new ValueError({
        op: 'ctcLoss',
        problem: `label ${i} of target ${n} is not a class`,
        got: String(label),
        expected: `an integer in [0, ${C}) other than the blank ${blank}`,
      })
    }
  })
}

/**
 * Connectionist temporal classification: the loss of label sequences whose places in the input are not known.
 *   loss_n = -log of the sum, over all alignments, of the product of their steps' probabilities
 * The mean is of losses over their target's length. Lengths and labels are read synchronously; the work is done in
 * plain loops, in double precision. The gradient is that of the log-probabilities as they stand; PyTorch's assumes that
 * logSoftmax made them. There is no second derivative.
 * Shape: x [T, N, C] log-probabilities; target i32 [N, S], or all labels in one row -> scalar, or [N].
 * @throws ShapeError when lengths do not fit, ValueError when a label is no class or is the blank.
 * @source Graves et al. 2006; checked against torch.nn.functional.ctc_loss 1.13 in ctc.test.ts
 * @example
 * const x = log(tensor([[[0.4, 0.6]], [[0.5, 0.5]]]))
 * ctcLoss(x, tensor([[1]], { dtype: 'i32' })).item() // => 0.223144
 */
export const ctcLoss = (x: Tensor, target: Tensor, options: CtcLossOptions = {}): Tensor => {
  const { blank = 0, zeroInfinity = false, reduction = 'mean' } = options
  needFloat('ctcLoss', x)
  if (x.rank !== 3) throw fail('the input has the wrong rank', show(x.shape), '[T, N, C]')
  const [T, N, C] = x.shape
  if (!(Number.isInteger(blank) && blank >= 0 && blank < C))
    throw new ValueError({
      op: 'ctcLoss',
      problem: 'blank is not a class',
      got: String(blank),
      expected: `an integer in [0, ${C})`,
    })
  const inputLengths = lengthsOf('inputLengths', options.inputLengths, N, T)
  const flat = target.rank === 1
  if (flat && options.targetLengths === undefined)
    throw fail('labels in one row need targetLengths', show(target.shape), '[N, S], or targetLengths')
  if (!flat && (target.rank !== 2 || target.shape[0] !== N))
    throw fail('the target does not fit', show(target.shape), `[${N}, S], or all labels in one row`)
  const targetLengths = lengthsOf('targetLengths', options.targetLengths, N, flat ? target.size : target.shape[1])
  const sum = targetLengths.reduce((a, b) => a + b, 0)
  if (flat && sum !== target.size)
    throw fail('targetLengths does not add up', `${sum} for ${target.size} labels`, 'lengths of all labels together')
  const rows = flat ? padded(target, targetLengths, blank) : cast(target, 'i32')
  checkLabels(rows, targetLengths, C, blank)
  const lengths = fromData(Int32Array.from([...inputLengths, ...targetLengths]), [2, N], 'i32', x.backend)
  const loss = apply(ctcOp, [x, rows, lengths], { blank, zeroInfinity })
  if (reduction !== 'mean') return reduceLoss('ctcLoss', loss, reduction)
  const divisor = maximum(cast(fromData(Int32Array.from(targetLengths), [N], 'i32', x.backend), x.dtype), 1)
  return mean(div(reshape(loss, [N]), divisor))
}
