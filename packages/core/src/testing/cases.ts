import { backward, grad } from '../autograd/backward.ts'
import type { Backend } from '../backends/backend.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { LanewiseError } from '../errors.ts'
import { clone, contiguousCopy } from '../ops/copy.ts'
import { permute } from '../ops/views.ts'
import { Generator } from '../random/generator.ts'
import { fromData } from '../tensor/create.ts'
import { isFloat, type DType } from '../tensor/dtype.ts'
import { sameShape, show, sizeOf, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { allClose, type Tolerance } from './close.ts'
import { gradCheck, gradGradCheck, type Differentiable } from './grad-check.ts'

/** An input that a generator draws: uniform fractions in [low, high), or integers in [low, high). */
export interface InputSpec {
  readonly shape: Shape
  /** Default f32. */
  readonly dtype?: Exclude<DType, 'f64'>
  /** Default -1. */
  readonly low?: number
  /** Default 1. */
  readonly high?: number
  /** False for a float input without a gradient. */
  readonly grad?: boolean
}

/** What another library gave: inputs by their draws, outputs and gradients by value. */
export interface GoldenCase {
  readonly name: string
  readonly seed: number
  readonly inputs: readonly InputSpec[]
  readonly shapes: readonly Shape[]
  readonly y: readonly (readonly (number | string)[])[]
  /** One per input; null where there is none. */
  readonly dx: readonly (readonly (number | string)[] | null)[]
}

/** A case went another way than the table says. */
class CaseError extends LanewiseError {
  static override readonly code: string = 'CASE'
}

const toList = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (y instanceof Tensor ? [y] : y)

/** Draws inputs one after the other, as the scripts of tools/golden do. */
export const drawInputs = (specs: readonly InputSpec[], generator: Generator, backend?: Backend): Tensor[] =>
  specs.map(({ shape, dtype = 'f32', low = -1, high = 1, grad: wanted = true }) => {
    if (isFloat(dtype)) {
      const x = fromData(generator.uniform(new Float32Array(sizeOf(shape)), low, high), shape, 'f32', backend)
      return wanted ? x.requiresGrad_() : x
    }
    const values = generator.integers(new Int32Array(sizeOf(shape)), low, high)
    return fromData(dtype === 'i32' ? values : Uint8Array.from(values), shape, dtype, backend)
  })

/** JSON knows no NaN and no infinities; they stand as text. */
const numbers = (values: readonly (number | string)[]): number[] => values.map(Number)

const floats = (outputs: readonly Tensor[]): readonly Tensor[] => outputs.filter((y) => isFloat(y.dtype))

/** Outputs, and gradients of a drawn projection of the float ones. */
const run = (
  f: Differentiable,
  inputs: readonly Tensor[],
  generator: Generator,
  createGraph = false,
): { y: readonly Tensor[]; dx: (Tensor | null)[] } => {
  const y = toList(f(...inputs))
  const dy = floats(y).map((t) =>
    fromData(generator.uniform(new Float32Array(t.size), -1, 1), t.shape, 'f32', t.backend),
  )
  const tracked = floats(y)
    .map((t, i) => ({ t, dy: dy[i] }))
    .filter(({ t }) => t.requiresGrad)
  if (tracked.length === 0) return { y, dx: inputs.map(() => null) }
  if (createGraph) {
    const wanted = inputs.filter((x) => x.requiresGrad)
    const outputs = tracked.map(({ t }) => t)
    const found = grad(outputs, wanted, { gradients: tracked.map((p) => p.dy), createGraph, allowUnused: true })
    return { y, dx: inputs.map((x) => (x.requiresGrad ? found[wanted.indexOf(x)] : null)) }
  }
  for (const p of tracked) backward(p.t, p.dy, { retainGraph: true })
  return { y, dx: inputs.map((x) => x.grad) }
}

/**
 * Compares outputs and gradients with recorded ones, on `backend`.
 * @returns true
 * @throws CloseError or CaseError with the first difference.
 */
export const checkGolden = (
  f: Differentiable,
  golden: GoldenCase,
  backend: Backend,
  { rtol = 2e-5, atol = 2e-6 }: Tolerance = {},
): true => {
  const generator = new Generator(golden.seed)
  withBackend(backend, () => {
    const inputs = drawInputs(golden.inputs, generator, backend)
    const { y, dx } = run(f, inputs, generator)
    y.forEach((t, i) => {
      if (!sameShape(t.shape, golden.shapes[i])) {
        throw new CaseError({
          op: golden.name,
          problem: 'wrong shape',
          got: show(t.shape),
          expected: show(golden.shapes[i]),
        })
      }
      allClose(t, numbers(golden.y[i]), { rtol, atol })
    })
    golden.dx.forEach((expected, i) => {
      if (expected === null) return
      const got = dx[i]
      if (got === null) throw new CaseError({ op: golden.name, problem: `no gradient of input ${i}` })
      allClose(got, numbers(expected), { rtol, atol })
    })
  })
  return true
}

/** The same values laid out with the axes in reverse order in memory. */
const reversed = (x: Tensor): Tensor => {
  const back = x.shape.map((_, i) => x.rank - 1 - i)
  return permute(contiguousCopy(permute(x, back)), back)
}

/** The same values with the channels innermost in memory. */
const channelsLast = (x: Tensor): Tensor => {
  if (x.rank < 3) return clone(x)
  const axes = x.shape.map((_, i) => i)
  const order = [0, ...axes.slice(2), 1]
  return permute(
    contiguousCopy(permute(x, order)),
    axes.map((i) => order.indexOf(i)),
  )
}

const layouts: readonly ((x: Tensor) => Tensor)[] = [(x) => x, reversed, channelsLast]

/** Options of {@link checkBackends}. */
export interface BackendsOptions extends Tolerance {
  /** Names of ops that may run without a kernel. Default none. */
  readonly fallbacks?: readonly string[]
}

/**
 * Compares the wasm backend with the reference in several memory layouts, forward, fused and composed gradient,
 * and that no op ran without a kernel.
 * @returns true
 * @throws CloseError or CaseError with the first difference.
 */
export const checkBackends = (
  f: Differentiable,
  specs: readonly InputSpec[],
  { rtol = 1e-5, atol = 1e-6, fallbacks = [] }: BackendsOptions = {},
): true => {
  const runOn = (backend: Backend, layout: (x: Tensor) => Tensor, createGraph: boolean): (Tensor | null)[] =>
    withBackend(backend, () => {
      const generator = new Generator(7)
      const inputs = drawInputs(specs, generator, backend)
      const { y, dx } = run((...xs) => f(...xs.map(layout)), inputs, generator, createGraph)
      return [...y, ...dx]
    })
  const expected = runOn(referenceBackend(), layouts[0], false)
  const wasm = wasmBackend()
  for (const layout of layouts) {
    for (const createGraph of [false, true]) {
      runOn(wasm, layout, createGraph).forEach((got, i) => {
        const other = expected[i]
        if (got !== null && other !== null)
          allClose(got, fromData(other.dataSync(), other.shape, other.dtype, wasm), { rtol, atol })
        else if (got !== other)
          throw new CaseError({ op: 'checkBackends', problem: `one backend has no gradient ${i}` })
      })
    }
  }
  const missing = Object.keys(wasm.report()).filter((name) => !fallbacks.includes(name))
  if (missing.length > 0)
    throw new CaseError({ op: 'checkBackends', problem: 'ops ran without a kernel', got: missing.join(', ') })
  return true
}

/** {@link gradCheck} and {@link gradGradCheck} on drawn inputs. */
export const checkGradients = (f: Differentiable, specs: readonly InputSpec[], seed = 3): true => {
  const inputs = drawInputs(specs, new Generator(seed), referenceBackend())
  gradCheck(f, inputs)
  return gradGradCheck(f, inputs)
}
