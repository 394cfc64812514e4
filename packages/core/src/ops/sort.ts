import { index as kernels } from '@lanewise/kernels-wasm/index'
import { apply, applyAll } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import { allocate, promote } from '../tensor/dtype.ts'
import { normalizeAxis, show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cast } from './copy.ts'
import type { Located } from './extremes.ts'
import { scatterSum } from './gather.ts'
import { expand, squeeze, transpose, unsqueeze } from './views.ts'

interface SortAttrs {
  /** How many of each row are kept. */
  readonly k: number
  readonly descending: boolean
}

/** Ascending with NaN last. */
const compare = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : a > b ? 1 : 0
}

/** The first k of each row in order, and where they were; equal elements keep their order. */
const sortOp: OpDef<SortAttrs> = {
  name: 'sort',
  savesOutputs: [1],
  infer: ([x], { k }) => {
    const shape = x.shape.with(-1, k)
    return [
      { shape, dtype: x.dtype },
      { shape, dtype: 'i32' },
    ]
  },
  reference: ([x], { k, descending }, [values, indices]) => {
    const n = x.shape[x.shape.length - 1]
    for (let row = 0; n > 0 && row * n < x.data.length; row++) {
      const at = (i: number): number => x.data[row * n + i]
      const order = Array.from({ length: n }, (_, i) => i)
      order.sort((i, j) => (descending ? compare(at(j), at(i)) : compare(at(i), at(j))))
      for (let i = 0; i < k; i++) {
        values.data[row * k + i] = at(order[i])
        indices.data[row * k + i] = order[i]
      }
    }
  },
  wasm: (host, [x], { k, descending }, [{ shape, dtype }]) => {
    if (dtype !== 'f32' && dtype !== 'i32') return null
    const values = host.empty(shape, dtype)
    const indices = host.empty(shape, 'i32')
    const n = x.shape[x.rank - 1]
    const rows = sizeOf(x.shape.slice(0, -1))
    const pScratch = host.scratch(16 * n + 1024)
    const pX = host.contiguousPtr(x)
    const group = host.use(kernels)
    const topk = dtype === 'f32' ? group.f32_topk : group.i32_topk
    const sorted = dtype === 'f32' ? group.f32_sort : group.i32_sort
    const flag = Number(descending)
    if (k < n) topk(pX, host.ptr(values), host.ptr(indices), rows, n, k, flag, pScratch)
    else sorted(pX, host.ptr(values), host.ptr(indices), rows, n, flag, pScratch)
    return [values, indices]
  },
  gradient: (c, [dy]) => {
    if (dy === null) return [null]
    const { shape } = c.inputSpecs[0]
    return [scatterSum(dy, c.output(1), { axis: shape.length - 1, shape })]
  },
}

/** Runs the op along any axis and for bytes. */
const locate = (x: Tensor, axis: number, attrs: SortAttrs): Located => {
  if (x.dtype === 'u8' || x.dtype === 'bool') {
    const { values, indices } = locate(cast(x, 'i32'), axis, attrs)
    return { values: cast(values, x.dtype), indices }
  }
  const turn = (t: Tensor): Tensor => (axis === x.rank - 1 ? t : transpose(t, axis, -1))
  const [values, indices] = applyAll(sortOp, [turn(x)], attrs)
  return { values: turn(values), indices: turn(indices) }
}

const needAxis = (op: string, x: Tensor): void => {
  x.live(op)
  if (x.rank === 0)
    throw new ShapeError({ op, problem: 'there is no axis', got: show(x.shape), expected: 'rank 1 or more' })
}

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Default -1. */
  readonly axis?: number
  /** Default false. */
  readonly descending?: boolean
}

/**
 * The elements in order along an axis, and where they were. Equal elements keep their order; NaN counts as the largest.
 * Shape: x [..., n, ...] -> values and i32 indices, the same.
 * @throws AxisError when the axis is out of range, ShapeError at rank 0.
 * @source Checked against torch.sort(stable=True) 1.13 in sort.test.ts
 * @example
 * const { values, indices } = sort(tensor([3, 1, 2]))
 * values.toArray() // => [1, 2, 3]
 * indices.toArray() // => [1, 2, 0]
 */
export const sort = (x: Tensor, { axis = -1, descending = false }: SortOptions = {}): Located => {
  needAxis('sort', x)
  const a = normalizeAxis('sort', axis, x.rank)
  return locate(x, a, { k: x.shape[a], descending })
}

/** Where the elements of {@link sort} were, as i32. @example argsort(tensor([3, 1, 2])).toArray() // => [1, 2, 0] */
export const argsort = (x: Tensor, options?: SortOptions): Tensor => sort(x.detach(), options).indices

/** Options of {@link topk}. */
export interface TopkOptions {
  /** Default -1. */
  readonly axis?: number
  /** False for the smallest. Default true. */
  readonly largest?: boolean
}

/**
 * The k largest elements along an axis in descending order (or the smallest in ascending), and where they were. Of
 * equal elements the first comes first, which PyTorch leaves open.
 * Shape: x [..., n, ...] -> values and i32 indices [..., k, ...].
 * @throws ValueError when the axis has fewer than k elements.
 * @example topk(tensor([3, 1, 2]), 2).values.toArray() // => [3, 2]
 */
