import { noGrad } from '../autograd/modes.ts'
import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import { contiguousStrides, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mul } from './binary.ts'
import { copyInto } from './in-place.ts'
import { checkIndex } from './index-rules.ts'
import { selectRows } from './index-select.ts'
import { norm } from './reduce.ts'
import { needFloat, sameSpec } from './rules.ts'
import { reshape, select } from './views.ts'

/** Rows as they are, whose gradient is multiplied by a number for each row. */
const scaleGradOp: OpDef = {
  name: 'scaleGrad',
  savesInputs: [1],
  infer: sameSpec,
  reference: ([x], _, [y]) => y.data.set(x.data),
  wasm: (k, [x]) => {
    const strides = contiguousStrides(x.shape)
    const y = k.empty(x.shape, x.dtype, strides)
    k.copyAs(x, k.ptr(y), strides)
    return [y]
  },
  gradient: (c, [dy]) => [mul(dy!, c.input(1)), null],
}

/** 1 / how often each index occurs, as a column. */
const shares = (index: Tensor, like: Tensor): Tensor => {
  const data = index.dataSync()
  const counts = new Map<number, number>()
  for (const at of data) counts.set(at, (counts.get(at) ?? 0) + 1)
  const shape = [data.length, 1]
  const values = Array.from(data, (at) => 1 / counts.get(at)!)
  return fromData(
    like.dtype === 'f64' ? Float64Array.from(values) : Float32Array.from(values),
    shape,
    like.dtype,
    like.backend,
  )
}

/** Scales the rows at the indices, in place, down to a norm. */
const limitRows = (weight: Tensor, index: Tensor, maxNorm: number, p: number): void =>
  noGrad(() =>
    scope(() => {
      const places = [...new Set(index.dataSync())]
      const rows = fromData(Int32Array.from(places), [places.length], 'i32', weight.backend)
      const norms = norm(selectRows(weight, rows, -1), 1, { p }).dataSync()
      places.forEach((place, i) => {
        if (!(norms[i] > maxNorm)) return
        const row = select(weight, 0, place)
        // torch's guard against a division by 0 is kept, since it changes the last digits.
        copyInto(row, mul(row, maxNorm / (norms[i] + 1e-7)))
      })
    }),
  )

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** The row that gets no gradient; negative ones count from the end. Default none. */
  readonly paddingIdx?: number | null
  /** Rows that are looked up and longer than this are scaled down to it, in place. Default: none are. */
  readonly maxNorm?: number | null
  /** The p of that norm. Default 2. */
  readonly normType?: number
  /** Whether to divide each row's gradient by how often the row is looked up. Default false. */
  readonly scaleGradByFreq?: boolean
}

/** Throws unless the options fit a weight of V rows; gives the row without a gradient, -1 for none. */
const checkOptions = (V: number, { paddingIdx = null, maxNorm = null, normType = 2 }: EmbeddingOptions): number => {
  const refuse = (problem: string, got: string, expected: string): ValueError =>
    new ValueError({ op: 'embedding', problem, got, expected })
  if (paddingIdx !== null && !(Number.isInteger(paddingIdx) && paddingIdx >= -V && paddingIdx < V))
    throw refuse('paddingIdx is out of range', String(paddingIdx), `an integer in [${-V}, ${V})`)
  if (maxNorm !== null && !(maxNorm > 0)) throw refuse('maxNorm does not fit', String(maxNorm), 'a number above 0')
  if (!(normType > 0)) throw refuse('normType does not fit', String(normType), 'a number above 0')
  return paddingIdx === null ? -1 : paddingIdx < 0 ? paddingIdx + V : paddingIdx
}

/**
 * The rows of a weight at the given indices, as torch.nn.functional.embedding.
 * Shape: index [...] i32, weight [V, E] -> [..., E].
 * @throws ShapeError when the weight is not a matrix, ValueError when an index or option is out of range.
 * @source Checked against torch.nn.Embedding 1.13 in various.test.ts
 * @example
 * embedding(tensor(Int32Array.of(1)), tensor([[1, 2], [3, 4]])).toArray() // => [[3, 4]]
 * embedding(tensor(Int32Array.of(0)), tensor([[3, 4]]), { maxNorm: 1 }).toArray() // => [[0.6, 0.8]]
 */
export const embedding = (index: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor => {
  weight.live('embedding')
  needFloat('embedding', weight)
  if (weight.rank !== 2) {
    throw new ShapeError({
      op: 'embedding',
      problem: 'the weight is not a matrix',
      got: show(weight.shape),
      expected: '[V, E]',
    })
  }
  const [V, E] = weight.shape
  const skip = checkOptions(V, options)
  checkIndex('embedding', index, V)
  const { maxNorm = null, normType = 2, scaleGradByFreq = false } = options
  if (maxNorm !== null) limitRows(weight, index, maxNorm, normType)
  const rows = selectRows(weight, reshape(index, [-1]), skip)
  const y = scaleGradByFreq ? apply(scaleGradOp, [rows, shares(index, weight)], undefined) : rows
  return reshape(y, [...index.shape, E])
}
