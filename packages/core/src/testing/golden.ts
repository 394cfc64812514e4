import { grad } from '../autograd/backward.ts'
import { Generator } from '../random/generator.ts'
import { fromData } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import { sameShape, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose, CloseError, type Tolerance } from './close.ts'

/** One call that PyTorch recorded: inputs come from the seed, outputs and gradients are stored. */
export interface GoldenCase {
  readonly op: string
  readonly seed: number
  /** Shapes of the inputs in the order drawn; null for one that is left out. */
  readonly shapes: readonly (Shape | null)[]
  readonly options: Readonly<Record<string, unknown>>
  /** Range of the inputs' uniform draws. */
  readonly range: readonly [number, number]
  readonly shape: Shape
  readonly y: readonly number[]
  /** Gradients of the inputs for a gradient of y drawn next from U(-1, 1); absent where none was recorded. */
  readonly grads?: readonly (readonly number[] | null)[]
}

/** Draws f32 tensors from U(from, to), as `torch.empty(shape).uniform_(from, to)` under the same seed. */
export const uniformTensors = (seed: number, from = -1, to = 1): ((shape: Shape) => Tensor) => {
  const generator = new Generator(seed)
  return (shape) => fromData(generator.uniform(new Float32Array(sizeOf(shape)), from, to), shape, 'f32')
}

/** An op under test, called with the inputs (null where left out) and the options. */
export type GoldenOp = (inputs: (Tensor | null)[], options: Record<string, unknown>) => Tensor

/**
 * Runs a recorded case on the default backend and compares the output and all gradients.
 * @throws CloseError naming the case and what differs.
 */
export const checkGolden = (c: GoldenCase, op: GoldenOp, tolerance: Tolerance): true => {
  const generator = new Generator(c.seed)
  const draw = (shape: Shape, [from, to]: readonly [number, number]): Tensor =>
    fromData(generator.uniform(new Float32Array(sizeOf(shape)), from, to), shape, 'f32')
  const inputs = c.shapes.map((shape) => (shape === null ? null : draw(shape, c.range).requiresGrad_()))
  const y = op(inputs, { ...c.options })
  const label = `${c.op} ${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)}`
  if (!sameShape(y.shape, c.shape)) {
    throw new CloseError({ op: label, problem: 'the shape differs', got: show(y.shape), expected: show(c.shape) })
  }
  compare(`${label} output`, y, Float32Array.from(c.y), tolerance)
  if (c.grads === undefined || !isFloat(y.dtype)) return true
  const leaves = inputs.filter((x) => x !== null)
  const expected = c.grads.filter((g) => g !== null).map((g) => Float32Array.from(g))
  const dxs = grad([y], leaves, { gradients: [draw(c.shape, [-1, 1])] })
  dxs.forEach((dx, i) => compare(`${label} gradient ${i}`, dx, expected[i], tolerance))
  return true
}

const compare = (label: string, got: Tensor, expected: Float32Array, tolerance: Tolerance): void => {
  try {
    allClose(got, expected, tolerance)
  } catch (e) {
    if (CloseError.is(e)) throw new CloseError({ op: label, problem: e.problem, got: e.got, expected: e.expected })
    throw e
  }
}