export const topk = (x: Tensor, k: number, { axis = -1, largest = true }: TopkOptions = {}): Located => {
  needAxis('topk', x)
  const a = normalizeAxis('topk', axis, x.rank)
  if (!Number.isInteger(k) || k < 0 || k > x.shape[a]) {
    throw new ValueError({
      op: 'topk',
      problem: 'k is out of range',
      got: `${k} of axis ${a} of ${show(x.shape)}`,
      expected: `an integer in [0, ${x.shape[a]}]`,
    })
  }
  return locate(x, a, { k, descending: largest })
}

/** What {@link unique} finds. */
export interface UniqueResult {
  /** The distinct elements in ascending order. */
  readonly values: Tensor
  /** i32, of the shape of x: which of the values each element is. */
  readonly inverse: Tensor
  /** i32: how often each value occurs. */
  readonly counts: Tensor
}

/**
 * The distinct elements of a tensor in ascending order, as torch.unique. Each NaN is distinct.
 * @throws BackendError on an asynchronous backend, where the size is unknown.
 * @example unique(tensor([3, 1, 3])).values.toArray() // => [1, 3]
 */
export const unique = (x: Tensor): UniqueResult => {
  const data = x.dataSync()
  const order = Int32Array.from(data, (_, i) => i).sort((i, j) => compare(data[i], data[j]) || i - j)
  const values = allocate(x.dtype, data.length)
  const counts = new Int32Array(data.length)
  const inverse = new Int32Array(data.length)
  let found = 0
  for (const i of order) {
    if (found === 0 || data[i] !== values[found - 1]) values[found++] = data[i]
    counts[found - 1]++
    inverse[i] = found - 1
  }
  return {
    values: fromData(values.slice(0, found), [found], x.dtype, x.backend),
    inverse: fromData(inverse, x.shape, 'i32', x.backend),
    counts: fromData(counts.slice(0, found), [found], 'i32', x.backend),
  }
}

interface SearchAttrs {
  readonly right: boolean
}

/** For each row of values, the number of elements of a sorted row below it (or not above it). */
const searchOp: OpDef<SearchAttrs> = {
  name: 'searchsorted',
  infer: ([, values]) => [{ shape: values.shape, dtype: 'i32' }],
  reference: ([sorted, values], { right }, [y]) => {
    const n = sorted.shape[sorted.shape.length - 1]
    const m = values.shape[values.shape.length - 1]
    for (let i = 0; i < values.data.length; i++)
      y.data[i] = lowerBound(sorted, Math.floor(i / m) * n, n, values.data[i], right)
  },
}

const lowerBound = (sorted: NDArray, start: number, n: number, value: number, right: boolean): number => {
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compare(sorted.data[start + middle], value)
    if (order < 0 || (right && order === 0)) low = middle + 1
    else high = middle
  }
  return low
}

/** Options of {@link searchsorted} and {@link bucketize}. */
export interface SearchsortedOptions {
  /** Places after equal elements instead of before them. Default false. */
  readonly right?: boolean
}

/**
 * Where values would go into sorted rows, as torch.searchsorted.
 * Shape: sorted [n] for all values, or [..., n] beside values [..., m] -> i32 like values.
 * @throws ShapeError when the rows do not fit.
 * @example searchsorted(tensor([1, 3, 5]), tensor([3, 9])).toArray() // => [1, 3]
 */
export const searchsorted = (sorted: Tensor, values: Tensor, { right = false }: SearchsortedOptions = {}): Tensor => {
  if (values.rank === 0) return squeeze(searchsorted(sorted, unsqueeze(values, 0), { right }), 0)
  const lead = values.shape.slice(0, -1)
  const fits = sorted.rank === 1 || (sorted.rank === values.rank && lead.every((n, i) => n === sorted.shape[i]))
  if (!fits) {
    throw new ShapeError({
      op: 'searchsorted',
      problem: 'the rows do not fit',
      got: `sorted ${show(sorted.shape)}, values ${show(values.shape)}`,
      expected: 'one sorted row, or one for each row of values',
    })
  }
  const dtype = promote(sorted.dtype, values.dtype)
  const rows = sorted.rank === 1 ? expand(sorted, [...lead, sorted.shape[0]]) : sorted
  return apply(searchOp, [cast(rows, dtype), cast(values, dtype)], { right })
}

/**
 * Which bucket each value falls into: {@link searchsorted} with the arguments the other way round, as torch.bucketize.
 * Shape: x [...], boundaries [n] ascending -> i32 like x, in [0, n].
 * @throws ShapeError when the boundaries are not a row.
 * @example bucketize(tensor([0, 2, 9]), tensor([1, 5])).toArray() // => [0, 1, 2]
 */
export const bucketize = (x: Tensor, boundaries: Tensor, options?: SearchsortedOptions): Tensor => {
  if (boundaries.rank !== 1) {
    throw new ShapeError({
      op: 'bucketize',
      problem: 'the boundaries are not a row',
      got: show(boundaries.shape),
      expected: '[n]',
    })
  }
  return searchsorted(boundaries, x, options)
}
