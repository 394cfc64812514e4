import { backward, grad } from '../autograd/backward.ts'
import { enableGrad, noGrad } from '../autograd/modes.ts'
import { referenceBackend, type ReferenceBackend } from '../backends/reference/reference.ts'
import { withBackend } from '../backends/default.ts'
import { LanewiseError } from '../errors.ts'
import { add, mul } from '../ops/binary.ts'
import { sum } from '../ops/reduce.ts'
import { Generator } from '../random/generator.ts'
import { fromData } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import { show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Tolerances of the checks; PyTorch's defaults. */
export interface GradCheckOptions {
  /** Half the width of a central difference. Default 1e-6. */
  readonly eps?: number
  /** Default 1e-5. */
  readonly atol?: number
  /** Default 1e-3. */
  readonly rtol?: number
  /** Seed of the random projection of the outputs. Default 0. */
  readonly seed?: number
}

/** A function of tensors whose float outputs are differentiable in its float inputs. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[]

/** A gradient differs from the central difference. */
export class GradCheckError extends LanewiseError {
  static override readonly code: string = 'GRADCHECK'
}

const toList = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (y instanceof Tensor ? [y] : y)

/** A random linear function of all float outputs, so that no output's error can hide. */
const project = (outputs: readonly Tensor[], generator: Generator): Tensor =>
  outputs
    .filter((y) => isFloat(y.dtype))
    .map((y) => {
      const w = new Float32Array(y.size)
      generator.uniform(w, -1, 1)
      return sum(mul(y, fromData(new Float64Array(w), y.shape, 'f64')))
    })
    .reduce((a, b) => add(a, b))

const asF64 = (x: Tensor, backend: ReferenceBackend): Tensor => {
  const data = x.dataSync()
  const float = isFloat(x.dtype)
  const y = fromData(float ? new Float64Array(data) : data, x.shape, float ? 'f64' : x.dtype, backend)
  return float && x.requiresGrad ? y.requiresGrad_() : y
}

const compare = (
  what: string,
  input: number,
  got: Tensor,
  expected: Float64Array,
  { atol = 1e-5, rtol = 1e-3 }: GradCheckOptions,
): void => {
  const values = got.dataSync()
  for (let i = 0; i < expected.length; i++) {
    if (Math.abs(values[i] - expected[i]) <= atol + rtol * Math.abs(expected[i])) continue
    throw new GradCheckError({
      op: what,
      problem: `the gradient of input ${input} is wrong at element ${i} of ${show(got.shape)}`,
      got: String(values[i]),
      expected: `${expected[i]} (central difference)`,
    })
  }
}

/** Central differences of a scalar function in every element of one input. */
const numerical = (
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  which: number,
  eps: number,
): Float64Array => {
  const x = inputs[which]
  const base = x.dataSync()
  const out = new Float64Array(base.length)
  const at = (i: number, value: number): number => {
    const moved = base.slice()
    moved[i] = value
    const y = inputs.map((t, j) => (j === which ? fromData(moved, x.shape, 'f64', x.backend) : t))
    return f(...y).item()
  }
  for (let i = 0; i < base.length; i++) out[i] = (at(i, base[i] + eps) - at(i, base[i] - eps)) / (2 * eps)
  return out
}

/**
 * Compares the gradients of `f` with central differences, in f64 on a reference backend, through a
 * random projection of its outputs, as torch.autograd.gradcheck.
 * @param inputs - f's inputs; those with `requiresGrad` are checked. Values should keep clear of kinks.
 * @returns true
 * @throws GradCheckError with the first element that differs.
 * @example gradCheck((x) => square(x), [tensor([1, -2]).requiresGrad_()]) // => true
 */
export const gradCheck = (f: Differentiable, inputs: readonly Tensor[], options: GradCheckOptions = {}): true => {
  const backend = referenceBackend()
  return withBackend(backend, () => {
    const xs = inputs.map((x) => asF64(x, backend))
    const scalar = (...ts: Tensor[]): Tensor => project(toList(f(...ts)), new Generator(options.seed ?? 0))
    const y = scalar(...xs)
    if (y.requiresGrad) backward(y)
    xs.forEach((x, i) => {
      if (!x.requiresGrad) return
      const expected = noGrad(() => numerical(scalar, xs, i, options.eps ?? 1e-6))
      compare('gradCheck', i, x.grad ?? fromData(new Float64Array(x.size), x.shape, 'f64'), expected, options)
    })
    return true
  })
}

/**
 * {@link gradCheck} of the gradient itself: second derivatives, as torch.autograd.gradgradcheck.
 * @returns true
 * @throws GradCheckError with the first element that differs.
 * @example gradGradCheck((x) => square(x), [tensor([1, -2]).requiresGrad_()]) // => true
 */
export const gradGradCheck = (f: Differentiable, inputs: readonly Tensor[], options: GradCheckOptions = {}): true => {
  const wanted = inputs.map((x, i) => (x.requiresGrad ? i : -1)).filter((i) => i >= 0)
  // The differences are taken under noGrad, but need the first derivative's graph.
  const first = (...ts: Tensor[]): Tensor[] =>
    enableGrad(() => {
      const xs = ts.map((t, i) => (wanted.includes(i) && !t.requiresGrad ? t.requiresGrad_() : t))
      const y = project(toList(f(...xs)), new Generator((options.seed ?? 0) + 1))
      return grad(
        [y],
        wanted.map((i) => xs[i]),
        { createGraph: true, allowUnused: true },
      )
    })
  return gradCheck(first, inputs, options)
}
