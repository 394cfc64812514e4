import { ShapeError } from '../errors.ts'
import { add, div, maximum, minimum, mul, sub } from '../ops/binary.ts'
import { concat } from '../ops/concat.ts'
import { matmul } from '../ops/matmul.ts'
import { norm, sum } from '../ops/reduce.ts'
import { squeeze, transpose, unsqueeze } from '../ops/views.ts'
import { normalizeAxis, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { KerasLayer, LayerSource } from './layer.ts'

const needInputs = (source: LayerSource, xs: readonly Tensor[], fits: boolean, expected: string): void => {
  if (fits) return
  throw new ShapeError({
    op: source.config.layer.className,
    problem: 'the inputs do not fit',
    got: xs.map((x) => show(x.shape)).join(', ') || 'none',
    expected,
  })
}

/** Folds the inputs, two at least. */
const folding = (source: LayerSource, fold: (a: Tensor, b: Tensor) => Tensor): KerasLayer =>
  source.layer({}, (xs) => {
    needInputs(source, xs, xs.length > 1, 'two or more')
    return xs.reduce(fold)
  })

const concatenating = (source: LayerSource): KerasLayer => {
  const axis = source.config.value('axis') ?? -1
  if (typeof axis !== 'number') return source.config.refuse('axis', 'an axis')
  return source.layer({}, (xs) => {
    needInputs(source, xs, xs.length > 0, 'one or more')
    return concat([...xs], axis)
  })
}

const unit = (x: Tensor, axis: number): Tensor => div(x, maximum(norm(x, axis, { keepDims: true }), 1e-6))

/** The products of two inputs [N, ...] summed over an axis of each. */
const dotting = (source: LayerSource): KerasLayer => {
  const { config } = source
  const value = config.value('axes') ?? -1
  const axes = Array.isArray(value) ? value : [value, value]
  const normalize = config.flag('normalize', false)
  if (axes.length !== 2 || !axes.every((axis) => Number.isSafeInteger(axis))) config.refuse('axes', 'one axis or two')
  return source.layer({}, (xs) => {
    const fits = xs.length === 2 && xs.every((x) => x.rank === 2 || x.rank === 3)
    needInputs(source, xs, fits, 'two of rank 2 or 3')
    const at = xs.map((x, i) => normalizeAxis('Dot', Number(axes[i]), x.rank))
    const [a, b] = normalize ? xs.map((x, i) => unit(x, at[i])) : xs
    if (a.rank === 2 && b.rank === 2) return sum(mul(a, b), 1, true)
    // Rows [N, L, K] and columns [N, K, M]; a vector stands for one row or column.
    const rows = a.rank === 2 ? unsqueeze(a, 1) : at[0] === 1 ? transpose(a) : a
    const columns = b.rank === 2 ? unsqueeze(b, 2) : at[1] === 2 ? transpose(b) : b
    const y = matmul(rows, columns)
    return a.rank === 2 ? squeeze(y, 1) : b.rank === 2 ? squeeze(y, 2) : y
  })
}

/** Layers of several inputs, by Keras's class. */
export const merges: Readonly<Record<string, (source: LayerSource) => KerasLayer>> = {
  Add: (source) => folding(source, add),
  Subtract: (source) => folding(source, sub),
  Multiply: (source) => folding(source, mul),
  Maximum: (source) => folding(source, maximum),
  Minimum: (source) => folding(source, minimum),
  Average: (source) =>
    source.layer({}, (xs) => {
      needInputs(source, xs, xs.length > 1, 'two or more')
      return div(
        xs.reduce((a, b) => add(a, b)),
        xs.length,
      )
    }),
  Concatenate: concatenating,
  Dot: dotting,
}
