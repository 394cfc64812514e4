import { noGrad } from '../autograd/modes.ts'
import { ValueError } from '../errors.ts'
import { div, maximum, mul } from '../ops/binary.ts'
import { clone } from '../ops/copy.ts'
import { copyInto } from '../ops/in-place.ts'
import { matmul } from '../ops/matmul.ts'
import { sum } from '../ops/reduce.ts'
import { sqrt, square } from '../ops/unary.ts'
import { permute, reshape, transpose } from '../ops/views.ts'
import { normal } from '../random/init.ts'
import { keep, scope } from '../tensor/scope.ts'
import { normalizeAxis, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { filled } from './layer-init.ts'
import { buffer, parameter, type AnyModule } from './module.ts'

/** The module's tensor of this name. */
const tensorOf = (op: string, module: AnyModule, name: string): Tensor => {
  const value: unknown = Reflect.get(module, name)
  if (value instanceof Tensor && Object.hasOwn(module, name)) return value
  throw new ValueError({
    op,
    problem: 'the module has no such tensor',
    got: `'${name}' of ${module.constructor.name}`,
    expected: `one of ${[...module.stateDict().keys()].join(', ')}`,
  })
}

const setField = (module: AnyModule, name: string, value: Tensor, enumerable: boolean): void => {
  Object.defineProperty(module, name, { value, enumerable, writable: true, configurable: true })
}

/** Takes a parameter out of the module's state, and computes it anew before each forward. */
const replace = (module: AnyModule, name: string, present: Tensor, compute: () => Tensor): (() => void) => {
  Reflect.deleteProperty(module, name)
  setField(module, name, keep(present), false)
  return module.registerForwardPreHook(() => setField(module, name, compute(), false))
}

/** Puts the present value back as a parameter. */
const restore = (module: AnyModule, name: string, value: Tensor, parts: readonly string[], stop: () => void): void => {
  stop()
  for (const part of parts) Reflect.deleteProperty(module, part)
  Reflect.deleteProperty(module, name)
  setField(module, name, parameter(value), true)
}

/** The Euclidean norm over all axes but one, which keeps its size (all, for null). */
const normExcept = (v: Tensor, axis: number | null): Tensor =>
  sqrt(
    sum(
      square(v),
      v.shape.map((_, i) => i).filter((i) => i !== axis),
      true,
    ),
  )

/** Options of {@link weightNorm}. */
export interface WeightNormOptions {
  /** The tensor that is split. Default 'weight'. */
  readonly name?: string
  /** The axis along which each slice has a length of its own; null for one length. Default 0. */
  readonly axis?: number | null
}

/**
 * Splits a weight into length and direction, w = g v / |v|, as torch.nn.utils.weight_norm: the state has NAME_g and
 * NAME_v instead of NAME.
 * @returns a function that undoes it, keeping the present weight
 * @throws ValueError when the module has no such tensor.
 * @source Salimans and Kingma 2016; checked against torch.nn.utils.weight_norm 1.13 in reparametrize.test.ts
 * @example
 * const layer = new Linear(3, 2)
 * const undo = weightNorm(layer)
 * ;[...layer.stateDict().keys()] // => ['bias', 'weight_g', 'weight_v']
 */
export const weightNorm = (module: AnyModule, { name = 'weight', axis = 0 }: WeightNormOptions = {}): (() => void) => {
  const weight = tensorOf('weightNorm', module, name)
  const a = axis === null ? null : normalizeAxis('weightNorm', axis, weight.rank)
  const g = parameter(noGrad(() => clone(a === null ? reshape(normExcept(weight, a), []) : normExcept(weight, a))))
  const v = parameter(noGrad(() => clone(weight)))
  setField(module, `${name}_g`, g, true)
  setField(module, `${name}_v`, v, true)
  const compute = (): Tensor => mul(v, div(g, a === null ? reshape(normExcept(v, a), []) : normExcept(v, a)))
  const stop = replace(module, name, noGrad(compute), compute)
  return () => restore(module, name, noGrad(compute), [`${name}_g`, `${name}_v`], stop)
}

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** The tensor that is normalised. Default 'weight'. */
  readonly name?: string
  /** Steps of the power method at each training forward. Default 1. */
  readonly iterations?: number
  /** Least norm to divide by. Default 1e-12. */
  readonly eps?: number
  /** The axis of outputs. Default 1 for transposed convolutions, else 0. */
  readonly axis?: number
}

/** A vector divided by its norm. */
const unit = (x: Tensor, eps: number): Tensor => div(x, maximum(sqrt(sum(square(x))), eps))

const randomUnit = (n: number, eps: number): Tensor =>
  buffer(
    noGrad(() =>
      unit(
        filled([n], (data) => normal(data)),
        eps,
      ),
    ),
  )

/** The weight as a matrix, its rows along `axis`. */
const asMatrix = (weight: Tensor, axis: number): Tensor => {
  const order = weight.shape.map((_, i) => i)
  const first = axis === 0 ? weight : permute(weight, [axis, ...order.filter((i) => i !== axis)])
  return reshape(first, [first.shape[0], -1])
}

const isTransposed = (module: AnyModule): boolean => module.constructor.name.startsWith('ConvTranspose')

/**
 * Divides a weight by its largest singular value, found by the power method, as torch.nn.utils.spectral_norm: the state
 * has NAME_orig, NAME_u and NAME_v instead of NAME. Each training forward moves u and v.
 * @returns a function that undoes it, keeping the present weight
 * @throws ValueError when the module has no such tensor or the iterations are not a positive integer.
 * @source Miyato et al. 2018; checked against torch.nn.utils.spectral_norm 1.13 in reparametrize.test.ts
 * @example
 * const layer = new Conv2d(3, 8, 3)
 * const undo = spectralNorm(layer)
 * ;[...layer.stateDict().keys()] // => ['bias', 'weight_orig', 'weight_u', 'weight_v']
 */
export const spectralNorm = (module: AnyModule, options: SpectralNormOptions = {}): (() => void) => {
  const op = 'spectralNorm'
  const { name = 'weight', iterations = 1, eps = 1e-12 } = options
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new ValueError({
      op,
      problem: 'iterations does not fit',
      got: String(iterations),
      expected: 'an integer >= 1',
    })
  const weight = tensorOf(op, module, name)
  const axis = normalizeAxis(op, options.axis ?? (isTransposed(module) ? 1 : 0), weight.rank)
  const [rows, columns]: Shape = noGrad(() => asMatrix(weight, axis)).shape
  setField(module, `${name}_orig`, weight, true)
  const u = randomUnit(rows, eps)
  const v = randomUnit(columns, eps)
  setField(module, `${name}_u`, u, true)
  setField(module, `${name}_v`, v, true)
  const step = (): void =>
    noGrad(() =>
      scope(() => {
        const matrix = asMatrix(weight, axis)
        for (let i = 0; i < iterations; i++) {
          copyInto(v, unit(matmul(transpose(matrix), u), eps))
          copyInto(u, unit(matmul(matrix, v), eps))
        }
      }),
    )
  const compute = (move: boolean): Tensor => {
    if (move) step()
    // Copies: the graph keeps these while the next forward moves u and v.
    const [left, right] = noGrad(() => [clone(u), clone(v)])
    return div(weight, sum(mul(left, matmul(asMatrix(weight, axis), right))))
  }
  const stop = replace(
    module,
    name,
    noGrad(() => compute(false)),
    () => compute(module.training),
  )
  return () =>
    restore(
      module,
      name,
      noGrad(() => compute(false)),
      [`${name}_orig`, `${name}_u`, `${name}_v`],
      stop,
    )
}
